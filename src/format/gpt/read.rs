//! Bytes to a table: primary, or else backup, at the sector size that fits.

use crate::block::{Error, ReadAt, Result, Value, read_vec};
use crate::format::gpt::raw::{self, ENTRY_SIZE};
use crate::format::gpt::{Entry, Guid};
use std::ops::Range;
use zerocopy::{FromBytes, IntoBytes};

/// More slots than any disk has; a bound for what is read.
const MOST_ENTRIES: u32 = 16_384;
const HEADER: &str = "GPT header";
const ENTRY: &str = "GPT entry";

/// A table as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gpt {
    /// The size of a sector, found by where the header is.
    pub sector: u32,
    /// The disk's GUID.
    pub disk: Guid,
    /// Where partitions may be, in sectors.
    pub usable: Range<u64>,
    /// The partitions, in the order of their slots.
    pub entries: Vec<Entry>,
    /// Whether the primary table is broken, and this is the backup.
    pub backup: bool,
}

impl Gpt {
    /// The bytes of a partition.
    #[must_use]
    pub fn range(&self, entry: &Entry) -> Range<u64> {
        let size = u64::from(self.sector);
        // Checked when read: the last sector's end lies on the disk.
        entry.first * size..(entry.last + 1) * size
    }
}

/// Reads the table of a disk, or its backup at the true end.
///
/// `None` when there is no header's signature anywhere.
///
/// # Errors
/// What is wrong with the first header that was found, when no copy is whole.
pub fn read(from: &dyn ReadAt) -> Result<Option<Gpt>> {
    let mut first_error = None;
    for (sector, backup) in [(512, false), (4096, false), (512, true), (4096, true)] {
        let sectors = from.len() / u64::from(sector);
        if sectors < 2 {
            continue;
        }
        let lba = if backup { sectors - 1 } else { 1 };
        match read_copy(from, sector, lba) {
            Ok(Some(gpt)) => return Ok(Some(Gpt { backup, ..gpt })),
            Ok(None) => {}
            Err(error @ Error::Io(_)) => return Err(error),
            Err(error) => drop(first_error.get_or_insert(error)),
        }
    }
    first_error.map_or(Ok(None), Err)
}

fn read_copy(from: &dyn ReadAt, sector: u32, lba: u64) -> Result<Option<Gpt>> {
    let at = lba * u64::from(sector);
    let bytes = read_vec(from, at, sector as usize)?;
    if !bytes.starts_with(&raw::SIGNATURE) {
        return Ok(None);
    }
    let header = check_header(&bytes, sector, lba, from.len()).map_err(|e| e.at(at))?;
    let usable = header.FirstUsableLBA.get()..header.LastUsableLBA.get().saturating_add(1);
    let entries = read_entries(from, &header, sector, &usable)?;
    let disk = Guid::from_bytes(header.DiskGUID);
    Ok(Some(Gpt { sector, disk, usable, entries, backup: false }))
}

fn check_header(bytes: &[u8], sector: u32, lba: u64, len: u64) -> Result<raw::Header> {
    let wrong = |field, value: Value, rule| Err(Error::corrupt(HEADER, field, value, rule));
    // A sector is longer than a header.
    let Ok((header, _)) = raw::Header::read_from_prefix(bytes) else {
        return wrong("Signature", bytes.len().into(), "the header is cut off");
    };
    let size = header.HeaderSize.get();
    if header.Revision.get() != raw::REVISION {
        let value = Value::Hex(header.Revision.get().into());
        return wrong("Revision", value, "not 1.0");
    }
    if size < raw::HEADER_SIZE || size > sector {
        return wrong("HeaderSize", size.into(), "not between 92 and a sector");
    }
    if header_crc(&header, &bytes[..size as usize]) != header.HeaderCRC32.get() {
        let value = Value::Hex(header.HeaderCRC32.get().into());
        return wrong("HeaderCRC32", value, "not that of the header");
    }
    if header.MyLBA.get() != lba {
        return wrong("MyLBA", header.MyLBA.get().into(), "not where the header is");
    }
    check_counts(&header, sector, len)?;
    Ok(header)
}

fn header_crc(header: &raw::Header, bytes: &[u8]) -> u32 {
    let mut blank = *header;
    blank.HeaderCRC32.set(0);
    let mut hash = crc32fast::Hasher::new();
    hash.update(blank.as_bytes());
    hash.update(&bytes[size_of::<raw::Header>()..]);
    hash.finalize()
}

fn check_counts(header: &raw::Header, sector: u32, len: u64) -> Result<()> {
    let wrong = |field, value: u64, rule| Err(Error::corrupt(HEADER, field, value, rule));
    let size = header.SizeOfPartitionEntry.get();
    if size < ENTRY_SIZE || !size.is_power_of_two() {
        let rule = "not 128 times a power of two";
        return wrong("SizeOfPartitionEntry", size.into(), rule);
    }
    if size != ENTRY_SIZE {
        let what = "a GPT with entries of more than 128 bytes";
        return Err(Error::unsupported(what, "SizeOfPartitionEntry", size, ""));
    }
    let count = header.NumberOfPartitionEntries.get();
    if count > MOST_ENTRIES {
        return wrong("NumberOfPartitionEntries", count.into(), "more than 16384");
    }
    let (first, last) = (header.FirstUsableLBA.get(), header.LastUsableLBA.get());
    if first < 2 || first > last.saturating_add(1) {
        return wrong("FirstUsableLBA", first, "in the header, or behind LastUsableLBA");
    }
    let at = header.PartitionEntryLBA.get();
    let end = at.checked_mul(sector.into()).and_then(|at| at.checked_add(array_len(header)));
    if at < 2 || end.is_none_or(|end| end > len) {
        return wrong("PartitionEntryLBA", at, "in the header, or behind the disk's end");
    }
    Ok(())
}

fn array_len(header: &raw::Header) -> u64 {
    u64::from(header.NumberOfPartitionEntries.get()) * u64::from(ENTRY_SIZE)
}

fn read_entries(
    from: &dyn ReadAt,
    header: &raw::Header,
    sector: u32,
    usable: &Range<u64>,
) -> Result<Vec<Entry>> {
    let at = header.PartitionEntryLBA.get() * u64::from(sector);
    // At most MOST_ENTRIES times 128.
    let array = read_vec(from, at, usize::try_from(array_len(header)).unwrap_or(0))?;
    if crc32fast::hash(&array) != header.PartitionEntryArrayCRC32.get() {
        let value = Value::Hex(header.PartitionEntryArrayCRC32.get().into());
        let rule = "not that of the entries";
        return Err(Error::corrupt(HEADER, "PartitionEntryArrayCRC32", value, rule));
    }
    let sectors = from.len() / u64::from(sector);
    let mut entries = Vec::new();
    for ((raw, index), at) in array.chunks_exact(128).zip(1..).zip((at..).step_by(128)) {
        let Ok(raw) = raw::Entry::read_from_bytes(raw) else { break };
        if !Guid::from_bytes(raw.PartitionTypeGUID).is_zero() {
            entries.push(check_entry(&raw, index, usable, sectors).map_err(|e| e.at(at))?);
        }
    }
    check_overlaps(&entries)?;
    Ok(entries)
}

fn check_entry(raw: &raw::Entry, index: u32, usable: &Range<u64>, sectors: u64) -> Result<Entry> {
    let (first, last) = (raw.StartingLBA.get(), raw.EndingLBA.get());
    let wrong = |field, value: u64, rule| Err(Error::corrupt(ENTRY, field, value, rule));
    if first < usable.start {
        return wrong("StartingLBA", first, "before FirstUsableLBA");
    }
    if last < first {
        return wrong("EndingLBA", last, "before StartingLBA");
    }
    if last >= usable.end {
        return wrong("EndingLBA", last, "behind LastUsableLBA");
    }
    if last >= sectors {
        return wrong("EndingLBA", last, "behind the disk's end");
    }
    let units: Vec<u16> =
        raw.PartitionName.iter().map(|unit| unit.get()).take_while(|&unit| unit != 0).collect();
    Ok(Entry {
        index,
        kind: Guid::from_bytes(raw.PartitionTypeGUID),
        id: Guid::from_bytes(raw.UniquePartitionGUID),
        name: String::from_utf16_lossy(&units),
        first,
        last,
        attributes: raw.Attributes.get(),
    })
}

fn check_overlaps(entries: &[Entry]) -> Result<()> {
    let mut places: Vec<(u64, u64)> = entries.iter().map(|e| (e.first, e.last)).collect();
    places.sort_unstable();
    match places.windows(2).find(|pair| pair[1].0 <= pair[0].1) {
        None => Ok(()),
        Some(pair) => {
            Err(Error::corrupt(ENTRY, "StartingLBA", pair[1].0, "inside another partition"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::saying::{assert_said, said};
    use crate::format::gpt::tables;

    fn entry(index: u32, first: u64, last: u64, name: &str) -> Entry {
        let id = Guid::derive(b"id", name);
        Entry { index, kind: Guid::HFS_PLUS, id, name: name.into(), first, last, attributes: 4 }
    }

    /// A disk of 300 sectors with two partitions.
    fn disk(sector: u32) -> Vec<u8> {
        let entries = [entry(1, 100, 199, "Ünïx \u{1f981}"), entry(2, 40, 47, "ESP")];
        let tables = tables(sector, 300, Guid::derive(b"", "disk"), &entries).unwrap();
        let mut disk = vec![0; 300 * sector as usize];
        let size = sector as usize;
        disk[..size].copy_from_slice(&tables.protective);
        disk[size..size + tables.primary.len()].copy_from_slice(&tables.primary);
        let at = usize::try_from(tables.backup_at).unwrap();
        disk[at..].copy_from_slice(&tables.backup);
        disk
    }

    /// Puts a little-endian value into the primary header and mends its CRCs.
    fn with(disk: &[u8], at: usize, value: &[u8]) -> Vec<u8> {
        let mut disk = disk.to_vec();
        disk[512 + at..512 + at + value.len()].copy_from_slice(value);
        mend(&mut disk);
        disk
    }

    fn mend(disk: &mut [u8]) {
        let array = crc32fast::hash(&disk[1024..1024 + 16384]);
        disk[512 + 88..512 + 92].copy_from_slice(&array.to_le_bytes());
        disk[512 + 16..512 + 20].fill(0);
        let crc = crc32fast::hash(&disk[512..512 + 92]);
        disk[512 + 16..512 + 20].copy_from_slice(&crc.to_le_bytes());
    }

    fn without_backup(mut disk: Vec<u8>) -> Vec<u8> {
        let end = disk.len();
        disk[end - 4096..].fill(0);
        disk
    }

    #[test]
    fn what_is_written_is_read() {
        for sector in [512, 4096] {
            let gpt = read(&disk(sector)).unwrap().unwrap();
            assert_eq!((gpt.sector, gpt.backup), (sector, false));
            assert_eq!(gpt.disk, Guid::derive(b"", "disk"));
            let expected = [entry(1, 100, 199, "Ünïx \u{1f981}"), entry(2, 40, 47, "ESP")];
            assert_eq!(gpt.entries, expected);
            let size = u64::from(sector);
            assert_eq!(gpt.range(&gpt.entries[1]), 40 * size..48 * size);
        }
        assert_eq!(read(&vec![0; 4096]).unwrap(), None);
        assert_eq!(read(&vec![0; 100]).unwrap(), None);
    }

    #[test]
    fn the_backup_stands_in() {
        for sector in [512usize, 4096] {
            let mut disk = disk(u32::try_from(sector).unwrap());
            disk[sector + 40] ^= 1;
            let gpt = read(&disk).unwrap().unwrap();
            assert!(gpt.backup);
            assert_eq!(gpt.entries.len(), 2);
            disk[..sector * 10].fill(0);
            assert!(read(&disk).unwrap().unwrap().backup);
        }
    }

    #[test]
    fn every_broken_field_is_named() {
        let disk = without_backup(disk(512));
        let rows: [(usize, &[u8], &str); 15] = [
            (8, &[0, 0, 2, 0], "header: Revision is 0x20000: not 1.0"),
            (12, &[91], "header: HeaderSize is 91: not between 92 and a sector"),
            (12, &[0, 8], "header: HeaderSize is 2048: not between 92 and a sector"),
            (24, &[2], "header: MyLBA is 2: not where the header is"),
            (40, &[1], "header: FirstUsableLBA is 1: in the header, or behind LastUsableLBA"),
            (
                40,
                &[0xff; 8],
                "header: FirstUsableLBA is MAX: in the header, or behind LastUsableLBA",
            ),
            (72, &[0], "header: PartitionEntryLBA is 0: in the header, or behind the disk's end"),
            (
                72,
                &[0xff; 8],
                "header: PartitionEntryLBA is MAX: in the header, or behind the disk's end",
            ),
            (80, &[0xff; 4], "header: NumberOfPartitionEntries is 4294967295: more than 16384"),
            (84, &[0], "header: SizeOfPartitionEntry is 0: not 128 times a power of two"),
            (84, &[127], "header: SizeOfPartitionEntry is 127: not 128 times a power of two"),
            (512 + 32, &[33], "entry: StartingLBA is 33: before FirstUsableLBA"),
            (512 + 32, &[44], "entry: StartingLBA is 44: inside another partition"),
            (512 + 40, &[99], "entry: EndingLBA is 99: before StartingLBA"),
            (512 + 40, &[0xff; 8], "entry: EndingLBA is MAX: behind LastUsableLBA"),
        ];
        assert_said(rows.map(|(at, value, text)| {
            let text = text.replace("MAX", &u64::MAX.to_string());
            let at_byte = match text.split_once(' ') {
                Some(("header:", _)) => "(at byte 512)",
                _ if text.ends_with("another partition") => "",
                _ => "(at byte 1024)",
            };
            let said = said(read(&with(&disk, at, value)));
            (said, format!("GPT {text} {at_byte}").trim_end().to_owned())
        }));
        let large = said(read(&with(&disk, 84, &[0, 1])));
        let text = "this is a GPT with entries of more than 128 bytes, which is not supported \
                    (SizeOfPartitionEntry is 256)";
        assert_eq!(large, text);
        let mut broken = disk.clone();
        broken[512 + 16..512 + 20].copy_from_slice(&7u32.to_le_bytes());
        let text = "GPT header: HeaderCRC32 is 0x7: not that of the header (at byte 512)";
        assert_eq!(said(read(&broken)), text);
        let mut broken = disk.clone();
        broken[1024 + 60] ^= 1;
        let stated = crc32fast::hash(&disk[1024..1024 + 16384]);
        let text =
            format!("GPT header: PartitionEntryArrayCRC32 is {stated:#x}: not that of the entries");
        assert_eq!(said(read(&broken)), text);
        let cut = said(read(&disk[..512 * 150].to_vec()));
        assert_eq!(cut, "GPT entry: EndingLBA is 199: behind the disk's end (at byte 1024)");
    }

    #[test]
    fn no_damage_panics() {
        let whole = disk(512);
        let bare = without_backup(whole.clone());
        for at in 512..1024 + 256 {
            for bit in 0..8 {
                let mut disk = bare.clone();
                disk[at] ^= 1 << bit;
                let _ = read(&disk);
                mend(&mut disk);
                if let Ok(Some(gpt)) = read(&disk) {
                    assert!(gpt.entries.iter().all(|e| gpt.range(e).end <= disk.len() as u64));
                }
            }
        }
        for len in (0..whole.len()).step_by(127) {
            let _ = read(&whole[..len].to_vec());
        }
    }
}
