//! A source read from front to back.

use crate::block::{ReadAt, Source};
use std::io::{self, Read, Seek, SeekFrom};

/// A source with a place in it, for what reads front to back.
#[derive(Clone)]
pub struct Reader {
    source: Source,
    at: u64,
}

impl Reader {
    /// Reads from the first byte on.
    #[must_use]
    pub const fn new(source: Source) -> Self {
        Self { source, at: 0 }
    }

    /// Reads from this byte on.
    #[must_use]
    pub const fn from(source: Source, at: u64) -> Self {
        Self { source, at }
    }
}

impl Read for Reader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.source.len().saturating_sub(self.at);
        let len = usize::try_from(left).unwrap_or(usize::MAX).min(buf.len());
        if len == 0 {
            return Ok(0);
        }
        ReadAt::read_at(self.source.as_ref(), self.at, &mut buf[..len])?;
        self.at += len as u64;
        Ok(len)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.source.len().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::bytes;

    #[test]
    fn reading_ends_at_the_end() {
        let mut reader = Reader::from(bytes(*b"mountain lion"), 9);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "lion");
        assert_eq!(reader.seek(SeekFrom::End(-4)).unwrap(), 9);
        assert!(reader.seek(SeekFrom::Current(-10)).is_err());
        assert_eq!(reader.seek(SeekFrom::Start(99)).unwrap(), 99);
        assert_eq!(reader.read(&mut [0; 4]).unwrap(), 0);
    }
}
