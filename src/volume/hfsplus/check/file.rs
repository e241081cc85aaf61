//! A special file's bytes, put together from its extents.

use crate::block::{Content, ReadAt, Source, check_range};
use std::io;
use std::ops::Range;

/// A run of allocation blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) start: u32,
    pub(super) count: u32,
}

/// Runs of blocks that were checked to lie on the volume.
pub(super) struct Blocks {
    volume: Source,
    block_size: u64,
    /// Each run with the offset in the file of its end.
    runs: Vec<(u64, Run)>,
    len: u64,
}

impl Blocks {
    pub(super) fn new(volume: &Source, block_size: u32, runs: &[Run]) -> Self {
        let block_size = u64::from(block_size);
        let mut len = 0;
        let ends = runs.iter().map(|run| {
            len += u64::from(run.count) * block_size;
            (len, *run)
        });
        let runs = ends.collect();
        Self { volume: volume.clone(), block_size, runs, len }
    }

    /// Whether a piece of `len` bytes, one of a row from the start, lies in two runs.
    pub(super) fn splits(&self, len: u64) -> bool {
        self.runs.iter().any(|(end, _)| end % len != 0)
    }

    /// The run that holds a byte: the byte's offset on the volume, and bytes to the run's end.
    fn find(&self, at: u64) -> Option<Range<u64>> {
        let (end, run) = self.runs.get(self.runs.partition_point(|(end, _)| *end <= at))?;
        let stop = (u64::from(run.start) + u64::from(run.count)) * self.block_size;
        Some(stop - (end - at)..stop)
    }
}

impl ReadAt for Blocks {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, mut at: u64, mut buf: &mut [u8]) -> io::Result<()> {
        check_range(at, buf.len(), self.len)?;
        while !buf.is_empty() {
            let Some(found) = self.find(at) else { break };
            let len = buf.len().min(usize::try_from(found.end - found.start).unwrap_or(usize::MAX));
            let (part, rest) = buf.split_at_mut(len);
            self.volume.read_at(found.start, part)?;
            at += len as u64;
            buf = rest;
        }
        Ok(())
    }
}

impl Content for Blocks {
    fn data(&self, at: u64) -> Option<Range<u64>> {
        let mut at = at;
        while let Some(found) = self.find(at) {
            match self.volume.data(found.start) {
                Some(run) if run.start < found.end => {
                    let start = run.start.max(found.start) - found.start;
                    return Some(at + start..at + run.end.min(found.end) - found.start);
                }
                _ => at += found.end - found.start,
            }
        }
        None
    }
}
