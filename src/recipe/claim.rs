//! What a recipe says of its finished media, to be tested: `[[test]]`.
//!
//! Tests change no byte, and so are no part of what makes a plan this plan.

use crate::recipe::{Condition, Owning, Position, Shape};
use serde::Serialize;

/// A claim about the finished media.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Test {
    /// What is claimed.
    #[serde(flatten)]
    pub claim: Claim,
    /// It is only claimed when this holds.
    pub when: Option<Condition>,
    /// Where it stands, for messages; not part of what a recipe means.
    #[serde(skip)]
    pub at: Position,
}

/// What may be claimed. Paths are the volume's, from its root; containers on
/// the way are folders. Texts may hold `{placeholders}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    /// Something stands at this path.
    Exists(String),
    /// Nothing stands at this path.
    Absent(String),
    /// A file's contents have this digest.
    Sha256 {
        /// The file.
        path: String,
        /// What its digest is.
        #[serde(flatten)]
        like: Like,
    },
    /// A property list looks like this.
    Plist(Shape),
    /// A text stands somewhere in a file.
    Contains {
        /// The file.
        path: String,
        /// The text.
        text: String,
    },
    /// A file or folder has this mode, owner, group, these flags.
    Mode {
        /// Of what.
        path: String,
        /// Those that are given.
        owning: Owning,
    },
    /// A symbolic link leads there.
    Link {
        /// The link.
        path: String,
        /// Its target, letter for letter.
        to: String,
    },
    /// Firmware is told of this boot file.
    Blessed {
        /// The boot file.
        file: String,
        /// The folder; that of the file when `None`.
        folder: Option<String>,
    },
    /// A loader with an HFS+ reader of its own starts the boot file.
    Boots(bool),
    /// The disk has no more bytes than this.
    Fits(u64),
}

/// What a digest is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Like {
    /// 64 hex digits.
    Is(String),
    /// The digest of an input, as `copy` would store it.
    Input(String),
}
