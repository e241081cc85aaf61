//! Compressed files as HFS+ has them: an attribute and perhaps a resource fork.
//!
//! Facts: the layout of `com.apple.decmpfs` (Apple's `decmpfs.h`), the chunk
//! tables in resource forks as HFS+ readers document them. Only what the
//! sample needs is written; [`crate::volume::hfsplus`] reads all of it.

use std::io;

/// The plain bytes in one chunk of a compressed resource fork.
const CHUNK: usize = 0x1_0000;
/// `compression_magic`, "cmpf" as a number.
const MAGIC: u32 = 0x636d_7066;
/// Marks a zlib chunk that is stored as it is.
const STORED: u8 = 0xff;

/// How a file is compressed, by `compression_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// 3: zlib in the attribute.
    ZlibInline = 3,
    /// 4: zlib in the resource fork.
    ZlibFork = 4,
    /// 7: LZVN in the attribute.
    LzvnInline = 7,
    /// 8: LZVN in the resource fork.
    LzvnFork = 8,
    /// 11: LZFSE in the attribute.
    LzfseInline = 11,
    /// 12: LZFSE in the resource fork.
    LzfseFork = 12,
}

/// What stands in place of the data fork.
pub(super) struct Compressed {
    /// The value of `com.apple.decmpfs`.
    pub(super) attribute: Vec<u8>,
    /// The resource fork.
    pub(super) fork: Option<Vec<u8>>,
}

/// Compresses a file's bytes.
///
/// # Errors
/// LZVN is had only for chunks of up to 4096 bytes that compress.
pub(super) fn compress(kind: Kind, plain: &[u8]) -> io::Result<Compressed> {
    let mut attribute = MAGIC.to_le_bytes().to_vec();
    attribute.extend((kind as u32).to_le_bytes());
    attribute.extend((plain.len() as u64).to_le_bytes());
    let fork = match kind {
        Kind::ZlibInline => {
            attribute.extend(zlib(plain)?);
            None
        }
        Kind::LzvnInline => {
            attribute.extend(lzvn(plain)?);
            None
        }
        Kind::LzfseInline => {
            attribute.extend(lzfse(plain)?);
            None
        }
        Kind::ZlibFork => Some(resource_file(&zlib_chunks(plain)?)?),
        Kind::LzvnFork => Some(plain_chunks(plain, lzvn)?),
        Kind::LzfseFork => Some(plain_chunks(plain, lzfse)?),
    };
    Ok(Compressed { attribute, fork })
}

fn zlib(plain: &[u8]) -> io::Result<Vec<u8>> {
    let level = libdeflater::CompressionLvl::new(6).unwrap_or_default();
    let mut encoder = libdeflater::Compressor::new(level);
    let mut out = vec![0; encoder.zlib_compress_bound(plain.len())];
    let len = encoder.zlib_compress(plain, &mut out).map_err(io::Error::other)?;
    out.truncate(len);
    if len > plain.len() {
        out = [&[STORED], plain].concat();
    }
    Ok(out)
}

fn lzfse(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    lzfse_rust::encode_bytes(plain, &mut out).map_err(io::Error::other)?;
    Ok(out)
}

/// The bare LZVN stream out of the LZVN block that small inputs become:
/// `bvxn`, two lengths, the stream, `bvx$`.
fn lzvn(plain: &[u8]) -> io::Result<Vec<u8>> {
    let framed = lzfse(plain)?;
    match framed.strip_prefix(b"bvxn").and_then(|rest| rest.strip_suffix(b"bvx$")) {
        Some(block) if block.len() > 8 => Ok(block[8..].to_vec()),
        _ => Err(io::Error::other("these bytes do not become one LZVN block")),
    }
}

fn number(len: usize) -> io::Result<u32> {
    u32::try_from(len).map_err(io::Error::other)
}

/// Types 8 and 12: offsets of all chunks and of the end, then the chunks.
fn plain_chunks(plain: &[u8], encode: fn(&[u8]) -> io::Result<Vec<u8>>) -> io::Result<Vec<u8>> {
    let chunks = plain.chunks(CHUNK).map(encode).collect::<io::Result<Vec<_>>>()?;
    let mut at = 4 * (chunks.len() + 1);
    let mut out = number(at)?.to_le_bytes().to_vec();
    for chunk in &chunks {
        at += chunk.len();
        out.extend(number(at)?.to_le_bytes());
    }
    Ok([out, chunks.concat()].concat())
}

/// Type 4: a count, then offset and length of each chunk, then the chunks.
fn zlib_chunks(plain: &[u8]) -> io::Result<Vec<u8>> {
    let chunks = plain.chunks(CHUNK).map(zlib).collect::<io::Result<Vec<_>>>()?;
    let mut at = 4 + 8 * chunks.len();
    let mut out = number(chunks.len())?.to_le_bytes().to_vec();
    for chunk in &chunks {
        out.extend(number(at)?.to_le_bytes());
        out.extend(number(chunk.len())?.to_le_bytes());
        at += chunk.len();
    }
    Ok([out, chunks.concat()].concat())
}

/// A resource file with one resource, `cmpf` 1 (Inside Macintosh, "Resource
/// File Format").
fn resource_file(resource: &[u8]) -> io::Result<Vec<u8>> {
    let data_len = 4 + number(resource.len())?;
    let mut out = Vec::new();
    for value in [0x100, 0x100 + data_len, data_len, 50] {
        out.extend(value.to_be_bytes()); // data and map: offsets, lengths
    }
    out.resize(0x100, 0);
    out.extend(number(resource.len())?.to_be_bytes());
    out.extend(resource);
    out.extend([0; 24]); // the map's copies for a reader in memory
    for value in [0x1cu16, 0x32, 0] {
        out.extend(value.to_be_bytes()); // type list, name list; one type
    }
    out.extend(b"cmpf");
    for value in [0u16, 10, 1, 0xffff] {
        out.extend(value.to_be_bytes()); // one resource, its list; id 1, no name
    }
    out.extend([0; 8]); // attributes, offset 0 in the data, a handle
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"one lion, one lion, one lion, one lion, one lion, one lion";

    #[test]
    fn attributes_say_what_they_hold() {
        let made = compress(Kind::ZlibInline, TEXT).unwrap();
        assert_eq!(made.attribute[..8], *b"fpmc\x03\0\0\0");
        assert_eq!(made.attribute[8..16], (TEXT.len() as u64).to_le_bytes());
        assert!(made.fork.is_none());
        let made = compress(Kind::LzvnInline, TEXT).unwrap();
        assert_eq!(made.attribute[made.attribute.len() - 8..], [6, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn a_fork_holds_a_table_and_chunks() {
        let plain = TEXT.repeat(3000);
        let chunks = plain.len().div_ceil(CHUNK);
        let fork = compress(Kind::LzfseFork, &plain).unwrap().fork.unwrap();
        let entry = |at: usize| u32::from_le_bytes(fork[at..at + 4].try_into().unwrap()) as usize;
        assert_eq!(entry(0), 4 * (chunks + 1));
        assert_eq!(entry(4 * chunks), fork.len());
        let fork = compress(Kind::ZlibFork, &plain).unwrap().fork.unwrap();
        assert_eq!(fork[0x104..0x108], [3, 0, 0, 0]);
        assert_eq!(fork[fork.len() - 20..fork.len() - 14], *b"cmpf\0\0");
        assert!(compress(Kind::LzvnFork, &plain).is_err(), "too long for one block");
    }
}
