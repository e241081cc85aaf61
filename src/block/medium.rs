//! A disk that is written to, and may be pulled out meanwhile.

use crate::block::{Bypass, Source, WriteAt};
use std::io;

/// A disk: bytes at offsets that are a multiple of a sector, and more.
pub trait Medium: WriteAt {
    /// Fails unless this still is the disk that was opened.
    ///
    /// # Errors
    /// What is different, or what the host reports.
    fn still(&self) -> io::Result<()>;

    /// What is stored, past the page cache, and how that is done. All that was
    /// written before has been flushed.
    ///
    /// # Errors
    /// What the host reports.
    fn stored(&self) -> io::Result<(Source, Bypass)>;

    /// Tells the system that there is a new partition table.
    ///
    /// # Errors
    /// What the host reports; the disk is as it should be all the same.
    fn announce(&self) -> io::Result<()>;
}
