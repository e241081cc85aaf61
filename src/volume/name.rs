//! Names and paths as HFS+ stores them: UTF-16 units, decomposed, up to 255.

use crate::volume::unicode;
use std::fmt;

/// A name: any units that a volume holds, lone surrogates included.
///
/// Names that come from a volume are kept unit by unit. On the way from and
/// to text, `/` and `:` change places, as on a Mac: HFS+ separates by `:`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Name(Box<[u16]>);

/// The most units a name may have (TN1150, `HFSUniStr255`).
pub const MAX_NAME: usize = 255;

impl Name {
    /// A name from a volume's own units, as they are.
    #[must_use]
    pub fn from_units(units: &[u16]) -> Self {
        Self(units.into())
    }

    /// A name from text: decomposed as HFS+ asks, `:` stored for `/`'s place.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let mut units = unicode::decompose(text);
        for unit in &mut units {
            *unit = swap_separator(*unit);
        }
        Self(units.into())
    }

    /// The stored units.
    #[must_use]
    pub fn units(&self) -> &[u16] {
        &self.0
    }
}

const fn swap_separator(unit: u16) -> u16 {
    match unit {
        0x2f => 0x3a,
        0x3a => 0x2f,
        other => other,
    }
}

impl fmt::Display for Name {
    /// Lone surrogates print as U+FFFD.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.0.iter().map(|unit| swap_separator(*unit));
        char::decode_utf16(units)
            .try_for_each(|c| write!(f, "{}", c.unwrap_or(char::REPLACEMENT_CHARACTER)))
    }
}

/// A path below a volume's root, as names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct VPath(Vec<Name>);

impl VPath {
    /// Parses `/a/b` or `a/b`; empty parts and `.` are skipped.
    ///
    /// # Errors
    /// Says why: a `..`, or a name over 255 units.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts = text.split('/').filter(|part| !part.is_empty() && *part != ".");
        let names = parts.map(parse_part).collect::<Result<_, _>>()?;
        Ok(Self(names))
    }

    /// The path of these names, from the root down.
    #[must_use]
    pub fn from_names(names: Vec<Name>) -> Self {
        Self(names)
    }

    /// The names from the root down.
    #[must_use]
    pub fn names(&self) -> &[Name] {
        &self.0
    }

    /// The folder's path and the last name; `None` for the root.
    #[must_use]
    pub fn split_last(&self) -> Option<(Self, &Name)> {
        let (last, parents) = self.0.split_last()?;
        Some((Self(parents.to_vec()), last))
    }

    /// The path of `name` in this folder.
    #[must_use]
    pub fn join(&self, name: &Name) -> Self {
        let mut names = self.0.clone();
        names.push(name.clone());
        Self(names)
    }
}

fn parse_part(part: &str) -> Result<Name, String> {
    if part == ".." {
        return Err("a path may not climb with `..`".into());
    }
    let name = Name::from_text(part);
    if name.units().len() > MAX_NAME {
        return Err(format!("the name `{part}` is longer than {MAX_NAME} UTF-16 units"));
    }
    Ok(name)
}

impl fmt::Display for VPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return write!(f, "/");
        }
        self.0.iter().try_for_each(|name| write!(f, "/{name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_change_places() {
        let name = Name::from_text("a:b");
        assert_eq!(name.units(), &[0x61, 0x2f, 0x62]);
        assert_eq!(name.to_string(), "a:b");
    }

    #[test]
    fn paths_stay_below_their_root() {
        assert_eq!(VPath::parse("/a//b/.").unwrap().to_string(), "/a/b");
        assert_eq!(VPath::parse("").unwrap().to_string(), "/");
        let up = VPath::parse("a/../../etc").unwrap_err();
        assert_eq!(up, "a path may not climb with `..`");
        let long = "x".repeat(256);
        let text = format!("the name `{long}` is longer than 255 UTF-16 units");
        assert_eq!(VPath::parse(&long).unwrap_err(), text);
    }
}
