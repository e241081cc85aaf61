//! Names of a volume as text that a terminal and a host can take.

use crate::volume::{Name, VPath};
use std::fmt::Write;

/// A name with everything escaped that would not print as itself: control
/// and direction characters, lone surrogates, and the backslash.
#[must_use]
pub(super) fn escaped(name: &Name) -> String {
    let mut out = String::new();
    for decoded in char::decode_utf16(name.units().iter().copied().map(swapped)) {
        match decoded {
            Ok(c) => push(&mut out, c),
            // Writing to a String cannot fail.
            Err(lone) => drop(write!(out, "\\u{{{:x}}}", lone.unpaired_surrogate())),
        }
    }
    out
}

/// Text from elsewhere (a symbolic link's target), escaped likewise.
#[must_use]
pub(super) fn escaped_text(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        push(&mut out, c);
        out
    })
}

fn push(out: &mut String, c: char) {
    match c {
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if is_unseen(c) => drop(write!(out, "\\u{{{:x}}}", u32::from(c))),
        c => out.push(c),
    }
}

/// Whether a terminal would do something at a character, and not show it.
pub(super) fn is_unseen(c: char) -> bool {
    c.is_control() || turns_text(c)
}

/// Whether a character changes the direction of what follows it.
const fn turns_text(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A path whose names are escaped.
#[must_use]
pub(super) fn escaped_path(path: &VPath) -> String {
    if path.names().is_empty() {
        return "/".into();
    }
    path.names().iter().fold(String::new(), |out, name| out + "/" + &escaped(name))
}

/// HFS+ separates by `:`, Unix by `/`: they change places.
const fn swapped(unit: u16) -> u16 {
    match unit {
        0x2f => 0x3a,
        0x3a => 0x2f,
        other => other,
    }
}

/// Why a name cannot be a file's name on this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It has no characters.
    Empty,
    /// It is `.` or `..`.
    Dots,
    /// It holds a separator or NUL.
    Separator,
    /// It is not Unicode text.
    Surrogate,
    /// It is longer than the host's 255 bytes.
    Long,
    /// The host gives it a meaning.
    Reserved,
}

impl Unfit {
    /// As in `left out: it {words}`.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Empty => "has no name",
            Self::Dots => "would lead out of its folder",
            Self::Separator => "holds a separator or NUL",
            Self::Surrogate => "is not Unicode text",
            Self::Long => "has a name of over 255 bytes",
            Self::Reserved => "has a name that this host keeps for itself",
        }
    }
}

/// The name as the host spells it.
///
/// # Errors
/// [`Unfit`]: a name that the host could not hold, or that leads elsewhere.
pub(super) fn on_host(name: &Name) -> Result<String, Unfit> {
    let units = name.units().iter().copied().map(swapped);
    let text: String =
        char::decode_utf16(units).collect::<Result<_, _>>().map_err(|_| Unfit::Surrogate)?;
    match text.as_str() {
        "" => Err(Unfit::Empty),
        "." | ".." => Err(Unfit::Dots),
        text if text.contains(['/', '\0']) => Err(Unfit::Separator),
        text if text.len() > 255 => Err(Unfit::Long),
        text if cfg!(windows) && reserved_on_windows(text) => Err(Unfit::Reserved),
        _ => Ok(text),
    }
}

/// Characters and endings that Windows gives a meaning, and device names.
fn reserved_on_windows(text: &str) -> bool {
    let stem = text.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let device = ["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str())
        || (stem.len() == 4 && (stem.starts_with("COM") || stem.starts_with("LPT")));
    device
        || text.ends_with(['.', ' '])
        || text.contains(|c: char| c < ' ' || "<>:\"\\|?*".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_print_is_escaped() {
        let name = Name::from_units(&[0x49, 0x0d, 0x5c, 0xd800, 0x2f, 0x202e, 0x7f]);
        assert_eq!(escaped(&name), "I\\r\\\\\\u{d800}:\\u{202e}\\u{7f}");
        assert_eq!(escaped_text("a\u{1b}[31m"), "a\\u{1b}[31m");
        assert_eq!(escaped_path(&VPath::parse("a/b\n").unwrap()), "/a/b\\n");
        assert_eq!(escaped_path(&VPath::default()), "/");
    }

    #[test]
    fn names_that_lead_elsewhere_are_unfit() {
        let fit = |units: &[u16]| on_host(&Name::from_units(units));
        assert_eq!(fit(&[]), Err(Unfit::Empty));
        assert_eq!(fit(&[0x2e, 0x2e]), Err(Unfit::Dots));
        // A stored colon reads as a slash.
        assert_eq!(fit(&[0x61, 0x3a, 0x62]), Err(Unfit::Separator));
        assert_eq!(fit(&[0x61, 0]), Err(Unfit::Separator));
        assert_eq!(fit(&[0xdc00]), Err(Unfit::Surrogate));
        assert_eq!(fit(&[0x3042; 86]), Err(Unfit::Long));
        assert_eq!(fit(&[0x61, 0x2f, 0x62]), Ok("a:b".into()));
    }

    #[test]
    fn windows_keeps_some_names() {
        for name in ["nul", "Com1.txt", "a.", "a:b", "a?"] {
            assert!(reserved_on_windows(name), "{name}");
        }
        assert!(!reserved_on_windows("console.log"));
    }
}
