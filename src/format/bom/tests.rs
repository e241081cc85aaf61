//! Bills made here, whole and broken.

use super::*;
use crate::block::bytes;
use crate::block::saying::{assert_said, said};

fn entry(path: &str, mode: u16) -> Entry {
    let (uid, gid, mtime) = (501, 80, 1_348_099_200);
    Entry { path: path.into(), mode, uid, gid, mtime, ..Entry::default() }
}

fn sample(files: usize) -> Vec<Entry> {
    let mut entries = vec![entry(".", 0o040_755), entry("./dir", 0o041_775)];
    let mut sum = Sum::default();
    sum.update(b"123456789");
    entries.push(Entry { size: 9, checksum: sum.finish(), ..entry("./dir/a", 0o104_755) });
    entries.push(Entry { link: b"a".to_vec(), size: 1, ..entry("./dir/link", 0o120_755) });
    entries.push(Entry { checksum: 0x0300_0002, ..entry("./null", 0o020_666) });
    entries.extend((0..files).map(|n| entry(&format!("./dir/file {n:05}"), 0o100_644)));
    entries
}

#[test]
fn what_is_written_is_read() {
    for files in [0, 252, 700, 70_000] {
        let mut wanted = sample(files);
        let made = write(&wanted).unwrap();
        let mut found = read(bytes(made)).unwrap();
        wanted.sort_by(|a, b| a.path.cmp(&b.path));
        found.sort_by(|a, b| a.path.cmp(&b.path));
        assert_eq!(found.len(), wanted.len());
        assert!(found == wanted, "{files}");
    }
}

#[test]
fn checksums_are_those_of_cksum() {
    let of = |data: &[u8]| {
        let mut sum = Sum::default();
        sum.update(data);
        sum.finish()
    };
    // `printf 123456789 | cksum`, `cksum < /dev/null`
    assert_eq!((of(b"123456789"), of(b"")), (930_766_865, 4_294_967_295));
}

#[test]
fn paths_need_their_folders() {
    let entries = [entry(".", 0o040_755), entry("./a/b", 0o100_644)];
    assert_eq!(write(&entries).unwrap_err().to_string(), "./a/b has no folder");
    let entries = [entry(".", 0o040_755), entry("./", 0o040_755)];
    assert_eq!(write(&entries).unwrap_err().to_string(), "./ comes twice");
    let large = super::write::number(usize::MAX).unwrap_err().to_string();
    assert_eq!(large, "a bill of materials cannot be that large");
}

#[test]
fn broken_fields_are_named() {
    let made = write(&sample(600)).unwrap();
    let at = |at: usize| u32::from_be_bytes(made[at..at + 4].try_into().unwrap()) as usize;
    let with = |at: usize, bytes: &[u8]| {
        let mut made = made.clone();
        made[at..at + bytes.len()].copy_from_slice(bytes);
        made
    };
    let (index, vars) = (at(16), at(24));
    // The blocks of the first path: what it is, its id, its file.
    let block = |number: usize| at(index + 4 + 8 * number);
    // The first leaf is the block behind the last file.
    let leaf = 1 + 3 * 605;
    let own = u32::try_from(leaf).unwrap().to_be_bytes();
    let root = u32::try_from(leaf + 3).unwrap().to_be_bytes();
    let rows = [
        (made[..100].to_vec(), "BOM: length is 100: shorter than its header"),
        (with(0, b"X"), "BOM: magic is \"XOMStore\": not `BOMStore`"),
        (with(11, &[2]), "BOM: version is 2: not 1"),
        (
            with(16, &[255, 0, 0, 0]),
            "BOM: index is 4278190080: behind the file's end with its length added",
        ),
        (
            with(24, &[255, 0, 0, 0]),
            "BOM: variables is 4278190080: behind the file's end with its length added",
        ),
        (
            with(index, &[255, 0, 0, 0]),
            "BOM: number of blocks is 4278190080: more than the index holds",
        ),
        (
            with(vars, &[255, 0, 0, 0]),
            "BOM: number of variables is 4278190080: more than there is room for",
        ),
        (with(vars + 3, &[200]), "BOM: number of variables is 200: more than there is room for"),
        (with(vars + 9 + 12, b"X"), "BOM: variables is \"Paths\": there is no block of this name"),
        // The link is the last of 605 paths.
        (
            with(block(1 + 3 * 604) + 27, &[255, 0, 0, 0]),
            "BOM path: link name length is 4278190080: longer than its block",
        ),
        (
            with(block(2) + 4, &[255, 0, 0, 0]),
            "BOM: block number is 4278190080: there is no such block",
        ),
        (
            with(block(3) + 4, &[0]),
            "BOM file: name is \"\\0\\0\": no name that ends with its only NUL",
        ),
        (
            with(block(6), &[9, 0, 0, 0]),
            "BOM file: parent is 150994944: no path before has this id",
        ),
        (with(block(5), &block_id(&made, block(2))), "BOM path: id is 1: two paths have it"),
        (
            with(index + 4 + 8 + 4, &[255, 0, 0, 0]),
            "BOM: block length is 4278190080: more than 1 MiB",
        ),
        (with(index + 4 + 8 + 4, &[0, 0, 0, 9]), "BOM path: length is 9: shorter than 31 bytes"),
        (
            with(index + 4 + 8, &[255, 0, 0, 0]),
            "BOM: block is 4278190080: behind the file's end with its length added",
        ),
        (with(block(leaf) + 2, &[255, 255]), "BOM node: count is 65535: more than fit into a leaf"),
        (
            with(block(leaf + 1) + 4, &own),
            "BOM node: forward is 1816: leads back to an earlier one",
        ),
        (with(block(leaf + 4), b"x"), "BOM tree: magic is \"xree\": not `tree`"),
        (
            with(block(leaf + 3) + 12, &root),
            "BOM tree: levels is 16: its nodes nest deeper than this",
        ),
        (
            with(block(leaf + 3) + 2, &[0, 0]),
            "BOM node: count is 0: an inner node without children",
        ),
    ];
    assert_said(rows.map(|(bom, text)| (said(read(bytes(bom))), text)));
}

#[test]
fn folders_and_paths_are_bounded() {
    let mut folder = ".".to_owned();
    let mut deep = vec![entry(".", 0o040_755)];
    for _ in 0..600 {
        folder += "/a";
        deep.push(entry(&folder, 0o040_755));
    }
    let deep = said(read(bytes(write(&deep).unwrap())));
    assert_eq!(deep, "BOM: depth is 512: folders nest deeper than this");
    let name = "n".repeat(240);
    let long = (0..300_000).map(|n| entry(&format!("./{name}{n:06}"), 0o100_644));
    let long: Vec<_> = [entry(".", 0o040_755)].into_iter().chain(long).collect();
    let long = said(read(bytes(write(&long).unwrap())));
    let text = "this is a bill of materials with longer paths than is allowed, which is not \
                supported (the limit in bytes is 67108864)\nhint: on a Mac: lsbom FILE";
    assert_eq!(long, text);
    let many = (0..400_001).map(|n| entry(&format!("{n}"), 0o100_644));
    let many: Vec<_> = [entry(".", 0o040_755)].into_iter().chain(many).collect();
    let many = said(read(bytes(write(&many).unwrap())));
    let text = "this is a bill of materials with more paths than is allowed, which is not \
                supported (the limit is 400000)\nhint: on a Mac: lsbom FILE";
    assert_eq!(many, text);
}

fn block_id(made: &[u8], at: usize) -> [u8; 4] {
    made[at..at + 4].try_into().unwrap()
}

/// Paths whose blocks are a MiB each, and nearly all the same bytes.
#[test]
fn the_bytes_that_are_read_have_a_limit() {
    const PATHS: u16 = 600;
    const MIB: u32 = 1 << 20;
    let len = |data: &[u8]| u32::try_from(data.len()).unwrap();
    let words =
        |words: &[u32]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<_>>();
    let paths = u32::from(PATHS);
    let infos = 512;
    let data = infos + 8 * paths + MIB;
    let (name, tree) = (data + 31, data + 31 + 6);
    let leaf = tree + 21;
    // Blocks 1 to 4: the tree, its leaf, what all paths are like, and their name.
    let mut index = words(&[paths + 5, 0, 0, tree, 21, leaf, 12 + 8 * paths, data, 31, name, 6]);
    (0..paths).for_each(|n| index.extend(words(&[infos + 8 * n, MIB])));
    let vars = [&words(&[1, 1]), &[5][..], b"Paths"].concat();
    let index_at = leaf + 12 + 8 * paths;
    let places = [1, paths + 5, index_at, len(&index), index_at + len(&index), len(&vars)];
    let mut bom = [&b"BOMStore"[..], &words(&places)].concat();
    bom.resize(512, 0);
    // An id, and the block of what the path is like.
    (0..paths).for_each(|n| bom.extend(words(&[n + 1, 3])));
    bom.resize(bom.len() + (1 << 20) + 31, 0);
    bom.extend(b"\0\0\0\0a\0");
    bom.extend([&b"tree"[..], &words(&[1, 2]), &[0; 9]].concat());
    bom.extend([&[0, 1][..], &PATHS.to_be_bytes(), &[0; 8]].concat());
    (0..paths).for_each(|n| bom.extend(words(&[n + 5, 4])));
    bom.extend(index);
    bom.extend(vars);
    let text = "this is a bill of materials with longer blocks than is allowed, which is not \
                supported (the limit in bytes is 536870912)\nhint: on a Mac: lsbom FILE";
    assert_eq!(said(read(bytes(bom))), text);
}
