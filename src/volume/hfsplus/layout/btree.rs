//! B-trees built bottom up, whose nodes are encoded when they are read.
//!
//! Nodes stand in this order: the header, the leaves, the index levels up to
//! the root, map nodes, unused nodes (all zero).

use crate::block::{Content, Error, ReadAt, Result, check_range};
use crate::volume::hfsplus::layout::records::Records;
use crate::volume::hfsplus::raw::{BTreeHeader, NodeDescriptor, node_kind};
use std::io;
use std::ops::Range;
use std::sync::Arc;
use zerocopy::IntoBytes;
use zerocopy::big_endian::{U16, U32};

const DESCRIPTOR: usize = size_of::<NodeDescriptor>();
const HEADER: usize = size_of::<BTreeHeader>();
/// Bytes of the header node's second record, reserved for the user.
const USER: usize = 128;
/// The levels that Apple's checker follows.
const MAX_DEPTH: usize = 8;

/// What distinguishes the three trees of a volume.
#[derive(Clone, Copy)]
pub(super) struct Format {
    pub(super) node_size: u16,
    pub(super) max_key: u16,
    pub(super) attributes: u32,
    pub(super) key_compare: u8,
    /// Unused nodes wanted, by the number of used ones.
    pub(super) spare: fn(u32) -> u32,
}

/// Where each node's records begin.
pub(super) struct Shape<C> {
    format: Format,
    /// The first record of each leaf.
    leaves: Vec<C>,
    /// For each index level, the first child (an index in the level below) of each node.
    levels: Vec<Vec<u32>>,
    leaf_records: u32,
    map_nodes: u32,
    total_nodes: u32,
}

/// Fills nodes with items of known sizes: when does the next one begin?
struct Filler {
    limit: usize,
    used: usize,
}

impl Filler {
    /// A little room is left, so that the first insertions split no node.
    fn new(node_size: u16) -> Self {
        let size = usize::from(node_size);
        Self { limit: size - size / 16, used: 0 }
    }

    /// Whether an item of `bytes` begins a node.
    fn begins(&mut self, bytes: usize) -> bool {
        let cost = bytes + 2;
        let fits = self.used > 0 && self.used + cost <= self.limit;
        self.used = if fits { self.used + cost } else { DESCRIPTOR + 2 + cost };
        !fits
    }
}

fn count(n: usize) -> Result<u32> {
    u32::try_from(n).map_err(|_| {
        Error::unsupported("a B-tree of that many nodes", "totalNodes", n, "put fewer files on it")
    })
}

impl<C: Copy> Shape<C> {
    /// Measures a tree; `unit` is what its length must be a multiple of.
    pub(super) fn measure<R: Records<Cursor = C>>(
        records: &R,
        format: Format,
        unit: u32,
    ) -> Result<Self> {
        let mut leaves = Vec::new();
        let mut leaf_records = 0u32;
        let mut filler = Filler::new(format.node_size);
        let mut at = records.first();
        while let Some(cursor) = at {
            let (key, data) = records.sizes(cursor);
            if filler.begins(key + data) {
                leaves.push(cursor);
            }
            leaf_records = leaf_records.checked_add(1).ok_or_else(|| {
                Error::unsupported("a B-tree of that many records", "leafRecords", u32::MAX, "")
            })?;
            at = records.next(cursor);
        }
        let mut shape =
            Self { format, leaves, levels: Vec::new(), leaf_records, map_nodes: 0, total_nodes: 0 };
        shape.add_levels(records)?;
        shape.add_nodes(unit)?;
        Ok(shape)
    }

    fn add_levels<R: Records<Cursor = C>>(&mut self, records: &R) -> Result<()> {
        let mut below = self.leaves.len();
        while below > 1 {
            let mut starts = Vec::new();
            let mut filler = Filler::new(self.format.node_size);
            for child in 0..below {
                let (key, _) =
                    records.sizes(self.leaves[self.leaf_below(self.levels.len(), child)]);
                if filler.begins(key + 4) {
                    starts.push(count(child)?);
                }
            }
            below = starts.len();
            self.levels.push(starts);
        }
        if self.levels.len() >= MAX_DEPTH {
            return Err(Error::unsupported("a B-tree that deep", "treeDepth", self.depth(), ""));
        }
        Ok(())
    }

    /// Counts map nodes and unused nodes.
    fn add_nodes(&mut self, unit: u32) -> Result<()> {
        let used = count(self.records_end())?;
        let size = u32::from(self.format.node_size);
        let step = u64::from((unit / size).max(1));
        let wanted = u64::from(used) + u64::from((self.format.spare)(used));
        loop {
            let total = (wanted + u64::from(self.map_nodes)).next_multiple_of(step);
            let outside = total.saturating_sub(8 * self.header_map() as u64);
            let maps = outside.div_ceil(8 * self.map_record() as u64);
            self.total_nodes = u32::try_from(total).map_err(|_| {
                Error::unsupported("a B-tree of that many nodes", "totalNodes", total, "")
            })?;
            if maps <= u64::from(self.map_nodes) {
                return Ok(());
            }
            // Below `total`, which is a u32.
            self.map_nodes = u32::try_from(maps).unwrap_or(u32::MAX);
        }
    }

    /// Bytes of the map in the header node.
    fn header_map(&self) -> usize {
        usize::from(self.format.node_size) - DESCRIPTOR - HEADER - USER - 4 * 2
    }

    /// Bytes of the map in a map node; two stay unused, so that it ends even.
    fn map_record(&self) -> usize {
        usize::from(self.format.node_size) - DESCRIPTOR - 2 * 2 - 2
    }

    /// The first node behind leaves and index nodes.
    fn records_end(&self) -> usize {
        1 + self.leaves.len() + self.levels.iter().map(Vec::len).sum::<usize>()
    }

    /// The leaf that holds the first record below child `child` of level `level`.
    fn leaf_below(&self, level: usize, child: usize) -> usize {
        self.levels[..level].iter().rev().fold(child, |at, starts| starts[at] as usize)
    }

    fn depth(&self) -> usize {
        if self.leaves.is_empty() { 0 } else { 1 + self.levels.len() }
    }

    /// The node number of the first node of a level (0: the leaves).
    fn base(&self, height: usize) -> usize {
        match height {
            0 => 1,
            _ => {
                1 + self.leaves.len()
                    + self.levels[..height - 1].iter().map(Vec::len).sum::<usize>()
            }
        }
    }

    fn used(&self) -> usize {
        self.records_end() + self.map_nodes as usize
    }

    /// Bytes of the whole file.
    pub(super) fn len(&self) -> u64 {
        u64::from(self.total_nodes) * u64::from(self.format.node_size)
    }
}

/// A tree's file: its shape, its records and what they need.
pub(super) struct TreeFile<R: Records> {
    records: Arc<R>,
    shape: Shape<R::Cursor>,
    clump: u32,
}

impl<R: Records> TreeFile<R> {
    pub(super) fn new(records: Arc<R>, shape: Shape<R::Cursor>, clump: u32) -> Self {
        Self { records, shape, clump }
    }

    /// Encodes a node in `node`, which it fills.
    fn encode(&self, number: usize, node: &mut [u8]) -> io::Result<()> {
        let shape = &self.shape;
        let mut out = Node::new(node);
        if number == 0 {
            self.encode_header(&mut out);
        } else if number <= shape.leaves.len() {
            self.encode_leaf(number - 1, &mut out)?;
        } else if number < shape.records_end() {
            self.encode_index(number, &mut out);
        } else if number < shape.used() {
            self.encode_map(number, &mut out);
        }
        out.finish();
        Ok(())
    }

    fn encode_header(&self, out: &mut Node<'_>) {
        let shape = &self.shape;
        // All counts below were measured as u32 or lie below one.
        let number = |n: usize| U32::new(u32::try_from(n).unwrap_or(u32::MAX));
        let any = !shape.leaves.is_empty();
        let header = BTreeHeader {
            treeDepth: U16::new(u16::try_from(shape.depth()).unwrap_or(u16::MAX)),
            rootNode: number(if any { shape.records_end() - 1 } else { 0 }),
            leafRecords: U32::new(shape.leaf_records),
            firstLeafNode: number(usize::from(any)),
            lastLeafNode: number(shape.leaves.len()),
            nodeSize: U16::new(shape.format.node_size),
            maxKeyLength: U16::new(shape.format.max_key),
            totalNodes: U32::new(shape.total_nodes),
            freeNodes: number(shape.total_nodes as usize - shape.used()),
            clumpSize: U32::new(self.clump),
            keyCompareType: shape.format.key_compare,
            attributes: U32::new(shape.format.attributes),
            ..BTreeHeader::default()
        };
        let next = if shape.map_nodes > 0 { shape.records_end() } else { 0 };
        out.describe(node_kind::HEADER, 0, next, 0);
        out.record(|buf| buf.extend_from_slice(header.as_bytes()));
        out.record(|buf| buf.resize(buf.len() + USER, 0));
        out.record(|buf| self.map_bits(0, shape.header_map(), buf));
    }

    fn encode_map(&self, number: usize, out: &mut Node<'_>) {
        let shape = &self.shape;
        let index = number - shape.records_end();
        let next = if number + 1 < shape.used() { number + 1 } else { 0 };
        let start = shape.header_map() + index * shape.map_record();
        out.describe(node_kind::MAP, 0, next, 0);
        out.record(|buf| self.map_bits(start, shape.map_record(), buf));
    }

    /// The map's bytes `start ..`: used nodes come first.
    fn map_bits(&self, start: usize, len: usize, buf: &mut Vec<u8>) {
        let used = self.shape.used();
        buf.extend((start..start + len).map(|byte| ones(used.saturating_sub(8 * byte))));
    }

    fn encode_leaf(&self, leaf: usize, out: &mut Node<'_>) -> io::Result<()> {
        let leaves = &self.shape.leaves;
        out.describe_in_row(node_kind::LEAF, 1, leaf, leaves.len(), 1);
        let mut at = Some(leaves[leaf]);
        let mut filler = Filler::new(self.shape.format.node_size);
        while let Some(cursor) = at {
            let (key, data) = self.records.sizes(cursor);
            if filler.begins(key + data) && !out.is_empty() {
                break;
            }
            out.try_record(|buf| {
                self.records.key(cursor, buf);
                self.records.data(cursor, buf)
            })?;
            at = self.records.next(cursor);
        }
        Ok(())
    }

    fn encode_index(&self, number: usize, out: &mut Node<'_>) {
        let shape = &self.shape;
        let height = (1..=shape.levels.len())
            .rev()
            .find(|height| number >= shape.base(*height))
            .unwrap_or(1);
        let starts = &shape.levels[height - 1];
        let (base, below) = (shape.base(height), shape.base(height - 1));
        let index = number - base;
        // At most MAX_DEPTH.
        let level = u8::try_from(height + 1).unwrap_or(u8::MAX);
        out.describe_in_row(node_kind::INDEX, level, index, starts.len(), base);
        let end = starts.get(index + 1).map_or(base - below, |next| *next as usize);
        for child in starts[index] as usize..end {
            let first = shape.leaves[shape.leaf_below(height - 1, child)];
            // Node numbers were measured as u32.
            let child = u32::try_from(below + child).unwrap_or(u32::MAX);
            out.record(|buf| {
                self.records.key(first, buf);
                buf.extend_from_slice(&child.to_be_bytes());
            });
        }
    }
}

/// A byte whose first `n` bits are set.
pub(super) fn ones(n: usize) -> u8 {
    match n {
        0 => 0,
        1..8 => !(0xff >> n),
        _ => 0xff,
    }
}

/// A node being encoded.
struct Node<'a> {
    node: &'a mut [u8],
    bytes: Vec<u8>,
    offsets: Vec<u16>,
    descriptor: NodeDescriptor,
}

impl<'a> Node<'a> {
    fn new(node: &'a mut [u8]) -> Self {
        let mut bytes = Vec::with_capacity(node.len());
        bytes.resize(DESCRIPTOR, 0);
        Self { node, bytes, offsets: Vec::new(), descriptor: NodeDescriptor::default() }
    }

    fn describe(&mut self, kind: i8, height: u8, next: usize, previous: usize) {
        // Node numbers were measured as u32.
        let number = |n: usize| U32::new(u32::try_from(n).unwrap_or(u32::MAX));
        self.descriptor.kind = kind;
        self.descriptor.height = height;
        self.descriptor.fLink = number(next);
        self.descriptor.bLink = number(previous);
    }

    /// Describes node `index` of a level of `len` nodes that begins at node `base`.
    fn describe_in_row(&mut self, kind: i8, height: u8, index: usize, len: usize, base: usize) {
        let next = if index + 1 < len { base + index + 1 } else { 0 };
        let previous = if index > 0 { base + index - 1 } else { 0 };
        self.describe(kind, height, next, previous);
    }

    fn is_empty(&self) -> bool {
        self.offsets.is_empty()
    }

    fn record(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        // Nodes have up to 32 KiB.
        self.offsets.push(u16::try_from(self.bytes.len()).unwrap_or(u16::MAX));
        write(&mut self.bytes);
    }

    fn try_record(&mut self, write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> io::Result<()> {
        let mut result = Ok(());
        self.record(|buf| result = write(buf));
        result
    }

    /// Puts the node together; a node without records stays all zero.
    fn finish(mut self) {
        self.node.fill(0);
        if self.offsets.is_empty() {
            return;
        }
        // A node holds fewer records than bytes.
        let records = u16::try_from(self.offsets.len()).unwrap_or(u16::MAX);
        self.descriptor.numRecords = U16::new(records);
        self.bytes[..DESCRIPTOR].copy_from_slice(self.descriptor.as_bytes());
        self.record(|_| {});
        self.node[..self.bytes.len()].copy_from_slice(&self.bytes);
        for (slot, offset) in self.node.rchunks_exact_mut(2).zip(&self.offsets) {
            slot.copy_from_slice(&offset.to_be_bytes());
        }
    }
}

impl<R: Records> ReadAt for TreeFile<R> {
    fn len(&self) -> u64 {
        self.shape.len()
    }

    fn read_at(&self, mut at: u64, mut buf: &mut [u8]) -> io::Result<()> {
        check_range(at, buf.len(), self.len())?;
        let size = usize::from(self.shape.format.node_size);
        let mut whole = Vec::new();
        while !buf.is_empty() {
            // Both fit: node numbers are u32, and offsets in a node are smaller than its size.
            let number = usize::try_from(at / size as u64).map_err(io::Error::other)?;
            let skip = usize::try_from(at % size as u64).map_err(io::Error::other)?;
            let len = buf.len().min(size - skip);
            let (part, rest) = buf.split_at_mut(len);
            if len == size {
                self.encode(number, part)?;
            } else {
                whole.resize(size, 0);
                self.encode(number, &mut whole)?;
                part.copy_from_slice(&whole[skip..skip + len]);
            }
            at += len as u64;
            buf = rest;
        }
        Ok(())
    }
}

impl<R: Records> Content for TreeFile<R> {
    fn data(&self, at: u64) -> Option<Range<u64>> {
        let end = self.shape.used() as u64 * u64::from(self.shape.format.node_size);
        (at < end).then_some(at..end)
    }
}
