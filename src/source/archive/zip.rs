//! zip archives, through the `zip` crate: stored files are parts of the
//! source, deflated ones are unpacked when they are first read.

use crate::block::{
    Content, Error, Origin, ReadAt, Reader, Result, Source, Spool, Value, bytes, check_range, slice,
};
use crate::format::archive::{MAX_PATH, Member};
use crate::format::stream::limit_for;
use crate::source::archive::gather::Gather;
use crate::source::archive::{Archive, Setting};
use std::io::{self, Read};
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use zip::result::ZipError;
use zip::{CompressionMethod, DateTime, ZipArchive};

/// More files than this are refused.
const MAX_FILES: usize = 400_000;
/// Bytes of a stored file that are read at once to prove it.
const PIECE: usize = 1 << 20;
/// Files up to this many bytes are unpacked in memory.
const SMALL: u64 = 256 << 10;
const UNPACK: &str = "unpack it with another program, and give the folder";
/// What errors call it.
const ZIP: &str = "zip archive";

type Files = Arc<Mutex<ZipArchive<Reader>>>;

/// Where a file's bytes are.
#[derive(Clone, Copy)]
enum Data {
    /// A part of the archive.
    Stored { start: u64, len: u64, crc: u32 },
    /// To be unpacked.
    Packed { index: usize, len: u64 },
}

pub(super) fn open(source: &Source, setting: &Setting) -> Result<Archive> {
    let mut files = ZipArchive::new(Reader::new(Arc::clone(source))).map_err(told)?;
    if files.len() > MAX_FILES {
        let what = "an archive of more members than is allowed";
        let hint = "unpack it with another program, if it is to be trusted";
        return Err(Error::unsupported(what, "the number of files", files.len(), hint));
    }
    let mut gather = Gather::new(None, setting.merge);
    let mut data = Vec::with_capacity(files.len());
    for index in 0..files.len() {
        if let Some((member, place)) = member(&mut files, index, &mut gather)? {
            // Below the limit, which fits.
            gather.add(member, u32::try_from(data.len()).unwrap_or(u32::MAX))?;
            data.push(place);
        }
    }
    let files: Files = Arc::new(Mutex::new(files));
    let (tree, numbers, left_out) = gather.finish(ZIP, &|number| {
        Ok(match data[number as usize] {
            Data::Packed { len: 0, .. } => bytes([]),
            Data::Stored { start, len, crc } => {
                let (part, proven) = (slice(source, start, len)?, OnceLock::new());
                Arc::new(Stored { part, crc, proven })
            }
            Data::Packed { index, len } => {
                let (files, plain) = (Arc::clone(&files), OnceLock::new());
                Arc::new(Packed { files, index, len, plain })
            }
        })
    })?;
    Ok(Archive { tree: Arc::new(tree), numbers, sequence: None, left_out, what: ZIP })
}

/// A file, if it is one that can be read.
fn member(
    files: &mut ZipArchive<Reader>,
    index: usize,
    gather: &mut Gather<'_>,
) -> Result<Option<(Member, Data)>> {
    let file = files.by_index_raw(index).map_err(told)?;
    let path = file.name_raw().to_vec();
    let known = [CompressionMethod::Stored, CompressionMethod::Deflated];
    let why = if file.encrypted() {
        Some("is encrypted")
    } else {
        (!known.contains(&file.compression())).then_some("is compressed in a way that is not read")
    };
    if let Some(why) = why {
        gather.leave_out(String::from_utf8_lossy(&path).into_owned(), why);
        return Ok(None);
    }
    let folder = path.ends_with(b"/");
    let mode = file.unix_mode().and_then(|mode| u16::try_from(mode & 0xffff).ok());
    let mode = mode.unwrap_or(if folder { 0o755 } else { 0o644 });
    let mode = match mode & Member::TYPE {
        _ if folder => Member::DIR | mode & 0o7777,
        0 | Member::DIR => Member::FILE | mode & 0o7777,
        _ => mode,
    };
    let mtime = file.last_modified().map_or(0, seconds);
    let mut member = Member { path, mode, mtime, size: file.size(), ..Member::default() };
    let stored = file.compression() == CompressionMethod::Stored;
    let data = match file.data_start() {
        Some(start) if stored => {
            if file.size() != file.compressed_size() {
                let rule = "not that of the stored bytes";
                return Err(Error::corrupt(ZIP, "uncompressed size", file.size(), rule));
            }
            Data::Stored { start, len: file.compressed_size(), crc: file.crc32() }
        }
        _ => Data::Packed { index, len: file.size() },
    };
    drop(file);
    if member.kind() == Member::SYMLINK {
        let mut target = Vec::new();
        let file = files.by_index(index).map_err(told)?;
        file.take(MAX_PATH as u64).read_to_end(&mut target)?;
        member.symlink = Some(target);
    }
    Ok(Some((member, data)))
}

/// Seconds since 1970 of a date that knows no time zone.
fn seconds(date: DateTime) -> u64 {
    let month = time::Month::try_from(date.month()).ok();
    let date = month.and_then(|month| {
        let day = time::Date::from_calendar_date(date.year().into(), month, date.day()).ok()?;
        let time = time::Time::from_hms(date.hour(), date.minute(), date.second()).ok()?;
        Some(time::PrimitiveDateTime::new(day, time).assume_utc().unix_timestamp())
    });
    date.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(0)
}

/// What the crate says, in our words.
pub(in crate::source) fn told(error: ZipError) -> Error {
    match error {
        ZipError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => Error::from(error),
        ZipError::UnsupportedArchive(why) => {
            Error::unsupported("a zip archive of another kind", "the reason", why, UNPACK)
        }
        ZipError::Io(error) => broken(&error.to_string()),
        ZipError::InvalidArchive(why) => broken(&why),
        other => broken(&other.to_string()),
    }
}

fn broken(why: &str) -> Error {
    Error::corrupt(ZIP, "its fault", why, "it cannot be read")
}

/// A stored file. It is read once before any of it is given away, so that its
/// checksum is proven; as of a deflated one.
struct Stored {
    part: Source,
    crc: u32,
    proven: OnceLock<()>,
}

impl Stored {
    fn prove(&self) -> Result<()> {
        let (mut crc, mut at) = (crc32fast::Hasher::new(), 0);
        let mut buf = vec![0; PIECE];
        while at < self.part.len() {
            let len = usize::try_from(self.part.len() - at).unwrap_or(PIECE).min(PIECE);
            self.part.read_at(at, &mut buf[..len])?;
            crc.update(&buf[..len]);
            at += len as u64;
        }
        if crc.finalize() == self.crc {
            return Ok(());
        }
        let value = Value::Hex(self.crc.into());
        Err(Error::corrupt(ZIP, "CRC-32", value, "not that of the stored bytes"))
    }
}

impl ReadAt for Stored {
    fn len(&self) -> u64 {
        self.part.len()
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        if self.proven.get().is_none() {
            self.prove().map_err(Error::into_io)?;
            // Another thread that was faster has proven the same.
            let _ = self.proven.set(());
        }
        self.part.read_at(at, buf)
    }
}

impl Content for Stored {
    fn origin(&self, at: u64) -> Option<Origin> {
        self.part.origin(at)
    }

    fn data(&self, at: u64) -> Option<Range<u64>> {
        self.part.data(at)
    }
}

/// A deflated file.
struct Packed {
    files: Files,
    index: usize,
    len: u64,
    plain: OnceLock<Source>,
}

impl Packed {
    /// Unpacks it: all of it, so that its checksum is proven.
    fn unpack(&self) -> Result<Source> {
        // A panic in another thread leaves the archive readable.
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = files.by_index(self.index).map_err(told)?;
        let most = limit_for(file.compressed_size());
        if self.len > most {
            let what = "a file in a zip archive that unpacks to far too much";
            let hint = "unpack it with another program, if it is to be trusted";
            return Err(Error::unsupported(what, "the limit in bytes", most, hint));
        }
        let unread = |error: io::Error| match error.raw_os_error() {
            Some(_) => Error::from(error),
            None => Error::complaint(ZIP, error, "it cannot be unpacked"),
        };
        // One more than is said tells that it is more.
        let mut from = Read::by_ref(&mut file).take(self.len.saturating_add(1));
        let mut spool = Spool::new()?;
        let mut buf = vec![0; 64 << 10];
        loop {
            match from.read(&mut buf).map_err(unread)? {
                0 => break,
                got => spool.append(&buf[..got])?,
            }
        }
        if spool.end() != self.len {
            let rule = "the file has another length";
            return Err(Error::corrupt(ZIP, "uncompressed size", self.len, rule));
        }
        spool.flush()?;
        let part = spool.part(0, self.len);
        if self.len > SMALL {
            return Ok(part);
        }
        let len = usize::try_from(self.len).map_err(io::Error::other)?;
        Ok(bytes(crate::block::read_vec(part.as_ref(), 0, len)?))
    }
}

impl ReadAt for Packed {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        check_range(at, buf.len(), self.len)?;
        if let Some(plain) = self.plain.get() {
            return plain.read_at(at, buf);
        }
        let plain = self.unpack().map_err(Error::into_io)?;
        self.plain.get_or_init(|| plain).read_at(at, buf)
    }
}

impl Content for Packed {}
