#!/bin/sh
# Builds media the same way each time:
#
#   INSTALLER=InstallESD.dmg sh build.sh lion lion.img
#
# The first run writes a lock file, which belongs beside your recipes; all later
# ones make exactly what it says. Exit codes are those of Lionize, but for a
# network that failed: 75, so that a scheduler tries again.
set -eu
recipe=$1
output=$2
: "${INSTALLER:?says where the installer is}"
: "${LIONIZE:=lionize}"
lock=${LOCK:-$(basename "$recipe" .toml).lock}

run() {
    code=0
    "$LIONIZE" --quiet "$@" || code=$?
    [ "$code" != 4 ] || code=75
    [ "$code" = 0 ] || exit "$code"
}

if [ ! -e "$lock" ]; then
    run lock "$recipe" --input "installer=$INSTALLER" --output "$lock"
fi
run build "$recipe" --input "installer=$INSTALLER" --locked "$lock" --output "$output"
run verify "$output"
