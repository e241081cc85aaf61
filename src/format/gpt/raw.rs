//! The exact bytes of a GPT, by the UEFI specification's names; no logic.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// `Signature`: `EFI PART`.
pub(super) const SIGNATURE: [u8; 8] = *b"EFI PART";
/// `Revision`: 1.0, the only one there is.
pub(super) const REVISION: u32 = 0x0001_0000;
/// `HeaderSize` of revision 1.0.
pub(super) const HEADER_SIZE: u32 = 92;
/// `SizeOfPartitionEntry`: the smallest, and the only one in use.
pub(super) const ENTRY_SIZE: u32 = 128;
/// `NumberOfPartitionEntries` in every table that we write.
pub(super) const ENTRIES: u32 = 128;

/// The partition table header (UEFI 2.10, section 5.3.2).
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
#[allow(non_snake_case, reason = "the specification's names")]
pub(super) struct Header {
    /// `EFI PART`.
    pub(super) Signature: [u8; 8],
    /// 1.0.
    pub(super) Revision: U32,
    /// 92.
    pub(super) HeaderSize: U32,
    /// Over `HeaderSize` bytes, this field as zero.
    pub(super) HeaderCRC32: U32,
    /// Zero.
    pub(super) Reserved: U32,
    /// Where this header is.
    pub(super) MyLBA: U64,
    /// Where the other header is.
    pub(super) AlternateLBA: U64,
    /// First sector for partitions.
    pub(super) FirstUsableLBA: U64,
    /// Last sector for partitions.
    pub(super) LastUsableLBA: U64,
    /// The disk's GUID.
    pub(super) DiskGUID: [u8; 16],
    /// Where this header's entries are.
    pub(super) PartitionEntryLBA: U64,
    /// How many entries there are, used or not.
    pub(super) NumberOfPartitionEntries: U32,
    /// 128.
    pub(super) SizeOfPartitionEntry: U32,
    /// Over all entries.
    pub(super) PartitionEntryArrayCRC32: U32,
}
const _: () = assert!(size_of::<Header>() == 92);

/// A partition entry (UEFI 2.10, section 5.3.3).
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
#[allow(non_snake_case, reason = "the specification's names")]
pub(super) struct Entry {
    /// Zero in an unused entry.
    pub(super) PartitionTypeGUID: [u8; 16],
    /// The partition's own GUID.
    pub(super) UniquePartitionGUID: [u8; 16],
    /// First sector.
    pub(super) StartingLBA: U64,
    /// Last sector, inclusive.
    pub(super) EndingLBA: U64,
    /// Attribute bits.
    pub(super) Attributes: U64,
    /// UTF-16, ended by a zero unless it is full.
    pub(super) PartitionName: [U16; 36],
}
const _: () = assert!(size_of::<Entry>() == 128);
