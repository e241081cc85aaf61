//! Master boot records: read with their extended partitions, written only as
//! the one that protects a GPT.
//!
//! Not supported: writing partitions. Facts: UEFI specification 2.10, section
//! 5.2; the chain of extended partitions as every partitioner makes it.

use crate::block::{Error, ReadAt, Result, Value, read_vec};
use std::collections::BTreeSet;
use std::ops::Range;

/// Logical partitions that are followed; no system names more.
const MOST_LOGICAL: usize = 128;
/// The types of extended partitions.
const EXTENDED: [u8; 3] = [0x05, 0x0f, 0x85];
/// The type that protects a GPT.
pub const PROTECTIVE: u8 = 0xee;

/// A partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// 1 to 4, or from 5 on when inside of an extended one.
    pub index: u32,
    /// `OSType`.
    pub kind: u8,
    /// Whether it is marked to be started.
    pub active: bool,
    /// First sector.
    pub first: u64,
    /// Number of sectors.
    pub sectors: u64,
}

impl Partition {
    /// Its bytes.
    #[must_use]
    pub fn range(&self, sector: u32) -> Range<u64> {
        let size = u64::from(sector);
        // Sums and products of 32-bit numbers.
        self.first * size..(self.first + self.sectors) * size
    }

    fn is_extended(&self) -> bool {
        EXTENDED.contains(&self.kind)
    }
}

/// Reads the partitions of a disk, without the extended ones themselves.
///
/// `None` when sector 0 is no master boot record, or names no partition.
///
/// # Errors
/// A partition behind the disk's end, a broken chain of extended ones.
pub fn read(from: &dyn ReadAt, sector: u32) -> Result<Option<Vec<Partition>>> {
    if from.len() < 512 {
        return Ok(None);
    }
    let boot = read_vec(from, 0, 512)?;
    let primary: Vec<_> = slots(&boot).into_iter().flatten().collect();
    if !is_mbr(&boot) || primary.is_empty() {
        return Ok(None);
    }
    let mut all = Vec::new();
    for partition in primary {
        check_end(&partition, sector, from.len(), 0)?;
        if partition.is_extended() {
            read_logical(from, sector, &partition, &mut all)?;
        } else {
            all.push(partition);
        }
    }
    all.sort_by_key(|p| p.index);
    Ok(Some(all))
}

/// Whether a sector 0 can be a master boot record by its form.
#[must_use]
pub fn is_mbr(boot: &[u8]) -> bool {
    boot.len() >= 512
        && boot[510..512] == [0x55, 0xaa]
        && (0..4).all(|slot| boot[446 + 16 * slot] & 0x7f == 0)
        && slots(boot).iter().flatten().next().is_some()
}

/// The used ones of the four slots.
fn slots(boot: &[u8]) -> [Option<Partition>; 4] {
    let word = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| boot[at + i])).into();
    [0, 1, 2, 3].map(|slot: u8| {
        let at = 446 + 16 * usize::from(slot);
        let partition = Partition {
            index: u32::from(slot) + 1,
            kind: boot[at + 4],
            active: boot[at] == 0x80,
            first: word(at + 8),
            sectors: word(at + 12),
        };
        (partition.kind != 0 && partition.sectors != 0).then_some(partition)
    })
}

fn check_end(partition: &Partition, sector: u32, len: u64, at: u64) -> Result<()> {
    let end = partition.range(sector).end;
    if end <= len || partition.kind == PROTECTIVE {
        return Ok(());
    }
    let rule = "behind the disk's end with StartingLBA added";
    Err(Error::corrupt("MBR partition record", "SizeInLBA", partition.sectors, rule).at(at))
}

/// Follows the chain: in each sector the first slot is a partition, relative
/// to that sector, and the second the next sector, relative to the whole.
fn read_logical(
    from: &dyn ReadAt,
    sector: u32,
    whole: &Partition,
    all: &mut Vec<Partition>,
) -> Result<()> {
    let mut seen = BTreeSet::new();
    let mut here = whole.first;
    loop {
        let at = here * u64::from(sector);
        let wrong = |field, value: Value, rule| {
            Err(Error::corrupt("extended boot record", field, value, rule).at(at))
        };
        if !seen.insert(here) {
            return wrong("StartingLBA", here.into(), "a sector that was before in the chain");
        }
        if seen.len() > MOST_LOGICAL {
            return wrong("StartingLBA", here.into(), "the chain is longer than 128");
        }
        let boot = read_vec(from, at, 512)?;
        if boot[510..512] != [0x55, 0xaa] {
            let value = Value::Hex(u16::from_be_bytes([boot[510], boot[511]]).into());
            return wrong("Signature", value, "not 0x55aa");
        }
        let [logical, next, ..] = slots(&boot);
        if let Some(mut logical) = logical.filter(|l| !l.is_extended()) {
            logical.first += here;
            // Four primary ones and at most MOST_LOGICAL.
            logical.index = 4 + u32::try_from(seen.len()).unwrap_or(u32::MAX);
            check_end(&logical, sector, from.len(), at)?;
            all.push(logical);
        }
        let Some(next) = next.filter(Partition::is_extended) else { return Ok(()) };
        if next.first >= whole.sectors {
            return wrong("StartingLBA", next.first.into(), "behind the extended partition");
        }
        here = whole.first + next.first;
    }
}

/// The MBR that keeps old tools off a GPT disk of `sectors` sectors.
#[must_use]
pub fn protective(sector: u32, sectors: u64) -> Vec<u8> {
    let mut mbr = vec![0; sector.max(512) as usize];
    // The first slot: not active, CHS 0/0/2, the type, CHS "out of range".
    mbr[446..454].copy_from_slice(&[0, 0, 2, 0, PROTECTIVE, 0xff, 0xff, 0xff]);
    mbr[454..458].copy_from_slice(&1u32.to_le_bytes());
    let covered = u32::try_from(sectors.saturating_sub(1)).unwrap_or(u32::MAX);
    mbr[458..462].copy_from_slice(&covered.to_le_bytes());
    mbr[510..512].copy_from_slice(&[0x55, 0xaa]);
    mbr
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::saying::{assert_said, said};

    fn slot(disk: &mut [u8], sector: usize, slot: usize, kind: u8, first: u32, sectors: u32) {
        let at = sector * 512 + 446 + 16 * slot;
        disk[at + 4] = kind;
        disk[at + 8..at + 12].copy_from_slice(&first.to_le_bytes());
        disk[at + 12..at + 16].copy_from_slice(&sectors.to_le_bytes());
        disk[sector * 512 + 510..sector * 512 + 512].copy_from_slice(&[0x55, 0xaa]);
    }

    /// A primary partition and an extended one with two logical ones.
    fn disk() -> Vec<u8> {
        let mut disk = vec![0; 100 * 512];
        slot(&mut disk, 0, 0, 0xaf, 1, 9);
        slot(&mut disk, 0, 2, 0x05, 10, 90);
        slot(&mut disk, 10, 0, 0x0c, 2, 8);
        slot(&mut disk, 10, 1, 0x05, 20, 20);
        slot(&mut disk, 30, 0, 0x83, 1, 19);
        disk
    }

    #[test]
    fn primary_and_logical_partitions() {
        let found = read(&disk(), 512).unwrap().unwrap();
        let short: Vec<_> = found.iter().map(|p| (p.index, p.kind, p.range(512))).collect();
        let bytes = |r: Range<u64>| r.start * 512..r.end * 512;
        let expected =
            [(1, 0xaf, bytes(1..10)), (5, 0x0c, bytes(12..20)), (6, 0x83, bytes(31..50))];
        assert_eq!(short, expected);
    }

    #[test]
    fn what_is_no_mbr() {
        assert_eq!(read(&vec![0; 512], 512).unwrap(), None);
        assert_eq!(read(&vec![0; 100], 512).unwrap(), None);
        let mut disk = disk();
        disk[446 + 16] = 1;
        assert_eq!(read(&disk, 512).unwrap(), None);
    }

    #[test]
    fn broken_chains_are_named() {
        type Change = fn(&mut Vec<u8>);
        let rows: [(Change, &str); 5] = [
            (
                |disk| slot(disk, 30, 1, 0x05, 0, 20),
                "extended boot record: StartingLBA is 10: a sector that was before in the chain \
                 (at byte 5120)",
            ),
            (
                |disk| slot(disk, 10, 1, 0x05, 90, 20),
                "extended boot record: StartingLBA is 90: behind the extended partition \
                 (at byte 5120)",
            ),
            (
                |disk| disk[30 * 512 + 510] = 0,
                "extended boot record: Signature is 0xaa: not 0x55aa (at byte 15360)",
            ),
            (
                |disk| slot(disk, 30, 0, 0x83, 1, 70),
                "MBR partition record: SizeInLBA is 70: behind the disk's end with StartingLBA \
                 added (at byte 15360)",
            ),
            (
                |disk| disk.truncate(99 * 512),
                "MBR partition record: SizeInLBA is 90: behind the disk's end with StartingLBA \
                 added (at byte 0)",
            ),
        ];
        assert_said(rows.map(|(change, text)| {
            let mut disk = disk();
            change(&mut disk);
            (said(read(&disk, 512)), text)
        }));
    }

    #[test]
    fn a_chain_ends_somewhere() {
        let mut disk = vec![0; 2000 * 512];
        slot(&mut disk, 0, 0, 0x0f, 1, 1999);
        for n in 0..1000u32 {
            slot(&mut disk, 1 + n as usize, 1, 0x05, n + 1, 1);
        }
        let text = "extended boot record: StartingLBA is 129: the chain is longer than 128 \
                    (at byte 66048)";
        assert_eq!(said(read(&disk, 512)), text);
    }

    #[test]
    fn no_damage_panics() {
        for at in (446..512).chain(10 * 512 + 446..11 * 512).chain(30 * 512 + 446..31 * 512) {
            for value in [0, 1, 5, 0x7f, 0x80, 0xff] {
                let mut disk = disk();
                disk[at] = value;
                let _ = read(&disk, 512);
                let _ = read(&disk, 4096);
            }
        }
        for len in 0..disk().len() {
            let _ = read(&disk()[..len].to_vec(), 512);
        }
    }

    #[test]
    fn a_protective_record_covers_the_disk() {
        let mbr = protective(512, 1000);
        assert!(is_mbr(&mbr));
        assert_eq!(slots(&mbr)[0].as_ref().map(|p| (p.first, p.sectors)), Some((1, 999)));
        let mbr = protective(4096, 1 << 40);
        assert_eq!(slots(&mbr)[0].as_ref().map(|p| p.sectors), Some(u32::MAX.into()));
    }
}
