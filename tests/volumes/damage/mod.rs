//! Kinds of damage, and a sample volume with one of everything to do it to.

mod catalog;
mod links;
mod structure;

use crate::hfs_write::{NOW, add, file, meta, name};
use lionize::block::{Content, bytes, read_vec};
use lionize::volume::hfsplus::{Params, Size, lay_out};
use lionize::volume::tree::Xattr;
use lionize::volume::{Body, Case, Meta, Tree};
use std::sync::Arc;

pub(crate) struct Damage {
    pub(crate) name: &'static str,
    /// The structure and field that our checker names first.
    pub(crate) finds: &'static str,
    pub(crate) make: fn(&mut Volume),
    /// Why the two checkers do not agree on it, where they do not.
    pub(crate) differs: Option<&'static str>,
}

pub(crate) fn damage(name: &'static str, finds: &'static str, make: fn(&mut Volume)) -> Damage {
    Damage { name, finds, make, differs: None }
}

pub(crate) fn differs(
    name: &'static str,
    finds: &'static str,
    why: &'static str,
    make: fn(&mut Volume),
) -> Damage {
    Damage { name, finds, make, differs: Some(why) }
}

pub(crate) fn all() -> Vec<Damage> {
    let mut all = structure::header();
    all.extend(structure::trees());
    all.extend(structure::nodes());
    all.extend(structure::bitmap());
    all.extend(catalog::records());
    all.extend(catalog::attributes());
    all.extend(links::files());
    all.extend(links::folders());
    all
}

pub(crate) fn hfsx() -> Vec<Damage> {
    catalog::folder_counts()
}

pub(crate) fn fragmented() -> Vec<Damage> {
    structure::extents()
}

pub(crate) fn journaled() -> Vec<Damage> {
    structure::journal()
}

/// A volume's bytes, with ways to find and change what it holds.
#[derive(Clone)]
pub(crate) struct Volume {
    pub(crate) bytes: Vec<u8>,
}

/// Offsets of the forks of special files in the volume header.
pub(crate) const BITMAP: usize = 112;
pub(crate) const EXTENTS: usize = 192;
pub(crate) const CATALOG: usize = 272;
pub(crate) const ATTRIBUTES: usize = 352;

impl Volume {
    /// A small volume that holds one of everything, its catalog two levels deep.
    pub(crate) fn sample(case: Case, journal: bool) -> Self {
        let mut tree = Tree::new(name("Sample"), case, NOW);
        let root = tree.root();
        let dir = || Body::Dir(Vec::new());
        let folder = add(&mut tree, root, "folder", dir());
        add(&mut tree, folder, "sub", dir());
        for number in 0..60 {
            add(&mut tree, root, &format!("file {number:02}"), file(vec![1; 100 + number * 200]));
        }
        let link = || meta(Meta::FILE | 0o444);
        let inode = tree.add_inode(meta(Meta::FILE | 0o755), file([1; 100])).unwrap();
        for text in ["link a", "link b", "link c"] {
            tree.add_link(root, name(text), link(), inode).unwrap();
        }
        let inode = tree.add_inode(meta(Meta::DIR | 0o755), dir()).unwrap();
        add(&mut tree, inode, "inside", file([]));
        tree.add_link(folder, name("linked"), link(), inode).unwrap();
        tree.add_link(root, name("linked"), link(), inode).unwrap();
        let with = add(&mut tree, root, "with attributes", file([3; 9000]));
        let values = [("inline", 20), ("in.fork", 5000), ("com.apple.system.Security", 44)];
        for (text, len) in values {
            let value = bytes(vec![5; len]);
            tree.xattrs_mut(with).push(Xattr { name: name(text), value });
        }
        add(&mut tree, root, "large", file(vec![4; 40_000]));
        let target = meta(0o120_755);
        tree.add(root, name("symlink"), target, file(*b"folder/sub")).unwrap();
        let params = Params { journal, ..Params::new(Size::Fit { free: 300_000 }, NOW) };
        let laid = lay_out(&Arc::new(tree), &params).unwrap();
        let len = usize::try_from(lionize::block::ReadAt::len(&laid.map)).unwrap();
        let map: &dyn Content = &laid.map;
        Self { bytes: read_vec(map, 0, len).unwrap() }
    }

    /// The sample with a file of nine extents, the last of them in the extents file.
    pub(crate) fn fragmented() -> Self {
        let mut volume = Self::sample(Case::Folded, false);
        let data = volume.data("large");
        let (id, first) = (volume.u32(data + 8), volume.u32(data + 88 + 16));
        for extent in 0..8 {
            let at = data + 88 + 16 + 8 * extent as usize;
            volume.set32(at, first + extent);
            volume.set32(at + 4, 1);
        }
        let header = volume.file(EXTENTS);
        volume.set16(header + 14, 1);
        for (field, value) in [(2, 1), (6, 1), (10, 1), (14, 1)] {
            volume.set32(header + 14 + field, value);
        }
        let free = volume.u32(header + 14 + 26) - 1;
        volume.set32(header + 14 + 26, free);
        volume.bytes[header + 248] = 0xc0;
        let node = volume.node(EXTENTS, 1);
        volume.bytes[node + 8..node + 12].copy_from_slice(&[0xff, 1, 0, 1]);
        volume.set16(node + 14, 10);
        for (at, value) in [(18, id), (22, 8), (26, first + 8), (30, 2)] {
            volume.set32(node + at, value);
        }
        let size = volume.node_size(EXTENTS);
        volume.set16(node + size - 2, 14);
        volume.set16(node + size - 4, 14 + 12 + 64);
        volume
    }

    pub(crate) fn u16(&self, at: usize) -> u16 {
        u16::from_be_bytes(self.bytes[at..at + 2].try_into().unwrap())
    }

    pub(crate) fn u32(&self, at: usize) -> u32 {
        u32::from_be_bytes(self.bytes[at..at + 4].try_into().unwrap())
    }

    pub(crate) fn set16(&mut self, at: usize, value: u16) {
        self.bytes[at..at + 2].copy_from_slice(&value.to_be_bytes());
    }

    pub(crate) fn set32(&mut self, at: usize, value: u32) {
        self.bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
    }

    /// Changes a word of both headers.
    pub(crate) fn headers(&mut self, field: usize, change: impl Fn(u32) -> u32) {
        for at in [1024, self.bytes.len() - 1024] {
            let value = change(self.u32(at + field));
            self.set32(at + field, value);
        }
    }

    /// The offset of a special file on the volume.
    pub(crate) fn file(&self, fork: usize) -> usize {
        self.u32(1024 + fork + 16) as usize * 4096
    }

    /// The offset of a node of a tree.
    pub(crate) fn node(&self, fork: usize, number: u32) -> usize {
        let file = self.file(fork);
        file + number as usize * usize::from(self.u16(file + 32))
    }

    pub(crate) fn node_size(&self, fork: usize) -> usize {
        usize::from(self.u16(self.file(fork) + 32))
    }

    /// The offset of a field of a tree's header record.
    pub(crate) fn tree(&self, fork: usize, field: usize) -> usize {
        self.file(fork) + 14 + field
    }

    /// The offset of a record in a node.
    pub(crate) fn record(&self, fork: usize, node: u32, index: usize) -> usize {
        let at = self.node(fork, node);
        at + usize::from(self.u16(at + self.node_size(fork) - 2 * (index + 1)))
    }

    /// All leaf records of a tree: offsets of key and data.
    pub(crate) fn leaves(&self, fork: usize) -> Vec<(usize, usize)> {
        let mut all = Vec::new();
        let mut node = self.u32(self.tree(fork, 10));
        while node != 0 {
            let at = self.node(fork, node);
            for index in 0..usize::from(self.u16(at + 10)) {
                let record = self.record(fork, node, index);
                all.push((record, record + 2 + usize::from(self.u16(record))));
            }
            node = self.u32(at);
        }
        all
    }

    fn name_at(&self, at: usize) -> String {
        let len = usize::from(self.u16(at));
        let units: Vec<_> = (1..=len).map(|unit| self.u16(at + 2 * unit)).collect();
        String::from_utf16_lossy(&units)
    }

    /// The key and data of the first file or folder of this name.
    pub(crate) fn named(&self, name: &str) -> (usize, usize) {
        let named = |(key, _): &&(usize, usize)| self.name_at(key + 6) == name;
        *self.leaves(CATALOG).iter().find(named).unwrap_or_else(|| panic!("no {name}"))
    }

    /// The data of the file or folder of this name.
    pub(crate) fn data(&self, name: &str) -> usize {
        self.named(name).1
    }

    /// The key and data of the thread that holds this name.
    pub(crate) fn thread(&self, name: &str) -> (usize, usize) {
        let id = self.u32(self.data(name) + 8);
        let is_it = |(key, _): &&(usize, usize)| self.u32(key + 2) == id && self.u16(key + 6) == 0;
        *self.leaves(CATALOG).iter().find(is_it).unwrap()
    }

    /// The key and data of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> (usize, usize) {
        let named = |(key, _): &&(usize, usize)| self.name_at(key + 12) == name;
        *self.leaves(ATTRIBUTES).iter().find(named).unwrap()
    }
}
