//! A disk with another volume in the place of one of its partitions: the same
//! table where the volume has the same length, else one that says the new one.
//!
//! Not supported: a volume of another length on a disk with a master boot
//! record, and one that further partitions stand behind.

use crate::block::{Error, Map, Result, Source, bytes, slice};
use crate::format::apm::{self, Entry, NewPart};
use crate::format::gpt;
use crate::format::partition::{Kind, Part};
use crate::format::udif::Section;
use crate::media::dmg::section_kind;
use std::io;

/// A disk, and how an image of it is divided.
pub struct Refit {
    /// All its bytes.
    pub disk: Map,
    /// Its partitions, for [`crate::format::udif::write`].
    pub sections: Vec<Section>,
}

/// Puts a volume into the place of a partition.
///
/// # Errors
/// What reading the disk's table reports; `Unsupported` for a volume of
/// another length where the table cannot say so.
pub fn refit(disk: &Source, part: &Part, volume: Source) -> Result<Refit> {
    let same = volume.len() == part.range.end.saturating_sub(part.range.start);
    match (&part.kind, same) {
        (Kind::Bare, _) => {
            let sections = Section::whole_disk("Apple_HFS", volume.len());
            let mut disk = Map::new(volume.len());
            disk.push(0, volume, None);
            Ok(Refit { disk, sections })
        }
        (Kind::Apm(_), true) => {
            let sections = apple_sections(&apple(disk)?, part);
            Ok(Refit { disk: replaced(disk, part, volume)?, sections })
        }
        (Kind::Apm(_), false) => apple_map(disk, part, volume),
        (Kind::Gpt(_), true) => {
            let table = guids(disk)?;
            let sections = gpt_sections(&table.entries, table.sector, disk.len());
            Ok(Refit { disk: replaced(disk, part, volume)?, sections })
        }
        (Kind::Gpt(_), false) => guid_table(disk, part, volume),
        (Kind::Mbr(_), true) => {
            let sections = Section::whole_disk("Apple_HFS", disk.len());
            Ok(Refit { disk: replaced(disk, part, volume)?, sections })
        }
        (Kind::Mbr(_), false) => Err(cannot_grow("a disk with a master boot record")),
    }
}

/// What helps where a partition cannot be as long as what goes into it.
const GROW: &str = "change what is in it so that its volume stays as long as it is";

fn cannot_grow(what: &'static str) -> Error {
    Error::unsupported(what, "its table", "fixed", GROW)
}

/// The same disk with other bytes in a partition.
fn replaced(disk: &Source, part: &Part, volume: Source) -> Result<Map> {
    let (start, end) = (part.range.start, part.range.end);
    let mut map = Map::new(disk.len());
    map.push(0, slice(disk, 0, start)?, None);
    map.push(start, volume, None);
    map.push(end, slice(disk, end, disk.len().saturating_sub(end))?, None);
    Ok(map)
}

fn apple(disk: &Source) -> Result<apm::Apm> {
    apm::read(disk.as_ref())?.ok_or_else(|| gone("Apple partition map"))
}

fn guids(disk: &Source) -> Result<gpt::Gpt> {
    gpt::read(disk.as_ref())?.ok_or_else(|| gone("GUID partition table"))
}

/// The table that a partition was just found in.
fn gone(table: &str) -> Error {
    Error::Io(io::Error::other(format!("the {table} cannot be found again")))
}

/// What an Apple map's image is divided into: whole partitions that do not
/// touch the one with the volume, and that one.
fn apple_sections(map: &apm::Apm, part: &Part) -> Vec<Section> {
    let unit = u64::from(map.unit);
    let mut sections = vec![Section::new("Driver Descriptor Map", "DDM", 0..unit)];
    let mut entries: Vec<_> = map.entries.iter().filter(|entry| entry.count > 0).collect();
    entries.sort_by_key(|entry| entry.first);
    let mut free = unit;
    for entry in entries {
        let range = entry.range(map.unit);
        if range.start >= free && (range == part.range || !overlap(&range, &part.range)) {
            free = range.end;
            sections.push(Section::new(&entry.name, &entry.kind, range));
        }
    }
    sections
}

const fn overlap(one: &std::ops::Range<u64>, other: &std::ops::Range<u64>) -> bool {
    one.start < other.end && other.start < one.end
}

/// An Apple map whose last partition is as long as the volume.
fn apple_map(disk: &Source, part: &Part, volume: Source) -> Result<Refit> {
    let map = apple(disk)?;
    if map.unit != 512 {
        return Err(cannot_grow("an Apple partition map in units other than 512 bytes"));
    }
    let at = part.range.start;
    let used = |entry: &&Entry| entry.is_used() && entry.range(512).start > at;
    if map.entries.iter().any(|entry| used(&entry)) {
        return Err(cannot_grow("a disk with partitions behind its volume"));
    }
    let mut before: Vec<_> =
        map.entries.iter().filter(|e| e.kind != Entry::MAP && e.range(512).start <= at).collect();
    before.sort_by_key(|entry| entry.first);
    let count = u32::try_from(volume.len() / 512)
        .map_err(|_| cannot_grow("an Apple partition map that is to grow over 2 TiB"))?;
    let parts = before.iter().map(|entry| {
        let count = if entry.range(512) == part.range { count } else { entry.count };
        NewPart { name: &entry.name, kind: &entry.kind, first: entry.first, count }
    });
    let parts: Vec<_> = parts.collect();
    let first = u32::try_from(at / 512)
        .map_err(|_| cannot_grow("an Apple partition map that is to grow over 2 TiB"))?;
    let blocks = first
        .checked_add(count)
        .ok_or_else(|| cannot_grow("an Apple partition map that is to grow over 2 TiB"))?;
    let table = apm::tables(blocks, &parts)
        .map_err(|_| cannot_grow("an Apple partition map without room"))?;
    let mut sections = vec![
        Section::new("Driver Descriptor Map", "DDM", 0..512),
        Section::new("Apple", Entry::MAP, 512..64 * 512),
    ];
    for part in &parts {
        let first = u64::from(part.first) * 512;
        sections.push(Section::new(
            part.name,
            part.kind,
            first..first + u64::from(part.count) * 512,
        ));
    }
    let behind = table.len() as u64;
    let mut disk_map = Map::new(at + volume.len());
    disk_map.push(0, bytes(table), None);
    disk_map.push(behind, slice(disk, behind, at.saturating_sub(behind))?, None);
    disk_map.push(at, volume, None);
    Ok(Refit { disk: disk_map, sections })
}

/// A GPT whose last partition is as long as the volume.
fn guid_table(disk: &Source, part: &Part, volume: Source) -> Result<Refit> {
    let table = guids(disk)?;
    let (sector, at) = (u64::from(table.sector), part.range.start);
    if table.entries.iter().any(|entry| entry.first > at / sector) {
        return Err(cannot_grow("a disk with partitions behind its volume"));
    }
    let mut entries = table.entries.clone();
    entries.sort_by_key(|entry| entry.first);
    let end = at.saturating_add(volume.len()).div_ceil(sector);
    for entry in &mut entries {
        if entry.first == at / sector {
            entry.last = end.saturating_sub(1);
        }
    }
    // Behind it: the entries of the backup, and its header.
    let sectors = end + 128 * 128 / sector + 1;
    let made = gpt::tables(table.sector, sectors, table.disk, &entries);
    let made = made.map_err(|_| cannot_grow("a GUID partition table without room"))?;
    let behind = sector + made.primary.len() as u64;
    let mut map = Map::new(sectors * sector);
    map.push(0, bytes(made.protective), None);
    map.push(sector, bytes(made.primary), None);
    map.push(behind, slice(disk, behind, at.saturating_sub(behind))?, None);
    map.push(at, volume, None);
    map.push(made.backup_at, bytes(made.backup), None);
    let sections = gpt_sections(&entries, table.sector, sectors * sector);
    Ok(Refit { disk: map, sections })
}

fn gpt_sections(entries: &[gpt::Entry], sector: u32, len: u64) -> Vec<Section> {
    let size = u64::from(sector);
    let section = |entry: &gpt::Entry| {
        let range = entry.first * size..entry.last.saturating_add(1) * size;
        Section::new(&entry.name, &section_kind(entry.kind), range)
    };
    let mut parts: Vec<_> = entries.iter().map(section).collect();
    parts.sort_by_key(|part| part.range.start);
    Section::gpt(&parts, len, sector)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::saying::said;
    use crate::block::{ReadAt, read_vec};
    use crate::format::gpt::Guid;
    use crate::format::partition::partitions;

    /// A header that passes for HFS+, in so many bytes.
    fn volume(len: usize, fill: u8) -> Source {
        let mut data = vec![fill; len];
        data[1024..1028].copy_from_slice(b"H+\0\x04");
        bytes(data)
    }

    fn found(disk: &Source) -> Part {
        let parts = partitions(disk).unwrap();
        parts.into_iter().find(Part::is_hfs_plus).unwrap()
    }

    fn whole(disk: Map) -> Source {
        let len = usize::try_from(disk.len()).unwrap();
        bytes(read_vec(&disk, 0, len).unwrap())
    }

    fn apple_disk() -> Source {
        let parts = [
            NewPart { name: "Macintosh", kind: "Apple_Driver_ATAPI", first: 64, count: 8 },
            NewPart { name: "", kind: Entry::FREE, first: 72, count: 8 },
            NewPart { name: "disk image", kind: Entry::HFS, first: 80, count: 64 },
            NewPart { name: "", kind: Entry::FREE, first: 144, count: 4 },
        ];
        let mut data = apm::tables(148, &parts).unwrap();
        data.resize(148 * 512, 7);
        let volume = read_vec(volume(32768, 1).as_ref(), 0, 32768).unwrap();
        data[80 * 512..144 * 512].copy_from_slice(&volume);
        bytes(data)
    }

    fn guid_disk() -> Source {
        let entry = |index, kind, first: u64, last| gpt::Entry {
            index,
            kind,
            id: Guid::derive(b"t", &first.to_string()),
            name: format!("part {index}"),
            first,
            last,
            attributes: 0,
        };
        let entries = [entry(1, Guid::EFI_SYSTEM, 40, 47), entry(2, Guid::HFS_PLUS, 48, 111)];
        let tables = gpt::tables(512, 145, Guid::derive(b"t", "disk"), &entries).unwrap();
        let mut map = Map::new(145 * 512);
        map.push(0, bytes(tables.protective), None);
        map.push(512, bytes(tables.primary), None);
        map.push(40 * 512, bytes(vec![9; 8 * 512]), None);
        map.push(48 * 512, volume(32768, 1), None);
        map.push(tables.backup_at, bytes(tables.backup), None);
        whole(map)
    }

    #[test]
    fn a_volume_of_the_same_length_leaves_the_rest_as_it_is() {
        for disk in [apple_disk(), guid_disk()] {
            let part = found(&disk);
            let made = refit(&disk, &part, volume(32768, 2)).unwrap();
            let made = whole(made.disk);
            assert_eq!(found(&made).range, part.range);
            let (start, end) = (part.range.start, part.range.end);
            for (at, len) in [(0, start), (end, disk.len() - end)] {
                let len = usize::try_from(len).unwrap();
                let read = |disk: &Source| read_vec(disk.as_ref(), at, len).unwrap();
                assert!(read(&disk) == read(&made));
            }
        }
    }

    #[test]
    fn a_longer_volume_gets_a_table_that_says_so() {
        for (disk, kinds) in [
            (apple_disk(), vec!["DDM", "Apple_partition_map", "Apple_Driver_ATAPI", "Apple_Free"]),
            (guid_disk(), vec!["MBR", "Primary GPT Header", "Primary GPT Table"]),
        ] {
            let part = found(&disk);
            let made = refit(&disk, &part, volume(65536, 2)).unwrap();
            let said: Vec<_> = made.sections.iter().map(|section| section.kind.as_str()).collect();
            assert!(said.starts_with(&kinds), "{said:?}");
            let made = whole(made.disk);
            let now = found(&made);
            assert_eq!((now.range.start, now.name), (part.range.start, part.name));
            assert_eq!(now.range.end - now.range.start, 65536);
            let before = usize::try_from(part.range.start.saturating_sub(64 * 512)).unwrap_or(0);
            let read = |disk: &Source| read_vec(disk.as_ref(), 64 * 512, before).unwrap();
            assert!(read(&disk) == read(&made), "what stands before it stays");
        }
    }

    #[test]
    fn a_bare_volume_is_its_own_disk() {
        let disk = volume(32768, 1);
        let made = refit(&disk, &found(&disk), volume(40960, 2)).unwrap();
        assert_eq!((made.disk.len(), made.sections.len()), (40960, 1));
    }

    #[test]
    fn what_cannot_grow_is_said() {
        let hfs = |first| NewPart { name: "disk image", kind: Entry::HFS, first, count: 64 };
        let other = NewPart { name: "x", kind: "Apple_Driver_ATAPI", first: 128, count: 8 };
        let mut map = apm::tables(136, &[hfs(64), other]).unwrap();
        map.resize(136 * 512, 0);
        map[64 * 512 + 1024..64 * 512 + 1028].copy_from_slice(b"H+\0\x04");
        let in_map = bytes(map);
        let mbr = Part { kind: Kind::Mbr(0xaf), ..found(&apple_disk()) };
        let huge: Source = std::sync::Arc::new(crate::block::Zeros(1 << 42));
        let grown = |disk: &Source, part: &Part| said(refit(disk, part, volume(65536, 2)));
        let rows = [
            (grown(&apple_disk(), &mbr), "a disk with a master boot record"),
            (grown(&in_map, &found(&in_map)), "a disk with partitions behind its volume"),
            (
                said(refit(&apple_disk(), &found(&apple_disk()), huge)),
                "an Apple partition map that is to grow over 2 TiB",
            ),
        ];
        for (said, what) in rows {
            let expected = format!(
                "this is {what}, which is not supported (its table is \"fixed\")\n\
                 hint: change what is in it so that its volume stays as long as it is"
            );
            assert_eq!(said, expected);
        }
        let gone = gone("Apple partition map").to_string();
        assert_eq!(gone, "the Apple partition map cannot be found again");
    }
}
