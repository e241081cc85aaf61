//! Lines that fit a terminal.

/// Breaks lines of more columns than this at blanks. What goes on stands two
/// columns further in, or below the second column of a table. Words, such as paths
/// and digests, are never broken.
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
    for (index, word) in line[head..].split_whitespace().enumerate() {
        if index > 0 && columns(&now) + 1 + columns(word) > width {
            *out += &now;
            out.push('\n');
            now = " ".repeat(further);
        } else if index > 0 {
            now.push(' ');
        }
        now += word;
    }
    *out += &now;
    if line.ends_with('\n') {
        out.push('\n');
    }
}

/// Where the second column of a table begins: behind two blanks or more.
fn second_column(line: &str) -> Option<usize> {
    let at = line.find("  ")?;
    Some(line.len() - line[at..].trim_start_matches(' ').len())
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
        // Colours take no columns.
        assert_eq!(fold("\u{1b}[1;31merror:\u{1b}[0m no", 9), "\u{1b}[1;31merror:\u{1b}[0m no");
    }
}
