# Usage: sudo sh SCRIPT [--force] [VOLUME]
# VOLUME is where another system is mounted: its files are changed, and nothing
# is run. Without it, the running system is meant.
# Exit codes: 0 done (or done before), 1 failed, 2 usage, 3 nothing found to
# change (yet), 4 not for this system.
# LIONIZE_LOG is another file for the log.
# For tests: LIONIZE_TOOLS is a folder with programs to use instead of the
# Mac's, LIONIZE_LIVE=yes runs them though VOLUME is given.
# The dollars in quotes are awk's.
# shellcheck disable=SC2016
set -u
umask 022
LC_ALL=C
export LC_ALL

force=no
root=
while [ $# -gt 0 ]; do
    case $1 in
    --force) force=yes ;;
    -*) printf 'usage: %s [--force] [VOLUME]\n' "$0" >&2; exit 2 ;;
    *) root=${1%/} ;;
    esac
    shift
done
status=0
# An installer's own system may only let one write below /var/tmp.
work=
for folder in "${TMPDIR:-/tmp}" /tmp /var/tmp "$root/private/var/tmp"; do
    work=$(mktemp -d "$folder/lionize.XXXXXX" 2>/dev/null) && break
done
if [ -z "$work" ]; then
    printf 'lionize: no folder for temporary files can be written to\n' >&2
    exit 1
fi
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
log=${LIONIZE_LOG:-$root/private/var/log/lionize.log}

say() {
    printf 'lionize: %s\n' "$1" >&2
    if [ -d "${log%/*}" ] && [ -w "${log%/*}" ]; then
        printf '%s %s\n' "$(date '+%Y-%m-%d %H:%M:%S')" "$1" >>"$log"
    fi
}

fail() {
    say "failed: $1"
    exit 1
}

# Runs a program of the Mac, or its stand-in.
tool() {
    program=$1
    shift
    if [ -n "${LIONIZE_TOOLS:-}" ]; then
        program=$LIONIZE_TOOLS/${program##*/}
    elif [ "$program" = serveradmin ]; then
        program=/Applications/Server.app/Contents/ServerRoot/usr/sbin/serveradmin
        if [ ! -x "$program" ]; then program=/usr/sbin/serveradmin; fi
    elif [ ! -x "$program" ] && [ -x "$root$program" ]; then
        program=$root$program
    fi
    "$program" "$@"
}

# Without its complaints: an entry that is missing is no fault.
plistbuddy() {
    tool /usr/libexec/PlistBuddy "$@" 2>/dev/null
}

# A word as a shell takes it.
quoted() {
    printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"
}

# inside PATH: fails where a link on the way leads out of the volume, such as to
# the running system.
inside() {
    if [ -z "$root" ]; then return; fi
    folder=${1%/*}
    while [ ! -d "$folder" ]; do folder=${folder%/*}; done
    place=$(cd -P "$folder" && pwd -P)/
    top=$(cd -P "$root" && pwd -P)/
    case $place in
    "$top"*) ;;
    *) fail "${1#"$root"} leads out of the volume, to $place" ;;
    esac
}

# Before a file's first change: keeps the original, says how to restore it.
keep() {
    inside "$1"
    if [ ! -e "$1" ]; then
        say "to undo: rm $(quoted "$1")"
    elif [ ! -e "$1.lionize-original" ]; then
        cp -p "$1" "$1.lionize-original" || fail "cannot keep the original of $1"
        say "to undo: cp -p $(quoted "$1.lionize-original") $(quoted "$1")"
    fi
}

# Gives a file the bytes of another; owner, mode and all else of it stay.
put() {
    keep "$1"
    cp -p "$1" "$1.lionize-new" || fail "cannot write beside $1"
    cat "$2" >"$1.lionize-new" || fail "cannot write beside $1"
    mv -f "$1.lionize-new" "$1" || fail "cannot write $1"
    note_change "$1"
}

# own PATH OWNER:GROUP MODE
own() {
    if [ "$(id -u)" = 0 ]; then chown "$2" "$1" || fail "cannot give $1 to $2"; fi
    chmod "$3" "$1" || fail "cannot set the mode of $1"
}

# create FILE OWNER:GROUP MODE TEXT: a file that is not there yet.
create() {
    inside "$1"
    mkdir -p "${1%/*}" || fail "cannot make ${1%/*}"
    keep "$1"
    (umask 077 && printf '%s' "$4" >"$1.lionize-new") || fail "cannot write $1"
    own "$1.lionize-new" "$2" "$3"
    mv -f "$1.lionize-new" "$1" || fail "cannot write $1"
    note_change "$1"
}

# write_file PATH OWNER:GROUP MODE REPLACE TEXT
write_file() {
    if [ ! -e "$root$1" ]; then
        create "$root$1" "$2" "$3" "$5"
        return
    fi
    printf '%s' "$5" >"$work/new"
    if [ "$4" = no ] || cmp -s "$root$1" "$work/new"; then
        already=yes
    else
        put "$root$1" "$work/new"
        own "$root$1" "$2" "$3"
    fi
}

# make_folder PATH OWNER:GROUP MODE
make_folder() {
    inside "$root$1/"
    if [ -d "$root$1" ]; then
        already=yes
    else
        say "to undo: rmdir $(quoted "$root$1")"
        mkdir -p "$root$1" || fail "cannot make $1"
        note_change "$root$1"
    fi
    own "$root$1" "$2" "$3"
}

# move_aside FROM TO
move_aside() {
    inside "$root$1"
    inside "$root$2"
    if [ ! -e "$root$1" ] && [ -e "$root$2" ]; then
        already=yes
    elif [ ! -e "$root$1" ]; then
        note_missing "there is no $1"
    elif [ -e "$root$2" ]; then
        note_missing "$2 is there from before: remove it first"
    else
        say "to undo: mv $(quoted "$root$2") $(quoted "$root$1")"
        mv "$root$1" "$root$2" || fail "cannot move $1"
        note_change "$root$1"
    fi
}

note_change() {
    changed=yes
    say "$fix: changed ${1#"$root"}"
}

note_missing() {
    say "$fix: $1"
}

# begin ID TITLE
begin() {
    fix=$1
    changed=no
    already=no
    failed=no
    say "$fix: $2"
    if [ "$force" = yes ]; then say "$fix: for any system, as --force says"; fi
}

refuse() {
    say "$fix: not for this system: $1"
    worse 4
}

# Remembers the most telling exit code.
worse() {
    case $status in
    0) status=$1 ;;
    *) if [ "$1" = 1 ]; then status=1; fi ;;
    esac
}

end() {
    if [ "$failed" = yes ]; then
        say "$fix: failed in part"
        worse 1
    elif [ "$changed" = yes ]; then
        say "$fix: done"
    elif [ "$already" = yes ]; then
        say "$fix: nothing to do, it was done before"
    else
        say "$fix: nothing found to change"
        worse 3
    fi
}

# system_fact KEY: from the volume's SystemVersion.plist.
system_fact() {
    file=$root/System/Library/CoreServices/SystemVersion.plist
    if [ -f "$file" ]; then plistbuddy -c "Print :$1" "$file"; fi
}

server_version() {
    file=$root/Applications/Server.app/Contents/Info.plist
    if [ -f "$file" ] && plistbuddy -c 'Print :CFBundleShortVersionString' "$file"; then
        return
    fi
    file=$root/System/Library/CoreServices/ServerVersion.plist
    if [ -f "$file" ]; then plistbuddy -c 'Print :ProductVersion' "$file"; fi
}

# is_under VERSION RELEASE...: 10.12.6 is under 10.12, and 10.1 is not.
is_under() {
    version=$1
    shift
    for release in "$@"; do
        case $version in
        "$release" | "$release".*) return 0 ;;
        esac
    done
    return 1
}
