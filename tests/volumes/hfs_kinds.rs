//! Every kind of thing that HFS Plus holds, laid out and judged.

use crate::hfs_write::{NOW, add, file, judged, meta, name};
use lionize::block::{bytes, read_vec};
use lionize::volume::hfsplus::{ForkKind, Params, Size, Volume, lay_out};
use lionize::volume::tree::Xattr;
use lionize::volume::{Body, Case, Meta, Name, Tree};
use std::sync::Arc;

fn each_case(make: impl Fn(&mut Tree)) {
    for shift in [9, 12, 16] {
        for case in [Case::Folded, Case::Sensitive] {
            for journal in [false, true] {
                println!("blocks of {}, {case:?}, journal: {journal}", 1 << shift);
                let mut tree = Tree::new(name("Kinds"), case, NOW);
                make(&mut tree);
                let size = Size::Fit { free: 100_000 };
                judged(tree, &Params { block_size: 1 << shift, journal, ..Params::new(size, NOW) });
            }
        }
    }
}

fn dir() -> Body {
    Body::Dir(Vec::new())
}

/// The date in the Finder info of what came into a folder counts by a flag.
#[test]
fn dates_added_stay() {
    const ADDED: u16 = 0x80;
    let mut tree = Tree::new(name("Dates"), Case::Folded, NOW);
    let root = tree.root();
    for (text, body) in [("folder", dir()), ("file", file(*b"data"))] {
        let id = add(&mut tree, root, text, body);
        let meta = tree.meta_mut(id);
        meta.catalog_flags = ADDED;
        meta.finder[16..20].copy_from_slice(&NOW.to_be_bytes());
    }
    let laid = judged(tree, &Params::new(Size::Fit { free: 100_000 }, NOW));
    let tree = Volume::open(Arc::new(laid.map)).unwrap().tree().unwrap();
    for id in tree.children(tree.root()) {
        assert_eq!(tree.node(*id).meta.catalog_flags, ADDED, "{}", tree.node(*id).name);
    }
}

#[test]
fn hard_links_to_files() {
    each_case(|tree| {
        let root = tree.root();
        let inner = add(tree, root, "inner", dir());
        for number in 0..120u32 {
            let data = vec![1; number as usize * 99];
            let inode = tree.add_inode(meta(Meta::FILE | 0o4755), file(data)).unwrap();
            for link in 0..=number % 7 {
                let dir = if link % 2 == 0 { root } else { inner };
                let name = name(&format!("link {number} {link}"));
                tree.add_link(dir, name, meta(Meta::FILE | 0o444), inode).unwrap();
            }
        }
        // An inode without links is not laid out.
        tree.add_inode(meta(Meta::FILE), file([1])).unwrap();
    });
}

#[test]
fn hard_links_to_folders() {
    each_case(|tree| {
        let root = tree.root();
        let deep = add(tree, root, "deep", dir());
        let deeper = add(tree, deep, "deeper", dir());
        for number in 0..20 {
            let inode = tree.add_inode(meta(Meta::DIR | 0o755), dir()).unwrap();
            add(tree, inode, "in it", file([1, 2, 3]));
            let sub = add(tree, inode, "sub", dir());
            let inside = tree.add_inode(meta(Meta::DIR | 0o700), dir()).unwrap();
            let link = meta(Meta::FILE | 0o444);
            for (at, to) in [(root, inode), (deeper, inode), (sub, inside), (deep, inside)] {
                let name = name(&format!("link {number} to {}", to.index()));
                tree.add_link(at, name, link.clone(), to).unwrap();
            }
            let value = bytes([7; 10]);
            tree.xattrs_mut(inode).push(Xattr { name: name("an.attribute"), value });
        }
    });
}

#[test]
fn a_linked_folder_below_itself_is_refused() {
    let mut tree = Tree::new(name("Loop"), Case::Folded, NOW);
    let (root, link) = (tree.root(), meta(Meta::FILE | 0o444));
    let a = tree.add_inode(meta(Meta::DIR | 0o755), dir()).unwrap();
    let b = tree.add_inode(meta(Meta::DIR | 0o755), dir()).unwrap();
    for (at, to) in [(root, a), (a, b), (b, a)] {
        tree.add_link(at, name("link"), link.clone(), to).unwrap();
    }
    let error = lay_out(&Arc::new(tree), &Params::new(Size::Fit { free: 0 }, NOW)).err().unwrap();
    let said = error.to_string();
    let inodes = [a.index(), b.index()].map(|inode| {
        format!("directory hard link: inode is {inode}: a linked folder is below itself")
    });
    assert!(inodes.contains(&said), "{said}");
}

#[test]
fn a_name_that_sorts_as_none_is_refused_where_case_is_folded() {
    for (case, refused) in [(Case::Folded, true), (Case::Sensitive, false)] {
        let mut tree = Tree::new(name("Ignorable"), case, NOW);
        let units = Name::from_units(&[0x200c, 0xfeff]);
        tree.add(tree.root(), units, meta(Meta::FILE | 0o644), file([])).unwrap();
        let laid = lay_out(&Arc::new(tree), &Params::new(Size::Fit { free: 0 }, NOW));
        let text = "HFSPlusCatalogKey: nodeName is \"\\u{200c}\\u{feff}\": only characters that do \
                    not count in a folded name";
        assert_eq!(laid.err().map(|e| e.to_string()), refused.then(|| text.to_owned()));
    }
}

#[test]
fn what_the_format_cannot_hold_is_said() {
    let said = |make: &dyn Fn(&mut Tree)| {
        let mut tree = Tree::new(name("Odd"), Case::Folded, NOW);
        make(&mut tree);
        let laid = lay_out(&Arc::new(tree), &Params::new(Size::Fit { free: 0 }, NOW));
        laid.err().unwrap().to_string()
    };
    let named = |units: &[u16]| {
        said(&|tree| {
            let name = Name::from_units(units);
            tree.add(tree.root(), name, meta(Meta::FILE | 0o644), file([])).unwrap();
        })
    };
    let attributes = |names: &[&str]| {
        said(&|tree| {
            let id = tree.add(tree.root(), name("a"), meta(Meta::FILE | 0o644), file([])).unwrap();
            for text in names {
                tree.xattrs_mut(id).push(Xattr { name: name(text), value: bytes([7; 10]) });
            }
        })
    };
    let reserved = said(&|tree| {
        let (root, link) = (tree.root(), meta(Meta::FILE | 0o444));
        let inode = tree.add_inode(meta(Meta::FILE | 0o600), file(*b"linked")).unwrap();
        tree.add_link(root, name("link"), link, inode).unwrap();
        let hidden = name("\0\0\0\0HFS+ Private Data");
        tree.add(root, hidden, meta(Meta::DIR | 0o755), dir()).unwrap();
    });
    let (long, x) = ([u16::from(b'x'); 256], "x".repeat(256));
    let rows = [
        (named(&[]), "HFSPlusCatalogKey: nodeName is \"\": an empty name".to_owned()),
        (
            reserved,
            "folder: name is \"\\0\\0\\0\\0HFS+ Private Data\": a name that the format keeps for \
             itself"
                .into(),
        ),
        (
            named(&[0x2e, 0x2e]),
            "HFSPlusCatalogKey: nodeName is \"..\": a name that stands for a folder itself".into(),
        ),
        (
            named(&long),
            format!("HFSPlusCatalogKey: nodeName is \"{x}\": longer than 255 UTF-16 units"),
        ),
        (
            attributes(&[&x]),
            format!("HFSPlusAttrKey: attrName is \"{x}\": not 1 to 127 UTF-16 units long"),
        ),
        (
            attributes(&["b", "b"]),
            "HFSPlusAttrKey: attrName is \"b\": an attribute of this name is there twice".into(),
        ),
    ];
    for (said, text) in rows {
        assert_eq!(said, text);
    }
}

#[test]
fn attributes_inline_and_in_forks() {
    each_case(|tree| {
        let root = tree.root();
        let lens = [0, 1, 2, 127, 3801, 3802, 3803, 4096, 8158, 70_000, 200_001];
        let put = |tree: &mut Tree, id| {
            for len in lens {
                let value = bytes(vec![0x5a; len]);
                tree.xattrs_mut(id).push(Xattr { name: name(&format!("value.of.{len}")), value });
            }
            let long = Name::from_units(&[0x58; 127]);
            tree.xattrs_mut(id).push(Xattr { name: long, value: bytes([1; 3802]) });
            let security = name("com.apple.system.Security");
            tree.xattrs_mut(id).push(Xattr { name: security, value: bytes([0; 44]) });
        };
        put(tree, root);
        for number in 0..40 {
            let id = add(tree, root, &format!("file {number}"), file([1; 10]));
            put(tree, id);
            let id = add(tree, root, &format!("folder {number}"), dir());
            put(tree, id);
        }
        let inode = tree.add_inode(meta(Meta::FILE | 0o644), file([1])).unwrap();
        put(tree, inode);
        for link in ["link a", "link b"] {
            tree.add_link(root, name(link), meta(Meta::FILE | 0o444), inode).unwrap();
        }
    });
}

#[test]
fn symlinks_devices_and_other_modes() {
    each_case(|tree| {
        let root = tree.root();
        let modes = [0o010_600, 0o020_666, 0o060_640, 0o120_755, 0o140_777, 0o106_755, 0];
        for mode in modes {
            let mut meta = meta(mode);
            meta.device = 0x0500_0003;
            meta.owner = 501;
            meta.group = 20;
            meta.admin_flags = 1;
            meta.owner_flags = 0x42;
            meta.catalog_flags = 0xffff;
            meta.text_encoding = 0x7e;
            let body = if mode == 0o120_755 { file(*b"private/etc") } else { file([]) };
            tree.add(root, name(&format!("mode {mode:o}")), meta, body).unwrap();
        }
    });
}

/// Adds files whose names begin with this unit (decomposed, if it is a character).
fn add_names(tree: &mut Tree, unit: u16, tails: &[usize]) -> usize {
    let begin = char::from_u32(unit.into()).map(|c| Name::from_text(&c.to_string()));
    let begin = begin.map_or(vec![unit], |name| name.units().to_vec());
    let root = tree.root();
    let mut added = 0;
    for tail in tails {
        let mut units = begin.clone();
        units.resize((begin.len() + tail).min(255), 0x61 + (unit % 26));
        let nothing = tree.case().compare(&units, &[]).is_eq();
        if units != [0x2e] && !nothing {
            let name = Name::from_units(&units);
            added += usize::from(tree.add(root, name, meta(Meta::FILE | 0o644), file([])).is_ok());
        }
    }
    added
}

#[test]
fn names_of_many_kinds() {
    each_case(|tree| {
        let units = (0..=0xffff).step_by(37);
        let added: usize = units.map(|unit| add_names(tree, unit, &[0, 1, 254])).sum();
        assert!(added > 5000, "{added}");
    });
}

#[test]
fn every_unit_in_a_name() {
    for case in [Case::Folded, Case::Sensitive] {
        let mut tree = Tree::new(name("Units"), case, NOW);
        let added: usize = (0..=0xffff).map(|unit| add_names(&mut tree, unit, &[0])).sum();
        assert!(added > 60_000, "{added}");
        judged(tree, &Params::new(Size::Fit { free: 0 }, NOW));
    }
}

#[test]
fn ids_stay_where_they_are_unique() {
    let mut tree = Tree::new(name("Ids"), Case::Folded, NOW);
    let root = tree.root();
    let ids = [0, 15, 16, 17, 17, 5000, 17].map(|cnid| {
        let meta = Meta { cnid, ..meta(Meta::FILE | 0o644) };
        let name = name(&format!("{} {cnid}", tree.slots()));
        tree.add(root, name, meta, file([9; 9])).unwrap()
    });
    let laid = judged(tree.clone(), &Params::new(Size::Fit { free: 0 }, NOW));
    let got = ids.map(|id| laid.cnids[id.index()]);
    assert_eq!(got[2..4], [16, 17]);
    assert_eq!(got[5], 5000);
    let mut fresh = [got[0], got[1], got[4], got[6]];
    fresh.sort_unstable();
    assert_eq!(fresh, [5001, 5002, 5003, 5004]);
    tree.meta_mut(ids[0]).cnid = u32::MAX;
    let laid = judged(tree, &Params::new(Size::Fit { free: 0 }, NOW));
    assert_eq!(laid.cnids.iter().max(), Some(&22));
}

#[test]
fn forks_have_their_tags() {
    let mut tree = Tree::new(name("Tags"), Case::Folded, NOW);
    let root = tree.root();
    let both = Body::File { data: bytes([1; 5000]), rsrc: Some(bytes([2; 300])) };
    let id = add(&mut tree, root, "both", both);
    tree.xattrs_mut(id).push(Xattr { name: name("large"), value: bytes([3; 5000]) });
    let laid = judged(tree, &Params::new(Size::Fit { free: 0 }, NOW));
    for extent in laid.map.extents() {
        let Some(tag) = extent.tag else { continue };
        let mut first = [0];
        extent.source.read_at(0, &mut first).unwrap();
        let kind = [ForkKind::Data, ForkKind::Rsrc, ForkKind::Xattr(0)][first[0] as usize - 1];
        assert_eq!(laid.forks[tag as usize].kind, kind);
        assert_eq!(laid.forks[tag as usize].node, id);
    }
    assert_eq!(laid.forks.len(), 3);
}

#[test]
fn deep_and_wide() {
    let mut tree = Tree::new(name("Deep"), Case::Folded, NOW);
    let root = tree.root();
    let mut at = root;
    for _ in 0..500 {
        at = add(&mut tree, at, "d", dir());
    }
    let wide = add(&mut tree, root, "wide", dir());
    for number in 0..20_000 {
        add(&mut tree, wide, &format!("{number:05}"), file([]));
    }
    judged(tree, &Params::new(Size::Fit { free: 0 }, NOW));
}

/// A catalog of more nodes than the header node's map holds: 255-unit names
/// fill a node by threes.
#[test]
fn more_nodes_than_the_header_maps() {
    let mut tree = Tree::new(name("Maps"), Case::Sensitive, NOW);
    let root = tree.root();
    for number in 0..75_000u32 {
        let mut units: Vec<u16> = format!("{number:06}").encode_utf16().collect();
        units.resize(255, 0x6e);
        tree.add(root, Name::from_units(&units), meta(Meta::FILE | 0o644), file([])).unwrap();
    }
    let laid = judged(tree, &Params { block_size: 512, ..Params::new(Size::Fit { free: 0 }, NOW) });
    // The catalog's total nodes, from its header node.
    let start = laid.map.extents().iter().map(|extent| (extent.len, extent.at)).max().unwrap().1;
    let header = read_vec(&laid.map, start + 14, 106).unwrap();
    let nodes = u32::from_be_bytes(header[22..26].try_into().unwrap());
    assert!(nodes > 8 * (4096 - 256), "{nodes}");
}
