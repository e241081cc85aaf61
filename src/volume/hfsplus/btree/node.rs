//! One B-tree node: its descriptor and records, with every bound checked.

use crate::block::{Error, Result, Value};
use crate::volume::hfsplus::btree::Names;
use crate::volume::hfsplus::raw::{NodeDescriptor, node_kind};
use zerocopy::FromBytes;

/// The bytes of a node descriptor.
pub(crate) const DESCRIPTOR: usize = size_of::<NodeDescriptor>();

/// A node whose record offsets ascend and stay inside it.
pub(crate) struct Node {
    bytes: Box<[u8]>,
    /// The descriptor.
    pub(crate) descriptor: NodeDescriptor,
    /// The number of records.
    pub(crate) count: usize,
}

impl Node {
    /// Takes a node's bytes.
    ///
    /// # Errors
    /// `Corrupt` for a descriptor or an offset that cannot be.
    pub(crate) fn parse(bytes: Vec<u8>, names: &Names) -> Result<Self> {
        let bytes = bytes.into_boxed_slice();
        let Ok((descriptor, _)) = NodeDescriptor::read_from_prefix(&bytes) else {
            return Err(Error::corrupt(
                names.node,
                "length",
                bytes.len(),
                "too short for a descriptor",
            ));
        };
        if !(node_kind::LEAF..=node_kind::MAP).contains(&descriptor.kind) {
            let kind = Value::Hex(descriptor.kind.to_be_bytes()[0].into());
            return Err(Error::corrupt(names.node, "kind", kind, "no kind of node"));
        }
        let count = usize::from(descriptor.numRecords.get());
        if DESCRIPTOR + 2 * (count + 1) > bytes.len() {
            let rule = "more records than the node has room for";
            return Err(Error::corrupt(names.node, "numRecords", count, rule));
        }
        let node = Self { bytes, descriptor, count };
        node.check_offsets(names)?;
        Ok(node)
    }

    fn check_offsets(&self, names: &Names) -> Result<()> {
        let mut last = DESCRIPTOR;
        if self.offset(0) != last {
            let rule = "the first record must follow the descriptor";
            return Err(Error::corrupt(names.node, "record offset", self.offset(0), rule));
        }
        for index in 1..=self.count {
            let offset = self.offset(index);
            if offset <= last {
                let rule = "not behind the record before it";
                return Err(Error::corrupt(names.node, "record offset", offset, rule));
            }
            last = offset;
        }
        if last > self.bytes.len() - 2 * (self.count + 1) {
            let rule = "inside the record offsets";
            return Err(Error::corrupt(names.node, "record offset", last, rule));
        }
        Ok(())
    }

    /// The offset of a record, or of the free space behind the last one.
    /// `index` is at most `count`, whose offset lies inside the node.
    fn offset(&self, index: usize) -> usize {
        let at = self.bytes.len() - 2 * (index + 1);
        usize::from(u16::from_be_bytes([self.bytes[at], self.bytes[at + 1]]))
    }

    /// A record's bytes; empty for one that is not there.
    pub(crate) fn record(&self, index: usize) -> &[u8] {
        if index >= self.count {
            return &[];
        }
        // `check_offsets` saw that offsets ascend and end inside the node.
        &self.bytes[self.offset(index)..self.offset(index + 1)]
    }

    /// Where a record begins in the node.
    pub(crate) fn position(&self, index: usize) -> usize {
        self.offset(index.min(self.count))
    }

    /// A record's key (without its length) and data.
    ///
    /// # Errors
    /// `Corrupt` when the key is longer than the record.
    pub(crate) fn split(
        &self,
        index: usize,
        names: &Names,
        fixed: Option<u16>,
    ) -> Result<(&[u8], &[u8])> {
        let record = self.record(index);
        let split = || {
            let (len, rest) = record.split_first_chunk()?;
            let len = usize::from(u16::from_be_bytes(*len));
            // Keys of index nodes may take the longest key's room.
            let room = fixed.map_or(len, usize::from).max(len);
            Some((rest.get(..len)?, rest.get(room.next_multiple_of(2)..)?))
        };
        split().ok_or_else(|| {
            let len = record.first_chunk().map_or(0, |len| u16::from_be_bytes(*len));
            Error::corrupt(names.record, "keyLength", len, "the key ends behind its record")
        })
    }
}
