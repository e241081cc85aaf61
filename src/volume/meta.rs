//! What a volume knows of a file or folder besides its name and contents.

/// What kind of thing a node is, by the type bits of its mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A folder.
    Dir,
    /// A regular file.
    File,
    /// A symbolic link: its data fork is the target.
    Symlink,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
}

/// Dates, owners, modes, flags and Finder info, as HFS+ stores them.
///
/// Dates are seconds since 1904-01-01 00:00 UTC; 0 means never.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Meta {
    /// The catalog node id on the volume it came from, kept where possible; 0 for none.
    pub cnid: u32,
    /// Made.
    pub created: u32,
    /// Contents changed.
    pub modified: u32,
    /// Attributes changed.
    pub changed: u32,
    /// Last read.
    pub accessed: u32,
    /// Last backed up.
    pub backed_up: u32,
    /// Owner's number.
    pub owner: u32,
    /// Group's number.
    pub group: u32,
    /// Flags that only root sets (`SF_*` shifted down by 16).
    pub admin_flags: u8,
    /// Flags that the owner sets (`UF_*`), of which 0x20 is compressed.
    pub owner_flags: u8,
    /// Type and permission bits; 0 where the volume has none.
    pub mode: u16,
    /// A device's number; of no meaning elsewhere.
    pub device: u32,
    /// `flags` of the catalog record, of which only bits that describe the
    /// file itself are kept (locked, a date added); the rest is computed.
    pub catalog_flags: u16,
    /// The text encoding hint.
    pub text_encoding: u32,
    /// The 16 bytes of Finder info and 16 of extended Finder info.
    pub finder: [u8; 32],
}

impl Meta {
    /// The type bits of a mode.
    pub const TYPE: u16 = 0o170_000;
    /// A folder's type.
    pub const DIR: u16 = 0o040_000;
    /// A regular file's type.
    pub const FILE: u16 = 0o100_000;
    /// A symbolic link's type.
    pub const SYMLINK: u16 = 0o120_000;

    /// A thing of root:wheel with this mode (type bits included) and date.
    #[must_use]
    pub fn new(mode: u16, date: u32) -> Self {
        Self {
            created: date,
            modified: date,
            changed: date,
            accessed: date,
            mode,
            ..Self::default()
        }
    }

    /// The kind that the mode's type bits name; a file when there are none.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.mode & Self::TYPE {
            0o010_000 => Kind::Fifo,
            0o020_000 => Kind::CharDevice,
            Self::DIR => Kind::Dir,
            0o060_000 => Kind::BlockDevice,
            Self::SYMLINK => Kind::Symlink,
            0o140_000 => Kind::Socket,
            _ => Kind::File,
        }
    }
}
