//! What makes a disk start a Mac: partitions around a blessed volume.
//!
//! A [`Media`] says what is wanted, [`lay_out`] says where every byte goes,
//! without writing any of it. By default the result is what Disk Utility
//! makes, since every real Mac starts from that.
//!
//! Not supported: Apple partition maps and MBR partitions on media of ours
//! (all Intel Macs start from GPT), and more than one volume.

pub mod burn;
mod disk;
mod dmg;
mod error;
mod free;
pub mod pass;
pub mod read_back;
mod refit;

pub use disk::{lay_out, room, total};
pub use dmg::write_dmg;
pub use error::{Error, Result};
pub use free::{room_left, unused};
pub use refit::{Refit, refit};

use crate::block::{Map, Source};
use crate::format::gpt::Guid;
use crate::volume::fat;
use std::ops::Range;

/// How a disk is divided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Layout {
    /// As Disk Utility: GPT, EFI system partition, volume, 128 MiB left free.
    #[default]
    Standard,
    /// GPT with the volume alone, from the first MiB to the end.
    Single,
    /// The volume without a partition table.
    Bare,
}

/// What is to be made.
#[derive(Clone)]
pub struct Media {
    /// How the disk is divided.
    pub layout: Layout,
    /// The volume's name, which is also its partition's.
    pub label: String,
    /// Files of the EFI system partition; only [`Layout::Standard`] has one.
    pub efi_files: Vec<fat::File>,
    /// The numbers that make this disk different from all others.
    pub ids: Ids,
    /// The date of what has no other (the EFI files), in seconds since 1970.
    pub date: i64,
    /// The volume.
    pub volume: PartContent,
}

/// Numbers that partition tables and file systems want to be unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ids {
    /// The disk's GUID.
    pub disk: Guid,
    /// The EFI system partition's own GUID.
    pub efi: Guid,
    /// The volume's partition's own GUID.
    pub volume: Guid,
    /// The volume serial of the FAT in the EFI system partition.
    pub fat_serial: u32,
}

impl Ids {
    /// The ids that belong to a seed: always the same ones.
    #[must_use]
    pub fn derive(seed: &[u8]) -> Self {
        let b = Guid::derive(seed, "fat serial").to_bytes();
        Self {
            disk: Guid::derive(seed, "disk"),
            efi: Guid::derive(seed, "efi partition"),
            volume: Guid::derive(seed, "volume partition"),
            fat_serial: u32::from_le_bytes([b[0], b[1], b[2], b[3]]),
        }
    }
}

/// The volume as its partition holds it.
#[derive(Clone)]
pub struct PartContent {
    /// Its bytes; as long as the partition will be.
    pub map: Map,
    /// What a writer withholds until the volume is proven: the headers,
    /// primary first, as ranges of `map`.
    pub headers: Vec<Range<u64>>,
}

impl PartContent {
    /// A partition restored block for block, under one tag.
    ///
    /// Withheld are the sectors in which HFS+ and HFS keep their headers.
    #[must_use]
    pub fn verbatim(source: Source, tag: Option<u32>) -> Self {
        let len = source.len();
        let mut map = Map::new(len);
        map.push(0, source, tag);
        let mut headers = Vec::new();
        if len >= 4096 {
            headers.extend([1024..1536, len - 1024..len - 512]);
        }
        Self { map, headers }
    }
}

/// What the media are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The size of a sector: 512 for files and most sticks, or 4096.
    pub sector: u32,
    /// The size of the disk; without it, what the volume needs.
    pub len: Option<u64>,
}

/// A partition of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartRange {
    /// The name in the table.
    pub name: String,
    /// The type in the table.
    pub kind: Guid,
    /// Its bytes.
    pub range: Range<u64>,
}

/// A whole disk, laid out and not yet written.
#[derive(Clone)]
pub struct Image {
    /// Its bytes.
    pub map: Map,
    /// The size of a sector; all ranges are multiples of it.
    pub sector: u32,
    /// The partitions, in order. A bare volume is one.
    pub parts: Vec<PartRange>,
    /// What a writer keeps back until all else is proven, in the order in
    /// which it is to be written then: the volume's headers, the backup
    /// table, the primary table, and sector 0 at the very last.
    pub withheld: Vec<Range<u64>>,
}

impl Image {
    /// The partition that holds the volume.
    #[must_use]
    pub fn volume(&self) -> Range<u64> {
        self.parts.last().map_or(0..0, |part| part.range.clone())
    }
}
