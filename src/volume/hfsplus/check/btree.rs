//! A B-tree's structure, level by level from the root.

use crate::block::{Content, Error, ReadAt, Result, read_vec};
use crate::volume::hfsplus::check::file::Blocks;
use crate::volume::hfsplus::check::keys::Keys;
use crate::volume::hfsplus::check::map::NodeMap;
use crate::volume::hfsplus::check::node::{Node, split};
use crate::volume::hfsplus::check::report::{Findings, Place};
use crate::volume::hfsplus::raw::{BTreeHeader, NodeDescriptor, node_kind, tree_attributes};
use std::hash::{DefaultHasher, Hasher};
use zerocopy::FromBytes;

const DESCRIPTOR: usize = size_of::<NodeDescriptor>();
/// Bytes of the header node's second record.
const USER: usize = 128;
/// The levels that Apple's checker follows.
const MAX_DEPTH: u16 = 8;
/// Nodes that are read at once when those behind them are wanted, too.
const UNUSED_PIECE: usize = 1 << 20;

/// Takes a leaf record's key and data.
pub(super) type Each<'a> = &'a mut dyn FnMut(&[u8], &[u8], &mut Findings) -> Result<()>;

/// A tree whose header could be read.
pub(super) struct Tree<'a> {
    file: &'a Blocks,
    pub(super) header: BTreeHeader,
    keys: Keys,
    nodes: u32,
}

/// A child that an index record names, and the key it should begin with.
#[derive(Clone, Copy)]
struct Child {
    node: u32,
    key: Option<u64>,
}

fn hash(key: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(key);
    hasher.finish()
}

/// What was seen of the leaves.
#[derive(Default)]
struct Seen {
    records: u64,
    first: u32,
    last: u32,
}

impl<'a> Tree<'a> {
    /// Reads the header node; `None` (and a finding) when it is of no use.
    pub(super) fn open(
        file: &'a Blocks,
        keys: impl FnOnce(&BTreeHeader) -> Keys,
        name: &'static str,
        findings: &mut Findings,
    ) -> Result<Option<Self>> {
        if file.len() < 512 {
            findings.corrupt((name, "logicalSize"), file.len(), "holds no header node", None);
            return Ok(None);
        }
        let start = read_vec(file, 0, 512)?;
        let parsed =
            NodeDescriptor::read_from_prefix(&start).ok().and_then(|(descriptor, rest)| {
                Some((descriptor, BTreeHeader::read_from_prefix(rest).ok()?.0))
            });
        let Some((descriptor, header)) = parsed else { return Ok(None) };
        let size = u64::from(header.nodeSize.get());
        if !size.is_power_of_two() || !(512..=32768).contains(&size) || size > file.len() {
            findings.corrupt((name, "nodeSize"), size, "is not a node's size", None);
            return Ok(None);
        }
        if descriptor.kind != node_kind::HEADER || descriptor.height != 0 {
            let kind = i64::from(descriptor.kind).unsigned_abs();
            findings.corrupt((name, "kind"), kind, "is not a header node's", Some(Place::Node(0)));
            return Ok(None);
        }
        let nodes = u32::try_from(file.len() / size).unwrap_or(u32::MAX);
        let keys = keys(&header);
        Ok(Some(Self { file, header, keys, nodes }))
    }

    fn node_size(&self) -> usize {
        self.header.nodeSize.get().into()
    }

    fn read(&self, number: u32) -> Result<Vec<u8>> {
        let size = self.node_size();
        Ok(read_vec(self.file, u64::from(number) * size as u64, size)?)
    }

    /// Checks the whole tree and hands out its leaf records in order. False
    /// when damage hides some of them.
    pub(super) fn walk(
        &self,
        zeroed: bool,
        findings: &mut Findings,
        each: Each<'_>,
    ) -> Result<bool> {
        let mut map = NodeMap::new(self.nodes);
        map.take(0);
        let Some(seen) = self.levels(&mut map, findings, each)? else { return Ok(false) };
        self.compare_header(&seen, findings);
        if !self.check_map(&mut map, findings)? {
            return Ok(false);
        }
        let used = map.used();
        let free = u64::from(self.nodes).saturating_sub(used);
        findings.expect((self.name(), "freeNodes"), self.header.freeNodes, free, None);
        if zeroed {
            self.check_unused(&map, findings)?;
        }
        Ok(true)
    }

    fn name(&self) -> &'static str {
        self.keys.structure()
    }

    fn levels(
        &self,
        map: &mut NodeMap,
        findings: &mut Findings,
        each: Each<'_>,
    ) -> Result<Option<Seen>> {
        let (depth, root) = (self.header.treeDepth.get(), self.header.rootNode.get());
        let mut seen = Seen::default();
        if depth == 0 && root == 0 {
            return Ok(Some(seen));
        }
        if depth > MAX_DEPTH || depth == 0 {
            findings.corrupt((self.name(), "treeDepth"), depth, "is not a tree's depth", None);
            return Ok(None);
        }
        let mut level = vec![Child { node: root, key: None }];
        for height in (1..=depth).rev() {
            let Some(next) = self.level(height, &level, &mut seen, map, findings, each)? else {
                return Ok(None);
            };
            level = next;
        }
        Ok(Some(seen))
    }

    /// Checks the nodes of one level; returns their children.
    fn level(
        &self,
        height: u16,
        level: &[Child],
        seen: &mut Seen,
        map: &mut NodeMap,
        findings: &mut Findings,
        each: Each<'_>,
    ) -> Result<Option<Vec<Child>>> {
        let mut children = Vec::new();
        let mut last = Vec::new();
        for (index, child) in level.iter().enumerate() {
            let place = Some(Place::Node(child.node));
            if child.node == 0 || child.node >= self.nodes || !map.take(child.node) {
                let rule = "is outside of the file or used twice";
                findings.corrupt((self.name(), "node number"), child.node, rule, place);
                return Ok(None);
            }
            let bytes = self.read(child.node)?;
            let node = match Node::parse(&bytes) {
                Ok(node) => node,
                Err(rule) => {
                    findings.corrupt((self.name(), "node"), child.node, rule, place);
                    return Ok(None);
                }
            };
            let before = index.checked_sub(1).map_or(0, |at| level[at].node);
            let behind = level.get(index + 1).map_or(0, |next| next.node);
            if !self.check_descriptor(&node, height, (before, behind), place, findings) {
                return Ok(None);
            }
            for at in 0..node.len() {
                let record = node.record(at);
                let Some((key, data)) = self.check_key(record, &mut last, place, findings) else {
                    return Ok(None);
                };
                if at == 0 && child.key.is_some_and(|wanted| wanted != hash(key)) {
                    let rule = "does not begin with the key that its parent says";
                    findings.corrupt((self.name(), "index key"), child.node, rule, place);
                    return Ok(None);
                }
                match (height, data.get(..4)) {
                    (1, _) => each(key, data, findings)?,
                    (_, Some(&[a, b, c, d])) => {
                        let node = u32::from_be_bytes([a, b, c, d]);
                        children.push(Child { node, key: Some(hash(key)) });
                    }
                    _ => {
                        findings.corrupt((self.name(), "index record"), at, "is cut off", place);
                        return Ok(None);
                    }
                }
            }
            if height == 1 {
                seen.records += node.len() as u64;
                seen.last = child.node;
            }
        }
        if height == 1 {
            seen.first = level.first().map_or(0, |child| child.node);
        }
        Ok(Some(children))
    }

    fn check_descriptor(
        &self,
        node: &Node<'_>,
        height: u16,
        (before, behind): (u32, u32),
        place: Option<Place>,
        findings: &mut Findings,
    ) -> bool {
        let found = findings.report.corrupt;
        let kind = if height == 1 { node_kind::LEAF } else { node_kind::INDEX };
        if node.descriptor.kind != kind {
            let value = i64::from(node.descriptor.kind).unsigned_abs();
            findings.corrupt((self.name(), "kind"), value, "is not its level's", place);
        }
        findings.expect((self.name(), "height"), node.descriptor.height, height, place);
        findings.expect((self.name(), "bLink"), node.descriptor.bLink, before, place);
        findings.expect((self.name(), "fLink"), node.descriptor.fLink, behind, place);
        if node.len() == 0 {
            findings.corrupt((self.name(), "numRecords"), 0u32, "is an empty node", place);
        }
        found == findings.report.corrupt
    }

    /// Splits a record and checks that its key is behind the last one.
    fn check_key<'r>(
        &self,
        record: &'r [u8],
        last: &mut Vec<u8>,
        place: Option<Place>,
        findings: &mut Findings,
    ) -> Option<(&'r [u8], &'r [u8])> {
        let parts = split(record).filter(|(key, _)| {
            key.len() <= 2 + usize::from(self.keys.max_key()) && self.keys.is_valid(key)
        });
        let Some((key, data)) = parts else {
            let len = record.len();
            findings.corrupt((self.name(), "keyLength"), len, "has a key of no such tree", place);
            return None;
        };
        if !last.is_empty() && self.keys.compare(last, key).is_ge() {
            let rule = "has keys that do not ascend";
            findings.corrupt((self.name(), "key order"), place_number(place), rule, place);
            return None;
        }
        last.clear();
        last.extend_from_slice(key);
        Some((key, data))
    }

    fn compare_header(&self, seen: &Seen, findings: &mut Findings) {
        let header = &self.header;
        let name = self.name();
        findings.expect((name, "leafRecords"), header.leafRecords, seen.records, None);
        findings.expect((name, "firstLeafNode"), header.firstLeafNode, seen.first, None);
        findings.expect((name, "lastLeafNode"), header.lastLeafNode, seen.last, None);
        findings.expect((name, "maxKeyLength"), header.maxKeyLength, self.keys.max_key(), None);
        findings.expect((name, "totalNodes"), header.totalNodes, self.nodes, None);
        let big = header.attributes.get() & tree_attributes::BIG_KEYS;
        if big == 0 {
            findings.note((name, "attributes"), header.attributes.get(), "lacks big keys", None);
        }
    }

    /// Compares the map records with the nodes in use, map nodes among them.
    fn check_map(&self, map: &mut NodeMap, findings: &mut Findings) -> Result<bool> {
        let mut stored = Vec::new();
        let (mut number, mut record) = (0, 2);
        let wanted = (self.nodes as usize).div_ceil(8);
        loop {
            let bytes = self.read(number)?;
            let place = Some(Place::Node(number));
            let node = Node::parse(&bytes).ok().filter(|node| {
                let kind = if number == 0 { node_kind::HEADER } else { node_kind::MAP };
                let head = (size_of::<BTreeHeader>(), USER);
                let sized = number != 0 || (node.record(0).len(), node.record(1).len()) == head;
                node.descriptor.kind == kind && node.len() == record + 1 && sized
            });
            let Some(node) = node else {
                let rule = "is not a header or map node";
                findings.corrupt((self.name(), "map node"), number, rule, place);
                return Ok(false);
            };
            stored.extend_from_slice(node.record(record));
            number = node.descriptor.fLink.get();
            record = 0;
            if stored.len() >= wanted || number == 0 {
                break;
            }
            if number >= self.nodes || !map.take(number) {
                let rule = "is outside of the file or used twice";
                findings.corrupt((self.name(), "map node"), number, rule, place);
                return Ok(false);
            }
        }
        if stored.len() < wanted || number != 0 {
            let rule = "does not have as many map nodes as nodes need";
            findings.corrupt((self.name(), "map"), stored.len(), rule, None);
            return Ok(false);
        }
        if let Some(node) = map.differs(&stored) {
            let rule = "is not marked as it is used";
            findings.corrupt((self.name(), "map"), node, rule, Some(Place::Node(node)));
        }
        Ok(true)
    }

    /// Nodes that are not in use must be all zero.
    fn check_unused(&self, map: &NodeMap, findings: &mut Findings) -> Result<()> {
        let size = self.node_size() as u64;
        let end = u64::from(self.nodes) * size;
        let mut at = 0;
        while let Some(run) = self.file.data(at).filter(|run| run.start < end) {
            let mut start = run.start;
            while start < run.end.min(end) {
                let number =
                    u32::try_from(start / size).map_err(|e| Error::Io(std::io::Error::other(e)))?;
                let stop = (u64::from(number) + 1) * size;
                if !map.is_taken(number) {
                    let stop = stop.min(run.end);
                    let len = usize::try_from(stop - start).unwrap_or(UNUSED_PIECE);
                    let bytes = read_vec(self.file, start, len)?;
                    if bytes.iter().any(|byte| *byte != 0) {
                        let rule = "is not in use and not zero";
                        let place = Some(Place::Node(number));
                        findings.corrupt((self.name(), "unused node"), number, rule, place);
                        return Ok(());
                    }
                }
                start = stop;
            }
            at = run.end;
        }
        Ok(())
    }
}

fn place_number(place: Option<Place>) -> u32 {
    match place {
        Some(Place::Node(node)) => node,
        _ => 0,
    }
}

/// The bytes that a header node needs at least.
const _: () = assert!(DESCRIPTOR + size_of::<BTreeHeader>() <= 512);
