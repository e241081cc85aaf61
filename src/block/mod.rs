//! Random-access bytes: what every layer reads from and writes to.
//!
//! Not supported: growing a [`ReadAt`] while it is read, and cursors. All
//! reads name their offset, so one handle serves any number of threads.

mod direct;
mod error;
mod file;
mod map;
mod medium;
mod memory;
mod reader;
#[cfg(test)]
pub(crate) mod saying;
mod scratch;
mod slice;
mod spool;
mod target;

pub use direct::{Bypass, Direct};
pub use error::{Corrupt, Error, Result, Unsupported, Value};
pub use file::FileBytes;
pub(crate) use file::next_container;
pub use map::{Extent, Map};
pub use medium::Medium;
pub use memory::{Zeros, bytes};
pub use reader::Reader;
pub use scratch::Scratch;
pub use slice::{Slice, slice};
pub use spool::Spool;
pub use target::FileTarget;

use std::io;
use std::ops::Range;
use std::sync::Arc;

/// Bytes that can be read at any offset by any thread.
pub trait ReadAt: Send + Sync {
    /// The number of bytes there are.
    fn len(&self) -> u64;

    /// Fills all of `buf` from offset `at`, or fails.
    ///
    /// # Errors
    /// `UnexpectedEof` when the range ends behind [`ReadAt::len`]; whatever
    /// the medium reports; an [`Error`] wrapped by [`Error::into_io`] when a
    /// decoder finds the stored form broken.
    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()>;

    /// Whether there are no bytes at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Bytes that can be written at any offset, inside a fixed length.
pub trait WriteAt: ReadAt {
    /// Writes all of `buf` at offset `at`, or fails.
    ///
    /// # Errors
    /// Whatever the medium reports.
    fn write_at(&mut self, at: u64, buf: &[u8]) -> io::Result<()>;

    /// Returns when all that was written is durable.
    ///
    /// # Errors
    /// Whatever the medium reports.
    fn flush(&mut self) -> io::Result<()>;

    /// What offsets and lengths must be a multiple of: 1, or a sector.
    fn granule(&self) -> u32 {
        1
    }
}

/// Where bytes are stored, so that a writer can read in stored order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// Which container (a number that is unique in this process).
    pub container: u64,
    /// The offset in that container's decoded address space.
    pub offset: u64,
}

/// What a file in a tree holds: bytes, and what a writer wants to know of them.
pub trait Content: ReadAt {
    /// Where the byte at `at` is stored, if that is known.
    fn origin(&self, at: u64) -> Option<Origin> {
        let _ = at;
        None
    }

    /// The first run at or behind `at` that is not known to be all zero, cut
    /// at a place of the container's choosing; `None` when only zeros follow.
    fn data(&self, at: u64) -> Option<Range<u64>> {
        (at < self.len()).then(|| at..self.len())
    }
}

/// A shared handle on contents: a dmg, a file in it, a download, a constant.
pub type Source = Arc<dyn Content>;

/// Reads `len` bytes at `at` into a new buffer. `len` must have been bounded
/// by the caller: it is allocated as it is.
///
/// # Errors
/// As [`ReadAt::read_at`].
pub fn read_vec(from: &(impl ReadAt + ?Sized), at: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut buf = vec![0; len];
    from.read_at(at, &mut buf)?;
    Ok(buf)
}

/// Fails with `UnexpectedEof` unless `at .. at + len` lies inside `total`.
///
/// # Errors
/// `UnexpectedEof`, naming the three numbers.
pub fn check_range(at: u64, len: usize, total: u64) -> io::Result<()> {
    let end = at.checked_add(len as u64);
    if end.is_some_and(|end| end <= total) {
        return Ok(());
    }
    let text = format!("{len} bytes at offset {at} end behind the last of {total} bytes");
    Err(io::Error::new(io::ErrorKind::UnexpectedEof, text))
}
