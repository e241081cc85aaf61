//! Bills of materials (`Bom`, `Archive.bom`): a package's list of files, with
//! modes, owners, dates, sizes and checksums, and no contents.
//!
//! Not supported: `Size64` (sizes of 4 GiB and more are given modulo that),
//! and what is known of single architectures. No documentation is public;
//! facts: the description of the format in the bomutils project's manual, and
//! files that `mkbom` made.

mod read;
mod store;
#[cfg(test)]
mod tests;
mod write;

pub use read::read;
pub use write::write;

/// The file's first bytes.
const MAGIC: &[u8; 8] = b"BOMStore";
/// What errors call it.
const BOM: &str = "BOM";
/// What helps where a bill is not read here.
const LSBOM: &str = "on a Mac: lsbom FILE";

/// A path in a bill of materials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// From the top, parted by `/`; the top itself is `.`.
    pub path: Vec<u8>,
    /// File type and permission bits.
    pub mode: u16,
    /// Owner's number.
    pub uid: u32,
    /// Group's number.
    pub gid: u32,
    /// When it was changed last, in seconds since 1970.
    pub mtime: u32,
    /// Bytes, modulo 4 GiB.
    pub size: u32,
    /// A file's checksum as `cksum` makes it; a device's number.
    pub checksum: u32,
    /// A symbolic link's target.
    pub link: Vec<u8>,
}

/// POSIX `cksum`, as bills of materials have it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum {
    crc: u32,
    len: u64,
}

impl Sum {
    /// Adds bytes.
    pub fn update(&mut self, data: &[u8]) {
        self.crc = data.iter().fold(self.crc, |crc, byte| step(crc, *byte));
        self.len += data.len() as u64;
    }

    /// The checksum of all that was added.
    #[must_use]
    pub fn finish(self) -> u32 {
        let (mut crc, mut len) = (self.crc, self.len);
        while len > 0 {
            crc = step(crc, len.to_le_bytes()[0]);
            len >>= 8;
        }
        !crc
    }
}

/// The CRC of a longer text by one byte; the polynomial is that of Ethernet.
const fn step(crc: u32, byte: u8) -> u32 {
    let [first, ..] = crc.to_be_bytes();
    crc << 8 ^ TABLE[(first ^ byte) as usize]
}

/// The CRC of each byte.
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    let mut start = 0u32;
    while byte < 256 {
        let (mut crc, mut bit) = (start, 0);
        while bit < 8 {
            crc = if crc & 1 << 31 == 0 { crc << 1 } else { crc << 1 ^ 0x04c1_1db7 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
        start = start.wrapping_add(1 << 24);
    }
    table
};
