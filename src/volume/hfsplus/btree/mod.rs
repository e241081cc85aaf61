//! Reading B-trees (TN1150, "B-Trees"): the header, descent, the leaf chain.
//!
//! The node map is not read: it matters to writers and checkers only. Every
//! walk is bounded by the number of nodes that the file has room for.

mod node;
#[cfg(test)]
mod tests;

pub(crate) use node::Node;

use crate::block::{Error, Result, Source, read_vec};
use crate::volume::hfsplus::key::Keys;
use crate::volume::hfsplus::raw::{BTreeHeader, node_kind, tree_attributes};
use std::cmp::Ordering;
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use zerocopy::FromBytes;

/// What to call a tree's parts in messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names {
    pub(crate) header: &'static str,
    pub(crate) node: &'static str,
    pub(crate) record: &'static str,
}

/// The catalog's names.
pub(crate) const CATALOG: Names = Names {
    header: "catalog B-tree header",
    node: "catalog B-tree node",
    record: "catalog record",
};
/// The extents overflow file's names.
pub(crate) const EXTENTS: Names = Names {
    header: "extents B-tree header",
    node: "extents B-tree node",
    record: "extents record",
};
/// The attributes file's names.
pub(crate) const ATTRIBUTES: Names = Names {
    header: "attributes B-tree header",
    node: "attributes B-tree node",
    record: "attribute record",
};

/// More levels than any tree of 2^32 nodes can have.
const MAX_DEPTH: u16 = 16;
/// Nodes kept for the next descent.
const CACHED: usize = 16;

/// An open B-tree.
pub(crate) struct BTree<K> {
    file: Source,
    /// The header record.
    pub(crate) header: BTreeHeader,
    node_size: usize,
    keys: K,
    names: Names,
    recent: Mutex<VecDeque<(u32, Arc<Node>)>>,
}

/// A leaf record as it is visited.
pub(crate) struct Visit<'a, K: Keys> {
    /// Its key.
    pub(crate) key: K::Key<'a>,
    /// Its data.
    pub(crate) data: &'a [u8],
    /// The offset of the data in the B-tree's file.
    pub(crate) at: u64,
}

/// What a visitor answers.
pub(crate) type Step = Result<ControlFlow<()>>;

/// Reads and checks a B-tree's header record.
///
/// # Errors
/// `Corrupt`, naming the field.
pub(crate) fn header(file: &Source, names: &Names) -> Result<BTreeHeader> {
    const SIZE: usize = node::DESCRIPTOR + size_of::<BTreeHeader>();
    if file.len() < SIZE as u64 {
        return Err(Error::corrupt(names.header, "length", file.len(), "too short for a header"));
    }
    let head = read_vec(&**file, 0, SIZE)?;
    // The buffer is as long as descriptor and header together.
    let header = BTreeHeader::read_from_bytes(&head[node::DESCRIPTOR..]).unwrap_or_default();
    let size = header.nodeSize.get();
    if !size.is_power_of_two() || !(512..=32768).contains(&size) {
        let rule = "not a power of two from 512 to 32768";
        return Err(Error::corrupt(names.header, "nodeSize", size, rule));
    }
    let nodes = header.totalNodes.get();
    if nodes == 0 || u64::from(nodes) * u64::from(size) > file.len() {
        let rule = "none, or more nodes than the file has bytes for";
        return Err(Error::corrupt(names.header, "totalNodes", nodes, rule));
    }
    for (field, value) in [
        ("rootNode", header.rootNode),
        ("firstLeafNode", header.firstLeafNode),
        ("lastLeafNode", header.lastLeafNode),
    ] {
        if value.get() >= nodes {
            return Err(Error::corrupt(names.header, field, value.get(), "behind the last node"));
        }
    }
    let depth = header.treeDepth.get();
    if depth > MAX_DEPTH || (depth == 0) != (header.rootNode.get() == 0) {
        return Err(Error::corrupt(
            names.header,
            "treeDepth",
            depth,
            "a tree with a root has 1 to 16 levels, and one without has none",
        ));
    }
    Ok(header)
}

impl<K: Keys> BTree<K> {
    /// Opens the tree in `file`, whose header has been read by [`header`].
    ///
    /// # Errors
    /// `Corrupt` when node 0 is not a header node.
    pub(crate) fn open(file: Source, header: BTreeHeader, keys: K, names: Names) -> Result<Self> {
        let node_size = usize::from(header.nodeSize.get());
        let recent = Mutex::default();
        let tree = Self { file, header, node_size, keys, names, recent };
        let node = tree.read(0)?;
        if node.descriptor.kind != node_kind::HEADER {
            return Err(tree.wrong(
                0,
                "kind",
                node.descriptor.kind.unsigned_abs().into(),
                "not a header node",
            ));
        }
        Ok(tree)
    }

    /// The bytes of the tree.
    pub(crate) const fn file(&self) -> &Source {
        &self.file
    }

    fn wrong(&self, node: u32, field: &'static str, value: u32, rule: &'static str) -> Error {
        Error::corrupt(self.names.node, field, value, rule).at(self.at(node))
    }

    fn at(&self, node: u32) -> u64 {
        u64::from(node) * self.node_size as u64
    }

    fn read(&self, number: u32) -> Result<Node> {
        if number >= self.header.totalNodes.get() {
            let rule = "behind the last node";
            return Err(Error::corrupt(self.names.node, "node number", number, rule));
        }
        let bytes = read_vec(&*self.file, self.at(number), self.node_size)?;
        Node::parse(bytes, &self.names).map_err(|error| error.at(self.at(number)))
    }

    /// A node that a descent passes; the last few are kept.
    fn cached(&self, number: u32) -> Result<Arc<Node>> {
        let lock = || self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let known =
            |recent: &VecDeque<(u32, Arc<Node>)>| recent.iter().position(|(n, _)| *n == number);
        {
            let mut recent = lock();
            if let Some((number, node)) = known(&recent).and_then(|at| recent.remove(at)) {
                recent.push_front((number, node.clone()));
                return Ok(node);
            }
        }
        let node = Arc::new(self.read(number)?);
        let mut recent = lock();
        recent.truncate(CACHED - 1);
        recent.push_front((number, node.clone()));
        Ok(node)
    }

    fn key<'n>(&self, node: &'n Node, number: u32, index: usize) -> Result<(K::Key<'n>, &'n [u8])> {
        let leaf = node.descriptor.kind == node_kind::LEAF;
        let variable = self.header.attributes.get() & tree_attributes::VARIABLE_INDEX_KEYS != 0;
        let fixed = (!leaf && !variable).then(|| self.header.maxKeyLength.get());
        let parse = || {
            let (key, data) = node.split(index, &self.names, fixed)?;
            Ok((self.keys.parse(key)?, data))
        };
        parse().map_err(|error: Error| error.at(self.at(number) + node.position(index) as u64))
    }

    /// The last record at or before `key`: its index and how it compares.
    fn seek(
        &self,
        node: &Node,
        number: u32,
        key: &K::Key<'_>,
    ) -> Result<Option<(usize, Ordering)>> {
        let (mut low, mut high) = (0, node.count);
        let mut found = None;
        while low < high {
            let middle = low.midpoint(high);
            let order = self.keys.compare(&self.key(node, number, middle)?.0, key);
            if order == Ordering::Greater {
                high = middle;
            } else {
                found = Some((middle, order));
                low = middle + 1;
            }
        }
        Ok(found)
    }

    /// The leaf where `key` is or would be.
    fn descend(&self, key: &K::Key<'_>) -> Result<Option<(u32, Arc<Node>)>> {
        let mut number = self.header.rootNode.get();
        let mut height = self.header.treeDepth.get();
        while height != 0 {
            let node = self.cached(number)?;
            let kind = if height == 1 { node_kind::LEAF } else { node_kind::INDEX };
            if node.descriptor.kind != kind || u16::from(node.descriptor.height) != height {
                let height = node.descriptor.height.into();
                return Err(self.wrong(number, "height", height, "not the level it was found on"));
            }
            if height == 1 {
                return Ok(Some((number, node)));
            }
            // Left of the first key there is nothing, but a scan may begin there.
            let index = self.seek(&node, number, key)?.map_or(0, |(index, _)| index);
            let (_, data) = self.key(&node, number, index)?;
            let child = data.first_chunk().ok_or_else(|| {
                let rule = "too short for a node number";
                self.wrong(number, "index record", u32::try_from(data.len()).unwrap_or(0), rule)
            })?;
            (number, height) = (u32::from_be_bytes(*child), height - 1);
        }
        Ok(None)
    }

    /// The data of the record with this key.
    ///
    /// # Errors
    /// `Corrupt` for a broken node on the way.
    pub(crate) fn find(&self, key: &K::Key<'_>) -> Result<Option<Vec<u8>>> {
        let Some((number, leaf)) = self.descend(key)? else { return Ok(None) };
        match self.seek(&leaf, number, key)? {
            Some((index, Ordering::Equal)) => Ok(Some(self.key(&leaf, number, index)?.1.to_vec())),
            _ => Ok(None),
        }
    }

    /// Visits the records from the first that is not before `key`.
    ///
    /// # Errors
    /// `Corrupt` for a broken chain; what the visitor returns.
    pub(crate) fn scan_from(
        &self,
        key: &K::Key<'_>,
        visit: &mut dyn FnMut(Visit<'_, K>) -> Step,
    ) -> Result<()> {
        let Some((number, _)) = self.descend(key)? else { return Ok(()) };
        let mut from = |record: Visit<'_, K>| match self.keys.compare(&record.key, key) {
            Ordering::Less => Ok(ControlFlow::Continue(())),
            _ => visit(record),
        };
        self.chain(number, None, &mut from).map(|_| ())
    }

    /// Visits every record in order, and checks that it saw all there are.
    ///
    /// # Errors
    /// `Corrupt` for a broken chain, keys out of order, a wrong count; what
    /// the visitor returns.
    pub(crate) fn scan(&self, visit: &mut dyn FnMut(Visit<'_, K>) -> Result<()>) -> Result<()> {
        let mut count = 0;
        let mut each = |record: Visit<'_, K>| {
            count += 1;
            visit(record).map(ControlFlow::Continue)
        };
        let last = self.chain(self.header.firstLeafNode.get(), Some(0), &mut each)?;
        let expected = self.header.leafRecords.get();
        if expected != count {
            let rule = "not the number of records in the leaves";
            return Err(Error::corrupt(self.names.header, "leafRecords", expected, rule));
        }
        let expected = self.header.lastLeafNode.get();
        if expected != last {
            let rule = "not where the chain of leaves ends";
            return Err(Error::corrupt(self.names.header, "lastLeafNode", expected, rule));
        }
        Ok(())
    }

    /// Follows the leaves from `number`; returns the last one's number.
    fn chain(
        &self,
        mut number: u32,
        mut before: Option<u32>,
        visit: &mut dyn FnMut(Visit<'_, K>) -> Step,
    ) -> Result<u32> {
        let mut last: Option<(Node, u32)> = None;
        let mut left = self.header.totalNodes.get();
        let mut end = 0;
        while number != 0 {
            left = left.checked_sub(1).ok_or_else(|| {
                self.wrong(number, "fLink", number, "the chain of leaves is a circle")
            })?;
            let leaf = self.leaf(number, before)?;
            if self.visit_leaf(last.as_ref(), &leaf, number, visit)?.is_break() {
                return Ok(number);
            }
            (before, end) = (Some(number), number);
            let next = leaf.descriptor.fLink.get();
            last = Some((leaf, number));
            number = next;
        }
        Ok(end)
    }

    fn leaf(&self, number: u32, before: Option<u32>) -> Result<Node> {
        let leaf = self.read(number)?;
        if leaf.descriptor.kind != node_kind::LEAF {
            let kind = leaf.descriptor.kind.unsigned_abs().into();
            return Err(self.wrong(number, "kind", kind, "not a leaf, but in their chain"));
        }
        if leaf.count == 0 {
            return Err(self.wrong(number, "numRecords", 0, "a leaf has at least one"));
        }
        let back = leaf.descriptor.bLink.get();
        if before.is_some_and(|before| before != back) {
            return Err(self.wrong(number, "bLink", back, "not the leaf before it"));
        }
        Ok(leaf)
    }

    fn visit_leaf(
        &self,
        last: Option<&(Node, u32)>,
        leaf: &Node,
        number: u32,
        visit: &mut dyn FnMut(Visit<'_, K>) -> Step,
    ) -> Step {
        let mut before = None;
        for index in 0..leaf.count {
            let (key, data) = self.key(leaf, number, index)?;
            let order = match (&before, last) {
                (Some(before), _) => self.keys.compare(before, &key),
                (None, Some((last, at))) => {
                    self.keys.compare(&self.key(last, *at, last.count - 1)?.0, &key)
                }
                (None, None) => Ordering::Less,
            };
            let position = self.at(number) + leaf.position(index) as u64;
            if order != Ordering::Less {
                let rule = "the record's key is not behind the one before it";
                return Err(Error::corrupt(self.names.record, "key", index, rule).at(position));
            }
            before = Some(key);
            let at = position + (leaf.record(index).len() - data.len()) as u64;
            if visit(Visit { key, data, at })?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}
