//! Trees and their edits.

use crate::block::{bytes, read_vec};
use crate::volume::tree::{Body, Case, Clash, NodeId, Place, Tree, TreeError, Xattr};
use crate::volume::{Kind, Meta, Name, VPath};

fn file() -> Body {
    Body::File { data: bytes(*b"x"), rsrc: None }
}

#[test]
fn children_stay_ordered_and_names_fold() {
    let mut tree = Tree::new(Name::from_text("V"), Case::Folded, 1);
    for name in ["b", "C", "a"] {
        tree.add(tree.root(), Name::from_text(name), Meta::default(), file()).unwrap();
    }
    let names: Vec<_> =
        tree.children(tree.root()).iter().map(|id| tree.node(*id).name.to_string()).collect();
    assert_eq!(names, ["a", "b", "C"]);
    let again = tree.add(tree.root(), Name::from_text("B"), Meta::default(), file());
    assert_eq!(again, Err(TreeError::Exists(Name::from_text("B"))));
    let id = tree.lookup(&VPath::parse("/c").unwrap()).unwrap();
    assert_eq!(tree.path(id).to_string(), "/C");
}

#[test]
fn links_lead_to_their_inode() {
    let mut tree = Tree::new(Name::from_text("V"), Case::Sensitive, 1);
    let root = tree.root();
    let inode = tree.add_inode(Meta::default(), file()).unwrap();
    let a = tree.add_link(root, Name::from_text("a"), Meta::default(), inode).unwrap();
    let b = tree.add_link(root, Name::from_text("b"), Meta::default(), inode).unwrap();
    assert_eq!(tree.target(a), inode);
    assert_eq!(tree.node(inode).place, Place::Inode(vec![a, b]));
    assert!(tree.add_link(root, Name::from_text("c"), Meta::default(), a).is_err());
}

fn name(text: &str) -> Name {
    Name::from_text(text)
}

fn at(tree: &Tree, path: &str) -> NodeId {
    tree.lookup(&VPath::parse(path).unwrap()).unwrap()
}

fn listing(tree: &Tree) -> Vec<String> {
    tree.walk(tree.root()).skip(1).map(|id| tree.path(id).to_string()).collect()
}

/// `/d/f`, hard links `/d/h`, `/k`, a folder link pair `/l1`, `/l2` with `x` in it.
fn sample() -> Tree {
    let mut tree = Tree::new(name("V"), Case::Folded, 1);
    let root = tree.root();
    let dir = |cnid| Meta { cnid, ..Meta::new(Meta::DIR | 0o755, 1) };
    let plain = |cnid| Meta { cnid, ..Meta::new(Meta::FILE | 0o644, 1) };
    let d = tree.add(root, name("d"), dir(16), Body::Dir(Vec::new())).unwrap();
    tree.add(d, name("f"), plain(17), file()).unwrap();
    let inode = tree.add_inode(plain(18), file()).unwrap();
    tree.add_link(d, name("h"), plain(19), inode).unwrap();
    tree.add_link(root, name("k"), plain(20), inode).unwrap();
    let shared = tree.add_inode(dir(21), Body::Dir(Vec::new())).unwrap();
    tree.add_link(root, name("l1"), dir(22), shared).unwrap();
    let l2 = tree.add_link(root, name("l2"), dir(23), shared).unwrap();
    tree.add(l2, name("x"), plain(24), file()).unwrap();
    tree
}

#[test]
fn a_walk_enters_linked_folders_once() {
    assert_eq!(listing(&sample()), ["/d", "/d/f", "/d/h", "/k", "/l1", "/l1/x", "/l2"]);
    assert_eq!(sample().names_of(at(&sample(), "/k")), 2);
    assert_eq!(sample().kind(at(&sample(), "/l2")), Kind::Dir);
}

#[test]
fn the_last_link_takes_its_inode_along() {
    let mut tree = sample();
    let (inode, x) = (tree.target(at(&tree, "/k")), at(&tree, "/l2/x"));
    let k = at(&tree, "/k");
    tree.facts.boot_file = Some(at(&tree, "/d/f"));
    tree.facts.blessed_folder = Some(at(&tree, "/l1"));
    tree.remove(at(&tree, "/d")).unwrap();
    assert_eq!(tree.node(inode).place, Place::Inode(vec![k]));
    assert_eq!(tree.facts.boot_file, None);
    assert!(tree.facts.blessed_folder.is_some());
    tree.remove(k).unwrap();
    assert_eq!(tree.node(inode).place, Place::Gone);
    tree.remove(at(&tree, "/l1")).unwrap();
    assert_eq!(tree.path(x).to_string(), "/l2/x");
    tree.remove(at(&tree, "/l2")).unwrap();
    assert_eq!(tree.node(x).place, Place::Gone);
    assert_eq!(tree.ids().count(), 1);
    assert_eq!(tree.remove(tree.root()), Err(TreeError::Misplaced(name("V"))));
}

/// `boot.efi` of some installers has two names.
#[test]
fn a_blessing_stays_at_the_name_in_the_blessed_folder() {
    for (path, folder, moves) in [("/d/h", "/d", true), ("/k", "/d", false), ("/k", "/", true)] {
        let mut tree = sample();
        tree.facts.boot_file = Some(tree.target(at(&tree, "/k")));
        tree.facts.blessed_folder = Some(at(&tree, folder));
        let (inode, old) = (tree.target(at(&tree, "/k")), at(&tree, path));
        let Place::In(dir) = tree.node(old).place else { panic!("{path} is in no folder") };
        let other = tree.node(old).name.clone();
        let (from, f) = (tree.clone(), at(&tree, "/d/f"));
        let new = tree.graft(dir, &other, &from, f, Clash::Replace).unwrap();
        assert_eq!(tree.facts.boot_file, Some(if moves { new } else { inode }), "{path}");
    }
    // A folder is not started, and a file holds no system.
    let mut tree = sample();
    let (root, from) = (tree.root(), tree.clone());
    (tree.facts.boot_file, tree.facts.blessed_folder) = (Some(at(&tree, "/d/f")), None);
    let d = at(&tree, "/d");
    tree.graft(d, &name("f"), &from, at(&from, "/l1"), Clash::Replace).unwrap();
    assert_eq!(tree.facts.boot_file, None);
    tree.facts.blessed_folder = Some(d);
    tree.graft(root, &name("d"), &from, at(&from, "/d/f"), Clash::Replace).unwrap();
    assert_eq!(tree.facts.blessed_folder, None);
}

#[test]
fn moves_rename_and_never_swallow_themselves() {
    let mut tree = sample();
    let (root, d, f) = (tree.root(), at(&tree, "/d"), at(&tree, "/d/f"));
    tree.rename(d, root, name("D")).unwrap();
    tree.rename(f, root, name("a")).unwrap();
    assert_eq!(listing(&tree)[..3], ["/a", "/D", "/D/h"]);
    assert_eq!(tree.rename(f, d, name("H")), Err(TreeError::Exists(name("H"))));
    assert_eq!(tree.path(f).to_string(), "/a");
    assert_eq!(tree.rename(d, d, name("e")), Err(TreeError::Misplaced(name("e"))));
    let (l1, l2) = (at(&tree, "/l1"), at(&tree, "/l2"));
    assert_eq!(tree.rename(l1, l2, name("e")), Err(TreeError::Misplaced(name("e"))));
    assert_eq!(tree.rename(l1, f, name("e")), Err(TreeError::NotDir(name("a"))));
    tree.rename(d, l1, name("e")).unwrap();
    assert_eq!(tree.path(d).to_string(), "/l1/e");
}

#[test]
fn new_contents_end_a_compression() {
    let mut tree = sample();
    let id = at(&tree, "/k");
    let inode = tree.target(id);
    tree.meta_mut(inode).owner_flags = 0x21;
    let value = bytes(*b"fpmc");
    tree.xattrs_mut(inode).push(Xattr { name: name("com.apple.decmpfs"), value: value.clone() });
    tree.xattrs_mut(inode).push(Xattr { name: name("other"), value });
    tree.set_data(id, bytes(*b"new")).unwrap();
    let Body::File { data, rsrc } = &tree.node(inode).body else { panic!() };
    assert_eq!((read_vec(&**data, 0, 3).unwrap(), rsrc.is_none()), (b"new".to_vec(), true));
    assert_eq!(tree.node(inode).meta.owner_flags, 1);
    assert!(tree.xattr(id, &name("com.apple.decmpfs")).is_none());
    assert_eq!(tree.xattr(id, &name("other")).unwrap().len(), 4);
    let d = at(&tree, "/d");
    assert_eq!(tree.set_data(d, bytes(*b"")), Err(TreeError::NotFile(name("d"))));
}

#[test]
fn folders_are_made_where_they_miss() {
    let mut tree = sample();
    tree.ensure_dir(&VPath::parse("/D/new/deep").unwrap(), 7).unwrap();
    let meta = &tree.node(at(&tree, "/d/new")).meta;
    assert_eq!((meta.mode, meta.owner, meta.created), (0o040_755, 0, 7));
    let root = tree.root();
    tree.add_symlink(root, name("s"), "d", 7).unwrap();
    let through = tree.ensure_dir(&VPath::parse("/s/x").unwrap(), 7);
    assert_eq!(through, Err(TreeError::NotDir(name("s"))));
}

#[test]
fn a_graft_keeps_links_and_metas() {
    let from = sample();
    let mut tree = Tree::new(name("W"), Case::Folded, 9);
    let root = tree.root();
    let meta = Meta { cnid: 17, ..Meta::new(Meta::FILE, 9) };
    tree.add(root, name("own"), meta, file()).unwrap();
    tree.graft(root, &name("all"), &from, from.root(), Clash::Refuse).unwrap();
    assert_eq!(listing(&tree).len(), 9);
    let (h, k) = (at(&tree, "/all/d/h"), at(&tree, "/all/k"));
    assert_eq!(tree.target(h), tree.target(k));
    assert_eq!(tree.node(tree.target(h)).meta.cnid, 18);
    assert_eq!(tree.node(at(&tree, "/all/d/f")).meta.cnid, 0, "17 was taken");
    assert_eq!(tree.children(at(&tree, "/all/l1")), tree.children(at(&tree, "/all/l2")));
    assert_eq!(tree.children(at(&tree, "/all/l1")).len(), 1);
    // One of two links becomes a plain file.
    let d = tree.graft(root, &name("d"), &from, at(&from, "/d"), Clash::Refuse).unwrap();
    let h = at(&tree, "/d/h");
    assert_eq!((tree.target(h), tree.names_of(h)), (h, 1));
    let again = tree.graft(root, &name("d"), &from, at(&from, "/d"), Clash::Refuse);
    assert_eq!(again, Err(TreeError::Exists(name("f"))));
    assert_eq!(tree.graft(root, &name("d"), &from, at(&from, "/d"), Clash::Replace), Ok(d));
    assert_eq!(tree.children(d).len(), 2);
}

#[test]
fn a_copy_into_itself_ends() {
    let mut tree = sample();
    let d = at(&tree, "/d");
    tree.copy(d, d, &name("d"), Clash::Refuse).unwrap();
    assert_eq!(listing(&tree)[..5], ["/d", "/d/d", "/d/d/f", "/d/d/h", "/d/f"]);
}

#[test]
fn a_second_name_makes_an_inode() {
    let mut tree = sample();
    let (root, f) = (tree.root(), at(&tree, "/d/f"));
    let two = tree.add_name(root, name("two"), f).unwrap();
    assert_eq!(tree.target(two), tree.target(f));
    assert_eq!(tree.node(tree.target(f)).meta.cnid, 17);
    assert_eq!(tree.names_of(f), 2);
    let d = at(&tree, "/d");
    assert_eq!(tree.add_name(root, name("no"), d), Err(TreeError::NotFile(name("d"))));
}

#[test]
fn names_that_fold_into_one_keep_the_case() {
    let mut tree = Tree::new(name("V"), Case::Sensitive, 1);
    for text in ["b", "A", "a"] {
        tree.add(tree.root(), name(text), Meta::default(), file()).unwrap();
    }
    let again = tree.set_case(Case::Folded);
    assert!(matches!(again, Err(TreeError::Exists(_))));
    tree.remove(at(&tree, "/A")).unwrap();
    tree.add(tree.root(), name("C"), Meta::default(), file()).unwrap();
    tree.set_case(Case::Folded).unwrap();
    assert_eq!(listing(&tree), ["/a", "/b", "/C"]);
}

#[test]
fn every_refusal_has_its_sentence() {
    let a = || Name::from_text("a");
    let all = [
        TreeError::Exists(a()),
        TreeError::NotDir(a()),
        TreeError::NotFile(a()),
        TreeError::Misplaced(a()),
        TreeError::Full,
    ];
    for error in all {
        let expected = match error {
            TreeError::Exists(_) => "`a` exists already",
            TreeError::NotDir(_) => "`a` is not a folder",
            TreeError::NotFile(_) => "`a` is not a regular file",
            TreeError::Misplaced(_) => "`a` cannot be put there",
            TreeError::Full => "the volume holds as many files as it can",
        };
        assert_eq!(error.to_string(), expected);
    }
}
