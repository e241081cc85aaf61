//! A file in a manifest, held small: there may be a million of them.

use crate::engine::hash::hex;
use crate::volume::Kind;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// One file of the volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Listed {
    pub(super) path: Box<str>,
    pub(super) kind: Word,
    pub(super) mode: Mode,
    pub(super) owner: u32,
    pub(super) group: u32,
    /// Of the data fork as it is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) blake3: Option<ForkDigest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rsrc_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rsrc_blake3: Option<ForkDigest>,
    /// Digests by attribute.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) xattrs: BTreeMap<String, ForkDigest>,
    /// The id that all names of a hard-linked file share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) linked: Option<u32>,
}

/// What kind of thing a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Word {
    Folder,
    File,
    Symlink,
    CharacterDevice,
    BlockDevice,
    Pipe,
    Socket,
}

impl From<Kind> for Word {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Dir => Self::Folder,
            Kind::File => Self::File,
            Kind::Symlink => Self::Symlink,
            Kind::CharDevice => Self::CharacterDevice,
            Kind::BlockDevice => Self::BlockDevice,
            Kind::Fifo => Self::Pipe,
            Kind::Socket => Self::Socket,
        }
    }
}

/// Permission bits, as four octal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mode(pub(super) u16);

impl Serialize for Mode {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{:04o}", self.0))
    }
}

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        u16::from_str_radix(&text, 8).map(Self).map_err(D::Error::custom)
    }
}

/// A fork's digest (BLAKE3), as 64 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ForkDigest(pub(super) [u8; 32]);

impl Serialize for ForkDigest {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex(self.0))
    }
}

impl<'de> Deserialize<'de> for ForkDigest {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let wrong = || D::Error::custom("a digest is 64 hex digits");
        let pair = |at: usize| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok();
        let mut digest = [0; 32];
        for (at, byte) in digest.iter_mut().enumerate() {
            *byte = pair(at).ok_or_else(wrong)?;
        }
        if text.len() == 64 { Ok(Self(digest)) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_and_modes_are_checked() {
        let digest = ForkDigest([0xab; 32]);
        let text = serde_json::to_string(&(digest, Mode(0o755))).unwrap();
        assert_eq!(text, format!("[\"{}\",\"0755\"]", "ab".repeat(32)));
        assert_eq!(
            serde_json::from_str::<(ForkDigest, Mode)>(&text).unwrap(),
            (digest, Mode(0o755))
        );
        for wrong in ["\"ab\"", "\"\u{e9}\"", &format!("\"{}\"", "ab".repeat(33))] {
            assert!(serde_json::from_str::<ForkDigest>(wrong).is_err());
        }
        assert!(serde_json::from_str::<Mode>("\"9\"").is_err());
    }
}
