//! Bills made here, whole and broken.

use super::*;
use crate::block::{Error, bytes};

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

fn broken(bom: &[u8]) -> (&'static str, &'static str) {
    match read(bytes(bom)) {
        Err(Error::Corrupt(corrupt)) => (corrupt.structure, corrupt.field),
        other => panic!("{other:?}"),
    }
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
}

#[test]
fn broken_fields_are_named() {
    let made = write(&sample(600)).unwrap();
    let at = |at: usize| u32::from_be_bytes(made[at..at + 4].try_into().unwrap()) as usize;
    let with = |at: usize, bytes: &[u8]| {
        let mut made = made.clone();
        made[at..at + bytes.len()].copy_from_slice(bytes);
        broken(&made)
    };
    assert_eq!(broken(&made[..100]), ("BOM", "length"));
    assert_eq!(with(0, b"X"), ("BOM", "magic"));
    assert_eq!(with(11, &[2]), ("BOM", "version"));
    assert_eq!(with(16, &[255]), ("BOM", "index"));
    assert_eq!(with(24, &[255]), ("BOM", "variables"));
    let (index, vars) = (at(16), at(24));
    assert_eq!(with(index, &[255]), ("BOM", "number of blocks"));
    assert_eq!(with(vars, &[255]), ("BOM", "number of variables"));
    assert_eq!(with(vars + 3, &[200]), ("BOM", "number of variables"));
    assert_eq!(with(vars + 9 + 12, b"X"), ("BOM", "variables"));
    // The blocks of the first path: what it is, its id, its file.
    let block = |number: usize| at(index + 4 + 8 * number);
    // The link is the last of 605 paths.
    assert_eq!(with(block(1 + 3 * 604) + 27, &[255]), ("BOM path", "link name length"));
    assert_eq!(with(block(2) + 4, &[255]), ("BOM", "block number"));
    assert_eq!(with(block(3) + 4, &[0]), ("BOM file", "name"));
    assert_eq!(with(block(6), &[9]), ("BOM file", "parent"));
    assert_eq!(with(block(5), &block_id(&made, block(2))), ("BOM path", "id"));
    assert_eq!(with(index + 4 + 8 + 4, &[255]), ("BOM", "block length"));
    assert_eq!(with(index + 4 + 8 + 4, &[0, 0, 0, 9]), ("BOM path", "length"));
    // The first leaf is the block behind the last file.
    let leaf = 1 + 3 * 605;
    assert_eq!(with(block(leaf) + 2, &[255, 255]), ("BOM node", "count"));
    let own = u32::try_from(leaf).unwrap().to_be_bytes();
    assert_eq!(with(block(leaf + 1) + 4, &own), ("BOM node", "forward"));
    assert_eq!(with(block(leaf + 4), b"x"), ("BOM tree", "magic"));
    let root = u32::try_from(leaf + 3).unwrap().to_be_bytes();
    assert_eq!(with(block(leaf + 3) + 12, &root), ("BOM tree", "levels"));
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
    match read(bytes(bom)) {
        Err(Error::Unsupported(unsupported)) => {
            assert_eq!(unsupported.what, "a bill of materials with longer blocks than is allowed");
        }
        other => panic!("{other:?}"),
    }
}
