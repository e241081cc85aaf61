//! UDIF structures as they are stored: big-endian, unaligned.

use zerocopy::big_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// A checksum with its kind: 0 none, 2 CRC-32.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Checksum {
    pub(crate) kind: U32,
    pub(crate) bits: U32,
    pub(crate) data: [U32; 32],
}

/// `UDIFResourceFile`, the trailer of an image.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Koly {
    pub(crate) signature: [u8; 4],
    pub(crate) version: U32,
    pub(crate) header_size: U32,
    pub(crate) flags: U32,

    pub(crate) running_data_fork_offset: U64,
    pub(crate) data_fork_offset: U64,
    pub(crate) data_fork_length: U64,
    pub(crate) rsrc_fork_offset: U64,
    pub(crate) rsrc_fork_length: U64,

    pub(crate) segment_number: U32,
    pub(crate) segment_count: U32,
    pub(crate) segment_id: [u8; 16],

    pub(crate) data_checksum: Checksum,

    pub(crate) xml_offset: U64,
    pub(crate) xml_length: U64,
    /// Newer images keep the place of a code signature in these.
    pub(crate) reserved1: [u8; 120],

    pub(crate) master_checksum: Checksum,

    pub(crate) image_variant: U32,
    pub(crate) sector_count: U64,
    pub(crate) reserved2: [u8; 12],
}

/// `BLKXTable`, the head of a block table; [`Run`]s follow it.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Mish {
    pub(crate) signature: [u8; 4],
    pub(crate) version: U32,
    pub(crate) sector_number: U64,
    pub(crate) sector_count: U64,
    pub(crate) data_offset: U64,
    pub(crate) buffers_needed: U32,
    pub(crate) block_descriptors: U32,
    pub(crate) reserved: [u8; 24],
    pub(crate) checksum: Checksum,
    pub(crate) run_count: U32,
}

/// `BLKXChunkEntry`, one run of sectors.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Run {
    pub(crate) kind: U32,
    pub(crate) comment: U32,
    pub(crate) sector_number: U64,
    pub(crate) sector_count: U64,
    pub(crate) compressed_offset: U64,
    pub(crate) compressed_length: U64,
}

const _: () = assert!(size_of::<Checksum>() == 136);
const _: () = assert!(size_of::<Koly>() == 512);
const _: () = assert!(size_of::<Mish>() == 204);
const _: () = assert!(size_of::<Run>() == 40);

pub(crate) const KOLY: [u8; 4] = *b"koly";
pub(crate) const MISH: [u8; 4] = *b"mish";

pub(crate) const ZERO: u32 = 0;
pub(crate) const RAW: u32 = 1;
pub(crate) const IGNORE: u32 = 2;
pub(crate) const ADC: u32 = 0x8000_0004;
pub(crate) const ZLIB: u32 = 0x8000_0005;
pub(crate) const BZIP2: u32 = 0x8000_0006;
pub(crate) const LZFSE: u32 = 0x8000_0007;
pub(crate) const LZMA: u32 = 0x8000_0008;
pub(crate) const COMMENT: u32 = 0x7fff_fffe;
pub(crate) const TERMINATOR: u32 = 0xffff_ffff;

pub(crate) const CHECKSUM_NONE: u32 = 0;
pub(crate) const CHECKSUM_CRC32: u32 = 2;
