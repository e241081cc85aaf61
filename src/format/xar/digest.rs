//! Checksums as a table of contents names them.

use crate::block::{Error, Result};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

/// The algorithm of a checksum, its `style`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
    /// MD5: recognised, not checked.
    Md5,
    /// Another: recognised by its name, not checked.
    Other(Box<str>),
}

impl Style {
    /// The algorithm of a name, in whatever case.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name.trim().to_ascii_lowercase().as_str() {
            "sha1" => Self::Sha1,
            "sha256" => Self::Sha256,
            "sha512" => Self::Sha512,
            "md5" => Self::Md5,
            other => Self::Other(other.chars().take(40).collect()),
        }
    }

    /// Its name, as a table of contents has it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
            Self::Md5 => "md5",
            Self::Other(name) => name,
        }
    }

    /// The bytes of a checksum, where they are known.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        match self {
            Self::Sha1 => Some(20),
            Self::Sha256 => Some(32),
            Self::Sha512 => Some(64),
            Self::Md5 => Some(16),
            Self::Other(_) => None,
        }
    }

    /// Begins a checksum; `None` for those that are not checked.
    #[must_use]
    pub fn hasher(&self) -> Option<Hasher> {
        match self {
            Self::Sha1 => Some(Hasher::Sha1(Sha1::new())),
            Self::Sha256 => Some(Hasher::Sha256(Sha256::new())),
            Self::Sha512 => Some(Hasher::Sha512(Sha512::new())),
            Self::Md5 | Self::Other(_) => None,
        }
    }
}

/// A checksum in the making.
#[derive(Clone)]
pub enum Hasher {
    /// SHA-1.
    Sha1(Sha1),
    /// SHA-256.
    Sha256(Sha256),
    /// SHA-512.
    Sha512(Sha512),
}

impl Hasher {
    /// Adds bytes.
    pub fn update(&mut self, data: &[u8]) {
        match self {
            Self::Sha1(hasher) => hasher.update(data),
            Self::Sha256(hasher) => hasher.update(data),
            Self::Sha512(hasher) => hasher.update(data),
        }
    }

    /// The checksum.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        match self {
            Self::Sha1(hasher) => hasher.finalize().to_vec(),
            Self::Sha256(hasher) => hasher.finalize().to_vec(),
            Self::Sha512(hasher) => hasher.finalize().to_vec(),
        }
    }
}

/// A checksum that an archive states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// Its algorithm.
    pub style: Style,
    /// Its bytes.
    pub value: Box<[u8]>,
}

impl Checksum {
    /// Reads hexadecimal digits.
    pub(super) fn parse(style: Style, text: &str) -> Result<Self> {
        let wrong = || {
            let text: String = text.trim().chars().take(80).collect();
            let rule = "not the hexadecimal digits of its style";
            Error::corrupt(super::TOC, "checksum", text, rule)
        };
        let value = unhex(text.trim()).ok_or_else(wrong)?;
        if style.bytes().is_some_and(|len| len != value.len() as u64) {
            return Err(wrong());
        }
        Ok(Self { style, value: value.into() })
    }
}

/// The bytes of hexadecimal digits.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    if !text.len().is_multiple_of(2) || text.len() > 256 {
        return None;
    }
    text.as_bytes().chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

/// Hexadecimal digits of bytes.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// What became of a checksum. A wrong one is an error instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// It is right.
    Passed(Style),
    /// There is none.
    Absent,
    /// It is of a kind that is not checked.
    NotChecked(Style),
}
