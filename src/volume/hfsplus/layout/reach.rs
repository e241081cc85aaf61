//! Walking the tree to be laid out, and numbering what is found.

use crate::block::{Error, Result};
use crate::volume::hfsplus::layout::objects::{Object, Thing};
use crate::volume::hfsplus::raw::cnid;
use crate::volume::tree::Place;
use crate::volume::{Body, MAX_NAME, NodeId, Tree};
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

/// Every node that a path leads to, folders before what is in them, inodes
/// behind their first link. Names are checked on the way.
pub(super) fn reach(tree: &Tree) -> Result<Vec<NodeId>> {
    let mut walk = Walk { tree, order: Vec::new(), inodes: HashSet::new(), nested: HashMap::new() };
    let mut stack = vec![(tree.root(), None)];
    while let Some((id, inside)) = stack.pop() {
        check_name(tree, id)?;
        walk.order.push(id);
        match &tree.node(id).body {
            Body::Dir(children) => {
                stack.extend(children.iter().rev().map(|child| (*child, inside)))
            }
            Body::Link(inode) => {
                if walk.link(id, *inode, inside)? {
                    stack.push((*inode, if is_dir(tree, *inode) { Some(*inode) } else { inside }));
                }
            }
            Body::File { .. } => {}
        }
    }
    check_loops(&walk.nested)?;
    Ok(walk.order)
}

struct Walk<'a> {
    tree: &'a Tree,
    order: Vec<NodeId>,
    inodes: HashSet<NodeId>,
    /// Which linked folders are linked to from inside a linked folder.
    nested: HashMap<NodeId, Vec<NodeId>>,
}

impl Walk<'_> {
    /// Notes a link; true when its inode is new.
    fn link(&mut self, id: NodeId, inode: NodeId, inside: Option<NodeId>) -> Result<bool> {
        if !matches!(self.tree.node(inode).place, Place::Inode(_)) {
            let name = self.tree.node(id).name.to_string();
            return Err(Error::corrupt(
                "hard link",
                "name",
                name,
                "it leads to no file of the volume",
            ));
        }
        if let (Some(outer), true) = (inside, is_dir(self.tree, inode)) {
            self.nested.entry(outer).or_default().push(inode);
        }
        Ok(self.inodes.insert(inode))
    }
}

fn is_dir(tree: &Tree, id: NodeId) -> bool {
    matches!(tree.node(id).body, Body::Dir(_))
}

fn check_name(tree: &Tree, id: NodeId) -> Result<()> {
    let node = tree.node(id);
    if matches!(node.place, Place::Inode(_)) {
        return Ok(());
    }
    let rule = match node.name.units() {
        [] => "an empty name",
        [0x2e] | [0x2e, 0x2e] => "a name that stands for a folder itself",
        units if units.len() > MAX_NAME => "longer than 255 UTF-16 units",
        // Such a name would have the key of its folder's thread record.
        units if tree.case().compare(units, &[]) == Ordering::Equal => {
            "only characters that do not count in a folded name"
        }
        _ => return Ok(()),
    };
    Err(Error::corrupt("HFSPlusCatalogKey", "nodeName", node.name.to_string(), rule))
}

/// Fails when a linked folder is below itself.
fn check_loops(nested: &HashMap<NodeId, Vec<NodeId>>) -> Result<()> {
    let mut done = HashSet::new();
    for start in nested.keys() {
        let mut path = vec![(*start, 0)];
        let mut on_path = HashSet::from([*start]);
        while let Some((id, next)) = path.last_mut() {
            match nested.get(id).and_then(|inner| inner.get(*next)) {
                Some(inner) => {
                    *next += 1;
                    if on_path.contains(inner) {
                        let inode = inner.index();
                        let rule = "a linked folder is below itself";
                        return Err(Error::corrupt("directory hard link", "inode", inode, rule));
                    }
                    if !done.contains(inner) {
                        on_path.insert(*inner);
                        path.push((*inner, 0));
                    }
                }
                None => {
                    on_path.remove(id);
                    done.insert(*id);
                    path.pop();
                }
            }
        }
    }
    Ok(())
}

/// Gives ids: those they had where they are unique, fresh ones otherwise.
/// Ordered by id.
pub(super) fn number(tree: &Tree, reached: &[NodeId], extra: &[Thing]) -> Result<Vec<Object>> {
    let had = |id: &NodeId| match (*id == tree.root(), tree.node(*id).meta.cnid) {
        (true, _) => cnid::ROOT,
        (false, had) if had >= cnid::FIRST_USER => had,
        _ => 0,
    };
    let nodes = reached.iter().map(|id| Object { cnid: had(id), thing: Thing::Node(*id) });
    let extra = extra.iter().map(|thing| Object { cnid: 0, thing: *thing });
    let mut all: Vec<Object> = nodes.chain(extra).collect();
    drop_repeated(&mut all);
    let last = all.iter().map(|object| object.cnid).max().unwrap_or(0);
    let fresh = all.iter().filter(|object| object.cnid == 0).count() as u64;
    let mut next = last.max(cnid::FIRST_USER - 1);
    if u64::from(next) + fresh >= u64::from(u32::MAX) - 1 {
        if all.len() as u64 >= u64::from(u32::MAX) - 64 {
            return Err(Error::unsupported("a volume of that many files", "files", all.len(), ""));
        }
        all.iter_mut().skip(1).for_each(|object| object.cnid = 0);
        next = cnid::FIRST_USER - 1;
    }
    for object in all.iter_mut().filter(|object| object.cnid == 0) {
        next += 1;
        object.cnid = next;
    }
    all.sort_unstable_by_key(|object| object.cnid);
    Ok(all)
}

/// Sets ids that others have before to 0.
fn drop_repeated(all: &mut [Object]) {
    let kept = all.iter().enumerate().filter(|(_, object)| object.cnid != 0);
    let mut ids: Vec<(u32, usize)> = kept.map(|(at, object)| (object.cnid, at)).collect();
    ids.sort_unstable();
    for pair in ids.windows(2) {
        if pair[0].0 == pair[1].0 {
            all[pair[1].1].cnid = 0;
        }
    }
}
