#!/usr/bin/env bash
# Builds the program as one file that needs no library of the system:
# target/static/lionize.
#
# With the musl target where rustup has it, else with glibc's static library; the
# program asks the C library for nothing that such a one cannot do but host
# names, which then need the same glibc's files on the system.
set -euo pipefail
cd "$(dirname "$0")/.."
machine=$(uname -m)
target=$machine-unknown-linux-musl
if ! [ -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; then
    target=$machine-unknown-linux-gnu
    export RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=+crt-static"
fi
cargo build --release --target "$target" ${CARGO_TARGET_DIR:+--target-dir "$CARGO_TARGET_DIR"}
mkdir -p target/static
install -m755 "${CARGO_TARGET_DIR:-target}/$target/release/lionize" target/static/lionize
strip target/static/lionize
if ldd target/static/lionize 2>&1 | grep -q '=>'; then
    echo 'target/static/lionize wants libraries' >&2
    exit 1
fi
ls -l target/static/lionize
