//! What is written is recorded, and what was recorded is compared.

use crate::block::{Medium, ReadAt, WriteAt};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes between two records.
const GRAIN: u64 = 64 << 20;

/// Where it is recorded how far the work is.
pub trait Log: Send + Sync {
    /// Everything before this byte was written and flushed.
    ///
    /// # Errors
    /// What the host reports.
    fn written(&mut self, end: u64) -> io::Result<()>;
}

/// A disk that is written in order, from its begin to its end.
pub(super) struct Recorder<'a> {
    medium: &'a mut dyn Medium,
    before: u64,
    log: &'a mut dyn Log,
    reached: u64,
    recorded: u64,
    failed: AtomicBool,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(medium: &'a mut dyn Medium, before: u64, log: &'a mut dyn Log) -> Self {
        let failed = AtomicBool::new(false);
        Self { medium, before, log, reached: 0, recorded: before, failed }
    }

    /// Whether the disk, and not a source, failed.
    pub(super) fn failed(&self) -> bool {
        self.failed.load(Ordering::SeqCst)
    }

    /// Flushes, and records that all is written.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.medium.flush()?;
        self.log.written(self.medium.len())
    }

    fn put(&mut self, at: u64, buf: &[u8]) -> io::Result<()> {
        let end = at + buf.len() as u64;
        if end > self.before || !self.is_there(at, buf) {
            self.medium.write_at(at, buf)?;
        }
        self.reached = self.reached.max(end);
        if self.reached >= self.recorded.saturating_add(GRAIN) {
            self.medium.flush()?;
            // Behind the last write, since the next may begin there.
            self.log.written(self.reached)?;
            self.recorded = self.reached;
        }
        Ok(())
    }

    /// Whether the disk holds these bytes; what cannot be read is not there.
    fn is_there(&self, at: u64, buf: &[u8]) -> bool {
        let mut found = vec![0; buf.len()];
        self.medium.read_at(at, &mut found).is_ok() && found == buf
    }
}

impl ReadAt for Recorder<'_> {
    fn len(&self) -> u64 {
        self.medium.len()
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        self.medium.read_at(at, buf)
    }
}

impl WriteAt for Recorder<'_> {
    fn write_at(&mut self, at: u64, buf: &[u8]) -> io::Result<()> {
        let result = self.put(at, buf);
        if result.is_err() {
            self.failed.store(true, Ordering::SeqCst);
        }
        result
    }

    fn flush(&mut self) -> io::Result<()> {
        self.medium.flush()
    }

    fn granule(&self) -> u32 {
        self.medium.granule()
    }
}
