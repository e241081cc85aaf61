//! A tree of four nodes made by hand: a header, an index, two leaves.

use super::*;
use crate::block::bytes;
use crate::block::saying::assert_said;
use crate::volume::hfsplus::key::{ExtentKey, ExtentKeys};

const SIZE: usize = 512;

fn node(links: [u32; 2], kind: i8, height: u8, records: &[Vec<u8>]) -> Vec<u8> {
    let count = u16::try_from(records.len()).unwrap();
    let mut node = links.map(u32::to_be_bytes).concat();
    node.extend([&kind.to_be_bytes()[..], &[height], &count.to_be_bytes(), &[0; 2]].concat());
    let mut offsets = Vec::new();
    for record in records {
        offsets.push(node.len());
        node.extend(record);
    }
    offsets.push(node.len());
    node.resize(SIZE - 2 * offsets.len(), 0);
    for offset in offsets.iter().rev() {
        node.extend(u16::try_from(*offset).unwrap().to_be_bytes());
    }
    node
}

fn record(file: u32, data: u32) -> Vec<u8> {
    [&[0, 10, 0, 0][..], &file.to_be_bytes(), &[0; 4], &data.to_be_bytes()].concat()
}

fn file() -> Vec<u8> {
    let mut header = vec![0, 2];
    header.extend([1u32, 4, 2, 3].map(u32::to_be_bytes).concat()); // root, records, first, last
    header.extend([2, 0, 0, 10]); // node size, longest key
    header.extend([5u32, 1].map(u32::to_be_bytes).concat()); // nodes, one of them free
    header.resize(106, 0);
    let header = node([0, 0], 1, 0, &[header, vec![0; 128], vec![0xf0; 256]]);
    let index = node([0, 0], 0, 2, &[record(16, 2), record(30, 3)]);
    let first = node([3, 0], -1, 1, &[record(16, 160), record(20, 200)]);
    let last = node([0, 2], -1, 1, &[record(30, 300), record(40, 400)]);
    [header, index, first, last, vec![0; SIZE]].concat()
}

fn open(file: Vec<u8>) -> Result<BTree<ExtentKeys>> {
    let file = bytes(file);
    let header = header(&file, &EXTENTS)?;
    BTree::open(file, header, ExtentKeys, EXTENTS)
}

const fn key(file: u32) -> ExtentKey {
    ExtentKey { file, fork: 0, block: 0 }
}

fn scanned(tree: &BTree<ExtentKeys>) -> Result<Vec<u32>> {
    let mut files = Vec::new();
    tree.scan(&mut |record| {
        files.push(record.key.file);
        assert_eq!(record.data.len(), 4);
        Ok(())
    })?;
    Ok(files)
}

#[test]
fn records_are_found_and_scanned() {
    let tree = open(file()).unwrap();
    assert_eq!(scanned(&tree).unwrap(), [16, 20, 30, 40]);
    for there in [16, 20, 30, 40] {
        assert_eq!(tree.find(&key(there)).unwrap().unwrap(), (there * 10).to_be_bytes());
    }
    for absent in [0, 17, 29, 35, 41] {
        assert_eq!(tree.find(&key(absent)).unwrap(), None);
    }
    for (from, first) in [(0, 16), (17, 20), (21, 30), (40, 40)] {
        let mut found = None;
        let mut visit = |record: Visit<'_, ExtentKeys>| {
            found = Some((record.key.file, record.at));
            Ok(ControlFlow::Break(()))
        };
        tree.scan_from(&key(from), &mut visit).unwrap();
        assert_eq!(found.unwrap().0, first, "from {from}");
    }
}

#[test]
fn an_empty_tree_has_no_root() {
    let mut empty = file();
    empty[14..32].fill(0);
    let tree = open(empty).unwrap();
    assert_eq!(tree.find(&key(16)).unwrap(), None);
    assert!(scanned(&tree).unwrap().is_empty());
}

/// What opening, scanning and finding say when some bytes are others.
fn said(at: usize, bytes: &[u8]) -> String {
    let mut file = file();
    file[at..at + bytes.len()].copy_from_slice(bytes);
    let all = || {
        let tree = open(file)?;
        [16, 40].iter().try_for_each(|file| tree.find(&key(*file)).map(drop))?;
        scanned(&tree)
    };
    all().unwrap_err().to_string()
}

#[test]
fn each_broken_field_is_named() {
    let mut rows = Vec::new();
    for (at, bytes, expected) in [
        (8, &[0xff][..], "extents B-tree node: kind is 1: not a header node (at byte 0)"),
        (
            14,
            &[0, 17],
            "extents B-tree header: treeDepth is 17: a tree with a root has 1 to 16 levels, and one without has none",
        ),
        (
            14,
            &[0, 0],
            "extents B-tree header: treeDepth is 0: a tree with a root has 1 to 16 levels, and one without has none",
        ),
        (
            14,
            &[0, 3],
            "extents B-tree node: height is 2: not the level it was found on (at byte 512)",
        ),
        (16, &[0, 0, 0, 5], "extents B-tree header: rootNode is 5: behind the last node"),
        (
            16,
            &[0, 0, 0, 3],
            "extents B-tree node: height is 1: not the level it was found on (at byte 1536)",
        ),
        (
            20,
            &[0, 0, 0, 9],
            "extents B-tree header: leafRecords is 9: not the number of records in the leaves",
        ),
        (
            24,
            &[0, 0, 0, 3],
            "extents B-tree node: bLink is 2: not the leaf before it (at byte 1536)",
        ),
        (
            24,
            &[0, 0, 0, 1],
            "extents B-tree node: kind is 0: not a leaf, but in their chain (at byte 512)",
        ),
        (
            28,
            &[0, 0, 0, 2],
            "extents B-tree header: lastLeafNode is 2: not where the chain of leaves ends",
        ),
        (
            32,
            &[2, 1],
            "extents B-tree header: nodeSize is 513: not a power of two from 512 to 32768",
        ),
        (
            32,
            &[1, 0],
            "extents B-tree header: nodeSize is 256: not a power of two from 512 to 32768",
        ),
        (
            36,
            &[0, 0, 0, 6],
            "extents B-tree header: totalNodes is 6: none, or more nodes than the file has bytes for",
        ),
        (SIZE + 8, &[5], "extents B-tree node: kind is 0x5: no kind of node (at byte 512)"),
        (
            SIZE + 26,
            &[0, 0, 0, 0],
            "extents B-tree node: height is 0: not the level it was found on (at byte 0)",
        ),
        (
            SIZE + 26,
            &[0xff, 0xff],
            "extents B-tree node: node number is 4294901762: behind the last node",
        ),
        (
            2 * SIZE,
            &[0, 0, 0, 2],
            "extents B-tree node: bLink is 0: not the leaf before it (at byte 1024)",
        ),
        (
            2 * SIZE + 10,
            &[0, 250],
            "extents B-tree node: numRecords is 250: more records than the node has room for (at byte 1024)",
        ),
        (
            2 * SIZE + 10,
            &[0, 0],
            "extents B-tree node: numRecords is 0: a leaf has at least one (at byte 1024)",
        ),
        (
            3 * SIZE - 2,
            &[0, 15],
            "extents B-tree node: record offset is 15: the first record must follow the descriptor (at byte 1024)",
        ),
        (
            3 * SIZE - 4,
            &[0, 14],
            "extents B-tree node: record offset is 14: not behind the record before it (at byte 1024)",
        ),
        (
            3 * SIZE - 6,
            &[1, 254],
            "extents B-tree node: record offset is 510: inside the record offsets (at byte 1024)",
        ),
        (
            2 * SIZE + 14,
            &[0xff, 0xfe],
            "extents record: keyLength is 65534: the key ends behind its record (at byte 1038)",
        ),
        (
            2 * SIZE + 14,
            &[0, 2],
            "extent key: keyLength is 0: too short for its fields (at byte 1038)",
        ),
        (
            2 * SIZE + 18,
            &[0, 0, 0, 90],
            "extents record: key is 1: the record's key is not behind the one before it (at byte 1054)",
        ),
        (
            3 * SIZE + 18,
            &[0, 0, 0, 9],
            "extents record: key is 0: the record's key is not behind the one before it (at byte 1550)",
        ),
    ] {
        rows.push((said(at, bytes), expected));
    }
    assert_said(rows);
}

#[test]
fn short_nodes_and_records_are_named() {
    let short = Node::parse(vec![0; 9], &EXTENTS).map(drop).unwrap_err().to_string();
    assert_eq!(short, "extents B-tree node: length is 9: too short for a descriptor");
    // The index's second record ends behind its key, with the node's records.
    let mut cut = file();
    let end = SIZE + SIZE - 6;
    let free = u16::from_be_bytes([cut[end], cut[end + 1]]) - 2;
    cut[end..end + 2].copy_from_slice(&free.to_be_bytes());
    let said = open(cut).unwrap().find(&key(40)).unwrap_err().to_string();
    let text = "extents B-tree node: index record is 2: too short for a node number (at byte 512)";
    assert_eq!(said, text);
}

#[test]
fn circles_end() {
    // The last leaf leads to the first, which says that it follows it.
    let mut circle = file();
    circle[2 * SIZE + 7] = 3;
    circle[3 * SIZE + 3] = 2;
    let said = scanned(&open(circle).unwrap()).unwrap_err().to_string();
    let text = "extents B-tree node: bLink is 3: not the leaf before it (at byte 1024)";
    assert_eq!(said, text);
    let mut short = file();
    short.truncate(100);
    let said = open(short).map(drop).unwrap_err().to_string();
    assert_eq!(said, "extents B-tree header: length is 100: too short for a header");
}
