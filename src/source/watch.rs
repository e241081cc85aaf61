//! Files of the host that must not change while they are read.

use crate::block::{Content, Error, FileBytes, ReadAt, Result, Source};
use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// A file that was opened, and what it was like then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Where it is.
    pub path: PathBuf,
    /// Its bytes.
    pub len: u64,
    modified: Option<SystemTime>,
    identity: (u64, u64),
}

impl Watched {
    /// Opens a file of the host.
    ///
    /// # Errors
    /// What the host reports.
    pub fn open(path: &Path) -> Result<(Self, Source)> {
        let open = || {
            let file = File::open(path)?;
            let meta = file.metadata()?;
            let bytes = FileBytes::new(file)?;
            io::Result::Ok((meta, bytes))
        };
        let name = path.display().to_string();
        let (meta, bytes) = open().map_err(|error| Error::Io(error).in_file(&name))?;
        Ok((Self::new(path, &meta, bytes.len()), Arc::new(bytes)))
    }

    /// Takes note of a file that is opened whenever it is read: of a folder's
    /// files there may be more than can be open at once.
    ///
    /// # Errors
    /// What the host reports.
    pub fn later(path: &Path) -> Result<(Self, Source)> {
        let meta = std::fs::metadata(path);
        let meta = meta.map_err(|error| Error::Io(error).in_file(&path.display().to_string()))?;
        let later = Later { path: path.to_owned(), len: meta.len() };
        Ok((Self::new(path, &meta, meta.len()), Arc::new(later)))
    }

    fn new(path: &Path, meta: &Metadata, len: u64) -> Self {
        let (modified, identity) = (meta.modified().ok(), identity(meta));
        Self { path: path.to_owned(), len, modified, identity }
    }

    /// Whether the file at the path is another one now, or has other contents
    /// as far as its length and date tell.
    #[must_use]
    pub fn changed(&self) -> bool {
        let now = std::fs::metadata(&self.path).map(|meta| {
            let len = if meta.is_file() { meta.len() } else { self.len };
            Self::new(&self.path, &meta, len)
        });
        !now.is_ok_and(|now| now == *self)
    }
}

/// A file that is opened for each read.
struct Later {
    path: PathBuf,
    len: u64,
}

impl ReadAt for Later {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        FileBytes::open(&self.path)?.read_at(at, buf)
    }
}

impl Content for Later {}

#[cfg(unix)]
fn identity(meta: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (meta.dev(), meta.ino())
}

#[cfg(not(unix))]
fn identity(_meta: &Metadata) -> (u64, u64) {
    (0, 0)
}
