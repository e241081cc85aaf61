//! The tree of paths.

use crate::block::{Error, Result, Source};
use crate::format::bom::store::{Store, half, word};
use crate::format::bom::{BOM, Entry, LSBOM};
use std::collections::{HashMap, HashSet};

/// More paths than this are refused.
const MAX_PATHS: usize = 400_000;
/// Trees deeper than this are not believed.
const MAX_LEVELS: usize = 16;
/// Folders nested deeper than this are not believed.
const MAX_DEPTH: usize = 512;
/// The kind of a symbolic link.
const LINK: u8 = 3;
/// All paths together, in bytes.
const MAX_TEXT: usize = 64 << 20;

/// All paths, in the tree's order.
///
/// # Errors
/// `Corrupt` for what is no bill of materials, points outside of the file, or
/// leads in a circle; `Unsupported` for more paths than are allowed.
pub fn read(source: Source) -> Result<Vec<Entry>> {
    let store = Store::open(source)?;
    let tree = store.block(store.named("Paths")?)?;
    if tree.get(..4) != Some(b"tree") {
        let text = String::from_utf8_lossy(&tree[..tree.len().min(4)]).into_owned();
        return Err(Error::corrupt("BOM tree", "magic", text, "not `tree`"));
    }
    let mut paths = Paths { store: &store, known: HashMap::new(), found: Vec::new(), text: 0 };
    let mut at = first_leaf(&store, word(&tree, 8))?;
    let mut seen = HashSet::new();
    while at != 0 {
        if !seen.insert(at) {
            return Err(Error::corrupt("BOM node", "forward", at, "leads back to an earlier one"));
        }
        let node = store.block(at)?;
        paths.leaf(&node)?;
        at = word(&node, 4);
    }
    Ok(paths.found)
}

fn first_leaf(store: &Store, root: u32) -> Result<u32> {
    let mut at = root;
    for _ in 0..MAX_LEVELS {
        let node = store.block(at)?;
        if half(&node, 0) != 0 {
            return Ok(at);
        }
        if half(&node, 2) == 0 {
            return Err(Error::corrupt(
                "BOM node",
                "count",
                0u32,
                "an inner node without children",
            ));
        }
        at = word(&node, 12);
    }
    Err(Error::corrupt("BOM tree", "levels", MAX_LEVELS, "its nodes nest deeper than this"))
}

struct Paths<'s> {
    store: &'s Store,
    /// By id: the path, and how deep it is.
    known: HashMap<u32, (usize, usize)>,
    found: Vec<Entry>,
    text: usize,
}

impl Paths<'_> {
    fn leaf(&mut self, node: &[u8]) -> Result<()> {
        let count = usize::from(half(node, 2));
        if half(node, 0) == 0 || 12 + 8 * count > node.len() {
            return Err(Error::corrupt("BOM node", "count", count, "more than fit into a leaf"));
        }
        for pair in node[12..12 + 8 * count].chunks_exact(8) {
            if self.found.len() >= MAX_PATHS {
                let what = "a bill of materials with more paths than is allowed";
                return Err(Error::unsupported(what, "the limit", MAX_PATHS, LSBOM));
            }
            let (info, file) = (self.store.block(word(pair, 0))?, self.store.block(word(pair, 4))?);
            self.one(&info, &file)?;
        }
        Ok(())
    }

    fn one(&mut self, info: &[u8], file: &[u8]) -> Result<()> {
        let (id, parent) = (word(info, 0), word(file, 0));
        let name = file.get(4..).and_then(|name| name.strip_suffix(&[0]));
        let name = name.filter(|name| !name.is_empty() && !name.contains(&0));
        let name = name.ok_or_else(|| {
            let text = String::from_utf8_lossy(file.get(4..).unwrap_or_default()).into_owned();
            Error::corrupt("BOM file", "name", text, "no name that ends with its only NUL")
        })?;
        let (path, depth) = self.path(parent, name)?;
        let data = self.store.block(word(info, 4))?;
        if data.len() < 31 {
            return Err(Error::corrupt("BOM path", "length", data.len(), "shorter than 31 bytes"));
        }
        // Programs for several architectures have a table of these there.
        let len = if data[0] == LINK { word(&data, 27) } else { 0 };
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        let link = len.checked_add(31).and_then(|end| data.get(31..end));
        let rule = "longer than its block";
        let link = link.ok_or_else(|| Error::corrupt("BOM path", "link name length", len, rule))?;
        self.text += path.len() + link.len();
        if self.text > MAX_TEXT {
            let what = "a bill of materials with longer paths than is allowed";
            return Err(Error::unsupported(what, "the limit in bytes", MAX_TEXT, LSBOM));
        }
        let entry = Entry {
            path,
            mode: half(&data, 4),
            uid: word(&data, 6),
            gid: word(&data, 10),
            mtime: word(&data, 14),
            size: word(&data, 18),
            checksum: word(&data, 23),
            link: link.strip_suffix(&[0]).unwrap_or(link).to_vec(),
        };
        if self.known.insert(id, (self.found.len(), depth)).is_some() {
            return Err(Error::corrupt("BOM path", "id", id, "two paths have it"));
        }
        self.found.push(entry);
        Ok(())
    }

    /// A path below a folder that came before.
    fn path(&self, parent: u32, name: &[u8]) -> Result<(Vec<u8>, usize)> {
        if parent == 0 {
            return Ok((name.to_vec(), 0));
        }
        let Some((index, depth)) = self.known.get(&parent).copied() else {
            return Err(Error::corrupt("BOM file", "parent", parent, "no path before has this id"));
        };
        if depth >= MAX_DEPTH {
            return Err(Error::corrupt(BOM, "depth", depth, "folders nest deeper than this"));
        }
        let mut path = self.found[index].path.clone();
        path.push(b'/');
        path.extend(name);
        Ok((path, depth + 1))
    }
}
