//! Why a disk cannot be laid out.

use crate::format::gpt;
use crate::volume::fat;
use std::fmt;

/// Why a disk cannot be laid out as asked.
#[derive(Debug)]
pub enum Error {
    /// The volume is larger than what the disk leaves for it.
    Room {
        /// The volume's bytes.
        volume: u64,
        /// The bytes that are left for it.
        room: u64,
    },
    /// The volume does not end with a sector.
    Unaligned {
        /// The volume's bytes.
        volume: u64,
        /// The bytes of a sector.
        sector: u32,
    },
    /// The volume's size is beyond every disk.
    Size(u64),
    /// There are EFI files, but no partition for them.
    NoEfi,
    /// The partition table cannot be made.
    Table(gpt::LayoutError),
    /// The EFI system partition cannot be made.
    Efi(fat::Error),
}

/// A [`std::result::Result`] with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Room { volume, room } => {
                write!(f, "the volume takes {volume} bytes, but the disk has room for {room}")
            }
            Self::Unaligned { volume, sector } => write!(
                f,
                "the volume of {volume} bytes does not fill whole sectors of {sector} bytes"
            ),
            Self::Size(volume) => write!(f, "a volume of {volume} bytes fits on no disk"),
            Self::NoEfi => {
                f.write_str("files for the EFI partition need `layout = \"standard\"` in [media]")
            }
            Self::Table(error) => write!(f, "{error}"),
            Self::Efi(error) => write!(f, "EFI system partition: {error}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Table(error) => Some(error),
            Self::Efi(error) => Some(error),
            _ => None,
        }
    }
}

impl From<gpt::LayoutError> for Error {
    fn from(error: gpt::LayoutError) -> Self {
        Self::Table(error)
    }
}

impl From<fat::Error> for Error {
    fn from(error: fat::Error) -> Self {
        Self::Efi(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_its_sentence() {
        let all = [
            Error::Room { volume: 4096, room: 512 },
            Error::Unaligned { volume: 4608, sector: 4096 },
            Error::Size(u64::MAX),
            Error::NoEfi,
            gpt::LayoutError::Disk(9).into(),
            fat::Error::Twice("EFI/a".into()).into(),
        ];
        for error in all {
            let expected = match error {
                Error::Room { .. } => "the volume takes 4096 bytes, but the disk has room for 512",
                Error::Unaligned { .. } => {
                    "the volume of 4608 bytes does not fill whole sectors of 4096 bytes"
                }
                Error::Size(_) => "a volume of 18446744073709551615 bytes fits on no disk",
                Error::NoEfi => {
                    "files for the EFI partition need `layout = \"standard\"` in [media]"
                }
                Error::Table(_) => "a disk of 9 sectors is too small for a partition table",
                Error::Efi(_) => {
                    "EFI system partition: `EFI/a` is there twice (case does not count)"
                }
            };
            assert_eq!(error.to_string(), expected);
        }
    }
}
