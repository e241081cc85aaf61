#!/usr/bin/env bash
# Makes the Debian package: the program, manual pages, completions, recipes and
# documents. The same program makes the same package.
#
#     packaging/deb.sh [PROGRAM [FOLDER]]
#
# PROGRAM is built (release) when it is not given; FOLDER is target/debian.
# `dpkg-deb` does it and not `cargo deb`, which takes minutes to install and
# would need all of this made before it runs.
set -euo pipefail
cd "$(dirname "$0")/.."
program=${1:-}
out=${2:-target/debian}
if [ -z "$program" ]; then
    cargo build --release
    program=target/release/lionize
fi
field() { sed -n "s/^$1 = \"\(.*\)\"$/\1/p" Cargo.toml | head -1; }
version=$(field version)
maintainer='The authors of Lionize <maintainers@lionize.invalid>'
architecture=$(dpkg --print-architecture)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
share=$root/usr/share
install -Dm755 "$program" "$root/usr/bin/lionize"
strip --strip-unneeded "$root/usr/bin/lionize"
lionize=$root/usr/bin/lionize

"$lionize" --quiet man --to "$share/man/man1" >"$work/said"
"$lionize" completions bash | install -Dm644 /dev/stdin "$share/bash-completion/completions/lionize"
"$lionize" completions zsh | install -Dm644 /dev/stdin "$share/zsh/vendor-completions/_lionize"
"$lionize" completions fish | install -Dm644 /dev/stdin "$share/fish/vendor_completions.d/lionize.fish"

mkdir -p "$share/lionize" "$share/doc/lionize"
cp -r recipes "$share/lionize/"
cp -r docs "$share/doc/lionize/book"
cp README.md "$share/doc/lionize/"
cp CHANGELOG.md "$share/doc/lionize/changelog"
cat >"$share/doc/lionize/changelog.Debian" <<END
lionize ($version-1) unstable; urgency=medium

  * What users notice is in changelog.gz.

 -- $maintainer  $(LC_ALL=C date -ud "@$SOURCE_DATE_EPOCH" '+%a, %d %b %Y %H:%M:%S +0000')
END
gzip -9n "$share/doc/lionize/changelog" "$share/doc/lionize/changelog.Debian" "$share"/man/man1/*.1
{
    echo 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/'
    echo
    echo 'Files: *'
    echo 'Copyright: the authors of Lionize'
    echo 'License: MIT or Apache-2.0'
    echo
    echo 'License: MIT'
    sed 's/^$/./; s/^/ /' LICENSE-MIT
    echo
    echo 'License: Apache-2.0'
    echo ' On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.'
} >"$share/doc/lionize/copyright"
chmod -R u=rwX,go=rX "$root"

# What libraries the program wants, and of which versions, dpkg-shlibdeps knows.
mkdir -p "$work/debian" "$root/DEBIAN"
printf 'Source: lionize\n\nPackage: lionize\nArchitecture: any\n' >"$work/debian/control"
depends=$(cd "$work" && dpkg-shlibdeps -O --ignore-missing-info root/usr/bin/lionize 2>/dev/null |
    sed -n 's/^shlibs:Depends=//p')
cat >"$root/DEBIAN/control" <<END
Package: lionize
Version: $version-1
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f1)
Depends: $depends
Recommends: udev
Section: utils
Priority: optional
Description: $(field description)
 Reads Apple's disk images and packages, edits the tree of files by a recipe,
 and writes media that a Mac starts from: a GUID partition table with a blessed
 HFS+ volume, proven from end to end. It needs no HFS+ driver and none of
 Apple's tools. Bring your own installer.
END
(cd "$root" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum >DEBIAN/md5sums)
find "$root" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
mkdir -p "$out"
package=$out/lionize_$version-1_$architecture.deb
dpkg-deb --root-owner-group -Zxz --build "$root" "$package" >/dev/null
echo "$package"
