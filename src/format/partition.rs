//! The partitions of a disk, whatever its table.

use crate::block::{Error, Result, Source, Value, slice};
use crate::format::apm;
use crate::format::detect::{self, Format, Found};
use crate::format::gpt::{self, Guid};
use crate::format::mbr;
use std::fmt;
use std::ops::Range;

/// A partition, or a volume that has a source for itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its number in its table, from 1; 0 for a volume without a table.
    pub index: u32,
    /// Its name; empty where tables have none.
    pub name: String,
    /// What its table says it is.
    pub kind: Kind,
    /// Its bytes.
    pub range: Range<u64>,
    /// What its own bytes say it is.
    pub found: Option<Found>,
}

/// What a table says of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// In a GUID partition table.
    Gpt(Guid),
    /// In an Apple partition map.
    Apm(String),
    /// In a master boot record.
    Mbr(u8),
    /// There is no table.
    Bare,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Apm(kind) => kind.as_str(),
            Self::Bare => "volume",
            Self::Gpt(Guid::EFI_SYSTEM) => "EFI System",
            Self::Gpt(Guid::HFS_PLUS) => "Apple HFS+",
            Self::Gpt(Guid::APFS) => "Apple APFS",
            Self::Gpt(Guid::CORE_STORAGE) => "Apple Core Storage",
            Self::Gpt(Guid::APPLE_BOOT) => "Apple Boot",
            Self::Gpt(Guid::BASIC_DATA) => "Microsoft basic data",
            Self::Gpt(other) => return write!(f, "{other}"),
            Self::Mbr(0xaf) => "HFS+ (0xAF)",
            Self::Mbr(0xab) => "Apple Boot (0xAB)",
            Self::Mbr(0xef) => "EFI System (0xEF)",
            Self::Mbr(other) => return write!(f, "0x{other:02X}"),
        };
        f.write_str(name)
    }
}

impl Part {
    /// Whether its bytes look like a volume of the HFS family that is read
    /// here (HFS+, HFSX, with or without a wrapper).
    #[must_use]
    pub fn is_hfs_plus(&self) -> bool {
        let format = self.found.as_ref().map(|found| found.format);
        matches!(format, Some(Format::HfsPlus | Format::Hfsx | Format::HfsWrapper))
    }

    /// Its bytes as a source.
    ///
    /// # Errors
    /// When `disk` is not the one that the partition was found on.
    pub fn open(&self, disk: &Source) -> Result<Source> {
        Ok(slice(disk, self.range.start, self.range.end - self.range.start)?)
    }
}

/// The partitions of a disk, without free space and a map's own; or the one
/// volume that is all there is.
///
/// A GUID partition table goes before an Apple map, and that before a master
/// boot record, but a table that another one contradicts is stale: a GPT whose
/// sector 0 has partitions of its own and none that protects it is not used.
///
/// # Errors
/// A broken table; `Unsupported` when there are neither tables nor a volume.
pub fn partitions(disk: &Source) -> Result<Vec<Part>> {
    let found = detect::look(disk.as_ref())?;
    if let Some(found) = found.as_ref().filter(|found| found.is_volume()) {
        // On a hybrid disc, the map is worth more than the ISO volume.
        let hybrid = found.format == Format::Iso9660;
        let parts = if hybrid { apple_map(disk)? } else { None };
        return Ok(parts.unwrap_or_else(|| vec![bare(disk, found)]));
    }
    if let Some(parts) = guid_table(disk)? {
        let is_whole = parts.iter().any(Part::is_hfs_plus);
        // What a broken map would say does not matter beside a sound table.
        let map = if is_whole { None } else { apple_map(disk).ok().flatten() };
        return Ok(map.filter(|map| map.iter().any(Part::is_hfs_plus)).unwrap_or(parts));
    }
    if let Some(parts) = apple_map(disk)? {
        return Ok(parts);
    }
    if let Some(parts) = boot_record(disk)? {
        return Ok(parts);
    }
    Err(match found {
        Some(found) => found.refuse(""),
        None => {
            let what = "neither a disk nor a volume that is known";
            let value = Value::Number(disk.len());
            Error::unsupported(what, "its length", value, "")
        }
    })
}

fn bare(disk: &Source, found: &Found) -> Part {
    let (name, range) = (String::new(), 0..disk.len());
    Part { index: 0, name, kind: Kind::Bare, range, found: Some(found.clone()) }
}

fn part(disk: &Source, index: u32, name: &str, kind: Kind, range: Range<u64>) -> Result<Part> {
    let inner = slice(disk, range.start, range.end - range.start)?;
    let found = detect::look(inner.as_ref())?;
    Ok(Part { index, name: name.to_owned(), kind, range, found })
}

fn guid_table(disk: &Source) -> Result<Option<Vec<Part>>> {
    let Some(gpt) = gpt::read(disk.as_ref())? else { return Ok(None) };
    let others = mbr::read(disk.as_ref(), gpt.sector).ok().flatten().unwrap_or_default();
    if !others.is_empty() && others.iter().all(|p| p.kind != mbr::PROTECTIVE) {
        return Ok(None);
    }
    let entry = |e: &gpt::Entry| part(disk, e.index, &e.name, Kind::Gpt(e.kind), gpt.range(e));
    gpt.entries.iter().map(entry).collect::<Result<_>>().map(Some)
}

fn apple_map(disk: &Source) -> Result<Option<Vec<Part>>> {
    let Some(apm) = apm::read(disk.as_ref())? else { return Ok(None) };
    let used = apm.entries.iter().filter(|entry| entry.is_used());
    let entry =
        |e: &apm::Entry| part(disk, e.index, &e.name, Kind::Apm(e.kind.clone()), e.range(apm.unit));
    used.map(entry).collect::<Result<_>>().map(Some)
}

fn boot_record(disk: &Source) -> Result<Option<Vec<Part>>> {
    let Some(found) = mbr::read(disk.as_ref(), 512)? else { return Ok(None) };
    // Of a lost GPT, only the protection is left: nothing that can be read.
    let real = found.iter().filter(|p| p.kind != mbr::PROTECTIVE);
    let entry = |p: &mbr::Partition| part(disk, p.index, "", Kind::Mbr(p.kind), p.range(512));
    let parts = real.map(entry).collect::<Result<Vec<_>>>()?;
    Ok((!parts.is_empty()).then_some(parts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::bytes;

    fn volume(disk: &mut [u8], at: usize) {
        disk[at + 1024..at + 1028].copy_from_slice(b"H+\0\x04");
    }

    fn seen(disk: &[u8]) -> Vec<(u32, String, u64, bool)> {
        let source = bytes(disk);
        let parts = partitions(&source).unwrap();
        parts
            .into_iter()
            .map(|p| {
                assert_eq!(p.open(&source).unwrap().len(), p.range.end - p.range.start);
                (p.index, p.kind.to_string(), p.range.start, p.is_hfs_plus())
            })
            .collect()
    }

    fn guid_disk() -> Vec<u8> {
        let entry = gpt::Entry {
            index: 1,
            kind: Guid::HFS_PLUS,
            id: Guid::ZERO,
            name: "x".into(),
            first: 40,
            last: 49,
            attributes: 0,
        };
        let tables = gpt::tables(512, 100, Guid::ZERO, &[entry]).unwrap();
        let mut disk = vec![0; 100 * 512];
        disk[..512].copy_from_slice(&tables.protective);
        disk[512..34 * 512].copy_from_slice(&tables.primary);
        disk[67 * 512..].copy_from_slice(&tables.backup);
        volume(&mut disk, 40 * 512);
        disk
    }

    #[test]
    fn one_list_for_all_tables() {
        assert_eq!(seen(&guid_disk()), [(1, "Apple HFS+".into(), 40 * 512, true)]);

        let new = apm::NewPart { name: "disk image", kind: "Apple_HFS", first: 64, count: 20 };
        let mut disk = apm::tables(100, &[new]).unwrap();
        disk.resize(100 * 512, 0);
        volume(&mut disk, 64 * 512);
        assert_eq!(seen(&disk), [(2, "Apple_HFS".into(), 64 * 512, true)]);

        let mut disk = vec![0; 100 * 512];
        disk[510..512].copy_from_slice(&[0x55, 0xaa]);
        disk[450] = 0xaf;
        disk[454] = 63;
        disk[458] = 37;
        assert_eq!(seen(&disk), [(1, "HFS+ (0xAF)".into(), 63 * 512, false)]);

        let mut disk = vec![0; 100 * 512];
        volume(&mut disk, 0);
        assert_eq!(seen(&disk), [(0, "volume".into(), 0, true)]);
    }

    #[test]
    fn of_two_tables_the_one_with_the_volume_is_used() {
        let mut disk = guid_disk();
        disk[40 * 512 + 1024..40 * 512 + 1028].fill(0);
        // Units of 2048 put the map's entries where the GPT has empty slots.
        for (index, (kind, first, count)) in
            [("Apple_partition_map", 1, 2), ("Apple_HFS", 12, 2)].into_iter().enumerate()
        {
            let at = 2048 * (index + 1);
            disk[at..at + 4].copy_from_slice(b"PM\0\0");
            disk[at + 7] = 2;
            disk[at + 11] = first;
            disk[at + 15] = count;
            disk[at + 48..at + 48 + kind.len()].copy_from_slice(kind.as_bytes());
        }
        // Such discs are made with both; here the sums of the GPT are put right.
        let table = disk[1024..34 * 512].to_vec();
        let sum = crc32fast::hash(&table);
        disk[512 + 88..512 + 92].copy_from_slice(&sum.to_le_bytes());
        disk[512 + 16..512 + 20].fill(0);
        let sum = crc32fast::hash(&disk[512..512 + 92]);
        disk[512 + 16..512 + 20].copy_from_slice(&sum.to_le_bytes());
        assert_eq!(seen(&disk)[0], (1, "Apple HFS+".into(), 40 * 512, false));
        volume(&mut disk, 12 * 2048);
        assert_eq!(seen(&disk), [(2, "Apple_HFS".into(), 12 * 2048, true)]);
    }

    #[test]
    fn a_stale_guid_table_is_not_used() {
        let mut disk = guid_disk();
        disk[450] = 0xaf;
        disk[454] = 50;
        disk[458] = 9;
        assert_eq!(seen(&disk), [(1, "HFS+ (0xAF)".into(), 50 * 512, false)]);
    }

    #[test]
    fn what_has_no_partitions_is_named() {
        let error = partitions(&bytes(*b"hello")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "this is neither a disk nor a volume that is known \
             (its length is 5)"
        );
        let mut disk = guid_disk();
        disk[512..].fill(0);
        let error = partitions(&bytes(disk)).unwrap_err();
        let text = "this is a disk with a master boot record, which is not supported \
                    (Signature is 0x55aa)";
        assert_eq!(error.to_string(), text);
    }
}
