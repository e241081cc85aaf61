//! The exact bytes of an Apple partition map; no logic.

use zerocopy::big_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// `sbSig`: `ER`.
pub(super) const DRIVER_SIGNATURE: u16 = 0x4552;
/// `pmSig`: `PM`.
pub(super) const PARTITION_SIGNATURE: u16 = 0x504d;

/// The begin of `Block0`, the driver descriptor map.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
#[allow(non_snake_case, reason = "the specification's names")]
pub(super) struct Block0 {
    /// `ER`.
    pub(super) sbSig: U16,
    /// The device's block size.
    pub(super) sbBlkSize: U16,
    /// The device's number of blocks.
    pub(super) sbBlkCount: U32,
    /// Device type and id, not used.
    pub(super) sbDevType: U16,
    /// Not used.
    pub(super) sbDevId: U16,
    /// Not used.
    pub(super) sbData: U32,
    /// Number of driver descriptors that follow.
    pub(super) sbDrvrCount: U16,
}
const _: () = assert!(size_of::<Block0>() == 18);

/// `Partition`, an entry of the map.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
#[allow(non_snake_case, reason = "the specification's names")]
pub(super) struct Partition {
    /// `PM`.
    pub(super) pmSig: U16,
    /// Zero.
    pub(super) pmSigPad: U16,
    /// Number of entries in the map, the same in each.
    pub(super) pmMapBlkCnt: U32,
    /// First block.
    pub(super) pmPyPartStart: U32,
    /// Number of blocks.
    pub(super) pmPartBlkCnt: U32,
    /// Name, padded with zeros.
    pub(super) pmPartName: [u8; 32],
    /// Type, padded with zeros.
    pub(super) pmParType: [u8; 32],
    /// First block of data, relative.
    pub(super) pmLgDataStart: U32,
    /// Number of blocks of data.
    pub(super) pmDataCnt: U32,
    /// Status bits.
    pub(super) pmPartStatus: U32,
    /// Boot code: place, size, load and start address, checksum, processor.
    pub(super) boot: [u8; 44],
    /// Zero, or boot arguments.
    pub(super) pad: [u8; 376],
}
const _: () = assert!(size_of::<Partition>() == 512);
