//! A tree of gathered members, built in the order of names.

use crate::block::{Error, Result, Source, bytes};
use crate::source::archive::gather::{Extras, NONE, Proto};
use crate::volume::tree::Xattr;
use crate::volume::{Body, Case, Meta, Name, NodeId, Tree};
use std::io;

/// The tree, and the number of each node's data.
pub(super) fn tree(
    protos: &[Proto],
    extras: &Extras,
    label: &str,
    data: &dyn Fn(u32) -> Result<Source>,
) -> Result<(Tree, Vec<u32>)> {
    let root = &protos[0];
    let mut tree = Tree::new(Name::from_text(label), Case::Sensitive, root.modified);
    *tree.meta_mut(tree.root()) = meta(root);
    let mut weave = Weave {
        protos,
        extras,
        data,
        made: vec![None; protos.len()],
        inodes: vec![None; protos.len()],
        numbers: Vec::new(),
        tree,
    };
    weave.made[0] = Some(weave.tree.root());
    weave.beside(weave.tree.root(), 0);
    // Folders before what is in them; in a folder by name, so that each goes last.
    for id in ordered(protos) {
        weave.one(id)?;
    }
    Ok((weave.tree, weave.numbers))
}

/// All members but the root and those that were merged: by depth, then name.
fn ordered(protos: &[Proto]) -> Vec<u32> {
    let mut depths = vec![0_u16; protos.len()];
    for (index, proto) in protos.iter().enumerate().skip(1) {
        // A folder is made before what is in it, and depth is bounded.
        depths[index] = depths[proto.parent as usize].saturating_add(1);
    }
    let all = (1..).zip(protos.iter().skip(1));
    let mut order: Vec<u32> =
        all.filter(|(_, proto)| !proto.merged).map(|(index, _)| index).collect();
    order.sort_unstable_by(|a, b| {
        let key = |id: &u32| {
            let proto = &protos[*id as usize];
            (depths[*id as usize], proto.parent, proto.name.units())
        };
        key(a).cmp(&key(b))
    });
    order
}

struct Weave<'g> {
    protos: &'g [Proto],
    extras: &'g Extras,
    data: &'g dyn Fn(u32) -> Result<Source>,
    made: Vec<Option<NodeId>>,
    inodes: Vec<Option<NodeId>>,
    numbers: Vec<u32>,
    tree: Tree,
}

impl Weave<'_> {
    fn one(&mut self, id: u32) -> Result<()> {
        let proto = &self.protos[id as usize];
        let Some(dir) = self.made[proto.parent as usize] else { return Ok(()) };
        let first = if proto.link == NONE { id } else { proto.link };
        let several = proto.link != NONE || proto.linked;
        let added = if several {
            let inode = self.inode(first)?;
            self.tree.add_link(dir, proto.name.clone(), meta(proto), inode)
        } else {
            let body = self.body(id)?;
            self.tree.add(dir, proto.name.clone(), meta(proto), body)
        };
        let node = added.map_err(|error| Error::Io(io::Error::other(error.to_string())))?;
        self.made[id as usize] = Some(node);
        if !several {
            self.beside(node, id);
            self.number(node, proto.data);
        }
        Ok(())
    }

    /// The inode of all names of a file.
    fn inode(&mut self, first: u32) -> Result<NodeId> {
        if let Some(inode) = self.inodes[first as usize] {
            return Ok(inode);
        }
        let proto = &self.protos[first as usize];
        let body = self.body(first)?;
        let added = self.tree.add_inode(meta(proto), body);
        let inode = added.map_err(|error| Error::Io(io::Error::other(error.to_string())))?;
        self.inodes[first as usize] = Some(inode);
        self.beside(inode, first);
        self.number(inode, proto.data);
        Ok(inode)
    }

    fn body(&self, id: u32) -> Result<Body> {
        let proto = &self.protos[id as usize];
        if proto.is_dir() {
            return Ok(Body::Dir(Vec::new()));
        }
        let rsrc = self.extras.beside.get(&id).and_then(|beside| beside.rsrc.clone());
        let data = match self.extras.targets.get(&id) {
            Some(target) => bytes(target.clone()),
            None if proto.data == NONE => bytes([]),
            None => (self.data)(proto.data)?,
        };
        Ok(Body::File { data, rsrc })
    }

    /// Attributes and Finder info.
    fn beside(&mut self, node: NodeId, id: u32) {
        let mut all: Vec<Xattr> = Vec::new();
        let own = self.extras.xattrs.get(&id).into_iter().flatten();
        let beside = self.extras.beside.get(&id);
        for (name, value) in own.chain(beside.iter().flat_map(|beside| &beside.xattrs)) {
            let name = Name::from_text(name);
            all.retain(|xattr| xattr.name != name);
            all.push(Xattr { name, value: value.clone() });
        }
        all.sort_by(|a, b| a.name.units().cmp(b.name.units()));
        *self.tree.xattrs_mut(node) = all;
        if let Some(beside) = beside {
            self.tree.meta_mut(node).finder = beside.finder;
        }
    }

    fn number(&mut self, node: NodeId, data: u32) {
        if data != NONE {
            self.numbers.resize(self.numbers.len().max(node.index() + 1), NONE);
            self.numbers[node.index()] = data;
        }
    }
}

fn meta(proto: &Proto) -> Meta {
    let (owner, group, device) = (proto.uid, proto.gid, proto.device);
    Meta { owner, group, device, ..Meta::new(proto.mode, proto.modified) }
}
