//! A volume as a tree in memory, whose file contents are lazy sources.
//!
//! Nodes live in one arena and are named by index. Hard links are nodes of
//! their own that point to an inode node, which is in no folder; both files
//! and folders can be linked. Steps edit this tree; the writer lays it out.

mod build;
mod edit;
mod graft;
#[cfg(test)]
mod tests;
mod walk;

pub(crate) use build::Tangle;
pub use edit::Vacancy;
pub use graft::Clash;
pub use walk::Walk;

use crate::block::Source;
use crate::volume::{Meta, Name, VPath, unicode};
use std::cmp::Ordering;

/// The index of a node in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

impl NodeId {
    /// The index, for tables beside the tree.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// How names are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Case {
    /// Case-insensitive, by TN1150's table (HFS+, and HFSX by default).
    #[default]
    Folded,
    /// By units (HFSX with binary compare).
    Sensitive,
}

impl Case {
    /// The order of two names.
    #[must_use]
    pub fn compare(self, a: &[u16], b: &[u16]) -> Ordering {
        match self {
            Self::Folded => unicode::compare_folded(a, b),
            Self::Sensitive => a.cmp(b),
        }
    }
}

/// What a node is.
#[derive(Clone)]
pub enum Body {
    /// A folder: its children, ordered by name.
    Dir(Vec<NodeId>),
    /// Everything with forks: files, symbolic links, devices (by the mode).
    File {
        /// The data fork as stored (compressed files: usually empty).
        data: Source,
        /// The resource fork, if there is one.
        rsrc: Option<Source>,
    },
    /// A hard link to an inode node.
    Link(NodeId),
}

/// Where a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The root folder.
    Root,
    /// In a folder.
    In(NodeId),
    /// In no folder: what these hard links point to, first link first.
    Inode(Vec<NodeId>),
    /// Removed.
    Gone,
}

/// An extended attribute.
#[derive(Clone)]
pub struct Xattr {
    /// Its name.
    pub name: Name,
    /// Its bytes.
    pub value: Source,
}

/// A file, folder, link or inode.
#[derive(Clone)]
pub struct Node {
    /// Its name in its folder (the root's: the volume's name; an inode's: none).
    pub name: Name,
    /// Where it is.
    pub place: Place,
    /// Dates, owners, flags.
    pub meta: Meta,
    /// What it is.
    pub body: Body,
    /// Extended attributes, ordered by name's units.
    pub xattrs: Vec<Xattr>,
}

/// What the volume header says of the volume itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Allocation block size of the volume it came from; 0 for none.
    pub block_size: u32,
    /// The volume's creation date, in local time (unlike all others).
    pub created: u32,
    /// Last modified.
    pub modified: u32,
    /// Last backed up.
    pub backed_up: u32,
    /// Last checked.
    pub checked: u32,
    /// Word 0 of the header's Finder info: the blessed folder.
    pub blessed_folder: Option<NodeId>,
    /// Word 1: the boot file.
    pub boot_file: Option<NodeId>,
    /// Word 2: the folder whose window opens at mount.
    pub open_folder: Option<NodeId>,
    /// Word 3: the Mac OS 9 system folder.
    pub classic_folder: Option<NodeId>,
    /// Word 5: the Mac OS X system folder.
    pub osx_folder: Option<NodeId>,
    /// Words 6 and 7: the volume's id.
    pub volume_id: u64,
    /// Word 4, which no documentation gives a meaning.
    pub reserved_word: u32,
    /// What a reader left out or repaired, in words.
    pub notes: Vec<String>,
}

/// Why an edit of a tree was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TreeError {
    /// A folder holds this name already.
    Exists(Name),
    /// The node is not a folder.
    NotDir(Name),
    /// The node is not a regular file.
    NotFile(Name),
    /// A folder cannot go below itself, and the root stays.
    Misplaced(Name),
    /// The tree holds as many nodes as it can.
    Full,
}

impl std::fmt::Display for TreeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exists(name) => write!(f, "`{name}` exists already"),
            Self::NotDir(name) => write!(f, "`{name}` is not a folder"),
            Self::NotFile(name) => write!(f, "`{name}` is not a regular file"),
            Self::Misplaced(name) => write!(f, "`{name}` cannot be put there"),
            Self::Full => write!(f, "the volume holds as many files as it can"),
        }
    }
}

impl std::error::Error for TreeError {}

/// A volume in memory.
#[derive(Clone)]
pub struct Tree {
    nodes: Vec<Node>,
    case: Case,
    /// What the volume header says.
    pub facts: Facts,
}

impl Tree {
    /// An empty volume of this name; the root's mode is 0755.
    #[must_use]
    pub fn new(label: Name, case: Case, date: u32) -> Self {
        let meta = Meta::new(Meta::DIR | 0o755, date);
        let body = Body::Dir(Vec::new());
        let root = Node { name: label, place: Place::Root, meta, body, xattrs: Vec::new() };
        let facts = Facts { created: date, modified: date, ..Facts::default() };
        Self { nodes: vec![root], case, facts }
    }

    /// The root folder, whose name is the volume's.
    #[must_use]
    pub const fn root(&self) -> NodeId {
        NodeId(0)
    }

    /// How this tree compares names.
    #[must_use]
    pub const fn case(&self) -> Case {
        self.case
    }

    /// A node.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// A node's meta, to change; places and bodies change by methods.
    pub fn meta_mut(&mut self, id: NodeId) -> &mut Meta {
        &mut self.nodes[id.index()].meta
    }

    /// A node's extended attributes, to change.
    pub fn xattrs_mut(&mut self, id: NodeId) -> &mut Vec<Xattr> {
        &mut self.nodes[id.index()].xattrs
    }

    /// The number of slots in the arena, removed nodes included.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.nodes.len()
    }

    /// Every node that is not removed, inodes included, in arena order.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + '_ {
        let all = (0u32..).zip(&self.nodes);
        all.filter(|(_, node)| node.place != Place::Gone).map(|(index, _)| NodeId(index))
    }

    /// What a link points to; any other node itself.
    #[must_use]
    pub fn target(&self, id: NodeId) -> NodeId {
        match self.node(id).body {
            Body::Link(inode) => inode,
            _ => id,
        }
    }

    /// A folder's children in order (through a folder's hard link, too); empty for others.
    #[must_use]
    pub fn children(&self, id: NodeId) -> &[NodeId] {
        match &self.node(self.target(id)).body {
            Body::Dir(children) => children,
            _ => &[],
        }
    }

    /// A folder's child by name.
    #[must_use]
    pub fn child(&self, dir: NodeId, name: &Name) -> Option<NodeId> {
        let children = self.children(dir);
        self.position(children, name).ok().map(|at| children[at])
    }

    /// The node at a path; symbolic links are not followed.
    #[must_use]
    pub fn lookup(&self, path: &VPath) -> Option<NodeId> {
        path.names().iter().try_fold(self.root(), |dir, name| self.child(dir, name))
    }

    /// The path of a node; the root's is `/`. What is in a linked folder, and
    /// an inode, go by the first link.
    #[must_use]
    pub fn path(&self, id: NodeId) -> VPath {
        let mut names = Vec::new();
        let mut at = self.face(id);
        // A hostile volume may link a folder below itself: bounded by the nodes there are.
        while let Place::In(dir) = self.node(at).place
            && names.len() < self.nodes.len()
        {
            names.push(self.node(at).name.clone());
            at = self.face(dir);
        }
        names.reverse();
        VPath::from_names(names)
    }

    /// The node that stands in a folder for this one: an inode's first link.
    fn face(&self, id: NodeId) -> NodeId {
        match &self.node(id).place {
            Place::Inode(links) => links.first().copied().unwrap_or(id),
            _ => id,
        }
    }

    fn position(&self, children: &[NodeId], name: &Name) -> Result<usize, usize> {
        let compare = |id: &NodeId| self.case.compare(self.node(*id).name.units(), name.units());
        // Readers and generators add names in order: look at the end first.
        match children.last().map(compare) {
            None | Some(Ordering::Less) => Err(children.len()),
            Some(_) => children.binary_search_by(compare),
        }
    }

    fn push(&mut self, node: Node) -> Result<NodeId, TreeError> {
        let index = u32::try_from(self.nodes.len()).map_err(|_| TreeError::Full)?;
        self.nodes.push(node);
        Ok(NodeId(index))
    }

    /// Adds a file or folder to a folder.
    ///
    /// # Errors
    /// `NotDir`, `Exists`, `Full`.
    pub fn add(
        &mut self,
        dir: NodeId,
        name: Name,
        meta: Meta,
        body: Body,
    ) -> Result<NodeId, TreeError> {
        let dir = self.target(dir);
        let at = self.place_for(dir, &name)?;
        let node = Node { name, place: Place::In(dir), meta, body, xattrs: Vec::new() };
        let id = self.push(node)?;
        self.insert(dir, at, id);
        Ok(id)
    }

    /// Adds an inode node: a file or folder in no folder, for links to point to.
    ///
    /// # Errors
    /// `Full`.
    pub fn add_inode(&mut self, meta: Meta, body: Body) -> Result<NodeId, TreeError> {
        let place = Place::Inode(Vec::new());
        self.push(Node { name: Name::default(), place, meta, body, xattrs: Vec::new() })
    }

    /// Adds a hard link to an inode node, behind its other links.
    ///
    /// # Errors
    /// `NotDir`, `Exists`, `Full`; `Misplaced` when `inode` is not an inode.
    pub fn add_link(
        &mut self,
        dir: NodeId,
        name: Name,
        meta: Meta,
        inode: NodeId,
    ) -> Result<NodeId, TreeError> {
        if !matches!(self.node(inode).place, Place::Inode(_)) {
            return Err(TreeError::Misplaced(name));
        }
        let id = self.add(dir, name, meta, Body::Link(inode))?;
        if let Place::Inode(links) = &mut self.nodes[inode.index()].place {
            links.push(id);
        }
        Ok(id)
    }

    /// Where `name` goes among a folder's children.
    fn place_for(&self, dir: NodeId, name: &Name) -> Result<usize, TreeError> {
        let Body::Dir(children) = &self.node(dir).body else {
            return Err(TreeError::NotDir(self.node(dir).name.clone()));
        };
        match self.position(children, name) {
            Ok(_) => Err(TreeError::Exists(name.clone())),
            Err(at) => Ok(at),
        }
    }

    fn insert(&mut self, dir: NodeId, at: usize, id: NodeId) {
        if let Body::Dir(children) = &mut self.nodes[dir.index()].body {
            children.insert(at, id);
        }
    }
}
