//! A chunk list of the unsigned kind, as stands beside a base system.

use sha2::{Digest, Sha256};

/// The plain bytes in a chunk.
const CHUNK: usize = 10 << 20;
/// The length of the header.
const HEADER: u32 = 0x24;

/// The chunk list of these bytes: `CNKL` version 1, a SHA-256 for each chunk,
/// and a digest of the list in the signature's place (method 2).
pub(super) fn of(data: &[u8]) -> Vec<u8> {
    let chunks = data.chunks(CHUNK);
    let count = chunks.len() as u64;
    let mut out = b"CNKL".to_vec();
    out.extend(HEADER.to_le_bytes());
    out.extend([1, 1, 2, 0]); // file version, chunk method, signature method
    for value in [count, u64::from(HEADER), u64::from(HEADER) + 36 * count] {
        out.extend(value.to_le_bytes());
    }
    for chunk in chunks {
        // A chunk is at most 10 MiB.
        out.extend(u32::try_from(chunk.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.extend(Sha256::digest(chunk));
    }
    let digest = Sha256::digest(&out);
    out.extend(digest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_where_things_are() {
        let list = of(&vec![7; CHUNK + 1]);
        assert_eq!(list.len(), 0x24 + 2 * 36 + 32);
        assert_eq!(list[0x14..0x1c], 0x24u64.to_le_bytes());
        assert_eq!(list[0x1c..0x24], (0x24u64 + 72).to_le_bytes());
        assert_eq!(list[0x24 + 36..0x24 + 40], [1, 0, 0, 0]);
    }
}
