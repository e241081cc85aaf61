//! Why a FAT volume cannot be laid out.

use std::fmt;
use std::io;

/// Why a FAT volume cannot be laid out.
#[derive(Debug)]
pub enum Error {
    /// More bytes of files than [`super::MOST`].
    TooMuch(u64),
    /// No FAT32 has this many sectors of this size.
    Size {
        /// The volume's bytes.
        len: u64,
        /// The bytes of a sector.
        sector: u32,
    },
    /// A name that FAT cannot hold.
    Name {
        /// The file's path.
        path: String,
        /// What is wrong with it.
        rule: &'static str,
    },
    /// Two files whose paths differ by case only, or a file that is a folder.
    Twice(String),
    /// A file's contents could not be read.
    Read {
        /// The file's path.
        path: String,
        /// What happened.
        error: io::Error,
    },
    /// The volume could not take a file: mostly, because it is full.
    Write {
        /// The file's path.
        path: String,
        /// What the library says.
        error: io::Error,
    },
}

impl Error {
    /// Tells which file the library had trouble with.
    pub(super) fn library(path: &str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |error| Self::Write { path, error }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMuch(n) => write!(f, "its files have {n} bytes; at most 128 MiB fit"),
            Self::Size { len, sector } => {
                write!(f, "no FAT32 volume has {len} bytes in sectors of {sector} bytes")
            }
            Self::Name { path, rule } => write!(f, "`{path}` cannot be stored: {rule}"),
            Self::Twice(path) => write!(f, "`{path}` is there twice (case does not count)"),
            Self::Read { path, error } => write!(f, "`{path}` cannot be read: {error}"),
            Self::Write { path, error } => write!(f, "`{path}` cannot be stored: {error}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read { error, .. } | Self::Write { error, .. } => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_its_sentence() {
        let (path, error) = (|| "EFI/a".to_owned(), || io::Error::other("unplugged"));
        let all = [
            Error::TooMuch(200_000_000),
            Error::Size { len: 512, sector: 4096 },
            Error::Name { path: path(), rule: "more than 32 folders deep" },
            Error::Twice(path()),
            Error::Read { path: path(), error: error() },
            Error::Write { path: path(), error: error() },
        ];
        for said in all {
            let expected = match said {
                Error::TooMuch(_) => "its files have 200000000 bytes; at most 128 MiB fit",
                Error::Size { .. } => "no FAT32 volume has 512 bytes in sectors of 4096 bytes",
                Error::Name { .. } => "`EFI/a` cannot be stored: more than 32 folders deep",
                Error::Twice(_) => "`EFI/a` is there twice (case does not count)",
                Error::Read { .. } => "`EFI/a` cannot be read: unplugged",
                Error::Write { .. } => "`EFI/a` cannot be stored: unplugged",
            };
            assert_eq!(said.to_string(), expected);
        }
    }
}
