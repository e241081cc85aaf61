# Whether the system that is changed is the one that runs.
is_live() {
    [ -z "$root" ] || [ "${LIONIZE_LIVE:-}" = yes ]
}

# Whether what follows from changes is to be run: something was changed, or it
# was before and what followed failed then, as the job of the first start knows.
due() {
    [ "$changed" = yes ] || { [ "$already" = yes ] && [ "${LIONIZE_AGAIN:-}" = yes ]; }
}

# run PROGRAM ARGUMENT...: on the running system only.
run() {
    if ! is_live; then
        say "$fix: left out, as this is not the running system: $*"
        return
    fi
    say "$fix: running $*"
    tool "$@" >&2 || {
        say "$fix: it failed with code $?"
        failed=yes
    }
}

# Whether serveradmin can be asked.
can_ask() {
    if is_live; then return 0; fi
    note_missing 'this is not the running system: serveradmin cannot be asked'
    return 1
}

# set_setting KEY VALUE
set_setting() {
    can_ask || return 0
    old=$(tool serveradmin settings "$1" 2>/dev/null)
    case $old in
    "$1 = $2")
        already=yes
        return
        ;;
    # So it answers for what it does not have.
    '' | *_empty_array)
        note_missing "serveradmin does not know $1"
        return
        ;;
    esac
    say "$fix: to undo: $old"
    if tool serveradmin settings "$1" = "$2" >&2; then
        changed=yes
        say "$fix: set $1 = $2"
    else
        say "$fix: serveradmin refused $1 = $2"
        failed=yes
    fi
}
