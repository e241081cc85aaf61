//! What one layer says.

use crate::source::trust::Level;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// What was looked at.
    pub kind: Kind,
    /// What became of it.
    pub state: State,
    /// The same as a phrase.
    pub text: String,
}

/// What can be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The number of bytes.
    Size,
    /// A digest of the whole.
    Digest,
    /// The digest in a catalog.
    CatalogDigest,
    /// The digests of chunks.
    Chunks,
    /// The signature of the chunk list.
    Chunklist,
    /// The checksums inside a disk image or a package.
    Contents,
    /// The checksum of a package's table of contents.
    Table,
    /// A package's signature.
    Signature,
}

impl Kind {
    /// Its name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Digest => "digest",
            Self::CatalogDigest => "catalog digest",
            Self::Chunks => "chunks",
            Self::Chunklist => "chunklist",
            Self::Contents => "contents",
            Self::Table => "table of contents",
            Self::Signature => "signature",
        }
    }

    /// The level that is reached when it is right.
    pub(super) const fn level(self) -> Level {
        match self {
            Self::Size | Self::CatalogDigest | Self::Table => Level::None,
            Self::Chunks | Self::Contents => Level::Checksum,
            Self::Digest => Level::Digest,
            Self::Chunklist | Self::Signature => Level::Signature,
        }
    }
}

/// What became of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It proves that the input is what it is said to be.
    Proves,
    /// It is right, which proves that nothing was changed by accident.
    Holds,
    /// It is told, and decides nothing.
    Noted,
    /// It could prove something, and does not.
    Unproven,
    /// It proves that the input is not what it is said to be.
    Contradicts,
}

impl State {
    /// Its name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proves => "proves",
            Self::Holds => "holds",
            Self::Noted => "noted",
            Self::Unproven => "unproven",
            Self::Contradicts => "contradicts",
        }
    }
}
