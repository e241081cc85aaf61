//! A finished image to a disk: its table is made anew, since the disk is
//! mostly larger, and may have other sectors.

use crate::block::{Bypass, Error, Map, Medium, ReadAt, Source, Value, bytes, read_vec, slice};
use crate::engine::burn::{Burnt, Disk, Reading, Written, told, whole};
use crate::engine::events::{Event, Sink, Stage, Stop};
use crate::engine::hash;
use crate::engine::problem::{Problem, Result};
use crate::engine::progress::Progress;
use crate::engine::prove::{Proofs, tell, wrong};
use crate::engine::record::Record;
use crate::engine::request::Verify;
use crate::format::gpt::{self, Guid};
use crate::format::mbr;
use crate::format::partition::{Part, partitions};
use crate::format::stream::{Codec, decode, limit_for};
use crate::media::burn::{self, Job};
use crate::media::pass::Digests;
use crate::media::read_back::Sent;
use crate::source::{OpenImage, Opener, tables};
use crate::volume::fat;
use std::fs::File;
use std::io::{self, BufReader};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// What is kept back at both ends of an image without a GPT.
const ENDS: u64 = 64 << 10;

/// An image as a disk will hold it.
pub struct DiskImage {
    name: String,
    map: Map,
    withheld: Vec<Range<u64>>,
    free: Vec<Range<u64>>,
    needs: u64,
    sector: u32,
    key: String,
    images: Vec<OpenImage>,
    opener: Opener,
}

impl DiskImage {
    /// The bytes that a disk must have.
    #[must_use]
    pub const fn needs(&self) -> u64 {
        self.needs
    }
}

/// Opens an image, unpacks it where it is compressed, and lays it out for a
/// disk of this size and sector.
///
/// # Errors
/// A [`Problem`], when it cannot be read, or cannot be put on such a disk.
pub fn open_image(
    path: &Path,
    len: u64,
    sector: u32,
    sink: &mut dyn Sink,
    stop: &Stop,
) -> Result<DiskImage> {
    let name = path.display().to_string();
    let fail = |error: Error| Problem::reading(&name, error);
    let opener = Opener::new();
    let disk = match unpacked(path, sink, stop).map_err(fail)? {
        Some(unpacked) => unpacked,
        None => {
            let item = opener.resolve(path).map_err(fail)?;
            opener.disk(&item).map_err(fail)?
        }
    };
    let found = lay_out(&disk, len, sector).map_err(fail)?;
    for text in found.notes {
        sink.send(Event::Warned { text });
    }
    let sketch = hash::sketch(path).map_err(fail)?;
    Ok(DiskImage {
        key: format!("image {}", hash::hex(sketch)),
        name,
        map: found.map,
        withheld: found.withheld,
        free: found.free,
        needs: found.needs,
        sector,
        images: opener.images(),
        opener,
    })
}

/// A compressed image in a temporary file; none when it is not compressed.
fn unpacked(path: &Path, sink: &mut dyn Sink, stop: &Stop) -> Result<Option<Source>, Error> {
    let mut file = File::open(path)?;
    let mut head = [0; 8];
    let count = io::Read::read(&mut file, &mut head)?;
    if head[..count].starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let magic = Value::Hex(0xfd2f_b528);
        let what = "a zstd file";
        return Err(Error::unsupported(what, "Magic_Number", magic, "unpack it with `unzstd`"));
    }
    let codec = Codec::of(&head[..count]);
    let Some(codec) = codec.filter(|codec| *codec != Codec::Pbzx && *codec != Codec::Zlib) else {
        return Ok(None);
    };
    io::Seek::rewind(&mut file)?;
    let packed = file.metadata()?.len();
    let what = path.display().to_string();
    sink.send(Event::Started { stage: Stage::Read, what: format!("{what}, unpacked"), total: 0 });
    let mut reader = decode(codec, BufReader::new(file), limit_for(packed))?;
    let mut out = tempfile::tempfile()?;
    copy(&mut *reader, &mut out, stop)?;
    sink.send(Event::Finished { stage: Stage::Read });
    Ok(Some(Arc::new(crate::block::FileBytes::new(out)?)))
}

fn copy(from: &mut dyn io::Read, to: &mut File, stop: &Stop) -> io::Result<()> {
    let mut buf = vec![0; 1 << 20];
    loop {
        if stop.raised() {
            return Err(io::Error::from(io::ErrorKind::Interrupted));
        }
        let count = from.read(&mut buf)?;
        if count == 0 {
            return Ok(());
        }
        io::Write::write_all(to, &buf[..count])?;
    }
}

struct Layout {
    map: Map,
    withheld: Vec<Range<u64>>,
    free: Vec<Range<u64>>,
    needs: u64,
    notes: Vec<String>,
}

fn lay_out(disk: &Source, len: u64, sector: u32) -> Result<Layout, Error> {
    let parts = partitions(disk).unwrap_or_default();
    let table = gpt::read(disk.as_ref()).ok().flatten();
    let others = table.as_ref().and_then(|table| mbr::read(disk.as_ref(), table.sector).ok()?);
    let hybrid = others.is_some_and(|others| others.iter().any(|p| p.kind != mbr::PROTECTIVE));
    match table {
        Some(table) if !hybrid && parts.iter().all(is_of_gpt) => {
            by_table(disk, &table, &parts, len, sector)
        }
        _ => as_it_is(disk, &parts, len, sector),
    }
}

fn is_of_gpt(part: &Part) -> bool {
    matches!(part.kind, crate::format::partition::Kind::Gpt(_))
}

/// Byte for byte; the ends and the headers are kept back.
fn as_it_is(disk: &Source, parts: &[Part], len: u64, sector: u32) -> Result<Layout, Error> {
    let size = u64::from(sector);
    let needs = disk.len().next_multiple_of(size);
    let mut map = Map::new(len.max(needs));
    map.push(0, Arc::clone(disk), None);
    let head = ENDS.min(needs);
    let tail = needs.saturating_sub(ENDS).max(head) / size * size;
    let mut withheld = headers(parts, size);
    withheld.retain(|header| header.start >= head && header.end <= tail);
    withheld.extend([tail..needs, size..head, 0..size]);
    withheld.retain(|range| range.start < range.end);
    Ok(Layout {
        free: std::iter::once(needs..map.len()).collect(),
        map,
        withheld,
        needs,
        notes: Vec::new(),
    })
}

/// The sectors with both headers of each HFS+ volume.
fn headers(parts: &[Part], size: u64) -> Vec<Range<u64>> {
    let volumes = parts.iter().filter(|part| part.is_hfs_plus());
    let both = volumes.flat_map(|part| {
        let (first, last) = (part.range.start + 1024, part.range.end.saturating_sub(1024));
        [first..first + 512, last..last + 512]
    });
    both.map(|range| range.start / size * size..range.end.next_multiple_of(size)).collect()
}

/// With a new table at both true ends of the disk.
fn by_table(
    disk: &Source,
    table: &gpt::Gpt,
    parts: &[Part],
    len: u64,
    sector: u32,
) -> Result<Layout, Error> {
    let (old, size) = (u64::from(table.sector), u64::from(sector));
    let mut notes = Vec::new();
    if old != size {
        notes.push(format!(
            "the image has sectors of {old} bytes and the disk of {size}: its partition table is made anew"
        ));
    }
    let kept = kept(disk, table, parts, size, &mut notes)?;
    let end = kept.iter().map(|(_, range)| range.end).max().unwrap_or(0);
    // Behind the last partition: the backup table.
    let needs = (end + 128 * 128 + size).next_multiple_of(size).max(1 << 20);
    let len = len.max(needs);
    let entries: Vec<_> = kept
        .iter()
        .map(|(entry, range)| gpt::Entry {
            first: range.start / size,
            last: range.end / size - 1,
            ..(*entry).clone()
        })
        .collect();
    let tables = gpt::tables(sector, len / size, table.disk, &entries)
        .map_err(|error| Error::Io(io::Error::other(error.to_string())))?;
    let primary = size..size + tables.primary.len() as u64;
    let backup = tables.backup_at..tables.backup_at + tables.backup.len() as u64;
    let mut first = tables.protective;
    // Boot code is kept: it does no harm where it is not run.
    let code = read_vec(&**disk, 0, 440)?;
    first[..440].copy_from_slice(&code);
    let mut map = Map::new(len);
    map.push(0, bytes(first), None);
    map.push(size, bytes(tables.primary), None);
    let mut ranges: Vec<_> = kept.iter().map(|(_, range)| range.clone()).collect();
    ranges.sort_by_key(|range| range.start);
    let mut free = vec![];
    let mut at = primary.end;
    for range in &ranges {
        free.push(at.min(range.start)..range.start);
        at = range.end;
        let part = slice(disk, range.start, range.end - range.start)?;
        if let Ok(used) = fat::used(&part) {
            free.push(range.start + used.end..range.end);
        }
        map.push(range.start, part, None);
    }
    free.push(at..backup.start.max(at));
    map.push(backup.start, bytes(tables.backup), None);
    let inside = |part: &&Part| ranges.contains(&part.range);
    let parts: Vec<Part> = parts.iter().filter(inside).cloned().collect();
    let mut withheld = headers(&parts, size);
    withheld.extend([backup, primary, 0..size]);
    Ok(Layout { map, withheld, free, needs, notes })
}

/// The partitions that a disk with sectors of `size` bytes can have.
fn kept<'t>(
    disk: &Source,
    table: &'t gpt::Gpt,
    parts: &[Part],
    size: u64,
    notes: &mut Vec<String>,
) -> Result<Vec<(&'t gpt::Entry, Range<u64>)>, Error> {
    let mut kept = Vec::new();
    for entry in &table.entries {
        let range = table.range(entry);
        if u64::from(table.sector) != size {
            let fits = range.start.is_multiple_of(size) && range.end.is_multiple_of(size);
            let is_hfs = parts.iter().any(|part| part.range == range && part.is_hfs_plus());
            if entry.kind == Guid::EFI_SYSTEM {
                let volume = slice(disk, range.start, range.end - range.start)?;
                if fat::used(&volume).is_ok_and(|used| used.is_empty) {
                    notes.push("the EFI partition, which is empty, is left out".to_owned());
                    continue;
                }
                let what = "an EFI partition with files, made for other sectors";
                return Err(Error::unsupported(what, "BPB_BytsPerSec", table.sector, ""));
            }
            if !fits || !is_hfs {
                let what = "a partition that a disk with such sectors cannot have";
                let hint = "build it for this disk: lionize build --device";
                return Err(Error::unsupported(what, "StartingLBA", entry.first, hint));
            }
        }
        kept.push((entry, range));
    }
    Ok(kept)
}

/// Writes an image to a disk and proves it.
///
/// # Errors
/// As [`crate::engine::burn_plan`].
pub fn burn_image(
    image: &DiskImage,
    disk: &Disk,
    medium: &mut dyn Medium,
    verify: Verify,
    threads: usize,
    sink: &mut dyn Sink,
    stop: &Stop,
) -> Result<Burnt> {
    if image.map.len() != medium.len() || image.sector != medium.granule() {
        return Err(Problem::ours("the image was laid out for another disk"));
    }
    let threads = super::build::threads(threads);
    let progress = Progress::new(sink);
    let job = Job::new(&image.map, &image.withheld, &image.free, image.sector);
    let record = Record::of(&disk.key, &image.key);
    let prove = |seen: &Source, how: Bypass, digests: &Digests| {
        let mut proofs = Proofs::default();
        sources(image, threads, &progress, &mut proofs)?;
        progress.start(Stage::Verify, &disk.path.display().to_string(), seen.len());
        if verify != Verify::None {
            structures(image, seen, &mut proofs)?;
        }
        if verify == Verify::Full {
            let reading = Reading { threads, stop, progress: &progress };
            whole(&reading, seen, how, &Sent { volume: None, digests }, &mut proofs)?;
        } else {
            proofs.unproven.push("what was written was not read back".to_owned());
        }
        if let Some(path) = image.opener.changed() {
            let text = format!("{} was changed while it was read", path.display());
            return Err(Problem::bad_input(text));
        }
        progress.finish(Stage::Verify);
        Ok(proofs)
    };
    let work = Written { disk, job: &job, threads, stop, progress: &progress, aside: None };
    work.run(medium, record, prove)
}

fn sources(
    image: &DiskImage,
    threads: usize,
    progress: &Progress<'_>,
    proofs: &mut Proofs,
) -> Result<()> {
    for source in &image.images {
        let add = |more| progress.add(Stage::Verify, more);
        let found = source.prove(threads, &add).map_err(|error| {
            wrong(format!("{} does not hold what it should", source.name)).because(error)
        })?;
        tell(&source.name, &found, proofs);
    }
    Ok(())
}

/// Both tables must be read as they were meant.
fn structures(image: &DiskImage, seen: &Source, proofs: &mut Proofs) -> Result<()> {
    let Ok(found) = tables(seen) else {
        proofs.unproven.push(format!("{} has no table or volume that is known", image.name));
        return Ok(());
    };
    if !found.faults.is_empty() && found.gpt {
        let mut problem = wrong("the partition tables on the disk are wrong");
        problem.causes = found.faults;
        return Err(problem);
    }
    if found.gpt {
        proofs.proofs.push("both copies of the partition table agree".to_owned());
    }
    Ok(())
}

/// Erases a disk: no table and no volume stays.
///
/// # Errors
/// A [`Problem`].
pub fn erase(disk: &Disk, medium: &mut dyn Medium) -> Result<()> {
    burn::erase(medium, &disk.old)
        .map_err(|trouble| told(&disk.path.display().to_string(), trouble))?;
    let _ = medium.announce();
    Ok(())
}
