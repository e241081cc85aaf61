//! What an archive says of one of its members, whichever archive it is.

use std::fmt;

/// The longest path or link target that is believed, in bytes.
pub const MAX_PATH: usize = 16 << 10;

/// A file, folder, link or device in an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// Its path as it is stored.
    pub path: Vec<u8>,
    /// File type and permission bits; a file's type where the archive has none.
    pub mode: u16,
    /// Owner's number.
    pub uid: u32,
    /// Group's number.
    pub gid: u32,
    /// When it was changed last, in seconds since 1970.
    pub mtime: u64,
    /// Bytes that follow in the archive.
    pub size: u64,
    /// Where they begin in the (decoded) archive.
    pub at: u64,
    /// A device's number, as `major << 24 | minor`.
    pub device: u32,
    /// Device, inode and number of names, for archives that tell hard links by these.
    pub identity: Option<Identity>,
    /// What it is one more name of, for archives that tell hard links by path.
    pub hard_link: Option<Vec<u8>>,
    /// A symbolic link's target, where that is not the data.
    pub symlink: Option<Vec<u8>>,
    /// Extended attributes.
    pub xattrs: Vec<(String, Vec<u8>)>,
}

/// By what names of one file are told to be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The device's number.
    pub device: u64,
    /// The inode's number.
    pub inode: u64,
    /// How many names it had.
    pub links: u32,
}

impl Member {
    /// The type bits of a mode.
    pub const TYPE: u16 = 0o170_000;
    /// A folder's.
    pub const DIR: u16 = 0o040_000;
    /// A regular file's.
    pub const FILE: u16 = 0o100_000;
    /// A symbolic link's.
    pub const SYMLINK: u16 = 0o120_000;

    /// The type bits.
    #[must_use]
    pub const fn kind(&self) -> u16 {
        self.mode & Self::TYPE
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.path))
    }
}
