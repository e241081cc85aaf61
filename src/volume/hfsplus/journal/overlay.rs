//! A volume some of whose bytes are read from elsewhere on it.

use crate::block::{Content, Origin, ReadAt, Source, check_range};
use std::collections::BTreeMap;
use std::io;
use std::ops::Range;

/// Bytes of the volume and where they stand in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) to: u64,
    pub(super) len: u64,
    pub(super) from: u64,
}

/// Pieces by where they go; none overlaps another.
#[derive(Default)]
pub(super) struct Pieces(BTreeMap<u64, Piece>);

impl Pieces {
    /// Adds a piece, which hides what was there.
    pub(super) fn put(&mut self, new: Piece) {
        if new.len == 0 {
            return;
        }
        let end = new.to + new.len;
        while let Some(old) = self.last_before(end).filter(|old| old.to + old.len > new.to) {
            self.0.remove(&old.to);
            if old.to < new.to {
                self.0.insert(old.to, Piece { len: new.to - old.to, ..old });
            }
            let old_end = old.to + old.len;
            if old_end > end {
                let from = old.from + (end - old.to);
                self.0.insert(end, Piece { to: end, len: old_end - end, from });
            }
        }
        self.0.insert(new.to, new);
    }

    fn last_before(&self, end: u64) -> Option<Piece> {
        self.0.range(..end).next_back().map(|(_, piece)| *piece)
    }

    /// The piece at `at`, or the next one behind it.
    fn next(&self, at: u64) -> Option<Piece> {
        let holds = |piece: &Piece| piece.to + piece.len > at;
        let next = || self.0.range(at..).next().map(|(_, piece)| *piece);
        self.last_before(at).filter(holds).or_else(next)
    }
}

/// A volume under the pieces of its journal.
pub(crate) struct Overlay {
    volume: Source,
    pieces: Pieces,
}

impl Overlay {
    pub(super) const fn new(volume: Source, pieces: Pieces) -> Self {
        Self { volume, pieces }
    }
}

impl ReadAt for Overlay {
    fn len(&self) -> u64 {
        self.volume.len()
    }

    fn read_at(&self, mut at: u64, mut buf: &mut [u8]) -> io::Result<()> {
        check_range(at, buf.len(), self.len())?;
        while !buf.is_empty() {
            let piece = self.pieces.next(at);
            // How far the bytes at `at` come from one place, and which.
            let (len, from) = match piece {
                Some(piece) if piece.to <= at => {
                    (piece.to + piece.len - at, piece.from + (at - piece.to))
                }
                Some(piece) => (piece.to - at, at),
                None => (u64::MAX, at),
            };
            let len = usize::try_from(len).unwrap_or(usize::MAX).min(buf.len());
            let (head, rest) = buf.split_at_mut(len);
            self.volume.read_at(from, head)?;
            (at, buf) = (at + len as u64, rest);
        }
        Ok(())
    }
}

impl Content for Overlay {
    fn origin(&self, at: u64) -> Option<Origin> {
        match self.pieces.next(at) {
            Some(piece) if piece.to <= at => self.volume.origin(piece.from + (at - piece.to)),
            _ => self.volume.origin(at),
        }
    }

    fn data(&self, at: u64) -> Option<Range<u64>> {
        let run = self.volume.data(at);
        let Some(piece) = self.pieces.next(at) else { return run };
        let own = piece.to.max(at)..piece.to + piece.len;
        match run {
            Some(run) if run.start < own.start => Some(run.start..run.end.min(own.start)),
            _ => Some(own),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{bytes, read_vec};

    #[test]
    fn later_pieces_hide_earlier_ones() {
        let mut pieces = Pieces::default();
        pieces.put(Piece { to: 2, len: 6, from: 20 });
        pieces.put(Piece { to: 4, len: 2, from: 10 });
        pieces.put(Piece { to: 7, len: 2, from: 14 });
        let volume = bytes(*b"0123456789abcdefghijklmnop");
        let overlay = Overlay::new(volume, pieces);
        assert_eq!(read_vec(&overlay, 0, 12).unwrap(), b"01klaboef9ab");
        assert_eq!(read_vec(&overlay, 5, 3).unwrap(), b"boe");
        assert_eq!(overlay.data(0), Some(0..2));
        assert_eq!(overlay.data(3), Some(3..4));
    }
}
