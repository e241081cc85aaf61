//! A whole image, read at random offsets by any number of threads.

use crate::block::{Content, Error, Origin, ReadAt, Result, Scratch, Source, Value};
use crate::block::{check_range, next_container, read_vec};
use crate::format::udif::cache::{CACHE, Claim};
use crate::format::udif::chunks::{Chunk, Chunks, SECTOR};
use crate::format::udif::codec::{self, Kind};
use crate::format::udif::crc;
use crate::format::udif::detect::{detect, refusal};
use crate::format::udif::plist;
use crate::format::udif::rsrc;
use crate::format::udif::table::Table;
use crate::format::udif::trailer::{self, Joined, Stated, Trailer};
use std::cell::Cell;
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// A list of block tables of more bytes is refused; 16 GiB need about 2 MiB.
const MAX_LIST: u64 = 32 << 20;

/// Raw runs are cut to pieces of this, while there are not too many.
const RAW_PIECE: u64 = 2048;
const MAX_RAW_PIECES: u64 = 1 << 20;

/// A partition, or a space between partitions, as the image names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Such as `disk image (Apple_HFS : 4)`.
    pub name: String,
    /// The first sector of 512 bytes.
    pub first_sector: u64,
    /// The number of sectors.
    pub sectors: u64,
}

/// How often chunks were decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decodes {
    /// Compressed chunks of the image.
    pub chunks: u64,
    /// Decodes of all of them together.
    pub decodes: u64,
    /// Decodes of the one that was decoded most often, up to 255.
    pub most: u8,
}

/// A partition's part of the arrays, and its checksum.
pub(super) struct Part {
    pub(super) chunks: Range<usize>,
    pub(super) checksum: Stated,
}

pub(super) struct Inner {
    number: u64,
    /// Chunks that were decoded twice.
    spill: Scratch,
    len: u64,
    pub(super) fork: Source,
    /// The data fork of each segment, as a range of the whole, and its sum.
    pub(super) segments: Vec<(Range<u64>, Stated)>,
    pub(super) chunks: Chunks,
    pub(super) partitions: Vec<Partition>,
    pub(super) parts: Vec<Part>,
    pub(super) data_checksum: Stated,
    pub(super) master_checksum: Stated,
}

/// A UDIF image: the disk that it holds, decoded as it is read.
///
/// A clone is another handle of the same image. Chunks decoded by any read
/// have their checksums noted, so that [`Image::verify`] need not decode them
/// again.
#[derive(Clone)]
pub struct Image {
    pub(super) inner: Arc<Inner>,
}

impl Image {
    /// Opens an image that is one file.
    ///
    /// # Errors
    /// `Unsupported` for encrypted and sparse images and for one segment of
    /// several; `Corrupt` naming `koly`, the lists, `mish` or `run`.
    pub fn open(source: Source) -> Result<Self> {
        Self::open_segments(vec![source])
    }

    /// Opens an image from all of its segments, in any order.
    ///
    /// # Errors
    /// As [`Image::open`]; `Corrupt` when the segments do not belong together.
    pub fn open_segments(files: Vec<Source>) -> Result<Self> {
        let mut segments = Vec::with_capacity(files.len());
        for file in files {
            if let Some(refused) = detect(&*file)?.and_then(refusal) {
                return Err(refused);
            }
            let trailer = Trailer::read(&*file)?;
            segments.push((file, trailer));
        }
        let joined = trailer::join(segments)?;
        let tables = read_tables(&joined)?;
        Inner::build(tables, joined).map(|inner| Self { inner: Arc::new(inner) })
    }

    /// The partitions in the image's own order, spaces between them included.
    #[must_use]
    pub fn partitions(&self) -> &[Partition] {
        &self.inner.partitions
    }

    /// How often chunks were decoded up to now.
    #[must_use]
    pub fn decodes(&self) -> Decodes {
        let chunks = &self.inner.chunks;
        let compressed = (0..chunks.count()).filter(|&i| chunks.kind(i).is_compressed());
        compressed.fold(Decodes::default(), |sum, index| {
            let n = chunks.decodes(index);
            Decodes {
                chunks: sum.chunks + 1,
                decodes: sum.decodes + u64::from(n),
                most: sum.most.max(n),
            }
        })
    }
}

/// The block tables, from the XML or, where there is none, the resource fork.
fn read_tables(Joined { file, head, fork, .. }: &Joined) -> Result<Vec<Table>> {
    let xml = !head.xml.is_empty();
    let range = if xml { &head.xml } else { &head.rsrc_fork };
    let field = if xml { "XMLLength" } else { "RsrcForkLength" };
    let len = range.end - range.start;
    if len == 0 || len > MAX_LIST {
        let rule = if len == 0 { "there are no block tables" } else { "more than 32 MiB" };
        return Err(Error::corrupt("koly", field, len, rule));
    }
    let list = read_vec(&**file, range.start, usize::try_from(len).map_err(io::Error::other)?)?;
    let mut tables = Vec::new();
    let mut bytes = 0;
    let mut each = |blkx: plist::Blkx| {
        bytes += blkx.data.len();
        if bytes > list.len() {
            return Err(Error::corrupt("koly", field, len, "less than its block tables"));
        }
        tables.push(Table::parse(blkx.name, &blkx.data, fork.len())?);
        Ok(())
    };
    if xml { plist::read(&list, &mut each) } else { rsrc::read(&list, &mut each) }?;
    Ok(tables)
}

impl Inner {
    fn build(tables: Vec<Table>, Joined { head, fork, segments, .. }: Joined) -> Result<Self> {
        let mut order: Vec<usize> = (0..tables.len()).collect();
        order.sort_by_key(|&index| (tables[index].first, tables[index].sectors));
        let piece = raw_piece(&tables);
        let mut chunks = Chunks::default();
        let mut ranges = vec![0..0; tables.len()];
        for index in order {
            let table = &tables[index];
            let Some(gap) = table.first.checked_sub(chunks.sectors()) else {
                let rule = "overlaps the partition before it";
                return Err(Error::corrupt("mish", "SectorNumber", table.first, rule));
            };
            if gap > 0 {
                chunks.push(Kind::Ignore, gap, 0, 0);
            }
            let start = chunks.count();
            push_runs(&mut chunks, table, piece);
            ranges[index] = start..chunks.count();
        }
        // What a segment's trailer counts is not known.
        if segments.len() == 1 && ![0, chunks.sectors()].contains(&head.sectors) {
            let rule = "not what the block tables cover";
            return Err(Error::corrupt("koly", "SectorCount", head.sectors, rule));
        }
        let parts = tables.iter().zip(ranges);
        let part = |(table, chunks): (&Table, _)| Part { chunks, checksum: table.checksum };
        let parts = parts.map(part).collect();
        let partition =
            |t: Table| Partition { name: t.name, first_sector: t.first, sectors: t.sectors };
        Ok(Self {
            number: next_container(),
            spill: Scratch::default(),
            len: chunks.sectors() * SECTOR,
            fork,
            segments,
            chunks,
            partitions: tables.into_iter().map(partition).collect(),
            parts,
            data_checksum: head.data_checksum,
            master_checksum: head.master_checksum,
        })
    }

    /// Decodes a chunk for a reader. One that is decoded for the second time,
    /// as files interleave in the image, is kept on disk and not decoded again.
    fn make(&self, index: usize, chunk: &Chunk, out: &mut [u8]) -> Result<()> {
        if self.spill.read(index, 0, out) {
            return Ok(());
        }
        self.decode(index, chunk, out)?;
        if self.chunks.decodes(index) == 2 {
            self.spill.keep(index, out);
        }
        Ok(())
    }

    /// Decodes a chunk into `out`, and notes what that proves.
    pub(super) fn decode(&self, index: usize, chunk: &Chunk, out: &mut [u8]) -> Result<()> {
        // The stored length was checked to be less than 2 runs of 32 MiB.
        let len =
            usize::try_from(chunk.stored.end - chunk.stored.start).map_err(io::Error::other)?;
        with_scratch(len, |stored| {
            self.fork.read_at(chunk.stored.start, stored)?;
            self.chunks.count_decode(index);
            codec::decode(chunk.kind, stored, out).ok_or_else(|| {
                let kind = Value::Hex(chunk.kind.entry_type().into());
                Error::corrupt("run", "EntryType", kind, chunk.kind.undecoded())
                    .at(chunk.stored.start)
            })?;
            self.chunks.prove(index, crc::of(out), self.stored_crc(stored));
            Ok(())
        })
    }

    /// The CRC of stored bytes, where there is one to compare it with.
    pub(super) fn stored_crc(&self, stored: &[u8]) -> u32 {
        match self.data_checksum {
            Stated::Crc32(_) => crc::of(stored),
            _ => 0,
        }
    }

    /// Reads a part of a chunk that begins `skip` bytes into it.
    fn read_chunk(&self, index: usize, skip: usize, buf: &mut [u8]) -> Result<()> {
        let chunk = self.chunks.get(index);
        if chunk.kind.is_hole() {
            buf.fill(0);
            return Ok(());
        }
        let whole = buf.len() as u64 == chunk.len();
        if chunk.kind == Kind::Raw {
            self.fork.read_at(chunk.stored.start + skip as u64, buf)?;
            if whole && self.chunks.proof(index).is_none() {
                let crc = crc::of(buf);
                self.chunks.prove(index, crc, crc);
            }
            return Ok(());
        }
        match CACHE.claim((self.number, index)) {
            Claim::Ready(data) => buf.copy_from_slice(&data[skip..skip + buf.len()]),
            Claim::Decode(ticket) if whole => {
                self.make(index, &chunk, buf)?;
                // What was wanted before will be wanted again.
                ticket.share(buf, self.chunks.decodes(index) > 1);
            }
            Claim::Decode(ticket) => {
                let len = usize::try_from(chunk.len()).map_err(io::Error::other)?;
                let mut data = ticket.buffer(len);
                self.make(index, &chunk, &mut data)?;
                buf.copy_from_slice(&data[skip..skip + buf.len()]);
                ticket.keep(Arc::new(data));
            }
        }
        Ok(())
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        CACHE.forget(self.number);
    }
}

/// Sectors of the pieces that raw runs are cut to.
fn raw_piece(tables: &[Table]) -> u64 {
    let runs = tables.iter().flat_map(|table| &table.runs);
    let raw = runs.filter(|run| run.kind == Kind::Raw).map(|run| run.sectors);
    let sectors = raw.fold(0, u64::saturating_add);
    let mut piece = RAW_PIECE;
    while sectors / piece > MAX_RAW_PIECES {
        piece *= 2;
    }
    piece
}

fn push_runs(chunks: &mut Chunks, table: &Table, piece: u64) {
    for run in &table.runs {
        if run.kind != Kind::Raw {
            chunks.push(run.kind, run.sectors, run.stored, run.stored_len);
            continue;
        }
        let mut done = 0;
        while done < run.sectors {
            let sectors = piece.min(run.sectors - done);
            chunks.push(run.kind, sectors, run.stored + done * SECTOR, 0);
            done += sectors;
        }
    }
}

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Runs `work` with a buffer of the thread. An image inside an image takes
/// the buffer twice; the inner one then has its own.
pub(super) fn with_scratch<T>(len: usize, work: impl FnOnce(&mut [u8]) -> T) -> T {
    let mut buffer = SCRATCH.take();
    if buffer.len() < len {
        buffer.resize(len, 0);
    }
    let done = work(&mut buffer[..len]);
    SCRATCH.set(buffer);
    done
}

impl ReadAt for Image {
    fn len(&self) -> u64 {
        self.inner.len
    }

    fn read_at(&self, at: u64, mut buf: &mut [u8]) -> io::Result<()> {
        check_range(at, buf.len(), self.inner.len)?;
        let mut at = at;
        let mut index = self.inner.chunks.find(at);
        while !buf.is_empty() {
            let range = self.inner.chunks.get(index).range;
            let left = usize::try_from(range.end - at).unwrap_or(usize::MAX);
            let (part, rest) = buf.split_at_mut(left.min(buf.len()));
            // Chunks that are not read as they lie have at most 32 MiB.
            let skip = usize::try_from(at - range.start).map_err(io::Error::other)?;
            self.inner.read_chunk(index, skip, part).map_err(Error::into_io)?;
            at += part.len() as u64;
            index += 1;
            buf = rest;
        }
        Ok(())
    }
}

impl Content for Image {
    fn origin(&self, at: u64) -> Option<Origin> {
        Some(Origin { container: self.inner.number, offset: at })
    }

    fn data(&self, at: u64) -> Option<Range<u64>> {
        if at >= self.inner.len {
            return None;
        }
        let chunks = &self.inner.chunks;
        let start = (chunks.find(at)..chunks.count()).find(|&i| !chunks.kind(i).is_hole())?;
        let end = (start..chunks.count()).take(RUN_CHUNKS).find(|&i| chunks.kind(i).is_hole());
        let end = end.unwrap_or(chunks.count().min(start + RUN_CHUNKS));
        Some(chunks.get(start).range.start.max(at)..chunks.get(end - 1).range.end)
    }
}

/// Chunks that [`Content::data`] looks at to extend a run.
const RUN_CHUNKS: usize = 256;
