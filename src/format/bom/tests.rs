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
