//! Damage to headers, B-trees, the bitmap and the journal.

use crate::damage::{ATTRIBUTES, BITMAP, CATALOG, Damage, EXTENTS, Volume, damage, differs};

pub(crate) fn header() -> Vec<Damage> {
    vec![
        damage("header: fileCount", "HFSPlusVolumeHeader: fileCount", |v| v.headers(32, |n| n + 1)),
        damage("header: folderCount", "HFSPlusVolumeHeader: folderCount", |v| {
            v.headers(36, |n| n - 1)
        }),
        damage("header: freeBlocks", "HFSPlusVolumeHeader: freeBlocks", |v| {
            v.headers(48, |n| n + 7)
        }),
        damage("header: nextAllocation outside", "HFSPlusVolumeHeader: nextAllocation", |v| {
            v.headers(52, |_| 0x7fff_ffff)
        }),
        damage("header: rsrcClumpSize 0", "HFSPlusVolumeHeader: rsrcClumpSize", |v| {
            v.headers(56, |_| 0)
        }),
        damage("header: dataClumpSize odd", "HFSPlusVolumeHeader: dataClumpSize", |v| {
            v.headers(60, |n| n + 1)
        }),
        damage("header: nextCatalogID in use", "HFSPlusVolumeHeader: nextCatalogID", |v| {
            v.headers(64, |n| n - 1)
        }),
        damage("header: encodingsBitmap", "HFSPlusVolumeHeader: encodingsBitmap", |v| {
            v.headers(76, |_| 0)
        }),
        damage(
            "header: createDate of the copy",
            "alternate HFSPlusVolumeHeader: createDate",
            |v| {
                let at = v.bytes.len() - 1024 + 16;
                v.set32(at, 5);
            },
        ),
        damage("header: signature", "HFSPlusVolumeHeader: signature", |v| v.set16(1024, 0)),
        damage("header: version", "HFSPlusVolumeHeader: version", |v| v.set16(1026, 9)),
        damage("header: signature of the copy", "alternate HFSPlusVolumeHeader: signature", |v| {
            let at = v.bytes.len() - 1024;
            v.set16(at, 0);
        }),
        damage("header: both signatures", "HFSPlusVolumeHeader: signature", |v| {
            v.headers(0, |_| 0)
        }),
        damage("header: blockSize 0", "HFSPlusVolumeHeader: blockSize", |v| v.headers(40, |_| 0)),
        damage("header: blockSize odd", "HFSPlusVolumeHeader: blockSize", |v| {
            v.headers(40, |n| n + 512)
        }),
        damage(
            "header: totalBlocks more than there are",
            "HFSPlusVolumeHeader: totalBlocks",
            |v| v.headers(44, |n| n + 8),
        ),
        damage("header: totalBlocks 2", "HFSPlusVolumeHeader: totalBlocks", |v| {
            v.headers(44, |_| 2)
        }),
        damage(
            "header: catalogFile.clumpSize odd",
            "HFSPlusVolumeHeader: catalogFile.clumpSize",
            |v| v.headers(CATALOG + 8, |n| n + 1),
        ),
        damage("header: catalogFile.totalBlocks", "HFSPlusForkData: totalBlocks", |v| {
            v.headers(CATALOG + 12, |n| n + 1)
        }),
        damage("header: catalogFile starts elsewhere", "catalog B-tree: nodeSize", |v| {
            v.headers(CATALOG + 16, |n| n + 1)
        }),
        damage("header: catalogFile starts outside", "HFSPlusExtentDescriptor: blockCount", |v| {
            v.headers(CATALOG + 16, |_| 0xffff_0000)
        }),
        damage("header: catalogFile is too long", "HFSPlusExtentDescriptor: blockCount", |v| {
            v.headers(CATALOG + 20, |_| 0x00ff_0000)
        }),
        damage("header: extentsFile starts at 0", "HFSPlusExtentDescriptor: blockCount", |v| {
            v.headers(EXTENTS + 16, |_| 0)
        }),
        damage("header: extentsFile.totalBlocks", "HFSPlusForkData: totalBlocks", |v| {
            v.headers(EXTENTS + 12, |n| n + 2)
        }),
        damage("header: attributesFile.totalBlocks", "HFSPlusForkData: totalBlocks", |v| {
            v.headers(ATTRIBUTES + 12, |n| n + 2)
        }),
        damage("header: allocationFile overlaps", "HFSPlusExtentDescriptor: startBlock", |v| {
            v.headers(BITMAP + 16, |n| n + 1)
        }),
        damage("header: allocationFile.totalBlocks", "HFSPlusForkData: totalBlocks", |v| {
            v.headers(BITMAP + 12, |n| n + 1)
        }),
        damage("header: startupFile overlaps", "HFSPlusExtentDescriptor: startBlock", |v| {
            v.headers(432 + 12, |_| 1);
            v.headers(432 + 16, |_| 3);
            v.headers(432 + 20, |_| 1);
        }),
    ]
}

/// Fields of the header record: offset, bytes.
const DEPTH: usize = 0;
const ROOT: usize = 2;
const LEAF_RECORDS: usize = 6;
const FIRST_LEAF: usize = 10;
const LAST_LEAF: usize = 14;
const NODE_SIZE: usize = 18;
const MAX_KEY: usize = 20;
const TOTAL: usize = 22;
const FREE: usize = 26;

fn add(volume: &mut Volume, fork: usize, field: usize, number: u32) {
    let at = volume.tree(fork, field);
    let value = volume.u32(at).wrapping_add(number);
    volume.set32(at, value);
}

pub(crate) fn trees() -> Vec<Damage> {
    vec![
        damage("tree: treeDepth", "catalog B-tree: height", |v| {
            let at = v.tree(CATALOG, DEPTH);
            v.set16(at, 3);
        }),
        damage("tree: treeDepth 0", "catalog B-tree: treeDepth", |v| {
            let at = v.tree(CATALOG, DEPTH);
            v.set16(at, 0);
        }),
        damage("tree: treeDepth 99", "catalog B-tree: treeDepth", |v| {
            let at = v.tree(CATALOG, DEPTH);
            v.set16(at, 99);
        }),
        damage("tree: rootNode is a leaf", "catalog B-tree: kind", |v| {
            let at = v.tree(CATALOG, ROOT);
            v.set32(at, 1);
        }),
        damage("tree: rootNode outside", "catalog B-tree: node number", |v| {
            add(v, CATALOG, ROOT, 0x1000_0000)
        }),
        damage("tree: catalog leafRecords", "catalog B-tree: leafRecords", |v| {
            add(v, CATALOG, LEAF_RECORDS, 1)
        }),
        damage("tree: attributes leafRecords", "attributes B-tree: leafRecords", |v| {
            add(v, ATTRIBUTES, LEAF_RECORDS, 1)
        }),
        differs(
            "tree: extents leafRecords",
            "extents B-tree: leafRecords",
            "fsck_hfs counts none in a tree without root",
            |v| {
                add(v, EXTENTS, LEAF_RECORDS, 1);
            },
        ),
        damage("tree: firstLeafNode", "catalog B-tree: firstLeafNode", |v| {
            add(v, CATALOG, FIRST_LEAF, 1)
        }),
        damage("tree: lastLeafNode", "catalog B-tree: lastLeafNode", |v| {
            add(v, CATALOG, LAST_LEAF, 1)
        }),
        damage("tree: nodeSize 0", "catalog B-tree: nodeSize", |v| {
            let at = v.tree(CATALOG, NODE_SIZE);
            v.set16(at, 0);
        }),
        damage("tree: nodeSize doubled", "catalog B-tree: node number", |v| {
            let at = v.tree(CATALOG, NODE_SIZE);
            let size = v.u16(at);
            v.set16(at, size * 2);
        }),
        damage("tree: maxKeyLength", "catalog B-tree: maxKeyLength", |v| {
            let at = v.tree(CATALOG, MAX_KEY);
            v.set16(at, 500);
        }),
        damage("tree: totalNodes", "catalog B-tree: totalNodes", |v| add(v, CATALOG, TOTAL, 1)),
        damage("tree: freeNodes", "catalog B-tree: freeNodes", |v| add(v, CATALOG, FREE, 1)),
        damage("tree: attributes freeNodes", "attributes B-tree: freeNodes", |v| {
            add(v, ATTRIBUTES, FREE, 1)
        }),
        damage("tree: extents freeNodes", "extents B-tree: freeNodes", |v| {
            add(v, EXTENTS, FREE, 1)
        }),
        damage("tree: header node's kind", "catalog B-tree: kind", |v| {
            let at = v.file(CATALOG) + 8;
            v.bytes[at] = 0;
        }),
        damage("tree: header node's numRecords", "catalog B-tree: map node", |v| {
            let at = v.file(CATALOG) + 10;
            v.set16(at, 2);
        }),
        damage("tree: header node's height", "catalog B-tree: kind", |v| {
            let at = v.file(CATALOG) + 9;
            v.bytes[at] = 1;
        }),
        damage("tree: header node's fLink", "catalog B-tree: map", |v| {
            let at = v.file(CATALOG);
            v.set32(at, 1);
        }),
        damage("tree: a used node is marked free", "catalog B-tree: map", |v| {
            let at = v.file(CATALOG) + 248;
            v.bytes[at] &= 0xdf;
        }),
        damage("tree: a free node is marked used", "attributes B-tree: map", |v| {
            let at = v.file(ATTRIBUTES) + 248;
            v.bytes[at] |= 1;
        }),
        damage("tree: an unused node is not zero", "catalog B-tree: unused node", |v| {
            let last = v.u32(v.tree(CATALOG, TOTAL)) - 1;
            let at = v.node(CATALOG, last) + 1000;
            v.bytes[at] = 1;
        }),
    ]
}

fn root(volume: &Volume) -> u32 {
    volume.u32(volume.tree(CATALOG, ROOT))
}

pub(crate) fn nodes() -> Vec<Damage> {
    vec![
        damage("node: leaf's kind", "catalog B-tree: kind", |v| {
            let at = v.node(CATALOG, 2) + 8;
            v.bytes[at] = 0;
        }),
        damage("node: leaf's height", "catalog B-tree: height", |v| {
            let at = v.node(CATALOG, 2) + 9;
            v.bytes[at] = 2;
        }),
        damage("node: fLink", "catalog B-tree: fLink", |v| {
            let at = v.node(CATALOG, 2);
            v.set32(at, 9);
        }),
        damage("node: fLink to itself", "catalog B-tree: fLink", |v| {
            let at = v.node(CATALOG, 2);
            v.set32(at, 2);
        }),
        damage("node: bLink", "catalog B-tree: bLink", |v| {
            let at = v.node(CATALOG, 2) + 4;
            v.set32(at, 9);
        }),
        damage("node: no records", "catalog B-tree: numRecords", |v| {
            let at = v.node(CATALOG, 2) + 10;
            v.set16(at, 0);
        }),
        damage("node: more records than fit", "catalog B-tree: node", |v| {
            let at = v.node(CATALOG, 2) + 10;
            v.set16(at, 4000);
        }),
        damage("node: record offset outside", "catalog B-tree: node", |v| {
            let at = v.node(CATALOG, 3) - 4;
            v.set16(at, 0xfff0);
        }),
        damage("node: record offset before the last", "catalog B-tree: node", |v| {
            let at = v.node(CATALOG, 3) - 4;
            v.set16(at, 14);
        }),
        damage("node: keyLength 0", "catalog B-tree: keyLength", |v| {
            let at = v.record(CATALOG, 2, 1);
            v.set16(at, 0);
        }),
        damage("node: keyLength 600", "catalog B-tree: keyLength", |v| {
            let at = v.record(CATALOG, 2, 1);
            v.set16(at, 600);
        }),
        damage("node: keys out of order", "catalog B-tree: key order", |v| {
            let at = v.named("file 30").0;
            v.set16(at + 8, 0x41);
        }),
        damage("node: same key twice", "catalog B-tree: key order", |v| {
            let at = v.named("file 31").0;
            let last = at + 8 + 2 * 6;
            let digit = v.u16(last) - 1;
            v.set16(last, digit);
        }),
        damage("index: child outside", "catalog B-tree: fLink", |v| {
            let at = v.record(CATALOG, root(v), 1);
            let at = at + 2 + usize::from(v.u16(at));
            v.set32(at, 0x00ff_ffff);
        }),
        damage("index: child is the header", "catalog B-tree: fLink", |v| {
            let at = v.record(CATALOG, root(v), 1);
            let at = at + 2 + usize::from(v.u16(at));
            v.set32(at, 0);
        }),
        damage("index: child is the root", "catalog B-tree: fLink", |v| {
            let at = v.record(CATALOG, root(v), 1);
            let at = at + 2 + usize::from(v.u16(at));
            let root = root(v);
            v.set32(at, root);
        }),
        damage("index: same child twice", "catalog B-tree: fLink", |v| {
            let at = v.record(CATALOG, root(v), 1);
            let at = at + 2 + usize::from(v.u16(at));
            v.set32(at, 1);
        }),
        damage("index: key is not the child's", "catalog B-tree: index key", |v| {
            let at = v.record(CATALOG, root(v), 1);
            let last = at + usize::from(v.u16(at));
            let unit = v.u16(last) + 1;
            v.set16(last, unit);
        }),
    ]
}

pub(crate) fn bitmap() -> Vec<Damage> {
    vec![
        damage("bitmap: a used block is marked free", "allocation file: blocks marked free", |v| {
            let at = v.file(BITMAP) + 5;
            v.bytes[at] &= 0xfe;
        }),
        damage("bitmap: a free block is marked used", "allocation file: blocks marked used", |v| {
            let free = v.u32(1024 + 52) as usize + 3;
            let at = v.file(BITMAP) + free / 8;
            v.bytes[at] |= 0x80 >> (free % 8);
        }),
        damage(
            "bitmap: the header's block is marked free",
            "allocation file: blocks marked free",
            |v| {
                let at = v.file(BITMAP);
                v.bytes[at] &= 0x7f;
            },
        ),
        damage(
            "bitmap: the last block is marked free",
            "allocation file: blocks marked free",
            |v| {
                let last = v.u32(1024 + 44) as usize - 1;
                let at = v.file(BITMAP) + last / 8;
                v.bytes[at] &= !(0x80 >> (last % 8));
            },
        ),
        damage("bitmap: a bit behind the last block", "allocation file: blocks marked used", |v| {
            let total = v.u32(1024 + 44) as usize;
            let at = v.file(BITMAP) + total / 8;
            v.bytes[at] |= 1;
        }),
    ]
}

/// The offset of the journal info block.
fn info(volume: &Volume) -> usize {
    volume.u32(1024 + 12) as usize * 4096
}

/// Writes a journal header: magic, endianness, start and end of changes.
fn journal_header(volume: &mut Volume, start: u64, end: u64) {
    let info = info(volume);
    volume.set32(info, 1);
    let at = volume.u32(info + 40) as usize;
    volume.bytes[at..at + 8].copy_from_slice(b"JNLx\x12\x34\x56\x78");
    volume.bytes[at + 8..at + 16].copy_from_slice(&start.to_be_bytes());
    volume.bytes[at + 16..at + 24].copy_from_slice(&end.to_be_bytes());
}

const NO_SPLIT: &str = "fsck_hfs 540 does not ask for it, later versions do";
const NO_JOURNAL: &str = "fsck_hfs takes a journal that it cannot find for an empty one";

pub(crate) fn journal() -> Vec<Damage> {
    vec![
        damage("journal: changes to be replayed", "journal_header: start", |v| {
            journal_header(v, 512, 1024)
        }),
        differs(
            "journal: info block at 0",
            "HFSPlusVolumeHeader: journalInfoBlock",
            NO_JOURNAL,
            |v| v.headers(12, |_| 0),
        ),
        differs(
            "journal: info block outside",
            "HFSPlusVolumeHeader: journalInfoBlock",
            NO_JOURNAL,
            |v| v.headers(12, |_| 0x00ff_ffff),
        ),
        differs(
            "journal: node split between extents",
            "attributes B-tree: nodeSize",
            NO_SPLIT,
            |v| {
                let first = v.u32(1024 + ATTRIBUTES + 16);
                let count = v.u32(1024 + ATTRIBUTES + 20);
                v.headers(ATTRIBUTES + 20, |_| 1);
                v.headers(ATTRIBUTES + 24, |_| first + 1);
                v.headers(ATTRIBUTES + 28, |_| count - 1);
            },
        ),
    ]
}

/// The offset of the only record of the extents file: key, then extents.
fn overflow(volume: &Volume) -> usize {
    volume.record(EXTENTS, 1, 0)
}

/// Damage to a volume with a file of nine extents.
pub(crate) fn extents() -> Vec<Damage> {
    vec![
        damage("extents: record of no file", "HFSPlusForkData: totalBlocks", |v| {
            let at = overflow(v) + 4;
            v.set32(at, 5000);
        }),
        damage("extents: record of another fork", "HFSPlusForkData: totalBlocks", |v| {
            let at = overflow(v) + 2;
            v.bytes[at] = 0xff;
        }),
        damage("extents: record begins elsewhere", "HFSPlusForkData: totalBlocks", |v| {
            let at = overflow(v) + 8;
            v.set32(at, 7);
        }),
        damage("extents: record overlaps", "HFSPlusExtentDescriptor: startBlock", |v| {
            let at = overflow(v) + 12;
            let start = v.u32(at);
            v.set32(at, start - 1);
        }),
        damage("extents: record reaches outside", "HFSPlusExtentDescriptor: blockCount", |v| {
            let at = overflow(v) + 12;
            v.set32(at, 0xffff_0000);
        }),
        damage("extents: record is shorter than the fork", "HFSPlusForkData: totalBlocks", |v| {
            let at = overflow(v) + 16;
            v.set32(at, 1);
        }),
        damage("extents: record with a gap", "HFSPlusExtentDescriptor: blockCount", |v| {
            let at = overflow(v) + 12 + 16;
            v.set32(at, 1);
            v.set32(at + 4, 1);
        }),
        damage("extents: keyLength", "extents B-tree: keyLength", |v| {
            let at = overflow(v);
            v.set16(at, 9);
        }),
        damage("extents: tree without its record", "extents B-tree: leafRecords", |v| {
            for (field, value) in [(DEPTH, 0u32), (ROOT, 0), (FIRST_LEAF, 0), (LAST_LEAF, 0)] {
                let at = v.tree(EXTENTS, field);
                if field == DEPTH {
                    v.set16(at, 0);
                } else {
                    v.set32(at, value);
                }
            }
        }),
        damage("extents: leafRecords", "extents B-tree: leafRecords", |v| {
            add(v, EXTENTS, LEAF_RECORDS, 1)
        }),
    ]
}
