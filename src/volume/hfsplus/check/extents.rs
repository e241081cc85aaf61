//! Extents: those that records hold, those that overflow, and all together.

use crate::volume::hfsplus::check::file::Run;
use crate::volume::hfsplus::check::keys::ExtentKey;
use crate::volume::hfsplus::check::report::{Findings, Place};
use crate::volume::hfsplus::raw::{ExtentDescriptor, ForkData, cnid};

/// The fork number of data forks in the extents file.
pub(super) const DATA: u8 = 0;
/// The fork number of resource forks.
pub(super) const RSRC: u8 = 0xff;

/// A record of the extents file.
struct Overflow {
    key: ExtentKey,
    runs: [Run; 8],
    used: bool,
}

/// Everything known of blocks in use.
pub(super) struct Extents {
    pub(super) total_blocks: u32,
    pub(super) block_size: u32,
    overflow: Vec<Overflow>,
    /// Runs in use and whose they are.
    pub(super) taken: Vec<(Run, u32)>,
}

impl From<ExtentDescriptor> for Run {
    fn from(extent: ExtentDescriptor) -> Self {
        Self { start: extent.startBlock.get(), count: extent.blockCount.get() }
    }
}

impl Extents {
    pub(super) fn new(total_blocks: u32, block_size: u32) -> Self {
        Self { total_blocks, block_size, overflow: Vec::new(), taken: Vec::new() }
    }

    /// Keeps a record of the extents file; they come in key order.
    pub(super) fn add_overflow(&mut self, key: ExtentKey, runs: [Run; 8]) {
        self.overflow.push(Overflow { key, runs, used: false });
    }

    /// The most overflow records that are kept: a bound for hostile volumes.
    pub(super) const MOST_OVERFLOW: usize = 4 << 20;

    pub(super) fn overflow_len(&self) -> usize {
        self.overflow.len()
    }

    /// Checks eight extents; the runs that are in use, or `None` (and a finding).
    fn record(&self, runs: &[Run; 8], owner: u32, findings: &mut Findings) -> Option<usize> {
        let what = ("HFSPlusExtentDescriptor", "blockCount");
        let place = Some(Place::Cnid(owner));
        let used = runs.iter().position(|run| run.count == 0).unwrap_or(8);
        for (index, run) in runs.iter().enumerate() {
            let end = u64::from(run.start) + u64::from(run.count);
            if index < used && (run.start == 0 || end >= u64::from(self.total_blocks)) {
                findings.corrupt(what, end, "reaches outside of the volume", place);
                return None;
            }
            if index >= used && (run.start != 0 || run.count != 0) {
                findings.corrupt(what, run.count, "stands behind an unused extent", place);
                return None;
            }
        }
        Some(used)
    }

    /// Counts a record's runs as taken and returns them.
    fn take(&mut self, runs: &[Run; 8], owner: u32, findings: &mut Findings) -> Option<Vec<Run>> {
        let used = self.record(runs, owner, findings)?;
        self.taken.extend(runs[..used].iter().map(|run| (*run, owner)));
        Some(runs[..used].to_vec())
    }

    /// All runs of a fork, overflow included; its sizes are checked. `None`
    /// when an extent is broken.
    pub(super) fn fork(
        &mut self,
        fork: &ForkData,
        (owner, kind): (u32, u8),
        findings: &mut Findings,
    ) -> Option<Vec<Run>> {
        let mut runs = self.take(&fork.extents.map(Run::from), owner, findings)?;
        let mut blocks: u64 = runs.iter().map(|run| u64::from(run.count)).sum();
        // Apple's system extends a record only when its eight extents are full.
        while let Some(at) = self.next_overflow(owner, kind, blocks) {
            let more = self.overflow[at].runs;
            self.overflow[at].used = true;
            let more = self.take(&more, owner, findings)?;
            if more.is_empty() {
                break;
            }
            blocks += more.iter().map(|run| u64::from(run.count)).sum::<u64>();
            runs.extend(more);
        }
        self.sizes(fork, blocks, owner, findings);
        Some(runs)
    }

    fn next_overflow(&self, owner: u32, kind: u8, blocks: u64) -> Option<usize> {
        let start = u32::try_from(blocks).ok()?;
        let key = ExtentKey { file: owner, fork: kind, start };
        self.overflow.binary_search_by(|overflow| overflow.key.cmp(&key)).ok()
    }

    /// Compares a fork's sizes with the blocks it has.
    pub(super) fn sizes(&self, fork: &ForkData, blocks: u64, owner: u32, findings: &mut Findings) {
        let place = Some(Place::Cnid(owner));
        findings.expect(("HFSPlusForkData", "totalBlocks"), fork.totalBlocks, blocks, place);
        let size = fork.logicalSize.get();
        if size > blocks.saturating_mul(self.block_size.into()) {
            let rule = "is more than its blocks hold";
            findings.corrupt(("HFSPlusForkData", "logicalSize"), size, rule, place);
        }
    }

    /// A further record of an attribute's fork.
    pub(super) fn more(&mut self, runs: [Run; 8], owner: u32, findings: &mut Findings) -> u64 {
        let runs = self.take(&runs, owner, findings).unwrap_or_default();
        runs.iter().map(|run| u64::from(run.count)).sum()
    }

    /// Takes bad blocks, and reports records of no fork.
    pub(super) fn finish(&mut self, findings: &mut Findings) {
        for at in 0..self.overflow.len() {
            let (key, runs) = (self.overflow[at].key, self.overflow[at].runs);
            if key.file == cnid::BAD_BLOCKS {
                self.take(&runs, key.file, findings);
            } else if !self.overflow[at].used {
                let place = Some(Place::Cnid(key.file));
                let rule = "belongs to no fork";
                findings.corrupt(("HFSPlusExtentKey", "startBlock"), key.start, rule, place);
            }
        }
    }
}
