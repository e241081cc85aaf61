//! Volumes read, laid out and read again: nothing is lost on the way, and
//! laying out twice gives the same bytes.

use crate::hfs_read::{digest, real_volumes};
use crate::hfs_write::{NOW, add, file, judged, meta, name};
use lionize::block::{Content, Source, bytes, read_vec};
use lionize::volume::hfsplus::{Params, Size, Volume, lay_out};
use lionize::volume::tree::{Place, Xattr};
use lionize::volume::{Body, Case, Kind, Meta, NodeId, Tree};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Everything of a node that must survive, by its path.
fn inventory(tree: &Tree, ids: bool) -> BTreeMap<String, String> {
    let mut tree = tree.clone();
    if !ids {
        let all: Vec<_> = tree.ids().collect();
        all.into_iter().for_each(|id| tree.meta_mut(id).cnid = 0);
    }
    tree.meta_mut(tree.root()).cnid = 0;
    let tree = &tree;
    let mut all = BTreeMap::new();
    collect(tree, tree.root(), String::new(), &mut all);
    let facts = &tree.facts;
    let path = |id: Option<NodeId>| id.map(|id| tree.path(id).to_string());
    let blessed = [facts.blessed_folder, facts.boot_file, facts.open_folder, facts.osx_folder];
    let dates = (facts.created, facts.modified, facts.backed_up, facts.checked);
    let text = format!("{dates:?} {:x} {:?}", facts.volume_id, blessed.map(path));
    all.insert("volume".into(), text);
    all
}

fn collect(tree: &Tree, id: NodeId, path: String, all: &mut BTreeMap<String, String>) {
    let node = tree.node(tree.target(id));
    let mut meta = node.meta.clone();
    // What the layout makes of itself or fills in.
    meta.catalog_flags &= 0x81;
    if !matches!(meta.kind(), Kind::CharDevice | Kind::BlockDevice) {
        meta.device = 0;
    }
    let mut text = format!("{meta:?}");
    if let Place::Inode(links) = &node.place {
        let paths: Vec<_> = links.iter().map(|link| tree.path(*link).to_string()).collect();
        text += &format!(" links {paths:?}");
    }
    if let Body::File { data, rsrc } = &node.body {
        text += &format!(" data {} {}", data.len(), digest(&**data));
        if let Some(rsrc) = rsrc {
            text += &format!(" rsrc {} {}", rsrc.len(), digest(&**rsrc));
        }
    }
    for Xattr { name, value } in &node.xattrs {
        text += &format!(" {name}={}:{}", value.len(), digest(&**value));
    }
    let is_link = matches!(tree.node(id).body, Body::Link(_));
    all.insert(format!("{path}/"), text);
    // What is in a linked folder is listed by its first link only.
    let first = match &node.place {
        Place::Inode(links) => links.first() == Some(&id),
        _ => true,
    };
    if !is_link || first {
        for child in tree.children(id) {
            let name = tree.node(*child).name.to_string();
            collect(tree, *child, format!("{path}/{name}"), all);
        }
    }
}

fn volume(source: &Source) -> Tree {
    Volume::open(source.clone()).unwrap().tree().unwrap()
}

#[track_caller]
fn assert_survives(tree: Tree, params: &Params, ids: bool) {
    let before = inventory(&tree, ids);
    let laid = judged(tree.clone(), params);
    let after = inventory(&volume(&(Arc::new(laid.map.clone()) as Source)), ids);
    for (path, text) in &before {
        assert_eq!(after.get(path), Some(text), "{path}");
    }
    assert_eq!(before.len(), after.len());
    let again = lay_out(&Arc::new(tree), params).unwrap();
    assert_eq!(digest(&laid.map), digest(&again.map));
    let mut odd = [0; 4097];
    let map: &dyn Content = &laid.map;
    let straight = read_vec(map, 0, 64 << 10).unwrap();
    for at in (0..straight.len() - odd.len()).step_by(3001) {
        map.read_at(at as u64, &mut odd).unwrap();
        assert_eq!(odd[..], straight[at..at + odd.len()]);
    }
}

#[test]
fn apples_volumes_survive() {
    for (name, source, _dir) in real_volumes() {
        println!("{name}");
        let tree = volume(&source);
        for (block_size, journal) in [(4096, false), (512, false), (16384, true)] {
            let size = Size::Fit { free: 1 << 20 };
            let params = Params { block_size, journal, ..Params::new(size, NOW) };
            assert_survives(tree.clone(), &params, true);
        }
    }
}

#[test]
fn ours_survive() {
    for case in [Case::Folded, Case::Sensitive] {
        let mut tree = Tree::new(name("Ours"), case, NOW);
        let root = tree.root();
        let dir = add(&mut tree, root, "System", Body::Dir(Vec::new()));
        let boot = add(&mut tree, dir, "boot.efi", file(*b"MZ"));
        tree.facts.blessed_folder = Some(dir);
        tree.facts.osx_folder = Some(dir);
        tree.facts.boot_file = Some(boot);
        tree.facts.volume_id = 0x0123_4567_89ab_cdef;
        let inode = tree.add_inode(meta(Meta::FILE | 0o4711), file([1; 5000])).unwrap();
        let linked = tree.add_inode(meta(Meta::DIR | 0o755), Body::Dir(Vec::new())).unwrap();
        for (at, text, to) in
            [(root, "b", inode), (dir, "a", inode), (root, "l", linked), (dir, "m", linked)]
        {
            tree.add_link(at, name(text), meta(Meta::FILE | 0o444), to).unwrap();
        }
        let inside = add(&mut tree, linked, "inside", file([2; 10]));
        for (id, len) in [(inode, 30), (linked, 40), (inside, 9000), (root, 0), (boot, 3802)] {
            let value = bytes(vec![9; len]);
            tree.xattrs_mut(id).push(Xattr { name: name("an.attribute"), value });
        }
        for mode in [0o010_600, 0o020_666, 0o060_640, 0o140_777] {
            let meta = Meta { device: 77, owner: 501, group: 20, ..meta(mode) };
            tree.add(root, name(&format!("{mode:o}")), meta, file([])).unwrap();
        }
        assert_survives(tree, &Params::new(Size::Fit { free: 0 }, NOW), false);
    }
}
