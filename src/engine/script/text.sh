# What the edits of lines share. `*` in a pattern is the shortest run that fits,
# and `$1` to `$9` are what they stood for; blanks around a line do not count.
lines='
function indent(line) { match(line, /^[ \t\r\f]*/); return substr(line, 1, RLENGTH) }
function bare(line) {
    line = substr(line, length(indent(line)) + 1)
    if (match(line, /[ \t\r\f]+$/)) line = substr(line, 1, RSTART - 1)
    return line
}
# Whether a text is like a pattern; part[] are the runs.
function like(text, pattern,    p, t, n, star, from) {
    p = 1; t = 1; n = 0; star = 0
    while (1) {
        if (substr(pattern, p, 1) == "*") {
            n++; first[n] = t; part[n] = ""
            p++; star = p; from = n
        } else if (p <= length(pattern) && t <= length(text) &&
            substr(pattern, p, 1) == substr(text, t, 1)) {
            p++; t++
        } else if (p > length(pattern) && t > length(text)) {
            return 1
        } else {
            if (star == 0) return 0
            n = from
            if (first[n] + length(part[n]) > length(text)) return 0
            part[n] = substr(text, first[n], length(part[n]) + 1)
            p = star; t = first[n] + length(part[n])
        }
    }
}
function filled(with, line,    i, c, next_, text) {
    text = ""
    for (i = 1; i <= length(with); i++) {
        c = substr(with, i, 1); next_ = substr(with, i + 1, 1)
        if (c != "$" || next_ !~ /[$0-9]/) { text = text c; continue }
        text = text (next_ == "$" ? "$" : next_ == "0" ? line : part[next_ + 0])
        i++
    }
    return text
}
function result(with,    i, c, next_, text) {
    text = ""
    for (i = 1; i <= length(with); i++) {
        c = substr(with, i, 1); next_ = substr(with, i + 1, 1)
        if (c != "$" || next_ !~ /[$0-9]/) { text = text c; continue }
        text = text (next_ == "$" ? "$" : "*")
        i++
    }
    return text
}
function out(line) { printf "%s%s", (NR == 1 ? "" : "\n"), line }
function extra(line) { printf "\n%s", line }
BEGIN {
    a = ENVIRON["A"]; b = ENVIRON["B"]; hits = 0; done = 0
    for (i = 1; i <= 9; i++) part[i] = ""
}
END {
    if (NR > 0 && (ENVIRON["ENDS"] == "yes" || added)) printf "\n"
    print (hits > 0 || done > 0) >ENVIRON["STATE"]
}'

replace_lines='{
    for (i = 1; i <= 9; i++) part[i] = ""
    text = bare($0)
    if (like(text, a)) {
        hits++
        lead = indent($0)
        out(lead filled(b, text) substr($0, length(lead) + length(text) + 1))
        next
    }
    out($0)
    if (like(text, result(b))) done++
}'

replace_text='{
    rest = $0; new = ""
    while (at = index(rest, a)) {
        hits++
        new = new substr(rest, 1, at - 1) b
        rest = substr(rest, at + length(a))
    }
    if (b != "" && index($0, b)) done++
    out(new rest)
}'

comment_lines='{
    if (index($0, a)) {
        if (index(substr($0, length(indent($0)) + 1), b) == 1) done++
        else { hits++; out(b $0); next }
    }
    out($0)
}'

insert_lines='{
    out($0)
    if (ENVIRON["KNOWN"] == "yes") { done++; next }
    if (like(bare($0), a)) {
        hits++
        if (ENVIRON["LAST"] == NR && ENVIRON["ENDS"] != "yes") added = 1
        extra(indent($0) b (!added && $0 ~ /\r$/ ? "\r" : ""))
    }
}'

# edit_lines FOLDER DEPTH NAME WHAT PROGRAM A B: in all files of that name.
edit_lines() {
    if [ "$2" = deep ]; then
        set -- "$@" "$(find "$root$1" -type f -name "$3" ! -name '*.lionize-*' ! -name '*
*' 2>/dev/null)"
    else
        set -- "$@" "$(find "$root$1" -maxdepth 1 -type f -name "$3" ! -name '*.lionize-*' ! -name '*
*' 2>/dev/null)"
    fi
    if [ -z "$8" ]; then
        note_missing "no file is named like $1/$3"
        return
    fi
    edited=no
    known=no
    printf '%s\n' "$8" >"$work/files"
    while IFS= read -r file <&3; do
        edit_file "$file" "$5" "$6" "$7"
    done 3<"$work/files"
    if [ "$edited" = yes ]; then return; fi
    if [ "$known" = yes ]; then already=yes; else note_missing "$4 was found nowhere in $1/$3"; fi
}

edit_file() {
    ends=yes
    if [ -n "$(tail -c 1 "$1")" ]; then ends=no; fi
    there=no
    if [ "$2" = "$insert_lines" ] && A=$4 awk "$bare_line"'
        bare($0) == ENVIRON["A"] { found = 1 } END { exit !found }' "$1"; then
        there=yes
    fi
    A=$3 B=$4 ENDS=$ends KNOWN=$there LAST=$(awk 'END { print NR }' "$1") STATE=$work/state \
        awk "$lines$2" "$1" >"$work/new" || fail "cannot edit $1"
    if [ "$(cat "$work/state")" = 1 ]; then known=yes; fi
    if ! cmp -s "$1" "$work/new"; then
        put "$1" "$work/new"
        edited=yes
    fi
}

bare_line='
function bare(line) { gsub(/^[ \t\r\f]+|[ \t\r\f]+$/, "", line); return line }'

# append_line FILE CREATE LINE: a line at the end of a file, once.
append_line() {
    if [ ! -f "$root$1" ]; then
        if [ "$2" = yes ]; then
            create "$root$1" 0:0 0644 "$3
"
        else
            note_missing "there is no $1"
        fi
        return
    fi
    if A=$3 awk '{ sub(/\r$/, "") } $0 == ENVIRON["A"] { found = 1 } END { exit !found }' "$root$1"; then
        already=yes
        return
    fi
    # A file of one line without an end has none to go by.
    end=$(awk 'NR == 1 { if ($0 ~ /\r$/) printf "r"; exit }' "$root$1")
    if [ "$end" = r ]; then end=$(printf '\r'); fi
    {
        cat "$root$1"
        if [ -n "$(tail -c 1 "$root$1")" ]; then printf '%s\n' "$end"; fi
        printf '%s%s\n' "$3" "$end"
    } >"$work/new"
    put "$root$1" "$work/new"
}
