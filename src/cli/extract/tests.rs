//! Extraction of trees made here, hostile ones among them.

use super::*;
use crate::block::{Zeros, bytes};
use crate::volume::tree::Xattr;
use crate::volume::{Case, Meta, Name};
use std::fs;
use std::sync::Arc;

struct Hostile {
    tree: Tree,
}

impl Hostile {
    fn new() -> Self {
        Self { tree: Tree::new(Name::from_text("V"), Case::Sensitive, 0) }
    }

    fn add(&mut self, dir: NodeId, name: &[u16], mode: u16, data: &[u8]) -> NodeId {
        let body = match mode & Meta::TYPE {
            Meta::DIR => Body::Dir(Vec::new()),
            _ => Body::File { data: bytes(data), rsrc: None },
        };
        let meta = Meta::new(mode, 3_430_944_000);
        self.tree.add(dir, Name::from_units(name), meta, body).unwrap()
    }

    fn text(&mut self, dir: NodeId, name: &str, mode: u16, data: &str) -> NodeId {
        let units: Vec<u16> = name.encode_utf16().collect();
        self.add(dir, &units, mode, data.as_bytes())
    }

    fn extract(&self, to: &Path, appledouble: bool) -> Result<Summary, Problem> {
        let stop = Stop::new();
        let mut extraction = Extraction::below(to, appledouble, &stop)?;
        extraction.tree(&self.tree, self.tree.root())?;
        extraction.finish()
    }
}

#[test]
fn names_that_lead_out_are_left_out() {
    let temp = tempfile::tempdir().unwrap();
    let mut hostile = Hostile::new();
    let root = hostile.tree.root();
    let good = hostile.text(root, "good", Meta::DIR | 0o755, "");
    // Stored colons read as slashes: `../escaped`.
    let name: Vec<u16> = "..:escaped".encode_utf16().collect();
    hostile.add(good, &name, Meta::FILE | 0o644, b"x");
    hostile.add(good, &[0x2e, 0x2e], Meta::FILE | 0o644, b"x");
    hostile.add(good, &[0x61, 0], Meta::FILE | 0o644, b"x");
    hostile.add(good, &[0xd800], Meta::DIR | 0o755, b"");
    hostile.text(good, "tty", 0o020_666, "");
    hostile.text(good, "kept", Meta::FILE | 0o640, "kept");
    let to = temp.path().join("out");
    let summary = hostile.extract(&to, false).unwrap();
    let mut missing = summary.missing();
    missing.sort();
    assert_eq!(
        missing,
        [
            "/good/../escaped: it holds a separator or NUL",
            "/good/..: it would lead out of its folder",
            "/good/\\u{d800}: it is not Unicode text",
            "/good/a\\u{0}: it holds a separator or NUL",
            "/good/tty: it is a device, pipe or socket",
        ]
    );
    let made: Vec<_> =
        fs::read_dir(to.join("good")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(made, ["kept"]);
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn links_are_made_last_and_never_followed() {
    use std::os::unix::fs::MetadataExt;
    let temp = tempfile::tempdir().unwrap();
    let outside = temp.path().join("outside");
    fs::create_dir(&outside).unwrap();
    let mut hostile = Hostile::new();
    let root = hostile.tree.root();
    hostile.text(root, "a", Meta::SYMLINK | 0o755, outside.to_str().unwrap());
    hostile.text(root, "none", Meta::SYMLINK | 0o755, "");
    let dir = hostile.text(root, "b", Meta::DIR | 0o755, "");
    let inode = hostile
        .tree
        .add_inode(
            Meta::new(Meta::FILE | 0o6711, 0),
            Body::File { data: bytes(*b"one"), rsrc: None },
        )
        .unwrap();
    for name in ["one", "two"] {
        hostile.tree.add_link(dir, Name::from_text(name), Meta::default(), inode).unwrap();
    }
    let to = temp.path().join("out");
    let summary = hostile.extract(&to, false).unwrap();
    assert_eq!(fs::read_link(to.join("a")).unwrap(), outside);
    let (one, two) = (fs::metadata(to.join("b/one")), fs::metadata(to.join("b/two")));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!((one.ino(), one.nlink()), (two.ino(), 2));
    assert_eq!(one.mode() & 0o7777, 0o711, "set-id bits stay behind");
    assert_eq!((summary.set_id, summary.hard_links, summary.files), (1, 1, 1));
    assert_eq!(summary.missing(), ["/none: it is a link whose target is no path"]);
}

#[test]
fn a_folder_below_itself_ends() {
    let temp = tempfile::tempdir().unwrap();
    let mut hostile = Hostile::new();
    let root = hostile.tree.root();
    let inode =
        hostile.tree.add_inode(Meta::new(Meta::DIR | 0o755, 0), Body::Dir(Vec::new())).unwrap();
    let first = hostile.tree.add_link(root, Name::from_text("a"), Meta::default(), inode).unwrap();
    hostile.tree.add_link(first, Name::from_text("again"), Meta::default(), inode).unwrap();
    let to = temp.path().join("out");
    let summary = hostile.extract(&to, false).unwrap();
    assert_eq!((summary.folders, summary.folder_links), (1, 1));
    if cfg!(unix) {
        assert_eq!(fs::read_link(to.join("a/again")).unwrap(), Path::new("../a"));
    }
}

#[test]
fn what_stands_there_stays() {
    let temp = tempfile::tempdir().unwrap();
    let mut hostile = Hostile::new();
    let root = hostile.tree.root();
    hostile.text(root, "a", Meta::FILE | 0o644, "new");
    hostile.text(root, "b", Meta::FILE | 0o644, "new");
    fs::write(temp.path().join("b"), "old").unwrap();
    let problem = hostile.extract(temp.path(), false).unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Output);
    assert!(problem.sentence.ends_with("/b exists already"), "{problem}");
    assert_eq!(fs::read_to_string(temp.path().join("b")).unwrap(), "old");
    assert!(!temp.path().join("a").exists(), "nothing is begun that cannot be ended");
}

#[test]
fn interrupted_work_leaves_no_pieces() {
    let temp = tempfile::tempdir().unwrap();
    let mut hostile = Hostile::new();
    let root = hostile.tree.root();
    hostile.text(root, "a", Meta::FILE | 0o644, "new");
    let stop = Stop::new();
    stop.raise();
    let mut extraction = Extraction::below(temp.path(), false, &stop).unwrap();
    let problem = extraction.tree(&hostile.tree, root).unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Interrupted);
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 0);
}

#[test]
fn what_has_no_place_in_a_file_goes_beside_it() {
    let temp = tempfile::tempdir().unwrap();
    let mut hostile = Hostile::new();
    let root = hostile.tree.root();
    let id = hostile.text(root, "a", Meta::FILE | 0o644, "data");
    let xattr = Xattr { name: Name::from_text("org.example"), value: bytes(*b"value") };
    hostile.tree.xattrs_mut(id).push(xattr);
    hostile.tree.meta_mut(id).finder[0] = b'T';
    let summary = hostile.extract(&temp.path().join("without"), false).unwrap();
    // The host may be able to keep the attribute.
    assert!(summary.xattrs <= 1);
    assert_eq!((summary.finder, summary.forks), (1, 0));
    let summary = hostile.extract(&temp.path().join("with"), true).unwrap();
    assert_eq!((summary.xattrs, summary.finder), (0, 0));
    let beside = fs::read(temp.path().join("with/._a")).unwrap();
    assert!(beside.ends_with(b"value"));
}

#[test]
fn attributes_that_are_too_long_together_are_not_held() {
    let mut hostile = Hostile::new();
    let root = hostile.tree.root();
    let id = hostile.text(root, "a", Meta::FILE | 0o644, "data");
    // On a hostile volume, thousands of attributes lie in the same blocks.
    for name in ["one", "two", "three"] {
        let value = Arc::new(Zeros(12 << 20));
        hostile.tree.xattrs_mut(id).push(Xattr { name: Name::from_text(name), value });
    }
    let stop = Stop::new();
    let mut tar = Tarring::new(std::io::sink(), Path::new("-"), false, &stop);
    tar.tree(&hostile.tree, root).unwrap();
    assert_eq!(tar.finish().unwrap().1.xattrs, 1);
    let temp = tempfile::tempdir().unwrap();
    let problem = hostile.extract(&temp.path().join("out"), true).unwrap_err();
    assert_eq!(problem.causes, ["attributes of over 16 MiB, or of over 32 MiB together"]);
}
