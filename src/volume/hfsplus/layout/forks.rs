//! Which forks there are, and which blocks each of them gets.

use crate::volume::hfsplus::layout::alias;
use crate::volume::hfsplus::layout::objects::{Objects, Thing};
use crate::volume::hfsplus::raw::{ExtentDescriptor, ForkData};
use crate::volume::{Body, NodeId};
use zerocopy::big_endian::{U32, U64};

/// Which fork of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ForkKind {
    /// The data fork.
    Data,
    /// The resource fork.
    Rsrc,
    /// The value of the extended attribute with this index.
    Xattr(u32),
}

/// A fork that takes blocks; its index in [`super::Laid::forks`] is the tag of
/// its extent in the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForkRef {
    /// The file (or folder, for attributes).
    pub node: NodeId,
    /// Which of its forks.
    pub kind: ForkKind,
}

/// Runs of blocks, by what they are for.
pub(super) struct Forks {
    block_size: u32,
    /// First blocks of data and resource forks, by slot of the tree.
    starts: Vec<[u32; 2]>,
    /// First block and length in bytes of the journal's two files.
    pub(super) journal: [(u32, u64); 2],
}

impl Forks {
    pub(super) fn new(block_size: u32, slots: usize) -> Self {
        Self { block_size, starts: vec![[0; 2]; slots], journal: [(0, 0); 2] }
    }

    pub(super) fn place(&mut self, id: NodeId, kind: ForkKind, start: u32) {
        self.starts[id.index()][usize::from(kind == ForkKind::Rsrc)] = start;
    }

    /// The data and resource forks of a file's record.
    pub(super) fn of(&self, objects: &Objects, thing: Thing) -> (ForkData, ForkData) {
        let none = ForkData::default();
        match thing {
            Thing::Node(id) => {
                let [data_at, rsrc_at] = self.starts[id.index()];
                match &objects.tree.node(id).body {
                    Body::File { data, rsrc } => {
                        let rsrc = rsrc.as_ref().map_or(0, |rsrc| rsrc.len());
                        (self.fork(data_at, data.len()), self.fork(rsrc_at, rsrc))
                    }
                    Body::Link(_) if rsrc_at != 0 => (none, self.fork(rsrc_at, alias::SIZE as u64)),
                    _ => (none, none),
                }
            }
            Thing::Journal => (self.fork(self.journal[0].0, self.journal[0].1), none),
            Thing::JournalInfo => (self.fork(self.journal[1].0, self.journal[1].1), none),
            _ => (none, none),
        }
    }

    fn fork(&self, start: u32, len: u64) -> ForkData {
        fork_data(start, len, self.block_size)
    }
}

/// A fork of `len` bytes in one extent.
pub(super) fn fork_data(start: u32, len: u64, block_size: u32) -> ForkData {
    let mut fork = ForkData { logicalSize: U64::new(len), ..ForkData::default() };
    // All blocks of the volume were counted as u32.
    let blocks = u32::try_from(len.div_ceil(block_size.into())).unwrap_or(u32::MAX);
    if blocks > 0 {
        fork.totalBlocks = U32::new(blocks);
        fork.extents[0] =
            ExtentDescriptor { startBlock: U32::new(start), blockCount: U32::new(blocks) };
    }
    fork
}
