//! Folders' own entries, `.` and `..`, in the form that the specification has.
//!
//! `fatfs` 0.3 puts a long name before each of the two, which must be the
//! first entries of a folder and have none (Microsoft's FAT specification,
//! "Directories"), and names the root's cluster where `..` says 0; fsck.fat
//! takes such folders apart. They are moved up here, and the two slots behind
//! them are marked as deleted.

use crate::volume::fat::disk::SparseDisk;
use std::io::{self, Read, Seek, SeekFrom};

/// Bytes of an entry.
const ENTRY: usize = 32;
const FOLDER: u8 = 0x10;
const LONG_NAME: u8 = 0x0f;
const DELETED: u8 = 0xe5;

/// Mends all folders of a volume that was just made, of one sector a cluster.
pub(super) fn mend(disk: &mut SparseDisk, sector: u32) -> io::Result<()> {
    let boot = read(disk, 0, 64)?;
    let sector = u64::from(sector);
    let reserved = u64::from(u16::from_le_bytes([boot[14], boot[15]]));
    let table = u64::from(number(&boot, 36));
    let geometry = Geometry {
        sector,
        fat: reserved * sector,
        data: (reserved + u64::from(boot[16]) * table) * sector,
    };
    let root = number(&boot, 44);
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for cluster in geometry.chain(disk, folder)? {
            let entries = read(disk, geometry.at(cluster), sector)?;
            folders.extend(entries.chunks(ENTRY).filter_map(subfolder));
        }
        mend_one(disk, geometry.at(folder), root)?;
    }
    Ok(())
}

struct Geometry {
    sector: u64,
    fat: u64,
    data: u64,
}

impl Geometry {
    fn at(&self, cluster: u32) -> u64 {
        self.data + u64::from(cluster).saturating_sub(2) * self.sector
    }

    /// The clusters of a chain; the volume is our own, so it ends.
    fn chain(&self, disk: &mut SparseDisk, first: u32) -> io::Result<Vec<u32>> {
        let mut chain = Vec::new();
        let mut cluster = first;
        while (2..0x0fff_fff7).contains(&cluster) {
            chain.push(cluster);
            let entry = read(disk, self.fat + 4 * u64::from(cluster), 4)?;
            cluster = number(&entry, 0) & 0x0fff_ffff;
        }
        Ok(chain)
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn read(disk: &mut SparseDisk, at: u64, len: u64) -> io::Result<Vec<u8>> {
    let mut buf = vec![0; usize::try_from(len).map_err(io::Error::other)?];
    disk.seek(SeekFrom::Start(at))?;
    disk.read_exact(&mut buf)?;
    Ok(buf)
}

/// The first cluster of a folder's entry; not of `.`, `..`, or what is deleted.
fn subfolder(entry: &[u8]) -> Option<u32> {
    let is_folder = entry[11] & FOLDER != 0 && entry[11] != LONG_NAME;
    let named = !matches!(entry[0], 0 | b'.' | DELETED);
    (is_folder && named).then(|| first_cluster(entry))
}

fn first_cluster(entry: &[u8]) -> u32 {
    u32::from_le_bytes([entry[26], entry[27], entry[20], entry[21]])
}

fn mend_one(disk: &mut SparseDisk, at: u64, root: u32) -> io::Result<()> {
    let mut slots = read(disk, at, 4 * ENTRY as u64)?;
    let is = |slot: usize, name: &[u8; 11]| slots[slot * ENTRY..].starts_with(name);
    let long = |slot: usize| slots[slot * ENTRY + 11] == LONG_NAME;
    if !(long(0) && is(1, b".          ") && long(2) && is(3, b"..         ")) {
        return Ok(());
    }
    slots.copy_within(ENTRY..2 * ENTRY, 0);
    slots.copy_within(3 * ENTRY.., ENTRY);
    // A folder of the root says 0 for its parent, not the root's cluster.
    if first_cluster(&slots[ENTRY..]) == root {
        slots[ENTRY + 20..ENTRY + 22].fill(0);
        slots[ENTRY + 26..ENTRY + 28].fill(0);
    }
    slots[2 * ENTRY..].fill(0);
    slots[2 * ENTRY] = DELETED;
    slots[3 * ENTRY] = DELETED;
    disk.put(at, &slots);
    Ok(())
}
