# has FILE KEY: whether a key path leads somewhere.
has() {
    [ -f "$1" ] && plistbuddy -c "Print :$2" "$1" >/dev/null
}

# has_value FILE KEY TYPE VALUE
has_value() {
    has "$1" "$2" && same "$3" "$4" "$(plistbuddy -c "Print :$2" "$1")"
}

# same TYPE VALUE PRINTED: numbers are compared as such.
same() {
    case $1 in
    integer | real) A=$2 B=$3 awk 'BEGIN { exit !(ENVIRON["A"] + 0 == ENVIRON["B"] + 0 && ENVIRON["B"] ~ /^-?[0-9.]+$/) }' ;;
    *) [ "$2" = "$3" ] ;;
    esac
}

# open_list FILE: what follows edits a copy of it.
open_list() {
    list=$work/list.plist
    list_edited=no
    cat "$1" >"$list" || fail "cannot read $1"
}

new_list() {
    list=$work/list.plist
    list_edited=no
    printf '%s' '<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict/></plist>' >"$list"
}

# buddy COMMAND [VALUE]: a value may be a password's hash, which logs do not tell.
buddy() {
    plistbuddy -c "$1${2:+ $2}" "$list" >/dev/null || fail "PlistBuddy cannot do: $1"
    list_edited=yes
}

list_delete() {
    if has "$list" "$1"; then buddy "Delete :$1"; fi
}

# A dictionary on the way to a value.
list_dict() {
    if ! has "$list" "$1"; then buddy "Add :$1 dict"; fi
}

# list_put KEY TYPE [VALUE]: what is not there yet.
list_put() {
    case $2 in
    dict | array) buddy "Add :$1 $2" ;;
    string) buddy "Add :$1 string" "\"$3\"" ;;
    *) buddy "Add :$1 $2" "$3" ;;
    esac
}

# list_set KEY TYPE VALUE
list_set() {
    if has_value "$list" "$1" "$2" "$3"; then return; fi
    list_delete "$1"
    list_put "$1" "$2" "$3"
}

# list_next KEY: where `add` puts a value: behind an array's last, or at the key.
list_next() {
    place=$1
    if ! has "$list" "$1"; then return; fi
    case $(plistbuddy -c "Print :$1" "$list") in
    'Array {'*) ;;
    *) fail "the key path $1 has a value already" ;;
    esac
    count=0
    while has "$list" "$1:$count"; do count=$((count + 1)); done
    place=$1:$count
}

# list_include KEY TYPE VALUE: into an array, unless it is in it.
list_include() {
    list_array "$1"
    count=0
    while has "$list" "$1:$count"; do
        if has_value "$list" "$1:$count" "$2" "$3"; then return; fi
        count=$((count + 1))
    done
    list_put "$1:$count" "$2" "$3"
}

list_array() {
    if ! has "$list" "$1"; then buddy "Add :$1 array"; fi
}

is_binary() {
    [ "$(dd if="$1" bs=6 count=1 2>/dev/null)" = bplist ]
}

# close_list FILE: binary stays binary, and XML stays XML.
close_list() {
    if [ "$list_edited" = no ]; then
        already=yes
        return
    fi
    if is_binary "$1" && ! is_binary "$list"; then
        tool /usr/bin/plutil -convert binary1 "$list" || fail "cannot convert $1"
    elif is_binary "$list" && ! is_binary "$1"; then
        tool /usr/bin/plutil -convert xml1 "$list" || fail "cannot convert $1"
    fi
    put "$1" "$list"
}
