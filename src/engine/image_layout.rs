//! Where on a disk the parts of a finished image go, and what need not be
//! written of them. Pure: nothing is written here.
//!
//! A GUID partition table is made anew, for the disk's sectors and its true
//! end. Every other table, and an image without one, goes as it is. What some
//! boot programs keep before and between partitions goes with them; what an
//! image holds behind its last partition does not.

use crate::block::{Error, Map, ReadAt, Source, bytes, read_vec, slice};
use crate::format::detect::Format;
use crate::format::gpt::{self, Guid};
use crate::format::partition::{Kind, Part, partitions};
use crate::format::{apm, mbr};
use crate::media::unused;
use crate::volume::fat;
use crate::volume::hfsplus::{Journal, Volume};
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// What to do when an image is for other disks.
const REBUILD: &str = "build it for this disk: lionize build --device";

/// What is kept back at both ends of an image without a GPT.
const ENDS: u64 = 64 << 10;
/// What lies between partitions is looked at in pieces of this.
const PIECE: u64 = 1 << 20;

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
    parts.iter().try_for_each(|part| blocks_fit(disk, part, sector))?;
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

/// Refuses an HFS+ volume whose blocks are smaller than the disk's sectors: as
/// we make none for such a disk, none is put there.
fn blocks_fit(disk: &Source, part: &Part, sector: u32) -> Result<(), Error> {
    let volume = part.is_hfs_plus().then(|| part.open(disk)).transpose()?;
    let opened = volume.map(|volume| Volume::open_with(volume, Journal::Ignore));
    // Of one that cannot be opened nothing is known, and so it is for all disks.
    let Some(Ok(volume)) = opened else { return Ok(()) };
    let block = volume.header().block_size;
    if block >= sector {
        return Ok(());
    }
    let what = "an HFS+ volume with blocks smaller than the sectors of the disk";
    Err(Error::unsupported(what, "blockSize", block, REBUILD))
}

/// What no file has of the HFS+ volumes. Of one that does not check clean,
/// all is written: then nobody knows what is free.
fn unused_in(
    disk: &Source,
    parts: &[Part],
    notes: &mut Vec<String>,
) -> Result<Vec<Range<u64>>, Error> {
    if is_optical(disk)? {
        // What HFS+ calls free may be a file of the other volume's.
        return Ok(Vec::new());
    }
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

/// Whether an ISO 9660 or UDF volume lies below whatever table there is.
fn is_optical(disk: &Source) -> Result<bool, Error> {
    const AT: u64 = 32_769;
    if disk.len() < AT + 5 {
        return Ok(false);
    }
    let found = read_vec(&**disk, AT, 5)?;
    Ok([&b"CD001"[..], b"BEA01"].contains(&found.as_slice()))
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
    if table.backup {
        notes.push(
            "the first copy of the image's partition table is damaged: the second is read, and \
             both are made anew"
                .to_owned(),
        );
    }
    if old != size {
        notes.push(format!(
            "the image has sectors of {old} bytes and the disk of {size}: its partition table is made anew"
        ));
    }
    parts.iter().try_for_each(|part| blocks_fit(disk, part, sector))?;
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
        for run in between(disk, table, at..range.start, sector, &mut notes)? {
            free.push(at..run.start);
            at = run.end;
            map.push(run.start, slice(disk, run.start, run.end - run.start)?, None);
        }
        free.push(at.min(range.start)..range.start);
        at = range.end;
        let part = slice(disk, range.start, range.end - range.start)?;
        let is_fat = parts.iter().any(|part| part.range == *range && is_fat(part));
        // Sector 0 of any other volume may be left over from a FAT.
        if let Some(used) = fat::used(&part).ok().filter(|_| is_fat) {
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

fn is_fat(part: &Part) -> bool {
    part.found.as_ref().is_some_and(|found| found.format == Format::Fat)
}

/// What an image holds in a gap between its partitions, ascending and apart:
/// pieces that are not all zeros. Boot programs know their place by sectors, so
/// for a disk with others nothing is kept, and that is said.
fn between(
    disk: &Source,
    table: &gpt::Gpt,
    gap: Range<u64>,
    sector: u32,
    notes: &mut Vec<String>,
) -> Result<Vec<Range<u64>>, Error> {
    // The old table's own sectors are no gap.
    let mut at = gap.start.max(table.usable.start.saturating_mul(table.sector.into()));
    let mut runs: Vec<Range<u64>> = Vec::new();
    while at < gap.end {
        let Some(data) = disk.data(at).filter(|data| data.start < gap.end) else { break };
        let start = data.start.max(at);
        let end = (start / PIECE * PIECE + PIECE).min(gap.end);
        let piece = read_vec(&**disk, start, usize::try_from(end - start).unwrap_or(0))?;
        let sectors = start / u64::from(sector) * u64::from(sector)..end;
        match runs.last_mut() {
            _ if piece.iter().all(|byte| *byte == 0) => {}
            Some(last) if last.end >= sectors.start => last.end = end,
            _ => runs.push(sectors),
        }
        at = end;
    }
    if table.sector != sector && !runs.is_empty() {
        let (start, end) = (runs[0].start, runs.last().map_or(0, |run| run.end));
        notes.push(format!(
            "what the image holds between its partitions, in bytes {start} to {end}, is left out"
        ));
        runs.clear();
    }
    Ok(runs)
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
                return Err(Error::unsupported(what, "BPB_BytsPerSec", table.sector, REBUILD));
            }
            if !fits || !is_hfs {
                let what = "a partition that a disk with such sectors cannot have";
                return Err(Error::unsupported(what, "StartingLBA", entry.first, REBUILD));
            }
        }
        kept.push((entry, range));
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{self, Ids, Media, PartContent, Target};
    use crate::volume::hfsplus::{self, Params, Size};
    use crate::volume::{Body, Case, Meta, Name, Tree};

    const MIB: u64 = 1 << 20;
    /// A partition, and the whole disk.
    const PART: Range<u64> = 8 * MIB..16 * MIB;
    const LEN: u64 = 24 * MIB;

    fn put(disk: &mut [u8], at: u64, data: &[u8]) {
        let at = usize::try_from(at).unwrap();
        disk[at..at + data.len()].copy_from_slice(data);
    }

    /// A disk whose partition looks like an HFS+ volume, and is none.
    fn disk() -> Vec<u8> {
        let entry = gpt::Entry {
            index: 1,
            kind: Guid::HFS_PLUS,
            id: Guid::derive(b"t", "part"),
            name: "part".into(),
            first: PART.start / 512,
            last: PART.end / 512 - 1,
            attributes: 0,
        };
        let disk = Guid::derive(b"t", "disk");
        let tables = gpt::tables(512, LEN / 512, disk, &[entry]).unwrap();
        let mut disk = vec![0; usize::try_from(LEN).unwrap()];
        put(&mut disk, 0, &tables.protective);
        put(&mut disk, 512, &tables.primary);
        put(&mut disk, tables.backup_at, &tables.backup);
        put(&mut disk, PART.start + 1024, b"H+\0\x04");
        disk
    }

    fn is_free(layout: &Layout, at: u64) -> bool {
        layout.free.iter().any(|range| range.contains(&at))
    }

    /// An error and its hint.
    fn refused(image: Vec<u8>) -> (String, &'static str) {
        match lay_out(&bytes(image), LEN, 4096) {
            Err(Error::Unsupported(what)) => {
                (Error::Unsupported(what.clone()).to_string(), what.hint)
            }
            other => panic!("{:?}", other.map(drop)),
        }
    }

    #[test]
    fn what_fits_no_such_disk_says_what_to_do() {
        // No volume, and so nothing that could be moved to other sectors.
        let mut image = disk();
        put(&mut image, PART.start + 1024, &[0; 4]);
        assert_eq!(
            refused(image),
            (
                "this is a partition that a disk with such sectors cannot have, which is not \
                 supported (StartingLBA is 16384)"
                    .to_owned(),
                "build it for this disk: lionize build --device"
            )
        );
        let mut image = vec![0; usize::try_from(LEN).unwrap()];
        (image[446 + 4], image[446 + 9], image[446 + 13]) = (0xaf, 8, 8);
        (image[510], image[511]) = (0x55, 0xaa);
        assert_eq!(
            refused(image),
            (
                "this is a master boot record, which counts sectors of 512 bytes, which is not \
                 supported (lba is 512)"
                    .to_owned(),
                "take a disk with sectors of 512 bytes"
            )
        );
    }

    /// The disk gets whole tables; that the image has none is for its owner to know.
    #[test]
    fn a_damaged_first_table_is_told() {
        let whole = lay_out(&bytes(disk()), LEN, 512).unwrap();
        assert!(whole.notes.iter().all(|note| !note.contains("damaged")), "{:?}", whole.notes);
        let mut image = disk();
        image[512 + 16] ^= 1;
        let layout = lay_out(&bytes(image), LEN, 512).unwrap();
        let note = "the first copy of the image's partition table is damaged: the second is read, \
                    and both are made anew";
        assert!(layout.notes.iter().any(|told| told == note), "{:?}", layout.notes);
        let table = gpt::read(&layout.map).unwrap().unwrap();
        assert!(!table.backup);
    }

    #[test]
    fn what_lies_between_partitions_goes_with_them() {
        let mut image = disk();
        let program = 4 * MIB + 1024;
        put(&mut image, program, b"a boot program");
        let image: Source = bytes(image);
        let layout = lay_out(&image, 2 * LEN, 512).unwrap();
        assert!(!is_free(&layout, program) && is_free(&layout, 2 * MIB), "{:?}", layout.free);
        assert_eq!(read_vec(&layout.map, program, 14).unwrap(), b"a boot program");
        // Behind the last partition there is nothing that is known to be needed.
        assert!(is_free(&layout, PART.end) && is_free(&layout, LEN - 512));
        let layout = lay_out(&image, 2 * LEN, 4096).unwrap();
        assert!(is_free(&layout, program));
        let left_out = format!("in bytes {} to {}, is left out", 4 * MIB, 5 * MIB);
        assert!(layout.notes.iter().any(|note| note.ends_with(&left_out)), "{:?}", layout.notes);
    }

    /// Whoever formats a stick anew may leave the old boot sector as it is.
    #[test]
    fn a_fat_that_was_there_before_frees_nothing() {
        let mut image = disk();
        let mut boot = [0; 512];
        (boot[12], boot[13], boot[14], boot[16], boot[36]) = (2, 8, 32, 2, 64);
        (boot[510], boot[511]) = (0x55, 0xaa);
        put(&mut image, PART.start, &boot);
        put(&mut image, PART.start + 5 * MIB, b"a file");
        let image: Source = bytes(image);
        let part = slice(&image, PART.start, PART.end - PART.start).unwrap();
        assert!(fat::used(&part).unwrap().end < MIB, "it looks like an empty FAT");
        let layout = lay_out(&image, LEN, 512).unwrap();
        assert!(!PART.step_by(512).any(|at| is_free(&layout, at)), "{:?}", layout.free);
    }

    /// A disk with an HFS+ volume whose blocks have so many bytes.
    fn made(block_size: u32) -> (Vec<u8>, Range<u64>) {
        let mut tree = Tree::new(Name::from_text("V"), Case::Folded, 9);
        let body = Body::File { data: bytes(vec![7; 5000]), rsrc: None };
        tree.add(tree.root(), Name::from_text("a"), Meta::new(Meta::FILE | 0o644, 9), body)
            .unwrap();
        let params = Params { block_size, ..Params::new(Size::Fit { free: 8 * MIB }, 9) };
        let laid = hfsplus::lay_out(&Arc::new(tree), &params).unwrap();
        let media = Media {
            layout: media::Layout::Single,
            label: "V".into(),
            efi_files: Vec::new(),
            ids: Ids::derive(b"plan"),
            date: 0,
            volume: PartContent { map: laid.map.clone(), headers: laid.headers.clone() },
        };
        let image = media::lay_out(&media, Target { sector: 512, len: None }).unwrap();
        let disk = read_vec(&image.map, 0, usize::try_from(image.map.len()).unwrap()).unwrap();
        (disk, image.volume())
    }

    #[test]
    fn below_an_iso_volume_nothing_is_free() {
        let (mut disk, volume) = made(4096);
        let inside = |disk: Vec<u8>| {
            let layout = lay_out(&bytes(disk), 64 * MIB, 512).unwrap();
            volume.clone().step_by(4096).filter(|at| is_free(&layout, *at)).count()
        };
        assert!(inside(disk.clone()) > 1000);
        put(&mut disk, 32_769, b"CD001");
        assert_eq!(inside(disk), 0);
    }

    #[test]
    fn blocks_are_not_smaller_than_sectors() {
        for (block, fits) in [(4096, true), (1024, false)] {
            let (disk, volume) = made(block);
            let bare = disk[usize::try_from(volume.start).unwrap()..].to_vec();
            for image in [disk, bare] {
                let image: Source = bytes(image);
                assert!(lay_out(&image, 64 * MIB, 512).is_ok());
                match lay_out(&image, 64 * MIB, 4096).map(drop) {
                    Err(Error::Unsupported(why)) if !fits => assert_eq!(why.field, "blockSize"),
                    other => assert!(fits && other.is_ok(), "{block}: {other:?}"),
                }
            }
        }
    }
}
