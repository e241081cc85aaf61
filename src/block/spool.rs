//! A temporary file that streams are written to and read back from.

use crate::block::file::read_exact_at;
use crate::block::target::write_all_at;
use crate::block::{Content, Origin, ReadAt, Source, check_range, next_container};
use std::fs::File;
use std::io;
use std::sync::Arc;

/// Bytes gathered before they are written.
const BUFFER: usize = 256 << 10;

/// A file without a name, only ever added to. Unlike
/// [`crate::block::Scratch`], what it is given has to stay: when there is no
/// room, that is an error.
pub struct Spool {
    stored: Arc<Stored>,
    buffer: Vec<u8>,
    end: u64,
}

struct Stored {
    file: File,
    container: u64,
}

impl Spool {
    /// Makes the file; it is gone with the last handle.
    ///
    /// # Errors
    /// What the host reports.
    pub fn new() -> io::Result<Self> {
        let stored = Arc::new(Stored { file: tempfile::tempfile()?, container: next_container() });
        Ok(Self { stored, buffer: Vec::with_capacity(BUFFER), end: 0 })
    }

    /// Where the next byte goes.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.end
    }

    /// Adds bytes at the end.
    ///
    /// # Errors
    /// What the host reports, such as a full disk.
    pub fn append(&mut self, data: &[u8]) -> io::Result<()> {
        if self.buffer.len() + data.len() > BUFFER {
            self.flush()?;
        }
        if data.len() >= BUFFER {
            write_all_at(&self.stored.file, self.end, data)?;
        } else {
            self.buffer.extend(data);
        }
        self.end += data.len() as u64;
        Ok(())
    }

    /// Hands what was gathered to the host: what was added can be read then.
    ///
    /// # Errors
    /// As [`Spool::append`].
    pub fn flush(&mut self) -> io::Result<()> {
        let at = self.end - self.buffer.len() as u64;
        write_all_at(&self.stored.file, at, &self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    /// A part of what was added and flushed, as a source.
    #[must_use]
    pub fn part(&self, start: u64, len: u64) -> Source {
        Arc::new(Part { stored: Arc::clone(&self.stored), start, len })
    }
}

impl io::Write for Spool {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.append(buf)?;
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Self::flush(self)
    }
}

struct Part {
    stored: Arc<Stored>,
    start: u64,
    len: u64,
}

impl ReadAt for Part {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        check_range(at, buf.len(), self.len)?;
        read_exact_at(&self.stored.file, self.start + at, buf)
    }
}

impl Content for Part {
    fn origin(&self, at: u64) -> Option<Origin> {
        Some(Origin { container: self.stored.container, offset: self.start.checked_add(at)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::read_vec;

    #[test]
    fn what_was_added_is_read_back() {
        let mut spool = Spool::new().unwrap();
        spool.append(b"one").unwrap();
        let large = vec![7; BUFFER + 5];
        spool.append(&large).unwrap();
        spool.append(b"two").unwrap();
        spool.flush().unwrap();
        assert_eq!(spool.end(), large.len() as u64 + 6);
        assert_eq!(read_vec(&*spool.part(0, 3), 0, 3).unwrap(), b"one");
        let part = spool.part(3, large.len() as u64);
        assert_eq!(read_vec(&*part, 0, large.len()).unwrap(), large);
        let part = spool.part(3 + large.len() as u64, 3);
        assert_eq!(read_vec(&*part, 1, 2).unwrap(), b"wo");
        assert!(part.read_at(2, &mut [0; 2]).is_err());
    }
}
