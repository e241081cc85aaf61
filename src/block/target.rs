//! Files of the host, written at offsets.

use crate::block::file::{next_container, read_exact_at};
use crate::block::{Content, Origin, ReadAt, WriteAt, check_range};
use std::fs::File;
use std::io;

/// Bytes of one write. Linux takes page cache in blocks as large as a write,
/// and looking for blocks of 2 MiB has cost ten times what the copy does.
const WRITE: usize = 256 << 10;

/// A regular file of a fixed length, of zeros until it is written.
pub struct FileTarget {
    file: File,
    len: u64,
    container: u64,
}

impl FileTarget {
    /// Takes an empty file and gives it its length, without writing.
    ///
    /// # Errors
    /// What the host reports, such as a file larger than the file system takes.
    pub fn new(file: File, len: u64) -> io::Result<Self> {
        // Cutting a file that is empty anyway would make ext4 write it all out
        // when it is closed, as it does for files that are replaced in place.
        if file.metadata()?.len() > 0 {
            file.set_len(0)?;
        }
        file.set_len(len)?;
        Ok(Self { file, len, container: next_container() })
    }
}

impl ReadAt for FileTarget {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        check_range(at, buf.len(), self.len)?;
        read_exact_at(&self.file, at, buf)
    }
}

impl Content for FileTarget {
    fn origin(&self, at: u64) -> Option<Origin> {
        Some(Origin { container: self.container, offset: at })
    }
}

impl WriteAt for FileTarget {
    fn write_at(&mut self, at: u64, buf: &[u8]) -> io::Result<()> {
        check_range(at, buf.len(), self.len)?;
        let mut at = at;
        for part in buf.chunks(WRITE) {
            write_all_at(&self.file, at, part)?;
            at += part.len() as u64;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.sync_all()
    }
}

#[cfg(unix)]
pub(super) fn write_all_at(file: &File, at: u64, buf: &[u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, buf, at)
}

#[cfg(windows)]
pub(super) fn write_all_at(file: &File, mut at: u64, mut buf: &[u8]) -> io::Result<()> {
    while !buf.is_empty() {
        match std::os::windows::fs::FileExt::seek_write(file, buf, at)? {
            0 => return Err(io::Error::from(io::ErrorKind::WriteZero)),
            n => {
                buf = &buf[n..];
                at += n as u64;
            }
        }
    }
    Ok(())
}
