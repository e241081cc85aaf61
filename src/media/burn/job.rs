//! What is to be written to a disk, and in which order.

use crate::block::{Content, Extent, Map, Origin, ReadAt, Result, Source, read_vec, slice};
use crate::media::pass::PIECE;
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// What is cleared at both ends of a disk: all tables, and what other systems
/// keep there.
const ENDS: u64 = 1 << 20;
/// What is cleared at both ends of an old partition.
const INNER: u64 = 64 << 10;

/// An image for a disk.
pub struct Job {
    /// What is written: extents cover all that is in use, zeros too.
    pub(super) map: Map,
    /// The pieces of the disk that are in use, ascending.
    pub(super) used: Vec<Range<u64>>,
    /// What is kept back, in the order in which it is written at last.
    pub(super) withheld: Vec<Range<u64>>,
    sector: u64,
}

impl Job {
    /// Writes `map`, which is as long as the disk, but for what is `free`
    /// (ascending); of that, what the map gives a tag is written all the same.
    #[must_use]
    pub fn new(map: &Map, withheld: &[Range<u64>], free: &[Range<u64>], sector: u32) -> Self {
        let used = used(map, free);
        let solid = solid(map, &used);
        Self { map: solid, used, withheld: withheld.to_vec(), sector: sector.into() }
    }

    /// Writes nothing.
    #[must_use]
    pub fn empty(len: u64, sector: u32) -> Self {
        let (used, withheld) = (Vec::new(), Vec::new());
        Self { map: Map::new(len), used, withheld, sector: sector.into() }
    }

    /// The bytes that are written.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.used.iter().map(|range| range.end - range.start).sum()
    }

    /// How many of these bytes lie before a place of the disk.
    #[must_use]
    pub fn bytes_before(&self, place: u64) -> u64 {
        let before = |range: &Range<u64>| range.end.min(place).saturating_sub(range.start);
        self.used.iter().map(before).sum()
    }

    /// The size of the disk.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.map.len()
    }

    /// Whether there is no disk at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.len() == 0
    }

    /// What is withheld, in the order of the disk, and apart.
    pub(super) fn ascending(&self) -> Vec<Range<u64>> {
        merged(self.withheld.clone())
    }

    /// What is withheld, with its bytes, in the order of writing.
    pub(super) fn pieces(&self) -> Result<Vec<(Range<u64>, Vec<u8>)>> {
        let piece = |range: &Range<u64>| {
            let len = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
            Ok((range.clone(), read_vec(&self.map, range.start, len)?))
        };
        self.withheld.iter().map(piece).collect()
    }

    /// What is cleared before anything is written: both ends of the disk and
    /// of old partitions, and what is withheld.
    pub(super) fn cleared(&self, old: &[Range<u64>]) -> Vec<Range<u64>> {
        let len = self.map.len();
        let mut all = vec![0..ENDS.min(len), len.saturating_sub(ENDS)..len];
        all.extend(self.withheld.iter().cloned());
        for range in old {
            let (start, end) = (range.start.min(len), range.end.min(len));
            all.push(start..start.saturating_add(INNER).min(end));
            all.push(end.saturating_sub(INNER).max(start)..end);
        }
        let whole = |range: Range<u64>| {
            let end = range.end.next_multiple_of(self.sector).min(len);
            range.start / self.sector * self.sector..end
        };
        merged(all.into_iter().map(whole).collect())
    }
}

/// Ascending, and apart.
fn merged(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.retain(|range| range.start < range.end);
    ranges.sort_by_key(|range| range.start);
    let mut all: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match all.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => all.push(range),
        }
    }
    all
}

/// The pieces of a pass that are not wholly free.
fn used(map: &Map, free: &[Range<u64>]) -> Vec<Range<u64>> {
    let tagged = map.extents().iter().filter(|e| e.tag.is_some()).map(Extent::range);
    let mut taken = merged(tagged.collect()).into_iter().peekable();
    let (mut used, mut at): (Vec<Range<u64>>, u64) = (Vec::new(), 0);
    for range in merged(free.to_vec()) {
        let mut start = range.start;
        while start < range.end {
            while taken.next_if(|fork| fork.end <= start).is_some() {}
            let next = taken.peek().cloned().unwrap_or(u64::MAX..u64::MAX);
            let hole = start..range.end.min(next.start.max(start));
            // Whole pieces only, since whole pieces are written.
            let hole = hole.start.next_multiple_of(PIECE)..hole.end / PIECE * PIECE;
            if hole.start < hole.end {
                used.push(at..hole.start);
                at = hole.end;
            }
            start = next.end.min(range.end).max(start);
            if next.start >= range.end {
                break;
            }
        }
    }
    used.push(at..map.len());
    merged(used)
}

/// The map with its gaps filled where it is in use, and nothing elsewhere.
fn solid(map: &Map, used: &[Range<u64>]) -> Map {
    let mut solid = Map::new(map.len());
    for range in used {
        let mut at = range.start;
        for extent in map.extents_from(range.start) {
            if extent.at >= range.end {
                break;
            }
            let (start, end) =
                (extent.at.max(range.start), (extent.at + extent.len).min(range.end));
            blank(&mut solid, at..start);
            // Inside of the extent, so inside of its source.
            let inner = slice(&extent.source, start - extent.at, end - start);
            let Ok(inner) = inner else { continue };
            solid.push(start, Arc::new(Solid(inner)), extent.tag);
            at = end;
        }
        blank(&mut solid, at..range.end);
    }
    solid
}

fn blank(map: &mut Map, range: Range<u64>) {
    if range.start < range.end {
        map.push(range.start, Arc::new(Blank(range.end - range.start)), None);
    }
}

/// Zeros that have to be written.
struct Blank(u64);

impl ReadAt for Blank {
    fn len(&self) -> u64 {
        self.0
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        crate::block::check_range(at, buf.len(), self.0)?;
        buf.fill(0);
        Ok(())
    }
}

impl Content for Blank {}

/// A source whose zeros have to be written.
struct Solid(Source);

impl ReadAt for Solid {
    fn len(&self) -> u64 {
        self.0.len()
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        self.0.read_at(at, buf)
    }
}

impl Content for Solid {
    fn origin(&self, at: u64) -> Option<Origin> {
        self.0.origin(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{Zeros, bytes};

    const MIB: u64 = 1 << 20;

    fn map() -> Map {
        let mut map = Map::new(64 * MIB);
        map.push(512, bytes(vec![1; 512]), None);
        map.push(5 * MIB, bytes(vec![2; 100]), Some(0));
        map.push(9 * MIB, Arc::new(Zeros(MIB)), None);
        map.push(64 * MIB - 512, bytes(vec![3; 512]), None);
        map
    }

    #[test]
    fn only_whole_free_pieces_are_left_out() {
        let job = Job::new(&map(), &[], &[3 * MIB + 1..8 * MIB, 11 * MIB..63 * MIB], 512);
        // What is in use is not left out even if someone calls it free.
        assert_eq!(job.used, [0..6 * MIB, 8 * MIB..12 * MIB, 62 * MIB..64 * MIB]);
        assert_eq!(job.bytes(), 12 * MIB);
        for (place, before) in [(0, 0), (5, 5), (7, 6), (8, 6), (9, 7), (50, 10), (64, 12)] {
            assert_eq!(job.bytes_before(place * MIB), before * MIB, "before {place} MiB");
        }
        let covered: u64 = job.map.extents().iter().map(|extent| extent.len).sum();
        assert_eq!(covered, job.bytes());
        let mut whole = [vec![0; 64 << 20], vec![9; 64 << 20]];
        map().read_at(0, &mut whole[0]).unwrap();
        job.map.read_at(0, &mut whole[1]).unwrap();
        assert!(whole[0] == whole[1], "the same bytes");
        assert!(job.map.extents().iter().all(|e| e.source.data(0) == Some(0..e.len)));
        assert_eq!(Job::new(&map(), &[], &[], 512).used, vec![0..64 * MIB]);
        let all = Job::new(&Map::new(8 * MIB), &[], std::slice::from_ref(&(0..8 * MIB)), 512);
        assert!(all.used.is_empty());
    }

    #[test]
    fn both_ends_and_all_headers_are_cleared() {
        let withheld = [10 * MIB..10 * MIB + 512, 0..512];
        let job = Job::new(&map(), &withheld, &[], 4096);
        let old = [20 * MIB + 512..30 * MIB, 63 * MIB..99 * MIB];
        let kib = 1 << 10;
        let expected = [
            0..MIB,
            10 * MIB..10 * MIB + 4096,
            20 * MIB..20 * MIB + 68 * kib,
            30 * MIB - 64 * kib..30 * MIB,
            63 * MIB..64 * MIB,
        ];
        assert_eq!(job.cleared(&old), expected);
        assert_eq!(Job::empty(512 * kib, 512).cleared(&[]), vec![0..512 * kib]);
    }
}
