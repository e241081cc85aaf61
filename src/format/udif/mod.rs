//! Apple disk images in the Universal Disk Image Format.
//!
//! ```text
//! data fork | (resource fork) | XML list of block tables | koly
//! koly      -> where the others are, checksums
//! mish      -> a partition's runs: kind, sectors, place in the data fork
//! ```
//!
//! Read: runs of all kinds (zero, raw, free, ADC, zlib, bzip2, LZFSE, XZ), the
//! trailer at the end or at the front, segments, block tables in XML or in the
//! binary resource fork. Not supported: encrypted and sparse images and sparse
//! bundles (recognised and refused), images inside other files at an unknown
//! offset, checksums other than CRC-32 (said to be not checked), and writing
//! into an image.
//!
//! Written: zlib in chunks of 512 KiB by a pinned encoder, zeros as zero runs,
//! raw where that is shorter, with all checksums.
//!
//! There is no specification. The structures are those that Apple's
//! `hdiutil` writes, as its images show and other readers describe them.
//! A partition's CRC covers zero runs but not free ones; the master's covers
//! the partitions' CRCs in the list's order.

mod adc;
mod cache;
mod chunks;
mod codec;
mod crc;
mod detect;
mod image;
mod list;
mod pack;
mod plist;
mod raw;
mod rsrc;
mod sections;
mod table;
#[cfg(test)]
mod tests;
mod trailer;
mod verify;
mod write;

pub use detect::{Format, detect, is_udif, refusal, sparse_bundle};
pub use image::{Decodes, Image, Partition};
pub use sections::Section;
pub use verify::{Check, Checks};
pub use write::{Written, write};
