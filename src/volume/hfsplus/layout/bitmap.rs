//! The allocation file of a volume whose free blocks are one run.

use crate::block::{Content, ReadAt, check_range};
use crate::volume::hfsplus::layout::btree::ones;
use std::io;
use std::ops::Range;

/// A bitmap: used blocks, free blocks, used blocks.
pub(super) struct Bitmap {
    /// Bytes of the file.
    pub(super) len: u64,
    /// The free blocks.
    pub(super) free: Range<u32>,
    /// All blocks.
    pub(super) total: u32,
}

impl Bitmap {
    /// The bits of a byte: those in `..block` are set.
    fn below(byte: u64, block: u32) -> u8 {
        ones(usize::try_from(u64::from(block).saturating_sub(8 * byte)).unwrap_or(usize::MAX))
    }

    fn byte(&self, at: u64) -> u8 {
        let below = |block| Self::below(at, block);
        below(self.free.start) | (below(self.total) & !below(self.free.end))
    }
}

impl ReadAt for Bitmap {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        check_range(at, buf.len(), self.len)?;
        for (at, byte) in (at..).zip(buf) {
            *byte = self.byte(at);
        }
        Ok(())
    }
}

impl Content for Bitmap {
    fn data(&self, at: u64) -> Option<Range<u64>> {
        let first = 0..u64::from(self.free.start).div_ceil(8);
        let last = u64::from(self.free.end) / 8..u64::from(self.total).div_ceil(8);
        let runs = [first, last].into_iter().map(|run| run.start.max(at)..run.end);
        runs.into_iter().find(|run| run.start < run.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::read_vec;

    #[test]
    fn bits_are_set_outside_of_the_free_run() {
        let bitmap = Bitmap { len: 512, free: 11..83, total: 86 };
        let bytes = read_vec(&bitmap, 0, 512).unwrap();
        let set = |block: usize| bytes[block / 8] & (0x80 >> (block % 8)) != 0;
        for block in 0..512 * 8 {
            assert_eq!(set(block), block < 11 || (83..86).contains(&block), "{block}");
        }
        assert_eq!(bitmap.data(0), Some(0..2));
        assert_eq!(bitmap.data(2), Some(10..11));
        assert_eq!(bitmap.data(11), None);
    }

    #[test]
    fn a_full_volume_has_no_free_run() {
        let bitmap = Bitmap { len: 512, free: 15..15, total: 16 };
        assert_eq!(read_vec(&bitmap, 0, 3).unwrap(), [0xff, 0xff, 0]);
        assert_eq!(bitmap.data(0), Some(0..2));
    }
}
