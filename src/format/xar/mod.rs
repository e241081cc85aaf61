//! xar archives: flat packages, `.xip`, Safari extensions.
//!
//! A header, a table of contents (XML, as a zlib stream) and a heap. Opening
//! checks the table's checksum and where everything lies; a file's checksums
//! are checked when it is decoded, when it is read from its first byte to its
//! last, or by [`Archive::verify`]. Limits, each named where it is met: a table
//! of 64 MiB, 512 MiB decoded; 400,000 entries; 256 levels; what a stored byte
//! may become.
//!
//! Not supported: MD5 checksums (recognised, not checked), files in parts.
//! Facts: the xar project's wiki (file format) and its `xar.h`; archives that
//! `pkgbuild` and `productsign` made.

mod archive;
mod contents;
mod digest;
mod entry;
mod header;
mod signed;
#[cfg(test)]
mod tests;
mod toc;
mod toc_draft;
pub mod write;

pub use archive::{Archive, Checks};
pub use digest::{Check, Checksum, Hasher, Style, hex};
pub use entry::{Data, Encoding, Entry, Kind};
pub use signed::{Basis, Verified};
pub use toc::Signature;

/// What helps where an archive is not read here.
const XAR: &str = "on a Mac: xar -xf ARCHIVE";
/// The table's name in messages.
const TOC: &str = "xar table of contents";
