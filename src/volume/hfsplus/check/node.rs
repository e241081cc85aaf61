//! One B-tree node: its descriptor and its records, bounds checked.

use crate::volume::hfsplus::raw::NodeDescriptor;
use zerocopy::FromBytes;

const DESCRIPTOR: usize = size_of::<NodeDescriptor>();

/// A node whose record offsets ascend inside it.
pub(super) struct Node<'a> {
    bytes: &'a [u8],
    pub(super) descriptor: NodeDescriptor,
}

impl<'a> Node<'a> {
    /// Checks the record offsets at the node's end.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, &'static str> {
        let (descriptor, _) = NodeDescriptor::read_from_prefix(bytes).map_err(|_| "is cut off")?;
        let node = Self { bytes, descriptor };
        let count = node.len();
        let table = 2 * (count + 1);
        if DESCRIPTOR + table > bytes.len() {
            return Err("holds more records than fit");
        }
        let mut last = 0;
        for index in 0..=count {
            let offset = node.offset(index);
            if index == 0 && offset != DESCRIPTOR {
                return Err("has its first record elsewhere than behind the descriptor");
            }
            if offset <= last || !offset.is_multiple_of(2) || offset > bytes.len() - table {
                return Err("has record offsets that do not ascend inside it");
            }
            last = offset;
        }
        Ok(node)
    }

    /// The number of records.
    pub(super) fn len(&self) -> usize {
        self.descriptor.numRecords.get().into()
    }

    fn offset(&self, index: usize) -> usize {
        let at = self.bytes.len() - 2 * (index + 1);
        usize::from(u16::from_be_bytes([self.bytes[at], self.bytes[at + 1]]))
    }

    /// A record's bytes.
    pub(super) fn record(&self, index: usize) -> &'a [u8] {
        &self.bytes[self.offset(index)..self.offset(index + 1)]
    }
}

/// Splits a record into its key (with the length field) and its data.
pub(super) fn split(record: &[u8]) -> Option<(&[u8], &[u8])> {
    let len = usize::from(u16::from_be_bytes(record.get(..2)?.try_into().ok()?));
    let end = 2 + len + len % 2;
    Some((record.get(..2 + len)?, record.get(end..)?))
}
