//! Files of the host, read at offsets.

use crate::block::{Content, Origin, ReadAt, check_range};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

static NEXT_CONTAINER: AtomicU64 = AtomicU64::new(1);

/// A new container number for [`Origin`].
#[must_use]
pub(crate) fn next_container() -> u64 {
    NEXT_CONTAINER.fetch_add(1, Ordering::Relaxed)
}

/// A file opened for reading. Its length is what it was when opened.
pub struct FileBytes {
    file: File,
    len: u64,
    container: u64,
}

impl FileBytes {
    /// Opens a file.
    ///
    /// # Errors
    /// What the host reports; a folder is refused here and not at first read.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::new(File::open(path)?)
    }

    /// Takes an open file.
    ///
    /// # Errors
    /// What the host reports; a folder is refused.
    pub fn new(file: File) -> io::Result<Self> {
        let meta = file.metadata()?;
        if meta.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        let len = length(&file)?;
        Ok(Self { file, len, container: next_container() })
    }
}

/// The length of a file or of a block device, whose metadata say 0.
pub(super) fn length(mut file: &File) -> io::Result<u64> {
    use std::io::{Seek, SeekFrom};
    let meta = file.metadata()?;
    if meta.is_file() { Ok(meta.len()) } else { file.seek(SeekFrom::End(0)) }
}

impl ReadAt for FileBytes {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        check_range(at, buf.len(), self.len)?;
        read_exact_at(&self.file, at, buf)
    }
}

impl Content for FileBytes {
    fn origin(&self, at: u64) -> Option<Origin> {
        Some(Origin { container: self.container, offset: at })
    }
}

#[cfg(unix)]
pub(super) fn read_exact_at(file: &File, at: u64, buf: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buf, at)
}

#[cfg(windows)]
pub(super) fn read_exact_at(file: &File, mut at: u64, mut buf: &mut [u8]) -> io::Result<()> {
    while !buf.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, buf, at)? {
            0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
            n => {
                buf = &mut buf[n..];
                at += n as u64;
            }
        }
    }
    Ok(())
}
