//! What is told of edits that are known.

use crate::block::bytes;
use crate::engine::changes::{Changes, Watched};
use crate::volume::{Body, Case, Meta, Name, NodeId, Tree, VPath};
use std::sync::Arc;

fn file(len: usize) -> Body {
    Body::File { data: bytes(vec![7; len]), rsrc: None }
}

fn add(tree: &mut Tree, dir: NodeId, name: &str, body: Body) -> NodeId {
    let kind = if matches!(body, Body::Dir(_)) { Meta::DIR | 0o755 } else { Meta::FILE | 0o644 };
    tree.add(dir, Name::from_text(name), Meta::new(kind, 1), body).unwrap()
}

fn folder(tree: &mut Tree, dir: NodeId, name: &str) -> NodeId {
    add(tree, dir, name, Body::Dir(Vec::new()))
}

/// A volume, and a copy of it that a step changes.
fn changed(edit: impl FnOnce(&mut Tree)) -> Changes {
    let mut base = Tree::new(Name::from_text("V"), Case::Folded, 1);
    let root = base.root();
    let etc = folder(&mut base, root, "etc");
    add(&mut base, etc, "hosts", file(10));
    add(&mut base, etc, "motd", file(20));
    let big = folder(&mut base, root, "Packages");
    for index in 0..100 {
        add(&mut base, big, &format!("{index:02}.pkg"), file(1000));
    }
    let base = Arc::new(base);
    let mut watched = Watched::default();
    watched.step(1, "restore", &base, true);
    let mut made = Arc::clone(&base);
    edit(Arc::make_mut(&mut made));
    watched.step(2, "edit", &made, false);
    watched.changes(&made).unwrap()
}

fn at(tree: &Tree, path: &str) -> NodeId {
    tree.lookup(&VPath::parse(path).unwrap()).unwrap()
}

#[test]
fn nothing_is_told_of_what_stays() {
    assert_eq!(changed(|_| {}).text(), ["the volume stays as it is"]);
    // What goes and comes back as it was is new all the same: nobody compares bytes here.
    assert_eq!(changed(|_| {}).json(), serde_json::json!([]));
}

#[test]
fn each_kind_of_change_is_told_in_its_folder() {
    let changes = changed(|tree| {
        let etc = at(tree, "/etc");
        let (hosts, motd) = (at(tree, "/etc/hosts"), at(tree, "/etc/motd"));
        tree.set_data(hosts, bytes(vec![1; 30])).unwrap();
        tree.meta_mut(hosts).mode = Meta::FILE | 0o600;
        tree.rename(motd, etc, Name::from_text("issue")).unwrap();
        add(tree, etc, "new", file(5));
        tree.remove(at(tree, "/Packages")).unwrap();
        let root = tree.root();
        let app = folder(tree, root, "Server.app");
        add(tree, app, "one", file(1));
        let below = folder(tree, app, "below");
        add(tree, below, "two", file(2));
    });
    assert_eq!(
        changes.text(),
        [
            "/",
            "  - Packages/  100 entries, 100,000 bytes",
            "  + Server.app/  3 entries, 3 bytes, by step 2: edit",
            "/etc/",
            "  ~ hosts  10 -> 30 bytes, mode 0644 -> 0600",
            "  > issue  from /etc/motd",
            "  + new  5 bytes, by step 2: edit",
        ]
    );
    let json = changes.json();
    let all = json.as_array().unwrap();
    assert_eq!(all.len(), 1 + 100 + 4 + 3, "programs are told of each");
    let hosts = all.iter().find(|change| change["path"] == "/etc/hosts").unwrap();
    assert_eq!((&hosts["bytes_before"], &hosts["bytes"]), (&10.into(), &30.into()));
}

#[test]
fn long_lists_are_cut_and_say_so() {
    let changes = changed(|tree| {
        for index in 0..100 {
            let id = at(tree, &format!("/Packages/{index:02}.pkg"));
            tree.meta_mut(id).owner = 99;
        }
    });
    let text = changes.text();
    assert_eq!(text.len(), 61);
    assert_eq!(text[1], "  ~ 00.pkg  owner 0 -> 99");
    assert_eq!(text[60], "and 41 more: `plan --json` has all");
}
