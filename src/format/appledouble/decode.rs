//! An AppleDouble file taken apart again.

use crate::block::{Error, Result, Source, Value, read_vec, slice};
use crate::format::appledouble::{ATTRIBUTE_HEADER, FINDER_INFO, MAGIC, RESOURCE_FORK, VERSION};

/// More entries than this are not believed; RFC 1740 knows 15 kinds.
const MAX_ENTRIES: u16 = 32;
/// More attributes than this are not believed.
const MAX_ATTRIBUTES: u16 = 1024;
/// The longest Finder info with attributes behind it that is believed.
const MAX_INFO: u64 = 16 << 20;
/// What stands in the resource fork that Macs write when there is none.
const NO_FORK: &[u8] = b"This resource fork intentionally left blank";
/// What errors call it.
const HEADER: &str = "AppleDouble header";

/// What was beside a file.
#[derive(Clone)]
pub struct Decoded {
    /// Finder info and extended Finder info.
    pub finder: [u8; 32],
    /// Extended attributes.
    pub xattrs: Vec<(String, Source)>,
    /// The resource fork, if there is one.
    pub rsrc: Option<Source>,
}

/// Takes a file apart; forks and attributes stay parts of it.
///
/// # Errors
/// `Corrupt` for what is no AppleDouble file, or points outside of itself.
pub fn decode(file: &Source) -> Result<Decoded> {
    let head = part(file, 0, 26)?;
    let magic = u32_at(&head, 0);
    if magic != MAGIC {
        return Err(Error::corrupt(HEADER, "magic", Value::Hex(magic.into()), "not 0x51607"));
    }
    let version = u32_at(&head, 4);
    if version != VERSION {
        let value = Value::Hex(version.into());
        return Err(Error::corrupt(HEADER, "version", value, "not 0x20000"));
    }
    let count = u16_at(&head, 24);
    if count > MAX_ENTRIES {
        return Err(Error::corrupt(HEADER, "number of entries", count, "over the limit of 32"));
    }
    let mut decoded = Decoded { finder: [0; 32], xattrs: Vec::new(), rsrc: None };
    let table = part(file, 26, usize::from(count) * 12)?;
    for entry in table.chunks_exact(12) {
        let (id, at, len) = (u32_at(entry, 0), u32_at(entry, 4), u32_at(entry, 8));
        let fork = slice(file, at.into(), len.into());
        let fork = fork.map_err(|_| {
            Error::corrupt(HEADER, "offset", at, "outside the file with its length added")
        })?;
        match id {
            FINDER_INFO => info(file, at.into(), &fork, &mut decoded)?,
            RESOURCE_FORK if !fork.is_empty() && !is_blank(&fork)? => decoded.rsrc = Some(fork),
            _ => {}
        }
    }
    Ok(decoded)
}

/// Finder info, and the attributes that may follow it.
fn info(file: &Source, at: u64, entry: &Source, decoded: &mut Decoded) -> Result<()> {
    if entry.len() > MAX_INFO {
        let rule = "longer than 16 MiB";
        return Err(Error::corrupt(HEADER, "length of the Finder info", entry.len(), rule));
    }
    let len = entry.len().min(32);
    // At most 32.
    let finder = part(entry, 0, usize::try_from(len).unwrap_or(0))?;
    decoded.finder[..finder.len()].copy_from_slice(&finder);
    // Two bytes of padding, then the header.
    let header = 34 + ATTRIBUTE_HEADER;
    if entry.len() < header as u64 || part(entry, 34, 4)? != *b"ATTR" {
        return Ok(());
    }
    let count = u16_at(&part(entry, 34, ATTRIBUTE_HEADER)?, ATTRIBUTE_HEADER - 2);
    if count > MAX_ATTRIBUTES {
        return Err(Error::corrupt("attr_header", "num_attrs", count, "over the limit of 1024"));
    }
    let mut next = at + header as u64;
    for _ in 0..count {
        let fixed = part(file, next, 11)?;
        let name = part(file, next + 11, usize::from(fixed[10]))?;
        let (start, len) = (u32_at(&fixed, 0), u32_at(&fixed, 4));
        let value = slice(file, start.into(), len.into());
        let rule = "outside the file with its length added";
        let value = value.map_err(|_| Error::corrupt("attr_entry", "offset", start, rule))?;
        let name = name.strip_suffix(&[0]).unwrap_or(&name);
        let text = std::str::from_utf8(name).ok().filter(|name| !name.is_empty());
        let text = text.ok_or_else(|| {
            let found = String::from_utf8_lossy(name).into_owned();
            Error::corrupt("attr_entry", "name", found, "not a name")
        })?;
        decoded.xattrs.push((text.to_owned(), value));
        next += (11 + u64::from(fixed[10])).next_multiple_of(4);
    }
    Ok(())
}

/// Whether a resource fork is the one that stands for none.
fn is_blank(fork: &Source) -> Result<bool> {
    let at = 16;
    Ok(fork.len() == 286 && part(fork, at, NO_FORK.len())? == NO_FORK)
}

fn part(from: &Source, at: u64, len: usize) -> Result<Vec<u8>> {
    if at.checked_add(len as u64).is_none_or(|end| end > from.len()) {
        return Err(Error::corrupt(
            HEADER,
            "length",
            from.len(),
            "it ends inside of what it lists",
        ));
    }
    Ok(read_vec(from.as_ref(), at, len)?)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::saying::{assert_said, said};
    use crate::block::{ReadAt, bytes};
    use crate::format::appledouble::{Contents, encode};

    fn made(xattrs: &[(String, Vec<u8>)], rsrc: Option<Source>) -> Vec<u8> {
        let map = encode(&Contents { finder: [7; 32], xattrs, rsrc }).unwrap();
        read_vec(&map, 0, usize::try_from(map.len()).unwrap()).unwrap()
    }

    fn all(source: &Source) -> Vec<u8> {
        read_vec(source.as_ref(), 0, usize::try_from(source.len()).unwrap()).unwrap()
    }

    #[test]
    fn what_was_put_in_comes_out() {
        let xattrs = [("a.b".to_owned(), b"value".to_vec()), ("com.x".to_owned(), Vec::new())];
        let decoded = decode(&bytes(made(&xattrs, Some(bytes(*b"fork"))))).unwrap();
        assert_eq!(decoded.finder, [7; 32]);
        assert_eq!(all(&decoded.rsrc.unwrap()), b"fork");
        let found: Vec<_> =
            decoded.xattrs.iter().map(|(name, value)| (name.clone(), all(value))).collect();
        assert_eq!(found, xattrs);
        assert!(decode(&bytes(made(&[], None))).unwrap().rsrc.is_none());
    }

    #[test]
    fn the_fork_that_stands_for_none_is_none() {
        let mut blank = vec![0; 286];
        blank[16..16 + NO_FORK.len()].copy_from_slice(NO_FORK);
        assert!(decode(&bytes(made(&[], Some(bytes(blank))))).unwrap().rsrc.is_none());
    }

    #[test]
    fn broken_fields_are_named() {
        let xattrs = [("a.b".to_owned(), b"value".to_vec())];
        let file = made(&xattrs, Some(bytes(*b"fork")));
        let with = |at: usize, byte: u8| {
            let mut file = file.clone();
            file[at] = byte;
            file
        };
        let header = |text: &str| format!("AppleDouble header: {text}");
        let short =
            |len: usize| header(&format!("length is {len}: it ends inside of what it lists"));
        let outside = "outside the file with its length added";
        let mut huge = with(34, 1);
        huge[35..38].fill(1);
        huge.resize(20 << 20, 0);
        let rows = [
            (with(0, 1), header("magic is 0x1051607: not 0x51607")),
            (with(4, 1), header("version is 0x1020000: not 0x20000")),
            (with(24, 1), header("number of entries is 258: over the limit of 32")),
            (with(30, 1), header(&format!("offset is 16777266: {outside}"))),
            (huge, header("length of the Finder info is 16843009: longer than 16 MiB")),
            (with(118, 255), "attr_header: num_attrs is 65281: over the limit of 1024".into()),
            (with(120, 1), format!("attr_entry: offset is 16777352: {outside}")),
            (with(130, 255), short(file.len())),
            (with(130, 0), "attr_entry: name is \"\": not a name".into()),
            (file[..20].to_vec(), short(20)),
            (file[..40].to_vec(), short(40)),
        ];
        assert_said(rows.map(|(file, text)| (said(decode(&bytes(file))), text)));
    }
}
