//! What a block device can do; tests have devices that fail as they like.

use crate::block::{Bypass, Source};
use std::io;

/// A block device, opened for writing by us alone.
pub trait Raw: Send + Sync + 'static {
    /// Its size.
    fn bytes(&self) -> u64;

    /// The bytes of a sector.
    fn sector(&self) -> u32;

    /// Writes some of `buf`, which is aligned as memory and as offset.
    ///
    /// # Errors
    /// What the device reports.
    fn write(&self, at: u64, buf: &[u8]) -> io::Result<usize>;

    /// Returns when everything written is durable.
    ///
    /// # Errors
    /// What the device reports.
    fn flush(&self) -> io::Result<()>;

    /// As [`crate::block::Medium::still`].
    ///
    /// # Errors
    /// As there.
    fn still(&self) -> io::Result<()>;

    /// As [`crate::block::Medium::stored`].
    ///
    /// # Errors
    /// As there.
    fn stored(&self) -> io::Result<(Source, Bypass)>;

    /// As [`crate::block::Medium::announce`].
    ///
    /// # Errors
    /// As there.
    fn announce(&self) -> io::Result<()>;
}
