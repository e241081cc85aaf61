//! Questions about a tree: kinds, walks, counts.

use crate::block::Source;
use crate::volume::tree::{Body, NodeId, Place, Tree};
use crate::volume::{Kind, Name};
use std::collections::HashSet;

impl Tree {
    /// Whether this is a folder, or a hard link to one.
    #[must_use]
    pub fn is_dir(&self, id: NodeId) -> bool {
        matches!(self.node(self.target(id)).body, Body::Dir(_))
    }

    /// What kind of thing this is, through hard links.
    #[must_use]
    pub fn kind(&self, id: NodeId) -> Kind {
        if self.is_dir(id) { Kind::Dir } else { self.node(self.target(id)).meta.kind() }
    }

    /// How many names a file has.
    #[must_use]
    pub fn names_of(&self, id: NodeId) -> usize {
        match &self.node(self.target(id)).place {
            Place::Inode(links) => links.len(),
            _ => 1,
        }
    }

    /// An extended attribute's bytes, through hard links.
    #[must_use]
    pub fn xattr(&self, id: NodeId, name: &Name) -> Option<&Source> {
        let xattrs = &self.node(self.target(id)).xattrs;
        xattrs.iter().find(|xattr| xattr.name == *name).map(|xattr| &xattr.value)
    }

    /// This node and all below it, each folder before its children, in the
    /// order of names. A folder with several links is entered once.
    #[must_use]
    pub fn walk(&self, from: NodeId) -> Walk<'_> {
        Walk { tree: self, todo: vec![from], seen: HashSet::new() }
    }
}

/// See [`Tree::walk`].
pub struct Walk<'a> {
    tree: &'a Tree,
    todo: Vec<NodeId>,
    seen: HashSet<NodeId>,
}

impl Iterator for Walk<'_> {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        let id = self.todo.pop()?;
        let target = self.tree.target(id);
        if target == id || self.seen.insert(target) {
            self.todo.extend(self.tree.children(id).iter().rev());
        }
        Some(id)
    }
}
