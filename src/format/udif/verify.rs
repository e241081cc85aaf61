//! Proving the checksums of an image, by what reads noted and the rest.

use crate::block::{Error, Result, Value};
use crate::format::udif::chunks::Chunk;
use crate::format::udif::codec::Kind;
use crate::format::udif::crc;
use crate::format::udif::image::{Image, Inner, with_scratch};
use crate::format::udif::trailer::Stated;
use std::io;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Bytes of the data fork that are read at once.
const PIECE: u64 = 1 << 20;

/// What is known of a checksum after [`Image::verify`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// It is right.
    Passed,
    /// The image has none; newer ones have none of the data fork.
    Absent,
    /// It is of a kind that is not computed here, by its number.
    NotChecked(u32),
}

/// The result of [`Image::verify`]: every checksum that could be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checks {
    /// Of the stored bytes.
    pub data_fork: Check,
    /// Of each partition's decoded bytes, in the order of
    /// [`Image::partitions`].
    pub partitions: Vec<Check>,
    /// Of the partitions' checksums.
    pub master: Check,
}

impl Checks {
    /// Whether a right checksum covers all that the image holds, stored or
    /// decoded.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let partitions = self.partitions.iter().all(|&check| check == Check::Passed);
        self.data_fork == Check::Passed || partitions
    }
}

impl Image {
    /// Decoded bytes that [`Image::verify`] reports progress of.
    #[must_use]
    pub fn verify_len(&self) -> u64 {
        let chunks = &self.inner.chunks;
        (0..chunks.count())
            .map(|i| chunks.get(i))
            .filter(|c| !c.kind.is_hole())
            .map(|c| c.len())
            .sum()
    }

    /// Proves every checksum that the image has. Chunks that were decoded
    /// before, by any read, are not decoded again. `progress` is called with
    /// the number of further bytes proven, by any thread.
    ///
    /// # Errors
    /// `Corrupt` for the first checksum that is wrong, or a chunk that does
    /// not decode; `Io` for what the medium reports.
    pub fn verify(&self, threads: usize, progress: &(dyn Fn(u64) + Sync)) -> Result<Checks> {
        let inner = &*self.inner;
        prove_all(inner, threads, progress)?;
        let data_fork = if by_segments(inner)? {
            Check::Passed
        } else {
            check(inner.data_checksum, || data_fork(inner), "koly", "DataForkChecksum")?
        };
        let mut partitions = Vec::with_capacity(inner.parts.len());
        for (part, partition) in inner.parts.iter().zip(&inner.partitions) {
            let crc = || table(inner, part.chunks.clone());
            let at = partition.first_sector.saturating_mul(512);
            let done = check(part.checksum, crc, "mish", "Checksum");
            partitions.push(done.map_err(|error| error.at(at))?);
        }
        let master = check(inner.master_checksum, || master(inner), "koly", "MasterChecksum")?;
        Ok(Checks { data_fork, partitions, master })
    }
}

fn check(
    stated: Stated,
    crc: impl FnOnce() -> Result<Option<u32>>,
    structure: &'static str,
    field: &'static str,
) -> Result<Check> {
    match stated {
        Stated::Absent => Ok(Check::Absent),
        Stated::Other(kind) => Ok(Check::NotChecked(kind)),
        Stated::Crc32(stated) => match crc()? {
            None => Ok(Check::NotChecked(2)),
            Some(crc) if crc == stated => Ok(Check::Passed),
            Some(_) => {
                let rule = "not the CRC-32 of the bytes";
                Err(Error::corrupt(structure, field, Value::Hex(stated.into()), rule))
            }
        },
    }
}

/// Decodes or reads every chunk whose CRCs are not known, on some threads.
fn prove_all(inner: &Inner, threads: usize, progress: &(dyn Fn(u64) + Sync)) -> Result<()> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let failed: Mutex<Option<(usize, Error)>> = Mutex::new(None);
    let work = || {
        while !stop.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= inner.chunks.count() {
                return;
            }
            let chunk = inner.chunks.get(index);
            if chunk.kind.is_hole() {
                continue;
            }
            match prove(inner, index, &chunk) {
                Ok(()) => progress(chunk.len()),
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                    if failed.as_ref().is_none_or(|(first, _)| *first > index) {
                        *failed = Some((index, error));
                    }
                }
            }
        }
    };
    std::thread::scope(|scope| {
        (1..threads.max(1)).for_each(|_| drop(scope.spawn(work)));
        work();
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    failed.map_or(Ok(()), |(_, error)| Err(error))
}

fn prove(inner: &Inner, index: usize, chunk: &Chunk) -> Result<()> {
    if inner.chunks.proof(index).is_some() {
        return Ok(());
    }
    if chunk.kind == Kind::Raw {
        let crc = stored(inner, chunk.stored.clone(), 0)?;
        inner.chunks.prove(index, crc, crc);
        return Ok(());
    }
    let len = usize::try_from(chunk.len()).map_err(io::Error::other)?;
    with_output(len, |out| inner.decode(index, chunk, out))
}

thread_local! {
    static OUTPUT: std::cell::Cell<Vec<u8>> = const { std::cell::Cell::new(Vec::new()) };
}

fn with_output<T>(len: usize, work: impl FnOnce(&mut [u8]) -> T) -> T {
    let mut buffer = OUTPUT.take();
    if buffer.len() < len {
        buffer.resize(len, 0);
    }
    let done = work(&mut buffer[..len]);
    OUTPUT.set(buffer);
    done
}

/// The CRC of `before` followed by a range of the data fork, read from it.
fn stored(inner: &Inner, range: Range<u64>, before: u32) -> Result<u32> {
    let (mut at, mut sum) = (range.start, before);
    while at < range.end {
        let len = PIECE.min(range.end - at);
        let crc = with_scratch(usize::try_from(len).map_err(io::Error::other)?, |piece| {
            inner.fork.read_at(at, piece).map(|()| crc::of(piece))
        })?;
        sum = crc::join(sum, crc, len);
        at += len;
    }
    Ok(sum)
}

/// The CRC of the whole data fork: of chunks as noted, of gaps as read.
fn data_fork(inner: &Inner) -> Result<Option<u32>> {
    let chunks = &inner.chunks;
    let mut order: Vec<usize> =
        (0..chunks.count()).filter(|&i| !chunks.kind(i).is_hole()).collect();
    order.sort_by_key(|&index| chunks.get(index).stored.start);
    let (mut at, mut sum) = (0, 0);
    for index in order {
        let range = chunks.get(index).stored;
        // Chunks may share their stored bytes; those were counted before.
        let Some((_, crc)) = chunks.proof(index).filter(|_| range.start >= at) else {
            continue;
        };
        sum = stored(inner, at..range.start, sum)?;
        sum = crc::join(sum, crc, range.end - range.start);
        at = range.end;
    }
    stored(inner, at..inner.fork.len(), sum).map(Some)
}

/// Whether an image in segments has a right CRC of each segment's data fork.
/// Trailers may state that, or the CRC of the whole data fork.
fn by_segments(inner: &Inner) -> Result<bool> {
    for (range, stated) in &inner.segments {
        let alone = inner.segments.len() == 1;
        if alone || Stated::Crc32(stored(inner, range.clone(), 0)?) != *stated {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The CRC of a partition: zeros count, free space does not.
fn table(inner: &Inner, indices: Range<usize>) -> Result<Option<u32>> {
    let mut sum = 0;
    for index in indices {
        let chunk = inner.chunks.get(index);
        let crc = match chunk.kind {
            Kind::Ignore => continue,
            Kind::Zero => crc::of_zeros(chunk.len()),
            // Every chunk was proven before.
            _ => inner.chunks.proof(index).map_or(0, |(crc, _)| crc),
        };
        sum = crc::join(sum, crc, chunk.len());
    }
    Ok(Some(sum))
}

/// The CRC of the partitions' checksums; `None` when one has none.
fn master(inner: &Inner) -> Result<Option<u32>> {
    let crc = |part: &crate::format::udif::image::Part| match part.checksum {
        Stated::Crc32(crc) => Some(crc.to_be_bytes()),
        _ => None,
    };
    let all: Option<Vec<_>> = inner.parts.iter().map(crc).collect();
    Ok(all.map(|all| crc::of(all.as_flattened())))
}
