//! xar archives, flat packages among them.

use crate::block::{Content, Error, ReadAt, Result, Source, check_range};
use crate::format::archive::{MAX_PATH, Member};
use crate::format::xar::{self, Encoding, Entry, Kind};
use crate::source::archive::gather::Gather;
use crate::source::archive::{Archive, Setting};
use std::io;
use std::sync::{Arc, OnceLock};

/// The most bytes of an extended attribute that is kept.
const MAX_ATTRIBUTE: u64 = 1 << 20;
/// The most characters that are told of a name that is too long.
const TOLD: usize = 80;
/// What errors call it.
const XAR: &str = "xar archive";

pub(super) fn open(source: &Source, name: &str, setting: &Setting) -> Result<Archive> {
    let archive = xar::Archive::open(Arc::clone(source))?;
    let mut gather = Gather::new(None, setting.merge);
    let lens = path_lens(archive.entries());
    for (number, entry) in (0..).zip(archive.entries()) {
        if lens[number as usize] > MAX_PATH {
            gather.leave_out(entry.name.chars().take(TOLD).collect(), "has too long a path");
            continue;
        }
        let path = archive.path(number as usize);
        let bits = match &entry.kind {
            Kind::Directory => Member::DIR,
            Kind::Symlink(_) => Member::SYMLINK,
            Kind::File | Kind::HardLink(_) => Member::FILE,
            Kind::Other(_) => {
                gather.leave_out(path, "is a device, pipe or socket");
                continue;
            }
        };
        let plain = if bits == Member::DIR { 0o755 } else { 0o644 };
        let hard_link = match &entry.kind {
            // Where there is no path, there is nothing to link to.
            Kind::HardLink(to) if lens[*to] > MAX_PATH => Some(Vec::new()),
            Kind::HardLink(to) => Some(archive.path(*to).into_bytes()),
            _ => None,
        };
        let symlink = match &entry.kind {
            Kind::Symlink(target) => Some(target.as_bytes().to_vec()),
            _ => None,
        };
        let member = Member {
            path: path.into_bytes(),
            mode: bits | entry.mode.unwrap_or(plain) & 0o7777,
            uid: entry.uid.unwrap_or(0),
            gid: entry.gid.unwrap_or(0),
            mtime: entry.mtime.and_then(|date| u64::try_from(date).ok()).unwrap_or(0),
            size: entry.size(),
            hard_link,
            symlink,
            xattrs: attributes(&archive, number as usize, &mut gather),
            ..Member::default()
        };
        gather.add(member, number)?;
    }
    let (tree, numbers, left_out) = gather.finish(XAR, &|number| {
        let (archive, number) = (archive.clone(), number as usize);
        let entry = &archive.entries()[number];
        let raw = entry.data.as_ref().is_none_or(|data| data.encoding == Encoding::Raw);
        if raw {
            return archive.contents(number);
        }
        let (size, name) = (entry.size(), format!("{name}/{}", archive.path(number)));
        Ok(Arc::new(Packed { archive, number, size, name, plain: OnceLock::new() }))
    })?;
    Ok(Archive { tree: Arc::new(tree), numbers, sequence: None, left_out, what: XAR })
}

/// The lengths of all paths. A folder comes before what is in it.
fn path_lens(entries: &[Entry]) -> Vec<usize> {
    let mut lens: Vec<usize> = Vec::with_capacity(entries.len());
    for entry in entries {
        let above = entry.parent.and_then(|parent| lens.get(parent)).map_or(0, |len| len + 1);
        lens.push(above.saturating_add(entry.name.len()));
    }
    lens
}

/// An entry's extended attributes, as far as they can be read and held.
fn attributes(
    archive: &xar::Archive,
    number: usize,
    gather: &mut Gather<'_>,
) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for (index, (name, data)) in archive.entries()[number].attributes.iter().enumerate() {
        let value = || -> Result<Vec<u8>> {
            let value = archive.attribute(number, index)?;
            let len = usize::try_from(value.len()).map_err(io::Error::other)?;
            Ok(crate::block::read_vec(value.as_ref(), 0, len)?)
        };
        let fits = data.size <= MAX_ATTRIBUTE && gather.has_room(data.size);
        match fits.then(value) {
            Some(Ok(value)) => found.push((name.to_string(), value)),
            _ => {
                let path = format!("{} ({name})", archive.path(number));
                gather.leave_out(path, "is an attribute that cannot be read");
            }
        }
    }
    found
}

/// A file that is decoded, and its checksum proven, when it is first read.
struct Packed {
    archive: xar::Archive,
    number: usize,
    size: u64,
    name: String,
    plain: OnceLock<Source>,
}

impl ReadAt for Packed {
    fn len(&self) -> u64 {
        self.size
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        check_range(at, buf.len(), self.size)?;
        if let Some(plain) = self.plain.get() {
            return plain.read_at(at, buf);
        }
        let plain = self.archive.contents(self.number);
        let plain = plain.map_err(|error| Error::into_io(error.in_file(&self.name)))?;
        self.plain.get_or_init(|| plain).read_at(at, buf)
    }
}

// Where it is unpacked to is known only once it was read, and who lays out a
// volume must not see whether it was.
impl Content for Packed {}
