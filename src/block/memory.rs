//! Constants: bytes in memory, and runs of zeros.

use crate::block::{Content, ReadAt, Source, check_range};
use std::io;
use std::ops::Range;
use std::sync::Arc;

struct Bytes(Box<[u8]>);

/// A source over bytes in memory.
#[must_use]
pub fn bytes(data: impl Into<Box<[u8]>>) -> Source {
    Arc::new(Bytes(data.into()))
}

impl ReadAt for Bytes {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        read_slice(&self.0, at, buf)
    }
}

impl Content for Bytes {}

impl ReadAt for [u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        read_slice(self, at, buf)
    }
}

impl ReadAt for Vec<u8> {
    fn len(&self) -> u64 {
        Self::len(self) as u64
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        read_slice(self, at, buf)
    }
}

fn read_slice(data: &[u8], at: u64, buf: &mut [u8]) -> io::Result<()> {
    check_range(at, buf.len(), data.len() as u64)?;
    let at = usize::try_from(at).map_err(io::Error::other)?;
    buf.copy_from_slice(&data[at..at + buf.len()]);
    Ok(())
}

/// A run of zeros of a given length.
#[derive(Clone, Copy, Debug)]
pub struct Zeros(
    /// The number of zero bytes.
    pub u64,
);

impl ReadAt for Zeros {
    fn len(&self) -> u64 {
        self.0
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        check_range(at, buf.len(), self.0)?;
        buf.fill(0);
        Ok(())
    }
}

impl Content for Zeros {
    fn data(&self, _at: u64) -> Option<Range<u64>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_stay_inside() {
        let source = bytes(*b"lion");
        let mut buf = [0; 2];
        source.read_at(2, &mut buf).unwrap();
        assert_eq!(&buf, b"on");
        let error = source.read_at(3, &mut buf).unwrap_err();
        assert_eq!(error.to_string(), "2 bytes at offset 3 end behind the last of 4 bytes");
        assert!(source.read_at(u64::MAX, &mut buf).is_err());
        assert_eq!(Zeros(9).data(0), None);
    }
}
