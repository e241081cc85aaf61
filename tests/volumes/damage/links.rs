//! Damage to hard links.

use crate::damage::{ATTRIBUTES, Damage, Volume, damage};

const FLAGS: usize = 2;
const FIRST: usize = 4;
const ID: usize = 8;
const CREATED: usize = 12;
const BEFORE: usize = 32;
const BEHIND: usize = 36;
const OWNER_FLAGS: usize = 41;
const MODE: usize = 42;
const SPECIAL: usize = 44;
const FINDER: usize = 48;

const FILE_INODES: &str = "\0\0\0\0HFS+ Private Data";
const DIR_INODES: &str = ".HFS+ Private Directory Data\r";

/// The data of an inode's record: the only child of a private folder.
fn inode(volume: &Volume, folder: &str) -> (usize, usize) {
    let id = volume.u32(volume.data(folder) + ID);
    let inside = |(key, _): &&(usize, usize)| volume.u32(key + 2) == id && volume.u16(key + 6) != 0;
    *volume.leaves(crate::damage::CATALOG).iter().find(inside).unwrap()
}

fn set(volume: &mut Volume, at: usize, field: usize, value: u32) {
    volume.set32(at + field, value);
}

fn flip(volume: &mut Volume, at: usize, flag: u16) {
    let flags = volume.u16(at + FLAGS);
    volume.set16(at + FLAGS, flags ^ flag);
}

pub(crate) fn files() -> Vec<Damage> {
    vec![
        damage("link: to no inode", "hard link inode: linkCount", |v| {
            let at = v.data("link b");
            set(v, at, SPECIAL, 7777);
        }),
        damage("link: linkCount of the inode", "hard link inode: linkCount", |v| {
            let at = inode(v, FILE_INODES).1;
            set(v, at, SPECIAL, 2);
        }),
        damage("link: linkCount 0", "hard link inode: linkCount", |v| {
            let at = inode(v, FILE_INODES).1;
            set(v, at, SPECIAL, 0);
        }),
        damage("link: first link", "hard link inode: firstLinkID", |v| {
            let second = v.u32(v.data("link b") + ID);
            let at = inode(v, FILE_INODES).1;
            set(v, at, FIRST, second);
        }),
        damage("link: first link 0", "hard link inode: firstLinkID", |v| {
            let at = inode(v, FILE_INODES).1;
            set(v, at, FIRST, 0);
        }),
        damage("link: next link", "hard link inode: firstLinkID", |v| {
            let at = v.data("link b");
            set(v, at, BEHIND, 0);
        }),
        damage("link: previous link", "hard link inode: firstLinkID", |v| {
            let at = v.data("link b");
            set(v, at, BEFORE, 99);
        }),
        damage("link: chain in a circle", "hard link inode: firstLinkID", |v| {
            let first = v.u32(v.data("link a") + ID);
            let at = v.data("link c");
            set(v, at, BEHIND, first);
        }),
        damage("link: without a chain flag", "hard link inode: firstLinkID", |v| {
            let at = v.data("link b");
            flip(v, at, 0x20);
        }),
        damage("link: inode without a chain flag", "hard link inode: firstLinkID", |v| {
            let at = inode(v, FILE_INODES).1;
            flip(v, at, 0x20);
        }),
        damage("link: of another date", "HFSPlusCatalogFile: createDate", |v| {
            let at = v.data("link b");
            set(v, at, CREATED, 77);
        }),
        damage("link: not of a link's kind", "HFSPlusCatalogFile: flags", |v| {
            let at = v.data("link b") + FINDER;
            v.bytes[at] = b'H';
        }),
        damage("link: with data", "HFSPlusCatalogFile: dataFork", |v| {
            let free = v.u32(1024 + 52) + 4;
            let at = v.data("link b") + 88;
            v.set32(at + 12, 1);
            v.set32(at + 16, free);
            v.set32(at + 20, 1);
        }),
        damage("link: inode of another number", "HFSPlusCatalogThread: nodeName", |v| {
            let key = inode(v, FILE_INODES).0;
            let digit = v.u16(key + 8 + 10);
            v.set16(key + 8 + 10, if digit == 0x31 { 0x32 } else { 0x31 });
            let id = v.u32(inode(v, FILE_INODES).1 + ID);
            assert!(id > 0);
        }),
    ]
}

pub(crate) fn folders() -> Vec<Damage> {
    vec![
        damage("folder link: to no inode", "hard link inode: linkCount", |v| {
            let at = v.data("linked");
            set(v, at, SPECIAL, 7777);
        }),
        damage("folder link: kind", "HFSPlusCatalogFile: finderInfo", |v| {
            let at = v.data("linked") + FINDER;
            v.bytes[at] = b'H';
        }),
        damage("folder link: alias flag", "HFSPlusCatalogFile: finderInfo", |v| {
            let at = v.data("linked") + FINDER + 8;
            v.set16(at, 0);
        }),
        damage("folder link: not immutable", "HFSPlusCatalogFile: ownerFlags", |v| {
            let at = v.data("linked") + OWNER_FLAGS;
            v.bytes[at] = 0;
        }),
        damage("folder link: without a chain flag", "HFSPlusCatalogFile: linkCount", |v| {
            let at = v.data("linked");
            flip(v, at, 0x20);
        }),
        damage("folder link: next link", "hard link inode: firstLinkID", |v| {
            let at = v.data("linked");
            set(v, at, BEHIND, 99);
        }),
        damage("folder link: linkCount", "hard link inode: linkCount", |v| {
            let at = inode(v, DIR_INODES).1;
            set(v, at, SPECIAL, 5);
        }),
        damage("folder link: inode without a chain flag", "hard link inode: firstLinkID", |v| {
            let at = inode(v, DIR_INODES).1;
            flip(v, at, 0x20);
        }),
        damage("folder link: no flag in the folder above", "HFSPlusCatalogFolder: flags", |v| {
            let at = v.data("folder");
            flip(v, at, 0x40);
        }),
        damage("folder link: first link's attribute", "hard link inode: firstLinkID", |v| {
            let at = v.attribute("com.apple.system.hfs.firstlink").1 + 16;
            v.bytes[at] = if v.bytes[at] == b'1' { b'2' } else { b'1' };
        }),
        damage(
            "folder link: first link's attribute is no number",
            "hard link inode: firstLinkID",
            |v| {
                let at = v.attribute("com.apple.system.hfs.firstlink").1 + 16;
                v.bytes[at] = b'x';
            },
        ),
        damage("folder link: private folder's mode", "HFSPlusCatalogFolder: permissions", |v| {
            let at = v.data(DIR_INODES) + MODE;
            v.set16(at, 0o040_555);
        }),
        damage("folder link: inode of another name", "HFSPlusCatalogThread: nodeName", |v| {
            let key = inode(v, DIR_INODES).0;
            v.set16(key + 8, 0x44);
            assert!(v.leaves(ATTRIBUTES).len() > 3);
        }),
    ]
}
