//! What the layout makes is clean for Apple's own checker, at every size.

use crate::support::image::{temp, write_sparse};
use crate::support::judge::assert_fsck_clean;
use lionize::block::{Source, Zeros, bytes};
use lionize::volume::hfsplus::check::{Options, check};
use lionize::volume::hfsplus::{Laid, Params, Size, lay_out};
use lionize::volume::{Body, Case, Meta, Name, NodeId, Tree};
use std::sync::Arc;

pub(crate) const NOW: u32 = 3_600_000_000;

pub(crate) fn name(text: &str) -> Name {
    Name::from_text(text)
}

pub(crate) fn file(data: impl Into<Box<[u8]>>) -> Body {
    Body::File { data: bytes(data), rsrc: None }
}

pub(crate) fn meta(mode: u16) -> Meta {
    Meta::new(mode, NOW)
}

pub(crate) fn add(tree: &mut Tree, dir: NodeId, text: &str, body: Body) -> NodeId {
    let mode = match body {
        Body::Dir(_) => Meta::DIR | 0o755,
        _ => Meta::FILE | 0o644,
    };
    tree.add(dir, name(text), meta(mode), body).unwrap()
}

#[track_caller]
pub(crate) fn judged(tree: Tree, params: &Params) -> Laid {
    let laid = lay_out(&Arc::new(tree), params).unwrap();
    let source: Source = Arc::new(laid.map.clone());
    let report = check(&source, &Options { strict: true, ..Options::default() }).unwrap();
    assert!(report.is_clean() && report.findings.is_empty(), "{report:#?}");
    let counts = (report.files, report.folders, report.free_blocks);
    assert_eq!(counts, (laid.files, laid.folders, laid.free_blocks));
    let dir = temp();
    let path = dir.path().join("volume.img");
    write_sparse(&path, &laid.map);
    assert_fsck_clean(&path);
    laid
}

#[test]
fn empty_volumes_of_every_size() {
    let mib = 1 << 20;
    let lens = [mib, mib + 512, 3 * mib - 512, 7 * mib + 1024, 64 * mib + 1536, 1 << 30, 20 << 30];
    for len in lens {
        for shift in 9..=16 {
            for case in [Case::Folded, Case::Sensitive] {
                let tree = Tree::new(name("Empty"), case, NOW);
                let params =
                    Params { block_size: 1 << shift, ..Params::new(Size::Exact(len), NOW) };
                println!("{len} bytes, blocks of {}, {case:?}", 1 << shift);
                judged(tree, &params);
            }
        }
    }
}

#[test]
fn files_and_folders() {
    for shift in [9, 10, 12, 15, 16] {
        for case in [Case::Folded, Case::Sensitive] {
            for journal in [false, true] {
                let mut tree = Tree::new(name("Files"), case, NOW);
                let root = tree.root();
                for number in 0..300 {
                    let dir =
                        add(&mut tree, root, &format!("folder {number}"), Body::Dir(Vec::new()));
                    add(&mut tree, dir, "empty", file([]));
                    add(&mut tree, dir, "some", file(vec![7; number * 100]));
                    add(&mut tree, dir, "inner", Body::Dir(Vec::new()));
                }
                let size = Size::Fit { free: 1 << 20 };
                let params = Params { block_size: 1 << shift, journal, ..Params::new(size, NOW) };
                println!("blocks of {}, {case:?}, journal: {journal}", 1 << shift);
                let laid = judged(tree, &params);
                let journal = if journal { 2 } else { 0 };
                assert_eq!((laid.files, laid.folders), (600 + journal, 600));
            }
        }
    }
}

#[test]
fn a_file_over_4_gib() {
    let mut tree = Tree::new(name("Large"), Case::Folded, NOW);
    let root = tree.root();
    let data: Source = Arc::new(Zeros((5 << 30) + 1));
    add(&mut tree, root, "large", Body::File { data: data.clone(), rsrc: Some(data) });
    judged(tree, &Params::new(Size::Fit { free: 0 }, NOW));
}
