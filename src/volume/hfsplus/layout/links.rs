//! Hard links: which inodes there are, and how their links are chained.

use crate::block::{Error, Result};
use crate::volume::tree::Place;
use crate::volume::{Body, NodeId, Tree};
use std::collections::{HashMap, HashSet};

/// What the records of links and inodes say of each other.
#[derive(Default)]
pub(super) struct Links {
    pub(super) file_inodes: Vec<NodeId>,
    pub(super) dir_inodes: Vec<NodeId>,
    /// Of each link: the ids of the links before and behind it, or 0.
    neighbours: HashMap<NodeId, (u32, u32)>,
    /// Of each inode: its first link's id, and how many there are.
    inodes: HashMap<NodeId, Chain>,
    /// Folders that a link to a folder is below of.
    above: HashSet<NodeId>,
}

/// An inode's links.
#[derive(Clone, Copy)]
pub(super) struct Chain {
    pub(super) first: u32,
    pub(super) count: u32,
}

impl Links {
    /// Finds the inodes among the nodes of a volume.
    pub(super) fn new(tree: &Tree, reached: &[NodeId]) -> Self {
        let mut links = Self::default();
        for id in reached {
            let node = tree.node(*id);
            match (&node.place, &node.body) {
                (Place::Inode(_), Body::Dir(_)) => links.dir_inodes.push(*id),
                (Place::Inode(_), _) => links.file_inodes.push(*id),
                (_, Body::Link(inode)) => {
                    links.inodes.entry(*inode).or_insert(Chain { first: 0, count: 0 }).count += 1;
                    if matches!(tree.node(*inode).body, Body::Dir(_)) {
                        links.mark_above(tree, *id);
                    }
                }
                _ => {}
            }
        }
        links
    }

    /// Marks the folders above a link to a folder, up to the root or an inode.
    fn mark_above(&mut self, tree: &Tree, link: NodeId) {
        let mut at = link;
        while let Place::In(dir) = tree.node(at).place {
            if dir == tree.root() || !self.above.insert(dir) {
                return;
            }
            at = dir;
        }
    }

    /// Chains the links of each inode by their ids.
    pub(super) fn chain(&mut self, tree: &Tree, cnids: &[u32]) -> Result<()> {
        for (inode, chain) in &mut self.inodes {
            let Place::Inode(all) = &tree.node(*inode).place else { continue };
            let on_volume = |id: &&NodeId| cnids[id.index()] != 0;
            let there: Vec<NodeId> = all.iter().filter(on_volume).copied().collect();
            if there.len() != chain.count as usize {
                let rule = "not the number of links that point to the inode";
                return Err(Error::corrupt("hard link inode", "linkCount", there.len(), rule));
            }
            let id = |at: Option<&NodeId>| at.map_or(0, |id| cnids[id.index()]);
            for (at, link) in there.iter().enumerate() {
                let before = at.checked_sub(1).and_then(|at| there.get(at));
                self.neighbours.insert(*link, (id(before), id(there.get(at + 1))));
            }
            chain.first = id(there.first());
        }
        Ok(())
    }

    /// The ids of the links before and behind a link.
    pub(super) fn neighbours(&self, link: NodeId) -> (u32, u32) {
        self.neighbours.get(&link).copied().unwrap_or((0, 0))
    }

    /// An inode's links; `None` for other nodes.
    pub(super) fn inode(&self, id: NodeId) -> Option<Chain> {
        self.inodes.get(&id).copied()
    }

    /// Whether a link to a folder is anywhere below this one.
    pub(super) fn is_above(&self, dir: NodeId) -> bool {
        self.above.contains(&dir)
    }
}
