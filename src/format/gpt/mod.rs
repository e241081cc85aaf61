//! GUID partition tables, read and written, for sectors of 512 to 4096 bytes.
//!
//! The code is our own: the `gpt` crate asserts where a header's entry size is
//! not 128, makes random GUIDs, and wants a file to write to, while a reader
//! here needs typed errors and a writer needs nothing but bytes. The crate is
//! asked for a second opinion when a table is proven (`source::tables`).
//!
//! Not supported: entries of more than 128 bytes (no tool makes them), and
//! hybrid MBRs, whose partitions are those of the GPT anyway.
//!
//! Facts: UEFI specification 2.10, chapter 5.

mod guid;
mod raw;
mod read;
mod write;

pub use guid::{Guid, NotAGuid};
pub use read::{Gpt, read};
pub use write::{LayoutError, Tables, tables, usable};

/// A partition of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The number of its slot, from 1.
    pub index: u32,
    /// What it holds.
    pub kind: Guid,
    /// Its own GUID.
    pub id: Guid,
    /// Its name; at most 36 UTF-16 units are stored.
    pub name: String,
    /// First sector.
    pub first: u64,
    /// Last sector, inclusive.
    pub last: u64,
    /// Attribute bits.
    pub attributes: u64,
}
