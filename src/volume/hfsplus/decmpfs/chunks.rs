//! The chunks of a compressed file as one source, decoded as they are read.

use crate::block::{Content, Error, Origin, ReadAt, Result, Source, check_range, read_vec};
use crate::volume::hfsplus::decmpfs::codec::Codec;
use std::io;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// The plain bytes of every chunk but the last.
const CHUNK: u64 = 0x1_0000;
/// No codec makes a chunk this much longer.
const MAX_STORED: u64 = 2 * CHUNK;

const TABLE: &str = "decmpfs chunk table";

/// Where a fork says where its chunks are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Table {
    /// Offset and length of each, counted from `base`, behind a count.
    Zlib { base: u64 },
    /// Where each begins, and where the last one ends.
    Offsets,
    /// There is one chunk: all behind this offset.
    One { start: u64 },
}

impl Table {
    /// The table of a resource file whose first resource holds zlib chunks.
    ///
    /// # Errors
    /// `Corrupt` when it has not as many chunks as `size` needs.
    pub(super) fn zlib(fork: &Source, size: u64) -> Result<Self> {
        // The offset of the resources, and the length of the first of them.
        let start = word(fork, 0)?.map_or(0, u32::swap_bytes);
        let base = u64::from(start) + 4;
        let count = word(fork, base)?.unwrap_or(0);
        if u64::from(count) != size.div_ceil(CHUNK) {
            let rule = "not the number of chunks that the file's size asks for";
            return Err(Error::corrupt(TABLE, "count", count, rule).at(base));
        }
        if base + 4 + 8 * u64::from(count) > fork.len() {
            return Err(Error::corrupt(TABLE, "count", count, "a table longer than the fork"));
        }
        Ok(Self::Zlib { base })
    }

    /// The table at the beginning of a fork.
    ///
    /// # Errors
    /// `Corrupt` when the table is shorter than `size` needs.
    pub(super) fn offsets(fork: &Source, size: u64) -> Result<Self> {
        let first = word(fork, 0)?.unwrap_or(0);
        if u64::from(first) / 4 <= size.div_ceil(CHUNK) || u64::from(first) > fork.len() {
            let rule = "a table too short for the file's size, or too long for the fork";
            return Err(Error::corrupt(TABLE, "offset", first, rule).at(0));
        }
        Ok(Self::Offsets)
    }

    /// Where a chunk is in the fork.
    fn range(self, fork: &Source, index: u64) -> Result<Range<u64>> {
        let (start, len) = match self {
            Self::One { start } => (start, fork.len().saturating_sub(start)),
            Self::Zlib { base } => {
                let at = base + 4 + 8 * index;
                let (offset, len) = (need(fork, at)?, need(fork, at + 4)?);
                (base + u64::from(offset), u64::from(len))
            }
            Self::Offsets => {
                let (start, end) = (need(fork, 4 * index)?, need(fork, 4 * index + 4)?);
                (u64::from(start), u64::from(end).saturating_sub(start.into()))
            }
        };
        let max = if matches!(self, Self::One { .. }) { u64::MAX } else { MAX_STORED };
        if len == 0 || len > max || start.checked_add(len).is_none_or(|end| end > fork.len()) {
            let rule = "the chunk is empty, too long or behind the fork's end";
            return Err(Error::corrupt(TABLE, "offset", start, rule));
        }
        Ok(start..start + len)
    }
}

fn need(fork: &Source, at: u64) -> Result<u32> {
    let rule = "the table ends behind the fork";
    word(fork, at)?.ok_or_else(|| Error::corrupt(TABLE, "length", fork.len(), rule))
}

/// A little-endian number; none behind the end.
fn word(fork: &Source, at: u64) -> Result<Option<u32>> {
    if at.checked_add(4).is_none_or(|end| end > fork.len()) {
        return Ok(None);
    }
    let mut word = [0; 4];
    fork.read_at(at, &mut word)?;
    Ok(Some(u32::from_le_bytes(word)))
}

/// A compressed file's contents.
pub(super) struct Chunks {
    stored: Source,
    table: Table,
    codec: Codec,
    /// The plain bytes of a chunk.
    chunk: u64,
    size: u64,
    /// A chunk of which only a part has been read so far.
    open: Mutex<Option<(u64, Vec<u8>)>>,
}

impl Chunks {
    /// Contents in a resource fork.
    pub(super) fn in_fork(stored: Source, table: Table, codec: Codec, size: u64) -> Self {
        Self { stored, table, codec, chunk: CHUNK, size, open: Mutex::default() }
    }

    /// Contents in an attribute, behind its header.
    pub(super) fn inline(stored: Source, start: u64, codec: Codec, size: u64) -> Self {
        let table = Table::One { start };
        Self { stored, table, codec, chunk: size.max(1), size, open: Mutex::default() }
    }

    /// The plain bytes of a chunk.
    fn plain(&self, index: u64) -> Range<u64> {
        let start = index * self.chunk;
        start..start.saturating_add(self.chunk).min(self.size)
    }

    fn decode(&self, index: u64, out: &mut [u8]) -> Result<()> {
        let range = self.table.range(&self.stored, index)?;
        // A fork's chunk is at most `MAX_STORED`, an attribute `MAX_ATTRIBUTE`.
        let len = usize::try_from(range.end - range.start).unwrap_or(0);
        let stored = read_vec(&*self.stored, range.start, len)?;
        self.codec.decode(&stored, out).ok_or_else(|| {
            let rule = "it cannot be unpacked to its size";
            Error::corrupt("decmpfs chunk", "number", index, rule)
        })
    }

    /// Copies a part of a chunk out. The chunk is kept unless this was its end.
    fn part(&self, index: u64, skip: usize, out: &mut [u8]) -> Result<()> {
        let plain = self.plain(index);
        let len = usize::try_from(plain.end - plain.start).unwrap_or(0);
        if skip == 0 && out.len() == len {
            return self.decode(index, out);
        }
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
        let chunk = match open.filter(|(number, _)| *number == index) {
            Some((_, chunk)) => chunk,
            None => {
                let mut chunk = vec![0; len];
                self.decode(index, &mut chunk)?;
                chunk
            }
        };
        // The caller asks for a part of what `plain` says.
        out.copy_from_slice(&chunk[skip..skip + out.len()]);
        if skip + out.len() < len {
            *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some((index, chunk));
        }
        Ok(())
    }
}

impl ReadAt for Chunks {
    fn len(&self) -> u64 {
        self.size
    }

    fn read_at(&self, mut at: u64, mut buf: &mut [u8]) -> io::Result<()> {
        check_range(at, buf.len(), self.size)?;
        while !buf.is_empty() {
            let index = at / self.chunk;
            let plain = self.plain(index);
            let len = usize::try_from(plain.end - at).unwrap_or(usize::MAX).min(buf.len());
            let (head, rest) = buf.split_at_mut(len);
            // Less than a chunk.
            let skip = usize::try_from(at - plain.start).unwrap_or(0);
            self.part(index, skip, head).map_err(Error::into_io)?;
            (at, buf) = (plain.end, rest);
        }
        Ok(())
    }
}

impl Content for Chunks {
    fn origin(&self, at: u64) -> Option<Origin> {
        let range = self.table.range(&self.stored, at / self.chunk).ok()?;
        self.stored.origin(range.start)
    }
}
