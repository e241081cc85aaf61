//! A window on another source.

use crate::block::{Content, Origin, ReadAt, Source, check_range};
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// The bytes `start .. start + len` of a source, as a source.
pub struct Slice {
    inner: Source,
    start: u64,
    len: u64,
}

/// The window `start .. start + len` of `inner`.
///
/// # Errors
/// `UnexpectedEof` when the window ends behind the source.
pub fn slice(inner: &Source, start: u64, len: u64) -> io::Result<Source> {
    if start.checked_add(len).is_none_or(|end| end > inner.len()) {
        let total = inner.len();
        let text = format!("{len} bytes at offset {start} end behind the last of {total} bytes");
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, text));
    }
    Ok(Arc::new(Slice { inner: Arc::clone(inner), start, len }))
}

impl ReadAt for Slice {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        check_range(at, buf.len(), self.len)?;
        self.inner.read_at(self.start + at, buf)
    }
}

impl Content for Slice {
    fn origin(&self, at: u64) -> Option<Origin> {
        self.inner.origin(self.start.checked_add(at)?)
    }

    fn data(&self, at: u64) -> Option<Range<u64>> {
        if at >= self.len {
            return None;
        }
        let run = self.inner.data(self.start + at)?;
        let start = run.start.max(self.start + at) - self.start;
        let end = run.end.saturating_sub(self.start).min(self.len);
        (start < end).then_some(start..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::bytes;

    #[test]
    fn a_window_ends_where_it_ends() {
        let window = slice(&bytes(*b"install"), 2, 3).unwrap();
        let mut buf = [0; 3];
        window.read_at(0, &mut buf).unwrap();
        assert_eq!(&buf, b"sta");
        assert!(window.read_at(1, &mut buf).is_err());
        assert!(slice(&bytes(*b"install"), 5, 3).is_err());
        assert!(slice(&bytes(*b"install"), u64::MAX, 3).is_err());
        assert_eq!(window.data(1), Some(1..3));
        assert_eq!(window.data(3), None);
    }
}
