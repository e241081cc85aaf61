//! Archives that are read front to back, and what they say of their members.

use crate::block::{Error, Result};
use crate::format::{cpio, tarball};
use std::fmt;
use std::io::Read;

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

/// The forms of archives that are read front to back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// cpio, either text form.
    Cpio,
    /// tar.
    Tar,
}

impl Shape {
    /// The form of an archive that begins with these bytes; 512 are enough.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        if cpio::is_cpio(head) {
            Some(Self::Cpio)
        } else {
            tarball::is_tar(head).then_some(Self::Tar)
        }
    }

    /// What errors call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpio => "cpio archive",
            Self::Tar => "tar archive",
        }
    }
}

/// Calls `visit` for each member, with its data to read, for as long as it
/// says to go on; what it does not read is skipped. Symbolic links come with
/// their targets.
///
/// # Errors
/// `Corrupt` for what is no archive; whatever `visit` returns.
pub fn scan(
    shape: Shape,
    stream: &mut dyn Read,
    visit: &mut dyn FnMut(Member, &mut dyn Read) -> Result<bool>,
) -> Result<()> {
    if shape == Shape::Tar {
        return tarball::scan(stream, visit);
    }
    let mut reader = cpio::Reader::new(stream);
    while let Some(mut member) = reader.next_member()? {
        if member.kind() == Member::SYMLINK {
            if member.size > MAX_PATH as u64 {
                let rule = "longer than a link's target can be";
                let error = Error::corrupt("cpio header", "c_filesize", member.size, rule);
                return Err(error.at(member.at));
            }
            let mut target = Vec::new();
            reader.read_to_end(&mut target)?;
            member.symlink = Some(target);
        }
        if !visit(member, &mut reader)? {
            break;
        }
    }
    Ok(())
}
