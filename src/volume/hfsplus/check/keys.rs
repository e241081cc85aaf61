//! The keys of the three trees.

use crate::volume::Case;
use std::cmp::Ordering;

/// Which tree, and so which keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    Extents,
    Catalog(Case),
    Attributes,
}

/// A catalog key.
#[derive(Clone, Copy)]
pub(super) struct CatalogKey<'a> {
    pub(super) parent: u32,
    /// Units, big-endian.
    pub(super) name: &'a [u8],
}

/// A key of the extents file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ExtentKey {
    pub(super) file: u32,
    /// 0 for data, 255 for the resource fork.
    pub(super) fork: u8,
    pub(super) start: u32,
}

/// A key of the attributes file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AttributeKey<'a> {
    pub(super) file: u32,
    /// Units, big-endian: so bytes compare as units do.
    pub(super) name: &'a [u8],
    pub(super) start: u32,
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?).into())
}

/// Parses a catalog key, its length field included.
pub(super) fn catalog(key: &[u8]) -> Option<CatalogKey<'_>> {
    let name = key.get(8..)?;
    let units = u16_at(key, 6)?;
    (name.len() == 2 * units && units <= 255).then_some(())?;
    Some(CatalogKey { parent: u32_at(key, 2)?, name })
}

/// Parses a key of the extents file, its length field included.
pub(super) fn extent(key: &[u8]) -> Option<ExtentKey> {
    (key.len() == 12).then_some(())?;
    Some(ExtentKey { fork: key[2], file: u32_at(key, 4)?, start: u32_at(key, 8)? })
}

/// Parses a key of the attributes file, its length field included.
pub(super) fn attribute(key: &[u8]) -> Option<AttributeKey<'_>> {
    let name = key.get(14..)?;
    let units = u16_at(key, 12)?;
    (name.len() == 2 * units && units <= 127).then_some(())?;
    Some(AttributeKey { file: u32_at(key, 4)?, start: u32_at(key, 8)?, name })
}

/// A name's units.
pub(super) fn units(name: &[u8]) -> Vec<u16> {
    name.chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]])).collect()
}

impl Keys {
    /// Whether a key is one of this tree.
    pub(super) fn is_valid(self, key: &[u8]) -> bool {
        match self {
            Self::Extents => extent(key).is_some(),
            Self::Catalog(_) => catalog(key).is_some(),
            Self::Attributes => attribute(key).is_some(),
        }
    }

    /// The order of two valid keys.
    pub(super) fn compare(self, a: &[u8], b: &[u8]) -> Ordering {
        match self {
            Self::Extents => extent(a).cmp(&extent(b)),
            Self::Attributes => attribute(a).cmp(&attribute(b)),
            Self::Catalog(case) => match (catalog(a), catalog(b)) {
                (Some(a), Some(b)) => a.parent.cmp(&b.parent).then_with(|| match case {
                    // Big-endian units compare as their bytes do.
                    Case::Sensitive => a.name.cmp(b.name),
                    // Only a thread's name is empty; it is before names of
                    // nothing but ignorable units.
                    Case::Folded if a.name.is_empty() || b.name.is_empty() => {
                        a.name.len().cmp(&b.name.len())
                    }
                    Case::Folded => case.compare(&units(a.name), &units(b.name)),
                }),
                (a, b) => a.is_some().cmp(&b.is_some()),
            },
        }
    }

    /// The tree's name.
    pub(super) const fn structure(self) -> &'static str {
        match self {
            Self::Extents => "extents B-tree",
            Self::Catalog(_) => "catalog B-tree",
            Self::Attributes => "attributes B-tree",
        }
    }

    /// `maxKeyLength` of the tree's header.
    pub(super) const fn max_key(self) -> u16 {
        match self {
            Self::Extents => 10,
            Self::Catalog(_) => 516,
            Self::Attributes => 266,
        }
    }
}
