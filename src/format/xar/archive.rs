//! An archive: its entries, what they hold, and whether their checksums are right.

use crate::block::{Error, ReadAt, Result, Source, bytes, read_vec, slice};
use crate::format::xar::contents::{self, Checked, Stream};
use crate::format::xar::header::Header;
use crate::format::xar::toc::{self, Signature, Toc};
use crate::format::xar::{Check, Checksum, Data, Encoding, Entry, Kind, Style, TOC};
use flate2::read::ZlibDecoder;
use std::collections::HashMap;
use std::io::{self, BufReader, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes that are read at a time to make a checksum.
const PIECE: usize = 256 << 10;

/// An open archive; clones share it.
#[derive(Clone)]
pub struct Archive(Arc<Inner>);

struct Inner {
    source: Source,
    /// The stored table.
    table: Source,
    heap: u64,
    toc: Toc,
    /// The table's checksum as stated, which is also what signatures sign.
    stated: Option<Checksum>,
    check: Check,
    /// Which raw entries were proven already.
    proven: Mutex<HashMap<usize, Arc<AtomicBool>>>,
}

/// What the files' checksums proved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    /// Files (and extended attributes) whose contents have a right checksum.
    pub passed: u64,
    /// Those without any.
    pub absent: u64,
    /// Those with a checksum of a kind that is not checked.
    pub not_checked: u64,
}

impl Archive {
    /// Reads the header and the table of contents.
    ///
    /// # Errors
    /// `Corrupt`, naming the field: a header, table or entry that breaks the
    /// rules, a limit that is passed, a wrong checksum of the table.
    pub fn open(source: Source) -> Result<Self> {
        let header = Header::read(source.as_ref())?;
        let heap = header.heap();
        let table = slice(&source, header.size.into(), header.toc)?;
        let toc = read_toc(&header, &table)?;
        let stated = stated(&header, &toc, source.as_ref())?;
        let check = check_toc(stated.as_ref(), Arc::clone(&table))?;
        let room = source.len() - heap;
        let inside = |offset: u64, size: u64| offset <= room && size <= room - offset;
        for entry in &toc.entries {
            let data = entry.data.as_deref().into_iter();
            for data in data.chain(entry.attributes.iter().map(|(_, data)| data)) {
                data.check(room)?;
            }
        }
        for signature in &toc.signatures {
            if !inside(signature.offset, signature.size) {
                let rule = "behind the heap's end with its size added";
                return Err(Error::corrupt(TOC, "signature offset", signature.offset, rule));
            }
        }
        let proven = Mutex::default();
        Ok(Self(Arc::new(Inner { source, table, heap, toc, stated, check, proven })))
    }

    /// All entries, folders before what is in them.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.0.toc.entries
    }

    /// The entries of a folder, or of the top.
    pub fn children(&self, folder: Option<usize>) -> impl Iterator<Item = usize> {
        let entries = self.entries().iter().enumerate();
        entries.filter(move |(_, entry)| entry.parent == folder).map(|(index, _)| index)
    }

    /// The entry at a path of names; links are not followed.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<usize> {
        let mut names = path.split('/').filter(|name| !name.is_empty());
        names.try_fold(None, |folder, name| {
            let mut inside = self.children(folder);
            inside.find(|index| *self.entries()[*index].name == *name).map(Some)
        })?
    }

    /// An entry's path, its names joined by `/`.
    #[must_use]
    pub fn path(&self, index: usize) -> String {
        let mut names = Vec::new();
        let mut at = Some(index);
        // A parent's index is below its child's.
        while let Some(entry) = at.and_then(|at| self.entries().get(at)) {
            names.push(entry.name.as_ref());
            at = entry.parent;
        }
        names.reverse();
        names.join("/")
    }

    /// What a file holds: a part of the archive where it is stored as it is,
    /// else decoded as a whole, checked and kept.
    ///
    /// # Errors
    /// For what is no file; `Corrupt` for what cannot be decoded, and for a
    /// wrong checksum.
    pub fn contents(&self, index: usize) -> Result<Source> {
        let (index, data) = self.file(index)?;
        let Some(data) = data else { return Ok(bytes([])) };
        if data.encoding != Encoding::Raw {
            self.check_stored(data)?;
            return contents::spool(data, self.stored(data)?);
        }
        let inner = self.stored(data)?;
        let stated = data.extracted.as_ref().or(data.archived.as_ref());
        Ok(match stated {
            Some(stated) if stated.style.hasher().is_some() => {
                let (proven, stated) = (self.proven(index), stated.clone());
                Arc::new(Checked { inner, stated, proven, so_far: Mutex::new(None) })
            }
            _ => inner,
        })
    }

    /// What an extended attribute of an entry holds.
    ///
    /// # Errors
    /// As [`Archive::contents`].
    pub fn attribute(&self, index: usize, attribute: usize) -> Result<Source> {
        let entry = self.entry(index)?;
        let Some((_, data)) = entry.attributes.get(attribute) else {
            return Err(Error::Io(io::Error::from(io::ErrorKind::NotFound)));
        };
        self.check_stored(data)?;
        contents::spool(data, self.stored(data)?)
    }

    /// Proves a file's checksums; `progress` is told of stored bytes.
    ///
    /// # Errors
    /// `Corrupt` for a wrong one.
    pub fn verify(&self, index: usize, progress: &(dyn Fn(u64) + Sync)) -> Result<Check> {
        let (index, data) = self.file(index)?;
        let Some(data) = data else { return Ok(Check::Absent) };
        let check = self.verify_data(data, progress)?;
        self.proven(index).store(matches!(check, Check::Passed(_)), Ordering::Relaxed);
        Ok(check)
    }

    /// Proves the checksums of all files and attributes.
    ///
    /// # Errors
    /// `Corrupt` for the first wrong one, with the file's path.
    pub fn verify_all(&self, progress: &(dyn Fn(u64) + Sync)) -> Result<Checks> {
        let mut checks = Checks::default();
        let mut count = |check| match check {
            Check::Passed(_) => checks.passed += 1,
            Check::Absent => checks.absent += 1,
            Check::NotChecked(_) => checks.not_checked += 1,
        };
        for (index, entry) in self.entries().iter().enumerate() {
            if entry.kind == Kind::File && entry.data.is_some() {
                let check = self.verify(index, progress);
                count(check.map_err(|error| error.in_file(&self.path(index)))?);
            }
            for (_, data) in &entry.attributes {
                let check = self.verify_data(data, progress);
                count(check.map_err(|error| error.in_file(&self.path(index)))?);
            }
        }
        Ok(checks)
    }

    /// Stored bytes that [`Archive::verify_all`] tells the progress of.
    #[must_use]
    pub fn verify_len(&self) -> u64 {
        let of = |entry: &Entry| {
            let data = entry.data.as_ref().map_or(0, |data| data.length);
            entry.attributes.iter().fold(data, |sum, (_, data)| sum.saturating_add(data.length))
        };
        self.entries().iter().map(of).fold(0, u64::saturating_add)
    }

    /// What became of the table's checksum.
    #[must_use]
    pub fn toc_check(&self) -> &Check {
        &self.0.check
    }

    /// The table's checksum: what signatures sign.
    #[must_use]
    pub fn toc_checksum(&self) -> Option<&Checksum> {
        self.0.stated.as_ref()
    }

    /// The table of contents as it is stored.
    pub(super) fn stored_toc(&self) -> &Source {
        &self.0.table
    }

    /// The signatures that the table states.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.0.toc.signatures
    }

    /// A signature's bytes.
    ///
    /// # Errors
    /// More of them than a signature has; what the medium reports.
    pub fn signature_bytes(&self, signature: &Signature) -> Result<Vec<u8>> {
        let len = usize::try_from(signature.size).ok().filter(|len| *len <= 1 << 20);
        let len = len.ok_or_else(|| {
            Error::corrupt(TOC, "signature size", signature.size, "more than the limit of 1 MiB")
        })?;
        let source = slice(&self.0.source, self.0.heap + signature.offset, signature.size)?;
        Ok(read_vec(source.as_ref(), 0, len)?)
    }

    /// When it says that it was made, as it says it.
    #[must_use]
    pub fn created(&self) -> Option<&str> {
        self.0.toc.created.as_deref()
    }

    /// When it says that it was signed, in seconds since 1970. No proof.
    #[must_use]
    pub fn signed(&self) -> Option<i64> {
        const TO_2001: i64 = 978_307_200;
        self.0.toc.signed.and_then(|seconds| seconds.checked_add(TO_2001))
    }

    fn entry(&self, index: usize) -> Result<&Entry> {
        let missing = || Error::Io(io::Error::from(io::ErrorKind::NotFound));
        self.entries().get(index).ok_or_else(missing)
    }

    /// A file's index and contents, a hard link's being its target's.
    fn file(&self, index: usize) -> Result<(usize, Option<&Data>)> {
        match &self.entry(index)?.kind {
            Kind::File => Ok((index, self.entries()[index].data.as_deref())),
            // Links to links were refused when the table was read.
            Kind::HardLink(to) => Ok((*to, self.entries()[*to].data.as_deref())),
            Kind::Directory => Err(Error::Io(io::Error::from(io::ErrorKind::IsADirectory))),
            Kind::Symlink(_) | Kind::Other(_) => {
                let text = format!("{} is no file", self.path(index));
                Err(Error::Io(io::Error::new(io::ErrorKind::InvalidInput, text)))
            }
        }
    }

    fn stored(&self, data: &Data) -> Result<Source> {
        Ok(slice(&self.0.source, self.0.heap + data.offset, data.length)?)
    }

    fn proven(&self, index: usize) -> Arc<AtomicBool> {
        let mut all = self.0.proven.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(index).or_default())
    }

    /// Proves the checksum of the stored bytes.
    fn check_stored(&self, data: &Data) -> Result<()> {
        let Some(mut hasher) = data.archived.as_ref().and_then(|sum| sum.style.hasher()) else {
            return Ok(());
        };
        read_all(self.stored(data)?, &mut |piece| hasher.update(piece))?;
        contents::compare("archived-checksum", data.archived.as_ref(), Some(hasher))
    }

    /// Proves both checksums of contents; what cannot be decoded by its stored bytes.
    fn verify_data(&self, data: &Data, progress: &(dyn Fn(u64) + Sync)) -> Result<Check> {
        // Raw bytes that have one checksum twice are read once.
        if data.encoding != Encoding::Raw || data.archived != data.extracted {
            self.check_stored(data)?;
        }
        let mut stated = data.archived.as_ref();
        if !matches!(data.encoding, Encoding::Other(_)) {
            contents::decode(data, self.stored(data)?, &mut |_| Ok(()))?;
            stated = data.extracted.as_ref().or(stated);
        }
        progress(data.length);
        Ok(stated.map_or(Check::Absent, |sum| match sum.style.hasher() {
            Some(_) => Check::Passed(sum.style.clone()),
            None => Check::NotChecked(sum.style.clone()),
        }))
    }
}

fn read_toc(header: &Header, stored: &Source) -> Result<Toc> {
    let decoder = ZlibDecoder::new(Stream::new(Arc::clone(stored)));
    let mut limited = Counted { inner: decoder, done: 0, limit: header.plain_toc };
    let toc = toc::read(BufReader::with_capacity(64 << 10, &mut limited))?;
    if limited.done != header.plain_toc {
        let rule = "not the number of bytes in the table";
        return Err(Error::corrupt(
            super::header::HEADER,
            "toc_length_uncompressed",
            header.plain_toc,
            rule,
        ));
    }
    Ok(toc)
}

/// Stops at the number of bytes that the header promised.
struct Counted<R> {
    inner: R,
    done: u64,
    limit: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::UnexpectedEof => {
                Error::complaint(TOC, error, "it cannot be unpacked").into_io()
            }
            _ => error,
        })?;
        self.done += n as u64;
        if self.done > self.limit {
            let rule = "less than the number of bytes in the table";
            let field = "toc_length_uncompressed";
            return Err(Error::corrupt(super::header::HEADER, field, self.limit, rule).into_io());
        }
        Ok(n)
    }
}

/// The table's checksum as the heap holds it.
fn stated(header: &Header, toc: &Toc, from: &dyn ReadAt) -> Result<Option<Checksum>> {
    let none = Style::named("none");
    let in_header = header.checksum.as_ref().unwrap_or(&none);
    let in_table = toc.checksum.as_ref().map_or(&none, |(style, ..)| style);
    if in_header != in_table {
        let rule = "not the algorithm that the header names";
        let both = format!("{} (header: {})", in_table.name(), in_header.name());
        return Err(Error::corrupt(TOC, "checksum style", both, rule));
    }
    let Some((style, offset, size)) = toc.checksum.as_ref().filter(|(style, ..)| *style != none)
    else {
        return Ok(None);
    };
    if style.bytes().is_some_and(|len| len != *size) || *size > 1024 {
        return Err(Error::corrupt(TOC, "checksum size", *size, "not the length of its style"));
    }
    let room = from.len() - header.heap();
    if *offset > room || *size > room - offset {
        let rule = "behind the heap's end with its size added";
        return Err(Error::corrupt(TOC, "checksum offset", *offset, rule));
    }
    // At most 1024, as checked above.
    let len = usize::try_from(*size).unwrap_or(0);
    let value = read_vec(from, header.heap() + offset, len)?;
    Ok(Some(Checksum { style: style.clone(), value: value.into() }))
}

fn check_toc(stated: Option<&Checksum>, stored: Source) -> Result<Check> {
    let Some(stated) = stated else { return Ok(Check::Absent) };
    let Some(mut hasher) = stated.style.hasher() else {
        return Ok(Check::NotChecked(stated.style.clone()));
    };
    read_all(stored, &mut |piece| hasher.update(piece))?;
    if hasher.finish()[..] != stated.value[..] {
        let value = format!("{} {}", stated.style.name(), super::hex(&stated.value));
        let rule = "not the checksum of the table";
        return Err(Error::corrupt(TOC, "checksum", value, rule));
    }
    Ok(Check::Passed(stated.style.clone()))
}

fn read_all(source: Source, sink: &mut dyn FnMut(&[u8])) -> Result<()> {
    let (mut stream, mut piece) = (Stream::new(source), vec![0; PIECE]);
    loop {
        match stream.read(&mut piece)? {
            0 => return Ok(()),
            n => sink(&piece[..n]),
        }
    }
}
