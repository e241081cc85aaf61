# set_settings SERVICE LINE WITH: lines of what serveradmin says of a service.
set_settings() {
    can_ask || return 0
    if ! tool serveradmin settings "$1" >"$work/settings" 2>/dev/null; then
        note_missing "serveradmin does not know $1"
        return
    fi
    A=$2 B=$3 ENDS=yes STATE=$work/state awk "$lines$replace_lines" "$work/settings" >"$work/new"
    if cmp -s "$work/settings" "$work/new"; then
        if [ "$(cat "$work/state")" = 1 ]; then
            already=yes
        else
            note_missing "serveradmin says nothing like $2 of $1"
        fi
        return
    fi
    awk 'NR == FNR { old[NR] = $0; next } $0 != old[FNR]' "$work/settings" "$work/new" >"$work/changed"
    awk 'NR == FNR { new[NR] = $0; next } $0 != new[FNR]' "$work/new" "$work/settings" |
        while IFS= read -r line; do say "$fix: was: $line"; done
    if tool serveradmin settings <"$work/changed" >&2; then
        changed=yes
        while IFS= read -r line; do say "$fix: set $line"; done <"$work/changed"
    else
        say "$fix: serveradmin refused the settings"
        failed=yes
    fi
}
