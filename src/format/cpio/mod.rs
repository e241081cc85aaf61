//! cpio archives in the text forms that packages use: `odc` (070707) and
//! `newc` (070701, and 070702 with checksums), read front to back.
//!
//! Not supported: the binary forms of before 1990. Facts: POSIX 1003.1-1988
//! (cpio interchange format); cpio(5) of FreeBSD; GNU cpio's manual (newc).

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::Reader;
pub use write::Writer;

/// `c_magic` of the POSIX form.
pub(crate) const ODC: &[u8; 6] = b"070707";
/// `c_magic` of the SVR4 form.
const NEWC: &[u8; 6] = b"070701";
/// `c_magic` of the SVR4 form with a sum of each file's bytes.
const NEWC_SUM: &[u8; 6] = b"070702";
/// The name of the last entry.
const TRAILER: &[u8] = b"TRAILER!!!";
/// What errors call it.
const CPIO: &str = "cpio header";

/// Whether bytes begin as an archive of a form that is read here.
#[must_use]
pub fn is_cpio(head: &[u8]) -> bool {
    [ODC, NEWC, NEWC_SUM].iter().any(|magic| head.starts_with(*magic))
}
