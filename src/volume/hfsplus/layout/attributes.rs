//! The attributes file's records, made from the tree when they are read.

use crate::block::{Error, Result, Source, read_vec};
use crate::volume::NodeId;
use crate::volume::hfsplus::layout::catalog::put_name;
use crate::volume::hfsplus::layout::forks::fork_data;
use crate::volume::hfsplus::layout::objects::{Objects, Thing};
use crate::volume::hfsplus::layout::records::Records;
use crate::volume::hfsplus::raw::{ForkData, attribute_record};
use std::borrow::Cow;
use std::io;
use std::sync::Arc;
use zerocopy::IntoBytes;

/// The size of an attributes file's nodes.
pub(super) const NODE_SIZE: u16 = 8192;
/// The longest value that stays in the record: what Mac OS X allows in nodes
/// of [`NODE_SIZE`], so that two records of the longest names fit.
const MAX_INLINE: u64 = 3802;
/// The most units of an attribute's name (`kHFSMaxAttrNameLen`).
const MAX_NAME: usize = 127;
/// Where a folder's inode says which link is its first; a system's private matter.
const FIRST_LINK: &str = "com.apple.system.hfs.firstlink";
/// The index of [`FIRST_LINK`], which is not in the tree.
const GENERATED: u32 = u32::MAX;

/// An attribute of a node; where its value begins when it is in a fork.
#[derive(Clone, Copy)]
struct Item {
    node: NodeId,
    index: u32,
    start: u32,
}

/// The attributes in key order.
pub(super) struct Attributes {
    objects: Arc<Objects>,
    block_size: u32,
    items: Vec<Item>,
}

impl Attributes {
    /// Lists the attributes of everything on the volume.
    pub(super) fn new(objects: Arc<Objects>, block_size: u32) -> Result<Self> {
        let mut list = Self { objects: Arc::clone(&objects), block_size, items: Vec::new() };
        for object in &objects.all {
            if let Thing::Node(id) = object.thing {
                list.add(id)?;
            }
        }
        Ok(list)
    }

    fn add(&mut self, id: NodeId) -> Result<()> {
        let first = self.items.len();
        let node = self.objects.tree.node(id);
        for (index, xattr) in (0u32..).zip(&node.xattrs) {
            let name = xattr.name.units();
            if name.is_empty() || name.len() > MAX_NAME {
                let rule = "not 1 to 127 UTF-16 units long";
                let name = xattr.name.to_string();
                return Err(Error::corrupt("HFSPlusAttrKey", "attrName", name, rule));
            }
            if !name.iter().copied().eq(FIRST_LINK.encode_utf16()) {
                self.items.push(Item { node: id, index, start: 0 });
            }
        }
        if self.objects.is_folder(Thing::Node(id)) && self.objects.links.inode(id).is_some() {
            self.items.push(Item { node: id, index: GENERATED, start: 0 });
        }
        let mut added = self.items.split_off(first);
        added.sort_by(|a, b| self.name(*a).cmp(&self.name(*b)));
        if let Some(pair) = added.windows(2).find(|pair| self.name(pair[0]) == self.name(pair[1])) {
            let name = String::from_utf16_lossy(&self.name(pair[0]));
            return Err(Error::corrupt(
                "HFSPlusAttrKey",
                "attrName",
                name,
                "an attribute of this name is there twice",
            ));
        }
        self.items.append(&mut added);
        Ok(())
    }

    fn name(&self, item: Item) -> Cow<'_, [u16]> {
        match self.objects.tree.node(item.node).xattrs.get(item.index as usize) {
            Some(xattr) => Cow::Borrowed(xattr.name.units()),
            None => Cow::Owned(FIRST_LINK.encode_utf16().collect()),
        }
    }

    fn value(&self, item: Item) -> Option<&Source> {
        let node = self.objects.tree.node(item.node);
        node.xattrs.get(item.index as usize).map(|xattr| &xattr.value)
    }

    /// The value of [`FIRST_LINK`]: the id in digits, and a zero byte.
    fn first_link(&self, item: Item) -> Vec<u8> {
        let first = self.objects.links.inode(item.node).map_or(0, |chain| chain.first);
        format!("{first}\0").into_bytes()
    }

    /// Attributes whose values take blocks.
    pub(super) fn in_forks(&self) -> impl Iterator<Item = (NodeId, u32, &Source)> {
        self.items.iter().filter_map(|item| {
            let value = self.value(*item).filter(|value| value.len() > MAX_INLINE)?;
            Some((item.node, item.index, value))
        })
    }

    /// Notes the first block of a value, which must be one of [`Self::in_forks`].
    pub(super) fn place(&mut self, node: NodeId, index: u32, start: u32) {
        let cnid = |id| self.objects.cnid(id);
        let first = self.items.partition_point(|item| cnid(item.node) < cnid(node));
        let mut own = self.items[first..].iter_mut().take_while(|item| item.node == node);
        if let Some(item) = own.find(|item| item.index == index) {
            item.start = start;
        }
    }

    fn inline_len(&self, item: Item) -> Option<usize> {
        match self.value(item) {
            None => Some(self.first_link(item).len()),
            Some(value) if value.len() <= MAX_INLINE => usize::try_from(value.len()).ok(),
            Some(_) => None,
        }
    }
}

impl Records for Attributes {
    type Cursor = u32;

    fn first(&self) -> Option<u32> {
        (!self.items.is_empty()).then_some(0)
    }

    fn next(&self, at: u32) -> Option<u32> {
        let next = at + 1;
        ((next as usize) < self.items.len()).then_some(next)
    }

    fn sizes(&self, at: u32) -> (usize, usize) {
        let item = self.items[at as usize];
        let data = match self.inline_len(item) {
            Some(len) => 16 + len.next_multiple_of(2),
            None => 8 + size_of::<ForkData>(),
        };
        (14 + 2 * self.name(item).len(), data)
    }

    fn key(&self, at: u32, out: &mut Vec<u8>) {
        let item = self.items[at as usize];
        let name = self.name(item);
        // Names have up to 127 units.
        let len = u16::try_from(12 + 2 * name.len()).unwrap_or(u16::MAX);
        out.extend_from_slice(&len.to_be_bytes());
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(&self.objects.cnid(item.node).to_be_bytes());
        out.extend_from_slice(&[0; 4]);
        put_name(&name, out);
    }

    fn data(&self, at: u32, out: &mut Vec<u8>) -> io::Result<()> {
        let item = self.items[at as usize];
        let Some(len) = self.inline_len(item) else {
            let len = self.value(item).map_or(0, |value| value.len());
            out.extend_from_slice(&attribute_record::FORK.to_be_bytes());
            out.extend_from_slice(&[0; 4]);
            out.extend_from_slice(fork_data(item.start, len, self.block_size).as_bytes());
            return Ok(());
        };
        let mut value = match self.value(item) {
            Some(value) => read_vec(&**value, 0, len)?,
            None => self.first_link(item),
        };
        out.extend_from_slice(&attribute_record::INLINE.to_be_bytes());
        out.extend_from_slice(&[0; 8]);
        // At most MAX_INLINE.
        out.extend_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes());
        value.resize(len.next_multiple_of(2), 0);
        out.append(&mut value);
        Ok(())
    }
}
