//! Trees from a seed, with a list of what is in them that no code of the
//! library has touched: the list is written while the tree grows.

use crate::support::names::{Names, Rng, name};
use lionize::block::{Source, bytes};
use lionize::volume::tree::Xattr;
use lionize::volume::{Body, Case, Meta, Name, NodeId, Tree};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What the generator put at a path, in the words of the foreign lister.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Item {
    /// Mode, owner, group, links, dates and contents, as text.
    pub(crate) facts: Vec<String>,
    /// Flags and Finder info, which not every reader sees.
    pub(crate) flags: (u8, u8),
    /// The Finder's 32 bytes.
    pub(crate) finder: [u8; 32],
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

/// A length and a digest of contents.
fn sum(data: &[u8]) -> String {
    let digest: String = Sha256::digest(data)[..8].iter().map(|b| format!("{b:02x}")).collect();
    format!("{},{digest}", data.len())
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
        let meta = meta;
        let (body, told) = self.body(kind, &meta);
        let id = self.tree.add(dir, Name::from_units(&units), meta.clone(), body).ok()?;
        let attributes = self.attributes(kind, id);
        let path = [above, vec![units]].concat();
        if kind == "folder" {
            self.folders.push((id, path.clone()));
        }
        self.note(path, &meta, 1, [told, attributes].concat());
        Some(())
    }

    /// The body of a node, and what a lister says of it.
    fn body(&mut self, kind: &str, meta: &Meta) -> (Body, Vec<String>) {
        let file = |data: Vec<u8>, rsrc: Option<Source>| Body::File { data: bytes(data), rsrc };
        match kind {
            "folder" => (Body::Dir(Vec::new()), Vec::new()),
            "device" => (
                file(Vec::new(), None),
                vec![format!("device={},{}", meta.device >> 24, meta.device & 0xff_ffff)],
            ),
            "symlink" => {
                let to = self.rng.text(1, 200);
                let hex: String = to.bytes().map(|b| format!("{b:02x}")).collect();
                (file(to.into_bytes(), None), vec![format!("to={hex}")])
            }
            "empty file" | "fifo" | "socket" => {
                (file(Vec::new(), None), vec![format!("data={}", sum(b""))])
            }
            _ => {
                let data = if kind.starts_with("only") { Vec::new() } else { self.data() };
                let mut told = vec![format!("data={}", sum(&data))];
                let rsrc = kind.contains("resource").then(|| self.data());
                told.extend(rsrc.iter().map(|rsrc| format!("rsrc={}", sum(rsrc))));
                (file(data, rsrc.map(bytes)), told)
            }
        }
    }

    /// Extended attributes for a node of this kind, and what a lister says of them.
    fn attributes(&mut self, kind: &str, id: NodeId) -> Vec<String> {
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
            let units: Vec<u16> = self.rng.text(1, 100).encode_utf16().take(127).collect();
            // `com.apple.` names mean things to readers: those are other tests.
            all.insert(units, self.rng.bytes(len as usize));
        }
        let mut told: Vec<_> = all
            .iter()
            .map(|(name, value)| {
                let text = String::from_utf16_lossy(name);
                let hex: String = text.bytes().map(|b| format!("{b:02x}")).collect();
                format!("x:{hex}={}", sum(value))
            })
            .collect();
        told.sort();
        let xattr = |(name, value): (Vec<u16>, Vec<u8>)| Xattr {
            name: Name::from_units(&name),
            value: bytes(value),
        };
        *self.tree.xattrs_mut(id) = all.into_iter().map(xattr).collect();
        told
    }

    /// A file or a folder with two to four links in folders of any depth.
    fn links(&mut self, folder: bool) -> Option<()> {
        let count = 2 + self.rng.below(3);
        let meta = self.meta(if folder { Meta::DIR } else { Meta::FILE });
        let (body, told) = self.body(if folder { "folder" } else { "file" }, &meta);
        let inode = self.tree.add_inode(meta.clone(), body).ok()?;
        let told = [told, self.attributes("small attribute", inode)].concat();
        let mut paths = Vec::new();
        while (paths.len() as u64) < count {
            let (dir, above) = self.somewhere();
            let units = name(&mut self.rng, 60);
            let own = Meta::new(Meta::FILE | 0o444, meta.created);
            if self.tree.add_link(dir, Name::from_units(&units), own, inode).is_ok() {
                paths.push([above, vec![units]].concat());
            }
        }
        let mut inside = Vec::new();
        if folder {
            for number in 0..self.rng.below(4) {
                let meta = self.meta(Meta::FILE);
                let (body, told) = self.body("file", &meta);
                let units: Vec<u16> = format!("inside {number}").encode_utf16().collect();
                self.tree.add(inode, Name::from_units(&units), meta.clone(), body).ok()?;
                inside.push((units, meta, told));
            }
        }
        for path in &paths {
            self.note(path.clone(), &meta, count, told.clone());
            for (units, meta, told) in &inside {
                self.note([path.clone(), vec![units.clone()]].concat(), meta, 1, told.clone());
            }
        }
        Some(())
    }

    fn note(&mut self, path: Vec<Vec<u16>>, meta: &Meta, links: u64, told: Vec<String>) {
        let mut facts = vec![format!("{:o}", meta.mode), meta.owner.to_string()];
        facts.push(meta.group.to_string());
        facts.push(links.to_string());
        let dates = [meta.created, meta.modified, meta.changed, meta.accessed, meta.backed_up];
        facts.extend(dates.iter().map(u32::to_string));
        facts.extend(told);
        let flags = (meta.admin_flags, meta.owner_flags);
        self.list.insert(path, Item { facts, flags, finder: meta.finder });
    }
}
