//! How much of a FAT32 volume is in use: for writers that leave out the rest.

use crate::block::{Error, Result, Source, Value, read_vec};

const BPB: &str = "FAT32 boot sector";
/// More bytes than a table of a partition that is looked at has.
const MOST: u64 = 64 << 20;
const PIECE: u64 = 1 << 20;

/// What is in use of a FAT32 volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// Everything in use lies before this byte.
    pub end: u64,
    /// Whether there is nothing but an empty root folder of one cluster.
    pub is_empty: bool,
    /// The bytes of a sector.
    pub sector: u32,
}

/// Reads the boot sector and the tables: what any of them says is in use, is.
///
/// # Errors
/// `Corrupt` when they are not those of a FAT32 volume.
pub fn used(volume: &Source) -> Result<Used> {
    let boot = read_vec(&**volume, 0, 512)?;
    let word = |at: usize| u64::from(u16::from_le_bytes([boot[at], boot[at + 1]]));
    let long = |at: usize| word(at) | word(at + 2) << 16;
    let (sector, cluster) = (word(11), u64::from(boot[13]));
    let wrong = |field, value: u64, rule| Err(Error::corrupt(BPB, field, value, rule));
    if !sector.is_power_of_two() || !(512..=4096).contains(&sector) {
        return wrong("BPB_BytsPerSec", sector, "not the size of a sector");
    }
    if !cluster.is_power_of_two() {
        return wrong("BPB_SecPerClus", cluster, "not a power of two");
    }
    let (reserved, tables, table) = (word(14), u64::from(boot[16]), long(36));
    if boot[510..512] != [0x55, 0xaa] || word(22) != 0 || !(1..=2).contains(&tables) || table == 0 {
        let found = u64::from(boot[510]) << 8 | u64::from(boot[511]);
        let rule = "not the boot sector of a FAT32 volume";
        return Err(Error::corrupt(BPB, "Signature_word", Value::Hex(found), rule));
    }
    // All are products of numbers below 2^32 and 2^20.
    let (start, bytes) = (reserved * sector, table * sector);
    let data = start + tables * bytes;
    if bytes > MOST || data > volume.len() {
        return wrong("BPB_FATSz32", table, "larger than the volume");
    }
    // Entries behind the last cluster are marked, and mean nothing.
    let clusters = (volume.len() - data) / (cluster * sector);
    let entries = bytes.min((clusters + 2) * 4);
    // Systems may be told to keep another one up to date than the first.
    let mut last = 0;
    for number in 0..tables {
        last = last.max(last_cluster(volume, start + number * bytes, entries)?);
    }
    // Cluster 2 is the first one.
    let end = data + (last.max(2) - 1) * cluster * sector;
    let root = read_vec(&**volume, data.min(volume.len() - sector), 64)?;
    // A volume's name is no file: the second entry would be the first one.
    let is_named = root[11] & 0x08 != 0;
    let first = if is_named { root[32] } else { root[0] };
    let is_empty = last <= 2 && first == 0;
    let sector = u32::try_from(sector).unwrap_or(4096);
    Ok(Used { end: end.min(volume.len()), is_empty, sector })
}

/// The highest cluster that the table says is in use.
fn last_cluster(volume: &Source, start: u64, bytes: u64) -> Result<u64> {
    let mut last = 0;
    let mut at = 0;
    while at < bytes {
        let len = (bytes - at).min(PIECE);
        // At most PIECE.
        let table = read_vec(&**volume, start + at, usize::try_from(len).unwrap_or(0))?;
        let entries = (at / 4..).zip(table.as_chunks::<4>().0);
        let taken = entries.filter(|(_, entry)| u32::from_le_bytes(**entry) << 4 != 0);
        last = taken.map(|(number, _)| number).last().unwrap_or(last);
        at += len;
    }
    Ok(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::bytes;
    use crate::block::saying::{assert_said, said};
    use crate::volume::fat::{File, Params, lay_out};
    use std::sync::Arc;

    fn volume(files: &[File]) -> Source {
        let params = Params {
            len: 200 << 20,
            sector: 512,
            start: 0,
            label: *b"EFI        ",
            serial: 1,
            date: 1_350_000_000,
        };
        Arc::new(lay_out(&params, files).unwrap())
    }

    #[test]
    fn what_is_used_ends_behind_the_last_file() {
        let empty = used(&volume(&[])).unwrap();
        assert!(empty.is_empty && empty.end < 4 << 20, "{empty:?}");
        // The last file ends with zeros, which a sparse layout leaves out.
        let mut data = vec![7; 300_000];
        data[100_000..].fill(0);
        let full = volume(&[File { path: "EFI/A".into(), source: bytes(data) }]);
        let found = used(&full).unwrap();
        assert!(!found.is_empty);
        assert!(found.end >= empty.end + 300_000 && found.end < empty.end + 310_000, "{found:?}");
        let rest = read_vec(&*full, found.end, usize::try_from(full.len() - found.end).unwrap());
        assert!(rest.unwrap().iter().all(|byte| *byte == 0));
    }

    #[test]
    fn the_second_table_counts_as_well() {
        let volume = volume(&[]);
        let mut data = read_vec(&*volume, 0, usize::try_from(volume.len()).unwrap()).unwrap();
        let before = used(&bytes(data.clone())).unwrap();
        let word = |at: usize| usize::from(u16::from_le_bytes([data[at], data[at + 1]]));
        let (reserved, table) = (word(14) * 512, word(36) * 512);
        data[reserved + table + 4 * 1000] = 7;
        let after = used(&bytes(data)).unwrap();
        assert!(!after.is_empty && after.end > before.end, "{before:?} {after:?}");
    }

    #[test]
    fn what_is_no_fat32_is_named() {
        let says = |data: Vec<u8>| said(used(&bytes(data)));
        let mut boot = vec![0; 512];
        boot[12] = 2;
        let no_cluster = says(boot.clone());
        boot[13] = 1;
        let unsigned = says(boot.clone());
        (boot[510], boot[511], boot[16], boot[39]) = (0x55, 0xaa, 2, 0x7f);
        assert_said(
            [
                (says(vec![0; 512]), "BPB_BytsPerSec is 0: not the size of a sector"),
                (no_cluster, "BPB_SecPerClus is 0: not a power of two"),
                (unsigned, "Signature_word is 0x0: not the boot sector of a FAT32 volume"),
                (says(boot), "BPB_FATSz32 is 2130706432: larger than the volume"),
            ]
            .map(|(said, text)| (said, format!("FAT32 boot sector: {text}"))),
        );
        assert!(used(&bytes(vec![0; 100])).is_err());
    }
}
