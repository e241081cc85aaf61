//! HFS Plus: the reader, the checker and the journal.

use crate::targets::script::Script;
use lionize::block::{ReadAt, Source, bytes, read_vec};
use lionize::volume::hfsplus::check::{Options, check};
use lionize::volume::hfsplus::{Params, Size, Volume, decmpfs, lay_out};
use lionize::volume::tree::Xattr;
use lionize::volume::{Body, Case, Meta, Name, Tree, VPath};
use std::ops::Range;
use std::sync::{Arc, LazyLock};

/// A volume and the ranges of its structures.
struct Seed {
    image: Vec<u8>,
    hot: Vec<Range<usize>>,
}

static SEEDS: LazyLock<Vec<Seed>> = LazyLock::new(|| {
    vec![
        seed(Case::Folded, 4096, false),
        seed(Case::Sensitive, 512, false),
        seed(Case::Folded, 4096, true),
    ]
});

fn index(at: u64) -> usize {
    usize::try_from(at).expect("a small volume")
}

fn seed(case: Case, block_size: u32, journal: bool) -> Seed {
    let params = Params { block_size, journal, ..Params::new(Size::Fit { free: 0 }, 9) };
    let laid = lay_out(&Arc::new(tree(case)), &params).expect("a valid tree");
    let image = read_vec(&laid.map, 0, index(laid.map.len())).expect("memory reads");
    let metadata = laid.map.extents().iter().filter(|extent| extent.tag.is_none());
    let mut hot: Vec<_> = metadata
        .flat_map(|extent| {
            // Nodes in use come first; the spare ones behind them hold nothing.
            let data = extent.source.data(0).unwrap_or(0..0);
            let end = data.end.min(extent.len).min(64 << 10);
            Some(index(extent.at)..index(extent.at + end))
        })
        .collect();
    if journal {
        hot.retain(|range| range.start < 64 << 10);
    }
    Seed { image, hot }
}

fn tree(case: Case) -> Tree {
    let mut tree = Tree::new(Name::from_text("Seed"), case, 9);
    let root = tree.root();
    let file = |len: usize| Body::File { data: bytes(vec![7; len]), rsrc: None };
    let meta = || Meta::new(Meta::FILE | 0o644, 9);
    for number in 0..60 {
        let name = Name::from_text(&format!("file {number} {}", "n".repeat(number)));
        tree.add(root, name, meta(), file(number * 10)).expect("a new name");
    }
    let dir = Meta::new(Meta::DIR | 0o755, 9);
    let deep = tree.add(root, Name::from_text("deep"), dir.clone(), Body::Dir(Vec::new()));
    let deep = deep.expect("a new name");
    let inode = tree.add_inode(meta(), file(100)).expect("room");
    tree.add_link(deep, Name::from_text("link a"), meta(), inode).expect("a new name");
    tree.add_link(root, Name::from_text("link b"), meta(), inode).expect("a new name");
    let linked = tree.add_inode(dir.clone(), Body::Dir(Vec::new())).expect("room");
    tree.add_link(deep, Name::from_text("dir a"), dir.clone(), linked).expect("a new name");
    tree.add_link(root, Name::from_text("dir b"), dir, linked).expect("a new name");
    compressed(&mut tree);
    tree
}

/// A compressed file in an attribute, one in a resource fork, a large attribute.
fn compressed(tree: &mut Tree) {
    let root = tree.root();
    let header = |kind: u32, len: u64| {
        let mut value = b"fpmc".to_vec();
        value.extend(kind.to_le_bytes());
        value.extend(len.to_le_bytes());
        value
    };
    let mut inline = header(3, 5);
    inline.extend(b"\xffhello");
    let mut fork = vec![0, 0, 1, 0];
    fork.extend([0_u8; 300]);
    for (name, value, rsrc) in [
        ("inline", inline, None),
        ("fork", header(4, 70_000), Some(bytes(fork))),
        ("large", vec![5; 9000], None),
    ] {
        let meta = Meta { owner_flags: 0x20, ..Meta::new(Meta::FILE | 0o644, 9) };
        let body = Body::File { data: bytes(Vec::new()), rsrc };
        let id = tree.add(root, Name::from_text(name), meta, body).expect("a new name");
        let name = Name::from_text("com.apple.decmpfs");
        tree.xattrs_mut(id).push(Xattr { name, value: bytes(value) });
    }
}

/// An input as a volume: bit 0 of the first byte takes the rest as it is,
/// others pick the seed that the script edits.
fn volume(data: &[u8]) -> Source {
    let mut script = Script::new(data);
    let how = script.byte();
    if how & 1 == 1 {
        return bytes(script.rest());
    }
    let seed = &SEEDS[usize::from(how >> 1) % SEEDS.len()];
    let mut image = seed.image.clone();
    script.edit(&mut image, &seed.hot);
    bytes(image)
}

fn read_some(source: &Source) {
    let len = usize::try_from(source.len()).unwrap_or(usize::MAX).min(1 << 17);
    let _ = read_vec(&**source, 0, len);
    let _ = source.data(0);
    let _ = source.origin(0);
}

fn walk(source: Source) {
    let Ok(volume) = Volume::open(source) else { return };
    let path = VPath::parse("/deep/link a").expect("a path");
    let _ = volume.lookup(&path);
    let _ = volume.label();
    let Ok(tree) = volume.tree() else { return };
    for id in tree.ids() {
        let node = tree.node(id);
        if let Body::File { data, rsrc } = &node.body {
            read_some(data);
            rsrc.iter().for_each(read_some);
        }
        node.xattrs.iter().for_each(|xattr| read_some(&xattr.value));
        if let Ok(plain) = decmpfs::contents(&tree, id) {
            read_some(&plain);
        }
    }
    // What could be read can be laid out, unless it is no tree of ours.
    let _ = lay_out(&Arc::new(tree), &Params::new(Size::Fit { free: 0 }, 9));
}

pub(super) fn reader(data: &[u8]) {
    walk(volume(data));
}

pub(super) fn checker(data: &[u8]) {
    let _ = check(&volume(data), &Options::default());
}

/// Where the seed's journal lies: behind its info block.
fn journal_range(image: &[u8]) -> Range<usize> {
    let number = |at: usize, len: usize| {
        image[at..at + len].iter().fold(0_u64, |n, byte| n << 8 | u64::from(*byte))
    };
    let info = index(number(1024 + 12, 4) * 4096);
    let (start, size) = (index(number(info + 36, 8)), index(number(info + 44, 8)));
    start..start + size
}

/// A journaled volume with one transaction, which the script edits. Bit 0 of
/// the first byte puts the checksums right, bit 1 picks the byte order.
pub(super) fn journal(data: &[u8]) {
    let mut script = Script::new(data);
    let how = script.byte();
    let mut image = SEEDS[2].image.clone();
    let log = journal_range(&image);
    begin(&mut image);
    image[1024 + 8..1024 + 12].copy_from_slice(b"HFSJ");
    let unmounted = 1024 + 6;
    image[unmounted] &= !1;
    let big = how & 2 == 2;
    transaction(&mut image, &log, big);
    let used = log.start..log.start + 3 * 4096;
    let header = 1024..1536;
    script.edit(&mut image, &[header, used]);
    if how & 1 == 0 {
        sum(&mut image[log.start..log.start + 44], 36, big);
        sum(&mut image[log.start + 512..log.start + 512 + 32], 8, big);
    }
    walk(bytes(image));
}

/// Says that the journal was begun: the flag that it was not yet is cleared.
fn begin(image: &mut [u8]) {
    let block = image[1024 + 12..1024 + 16].iter().fold(0, |n, byte| n << 8 | usize::from(*byte));
    image[block * 4096..block * 4096 + 4].copy_from_slice(&1_u32.to_be_bytes());
}

fn transaction(image: &mut [u8], log: &Range<usize>, big: bool) {
    let mut put = |at: usize, value: u64, len: usize| {
        let bytes = value.to_be_bytes();
        let bytes = &bytes[8 - len..];
        let place = &mut image[log.start + at..log.start + at + len];
        place.copy_from_slice(bytes);
        if !big {
            place.reverse();
        }
    };
    let list = 512;
    let (blocks, list_size) = (2_u64, 4096);
    put(0, 0x4a4e_4c78, 4);
    put(4, 0x1234_5678, 4);
    put(8, list, 8);
    put(16, list + list_size + blocks * 512, 8);
    put(24, log.len() as u64, 8);
    put(32, list_size, 4);
    put(40, 512, 4);
    let list = index(list);
    put(list, 255, 2);
    put(list + 2, blocks + 1, 2);
    put(list + 4, list_size + blocks * 512, 4);
    put(list + 12, 2, 4);
    for block in 0..index(blocks) {
        let entry = list + 32 + 16 * block;
        put(entry, 40 + block as u64, 8);
        put(entry + 8, 512, 4);
    }
}

/// Apple's checksum over a structure, in the order that its magic shows.
fn sum(structure: &mut [u8], at: usize, big: bool) {
    structure[at..at + 4].fill(0);
    let add = |sum: u32, byte: &u8| sum << 8 ^ sum.wrapping_add(u32::from(*byte));
    let sum = !structure.iter().fold(0, add);
    let bytes = if big { sum.to_be_bytes() } else { sum.to_le_bytes() };
    structure[at..at + 4].copy_from_slice(&bytes);
}
