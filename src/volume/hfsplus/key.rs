//! Keys of the three B-trees, and their order (TN1150, "Catalog File",
//! "Extents Overflow File"; hfs_format.h for attributes).

use crate::block::{Error, Result};
use crate::volume::tree::Case;
use crate::volume::unicode;
use std::cmp::Ordering;
use zerocopy::FromBytes;
use zerocopy::big_endian::U16;

/// How a B-tree's records begin and are ordered.
pub(crate) trait Keys: Send + Sync {
    /// A parsed key, borrowed from its record.
    type Key<'a>: Copy;

    /// Parses a key's bytes, without `keyLength`.
    fn parse<'a>(&self, key: &'a [u8]) -> Result<Self::Key<'a>>;

    /// The order of two keys.
    fn compare(&self, a: &Self::Key<'_>, b: &Self::Key<'_>) -> Ordering;
}

/// `HFSPlusCatalogKey`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CatalogKey<'a> {
    pub(crate) parent: u32,
    pub(crate) name: &'a [U16],
}

/// The catalog's keys: by parent, then by name.
pub(crate) struct CatalogKeys(pub(crate) Case);

/// `HFSPlusExtentKey`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ExtentKey {
    pub(crate) file: u32,
    pub(crate) fork: u8,
    pub(crate) block: u32,
}

/// The extents overflow file's keys: by file, fork and first block.
pub(crate) struct ExtentKeys;

/// `HFSPlusAttrKey`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AttributeKey<'a> {
    pub(crate) file: u32,
    pub(crate) name: &'a [U16],
    pub(crate) block: u32,
}

/// The attributes file's keys: by file, name's units and first block.
pub(crate) struct AttributeKeys;

/// Units in host order.
pub(crate) fn units(name: &[U16]) -> impl Iterator<Item = u16> + '_ {
    name.iter().map(|unit| unit.get())
}

/// Units as stored.
pub(crate) fn stored(units: &[u16]) -> Vec<U16> {
    units.iter().map(|unit| U16::new(*unit)).collect()
}

impl Keys for CatalogKeys {
    type Key<'a> = CatalogKey<'a>;

    fn parse<'a>(&self, key: &'a [u8]) -> Result<CatalogKey<'a>> {
        let (parent, rest) = number(key, "catalog key")?;
        let name = counted(rest, 255, "catalog key", "nodeName.length")?;
        Ok(CatalogKey { parent, name })
    }

    fn compare(&self, a: &CatalogKey<'_>, b: &CatalogKey<'_>) -> Ordering {
        a.parent.cmp(&b.parent).then_with(|| match self.0 {
            Case::Folded => unicode::order_folded(units(a.name), units(b.name)),
            Case::Sensitive => units(a.name).cmp(units(b.name)),
        })
    }
}

impl Keys for ExtentKeys {
    type Key<'a> = ExtentKey;

    fn parse(&self, key: &[u8]) -> Result<ExtentKey> {
        let [fork, _pad, rest @ ..] = key else { return Err(short("extent key", key)) };
        let (file, rest) = number(rest, "extent key")?;
        let (block, _) = number(rest, "extent key")?;
        Ok(ExtentKey { file, fork: *fork, block })
    }

    fn compare(&self, a: &ExtentKey, b: &ExtentKey) -> Ordering {
        a.cmp(b)
    }
}

impl Keys for AttributeKeys {
    type Key<'a> = AttributeKey<'a>;

    fn parse<'a>(&self, key: &'a [u8]) -> Result<AttributeKey<'a>> {
        let rest = key.get(2..).ok_or_else(|| short("attribute key", key))?;
        let (file, rest) = number(rest, "attribute key")?;
        let (block, rest) = number(rest, "attribute key")?;
        let name = counted(rest, 127, "attribute key", "attrNameLen")?;
        Ok(AttributeKey { file, name, block })
    }

    fn compare(&self, a: &AttributeKey<'_>, b: &AttributeKey<'_>) -> Ordering {
        let names = || units(a.name).cmp(units(b.name));
        a.file.cmp(&b.file).then_with(names).then(a.block.cmp(&b.block))
    }
}

fn short(structure: &'static str, key: &[u8]) -> Error {
    Error::corrupt(structure, "keyLength", key.len(), "too short for its fields")
}

fn number<'a>(bytes: &'a [u8], structure: &'static str) -> Result<(u32, &'a [u8])> {
    let (number, rest) = bytes.split_first_chunk().ok_or_else(|| short(structure, bytes))?;
    Ok((u32::from_be_bytes(*number), rest))
}

/// A name behind its 16-bit length.
fn counted<'a>(
    bytes: &'a [u8],
    max: u16,
    structure: &'static str,
    field: &'static str,
) -> Result<&'a [U16]> {
    let (len, rest) = bytes.split_first_chunk().ok_or_else(|| short(structure, bytes))?;
    let len = u16::from_be_bytes(*len);
    if len > max {
        return Err(Error::corrupt(structure, field, len, "longer than a name may be"));
    }
    match <[U16]>::ref_from_prefix_with_elems(rest, len.into()) {
        Ok((name, _)) => Ok(name),
        Err(_) => Err(Error::corrupt(structure, field, len, "longer than its key")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::saying::{assert_said, said};

    #[test]
    fn catalog_keys() {
        let keys = CatalogKeys(Case::Folded);
        let key = keys.parse(&[0, 0, 0, 2, 0, 2, 0, 0x41, 0, 0x62]).unwrap();
        assert_eq!((key.parent, units(key.name).collect::<Vec<_>>()), (2, vec![0x41, 0x62]));
        let other = stored(&[0x61, 0x42]);
        let folded = CatalogKey { parent: 2, name: &other };
        assert_eq!(keys.compare(&key, &folded), Ordering::Equal);
        assert_eq!(CatalogKeys(Case::Sensitive).compare(&key, &folded), Ordering::Less);
        assert_said([
            (said(keys.parse(&[0, 0, 2])), "catalog key: keyLength is 3: too short for its fields"),
            (
                said(keys.parse(&[0, 0, 0, 2, 0, 2, 0, 0x41])),
                "catalog key: nodeName.length is 2: longer than its key",
            ),
            (
                said(keys.parse(&[0, 0, 0, 2, 1, 0, 0, 0x41])),
                "catalog key: nodeName.length is 256: longer than a name may be",
            ),
        ]);
    }

    #[test]
    fn extent_and_attribute_keys() {
        let key = ExtentKeys.parse(&[0xff, 0, 0, 0, 0, 16, 0, 0, 0, 9]).unwrap();
        assert_eq!(key, ExtentKey { file: 16, fork: 0xff, block: 9 });
        let bytes = [0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 1, 0, 0x61];
        let key = AttributeKeys.parse(&bytes).unwrap();
        assert_eq!((key.file, key.block, key.name.len()), (16, 0, 1));
        assert_said([
            (
                said(ExtentKeys.parse(&[0, 0, 0, 0, 0, 16, 0, 0, 0])),
                "extent key: keyLength is 3: too short for its fields",
            ),
            (
                said(AttributeKeys.parse(&[0])),
                "attribute key: keyLength is 1: too short for its fields",
            ),
            (
                said(AttributeKeys.parse(&bytes[..13])),
                "attribute key: attrNameLen is 1: longer than its key",
            ),
        ]);
    }
}
