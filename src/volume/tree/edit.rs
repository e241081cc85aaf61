//! Edits: remove, move, replace contents, make folders.

use crate::block::{Source, bytes};
use crate::volume::tree::{Body, Case, Facts, Node, NodeId, Place, Tree, TreeError};
use crate::volume::{Meta, Name, VPath};
use std::collections::HashSet;

/// The attribute that makes a file a compressed one (sys/decmpfs.h).
const DECMPFS: &str = "com.apple.decmpfs";
/// `UF_COMPRESSED`.
const COMPRESSED: u8 = 0x20;

/// A place that was made free, and how what stood there was blessed.
#[derive(Clone, Copy, Debug)]
pub struct Vacancy {
    words: [bool; 5],
    is_dir: bool,
}

impl Facts {
    /// The words of the header's Finder info that name files and folders.
    const fn blessing(&mut self) -> [&mut Option<NodeId>; 5] {
        [
            &mut self.blessed_folder,
            &mut self.boot_file,
            &mut self.open_folder,
            &mut self.classic_folder,
            &mut self.osx_folder,
        ]
    }
}

impl Tree {
    /// Removes a node and all below it. A hard link leaves its inode, until
    /// the last link removes that, too.
    ///
    /// # Errors
    /// `Misplaced` for the root and for what is in no folder.
    pub fn remove(&mut self, id: NodeId) -> Result<(), TreeError> {
        self.detach(id)?;
        let mut doomed = vec![id];
        while let Some(id) = doomed.pop() {
            self.bury(id, &mut doomed);
        }
        self.forget_removed();
        Ok(())
    }

    /// Takes a node out of its folder's list, and leaves it otherwise.
    fn detach(&mut self, id: NodeId) -> Result<NodeId, TreeError> {
        let Place::In(dir) = self.node(id).place else {
            return Err(TreeError::Misplaced(self.node(id).name.clone()));
        };
        if let Body::Dir(children) = &mut self.nodes[dir.index()].body {
            children.retain(|child| *child != id);
        }
        Ok(dir)
    }

    /// Marks a node removed, and hands on what goes with it.
    fn bury(&mut self, id: NodeId, doomed: &mut Vec<NodeId>) {
        let node = &mut self.nodes[id.index()];
        node.place = Place::Gone;
        node.xattrs = Vec::new();
        match std::mem::replace(&mut node.body, Body::Dir(Vec::new())) {
            Body::Dir(children) => doomed.extend(children),
            Body::File { .. } => {}
            Body::Link(inode) => {
                if let Place::Inode(links) = &mut self.nodes[inode.index()].place {
                    links.retain(|link| *link != id);
                    if links.is_empty() {
                        doomed.push(inode);
                    }
                }
            }
        }
    }

    /// Takes removed nodes out of the volume's blessing.
    fn forget_removed(&mut self) {
        let nodes = &self.nodes;
        let gone = |id: &NodeId| nodes[id.index()].place == Place::Gone;
        for word in self.facts.blessing() {
            if word.as_ref().is_some_and(gone) {
                *word = None;
            }
        }
    }

    /// Removes what something else comes to stand in place of. A Mac starts
    /// what stands there, so the blessing goes on to that: [`Tree::hand_on`].
    ///
    /// # Errors
    /// As [`Tree::remove`].
    pub fn make_room(&mut self, old: NodeId) -> Result<Vacancy, TreeError> {
        let (target, is_dir) = (self.target(old), self.is_dir(old));
        // One name of several: it is the one that is meant where it stands in
        // the blessed folder; else what is blessed keeps its other names.
        let other_names = self.names_of(old) > 1;
        let here = matches!(self.node(old).place,
            Place::In(dir) if self.facts.blessed_folder == Some(dir));
        let goes_on = here || !other_names;
        let words = self.facts.blessing().map(|word| goes_on && *word == Some(target));
        self.remove(old)?;
        Ok(Vacancy { words, is_dir })
    }

    /// Blesses what took another's place as that was.
    pub fn hand_on(&mut self, vacancy: &Vacancy, new: NodeId) {
        if self.is_dir(new) != vacancy.is_dir {
            return;
        }
        let new = self.target(new);
        for (word, named) in self.facts.blessing().into_iter().zip(vacancy.words) {
            if named {
                *word = Some(new);
            }
        }
    }

    /// Moves a node into a folder under a name; the same folder renames.
    ///
    /// # Errors
    /// `NotDir`, `Exists`; `Misplaced` for the root, for what is in no folder,
    /// and for a folder that would come to be below itself.
    pub fn rename(&mut self, id: NodeId, dir: NodeId, name: Name) -> Result<(), TreeError> {
        let dir = self.target(dir);
        if !matches!(self.node(dir).body, Body::Dir(_)) {
            return Err(TreeError::NotDir(self.node(dir).name.clone()));
        }
        if self.is_above(id, dir) {
            return Err(TreeError::Misplaced(name));
        }
        // Out first: `a` may become `A` in the same folder.
        let old = self.detach(id)?;
        let result = self.place_for(dir, &name);
        let (dir, name, result) = match result {
            Ok(_) => (dir, name, Ok(())),
            Err(error) => (old, self.node(id).name.clone(), Err(error)),
        };
        // It fits: its own old place is free again, or the new one was just found free.
        let at = self.place_for(dir, &name)?;
        let node = &mut self.nodes[id.index()];
        (node.name, node.place) = (name, Place::In(dir));
        self.insert(dir, at, id);
        result
    }

    /// Whether `below` is `id` or under it, by any link of any folder above.
    fn is_above(&self, id: NodeId, below: NodeId) -> bool {
        let id = self.target(id);
        let mut seen = HashSet::new();
        let mut todo = vec![below];
        while let Some(at) = todo.pop() {
            if at == id {
                return true;
            }
            if !seen.insert(at) {
                continue;
            }
            match &self.node(at).place {
                Place::In(dir) => todo.push(*dir),
                Place::Inode(links) => todo.extend(links),
                Place::Root | Place::Gone => {}
            }
        }
        false
    }

    /// Gives a file new contents. A compressed file becomes a plain one: its
    /// attribute, flag and resource fork (which held the chunks) go.
    ///
    /// # Errors
    /// `NotFile` for folders, links and devices.
    pub fn set_data(&mut self, id: NodeId, contents: Source) -> Result<(), TreeError> {
        let id = self.target(id);
        let node = &mut self.nodes[id.index()];
        let plain = node.meta.kind() == crate::volume::Kind::File;
        let Body::File { data, rsrc } = &mut node.body else {
            return Err(TreeError::NotFile(node.name.clone()));
        };
        if !plain {
            return Err(TreeError::NotFile(node.name.clone()));
        }
        *data = contents;
        let decmpfs = Name::from_text(DECMPFS);
        let before = node.xattrs.len();
        node.xattrs.retain(|xattr| xattr.name != decmpfs);
        if node.xattrs.len() < before || node.meta.owner_flags & COMPRESSED != 0 {
            node.meta.owner_flags &= !COMPRESSED;
            *rsrc = None;
        }
        Ok(())
    }

    /// Makes a folder and those above it, of root:wheel and mode 0755, unless
    /// they are there.
    ///
    /// # Errors
    /// `NotDir` when something else (a symbolic link, too) is in the way; `Full`.
    pub fn ensure_dir(&mut self, path: &VPath, date: u32) -> Result<NodeId, TreeError> {
        path.names().iter().try_fold(self.root(), |dir, name| match self.child(dir, name) {
            Some(id) if self.is_dir(id) => Ok(id),
            Some(_) => Err(TreeError::NotDir(name.clone())),
            None => {
                let meta = Meta::new(Meta::DIR | 0o755, date);
                self.add(dir, name.clone(), meta, Body::Dir(Vec::new()))
            }
        })
    }

    /// Makes a symbolic link of root:wheel and mode 0755.
    ///
    /// # Errors
    /// `NotDir`, `Exists`, `Full`.
    pub fn add_symlink(
        &mut self,
        dir: NodeId,
        name: Name,
        to: &str,
        date: u32,
    ) -> Result<NodeId, TreeError> {
        let meta = Meta::new(Meta::SYMLINK | 0o755, date);
        let data = bytes(to.as_bytes());
        self.add(dir, name, meta, Body::File { data, rsrc: None })
    }

    /// Makes one more name for a file: its node becomes an inode with two links.
    ///
    /// # Errors
    /// `NotFile` for what is not a file; `NotDir`, `Exists`, `Full`.
    pub fn add_name(&mut self, dir: NodeId, name: Name, of: NodeId) -> Result<NodeId, TreeError> {
        let target = self.target(of);
        if !matches!(self.node(target).body, Body::File { .. }) {
            return Err(TreeError::NotFile(self.node(of).name.clone()));
        }
        self.place_for(self.target(dir), &name)?;
        let inode = if target == of { self.split_inode(of)? } else { target };
        let meta = Meta::default();
        self.add_link(dir, name, meta, inode)
    }

    /// Turns a plain file into an inode and its first link, which stays in the folder.
    fn split_inode(&mut self, id: NodeId) -> Result<NodeId, TreeError> {
        let inode = self.add_inode(Meta::default(), Body::Dir(Vec::new()))?;
        let (head, tail) = self.nodes.split_at_mut(inode.index());
        let (link, node): (&mut Node, &mut Node) = (&mut head[id.index()], &mut tail[0]);
        std::mem::swap(&mut link.meta, &mut node.meta);
        std::mem::swap(&mut link.xattrs, &mut node.xattrs);
        node.body = std::mem::replace(&mut link.body, Body::Link(inode));
        node.place = Place::Inode(vec![id]);
        Ok(inode)
    }

    /// Names the volume.
    pub fn set_label(&mut self, label: Name) {
        self.nodes[0].name = label;
    }

    /// Changes how names are compared.
    ///
    /// # Errors
    /// `Exists` when a folder holds two names that are now one; nothing is changed then.
    pub fn set_case(&mut self, case: Case) -> Result<(), TreeError> {
        if case == self.case {
            return Ok(());
        }
        let mut orders = Vec::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let Body::Dir(children) = &node.body else { continue };
            let mut order = children.clone();
            let units = |id: &NodeId| self.node(*id).name.units();
            order.sort_by(|a, b| case.compare(units(a), units(b)));
            let twice = order.windows(2).find(|w| case.compare(units(&w[0]), units(&w[1])).is_eq());
            if let Some(pair) = twice {
                return Err(TreeError::Exists(self.node(pair[1]).name.clone()));
            }
            orders.push((index, order));
        }
        for (index, order) in orders {
            self.nodes[index].body = Body::Dir(order);
        }
        self.case = case;
        Ok(())
    }
}
