//! An address space put together from sources: an image before it is written.
//!
//! A layout is a map from offsets to sources. Whatever is in no extent reads
//! as zeros. The map is a source itself, so partitions nest in disks, and what
//! a writer sends, what a checker reads and what a dry run measures are one.

use crate::block::{Content, Origin, ReadAt, Source, check_range};
use std::io;
use std::ops::Range;

/// A run of a map that has contents.
#[derive(Clone)]
pub struct Extent {
    /// The offset in the map.
    pub at: u64,
    /// The number of bytes, at most the source's.
    pub len: u64,
    /// Where the bytes come from, from their first.
    pub source: Source,
    /// The fork (or other unit) whose digest is wanted, numbered by the layout.
    pub tag: Option<u32>,
}

impl Extent {
    /// The range of the map that the extent covers.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.at..self.at + self.len
    }
}

/// Sources at offsets, in order and without overlap; zeros between them.
#[derive(Clone, Default)]
pub struct Map {
    len: u64,
    extents: Vec<Extent>,
}

impl Map {
    /// A map of `len` zeros.
    #[must_use]
    pub fn new(len: u64) -> Self {
        Self { len, extents: Vec::new() }
    }

    /// Puts a whole source at an offset behind all others.
    ///
    /// # Panics
    /// When it overlaps the extent before it or the map's end: offsets come
    /// from our own layouts, never from a file.
    pub fn push(&mut self, at: u64, source: Source, tag: Option<u32>) {
        self.place(Extent { at, len: source.len(), source, tag });
    }

    /// Puts all extents of another map, with their tags, at an offset behind
    /// all others: a partition into its disk, flat and not as one source.
    ///
    /// # Panics
    /// As [`Map::push`].
    pub fn nest(&mut self, at: u64, inner: &Self) {
        let total = self.len;
        assert!(inner.len <= total && at <= total - inner.len, "map at {at} is outside");
        for extent in &inner.extents {
            self.place(Extent { at: at + extent.at, ..extent.clone() });
        }
    }

    fn place(&mut self, extent: Extent) {
        let Extent { at, len, .. } = extent;
        if len == 0 {
            return;
        }
        let free = self.extents.last().map_or(0, |e| e.at + e.len);
        assert!(at >= free, "extent at {at} begins before the last one ends at {free}");
        assert!(
            len <= self.len && at <= self.len - len,
            "extent at {at} of {len} bytes is outside"
        );
        self.extents.push(extent);
    }

    /// All extents, ascending.
    #[must_use]
    pub fn extents(&self) -> &[Extent] {
        &self.extents
    }

    /// The extents that end behind `at`, ascending.
    #[must_use]
    pub fn extents_from(&self, at: u64) -> &[Extent] {
        &self.extents[self.first_behind(at)..]
    }

    /// Index of the first extent that ends behind `at`.
    fn first_behind(&self, at: u64) -> usize {
        self.extents.partition_point(|e| e.at + e.len <= at)
    }
}

impl ReadAt for Map {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        check_range(at, buf.len(), self.len)?;
        let end = at + buf.len() as u64;
        let mut done = at;
        for extent in &self.extents[self.first_behind(at)..] {
            if extent.at >= end {
                break;
            }
            let start = extent.at.max(done);
            let stop = (extent.at + extent.len).min(end);
            span(buf, at, done..start).fill(0);
            extent.source.read_at(start - extent.at, span(buf, at, start..stop))?;
            done = stop;
        }
        span(buf, at, done..end).fill(0);
        Ok(())
    }
}

/// The part of `buf` (which begins at offset `base`) that holds `range`.
fn span(buf: &mut [u8], base: u64, range: Range<u64>) -> &mut [u8] {
    // Both ends lie inside `buf`, whose length is a usize.
    let index = |at: u64| usize::try_from(at - base).unwrap_or(usize::MAX);
    &mut buf[index(range.start)..index(range.end)]
}

impl Content for Map {
    fn origin(&self, at: u64) -> Option<Origin> {
        let extent = self.extents.get(self.first_behind(at))?;
        extent.source.origin(at.checked_sub(extent.at)?)
    }

    fn data(&self, at: u64) -> Option<Range<u64>> {
        self.extents[self.first_behind(at)..].iter().find_map(|extent| {
            let run = extent.source.data(at.saturating_sub(extent.at))?;
            let end = run.end.min(extent.len);
            (run.start < end).then(|| extent.at + run.start..extent.at + end)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{Zeros, bytes};
    use std::sync::Arc;

    fn sample() -> Map {
        let mut map = Map::new(12);
        map.push(2, bytes(*b"ab"), Some(0));
        map.push(4, bytes(*b"c"), None);
        map.push(5, Arc::new(Zeros(2)), None);
        map.push(8, bytes(*b"de"), Some(1));
        map
    }

    #[test]
    fn gaps_are_zeros() {
        let map = sample();
        let mut buf = [9; 12];
        map.read_at(0, &mut buf).unwrap();
        assert_eq!(&buf, b"\0\0abc\0\0\0de\0\0");
        let mut buf = [9; 6];
        map.read_at(3, &mut buf).unwrap();
        assert_eq!(&buf, b"bc\0\0\0d");
        assert!(map.read_at(7, &mut buf).is_err());
    }

    #[test]
    fn data_skips_gaps_and_known_zeros() {
        let map = sample();
        assert_eq!(map.data(0), Some(2..4));
        assert_eq!(map.data(3), Some(3..4));
        assert_eq!(map.data(4), Some(4..5));
        assert_eq!(map.data(5), Some(8..10));
        assert_eq!(map.data(10), None);
    }

    #[test]
    fn a_nested_map_keeps_its_tags_and_its_gaps() {
        let mut disk = Map::new(20);
        disk.push(0, bytes(*b"T"), None);
        disk.nest(6, &sample());
        let mut buf = [9; 20];
        disk.read_at(0, &mut buf).unwrap();
        assert_eq!(&buf, b"T\0\0\0\0\0\0\0abc\0\0\0de\0\0\0\0");
        let tagged: Vec<_> = disk.extents().iter().map(|e| (e.range(), e.tag)).collect();
        let expected = [(0..1, None), (8..10, Some(0)), (10..11, None), (11..13, None)];
        assert_eq!(tagged[..4], expected);
        assert_eq!(tagged[4], (14..16, Some(1)));
    }

    #[test]
    #[should_panic(expected = "map at 9 is outside")]
    fn a_nested_map_must_fit() {
        Map::new(20).nest(9, &sample());
    }

    #[test]
    #[should_panic(expected = "begins before the last one ends")]
    fn overlap_is_our_own_mistake() {
        sample().push(9, bytes(*b"x"), None);
    }
}
