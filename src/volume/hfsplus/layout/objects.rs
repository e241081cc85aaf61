//! What a volume will hold, by catalog node id.

use crate::block::{Error, Result};
use crate::volume::hfsplus::layout::links::Links;
use crate::volume::hfsplus::layout::reach::{number, reach};
use crate::volume::hfsplus::raw::cnid;
use crate::volume::tree::Place;
use crate::volume::{Body, NodeId, Tree};
use std::borrow::Cow;
use std::sync::Arc;

/// The folder of files' inodes, in the root.
pub(super) const FILE_INODES: &str = "\0\0\0\0HFS+ Private Data";
/// The folder of folders' inodes, in the root.
pub(super) const DIR_INODES: &str = ".HFS+ Private Directory Data\r";
/// The file that the journal is in.
pub(super) const JOURNAL: &str = ".journal";
/// The file that says where the journal is.
pub(super) const JOURNAL_INFO: &str = ".journal_info_block";

/// A file or folder of the volume: the tree's, or one that the format needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thing {
    /// Not a folder, but the parent of the root.
    RootParent,
    /// A node of the tree.
    Node(NodeId),
    /// See [`FILE_INODES`].
    FileInodes,
    /// See [`DIR_INODES`].
    DirInodes,
    /// See [`JOURNAL`].
    Journal,
    /// See [`JOURNAL_INFO`].
    JournalInfo,
}

/// A thing and its id.
#[derive(Clone, Copy, Debug)]
pub(super) struct Object {
    pub(super) cnid: u32,
    pub(super) thing: Thing,
}

/// Everything in the catalog, with ids, ordered by them.
pub(super) struct Objects {
    pub(super) tree: Arc<Tree>,
    /// The root's parent first.
    pub(super) all: Vec<Object>,
    /// By slot of the tree; 0 for nodes that are not reached.
    pub(super) cnids: Vec<u32>,
    pub(super) links: Links,
    /// The next id that was never used.
    pub(super) next_cnid: u32,
    pub(super) files: u32,
    pub(super) folders: u32,
    top: [Thing; 1],
    root: Vec<Thing>,
    file_inodes: Vec<Thing>,
    dir_inodes: Vec<Thing>,
    file_inodes_cnid: u32,
    dir_inodes_cnid: u32,
    journal_cnids: (u32, u32),
}

/// Things in a folder, in order.
#[derive(Clone, Copy)]
pub(super) enum List<'a> {
    Nodes(&'a [NodeId]),
    Things(&'a [Thing]),
}

impl List<'_> {
    pub(super) fn len(self) -> usize {
        match self {
            Self::Nodes(nodes) => nodes.len(),
            Self::Things(things) => things.len(),
        }
    }

    pub(super) fn get(self, index: usize) -> Option<Thing> {
        match self {
            Self::Nodes(nodes) => nodes.get(index).copied().map(Thing::Node),
            Self::Things(things) => things.get(index).copied(),
        }
    }

    pub(super) fn iter(self) -> impl Iterator<Item = Thing> {
        (0..self.len()).filter_map(move |index| self.get(index))
    }
}

impl Objects {
    /// Walks the tree from its root and gives every node an id.
    pub(super) fn new(tree: Arc<Tree>, journal: bool) -> Result<Self> {
        let reached = reach(&tree)?;
        let links = Links::new(&tree, &reached);
        let mut extra = Vec::new();
        if !links.file_inodes.is_empty() {
            extra.push(Thing::FileInodes);
        }
        if !links.dir_inodes.is_empty() {
            extra.push(Thing::DirInodes);
        }
        if journal {
            extra.extend([Thing::Journal, Thing::JournalInfo]);
        }
        let mut all = number(&tree, &reached, &extra)?;
        drop(reached);
        let mut cnids = vec![0; tree.slots()];
        let (mut file_inodes_cnid, mut dir_inodes_cnid, mut journal_cnids) = (0, 0, (0, 0));
        for object in &all {
            match object.thing {
                Thing::Node(id) => cnids[id.index()] = object.cnid,
                Thing::FileInodes => file_inodes_cnid = object.cnid,
                Thing::DirInodes => dir_inodes_cnid = object.cnid,
                Thing::Journal => journal_cnids.0 = object.cnid,
                Thing::JournalInfo => journal_cnids.1 = object.cnid,
                Thing::RootParent => {}
            }
        }
        let last = all.last().map_or(0, |object| object.cnid);
        all.insert(0, Object { cnid: cnid::ROOT_PARENT, thing: Thing::RootParent });
        let mut objects = Self {
            all,
            cnids,
            links,
            next_cnid: (last + 1).max(cnid::FIRST_USER),
            files: 0,
            folders: 0,
            top: [Thing::Node(tree.root())],
            root: Vec::new(),
            file_inodes: Vec::new(),
            dir_inodes: Vec::new(),
            file_inodes_cnid,
            dir_inodes_cnid,
            journal_cnids,
            tree,
        };
        objects.fill_folders(extra)?;
        objects.links.chain(&objects.tree, &objects.cnids)?;
        objects.count();
        Ok(objects)
    }

    /// Lists what is in the root and in the folders of inodes, in order of names.
    fn fill_folders(&mut self, extra: Vec<Thing>) -> Result<()> {
        let ordered = |mut things: Vec<Thing>, of: &Self| {
            let case = of.tree.case();
            things.sort_by(|a, b| case.compare(&of.name(*a), &of.name(*b)));
            things
        };
        let children = self.tree.children(self.tree.root()).iter().copied().map(Thing::Node);
        let root = ordered(children.chain(extra).collect(), self);
        if let Some(pair) = root
            .windows(2)
            .find(|pair| self.tree.case().compare(&self.name(pair[0]), &self.name(pair[1])).is_eq())
        {
            let name = String::from_utf16_lossy(&self.name(pair[0]));
            return Err(Error::corrupt(
                "folder",
                "name",
                name,
                "a name that the format keeps for itself",
            ));
        }
        let things = |ids: &[NodeId]| ids.iter().copied().map(Thing::Node).collect();
        let files = ordered(things(&self.links.file_inodes), self);
        let dirs = ordered(things(&self.links.dir_inodes), self);
        (self.root, self.file_inodes, self.dir_inodes) = (root, files, dirs);
        Ok(())
    }

    fn count(&mut self) {
        let folders = self.all.iter().filter(|object| self.is_folder(object.thing)).count();
        // There are fewer than u32::MAX ids; neither the root's parent nor the root count.
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        self.files = number(self.all.len() - 1 - folders);
        self.folders = number(folders - 1);
    }

    /// Whether the thing's record is a folder's.
    pub(super) fn is_folder(&self, thing: Thing) -> bool {
        match thing {
            Thing::Node(id) => matches!(self.tree.node(id).body, Body::Dir(_)),
            Thing::FileInodes | Thing::DirInodes => true,
            Thing::RootParent | Thing::Journal | Thing::JournalInfo => false,
        }
    }

    /// What a folder holds; nothing for files.
    pub(super) fn children(&self, thing: Thing) -> List<'_> {
        match thing {
            Thing::RootParent => List::Things(&self.top),
            Thing::Node(id) if id == self.tree.root() => List::Things(&self.root),
            Thing::Node(id) => match &self.tree.node(id).body {
                Body::Dir(children) => List::Nodes(children),
                _ => List::Nodes(&[]),
            },
            Thing::FileInodes => List::Things(&self.file_inodes),
            Thing::DirInodes => List::Things(&self.dir_inodes),
            Thing::Journal | Thing::JournalInfo => List::Nodes(&[]),
        }
    }

    /// The name of a thing's record.
    pub(super) fn name(&self, thing: Thing) -> Cow<'_, [u16]> {
        let text = |text: &str| Cow::Owned(text.encode_utf16().collect());
        match thing {
            Thing::RootParent => Cow::Borrowed(&[]),
            Thing::Node(id) => {
                let node = self.tree.node(id);
                match (&node.place, &node.body) {
                    (Place::Inode(_), Body::Dir(_)) => {
                        text(&format!("dir_{}", self.cnids[id.index()]))
                    }
                    (Place::Inode(_), _) => text(&format!("iNode{}", self.cnids[id.index()])),
                    _ => Cow::Borrowed(node.name.units()),
                }
            }
            Thing::FileInodes => text(FILE_INODES),
            Thing::DirInodes => text(DIR_INODES),
            Thing::Journal => text(JOURNAL),
            Thing::JournalInfo => text(JOURNAL_INFO),
        }
    }

    /// The id of a node of the tree; 0 when it is not on the volume.
    pub(super) fn cnid(&self, id: NodeId) -> u32 {
        self.cnids[id.index()]
    }

    /// The id of the folder that a thing's record is in.
    pub(super) fn parent(&self, thing: Thing) -> u32 {
        let Thing::Node(id) = thing else { return cnid::ROOT };
        let node = self.tree.node(id);
        match (&node.place, &node.body) {
            (Place::In(dir), _) => self.cnid(*dir),
            (Place::Inode(_), Body::Dir(_)) => self.dir_inodes_cnid,
            (Place::Inode(_), _) => self.file_inodes_cnid,
            (Place::Root | Place::Gone, _) => cnid::ROOT_PARENT,
        }
    }

    /// The id of any thing.
    pub(super) fn id(&self, thing: Thing) -> u32 {
        match thing {
            Thing::RootParent => cnid::ROOT_PARENT,
            Thing::Node(id) => self.cnid(id),
            Thing::FileInodes => self.file_inodes_cnid,
            Thing::DirInodes => self.dir_inodes_cnid,
            Thing::Journal => self.journal_cnids.0,
            Thing::JournalInfo => self.journal_cnids.1,
        }
    }
}
