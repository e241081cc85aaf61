//! What files hold: slices of the heap, or decoded once and kept.

use crate::block::{Content, Error, Origin, ReadAt, Result, Scratch, Source, bytes, check_range};
use crate::format::xar::{Checksum, Data, Encoding, Hasher};
use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

const ENTRY: &str = "xar entry";
/// Decoded contents up to this stay in memory; longer ones go to a temporary file.
const IN_MEMORY: u64 = 1 << 20;
/// Bytes of one piece in the temporary file.
const PIECE: usize = 1 << 20;
/// More memory than this is refused to xz and LZMA streams.
const XZ_MEMORY_KIB: u32 = 72 << 10;

/// Reads a source from its first byte to its last.
pub(super) struct Stream {
    source: Source,
    at: u64,
}

impl Stream {
    pub(super) fn new(source: Source) -> Self {
        Self { source, at: 0 }
    }
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.source.len() - self.at;
        let n = usize::try_from(left).map_or(buf.len(), |left| left.min(buf.len()));
        self.source.read_at(self.at, &mut buf[..n])?;
        self.at += n as u64;
        Ok(n)
    }
}

/// The decoder of stored bytes.
pub(super) fn decoder(encoding: &Encoding, stored: Source) -> Result<Box<dyn Read>> {
    let stored = BufReader::with_capacity(64 << 10, Stream::new(stored));
    Ok(match encoding {
        Encoding::Raw => Box::new(stored),
        Encoding::Zlib => Box::new(flate2::bufread::ZlibDecoder::new(stored)),
        Encoding::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(stored)),
        Encoding::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(stored, true, XZ_MEMORY_KIB)),
        Encoding::Lzma => {
            let reader = lzma_rust2::LzmaReader::new_mem_limit(stored, XZ_MEMORY_KIB, None);
            Box::new(reader.map_err(|error| broken(&error))?)
        }
        Encoding::Other(name) => {
            let what = "an entry in an encoding that is not known";
            return Err(Error::unsupported(what, "encoding", name.as_ref(), super::XAR));
        }
    })
}

/// A decoder's complaint; the medium's own errors stay what they are.
pub(super) fn broken(error: &io::Error) -> Error {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, OutOfMemory, UnexpectedEof};
    match error.kind() {
        InvalidData | InvalidInput | Other | OutOfMemory | UnexpectedEof => {
            Error::complaint(ENTRY, error, "it cannot be unpacked")
        }
        kind => Error::Io(io::Error::new(kind, error.to_string())),
    }
}

/// Gives all decoded bytes to `sink`, in pieces, and checks their number and
/// their checksum.
pub(super) fn decode(
    data: &Data,
    stored: Source,
    sink: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let mut decoder = decoder(&data.encoding, stored)?;
    let mut hasher = data.extracted.as_ref().and_then(|sum| sum.style.hasher());
    let (mut done, mut piece) = (0_u64, vec![0; PIECE]);
    loop {
        let n = fill(decoder.as_mut(), &mut piece).map_err(|error| broken(&error))?;
        done += n as u64;
        if done > data.size || (n < piece.len() && done < data.size) {
            let rule = "not the number of bytes that it holds";
            return Err(Error::corrupt(ENTRY, "size", data.size, rule));
        }
        if let Some(hasher) = &mut hasher {
            hasher.update(&piece[..n]);
        }
        sink(&piece[..n])?;
        if n < piece.len() {
            return compare("extracted-checksum", data.extracted.as_ref(), hasher);
        }
    }
}

fn fill(from: &mut dyn Read, buf: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while done < buf.len() {
        match from.read(&mut buf[done..]) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Compares a checksum that was made, if one was, with the stated one.
pub(super) fn compare(
    field: &'static str,
    stated: Option<&Checksum>,
    made: Option<Hasher>,
) -> Result<()> {
    let (Some(stated), Some(made)) = (stated, made) else { return Ok(()) };
    if made.finish()[..] == stated.value[..] {
        return Ok(());
    }
    let value = format!("{} {}", stated.style.name(), super::hex(&stated.value));
    Err(Error::corrupt(ENTRY, field, value, "not the checksum of what is there"))
}

/// Decodes everything, and keeps it.
pub(super) fn spool(data: &Data, stored: Source) -> Result<Source> {
    if data.size <= IN_MEMORY {
        let mut all = Vec::new();
        decode(data, stored, &mut |piece| {
            all.extend(piece);
            Ok(())
        })?;
        return Ok(bytes(all));
    }
    let (scratch, mut number) = (Scratch::default(), 0);
    decode(data, stored, &mut |piece| {
        scratch.keep(number, piece);
        if !piece.is_empty() && !scratch.read(number, 0, &mut [0]) {
            return Err(no_room().into());
        }
        number += 1;
        Ok(())
    })?;
    Ok(Arc::new(Spooled { scratch, len: data.size }))
}

pub(super) fn no_room() -> io::Error {
    let text = "the folder of temporary files has no room for what has to be unpacked: make some, \
                or set TMPDIR to another folder";
    io::Error::new(io::ErrorKind::StorageFull, text)
}

/// Decoded contents in a temporary file.
struct Spooled {
    scratch: Scratch,
    len: u64,
}

impl ReadAt for Spooled {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        check_range(at, buf.len(), self.len)?;
        let mut at = usize::try_from(at).map_err(io::Error::other)?;
        let mut rest = buf;
        while !rest.is_empty() {
            let skip = at % PIECE;
            let (now, later) = rest.split_at_mut((PIECE - skip).min(rest.len()));
            if !self.scratch.read(at / PIECE, skip, now) {
                return Err(io::Error::other(
                    "the temporary file of what was unpacked cannot be read any more",
                ));
            }
            at += now.len();
            rest = later;
        }
        Ok(())
    }
}

impl Content for Spooled {}

/// Raw contents whose checksum is compared when somebody reads all of them in
/// order. Reads at other places pass unchecked.
pub(super) struct Checked {
    pub(super) inner: Source,
    pub(super) stated: Checksum,
    pub(super) proven: Arc<AtomicBool>,
    pub(super) so_far: Mutex<Option<(u64, Hasher)>>,
}

impl ReadAt for Checked {
    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        self.inner.read_at(at, buf)?;
        if self.proven.load(Ordering::Relaxed) || buf.is_empty() {
            return Ok(());
        }
        let mut so_far = self.so_far.lock().unwrap_or_else(PoisonError::into_inner);
        if at == 0 {
            *so_far = self.stated.style.hasher().map(|hasher| (0, hasher));
        }
        let Some((next, hasher)) = so_far.as_mut() else { return Ok(()) };
        if at != *next {
            return Ok(());
        }
        hasher.update(buf);
        *next += buf.len() as u64;
        if *next < self.len() {
            return Ok(());
        }
        let made = so_far.take().map(|(_, hasher)| hasher);
        compare("extracted-checksum", Some(&self.stated), made).map_err(Error::into_io)?;
        self.proven.store(true, Ordering::Relaxed);
        Ok(())
    }
}

impl Content for Checked {
    fn origin(&self, at: u64) -> Option<Origin> {
        self.inner.origin(at)
    }

    fn data(&self, at: u64) -> Option<Range<u64>> {
        self.inner.data(at)
    }
}
