//! Master boot records: read with their extended partitions, written only as
//! the one that protects a GPT.
//!
//! Not supported: writing partitions. Facts: UEFI specification 2.10, section
//! 5.2; the chain of extended partitions as every partitioner makes it.

/// The MBR that keeps old tools off a GPT disk of `sectors` sectors.
#[must_use]
pub fn protective(sector: u32, sectors: u64) -> Vec<u8> {
    let mut mbr = vec![0; sector as usize];
    // The first entry: not active, CHS 0/0/2, type EE, CHS "out of range".
    mbr[446..454].copy_from_slice(&[0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff]);
    mbr[454..458].copy_from_slice(&1u32.to_le_bytes());
    let covered = u32::try_from(sectors.saturating_sub(1)).unwrap_or(u32::MAX);
    mbr[458..462].copy_from_slice(&covered.to_le_bytes());
    mbr[510..512].copy_from_slice(&[0x55, 0xaa]);
    mbr
}
