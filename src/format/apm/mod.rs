//! Apple partition maps, as Lion's own images have them.
//!
//! A map counts in its own unit: entries lie one in each unit from the first
//! on, and places are given in units. Mostly that is the block size which
//! block 0 names. Hybrid CDs say 2048 there and may still have a map in units
//! of 512, so each is tried until all entries of a map are there.
//!
//! Not supported: driver descriptors (no Intel Mac reads them), writing other
//! units than 512. Facts: Inside Macintosh: Devices, chapter 3; the order of
//! trial is what the outsiders' readers of such CDs do.

mod raw;
mod write;

pub use write::{Misplaced, NewPart, tables};

use crate::block::{Error, ReadAt, Result, Value, read_vec};
use std::ops::Range;
use zerocopy::FromBytes;

const ENTRY: &str = "APM entry";
/// More entries than any map has; a bound for what is read.
const MOST_ENTRIES: u32 = 4096;

/// A map as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Apm {
    /// The bytes of the unit that places are given in.
    pub unit: u32,
    /// All entries, the map's own and free space among them.
    pub entries: Vec<Entry>,
}

/// An entry of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Its type, such as `Apple_HFS`.
    pub kind: String,
    /// First unit.
    pub first: u32,
    /// Number of units.
    pub count: u32,
    /// Status bits.
    pub status: u32,
}

impl Entry {
    /// The type of the map itself.
    pub const MAP: &str = "Apple_partition_map";
    /// The type of free space.
    pub const FREE: &str = "Apple_Free";
    /// The type of HFS and HFS+ volumes.
    pub const HFS: &str = "Apple_HFS";

    /// Whether there is something in it: neither free, nor void, nor the map.
    #[must_use]
    pub fn is_used(&self) -> bool {
        self.count != 0 && ![Self::MAP, Self::FREE, "Apple_Void"].contains(&self.kind.as_str())
    }

    /// Its bytes.
    #[must_use]
    pub fn range(&self, unit: u32) -> Range<u64> {
        let (unit, first) = (u64::from(unit), u64::from(self.first));
        // Sums and products of 32-bit numbers.
        first * unit..(first + u64::from(self.count)) * unit
    }
}

/// Reads the map of a disk.
///
/// `None` when there is no entry's signature where a map begins.
///
/// # Errors
/// What is wrong with the likeliest map, when none is whole.
pub fn read(from: &dyn ReadAt) -> Result<Option<Apm>> {
    let mut first_error = None;
    for unit in units(from)? {
        match read_map(from, unit) {
            Ok(Some(map)) => return Ok(Some(map)),
            Ok(None) => {}
            Err(error @ Error::Io(_)) => return Err(error),
            Err(error) => drop(first_error.get_or_insert(error)),
        }
    }
    first_error.map_or(Ok(None), Err)
}

/// The units to try, the likeliest first.
fn units(from: &dyn ReadAt) -> Result<Vec<u32>> {
    let mut units = vec![512, 2048];
    if from.len() < 512 {
        return Ok(units);
    }
    let bytes = read_vec(from, 0, 512)?;
    if let Ok((block0, _)) = raw::Block0::read_from_prefix(&bytes) {
        let size = u32::from(block0.sbBlkSize.get());
        let possible = size.is_power_of_two() && (512..=8192).contains(&size);
        if block0.sbSig.get() == raw::DRIVER_SIGNATURE && possible {
            units.retain(|&unit| unit != size);
            units.insert(0, size);
        }
    }
    Ok(units)
}

fn read_map(from: &dyn ReadAt, unit: u32) -> Result<Option<Apm>> {
    let Some(first) = read_entry(from, unit, 1)? else { return Ok(None) };
    let count = first.pmMapBlkCnt.get();
    if count == 0 || count > MOST_ENTRIES {
        let rule = "not between 1 and 4096";
        return Err(Error::corrupt(ENTRY, "pmMapBlkCnt", count, rule).at(unit.into()));
    }
    let mut entries = Vec::new();
    for index in 1..=count {
        let at = u64::from(unit) * u64::from(index);
        let wrong = |field, value: Value, rule| Error::corrupt(ENTRY, field, value, rule).at(at);
        let Some(entry) = read_entry(from, unit, index)? else {
            let rule = "the entry of this number is not there, or does not begin with PM";
            return Err(wrong("its number", index.into(), rule));
        };
        if entry.pmMapBlkCnt.get() != count {
            let value = entry.pmMapBlkCnt.get();
            return Err(wrong("pmMapBlkCnt", value.into(), "not what the first entry says"));
        }
        let entry = check(&entry, index);
        if entry.is_used() && entry.range(unit).end > from.len() {
            let rule = "behind the disk's end with pmPyPartStart added";
            return Err(wrong("pmPartBlkCnt", entry.count.into(), rule));
        }
        entries.push(entry);
    }
    Ok(Some(Apm { unit, entries }))
}

fn read_entry(from: &dyn ReadAt, unit: u32, index: u32) -> Result<Option<raw::Partition>> {
    let at = u64::from(unit) * u64::from(index);
    if at + 512 > from.len() {
        return Ok(None);
    }
    let entry = raw::Partition::read_from_bytes(&read_vec(from, at, 512)?).ok();
    Ok(entry.filter(|entry| entry.pmSig.get() == raw::PARTITION_SIGNATURE))
}

fn check(raw: &raw::Partition, index: u32) -> Entry {
    Entry {
        index,
        name: text(&raw.pmPartName),
        kind: text(&raw.pmParType),
        first: raw.pmPyPartStart.get(),
        count: raw.pmPartBlkCnt.get(),
        status: raw.pmPartStatus.get(),
    }
}

fn text(padded: &[u8]) -> String {
    let end = padded.iter().position(|&b| b == 0).unwrap_or(padded.len());
    String::from_utf8_lossy(&padded[..end]).into_owned()
}

#[cfg(test)]
mod tests;
