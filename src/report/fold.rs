//! Lines that fit a terminal.

/// Breaks lines of more columns than this at blanks. What goes on stands two
/// columns further in, or below the second column of a table. Words, such as paths
/// and digests, are never broken, and names keep the blanks in them: where there are
/// several, a line is broken only when nothing else helps.
#[must_use]
pub fn fold(text: &str, width: usize) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        if columns(line.trim_end()) <= width {
            out += line;
        } else {
            fold_line(line, width, &mut out);
        }
    }
    out
}

fn fold_line(line: &str, width: usize, out: &mut String) {
    let blanks = line.len() - line.trim_start_matches(' ').len();
    let (head, further) = match second_column(&line[blanks..]) {
        Some(at) if blanks + at <= width / 2 => (blanks + at, columns(&line[..blanks + at])),
        _ => (blanks, blanks + 2),
    };
    let mut now = line[..head].to_owned();
    for (index, name) in names(line[head..].trim_end()).into_iter().enumerate() {
        if index > 0 && columns(&now) + 1 + columns(name) > width {
            *out += &std::mem::replace(&mut now, " ".repeat(further));
            out.push('\n');
        } else if index > 0 {
            now.push(' ');
        }
        let fits = columns(name) + further <= width;
        for word in name.split_inclusive("  ") {
            let wide = columns(&now) + columns(word.trim_end()) > width;
            if wide && !fits && !now.trim().is_empty() {
                *out += &std::mem::replace(&mut now, " ".repeat(further));
                out.push('\n');
            }
            now += word;
        }
    }
    *out += now.trim_end();
    if line.ends_with('\n') {
        out.push('\n');
    }
}

/// A text's parts between single blanks: what has several blanks in it stays one.
fn names(text: &str) -> Vec<&str> {
    let blank = |at: usize| text.as_bytes().get(at) == Some(&b' ');
    let (mut names, mut start) = (Vec::new(), 0);
    for (at, _) in text.match_indices(' ') {
        let one = !blank(at + 1) && (at == 0 || !blank(at - 1));
        if one {
            names.push(&text[start..at]);
            start = at + 1;
        }
    }
    names.push(&text[start..]);
    names
}

/// Where the second column of a table begins: behind two blanks or more.
fn second_column(line: &str) -> Option<usize> {
    let at = line.find("  ")?;
    Some(line.len() - line[at..].trim_start_matches(' ').len())
}

/// A title that takes at most so many columns: a verb, and the end of what is done,
/// with one mark for what is left out. First that is the folders of a path, then
/// whole words, and letters only of a word that is longer than all the room.
#[must_use]
pub(super) fn shorten(title: &str, most: usize) -> String {
    if columns(title) <= most {
        return title.to_owned();
    }
    let (verb, what) = title.split_once(' ').unwrap_or(("", title));
    let with = |head: &str, tail: &str| format!("{head}\u{2026}{tail}");
    let fits = |short: &String| columns(short) <= most;
    let path = what.find('/').filter(|at| *at == 0 || what[..*at].ends_with(' '));
    let folders = path.into_iter().flat_map(|start| {
        let head = format!("{verb} {}", &what[..start]);
        let inner = what[start + 1..].match_indices('/');
        inner.map(move |(at, _)| with(&head, &what[start + 1 + at..]))
    });
    let lead = format!("{verb} ");
    let words = what.match_indices(' ').map(|(at, _)| with(&lead, &what[at..]));
    let name = what.rfind('/').map(|at| with(&lead, &what[at..]));
    let last = what.rsplit(' ').next().unwrap_or(what);
    let letters = last.char_indices().map(|(at, _)| with(&lead, &last[at..]));
    let found = folders.chain(words).chain(name).chain(letters).find(fits);
    found.unwrap_or_else(|| with(&lead, ""))
}

fn columns(text: &str) -> usize {
    console::measure_text_width(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_go_on_further_in_and_words_stay_whole() {
        assert_eq!(fold("short  line\n", 20), "short  line\n");
        assert_eq!(fold("  one two three four\nx\n", 12), "  one two\n    three\n    four\nx\n");
        let digest = "0".repeat(30);
        let text = format!("  SHA-256 {digest} (a.dmg)");
        assert_eq!(fold(&text, 20), format!("  SHA-256\n    {digest}\n    (a.dmg)"));
        assert_eq!(fold("a   one two three\n", 12), "a   one two\n    three\n");
        // Names keep their blanks, as long as a line has room for them.
        assert_eq!(fold("- in /a  b/c is one\n", 11), "- in\n  /a  b/c\n  is one\n");
        assert_eq!(
            fold("  xxxxxxx  yyyyyyy  zz z\n", 12),
            "  xxxxxxx  \n    yyyyyyy  \n    zz z\n"
        );
        // Colours take no columns.
        assert_eq!(fold("\u{1b}[1;31merror:\u{1b}[0m no", 9), "\u{1b}[1;31merror:\u{1b}[0m no");
    }

    #[test]
    fn long_titles_keep_what_they_are_about() {
        let path = "reading /home/me/Downloads/InstallESD.dmg";
        assert_eq!(shorten(path, 80), path);
        assert_eq!(shorten(path, 34), "reading \u{2026}/Downloads/InstallESD.dmg");
        assert_eq!(shorten(path, 24), "reading \u{2026}/InstallESD.dmg");
        assert_eq!(shorten(path, 22), "reading \u{2026}nstallESD.dmg");
        let all = "reading all of /home/me/My Images/Lion.dmg";
        assert_eq!(shorten(all, 25), "reading all of \u{2026}/Lion.dmg");
        assert_eq!(shorten(all, 19), "reading \u{2026}/Lion.dmg");
        let part = "verifying Install OS X Lion 10.7.5.img, every byte";
        assert_eq!(shorten(part, 36), "verifying \u{2026} 10.7.5.img, every byte");
        assert_eq!(shorten(part, 26), "verifying \u{2026} every byte");
        assert_eq!(shorten(part, 16), "verifying \u{2026} byte");
        // Wide characters take two columns each.
        assert_eq!(
            shorten("reading \u{65e5}\u{672c}\u{8a9e}", 13),
            "reading \u{2026}\u{672c}\u{8a9e}"
        );
    }
}
