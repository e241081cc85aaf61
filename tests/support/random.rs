//! Trees from a seed, with a list of what is in them that no code of the
//! library has touched: the list is written while the tree grows.

use crate::support::names::{Names, Rng, name};
use lionize::block::bytes;
use lionize::volume::tree::Xattr;
use lionize::volume::{Body, Case, Meta, Name, NodeId, Tree};
use std::collections::BTreeMap;

/// What the generator put at a path.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Item {
    /// Mode, owners, dates, flags, Finder info.
    pub(crate) meta: Meta,
    /// How many hard links it has.
    pub(crate) links: u64,
    /// What is in it.
    pub(crate) held: Held,
}

/// Contents of an item.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Held {
    /// The data fork, or a symbolic link's target.
    pub(crate) data: Vec<u8>,
    /// The resource fork.
    pub(crate) rsrc: Option<Vec<u8>>,
    /// Extended attributes.
    pub(crate) xattrs: BTreeMap<Vec<u16>, Vec<u8>>,
}

/// Paths as lists of units, with what is there.
pub(crate) type List = BTreeMap<Vec<Vec<u16>>, Item>;

/// A tree and its generator's own list.
pub(crate) struct Grown {
    /// The tree to lay out.
    pub(crate) tree: Tree,
    /// What is in it.
    pub(crate) list: List,
    /// How many nodes of each kind there are.
    pub(crate) kinds: BTreeMap<&'static str, usize>,
}

/// Kinds of nodes, each of which is in every tree at least once.
const KINDS: [&str; 16] = [
    "folder",
    "file",
    "empty file",
    "symlink",
    "fifo",
    "device",
    "socket",
    "resource fork",
    "only a resource fork",
    "small attribute",
    "large attribute",
    "many attributes",
    "linked file",
    "linked folder",
    "long name",
    "locked file",
];

struct Gardener {
    rng: Rng,
    tree: Tree,
    list: List,
    kinds: BTreeMap<&'static str, usize>,
    folders: Vec<(NodeId, Vec<Vec<u16>>)>,
}

/// Grows a tree of about `size` nodes.
pub(crate) fn grow(seed: u64, size: usize, names: Names) -> Grown {
    let mut rng = Rng::new(seed, names);
    let case = if rng.below(2) == 0 { Case::Folded } else { Case::Sensitive };
    let label = Name::from_units(&name(&mut rng, 40));
    let date = rng.date();
    let tree = Tree::new(label, case, date);
    let root = (tree.root(), Vec::new());
    let (list, kinds) = (List::new(), BTreeMap::new());
    let mut gardener = Gardener { rng, tree, list, kinds, folders: vec![root] };
    for kind in KINDS {
        gardener.plant(kind);
    }
    while gardener.tree.slots() < size {
        let kind = match gardener.rng.below(3) {
            0 => "file",
            1 => "folder",
            _ => KINDS[gardener.rng.below(KINDS.len() as u64) as usize],
        };
        gardener.plant(kind);
    }
    Grown { tree: gardener.tree, list: gardener.list, kinds: gardener.kinds }
}

impl Gardener {
    /// Adds a thing of this kind somewhere; on a name that is taken tries again.
    fn plant(&mut self, kind: &'static str) {
        while self.try_plant(kind).is_none() {}
        *self.kinds.entry(kind).or_default() += 1;
    }

    /// A folder: often one of the newest, so that some trees get deep.
    fn somewhere(&mut self) -> (NodeId, Vec<Vec<u16>>) {
        let all = self.folders.len() as u64;
        let newest = self.rng.below(3) == 0;
        let at = if newest { all - 1 } else { self.rng.below(all) };
        self.folders[at as usize].clone()
    }

    fn meta(&mut self, kind: u16) -> Meta {
        let rng = &mut self.rng;
        let mut finder = [0; 32];
        if matches!(kind, Meta::FILE | Meta::DIR) && rng.below(4) == 0 {
            finder.fill_with(|| rng.next() as u8);
            // `fndrInfo.flags`: an alias bit would make a link of a file.
            finder[8] &= 0x7f;
        }
        Meta {
            created: rng.date(),
            modified: rng.date(),
            changed: rng.date(),
            accessed: rng.date(),
            backed_up: rng.date(),
            owner: if rng.below(2) == 0 { 0 } else { rng.next() as u32 },
            group: if rng.below(2) == 0 { 80 } else { rng.next() as u32 },
            mode: kind | (rng.next() as u16 & 0o7777),
            finder,
            ..Meta::default()
        }
    }

    fn data(&mut self) -> Vec<u8> {
        let len = match self.rng.below(8) {
            0 => 1,
            1 => 512 << self.rng.below(8),
            2 => (512 << self.rng.below(8)) + 1,
            3 => self.rng.below(300_000),
            _ => 1 + self.rng.below(5_000),
        };
        self.rng.bytes(len as usize)
    }

    fn try_plant(&mut self, kind: &'static str) -> Option<()> {
        match kind {
            "linked file" | "linked folder" => return self.links(kind == "linked folder"),
            _ => {}
        }
        let (dir, above) = self.somewhere();
        let units = match kind {
            "long name" => self.rng.long_name(),
            _ => name(&mut self.rng, 255),
        };
        let (mode, device) = match kind {
            "folder" => (Meta::DIR, 0),
            "symlink" => (Meta::SYMLINK, 0),
            "fifo" => (0o010_000, 0),
            "socket" => (0o140_000, 0),
            "device" => {
                ([0o020_000, 0o060_000][self.rng.below(2) as usize], self.rng.next() as u32)
            }
            _ => (Meta::FILE, 0),
        };
        let mut meta = Meta { device, ..self.meta(mode) };
        if kind == "locked file" {
            meta.owner_flags = 2;
            meta.admin_flags = self.rng.below(4) as u8;
        }
        let mut held = self.held(kind);
        let body = body(kind, &held);
        let id = self.tree.add(dir, Name::from_units(&units), meta.clone(), body).ok()?;
        held.xattrs = self.attributes(kind, id);
        let path = [above, vec![units]].concat();
        if kind == "folder" {
            self.folders.push((id, path.clone()));
        }
        self.list.insert(path, Item { meta, links: 1, held });
        Some(())
    }

    /// The forks of a node of this kind.
    fn held(&mut self, kind: &str) -> Held {
        let empty = ["folder", "device", "empty file", "fifo", "socket", "only a resource fork"];
        let data = match kind {
            "symlink" => self.rng.text(1, 200).into_bytes(),
            _ if empty.contains(&kind) => Vec::new(),
            _ => self.data(),
        };
        let rsrc = kind.contains("resource").then(|| self.data());
        Held { data, rsrc, ..Held::default() }
    }

    /// Gives a node of this kind extended attributes.
    fn attributes(&mut self, kind: &str, id: NodeId) -> BTreeMap<Vec<u16>, Vec<u8>> {
        let count = match kind {
            "many attributes" => 5 + self.rng.below(40),
            "small attribute" | "large attribute" => 1 + self.rng.below(3),
            "folder" | "file" => self.rng.below(2),
            _ => 0,
        };
        let mut all = BTreeMap::new();
        for _ in 0..count {
            let len = match kind {
                "large attribute" => 4_000 + self.rng.below(60_000),
                _ => self.rng.below(900),
            };
            // `com.apple.` names mean things to readers: those are other tests.
            let units: Vec<u16> = self.rng.text(1, 100).encode_utf16().take(127).collect();
            all.insert(units, self.rng.bytes(len as usize));
        }
        let xattr = |(name, value): (&Vec<u16>, &Vec<u8>)| Xattr {
            name: Name::from_units(name),
            value: bytes(value.clone()),
        };
        *self.tree.xattrs_mut(id) = all.iter().map(xattr).collect();
        all
    }

    /// A file or a folder with two to four links in folders of any depth.
    fn links(&mut self, folder: bool) -> Option<()> {
        let links = 2 + self.rng.below(3);
        let meta = self.meta(if folder { Meta::DIR } else { Meta::FILE });
        let kind = if folder { "folder" } else { "file" };
        let mut held = self.held(kind);
        let inode = self.tree.add_inode(meta.clone(), body(kind, &held)).ok()?;
        held.xattrs = self.attributes("small attribute", inode);
        let mut paths = Vec::new();
        while (paths.len() as u64) < links {
            let (dir, above) = self.somewhere();
            let units = name(&mut self.rng, 60);
            let own = Meta::new(Meta::FILE | 0o444, meta.created);
            if self.tree.add_link(dir, Name::from_units(&units), own, inode).is_ok() {
                paths.push([above, vec![units]].concat());
            }
        }
        let count = if folder { self.rng.below(4) } else { 0 };
        let mut inside = Vec::new();
        for number in 0..count {
            let meta = self.meta(Meta::FILE);
            let held = self.held("file");
            let units: Vec<u16> = format!("inside {number}").encode_utf16().collect();
            let name = Name::from_units(&units);
            self.tree.add(inode, name, meta.clone(), body("file", &held)).ok()?;
            inside.push((units, Item { meta, links: 1, held }));
        }
        for path in paths {
            for (units, item) in &inside {
                self.list.insert([path.clone(), vec![units.clone()]].concat(), item.clone());
            }
            self.list.insert(path, Item { meta: meta.clone(), links, held: held.clone() });
        }
        Some(())
    }
}

fn body(kind: &str, held: &Held) -> Body {
    match kind {
        "folder" => Body::Dir(Vec::new()),
        _ => Body::File { data: bytes(held.data.clone()), rsrc: held.rsrc.clone().map(bytes) },
    }
}
