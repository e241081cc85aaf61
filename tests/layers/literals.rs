//! Rust's text as far as the tests here need it: string literals, and which
//! bracket ends where.

/// A string literal: where it begins in the text, and what it says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Literal {
    pub(crate) at: usize,
    pub(crate) says: String,
}

/// The literals of a text, and the text with their contents and all comments
/// blanked, so that each byte keeps its place.
pub(crate) fn literals(text: &str) -> (Vec<Literal>, String) {
    let (bytes, mut bare) = (text.as_bytes(), text.as_bytes().to_vec());
    let (mut found, mut at) = (Vec::new(), 0);
    let mut blank = |from: usize, to: usize| bare[from..to].fill(b' ');
    while at < bytes.len() {
        let rest = &text[at..];
        let raw =
            rest.strip_prefix('r').map(|rest| rest.len() - rest.trim_start_matches('#').len());
        let raw = raw.filter(|hashes| rest[1 + hashes..].starts_with('"'));
        let in_word = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
        let next = match bytes[at] {
            b'/' if rest.starts_with("//") => {
                let end = at + rest.find('\n').unwrap_or(rest.len());
                blank(at, end);
                end
            }
            b'\'' => at + char_len(rest),
            b'r' if raw.is_some() && (!in_word || bytes[at - 1] == b'b') => {
                let hashes = raw.unwrap_or(0);
                let (from, mark) = (at + 2 + hashes, format!("\"{}", "#".repeat(hashes)));
                let end = from + text[from..].find(&mark).unwrap();
                found.push(Literal { at, says: text[from..end].to_owned() });
                blank(from, end);
                end + mark.len()
            }
            b'"' => {
                let mut end = at + 1;
                while bytes[end] != b'"' {
                    end += if bytes[end] == b'\\' { 2 } else { 1 };
                }
                found.push(Literal { at, says: unescaped(&text[at + 1..end]) });
                blank(at + 1, end);
                end + 1
            }
            _ => at + 1,
        };
        at = next;
        while !text.is_char_boundary(at) {
            at += 1;
        }
    }
    // Only whole contents were blanked.
    (found, String::from_utf8(bare).unwrap())
}

/// The bytes of a character's literal, or 1 for a lifetime's mark.
fn char_len(rest: &str) -> usize {
    let inner = &rest[1..];
    let len = match inner.strip_prefix('\\') {
        Some(escaped) => escaped.find('\'').map(|end| if end == 0 { 2 } else { end + 1 }),
        None => inner.chars().next().map(char::len_utf8),
    };
    len.filter(|len| inner[*len..].starts_with('\'')).map_or(1, |len| len + 2)
}

fn unescaped(text: &str) -> String {
    let (mut out, mut chars) = (String::new(), text.chars().peekable());
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('\n') => while chars.next_if(|c| c.is_whitespace()).is_some() {},
            Some('n') => out.push('\n'),
            Some(c) => out.push(c),
            None => {}
        }
    }
    out
}

/// Where the bracket closes that opens at a place of a blanked text.
pub(crate) fn closed(bare: &str, open: usize) -> usize {
    end(bare, open, &[]).unwrap_or(bare.len())
}

/// The end of what begins at a place: the first of these at its own depth, or
/// the bracket that closes it.
pub(crate) fn end(bare: &str, from: usize, ends: &[u8]) -> Option<usize> {
    let mut depth = 0;
    for (at, byte) in bare.bytes().enumerate().skip(from) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth <= 1 && (depth == 1) == ends.is_empty() => return Some(at),
            b')' | b']' | b'}' => depth -= 1,
            _ if depth == 0 && ends.contains(&byte) => return Some(at),
            _ => {}
        }
    }
    None
}
