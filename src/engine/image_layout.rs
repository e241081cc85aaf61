//! Where on a disk the parts of a finished image go, and what need not be
//! written of them. Pure: nothing is written here.
//!
//! A GUID partition table is made anew, for the disk's sectors and its true
//! end. Every other table, and an image without one, goes as it is.

use crate::block::{Error, Map, ReadAt, Source, bytes, read_vec, slice};
use crate::format::detect::Format;
use crate::format::gpt::{self, Guid};
use crate::format::partition::{Kind, Part, partitions};
use crate::format::{apm, mbr};
use crate::media::unused;
use crate::volume::fat;
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// What is kept back at both ends of an image without a GPT.
const ENDS: u64 = 64 << 10;

/// An image for a disk.
pub(super) struct Layout {
    /// What goes where; as long as the disk.
    pub(super) map: Map,
    /// What is written last, in this order.
    pub(super) withheld: Vec<Range<u64>>,
    /// What need not be written.
    pub(super) free: Vec<Range<u64>>,
    /// The bytes that the disk must have.
    pub(super) needs: u64,
    /// What the user should know, one line each.
    pub(super) notes: Vec<String>,
}

/// Lays an image out for a disk of `len` bytes.
pub(super) fn lay_out(disk: &Source, len: u64, sector: u32) -> Result<Layout, Error> {
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
    matches!(part.kind, Kind::Gpt(_))
}

/// Byte for byte; the ends and the headers are kept back.
fn as_it_is(disk: &Source, parts: &[Part], len: u64, sector: u32) -> Result<Layout, Error> {
    let size = u64::from(sector);
    fits(disk, parts, sector)?;
    let needs = disk.len().next_multiple_of(size);
    let mut map = Map::new(len.max(needs));
    map.push(0, Arc::clone(disk), None);
    let head = ENDS.min(needs);
    let tail = needs.saturating_sub(ENDS).max(head) / size * size;
    let mut withheld = headers(parts, size);
    withheld.retain(|header| header.start >= head && header.end <= tail);
    withheld.extend([tail..needs, size..head, 0..size]);
    withheld.retain(|range| range.start < range.end);
    let mut notes = Vec::new();
    let mut free = unused_in(disk, parts, &mut notes)?;
    free.push(needs..map.len());
    Ok(Layout { map, withheld, free, needs, notes })
}

/// Whether a table that is not made anew means the same on this disk.
fn fits(disk: &Source, parts: &[Part], sector: u32) -> Result<(), Error> {
    let hint = "take a disk with sectors of 512 bytes";
    let refuse = |what, field, unit: u32| Err(Error::unsupported(what, field, unit, hint));
    if sector > 512 && parts.iter().any(|part| matches!(part.kind, Kind::Mbr(_))) {
        return refuse("a master boot record, which counts sectors of 512 bytes", "lba", 512);
    }
    let table = gpt::read(disk.as_ref()).ok().flatten().map(|table| table.sector);
    if let Some(unit) = table.filter(|unit| *unit != sector) {
        return refuse("a hybrid disc for other sectors", "MyLBA", unit);
    }
    let map = parts.iter().any(|part| matches!(part.kind, Kind::Apm(_)));
    let unit = apm::read(disk.as_ref()).ok().flatten().filter(|_| map).map(|map| map.unit);
    match unit.filter(|unit| *unit < sector) {
        Some(unit) => refuse("an Apple partition map for smaller sectors", "sbBlkSize", unit),
        None => Ok(()),
    }
}

/// What no file has of the HFS+ volumes. Of one that does not check clean,
/// all is written: then nobody knows what is free.
fn unused_in(
    disk: &Source,
    parts: &[Part],
    notes: &mut Vec<String>,
) -> Result<Vec<Range<u64>>, Error> {
    let is_plain = |part: &&Part| {
        let format = part.found.as_ref().map(|found| found.format);
        let apart = |other: &Part| {
            other.range.end <= part.range.start || other.range.start >= part.range.end
        };
        matches!(format, Some(Format::HfsPlus | Format::Hfsx))
            && parts.iter().filter(|other| !apart(other)).count() == 1
    };
    let mut free = Vec::new();
    for part in parts.iter().filter(is_plain) {
        match unused(&part.open(disk)?)? {
            Some(ranges) => {
                let start = part.range.start;
                free.extend(ranges.into_iter().map(|r| start + r.start..start + r.end));
            }
            None => notes.push(format!(
                "the HFS+ volume {:?} does not check clean: its free room is written, too",
                part.name
            )),
        }
    }
    Ok(free)
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
    free.extend(unused_in(disk, &parts, &mut notes)?);
    free.sort_unstable_by_key(|range| range.start);
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
