//! AppleDouble files: what a file has besides its data fork, in a file beside
//! it (`._NAME`), as Macs write them on foreign file systems and into packages.
//!
//! Facts: RFC 1740 (header, entries); Apple's `vfs_xattr.c` (attributes that
//! follow the Finder info in entry 9).

mod decode;

pub use decode::{Decoded, decode};

use crate::block::{Map, Source, bytes};
use std::io;
use std::sync::Arc;

/// `magic` of an AppleDouble file.
const MAGIC: u32 = 0x0005_1607;
/// `version` 2.
const VERSION: u32 = 0x0002_0000;
/// `filler`, which version 2 leaves free and Macs fill with this.
const FILLER: &[u8; 16] = b"Mac OS X        ";
/// Entry id of the Finder info.
const FINDER_INFO: u32 = 9;
/// Entry id of the resource fork.
const RESOURCE_FORK: u32 = 2;
/// Header and two entries.
const HEADER: usize = 26 + 2 * 12;
/// Where `attr_header` begins: two bytes behind the Finder info.
const ATTRIBUTES: usize = HEADER + 32 + 2;
/// The length of `attr_header`.
const ATTRIBUTE_HEADER: usize = 36;

/// What goes beside a file.
pub struct Contents<'a> {
    /// Finder info and extended Finder info.
    pub finder: [u8; 32],
    /// Extended attributes: names in UTF-8, and values.
    pub xattrs: &'a [(String, Vec<u8>)],
    /// The resource fork.
    pub rsrc: Option<Source>,
}

/// The file's bytes, the resource fork as it is read.
///
/// # Errors
/// `InvalidInput` when the attributes are too long for the format: a name
/// over 254 bytes, all together over 4 GiB.
pub fn encode(contents: &Contents<'_>) -> io::Result<Map> {
    let empty: Source = bytes([]);
    let rsrc = contents.rsrc.as_ref().unwrap_or(&empty);
    let mut info = contents.finder.to_vec();
    if !contents.xattrs.is_empty() {
        info.extend([0, 0]);
        info.extend(attributes(contents.xattrs)?);
    }
    let rsrc_at = HEADER + info.len();
    let mut head = Vec::with_capacity(rsrc_at);
    head.extend(MAGIC.to_be_bytes());
    head.extend(VERSION.to_be_bytes());
    head.extend(FILLER);
    head.extend(2u16.to_be_bytes());
    let rsrc_len = usize::try_from(rsrc.len()).map_err(too_long)?;
    for (id, at, len) in [(FINDER_INFO, HEADER, info.len()), (RESOURCE_FORK, rsrc_at, rsrc_len)] {
        head.extend(id.to_be_bytes());
        head.extend(number(at)?.to_be_bytes());
        head.extend(number(len)?.to_be_bytes());
    }
    head.extend(info);
    let mut map = Map::new(rsrc_at as u64 + rsrc.len());
    map.push(0, bytes(head), None);
    map.push(rsrc_at as u64, Arc::clone(rsrc), None);
    Ok(map)
}

fn too_long(_: impl std::error::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the attributes are too long for AppleDouble")
}

fn number(value: usize) -> io::Result<u32> {
    u32::try_from(value).map_err(too_long)
}

/// `attr_header`, its entries, and the values behind them.
fn attributes(xattrs: &[(String, Vec<u8>)]) -> io::Result<Vec<u8>> {
    // offset, length, flags, namelen, the name with its NUL; a multiple of 4.
    let entry = |name: &str| (11 + name.len() + 1).next_multiple_of(4);
    let table: usize = xattrs.iter().map(|(name, _)| entry(name)).sum();
    let values: usize = xattrs.iter().map(|(_, value)| value.len()).sum();
    let data_at = ATTRIBUTES + ATTRIBUTE_HEADER + table;
    let mut out = b"ATTR".to_vec();
    for value in [0, data_at + values, data_at, values, 0, 0, 0] {
        out.extend(number(value)?.to_be_bytes()); // debug_tag, total_size, data_*, reserved
    }
    out.extend(0u16.to_be_bytes());
    out.extend(u16::try_from(xattrs.len()).map_err(too_long)?.to_be_bytes());
    let mut at = data_at;
    for (name, value) in xattrs {
        let end = out.len() + entry(name);
        out.extend(number(at)?.to_be_bytes());
        out.extend(number(value.len())?.to_be_bytes());
        out.extend([0, 0]);
        let with_nul = u8::try_from(name.len() + 1).map_err(too_long)?;
        out.push(with_nul);
        out.extend(name.as_bytes());
        out.resize(end, 0);
        at += value.len();
    }
    xattrs.iter().for_each(|(_, value)| out.extend(value));
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{ReadAt, read_vec};

    fn word(file: &[u8], at: usize) -> usize {
        u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize
    }

    fn made(xattrs: &[(String, Vec<u8>)], rsrc: Option<Source>) -> Vec<u8> {
        let map = encode(&Contents { finder: [7; 32], xattrs, rsrc }).unwrap();
        read_vec(&map, 0, usize::try_from(map.len()).unwrap()).unwrap()
    }

    #[test]
    fn without_attributes_it_is_as_rfc_1740_says() {
        let file = made(&[], Some(bytes(*b"fork")));
        assert_eq!(file.len(), 82 + 4);
        assert_eq!(file[..8], [0, 5, 0x16, 7, 0, 2, 0, 0]);
        assert_eq!([word(&file, 26), word(&file, 30), word(&file, 34)], [9, 50, 32]);
        assert_eq!([word(&file, 38), word(&file, 42), word(&file, 46)], [2, 82, 4]);
        assert_eq!(&file[82..], b"fork");
    }

    #[test]
    fn attributes_follow_the_finder_info() {
        let xattrs = [("a.b".to_owned(), b"value".to_vec()), ("c".to_owned(), b"!".to_vec())];
        let file = made(&xattrs, None);
        assert_eq!(&file[84..88], b"ATTR");
        let (total, data, len) = (word(&file, 92), word(&file, 96), word(&file, 100));
        assert_eq!((total, len), (file.len(), 6));
        assert_eq!(&file[data..], b"value!");
        assert_eq!(file[118..120], [0, 2]);
        assert_eq!([word(&file, 120), word(&file, 124)], [data, 5]);
        assert_eq!(&file[130..135], b"\x04a.b\0");
        assert_eq!([word(&file, 136), word(&file, 140)], [data + 5, 1]);
        assert_eq!(word(&file, 34), file.len() - 50);
    }

    #[test]
    fn names_that_do_not_fit_are_refused() {
        let xattrs = [("x".repeat(300), Vec::new())];
        let refused = encode(&Contents { finder: [0; 32], xattrs: &xattrs, rsrc: None });
        let text = "the attributes are too long for AppleDouble";
        assert_eq!(refused.err().unwrap().to_string(), text);
    }
}
