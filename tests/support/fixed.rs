//! Our command, linked statically: it needs nothing of the system it runs on.

use crate::support::judge::run;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Builds it, into a folder of its own, and reads it. The profile is one that
/// is quick to build; the second time there is nothing to build.
#[track_caller]
pub(crate) fn lionize() -> Vec<u8> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    // Beside the other tests' programs, so below cargo's own folder.
    let folder = root.join("target/guest");
    let mut command = Command::new(cargo);
    command.args(["build", "-q", "--profile", "guest", "--bin", "lionize", "--target", &target]);
    command.arg("--target-dir").arg(&folder).current_dir(root);
    command.env("RUSTFLAGS", "-C target-feature=+crt-static").env_remove("CARGO_ENCODED_RUSTFLAGS");
    run(&mut command, Duration::from_secs(900)).ok();
    let program = folder.join(target).join("guest/lionize");
    std::fs::read(&program).unwrap_or_else(|e| panic!("{}: {e}", program.display()))
}
