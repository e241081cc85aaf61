#!/bin/sh
# launchd runs this at each start and every hour, until the fix beside it has
# done its work: then the job removes itself, and the fix stays to be run by
# hand. While what it changes is not there yet, it says so once.
# For tests: LIONIZE_TOOLS is a folder with programs to use instead of the Mac's.
set -u
umask 022
folder=${0%/*}
id=${folder##*/}
root=${folder%"/Library/Application Support/Lionize/$id"}
job=$root/Library/LaunchDaemons/lionize.$id.plist
log=$root/private/var/log/lionize.log
LIONIZE_LOG=$folder/log
# When the last try failed, its commands may not have been run to their end.
LIONIZE_AGAIN=no
if [ -e "$folder/failed" ]; then LIONIZE_AGAIN=yes; fi
export LIONIZE_LOG LIONIZE_AGAIN

# Others that wait are started with this one, and may change the same file: they
# take turns. launchd empties the folder of the lock at each start.
lock=$root/private/var/run/lionize.lock
tries=0
until mkdir "$lock" 2>/dev/null; do
    tries=$((tries + 1))
    # Then in an hour.
    if [ "$tries" = 60 ]; then exit 0; fi
    "${LIONIZE_TOOLS:-/bin}/sleep" 5
done
trap 'rmdir "$lock" 2>/dev/null' EXIT
trap 'exit 1' HUP INT TERM

rm -f "$LIONIZE_LOG"
# In a shell of its own, as it ends the one that it is run by. What it and its
# programs complain of would be in the system's log once an hour.
(
    set -- "$root"
    # shellcheck source=/dev/null
    . "$folder/fix.sh"
) >"$folder/output" 2>&1
code=$?
# Lines without their dates.
lines() {
    if [ -f "$LIONIZE_LOG" ]; then cut -c 21- "$LIONIZE_LOG"; fi
}
if [ "$code" = 0 ] || [ "$(lines)" != "$(cat "$folder/said" 2>/dev/null)" ]; then
    if [ -f "$LIONIZE_LOG" ]; then cat "$LIONIZE_LOG" >>"$log"; fi
    lines >"$folder/said"
fi
rm -f "$LIONIZE_LOG"
if [ "$code" = 1 ]; then : >"$folder/failed"; fi
# Not yet, or it failed: the job stays.
if [ "$code" != 0 ]; then exit 0; fi

rm -f "$job" "$folder/said" "$folder/failed" "$folder/output"
printf '%s %s: its job is removed, the work is done\n' "$(date '+%Y-%m-%d %H:%M:%S')" "$id" >>"$log"
rmdir "$lock"
# This ends the job's own program as well.
"${LIONIZE_TOOLS:-/bin}/launchctl" remove "lionize.$id"
