#!/usr/bin/env bash
# Has manual pages and completions judged by those who read them: mandoc, man,
# bash, zsh, fish. Programs that are missing are named, and fail a run of CI.
#
#     packaging/pages.sh target/debug/lionize
set -euo pipefail
lionize=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

has() {
    command -v "$1" >/dev/null && return
    echo "not judged by $1"
    [ "${LIONIZE_JUDGES:-}" != required ] || exit 1
    return 1
}
fail() { printf '%s\n' "$@" >&2; exit 1; }

"$lionize" --quiet man --to man1
"$lionize" --quiet man --to again
diff -r man1 again
pages=$(find man1 -name '*.1' | wc -l)
if has mandoc; then
    # Pages have no date, so that the same program makes the same bytes.
    # Above 4 it has not read them (mandoc(1), EXIT STATUS).
    code=0
    mandoc -T lint -W warning man1/*.1 >mandoc.said || code=$?
    [ "$code" -le 4 ] || fail "mandoc cannot read the pages: $code"
    said=$(grep -v 'missing date' mandoc.said) || [ $? = 1 ]
    [ -z "$said" ] || fail "$said"
    echo "mandoc: $pages pages"
fi
if has man; then
    said=$(for page in man1/*.1; do man --warnings -l -Tutf8 "$page" 2>&1 >/dev/null; done)
    [ -z "$said" ] || fail "$said"
    echo "man: $pages pages"
fi

"$lionize" completions bash >lionize.bash
"$lionize" completions zsh >_lionize
"$lionize" completions fish >lionize.fish
bash -n lionize.bash
python3 "$OLDPWD/packaging/complete.py" lionize.bash
if has zsh; then zsh -n _lionize; echo 'zsh: its syntax'; fi
if has fish; then
    fish -n lionize.fish
    found=$(fish --no-config -c 'source lionize.fish; complete -C "lionize ca"' | cut -f1)
    [ "$found" = "$(printf 'cache\ncat\ncatalog')" ] || fail "fish completes: $found"
    echo 'fish: lionize ca<TAB>'
fi
