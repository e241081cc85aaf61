//! A bill of materials, for packages that are made here. The same entries
//! give the same bytes.

use crate::format::bom::store::HEADER;
use crate::format::bom::{Entry, MAGIC};
use std::collections::{BTreeMap, HashMap};
use std::io;

/// The length of a node.
const NODE: usize = 4096;
/// Entries of a node, as `mkbom` fills them; 510 would fit.
const FULL: usize = 256;

/// Blocks, numbered from 1, and what refers to them.
struct Blocks {
    bytes: Vec<u8>,
    places: Vec<(u32, u32)>,
}

impl Blocks {
    fn add(&mut self, block: &[u8]) -> io::Result<u32> {
        let at = number(self.bytes.len())?;
        self.bytes.extend(block);
        self.places.push((at, number(block.len())?));
        number(self.places.len() - 1)
    }

    /// A tree of nodes that has a header block of its own.
    fn tree(&mut self, root: u32, node: u32, paths: u32) -> io::Result<u32> {
        let mut block = b"tree".to_vec();
        [1, root, node, paths].iter().for_each(|n: &u32| block.extend(n.to_be_bytes()));
        block.push(0);
        self.add(&block)
    }
}

/// The file's bytes. The first entry is the top, `.`; all others are below it,
/// and their folders are among them.
///
/// # Errors
/// `InvalidInput` for a path without its folder, one that comes twice, and
/// for more than 4 GiB.
pub fn write(entries: &[Entry]) -> io::Result<Vec<u8>> {
    let ids = ids(entries)?;
    let mut blocks = Blocks { bytes: vec![0; 512], places: vec![(0, 0)] };
    debug_assert_eq!(blocks.bytes.len() as u64, HEADER);
    let mut pairs = Vec::with_capacity(entries.len());
    let mut sorted: Vec<_> = ids.values().collect();
    sorted.sort_by_key(|known| (known.parent, &known.name));
    for known in sorted {
        let info = blocks.add(&info(&entries[known.index])?)?;
        let mut id = known.id.to_be_bytes().to_vec();
        id.extend(info.to_be_bytes());
        let id = blocks.add(&id)?;
        let mut file = known.parent.to_be_bytes().to_vec();
        file.extend(&known.name);
        file.push(0);
        pairs.push((id, blocks.add(&file)?));
    }
    let root = nodes(&mut blocks, &pairs)?;
    let paths = blocks.tree(root, 4096, number(entries.len())?)?;
    let mut named = vec![("BomInfo", blocks.add(&summary(entries)?)?), ("Paths", paths)];
    for name in ["HLIndex", "Size64"] {
        let empty = blocks.add(&node(true, 0, 0, &[]))?;
        named.push((name, blocks.tree(empty, 4096, 0)?));
    }
    let empty = blocks.add(&node(true, 0, 0, &[])[..128])?;
    let tree = blocks.tree(empty, 128, 0)?;
    let mut versions = 1u32.to_be_bytes().to_vec();
    versions.extend(tree.to_be_bytes());
    versions.extend([0; 5]);
    named.push(("VIndex", blocks.add(&versions)?));
    finish(blocks, &named)
}

struct Known {
    id: u32,
    parent: u32,
    name: Vec<u8>,
    index: usize,
}

/// Ids, in the order of paths; each path's folder has a smaller one.
fn ids(entries: &[Entry]) -> io::Result<BTreeMap<Vec<Vec<u8>>, Known>> {
    let invalid = |entry: &Entry, why: &str| {
        let text = format!("{} {why}", String::from_utf8_lossy(&entry.path));
        io::Error::new(io::ErrorKind::InvalidInput, text)
    };
    let mut all = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        let parts = entry.path.split(|byte| *byte == b'/').filter(|part| !part.is_empty());
        let parts: Vec<_> = parts.filter(|part| *part != b".").map(<[u8]>::to_vec).collect();
        let name = parts.last().cloned().unwrap_or_else(|| b".".to_vec());
        if all.insert(parts, Known { id: 0, parent: 0, name, index }).is_some() {
            return Err(invalid(entry, "comes twice"));
        }
    }
    let mut by_path: HashMap<Vec<Vec<u8>>, u32> = HashMap::new();
    for (parts, known) in &mut all {
        known.id = number(by_path.len() + 1)?;
        if let Some((_, folder)) = parts.split_last() {
            let parent = by_path.get(folder);
            let missing = || invalid(&entries[known.index], "has no folder");
            known.parent = *parent.ok_or_else(missing)?;
        }
        by_path.insert(parts.clone(), known.id);
    }
    Ok(all)
}

/// What a path is: kind, an unknown 1, architecture, and so on.
fn info(entry: &Entry) -> io::Result<Vec<u8>> {
    let kind = match entry.mode & 0o170_000 {
        0o040_000 => 2,
        0o120_000 => 3,
        0o020_000 | 0o060_000 => 4,
        _ => 1,
    };
    let mut block = vec![kind, 1, 0, 0xf];
    block.extend(entry.mode.to_be_bytes());
    for word in [entry.uid, entry.gid, entry.mtime, entry.size] {
        block.extend(word.to_be_bytes());
    }
    block.push(1);
    block.extend(entry.checksum.to_be_bytes());
    let len = if entry.link.is_empty() { 0 } else { entry.link.len() + 1 };
    block.extend(number(len)?.to_be_bytes());
    if len > 0 {
        block.extend(&entry.link);
        block.push(0);
    } else if kind == 1 {
        block.extend([0; 4]);
    }
    Ok(block)
}

/// Leaves of the pairs, and nodes above them up to one root.
fn nodes(blocks: &mut Blocks, pairs: &[(u32, u32)]) -> io::Result<u32> {
    let (mut level, mut leaf) = (pairs.to_vec(), true);
    loop {
        let first = blocks.places.len();
        let count = level.len().div_ceil(FULL).max(1);
        let mut above = Vec::with_capacity(count);
        for index in 0..count {
            let part = &level[index * FULL..level.len().min((index + 1) * FULL)];
            // Siblings are numbered one by one.
            let forward = if leaf && index + 1 < count { number(first + index + 1)? } else { 0 };
            let back = if leaf && index > 0 { number(first + index - 1)? } else { 0 };
            let block = blocks.add(&node(leaf, forward, back, part))?;
            above.push((block, part.last().map_or(0, |last| last.1)));
        }
        if let [(root, _)] = above[..] {
            return Ok(root);
        }
        (level, leaf) = (above, false);
    }
}

fn node(leaf: bool, forward: u32, back: u32, pairs: &[(u32, u32)]) -> Vec<u8> {
    let mut node = u16::from(leaf).to_be_bytes().to_vec();
    // At most FULL.
    node.extend(u16::try_from(pairs.len()).unwrap_or(0).to_be_bytes());
    [forward, back].iter().for_each(|n| node.extend(n.to_be_bytes()));
    for (one, two) in pairs {
        node.extend(one.to_be_bytes());
        node.extend(two.to_be_bytes());
    }
    node.resize(NODE, 0);
    node
}

/// `BomInfo`: how many paths there are, and the bytes of all, of no one architecture.
fn summary(entries: &[Entry]) -> io::Result<Vec<u8>> {
    let bytes = entries.iter().fold(0u32, |sum, entry| sum.wrapping_add(entry.size));
    let words = [1, number(entries.len())?.saturating_add(1), 1, 0, 0, bytes, 0];
    Ok(words.iter().flat_map(|word| word.to_be_bytes()).collect())
}

/// Variables, the index with an empty free list, and the header that names both.
fn finish(mut blocks: Blocks, named: &[(&str, u32)]) -> io::Result<Vec<u8>> {
    let vars_at = blocks.bytes.len();
    let mut vars = number(named.len())?.to_be_bytes().to_vec();
    for (name, block) in named {
        vars.extend(block.to_be_bytes());
        // Names are ours, and short.
        vars.push(u8::try_from(name.len()).unwrap_or(0));
        vars.extend(name.bytes());
    }
    blocks.bytes.extend(&vars);
    let index_at = blocks.bytes.len();
    let mut index = number(blocks.places.len())?.to_be_bytes().to_vec();
    for (at, len) in &blocks.places {
        index.extend(at.to_be_bytes());
        index.extend(len.to_be_bytes());
    }
    index.extend([0; 4]);
    blocks.bytes.extend(&index);
    let mut head = MAGIC.to_vec();
    let count = number(blocks.places.len() - 1)?;
    let places = [index_at, index.len(), vars_at, vars.len()];
    head.extend([1, count].iter().flat_map(|word: &u32| word.to_be_bytes()));
    for place in places {
        head.extend(number(place)?.to_be_bytes());
    }
    blocks.bytes[..head.len()].copy_from_slice(&head);
    Ok(blocks.bytes)
}

pub(super) fn number(value: usize) -> io::Result<u32> {
    let text = "a bill of materials cannot be that large";
    u32::try_from(value).map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, text))
}
