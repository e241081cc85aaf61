//! Packages made here, by our own reader; other readers are in `tests/judges`.

use super::*;
use crate::block::read_vec;
use crate::format::bom;
use crate::format::distribution::Distribution;
use crate::format::pkginfo::PackageInfo;
use crate::format::xar::Archive as Xar;
use crate::source::{Opener, contents};
use crate::volume::{Kind, NodeId, VPath};

const DATE: u32 = 1_348_099_200;
const HFS_DATE: u32 = DATE + EPOCH_1904;

fn at(tree: &Tree, path: &str) -> NodeId {
    tree.lookup(&VPath::parse(path).unwrap()).unwrap_or_else(|| panic!("no {path}"))
}

fn add(tree: &mut Tree, path: &str, mode: u16, data: &[u8]) -> NodeId {
    let path = VPath::parse(path).unwrap();
    let (dir, name) = path.split_last().unwrap();
    let dir = tree.ensure_dir(&dir, HFS_DATE).unwrap();
    let body = Node::File { data: bytes(data), rsrc: None };
    tree.add(dir, name.clone(), Mode::new(mode, HFS_DATE), body).unwrap()
}

/// Owners, setuid, a link, two names of one file, a fork and an attribute.
fn payload() -> Tree {
    let mut tree = empty(DATE);
    let program = add(&mut tree, "/usr/sbin/serveradmin", Mode::FILE | 0o4755, b"a program");
    let meta = tree.meta_mut(program);
    (meta.owner, meta.group) = (27, 80);
    add(&mut tree, "/usr/sbin/link", Mode::SYMLINK | 0o755, b"serveradmin");
    add(&mut tree, "/Library/\u{e4} b/large", Mode::FILE | 0o600, &[7; 300_000]);
    let forked = add(&mut tree, "/Library/forked", Mode::FILE | 0o644, b"data");
    tree.xattrs_mut(forked).push(crate::volume::tree::Xattr {
        name: Name::from_text("org.example.note"),
        value: bytes(*b"value"),
    });
    let body = Node::File { data: bytes(*b"two names"), rsrc: None };
    let meta = Mode::new(Mode::FILE | 0o644, HFS_DATE);
    let inode = tree.add_inode(meta.clone(), body).unwrap();
    let folder = at(&tree, "/Library");
    for name in ["one", "two"] {
        tree.add_link(folder, Name::from_text(name), meta.clone(), inode).unwrap();
    }
    tree
}

fn made(style: &Style) -> Source {
    let (tree, none) = (payload(), empty(DATE));
    let scripts: [(&str, &[u8]); 1] = [("postinstall", b"#!/bin/sh\nexit 0\n")];
    let components = [
        Component {
            identifier: "org.example.files",
            version: "1.2",
            location: Some("/"),
            payload: &tree,
            scripts: &[],
        },
        Component {
            identifier: "org.example.script",
            version: "1",
            location: None,
            payload: &none,
            scripts: &scripts,
        },
    ];
    let making = Making { style: style.clone(), date: DATE };
    product(&Product { title: "A & B", components: &components }, &making).unwrap()
}

fn all(source: &Source) -> Vec<u8> {
    read_vec(source.as_ref(), 0, usize::try_from(source.len()).unwrap()).unwrap()
}

fn inside(archive: &Xar, path: &str) -> Vec<u8> {
    let number = (0..archive.entries().len()).find(|number| archive.path(*number) == path);
    all(&archive.contents(number.unwrap_or_else(|| panic!("no {path}"))).unwrap())
}

#[test]
fn a_product_archive_says_what_is_in_it() {
    for style in [Style::Sha1, Style::Sha256] {
        let source = made(&style);
        assert!(all(&source) == all(&made(&style)), "the same input gives the same bytes");
        let archive = Xar::open(source).unwrap();
        archive.verify(1, &|_| ()).unwrap();
        let text = Distribution::parse(&inside(&archive, "Distribution")).unwrap();
        assert_eq!(text.title.as_deref(), Some("A & B"));
        assert!(text.allowed.is_empty());
        let info = inside(&archive, "org.example.files.pkg/PackageInfo");
        let info = PackageInfo::parse(&info).unwrap();
        assert_eq!((info.identifier.as_str(), info.location.as_str()), ("org.example.files", "/"));
        let listed = bom::read(bytes(inside(&archive, "org.example.files.pkg/Bom"))).unwrap();
        assert_eq!(info.files, Some(listed.len() as u64));
        assert_eq!(info.kib, Some(294));
        let program = listed.iter().find(|entry| entry.path.ends_with(b"serveradmin")).unwrap();
        assert_eq!((program.mode, program.uid, program.gid), (0o104_755, 27, 80));
        let info = inside(&archive, "org.example.script.pkg/PackageInfo");
        let info = PackageInfo::parse(&info).unwrap();
        assert_eq!(
            (info.files, info.kib, info.scripts[0].when.as_str()),
            (Some(1), Some(0), "postinstall")
        );
    }
}

#[test]
fn a_payload_gives_back_the_tree_that_it_was_made_of() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.pkg");
    std::fs::write(&path, all(&made(&Style::Sha1))).unwrap();
    let opener = Opener::new();
    let inner = path.join("org.example.files.pkg/Payload");
    let found = opener.enter(&opener.resolve(&inner).unwrap()).unwrap();
    let (found, top) = found.node().unwrap().unwrap();
    let wanted = payload();
    let mut count = 0;
    for id in wanted.walk(wanted.root()).skip(1) {
        let path = wanted.path(id).to_string();
        let other = at(&found, &path);
        let (a, b) = (&wanted.node(wanted.target(id)).meta, &found.node(found.target(other)).meta);
        assert_eq!(
            (a.mode, a.owner, a.group, a.modified),
            (b.mode, b.owner, b.group, b.modified),
            "{path}"
        );
        assert_eq!(wanted.names_of(id), found.names_of(other), "{path}");
        if wanted.kind(id) != Kind::Dir {
            assert!(
                all(&contents(&wanted, id).unwrap()) == all(&contents(&found, other).unwrap()),
                "{path}"
            );
        }
        count += 1;
    }
    assert_eq!(count, found.walk(top).count() - 1);
    let note = found.xattr(at(&found, "/Library/forked"), &Name::from_text("org.example.note"));
    assert_eq!(all(note.unwrap()), b"value");
}

#[test]
fn what_a_package_cannot_hold_is_refused() {
    let tree = empty(DATE);
    let part =
        Component { identifier: "a", version: "1", location: None, payload: &tree, scripts: &[] };
    let twice = [part.clone(), part];
    let making = Making { style: Style::Sha1, date: DATE };
    let error =
        product(&Product { title: "T", components: &twice }, &making).map(drop).unwrap_err();
    assert_eq!(
        error.to_string(),
        "product archive: identifier is \"a\": the identifier of two components"
    );
    let mut linked = empty(DATE);
    let dir =
        linked.add_inode(Mode::new(Mode::DIR | 0o755, HFS_DATE), Node::Dir(Vec::new())).unwrap();
    let root = linked.root();
    let meta = Mode::new(Mode::DIR | 0o755, HFS_DATE);
    linked.add_link(root, Name::from_text("again"), meta, dir).unwrap();
    let part =
        Component { identifier: "a", version: "1", location: None, payload: &linked, scripts: &[] };
    let error = component(&part, &making).map(drop).unwrap_err();
    assert_eq!(
        error.to_string(),
        "this is a link to a folder in a payload, which is not supported (path is \"./again\")"
    );
    let Error::Unsupported(what) = &error else { panic!("{error}") };
    assert_eq!(what.hint, "remove it, or put a folder in its place");
    let large = vec![b' '; MOST_SCRIPT + 1];
    let scripts: [(&str, &[u8]); 1] = [("postinstall", &large)];
    let part = Component { payload: &tree, scripts: &scripts, ..part };
    assert_eq!(
        component(&part, &making).map(drop).unwrap_err().to_string(),
        "package: script length is 16777217: over the limit of 16 MiB"
    );
}

#[test]
fn a_long_attribute_is_refused() {
    let mut tree = empty(DATE);
    let file = add(&mut tree, "/a", Mode::FILE | 0o644, b"");
    tree.xattrs_mut(file).push(crate::volume::tree::Xattr {
        name: Name::from_text("a"),
        value: bytes(vec![0; 1 << 20 << 5]),
    });
    let part =
        Component { identifier: "a", version: "1", location: None, payload: &tree, scripts: &[] };
    let making = Making { style: Style::Sha1, date: DATE };
    assert_eq!(
        component(&part, &making).map(drop).unwrap_err().to_string(),
        "this is an extended attribute of that length in a payload, which is not supported \
         (length is 33554432)"
    );
}
