//! All runs of an image in order of sectors, as compact arrays.

use crate::format::udif::codec::Kind;
use std::ops::Range;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

/// Bytes of a sector; UDIF counts in no other unit.
pub(crate) const SECTOR: u64 = 512;

/// One run: its place in the image and in the data fork.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) kind: Kind,
    /// Bytes of the image.
    pub(crate) range: Range<u64>,
    /// Bytes of the data fork; empty for holes.
    pub(crate) stored: Range<u64>,
}

impl Chunk {
    /// The number of decoded bytes.
    pub(crate) fn len(&self) -> u64 {
        self.range.end - self.range.start
    }
}

/// The runs, and what is known of each. About 30 bytes a run.
#[derive(Default)]
pub(crate) struct Chunks {
    /// First sectors; one more at the end.
    first: Vec<u64>,
    stored: Vec<u64>,
    /// Stored lengths of compressed runs; those of others follow.
    stored_len: Vec<u32>,
    kind: Vec<Kind>,
    proof: Vec<Proof>,
}

/// What decoding a run proved about it.
#[derive(Default)]
struct Proof {
    decoded: AtomicU32,
    stored: AtomicU32,
    known: AtomicU8,
    decodes: AtomicU8,
}

impl Chunks {
    /// Adds a run behind the last one.
    pub(crate) fn push(&mut self, kind: Kind, sectors: u64, stored: u64, stored_len: u32) {
        let next = self.first.last().copied().unwrap_or(0);
        if self.first.is_empty() {
            self.first.push(next);
        }
        self.first.push(next + sectors);
        self.stored.push(stored);
        self.stored_len.push(stored_len);
        self.kind.push(kind);
        self.proof.push(Proof::default());
    }

    /// The number of runs.
    pub(crate) fn count(&self) -> usize {
        self.kind.len()
    }

    /// Sectors of all runs.
    pub(crate) fn sectors(&self) -> u64 {
        self.first.last().copied().unwrap_or(0)
    }

    /// The run that holds the byte at `at`, which must lie inside the image.
    pub(crate) fn find(&self, at: u64) -> usize {
        self.first.partition_point(|&first| first <= at / SECTOR).saturating_sub(1)
    }

    /// The kind of a run.
    pub(crate) fn kind(&self, index: usize) -> Kind {
        self.kind[index]
    }

    /// A run by its index.
    pub(crate) fn get(&self, index: usize) -> Chunk {
        let range = self.first[index] * SECTOR..self.first[index + 1] * SECTOR;
        let (kind, at) = (self.kind[index], self.stored[index]);
        let len = match kind {
            Kind::Zero | Kind::Ignore => 0,
            Kind::Raw => range.end - range.start,
            _ => self.stored_len[index].into(),
        };
        Chunk { kind, range, stored: at..at + len }
    }

    /// Records a decoded run's CRCs: of the decoded and of the stored bytes.
    pub(crate) fn prove(&self, index: usize, decoded: u32, stored: u32) {
        let proof = &self.proof[index];
        proof.decoded.store(decoded, Ordering::Relaxed);
        proof.stored.store(stored, Ordering::Relaxed);
        proof.known.store(1, Ordering::Release);
    }

    /// The CRCs of a run, once it was decoded.
    pub(crate) fn proof(&self, index: usize) -> Option<(u32, u32)> {
        let proof = &self.proof[index];
        let load = |crc: &AtomicU32| crc.load(Ordering::Relaxed);
        let known = proof.known.load(Ordering::Acquire) == 1;
        known.then(|| (load(&proof.decoded), load(&proof.stored)))
    }

    /// Counts a decode of a run.
    pub(crate) fn count_decode(&self, index: usize) {
        let add = |n: u8| n.checked_add(1);
        let order = Ordering::Relaxed;
        // An error says the count is full, which is as good as more.
        let _ = self.proof[index].decodes.fetch_update(order, order, add);
    }

    /// How often a run was decoded.
    pub(crate) fn decodes(&self, index: usize) -> u8 {
        self.proof[index].decodes.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Chunks {
        let mut chunks = Chunks::default();
        chunks.push(Kind::Zlib, 4, 0, 100);
        chunks.push(Kind::Zero, 1 << 40, 0, 0);
        chunks.push(Kind::Raw, 2, 100, 0);
        chunks
    }

    #[test]
    fn runs_are_found_by_byte() {
        let chunks = sample();
        let end = (1u64 << 49) + 2048;
        for (at, index) in [(0, 0), (2047, 0), (2048, 1), (end - 1, 1), (end, 2), (end + 1023, 2)] {
            assert_eq!(chunks.find(at), index, "{at}");
        }
        assert_eq!(chunks.get(0), Chunk { kind: Kind::Zlib, range: 0..2048, stored: 0..100 });
        assert_eq!(
            chunks.get(2),
            Chunk { kind: Kind::Raw, range: end..end + 1024, stored: 100..1124 }
        );
        assert!(chunks.get(1).stored.is_empty());
        assert_eq!((chunks.count(), chunks.sectors()), (3, (1 << 40) + 6));
    }

    #[test]
    fn proofs_and_counts() {
        let chunks = sample();
        assert_eq!(chunks.proof(0), None);
        chunks.prove(0, 7, 8);
        assert_eq!(chunks.proof(0), Some((7, 8)));
        (0..300).for_each(|_| chunks.count_decode(0));
        assert_eq!((chunks.decodes(0), chunks.decodes(2)), (255, 0));
    }

    #[test]
    fn a_run_is_small() {
        assert!(8 + 8 + 4 + size_of::<Kind>() + size_of::<Proof>() <= 36);
    }
}
