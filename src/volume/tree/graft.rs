//! Copying what stands in one tree into another, with all that is known of it.

use crate::volume::tree::{Body, NodeId, Place, Tree, TreeError};
use crate::volume::{Meta, Name};
use std::collections::{HashMap, HashSet};

/// What to do with a name that the folder holds already. Two folders of one
/// name are always merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clash {
    /// Refuse.
    Refuse,
    /// Put the copy in its place.
    Replace,
}

impl Tree {
    /// Copies `source` of another tree, and all below it, into a folder.
    ///
    /// Hard links stay links among what is copied; a link whose other links
    /// stay behind becomes a plain file. Catalog node ids are kept unless this
    /// tree uses them. Folders that exist keep their own meta.
    ///
    /// # Errors
    /// `NotDir`, `Exists`, `Full`. The tree then holds what was copied so far.
    pub fn graft(
        &mut self,
        dir: NodeId,
        name: &Name,
        from: &Self,
        source: NodeId,
        clash: Clash,
    ) -> Result<NodeId, TreeError> {
        let cnids = self.ids().map(|id| self.node(id).meta.cnid).filter(|id| *id != 0).collect();
        let links = shared_inodes(from, source);
        let mut graft = Graft { to: self, from, clash, cnids, links, inodes: HashMap::new() };
        let first = graft.place(dir, name.clone(), source)?;
        let mut todo = vec![(source, first)];
        while let Some((source, into)) = todo.pop() {
            for child in from.children(source) {
                let id = graft.place(into, from.node(*child).name.clone(), *child)?;
                // A folder's second link leads to the copy that is there already.
                if from.is_dir(*child) && !graft.is_second_link(*child, id) {
                    todo.push((*child, id));
                }
            }
        }
        Ok(first)
    }

    /// Copies `source` of this tree, and all below it, into a folder.
    ///
    /// # Errors
    /// As [`Tree::graft`].
    pub fn copy(
        &mut self,
        source: NodeId,
        dir: NodeId,
        name: &Name,
        clash: Clash,
    ) -> Result<NodeId, TreeError> {
        let from = self.clone();
        self.graft(dir, name, &from, source, clash)
    }
}

/// The inodes that have more than one link among what is copied.
fn shared_inodes(from: &Tree, source: NodeId) -> HashSet<NodeId> {
    let mut seen = HashSet::new();
    let links = from.walk(source).filter(|id| from.target(*id) != *id);
    links.map(|id| from.target(id)).filter(|inode| !seen.insert(*inode)).collect()
}

struct Graft<'a> {
    to: &'a mut Tree,
    from: &'a Tree,
    clash: Clash,
    cnids: HashSet<u32>,
    links: HashSet<NodeId>,
    inodes: HashMap<NodeId, NodeId>,
}

impl Graft<'_> {
    /// Puts a copy of one node, without its children, into a folder.
    fn place(&mut self, dir: NodeId, name: Name, source: NodeId) -> Result<NodeId, TreeError> {
        let Some(old) = self.to.child(dir, &name) else { return self.add(dir, name, source) };
        if self.to.is_dir(old) && self.from.is_dir(source) {
            return Ok(old);
        }
        if self.clash == Clash::Refuse {
            return Err(TreeError::Exists(name));
        }
        let vacancy = self.to.make_room(old)?;
        let new = self.add(dir, name, source)?;
        self.to.hand_on(&vacancy, new);
        Ok(new)
    }

    /// The same where the name is free.
    fn add(&mut self, dir: NodeId, name: Name, source: NodeId) -> Result<NodeId, TreeError> {
        let inode = self.from.target(source);
        if !self.links.contains(&inode) {
            return self.plain(dir, name, inode);
        }
        let copy = match self.inodes.get(&inode) {
            // A clash may have removed the copy's only link, and it with that.
            Some(copy) if self.to.node(*copy).place != Place::Gone => *copy,
            _ => self.inode(inode)?,
        };
        let meta = self.meta(source);
        self.to.add_link(dir, name, meta, copy)
    }

    fn plain(&mut self, dir: NodeId, name: Name, source: NodeId) -> Result<NodeId, TreeError> {
        let meta = self.meta(source);
        let id = self.to.add(dir, name, meta, self.body(source))?;
        self.to.xattrs_mut(id).clone_from(&self.from.node(source).xattrs);
        Ok(id)
    }

    fn inode(&mut self, source: NodeId) -> Result<NodeId, TreeError> {
        let meta = self.meta(source);
        let id = self.to.add_inode(meta, self.body(source))?;
        self.to.xattrs_mut(id).clone_from(&self.from.node(source).xattrs);
        self.inodes.insert(source, id);
        Ok(id)
    }

    fn body(&self, source: NodeId) -> Body {
        match &self.from.node(source).body {
            Body::File { data, rsrc } => Body::File { data: data.clone(), rsrc: rsrc.clone() },
            Body::Dir(_) | Body::Link(_) => Body::Dir(Vec::new()),
        }
    }

    fn meta(&mut self, source: NodeId) -> Meta {
        let mut meta = self.from.node(source).meta.clone();
        // The root's id stays with the root, wherever a copy of it goes.
        if meta.cnid < 16 || !self.cnids.insert(meta.cnid) {
            meta.cnid = 0;
        }
        meta
    }

    /// Whether `copy` is a link to a folder that an earlier link has filled or will fill.
    fn is_second_link(&self, source: NodeId, copy: NodeId) -> bool {
        let inode = self.from.target(source);
        inode != source
            && self.inodes.contains_key(&inode)
            && matches!(&self.to.node(self.to.target(copy)).place,
                Place::Inode(links) if links.first() != Some(&copy))
    }
}
