//! Forks: runs of allocation blocks, and their bytes as a source.
//!
//! Facts: TN1150, "Fork Data Structure" and "Extents Overflow File".

use crate::block::{self, Content, Error, Origin, ReadAt, Result, Source, bytes, check_range};
use crate::volume::hfsplus::btree::{BTree, EXTENTS};
use crate::volume::hfsplus::header::Header;
use crate::volume::hfsplus::key::{ExtentKey, ExtentKeys};
use crate::volume::hfsplus::raw::{self, ExtentDescriptor, ForkData};
use std::io;
use std::ops::Range;
use std::sync::Arc;
use zerocopy::FromBytes;

/// `forkType` of a data fork.
pub(crate) const DATA: u8 = 0;
/// `forkType` of a resource fork.
pub(crate) const RESOURCE: u8 = 0xff;

const FORK: &str = "fork data";

/// Blocks that follow each other in the fork and on the volume. The run ends
/// where the next one begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    /// The run's first block, counted from the fork's start.
    first: u32,
    /// The run's first block on the volume.
    start: u32,
}

/// The blocks of a fork in order, adjacent extents made one.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    runs: Vec<Run>,
    count: u32,
    overflow: u32,
}

impl Blocks {
    /// Takes extents up to the first empty one.
    ///
    /// # Errors
    /// `Corrupt` when one ends behind the volume, or the fork is too long.
    pub(crate) fn push(&mut self, extents: &[ExtentDescriptor], header: &Header) -> Result<()> {
        for extent in extents.iter().take_while(|extent| extent.blockCount.get() != 0) {
            let (start, count) = (extent.startBlock.get(), extent.blockCount.get());
            if start.checked_add(count).is_none_or(|end| end > header.total_blocks) {
                let rule = "the extent ends behind the volume's last block";
                return Err(Error::corrupt("extent descriptor", "startBlock", start, rule));
            }
            let first = self.count;
            self.count = first.checked_add(count).ok_or_else(|| {
                Error::corrupt("extent descriptor", "blockCount", count, "more than a fork holds")
            })?;
            let follows = |last: &Run| last.start.checked_add(first - last.first) == Some(start);
            if !self.runs.last().is_some_and(follows) {
                self.runs.push(Run { first, start });
            }
        }
        Ok(())
    }

    /// The number of blocks so far.
    pub(crate) const fn count(&self) -> u32 {
        self.count
    }

    /// How many records of the extents file they come from.
    pub(crate) const fn overflow(&self) -> u32 {
        self.overflow
    }

    /// The first `len` bytes of these blocks as a source.
    ///
    /// # Errors
    /// `Corrupt` when there are fewer.
    pub(crate) fn into_source(
        mut self,
        volume: &Source,
        header: &Header,
        len: u64,
    ) -> Result<Source> {
        let size = u64::from(header.block_size);
        if len > u64::from(self.count) * size {
            let rule = "more bytes than the fork's blocks hold";
            return Err(Error::corrupt(FORK, "logicalSize", len, rule));
        }
        self.runs.retain(|run| u64::from(run.first) * size < len);
        match self.runs.as_slice() {
            [] => Ok(bytes([])),
            [run] => Ok(block::slice(volume, u64::from(run.start) * size, len)?),
            _ => {
                let runs = self.runs.into_boxed_slice();
                Ok(Arc::new(Fork { volume: volume.clone(), block: size, runs, len }))
            }
        }
    }
}

/// All blocks of a fork, those in the extents overflow file included.
///
/// # Errors
/// `Corrupt` when the extents are not as many as the fork says.
pub(crate) fn blocks(
    fork: &ForkData,
    of: ExtentKey,
    header: &Header,
    overflow: Option<&BTree<ExtentKeys>>,
) -> Result<Blocks> {
    let total = fork.totalBlocks.get();
    let mut blocks = Blocks::default();
    blocks.push(&fork.extents, header)?;
    while blocks.count < total {
        let key = ExtentKey { block: blocks.count, ..of };
        let more = overflow.map(|tree| extent_record(tree, key)).transpose()?.flatten();
        let before = blocks.count;
        blocks.push(&more.unwrap_or_default(), header)?;
        if blocks.count == before {
            let rule = "more blocks than its extents hold";
            return Err(Error::corrupt(FORK, "totalBlocks", total, rule));
        }
        // Fewer than blocks.
        blocks.overflow += 1;
    }
    if blocks.count > total {
        let rule = "fewer blocks than its extents hold";
        return Err(Error::corrupt(FORK, "totalBlocks", total, rule));
    }
    Ok(blocks)
}

fn extent_record(
    tree: &BTree<ExtentKeys>,
    key: ExtentKey,
) -> Result<Option<[ExtentDescriptor; 8]>> {
    let Some(data) = tree.find(&key)? else { return Ok(None) };
    let record = <[ExtentDescriptor; 8]>::read_from_prefix(&data);
    let (record, _) = record.map_err(|_| {
        Error::corrupt(EXTENTS.record, "length", data.len(), "too short for eight extents")
    })?;
    Ok(Some(record))
}

/// The key whose block number [`blocks`] fills in.
pub(crate) const fn fork_of(file: u32, fork: u8) -> ExtentKey {
    ExtentKey { file, fork, block: 0 }
}

/// A fork of two or more runs.
struct Fork {
    volume: Source,
    /// Bytes of a block.
    block: u64,
    runs: Box<[Run]>,
    len: u64,
}

impl Fork {
    /// The run that holds the byte at `at`: the fork's offsets, and the
    /// volume's offset of the first of them.
    fn run(&self, index: usize) -> Option<(Range<u64>, u64)> {
        let run = self.runs.get(index)?;
        let end =
            self.runs.get(index + 1).map_or(self.len, |next| u64::from(next.first) * self.block);
        let start = u64::from(run.first) * self.block;
        Some((start..end.min(self.len), u64::from(run.start) * self.block))
    }

    fn index(&self, at: u64) -> usize {
        self.runs.partition_point(|run| u64::from(run.first) * self.block <= at).saturating_sub(1)
    }
}

impl ReadAt for Fork {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, mut at: u64, mut buf: &mut [u8]) -> io::Result<()> {
        check_range(at, buf.len(), self.len)?;
        let mut index = self.index(at);
        while let (false, Some((range, start))) = (buf.is_empty(), self.run(index)) {
            let len = usize::try_from(range.end - at).unwrap_or(usize::MAX).min(buf.len());
            let (head, rest) = buf.split_at_mut(len);
            self.volume.read_at(start + (at - range.start), head)?;
            (at, buf, index) = (range.end, rest, index + 1);
        }
        Ok(())
    }
}

impl Content for Fork {
    fn origin(&self, at: u64) -> Option<Origin> {
        let (range, start) = self.run(self.index(at))?;
        self.volume.origin(start + at.checked_sub(range.start)?)
    }

    fn data(&self, at: u64) -> Option<Range<u64>> {
        if at >= self.len {
            return None;
        }
        (self.index(at)..self.runs.len()).find_map(|index| {
            let (range, start) = self.run(index)?;
            let from = at.max(range.start);
            let data = self.volume.data(start + (from - range.start))?;
            let begin = data.start.max(start + (from - range.start)) - start + range.start;
            let end = (data.end.saturating_sub(start)).saturating_add(range.start).min(range.end);
            (begin < end).then_some(begin..end)
        })
    }
}

/// A special file's bytes, found by the volume header.
///
/// # Errors
/// As [`blocks`] and [`Blocks::into_source`].
pub(crate) fn special(
    volume: &Source,
    header: &Header,
    id: u32,
    overflow: Option<&BTree<ExtentKeys>>,
) -> Result<Source> {
    let fork = match id {
        raw::cnid::EXTENTS => &header.raw.extentsFile,
        raw::cnid::CATALOG => &header.raw.catalogFile,
        raw::cnid::ALLOCATION => &header.raw.allocationFile,
        raw::cnid::STARTUP => &header.raw.startupFile,
        _ => &header.raw.attributesFile,
    };
    let blocks = blocks(fork, fork_of(id, DATA), header, overflow)?;
    blocks.into_source(volume, header, fork.logicalSize.get())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::saying::{assert_said, said};
    use crate::block::{Zeros, read_vec};
    use crate::volume::hfsplus::raw::VolumeHeader;

    fn header() -> Header {
        Header {
            raw: VolumeHeader::default(),
            block_size: 2,
            total_blocks: 8,
            attributes: 0,
            is_alternate: false,
        }
    }

    fn extents(runs: &[(u32, u32)]) -> Vec<ExtentDescriptor> {
        let make = |(start, count): &(u32, u32)| ExtentDescriptor {
            startBlock: (*start).into(),
            blockCount: (*count).into(),
        };
        runs.iter().map(make).collect()
    }

    fn source(runs: &[(u32, u32)], len: u64) -> Result<Source> {
        let mut blocks = Blocks::default();
        blocks.push(&extents(runs), &header())?;
        blocks.into_source(&bytes(*b"0123456789abcdef"), &header(), len)
    }

    #[test]
    fn runs_are_read_in_the_forks_order() {
        let fork = source(&[(4, 1), (0, 1), (1, 1), (6, 2)], 9).unwrap();
        assert_eq!(read_vec(&*fork, 0, 9).unwrap(), b"890123cde");
        assert_eq!(read_vec(&*fork, 3, 4).unwrap(), b"123c");
        assert!(read_vec(&*fork, 3, 7).is_err());
        assert_eq!(fork.data(3), Some(3..6));
        assert_eq!(fork.data(6), Some(6..9));
        assert_eq!(fork.data(9), None);
    }

    #[test]
    fn adjacent_extents_are_one_run() {
        let mut blocks = Blocks::default();
        blocks.push(&extents(&[(1, 2), (3, 1), (5, 1), (0, 0), (7, 1)]), &header()).unwrap();
        assert_eq!(blocks.runs, [Run { first: 0, start: 1 }, Run { first: 3, start: 5 }]);
        assert_eq!(blocks.count(), 4);
    }

    #[test]
    fn holes_show_through() {
        let mut blocks = Blocks::default();
        blocks.push(&extents(&[(4, 1), (0, 1)]), &header()).unwrap();
        let zeros: Source = Arc::new(Zeros(16));
        assert_eq!(blocks.into_source(&zeros, &header(), 4).unwrap().data(0), None);
    }

    #[test]
    fn lying_extents_are_named() {
        let behind = "the extent ends behind the volume's last block";
        let none = blocks(&ForkData::default(), fork_of(16, DATA), &header(), None);
        assert!(none.is_ok());
        let fork = |total: u32, runs: &[(u32, u32)]| {
            let mut fork = ForkData { totalBlocks: total.into(), ..ForkData::default() };
            fork.extents[..runs.len()].copy_from_slice(&extents(runs));
            said(blocks(&fork, fork_of(16, DATA), &header(), None))
        };
        let large = Header { total_blocks: u32::MAX, ..header() };
        let huge = Blocks::default().push(&extents(&[(0, u32::MAX), (0, 1)]), &large);
        assert_said([
            (said(source(&[(7, 2)], 1)), format!("extent descriptor: startBlock is 7: {behind}")),
            (
                said(source(&[(u32::MAX, 2)], 1)),
                format!("extent descriptor: startBlock is 4294967295: {behind}"),
            ),
            (said(huge), "extent descriptor: blockCount is 1: more than a fork holds".into()),
            (
                said(source(&[(0, 2)], 5)),
                "fork data: logicalSize is 5: more bytes than the fork's blocks hold".into(),
            ),
            (fork(1, &[]), "fork data: totalBlocks is 1: more blocks than its extents hold".into()),
            (
                fork(1, &[(0, 2)]),
                "fork data: totalBlocks is 1: fewer blocks than its extents hold".into(),
            ),
        ]);
    }
}
