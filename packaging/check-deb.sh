#!/usr/bin/env bash
# Makes the Debian package of a program that was built, twice, and installs it in
# a clean Debian that has nothing but what every Debian has, as root.
#
#     packaging/check-deb.sh target/debug/lionize
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${LIONIZE_JUDGES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/lionize-judges}
mkdir -p "$cache"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

package=$(packaging/deb.sh "$1" "$work/a")
again=$(packaging/deb.sh "$1" "$work/b")
cmp "$package" "$again"
dpkg-deb --info "$package" | sed -n 's/^ \(Version\|Depends\|Installed-Size\)/\1/p'
echo "package: $(stat -c %s "$package") bytes, the same twice"
if command -v lintian >/dev/null; then lintian --allow-root --fail-on error --suppress-tags bogus-mail-host,initial-upload-closes-no-bugs "$package"; fi

[ -s "$cache/root.tar" ] || {
    mmdebstrap --quiet --variant=essential bookworm "$work/root.tar"
    mv "$work/root.tar" "$cache/root.tar"
}
root=$work/root
mkdir "$root"
tar -xf "$cache/root.tar" -C "$root" --exclude='./dev/*'
cp "$package" "$root/tmp/lionize.deb"
inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root chroot "$root" "$@"; }
inside dpkg -i /tmp/lionize.deb >"$work/said" || { cat "$work/said"; exit 1; }
inside dpkg --verify lionize
inside lionize --version
inside lionize recipe list | grep -q '^lion '
inside lionize recipe check /usr/share/lionize/recipes/lion.toml
inside test -s /usr/share/man/man1/lionize-build.1.gz
inside bash -n /usr/share/bash-completion/completions/lionize
inside lionize --quiet demo --to /tmp/demo >"$work/said" || { cat "$work/said"; exit 1; }
inside lionize --quiet verify /tmp/demo/lion-sample.img >"$work/said"
inside dpkg --purge lionize >"$work/said"
left=$(find "$root" -xdev -name '*lionize*' -not -path "$root/tmp/*" -not -path "$root/root/*")
[ -z "$left" ] || { echo "left behind: $left"; exit 1; }
echo 'installed, run and removed in a clean Debian'
