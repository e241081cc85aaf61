//! The small languages inside a recipe's texts: placeholders, sizes, modes, key paths.

use crate::recipe::KeyPath;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text as it is.
    Plain(&'a str),
    /// `{of.fact}`.
    Hole {
        /// An input's name, or `params`.
        of: &'a str,
        /// The fact, or the param's name.
        fact: &'a str,
    },
}

/// Splits a text at its placeholders, which look exactly like `{name.fact}`.
/// Any other brace is text, so scripts need no escapes; `{{name.fact}}` is the
/// text `{name.fact}`.
#[must_use]
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut plain, mut at) = (0, 0);
    while let Some(open) = text[at..].find('{').map(|open| at + open) {
        let Some((of, fact, len)) = hole(&text[open..]) else {
            at = open + 1;
            continue;
        };
        let end = open + len;
        let doubled = text[..open].ends_with('{') && text[end..].starts_with('}');
        // The outer pair of a doubled one is dropped.
        let (before, after) = if doubled { (open - 1, end + 1) } else { (open, end) };
        pieces.push(Piece::Plain(&text[plain..before]));
        pieces.push(if doubled {
            Piece::Plain(&text[open..end])
        } else {
            Piece::Hole { of, fact }
        });
        (plain, at) = (after, after);
    }
    pieces.push(Piece::Plain(&text[plain..]));
    pieces.retain(|piece| *piece != Piece::Plain(""));
    pieces
}

/// The placeholder that a text begins with, and its length.
fn hole(text: &str) -> Option<(&str, &str, usize)> {
    let close = text.find('}')?;
    let (of, fact) = text.get(1..close)?.split_once('.')?;
    (is_word(of) && is_word(fact)).then_some((of, fact, close + 1))
}

/// Whether a text may be a name: lower-case letters, digits, `-` and `_`.
pub(super) fn is_word(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(inner)
}

/// Bytes from `64 MiB`, `7 GB`, `512`.
#[must_use]
pub fn size(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim() {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// Permission bits from octal digits.
pub(super) fn mode(text: &str) -> Option<u16> {
    u16::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o7777)
}

/// `chflags` words (chflags(1), sys/stat.h).
const FLAGS: [(&str, u32); 12] = [
    ("nodump", 0x1),
    ("uchg", 0x2),
    ("uappnd", 0x4),
    ("opaque", 0x8),
    ("hidden", 0x8000),
    ("arch", 0x1_0000),
    ("schg", 0x2_0000),
    ("sappnd", 0x4_0000),
    ("restricted", 0x8_0000),
    ("uappend", 0x4),
    ("uimmutable", 0x2),
    ("none", 0),
];

/// Flags from words as `chflags` takes them, separated by commas.
pub(super) fn flags(text: &str) -> Result<u32, &str> {
    text.split(',').map(str::trim).try_fold(0, |all, word| {
        let known = FLAGS.iter().find(|(name, _)| *name == word);
        known.map(|(_, bit)| all | bit).ok_or(word)
    })
}

/// The flags' words.
pub(super) fn flag_names() -> impl Iterator<Item = &'static str> {
    FLAGS.iter().map(|(name, _)| *name)
}

/// A key path from `Sockets:Listeners:0`; `\:` is a colon in a key.
pub(super) fn key_path(text: &str) -> KeyPath {
    let mut keys = vec![String::new()];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        // There is one from the start on.
        let Some(last) = keys.last_mut() else { break };
        match c {
            '\\' => last.extend(chars.next()),
            ':' => keys.push(String::new()),
            other => last.push(other),
        }
    }
    // `:a:b`, as PlistBuddy writes it, and the empty path are the same root.
    if keys.first().is_some_and(String::is_empty) {
        keys.remove(0);
    }
    KeyPath(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_placeholders_count() {
        let hole = |of, fact| Piece::Hole { of, fact };
        assert_eq!(
            pieces("a{x.y}${HOME} {{x.y}}{b.c}"),
            [
                Piece::Plain("a"),
                hole("x", "y"),
                Piece::Plain("${HOME} "),
                Piece::Plain("{x.y}"),
                hole("b", "c")
            ]
        );
        assert_eq!(pieces("{X.y} { x.y } {x}"), [Piece::Plain("{X.y} { x.y } {x}")]);
        assert_eq!(pieces(""), []);
        assert_eq!(pieces("{ü.y}{"), [Piece::Plain("{ü.y}{")]);
    }

    #[test]
    fn sizes_modes_and_keys() {
        assert_eq!(size("64 MiB"), Some(64 << 20));
        assert_eq!(size("7 GB"), Some(7_000_000_000));
        assert_eq!(size("512"), Some(512));
        assert_eq!(size("7 Gb"), None);
        assert_eq!(size("99999999999 TiB"), None);
        assert_eq!(mode("4755"), Some(0o4755));
        assert_eq!(mode("0958"), None);
        assert_eq!(mode("170000"), None);
        assert_eq!(flags("hidden, uchg"), Ok(0x8002));
        assert_eq!(flags("hiden"), Err("hiden"));
        assert_eq!(key_path("a:0:b").0, ["a", "0", "b"]);
        assert_eq!(key_path(":Web\\:Auth:x").0, ["Web:Auth", "x"]);
        assert_eq!(key_path("").0, Vec::<String>::new());
    }
}
