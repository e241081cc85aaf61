//! Damage to catalog records and attributes.

use crate::damage::{Damage, Volume, damage, differs};

/// Offsets in records of files and folders.
const FLAGS: usize = 2;
const VALENCE: usize = 4;
const ID: usize = 8;
const MODE: usize = 42;
const SPECIAL: usize = 44;
const FOLDER_COUNT: usize = 84;
const DATA: usize = 88;
const RSRC: usize = 168;
/// Offsets in forks.
const SIZE: usize = 4;
const BLOCKS: usize = 12;
const START: usize = 16;
const COUNT: usize = 20;

fn set_flag(volume: &mut Volume, name: &str, flag: u16) {
    let at = volume.data(name) + FLAGS;
    let flags = volume.u16(at);
    volume.set16(at, flags ^ flag);
}

fn set(volume: &mut Volume, name: &str, field: usize, value: u32) {
    let at = volume.data(name) + field;
    volume.set32(at, value);
}

fn get(volume: &Volume, name: &str, field: usize) -> u32 {
    volume.u32(volume.data(name) + field)
}

pub(crate) fn records() -> Vec<Damage> {
    vec![
        damage("record: type unknown", "catalog record: recordType", |v| {
            let at = v.data("file 07");
            v.set16(at, 9);
        }),
        damage("record: file as folder", "HFSPlusCatalogFolder: length", |v| {
            let at = v.data("file 07");
            v.set16(at, 1);
        }),
        damage("record: valence", "HFSPlusCatalogFolder: valence", |v| {
            set(v, "folder", VALENCE, 9)
        }),
        damage("record: valence of the root", "HFSPlusCatalogFolder: valence", |v| {
            let at = v.leaves(crate::damage::CATALOG)[0].1 + VALENCE;
            v.set32(at, 3);
        }),
        differs(
            "record: file's id is another's",
            "catalog record: id",
            "fsck_hfs counts threads, but not per id",
            |v| {
                let id = get(v, "file 08", ID);
                set(v, "file 07", ID, id);
            },
        ),
        damage("record: file's id is reserved", "HFSPlusCatalogFile: fileID", |v| {
            set(v, "file 07", ID, 5)
        }),
        damage("record: file's id is new", "HFSPlusCatalogThread: nodeName", |v| {
            set(v, "file 07", ID, 9000)
        }),
        damage("record: folder's id is new", "HFSPlusCatalogThread: nodeName", |v| {
            set(v, "sub", ID, 9000)
        }),
        damage("record: folder flagged as file", "HFSPlusCatalogFolder: flags", |v| {
            set_flag(v, "sub", 1)
        }),
        damage("record: folder with a thread flag", "HFSPlusCatalogFolder: flags", |v| {
            set_flag(v, "sub", 2)
        }),
        damage("record: file's mode is a folder's", "HFSPlusBSDInfo: fileMode", |v| {
            let at = v.data("file 07") + MODE;
            v.set16(at, 0o040_755);
        }),
        damage("record: mode of no type", "HFSPlusBSDInfo: fileMode", |v| {
            let at = v.data("file 07") + MODE;
            v.set16(at, 0o000_755);
        }),
        damage("record: folder's mode is a file's", "HFSPlusBSDInfo: fileMode", |v| {
            let at = v.data("sub") + MODE;
            v.set16(at, 0o100_755);
        }),
        damage("record: link count of a plain file", "HFSPlusCatalogFile: linkCount", |v| {
            set(v, "file 07", SPECIAL, 2)
        }),
        damage("record: plain file with a chain flag", "HFSPlusCatalogFile: flags", |v| {
            set_flag(v, "file 07", 0x20)
        }),
        damage("record: attributes flag without attributes", "catalog record: flags", |v| {
            set_flag(v, "file 07", 4)
        }),
        damage("record: security flag without security", "catalog record: flags", |v| {
            set_flag(v, "file 07", 8)
        }),
        damage("record: attributes without their flag", "catalog record: flags", |v| {
            set_flag(v, "with attributes", 4)
        }),
        damage("record: security without its flag", "catalog record: flags", |v| {
            set_flag(v, "with attributes", 8)
        }),
        damage("fork: totalBlocks", "HFSPlusForkData: totalBlocks", |v| {
            set(v, "file 07", DATA + BLOCKS, 3)
        }),
        damage("fork: size is more than its blocks", "HFSPlusForkData: logicalSize", |v| {
            set(v, "file 07", DATA + SIZE, 90_000)
        }),
        damage("fork: size over 4 GiB", "HFSPlusForkData: logicalSize", |v| {
            set(v, "file 07", DATA, 1)
        }),
        damage("fork: extent of another file", "HFSPlusExtentDescriptor: startBlock", |v| {
            let start = get(v, "file 08", DATA + START);
            set(v, "file 07", DATA + START, start);
        }),
        damage("fork: extent of the catalog", "HFSPlusExtentDescriptor: startBlock", |v| {
            let start = v.u32(1024 + crate::damage::CATALOG + 16);
            set(v, "file 07", DATA + START, start);
        }),
        damage("fork: extent outside", "HFSPlusExtentDescriptor: blockCount", |v| {
            set(v, "file 07", DATA + START, 0xffff_fff0)
        }),
        damage("fork: extent to the last block", "HFSPlusExtentDescriptor: blockCount", |v| {
            let last = v.u32(1024 + 44) - 1;
            set(v, "file 07", DATA + START, last);
        }),
        damage("fork: extent at block 0", "HFSPlusExtentDescriptor: blockCount", |v| {
            set(v, "file 07", DATA + START, 0)
        }),
        damage("fork: extent without blocks", "HFSPlusExtentDescriptor: blockCount", |v| {
            set(v, "file 07", DATA + COUNT, 0)
        }),
        damage("fork: extent behind an unused one", "HFSPlusExtentDescriptor: blockCount", |v| {
            set(v, "file 07", DATA + START + 16, 3);
            set(v, "file 07", DATA + COUNT + 16, 1);
        }),
        damage("fork: resource fork of nothing", "HFSPlusForkData: logicalSize", |v| {
            set(v, "file 07", RSRC + SIZE, 100)
        }),
        damage("fork: free block", "allocation file: blocks marked free", |v| {
            let free = v.u32(1024 + 52) + 4;
            set(v, "file 07", DATA + START, free);
        }),
        damage("name: `.`", "HFSPlusCatalogFile: length", |v| {
            // Shorter names come first among the files of a folder.
            let key = v.named("inside").0;
            v.set16(key + 8, 0x2e);
            v.set16(key + 6, 1);
            v.set16(key, 8);
            let data = key + 10;
            v.bytes.copy_within(key + 20..key + 20 + 248, data);
        }),
        differs(
            "thread: of another name",
            "HFSPlusCatalogThread: nodeName",
            "fsck_hfs follows threads of links only",
            |v| {
                let at = v.thread("file 07").1 + 10;
                v.set16(at, 0x67);
            },
        ),
        differs(
            "thread: of another parent",
            "HFSPlusCatalogThread: nodeName",
            "fsck_hfs follows threads of links only",
            |v| {
                let at = v.thread("file 07").1 + 4;
                v.set32(at, 17);
            },
        ),
        damage("thread: of a reserved parent", "HFSPlusCatalogThread: parentID", |v| {
            let at = v.thread("file 07").1 + 4;
            v.set32(at, 5);
        }),
        damage("thread: of a folder for a file", "HFSPlusCatalogThread: nodeName", |v| {
            let at = v.thread("file 07").1;
            v.set16(at, 3);
        }),
        damage("thread: of another id", "catalog B-tree: key order", |v| {
            let at = v.thread("file 59").0 + 2;
            v.set32(at, 9000);
        }),
    ]
}

/// Only case-sensitive volumes count folders.
pub(crate) fn folder_counts() -> Vec<Damage> {
    vec![
        damage("HFSX: folderCount", "HFSPlusCatalogFolder: folderCount", |v| {
            set(v, "folder", FOLDER_COUNT, 7)
        }),
        damage("HFSX: folderCount's flag", "HFSPlusCatalogFolder: flags", |v| {
            set_flag(v, "folder", 0x10)
        }),
        damage("HFSX: keys out of order", "catalog B-tree: key order", |v| {
            let at = v.named("file 30").0;
            v.set16(at + 8, 0x46);
        }),
    ]
}

pub(crate) fn attributes() -> Vec<Damage> {
    vec![
        damage("attribute: of another file", "catalog record: flags", |v| {
            for name in ["com.apple.system.Security", "in.fork", "inline"] {
                let at = v.attribute(name).0 + 4;
                let id = v.u32(at);
                v.set32(at, id + 5000);
            }
        }),
        damage("attribute: type unknown", "HFSPlusAttrKey: recordType", |v| {
            let at = v.attribute("inline").1;
            v.set32(at, 0x99);
        }),
        damage("attribute: startBlock", "HFSPlusAttrKey: startBlock", |v| {
            let at = v.attribute("inline").0 + 8;
            v.set32(at, 4);
        }),
        damage("attribute: extents of no fork", "HFSPlusAttrKey: recordType", |v| {
            let at = v.attribute("inline").1;
            v.set32(at, 0x30);
        }),
        damage("attribute: attrSize", "HFSPlusAttrData: attrSize", |v| {
            let at = v.attribute("inline").1 + 12;
            v.set32(at, 5000);
        }),
        damage("attribute: fork's totalBlocks", "HFSPlusForkData: totalBlocks", |v| {
            let at = v.attribute("in.fork").1 + 8 + BLOCKS;
            v.set32(at, 9);
        }),
        damage("attribute: fork's size", "HFSPlusForkData: logicalSize", |v| {
            let at = v.attribute("in.fork").1 + 8 + SIZE;
            v.set32(at, 50_000);
        }),
        damage("attribute: fork's extent overlaps", "HFSPlusExtentDescriptor: startBlock", |v| {
            let start = get(v, "file 08", DATA + START);
            let at = v.attribute("in.fork").1 + 8 + START;
            v.set32(at, start);
        }),
        damage("attribute: names out of order", "attributes B-tree: key order", |v| {
            let at = v.attribute("in.fork").0 + 14;
            v.set16(at, 0x7a);
        }),
    ]
}
