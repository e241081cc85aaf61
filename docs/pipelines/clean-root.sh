#!/bin/sh
# Builds by a lock file where nothing is but the program and its input: in a
# root of its own, without network. As root, on Linux:
#
#   sh clean-root.sh PROGRAM RECIPE INPUT LOCK OUTPUT
#
# INPUT is NAME=PATH. The same bytes come as anywhere else.
set -eu
program=$1 recipe=$2 input=$3 lock=$4 output=$5
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir "$root/in" "$root/out" "$root/tmp"
cp "$program" "$root/lionize"
# A static program needs nothing else, all others their libraries.
{ ldd "$program" 2>/dev/null || true; } | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
done
cp "${input#*=}" "$root/in/"
cp "$lock" "$root/in/lock"
name=$(basename "$output")
env -i "PATH=$PATH" HOME=/ TMPDIR=/tmp unshare --net --mount chroot "$root" /lionize --quiet \
    build "$recipe" --input "${input%%=*}=/in/$(basename "${input#*=}")" \
    --locked /in/lock --output "/out/$name"
cp --sparse=always "$root/out/$name" "$output"
cp "$root/out/$name.manifest.json" "$output.manifest.json"
