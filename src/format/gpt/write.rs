//! Tables to bytes: protective MBR, primary and backup.

use crate::format::gpt::raw::{self, ENTRIES, ENTRY_SIZE};
use crate::format::gpt::{Entry, Guid};
use crate::format::mbr;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use zerocopy::IntoBytes;

/// Why no table can be made. All of it is the caller's arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayoutError {
    /// Neither 512 nor 4096 (nor what lies between).
    Sector(u32),
    /// The disk is too small for the tables alone.
    Disk(u64),
    /// More than 128 partitions.
    Count(usize),
    /// This entry begins or ends outside of the usable sectors, or overlaps.
    Place(u32),
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sector(n) => write!(f, "sectors of {n} bytes cannot hold a partition table"),
            Self::Disk(n) => write!(f, "a disk of {n} sectors is too small for a partition table"),
            Self::Count(n) => write!(f, "{n} partitions are more than the 128 of a table"),
            Self::Place(n) => write!(
                f,
                "partition {n} overlaps another one or the tables, or ends behind the disk"
            ),
        }
    }
}

impl std::error::Error for LayoutError {}

/// The sectors that a table of 128 entries leaves for partitions.
///
/// # Errors
/// [`LayoutError::Sector`] and [`LayoutError::Disk`].
pub fn usable(sector: u32, sectors: u64) -> Result<Range<u64>, LayoutError> {
    if !sector.is_power_of_two() || !(512..=4096).contains(&sector) {
        return Err(LayoutError::Sector(sector));
    }
    let table = u64::from(ENTRIES * ENTRY_SIZE / sector) + 1;
    let first = table + 1;
    match sectors.checked_sub(table) {
        Some(end) if end > first => Ok(first..end),
        _ => Err(LayoutError::Disk(sectors)),
    }
}

/// All that a GPT disk holds outside of its partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// Sector 0: the protective MBR.
    pub protective: Vec<u8>,
    /// From sector 1 on: header, then entries.
    pub primary: Vec<u8>,
    /// The last sectors: entries, then header.
    pub backup: Vec<u8>,
    /// The byte offset of `backup`.
    pub backup_at: u64,
}

/// The tables of a disk of `sectors` sectors. Each entry has the slot of its
/// [`Entry::index`], if all have one of their own: systems call partitions by
/// these numbers. Else they are numbered in the order they are given.
///
/// # Errors
/// [`LayoutError`], for what would not be a valid table.
pub fn tables(
    sector: u32,
    sectors: u64,
    disk: Guid,
    entries: &[Entry],
) -> Result<Tables, LayoutError> {
    let usable = usable(sector, sectors)?;
    check_places(entries, &usable)?;
    let array = entry_array(entries);
    let entry_sectors = array.len() as u64 / u64::from(sector);
    let header = |mine, other, entries_at| {
        header_sector(sector, &array, |h| {
            h.MyLBA.set(mine);
            h.AlternateLBA.set(other);
            h.FirstUsableLBA.set(usable.start);
            h.LastUsableLBA.set(usable.end - 1);
            h.DiskGUID = disk.to_bytes();
            h.PartitionEntryLBA.set(entries_at);
        })
    };
    let last = sectors - 1;
    let primary = [header(1, last, 2), array.clone()].concat();
    let backup = [array.clone(), header(last, 1, last - entry_sectors)].concat();
    let backup_at = usable.end * u64::from(sector);
    Ok(Tables { protective: mbr::protective(sector, sectors), primary, backup, backup_at })
}

fn check_places(entries: &[Entry], usable: &Range<u64>) -> Result<(), LayoutError> {
    if entries.len() > ENTRIES as usize {
        return Err(LayoutError::Count(entries.len()));
    }
    let mut places: Vec<(u64, u64, u32)> =
        (1..).zip(entries).map(|(n, e)| (e.first, e.last, n)).collect();
    places.sort_unstable();
    let mut free = usable.start;
    for (first, last, n) in places {
        if first < free || last < first || last >= usable.end {
            return Err(LayoutError::Place(n));
        }
        free = last + 1;
    }
    Ok(())
}

/// The slot of each entry, from 0.
fn slots(entries: &[Entry]) -> Vec<usize> {
    let own = entries.iter().map(|entry| usize::try_from(entry.index.checked_sub(1)?).ok());
    let own: Option<Vec<_>> = own.collect();
    let apart = |slots: &Vec<usize>| {
        let all: BTreeSet<_> = slots.iter().filter(|slot| **slot < ENTRIES as usize).collect();
        all.len() == entries.len()
    };
    own.filter(apart).unwrap_or_else(|| (0..entries.len()).collect())
}

fn entry_array(entries: &[Entry]) -> Vec<u8> {
    let size = ENTRY_SIZE as usize;
    let mut array = vec![0; ENTRIES as usize * size];
    for (entry, slot) in entries.iter().zip(slots(entries)) {
        let mut name = [0; 36];
        for (unit, to) in fitting_name(&entry.name).zip(&mut name) {
            *to = unit;
        }
        let raw = raw::Entry {
            PartitionTypeGUID: entry.kind.to_bytes(),
            UniquePartitionGUID: entry.id.to_bytes(),
            StartingLBA: entry.first.into(),
            EndingLBA: entry.last.into(),
            Attributes: entry.attributes.into(),
            PartitionName: name.map(Into::into),
        };
        array[slot * size..(slot + 1) * size].copy_from_slice(raw.as_bytes());
    }
    array
}

/// As many whole characters as 36 UTF-16 units hold.
fn fitting_name(name: &str) -> impl Iterator<Item = u16> {
    let mut units = 0;
    let fits = name.chars().take_while(move |c| {
        units += c.len_utf16();
        units <= 36
    });
    fits.collect::<String>().encode_utf16().collect::<Vec<_>>().into_iter()
}

fn header_sector(sector: u32, array: &[u8], places: impl FnOnce(&mut raw::Header)) -> Vec<u8> {
    let mut header = raw::Header {
        Signature: raw::SIGNATURE,
        Revision: raw::REVISION.into(),
        HeaderSize: raw::HEADER_SIZE.into(),
        HeaderCRC32: 0.into(),
        Reserved: 0.into(),
        MyLBA: 0.into(),
        AlternateLBA: 0.into(),
        FirstUsableLBA: 0.into(),
        LastUsableLBA: 0.into(),
        DiskGUID: [0; 16],
        PartitionEntryLBA: 0.into(),
        NumberOfPartitionEntries: ENTRIES.into(),
        SizeOfPartitionEntry: ENTRY_SIZE.into(),
        PartitionEntryArrayCRC32: crc32fast::hash(array).into(),
    };
    places(&mut header);
    header.HeaderCRC32.set(crc32fast::hash(header.as_bytes()));
    let mut bytes = header.as_bytes().to_vec();
    bytes.resize(sector as usize, 0);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(first: u64, last: u64) -> Entry {
        Entry {
            index: 0,
            kind: Guid::HFS_PLUS,
            id: Guid::derive(b"", "part"),
            name: "Lion".into(),
            first,
            last,
            attributes: 0,
        }
    }

    #[test]
    fn tables_take_34_and_33_sectors_or_6_and_5() {
        assert_eq!(usable(512, 1000), Ok(34..967));
        assert_eq!(usable(4096, 1000), Ok(6..995));
        assert_eq!(usable(512, 67), Err(LayoutError::Disk(67)));
        assert_eq!(usable(513, 1000), Err(LayoutError::Sector(513)));
        assert_eq!(usable(8192, 1000), Err(LayoutError::Sector(8192)));
        let tables = tables(4096, 1000, Guid::ZERO, &[]).unwrap();
        assert_eq!(tables.backup_at, 995 * 4096);
        assert_eq!(tables.protective.len(), 4096);
        assert_eq!(tables.primary.len(), 5 * 4096);
        assert_eq!(tables.backup.len(), 5 * 4096);
    }

    #[test]
    fn misplaced_partitions_are_refused() {
        let write = |entries: &[Entry]| tables(512, 1000, Guid::ZERO, entries).map(drop);
        assert_eq!(write(&[entry(34, 966)]), Ok(()));
        assert_eq!(write(&[entry(40, 50), entry(34, 39)]), Ok(()));
        assert_eq!(write(&[entry(33, 100)]), Err(LayoutError::Place(1)));
        assert_eq!(write(&[entry(34, 967)]), Err(LayoutError::Place(1)));
        assert_eq!(write(&[entry(34, 40), entry(40, 50)]), Err(LayoutError::Place(2)));
        assert_eq!(write(&[entry(50, 49)]), Err(LayoutError::Place(1)));
        assert_eq!(write(&vec![entry(34, 34); 129]), Err(LayoutError::Count(129)));
    }

    #[test]
    fn what_cannot_be_made_is_said() {
        use LayoutError::{Count, Disk, Place, Sector};
        for error in [Sector(513), Disk(67), Count(129), Place(2)] {
            let expected = match error {
                Sector(_) => "sectors of 513 bytes cannot hold a partition table",
                Disk(_) => "a disk of 67 sectors is too small for a partition table",
                Count(_) => "129 partitions are more than the 128 of a table",
                Place(_) => {
                    "partition 2 overlaps another one or the tables, or ends behind the disk"
                }
            };
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn entries_keep_their_numbers() {
        let numbers = |numbers: [u32; 2]| {
            let [a, b] = [entry(40, 50), entry(60, 70)];
            let entries = [Entry { index: numbers[0], ..a }, Entry { index: numbers[1], ..b }];
            let tables = tables(512, 1000, Guid::ZERO, &entries).unwrap();
            let mut disk = vec![0; 512_000];
            disk[512..512 + tables.primary.len()].copy_from_slice(&tables.primary);
            let found = crate::format::gpt::read(&disk).unwrap().unwrap();
            found.entries.iter().map(|entry| (entry.index, entry.first)).collect::<Vec<_>>()
        };
        assert_eq!(numbers([3, 128]), [(3, 40), (128, 60)]);
        assert_eq!(numbers([2, 1]), [(1, 60), (2, 40)]);
        for odd in [[0, 1], [2, 2], [1, 129]] {
            assert_eq!(numbers(odd), [(1, 40), (2, 60)]);
        }
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        let name = format!("{}\u{1f981}", "x".repeat(35));
        assert_eq!(fitting_name(&name).count(), 35);
        assert_eq!(fitting_name(&"x".repeat(99)).count(), 36);
    }
}
