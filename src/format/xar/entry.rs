//! What a table of contents says of files.

use crate::block::{Error, Result};
use crate::format::xar::Checksum;

/// A file, folder or link of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The folder that it is in, an index below its own; `None` at the top.
    pub parent: Option<usize>,
    /// Its name, as the archive has it: nothing keeps it from being `..`.
    pub name: Box<str>,
    /// What it is.
    pub kind: Kind,
    /// The mode's lower twelve bits.
    pub mode: Option<u16>,
    /// Owner.
    pub uid: Option<u32>,
    /// Group.
    pub gid: Option<u32>,
    /// Seconds since 1970.
    pub mtime: Option<i64>,
    /// The contents of a file that has some.
    pub data: Option<Box<Data>>,
    /// Extended attributes: names, and what they hold.
    pub attributes: Vec<(Box<str>, Data)>,
}

impl Entry {
    /// Bytes of the contents, decoded.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.data.as_ref().map_or(0, |data| data.size)
    }

    /// Whether it is a folder.
    #[must_use]
    pub fn is_dir(&self) -> bool {
        self.kind == Kind::Directory
    }
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Directory,
    /// A symbolic link, and where it points.
    Symlink(Box<str>),
    /// Another name of the file with this index.
    HardLink(usize),
    /// A pipe, device, socket or something else, by the archive's name for it.
    Other(Box<str>),
}

/// Where contents are, and how they are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// From the heap's begin.
    pub offset: u64,
    /// Bytes in the heap.
    pub length: u64,
    /// Bytes when decoded.
    pub size: u64,
    /// How they are stored.
    pub encoding: Encoding,
    /// Of the stored bytes.
    pub archived: Option<Checksum>,
    /// Of the decoded bytes.
    pub extracted: Option<Checksum>,
}

/// How contents are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As they are.
    Raw,
    /// A zlib stream, though it is called `application/x-gzip`.
    Zlib,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
    /// LZMA, the older form.
    Lzma,
    /// Another one, by its name.
    Other(Box<str>),
}

impl Encoding {
    /// The encoding of a MIME type.
    pub(super) fn of(style: &str) -> Self {
        match style {
            "application/octet-stream" | "" => Self::Raw,
            "application/x-gzip" | "application/zlib" => Self::Zlib,
            "application/x-bzip2" => Self::Bzip2,
            "application/x-xz" => Self::Xz,
            "application/x-lzma" => Self::Lzma,
            other => Self::Other(other.chars().take(80).collect()),
        }
    }

    /// The most bytes that one stored byte of a real file becomes, and more:
    /// deflate makes 1,032 at most, the others more only of runs of zeros.
    const fn ratio(&self) -> u64 {
        match self {
            Self::Zlib => 1_100,
            _ => 20_000,
        }
    }
}

impl Data {
    /// Refuses what no archive of a real file holds.
    pub(super) fn check(&self, heap: u64) -> Result<()> {
        let wrong = |field, value: u64, rule| Error::corrupt("xar entry", field, value, rule);
        if self.length > heap {
            return Err(wrong(
                "length",
                self.length,
                "more than the archive has: it may be cut off",
            ));
        }
        if self.offset > heap - self.length {
            let rule = "behind the heap's end with length added: the archive may be cut off";
            return Err(wrong("offset", self.offset, rule));
        }
        if self.encoding == Encoding::Raw {
            if self.size != self.length {
                return Err(wrong("size", self.size, "not the length of what is stored as it is"));
            }
        } else if self.size > self.length.saturating_mul(self.encoding.ratio()) + (1 << 20) {
            let rule = "over the limit of what so few stored bytes may become";
            return Err(wrong("size", self.size, rule));
        }
        Ok(())
    }
}
