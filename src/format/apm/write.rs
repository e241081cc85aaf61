//! A map to bytes: driver descriptor map and entries, in units of 512.

use crate::format::apm::{Entry, raw};
use std::fmt;
use zerocopy::IntoBytes;

/// Blocks of the map itself, as Apple's tools reserve them.
const MAP_BLOCKS: u32 = 63;
/// Status: valid, allocated, readable, writable; mounted at startup.
const VOLUME_STATUS: u32 = 0x4000_0033;

/// A partition to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewPart<'a> {
    /// Its name; 32 bytes are kept.
    pub name: &'a str,
    /// Its type; 32 bytes are kept.
    pub kind: &'a str,
    /// First block of 512 bytes; the first 64 are the map's.
    pub first: u32,
    /// Number of blocks.
    pub count: u32,
}

/// This partition, by its number from 0, overlaps another, or the map, or the
/// end of the disk; or there are more than 62.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misplaced(
    /// Its number.
    pub usize,
);

impl fmt::Display for Misplaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "partition {} of the Apple partition map overlaps another one or the map, or ends \
             behind the disk",
            self.0
        )
    }
}

impl std::error::Error for Misplaced {}

/// The first 64 blocks of a disk of `blocks` blocks of 512 bytes.
///
/// # Errors
/// [`Misplaced`], for the first partition that is.
pub fn tables(blocks: u32, parts: &[NewPart<'_>]) -> Result<Vec<u8>, Misplaced> {
    let map = NewPart { name: "Apple", kind: Entry::MAP, first: 1, count: MAP_BLOCKS };
    let mut free = 1 + u64::from(MAP_BLOCKS);
    for (number, part) in parts.iter().enumerate() {
        let end = u64::from(part.first) + u64::from(part.count);
        if u64::from(part.first) < free || end > blocks.into() || number >= 62 {
            return Err(Misplaced(number));
        }
        free = end;
    }
    let block0 = raw::Block0 {
        sbSig: raw::DRIVER_SIGNATURE.into(),
        sbBlkSize: 512.into(),
        sbBlkCount: blocks.into(),
        sbDevType: 0.into(),
        sbDevId: 0.into(),
        sbData: 0.into(),
        sbDrvrCount: 0.into(),
    };
    let mut bytes = block0.as_bytes().to_vec();
    bytes.resize(512, 0);
    // At most 63.
    let count = u32::try_from(parts.len() + 1).unwrap_or(u32::MAX);
    for part in std::iter::once(&map).chain(parts) {
        bytes.extend_from_slice(entry(part, count).as_bytes());
    }
    bytes.resize(512 * (1 + MAP_BLOCKS as usize), 0);
    Ok(bytes)
}

fn entry(part: &NewPart<'_>, count: u32) -> raw::Partition {
    let status = match part.kind {
        Entry::FREE => 0,
        Entry::MAP => 3,
        _ => VOLUME_STATUS,
    };
    raw::Partition {
        pmSig: raw::PARTITION_SIGNATURE.into(),
        pmSigPad: 0.into(),
        pmMapBlkCnt: count.into(),
        pmPyPartStart: part.first.into(),
        pmPartBlkCnt: part.count.into(),
        pmPartName: padded(part.name),
        pmParType: padded(part.kind),
        pmLgDataStart: 0.into(),
        pmDataCnt: part.count.into(),
        pmPartStatus: status.into(),
        boot: [0; 44],
        pad: [0; 376],
    }
}

fn padded(text: &str) -> [u8; 32] {
    let text = text.as_bytes();
    std::array::from_fn(|i| text.get(i).copied().unwrap_or(0))
}
