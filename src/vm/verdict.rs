//! What a trial found, in words.

use std::fmt;

/// What a trial found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The loader's reader found all, and the probe ran.
    Boots,
    /// The loader runs without its HFS+ reader.
    NoReader,
    /// The loader's reader finds no HFS+ volume.
    NoVolume,
    /// The table says that the partition is of another type.
    WrongType(String),
    /// A file is not there: what it is, and its path.
    NotFound {
        /// Such as `kernel`.
        what: String,
        /// Its path, or where it was looked for.
        path: String,
    },
    /// The loader's reader reads another content than ours.
    Differs {
        /// Such as `kernel`.
        what: String,
        /// Its path.
        path: String,
    },
    /// The boot program cannot be started: why.
    Refused(String),
    /// Time was up: where it was then.
    TimedOut(String),
    /// The machine ended without a word of the probe's: how.
    Ended(String),
}

impl Verdict {
    /// A word for JSON and for tests.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Boots => "boots",
            Self::NoReader => "no-reader",
            Self::NoVolume => "no-volume",
            Self::WrongType(_) => "wrong-type",
            Self::NotFound { .. } => "not-found",
            Self::Differs { .. } => "differs",
            Self::Refused(_) => "refused",
            Self::TimedOut(_) => "timed-out",
            Self::Ended(_) => "ended",
        }
    }

    /// A file that is not there.
    pub(super) fn not_found(what: &str, path: &str) -> Self {
        Self::NotFound { what: what.into(), path: path.into() }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boots => f.write_str("boots"),
            Self::NoReader => f.write_str("no HFS+ reader found"),
            Self::NoVolume => f.write_str("no HFS+ volume found"),
            Self::WrongType(kind) => {
                write!(f, "wrong partition type: the table says {kind}, not Apple HFS+")
            }
            Self::NotFound { what, path } => write!(f, "{what} not found: {path}"),
            Self::Differs { what, path } => {
                write!(f, "{what} differs: the loader reads other bytes in {path}")
            }
            Self::Refused(why) => write!(f, "boot.efi cannot be started: {why}"),
            Self::TimedOut(place) => write!(f, "timed out at {place}"),
            Self::Ended(how) => write!(f, "ended without a start: {how}"),
        }
    }
}
