//! The one error of all formats: `Io`, `Corrupt` and `Unsupported` never mix.

use std::fmt;
use std::io;

/// Why bytes could not be read as what they should be.
#[derive(Debug)]
pub enum Error {
    /// The medium failed, not the format.
    Io(io::Error),
    /// The bytes break the format's rules.
    Corrupt(Box<Corrupt>),
    /// The bytes are right, but this is a kind we do not handle.
    Unsupported(Box<Unsupported>),
}

/// A [`std::result::Result`] with the formats' [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A value found in a file, for messages and for tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A count, length, offset or id.
    Number(u64),
    /// A magic, a type, flags, a checksum.
    Hex(u64),
    /// A name or other text.
    Text(String),
}

/// One broken rule: which structure and field, and the value it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corrupt {
    /// The file or container, once known.
    pub file: Option<String>,
    /// The structure by its specification's name, such as `B-tree node`.
    pub structure: &'static str,
    /// The field by its specification's name, such as `numRecords`.
    pub field: &'static str,
    /// What the field holds.
    pub value: Value,
    /// What is wrong with it, as in `is {value}: {rule}`.
    pub rule: &'static str,
    /// Where the structure begins, if that helps.
    pub at: Option<u64>,
}

/// Something recognised that this library refuses, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// The file or container, once known.
    pub file: Option<String>,
    /// What it is, as in `this is {what}`: `an APFS container`.
    pub what: &'static str,
    /// The field and value it was recognised by.
    pub field: &'static str,
    /// What the field holds.
    pub value: Value,
    /// What the user can do instead; may be empty.
    pub hint: &'static str,
}

impl Error {
    /// A broken rule in a structure.
    #[must_use]
    pub fn corrupt(
        structure: &'static str,
        field: &'static str,
        value: impl Into<Value>,
        rule: &'static str,
    ) -> Self {
        let value = value.into();
        Self::Corrupt(Box::new(Corrupt { file: None, structure, field, value, rule, at: None }))
    }

    /// What another's decoder or parser says is wrong.
    #[must_use]
    pub fn complaint(structure: &'static str, said: impl fmt::Display, rule: &'static str) -> Self {
        Self::corrupt(structure, "the decoder's complaint", said.to_string(), rule)
    }

    /// A recognised kind that is refused.
    #[must_use]
    pub fn unsupported(
        what: &'static str,
        field: &'static str,
        value: impl Into<Value>,
        hint: &'static str,
    ) -> Self {
        let value = value.into();
        Self::Unsupported(Box::new(Unsupported { file: None, what, field, value, hint }))
    }

    /// What the user can do instead of what is refused; empty if nothing is known.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unsupported(what) => what.hint,
            Self::Io(_) | Self::Corrupt(_) => "",
        }
    }

    /// Adds the structure's offset to a `Corrupt` that has none.
    #[must_use]
    pub fn at(mut self, offset: u64) -> Self {
        if let Self::Corrupt(corrupt) = &mut self {
            corrupt.at.get_or_insert(offset);
        }
        self
    }

    /// Adds the file's name; the innermost name stays.
    #[must_use]
    pub fn in_file(mut self, name: &str) -> Self {
        match &mut self {
            Self::Corrupt(corrupt) => drop(corrupt.file.get_or_insert_with(|| name.into())),
            Self::Unsupported(what) => drop(what.file.get_or_insert_with(|| name.into())),
            Self::Io(error) if error.get_ref().is_none_or(|e| !e.is::<InFile>()) => {
                let inner =
                    InFile { file: name.into(), kind: error.kind(), text: error.to_string() };
                *error = io::Error::new(error.kind(), inner);
            }
            Self::Io(_) => {}
        }
        self
    }

    /// Wraps the error for a [`crate::block::ReadAt`]; [`From`] unwraps it.
    #[must_use]
    pub fn into_io(self) -> io::Error {
        match self {
            Self::Io(error) => error,
            other => io::Error::new(io::ErrorKind::InvalidData, other),
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(ours) => ours,
            Err(error) => Self::Io(error),
        }
    }
}

#[derive(Debug)]
struct InFile {
    file: String,
    kind: io::ErrorKind,
    text: String,
}

impl fmt::Display for InFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = self.kind;
        write!(f, "{}: {}", self.file, self.text)
    }
}

impl std::error::Error for InFile {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}"),
            Self::Corrupt(c) => {
                prefix(f, c.file.as_deref())?;
                write!(f, "{}: {} is {}: {}", c.structure, c.field, c.value, c.rule)?;
                c.at.map_or(Ok(()), |at| write!(f, " (at byte {at})"))
            }
            Self::Unsupported(u) => {
                prefix(f, u.file.as_deref())?;
                // What it is not needs no word more.
                let known = !(u.what.starts_with("no ") || u.what.starts_with("neither "));
                let refused = if known { ", which is not supported" } else { "" };
                write!(f, "this is {}{refused} ({} is {})", u.what, u.field, u.value)
            }
        }
    }
}

fn prefix(f: &mut fmt::Formatter<'_>, file: Option<&str>) -> fmt::Result {
    file.map_or(Ok(()), |file| write!(f, "{file}: "))
}

impl std::error::Error for Error {}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(n) => write!(f, "{n}"),
            Self::Hex(n) => write!(f, "{n:#x}"),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

impl From<u64> for Value {
    fn from(n: u64) -> Self {
        Self::Number(n)
    }
}

impl From<u32> for Value {
    fn from(n: u32) -> Self {
        Self::Number(n.into())
    }
}

impl From<u16> for Value {
    fn from(n: u16) -> Self {
        Self::Number(n.into())
    }
}

impl From<usize> for Value {
    fn from(n: usize) -> Self {
        Self::Number(n as u64)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_file_structure_field_and_value() {
        let error = Error::corrupt("B-tree node", "numRecords", 9u16, "more than fit").at(512);
        assert_eq!(
            error.in_file("a.dmg").to_string(),
            "a.dmg: B-tree node: numRecords is 9: more than fit (at byte 512)"
        );
        let error = Error::unsupported("an APFS container", "magic", Value::Hex(0x4253_584e), "");
        assert_eq!(
            error.in_file("b.img").to_string(),
            "b.img: this is an APFS container, which is not supported (magic is 0x4253584e)"
        );
        let error = Error::unsupported("no volume that is known", "its length", 5u32, "");
        assert_eq!(error.to_string(), "this is no volume that is known (its length is 5)");
    }

    #[test]
    fn an_error_survives_the_trip_through_io() {
        let io = Error::corrupt("koly", "version", 9u32, "not 4").into_io();
        assert!(matches!(Error::from(io), Error::Corrupt(c) if c.field == "version"));
        let error = Error::Io(io::Error::other("unplugged")).in_file("x").in_file("y");
        assert_eq!(error.to_string(), "x: unplugged");
    }
}
