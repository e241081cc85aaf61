//! Damaged volumes: an error that names the field, never a panic or a hang.

use crate::hfs_write::{NOW, add, file, meta, name};
use lionize::block::{Error, ReadAt, bytes, read_vec};
use lionize::volume::hfsplus::{Params, Size, Volume, decmpfs, lay_out};
use lionize::volume::tree::Xattr;
use lionize::volume::{Body, Case, Meta, Name, NodeId, Tree, VPath};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A tree with something of everything.
pub(crate) fn sample(case: Case) -> Tree {
    let mut tree = Tree::new(name("Sample"), case, NOW);
    let root = tree.root();
    let dir = add(&mut tree, root, "folder", Body::Dir(Vec::new()));
    for index in 0..40 {
        let id =
            add(&mut tree, dir, &format!("file {index:02} with a longer name"), file(*b"data"));
        if index % 4 == 0 {
            let value = bytes(vec![7; 30 + 200 * usize::from(index % 8 == 0)]);
            tree.xattrs_mut(id).push(Xattr { name: name("user.note"), value });
        }
    }
    let forks = Body::File { data: bytes(vec![1; 5000]), rsrc: Some(bytes(vec![2; 700])) };
    let forked = tree.add(root, name("forks"), meta(Meta::FILE | 0o644), forks).unwrap();
    tree.xattrs_mut(forked).push(Xattr { name: name("large"), value: bytes(vec![3; 9000]) });
    let inode = tree.add_inode(meta(Meta::FILE | 0o600), file(*b"linked")).unwrap();
    let linked = tree.add_inode(meta(Meta::DIR | 0o755), Body::Dir(Vec::new())).unwrap();
    for (dir, text) in [(root, "link a"), (dir, "link b"), (root, "link c")] {
        tree.add_link(dir, name(text), meta(Meta::FILE | 0o444), inode).unwrap();
    }
    for (dir, text) in [(root, "also here"), (dir, "and here")] {
        tree.add_link(dir, name(text), meta(Meta::FILE | 0o444), linked).unwrap();
    }
    tree.add(linked, name("below a link"), meta(Meta::FILE | 0o644), file(*b"x")).unwrap();
    tree.add(root, name("symbolic"), meta(Meta::SYMLINK | 0o755), file(*b"folder")).unwrap();
    compressed(&mut tree, root);
    tree
}

fn compressed(tree: &mut Tree, dir: NodeId) {
    let mut attribute = b"fpmc\x09\0\0\0\x05\0\0\0\0\0\0\0\xccplain".to_vec();
    attribute.truncate(22);
    let meta = Meta { owner_flags: decmpfs::COMPRESSED, ..meta(Meta::FILE | 0o644) };
    let id = tree.add(dir, name("squeezed"), meta, file(*b"")).unwrap();
    let value = bytes(attribute);
    tree.xattrs_mut(id).push(Xattr { name: Name::from_text(decmpfs::NAME), value });
}

/// A volume with something of everything.
pub(crate) fn image(case: Case, block_size: u32) -> Vec<u8> {
    let size = Size::Fit { free: 0 };
    let params = Params { block_size, ..Params::new(size, NOW) };
    let laid = lay_out(&Arc::new(sample(case)), &params).unwrap();
    read_vec(&laid.map, 0, laid.map.len() as usize).unwrap()
}

/// Reads everything that can be read; the number of files.
fn walk(image: Vec<u8>) -> Result<usize, Error> {
    let volume = Volume::open(bytes(image))?;
    for path in ["/folder/file 20 with a longer name", "/link a", "/also here/below a link"] {
        let _ = volume.lookup(&VPath::parse(path).unwrap());
    }
    let tree = volume.tree()?;
    let mut count = 0;
    for id in tree.ids() {
        count += 1;
        let node = tree.node(id);
        assert!(tree.path(id).names().len() <= tree.slots());
        let mut sources: Vec<_> = node.xattrs.iter().map(|x| x.value.clone()).collect();
        if let Body::File { data, rsrc } = &node.body {
            sources.extend([data.clone()].into_iter().chain(rsrc.clone()));
            sources.extend(decmpfs::contents(&tree, id).ok());
        }
        for source in sources {
            let len = source.len().min(20_000) as usize;
            let _ = read_vec(&*source, 0, len);
            let _ = (source.origin(0), source.data(0));
        }
    }
    Ok(count)
}

#[test]
fn no_flipped_byte_panics_or_hangs() {
    for (case, block_size) in [(Case::Folded, 512), (Case::Sensitive, 4096)] {
        let good = image(case, block_size);
        let files = walk(good.clone()).unwrap();
        let start = Instant::now();
        let mut refused = 0;
        // A prime, so that every field of every structure has its turn.
        let step = if std::env::var_os("LIONIZE_LONG").is_some() { 1 } else { 7 };
        let all_zero = |at: &usize| good[at & !63..(at & !63) + 64].iter().all(|byte| *byte == 0);
        for at in (1024..good.len() - 512).step_by(step).filter(|at| !all_zero(at)) {
            for flip in [0xff, 0x01, 0x80] {
                let mut image = good.clone();
                image[at] ^= flip;
                match catch_unwind(AssertUnwindSafe(|| walk(image))) {
                    Ok(Ok(_)) => {}
                    Ok(Err(_)) => refused += 1,
                    Err(_) => panic!("byte {at} xor {flip:#x} makes the reader panic"),
                }
            }
        }
        let took = start.elapsed();
        println!("{files} files, {refused} refused, {took:?}");
        assert!(refused > 100);
    }
}

#[test]
fn a_truncated_volume_is_refused() {
    let good = image(Case::Folded, 4096);
    for len in (0..good.len()).step_by(1021) {
        assert!(walk(good[..len].to_vec()).is_err(), "{len} of {} bytes", good.len());
    }
}

/// Where the key is whose name begins so (a thread has the name, too).
fn key_of(image: &[u8], text: &str) -> usize {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let word = |at: usize| u16::from_be_bytes([image[at], image[at + 1]]);
    let is_key = |at: &usize| {
        image[at + 8..].starts_with(&units)
            && word(*at) == 6 + 2 * word(at + 6)
            && word(at + 6) < 256
    };
    (catalog(image)..image.len() - 512).find(is_key).unwrap()
}

/// Where the catalog file begins: its first extent in the volume header.
fn catalog(image: &[u8]) -> usize {
    let at = 1024 + 272 + 16;
    u32::from_be_bytes(image[at..at + 4].try_into().unwrap()) as usize * 4096
}

/// Where the catalog node begins that holds a byte.
fn node_of(image: &[u8], at: usize) -> usize {
    let (base, size) = (catalog(image), node_size(image));
    base + (at - base) / size * size
}

fn node_size(image: &[u8]) -> usize {
    let at = catalog(image) + 14 + 18;
    u16::from_be_bytes([image[at], image[at + 1]]).into()
}

/// What reading says after one change.
#[track_caller]
fn said(change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut image = image(Case::Folded, 4096);
    change(&mut image);
    let start = Instant::now();
    let said = walk(image).map(|_| ()).unwrap_err().to_string();
    assert!(start.elapsed() < Duration::from_secs(5));
    said
}

type Change<'a> = &'a dyn Fn(&mut Vec<u8>);

fn put(image: &mut [u8], at: usize, bytes: &[u8]) {
    image[at..at + bytes.len()].copy_from_slice(bytes);
}

#[test]
fn each_broken_rule_is_named() {
    let forks = |image: &[u8]| key_of(image, "forks");
    // The record's data begin behind keyLength and the key of 6 + 10 bytes.
    let record = |image: &[u8]| forks(image) + 2 + 16;
    let cases: [(&str, Change); 14] = [
        (
            "catalog B-tree node: numRecords is 65535: more records than the node has room for (at byte 4096)",
            &|image| {
                let node = node_of(image, forks(image));
                put(image, node + 10, &[0xff, 0xff]);
            },
        ),
        ("catalog B-tree node: kind is 0x7: no kind of node (at byte 4096)", &|image| {
            let node = node_of(image, forks(image));
            image[node + 8] = 7;
        }),
        (
            "catalog B-tree node: record offset is 152: not behind the record before it (at byte 4096)",
            &|image| {
                let node = node_of(image, forks(image));
                let end = node + node_size(image);
                put(image, end - 4, &4000u16.to_be_bytes());
            },
        ),
        (
            "catalog record: keyLength is 65535: the key ends behind its record (at byte 4784)",
            &|image| {
                let at = forks(image);
                put(image, at, &[0xff, 0xff]);
            },
        ),
        (
            "catalog key: nodeName.length is 300: longer than a name may be (at byte 4784)",
            &|image| {
                let at = forks(image);
                put(image, at + 6, &300u16.to_be_bytes());
            },
        ),
        ("catalog record: recordType is 0x9: no type of record (at byte 4802)", &|image| {
            let at = record(image);
            put(image, at, &[0, 9]);
        }),
        (
            "extent descriptor: startBlock is 4294967295: the extent ends behind the volume's last block (at byte 4802)",
            &|image| {
                let at = record(image);
                put(image, at + 88 + 16, &[0xff; 4]);
            },
        ),
        (
            "fork data: totalBlocks is 9: more blocks than its extents hold (at byte 4802)",
            &|image| {
                let at = record(image);
                put(image, at + 88 + 12, &9u32.to_be_bytes());
            },
        ),
        (
            "fork data: logicalSize is 9999999: more bytes than the fork's blocks hold (at byte 4802)",
            &|image| {
                let at = record(image);
                put(image, at + 88, &9_999_999u64.to_be_bytes());
            },
        ),
        ("catalog file: fileID is 3: a reserved id (at byte 4802)", &|image| {
            let at = record(image);
            put(image, at + 8, &3u32.to_be_bytes());
        }),
        ("catalog record: fileID is 67: two files or folders have this id", &|image| {
            let at = record(image);
            let other = key_of(image, "symbolic") + 2 + 22;
            let id = image[other + 8..other + 12].to_vec();
            put(image, at + 8, &id);
        }),
        ("catalog key: parentID is 19: no folder has this id", &|image| {
            // What is in the folder finds none with its parent's id.
            let folder = key_of(image, "folder") + 2 + 18;
            put(image, folder + 8, &9_999_999u32.to_be_bytes());
        }),
        ("catalog folder: fileMode is 0x81ed: not a folder's type (at byte 4696)", &|image| {
            let folder = key_of(image, "folder") + 2 + 18;
            put(image, folder + 32 + 10, &0o100_755u16.to_be_bytes());
        }),
        ("hard link: iNodeNum is 62: no file of this number is in the hidden folder", &|image| {
            let at = key_of(image, "iNode");
            put(image, at + 8 + 2 * 4, &0x78u16.to_be_bytes());
        }),
    ];
    let mut wrong = Vec::new();
    for (expected, change) in cases {
        let said = said(change);
        if said != expected {
            wrong.push((said, expected));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn circles_are_found() {
    // The folder's record says that it is in itself.
    let said_of_folder = said(|image| {
        let at = key_of(image, "folder");
        let id = image[at + 2 + 18 + 8..][..4].to_vec();
        put(image, at + 2, &id);
    });
    assert!(
        said_of_folder.contains("below itself") || said_of_folder.contains("not behind"),
        "{said_of_folder}"
    );
    // The leaf's next leaf is itself.
    let said_of_leaf = said(|image| {
        let node = node_of(image, key_of(image, "forks"));
        let number = (node - catalog(image)) / node_size(image);
        put(image, node, &(number as u32).to_be_bytes());
    });
    assert!(said_of_leaf.starts_with("catalog B-tree node: bLink is"), "{said_of_leaf}");
}

/// Files that all say to be the one whose extents fill a B-tree: each would
/// hold them all before the id is found to be there twice.
#[test]
fn extents_are_held_once() {
    const RECORDS: u32 = 50;
    let mut tree = Tree::new(name("Extents"), Case::Folded, NOW);
    let root = tree.root();
    for number in 0..12 {
        add(&mut tree, root, &format!("file {number:02}"), file(*b"data"));
    }
    let params = Params::new(Size::Exact(4 << 20), NOW);
    let laid = lay_out(&Arc::new(tree), &params).unwrap();
    let mut image = read_vec(&laid.map, 0, laid.map.len() as usize).unwrap();
    let run = |first: u32| -> Vec<u8> {
        let starts = (first..first + 8).map(|block| 100 + 2 * block);
        starts.flat_map(|start| [start.to_be_bytes(), 1u32.to_be_bytes()].concat()).collect()
    };
    let word = |image: &[u8], at: usize| u32::from_be_bytes(image[at..at + 4].try_into().unwrap());
    let id = word(&image, key_of(&image, "file 00") + 2 + 6 + 14 + 8);
    for number in 0..12 {
        let record = key_of(&image, &format!("file {number:02}")) + 2 + 6 + 14;
        put(&mut image, record + 8, &id.to_be_bytes());
        let blocks = 8 + 8 * RECORDS;
        put(&mut image, record + 88, &u64::from(blocks * 4096).to_be_bytes());
        put(&mut image, record + 88 + 12, &blocks.to_be_bytes());
        put(&mut image, record + 88 + 16, &run(0));
    }
    // A tree of one leaf.
    let extents = word(&image, 1024 + 192 + 16) as usize * 4096;
    put(&mut image, extents + 14, &[0, 1]);
    for (field, value) in [(2, 1), (6, RECORDS), (10, 1), (14, 1)] {
        put(&mut image, extents + 14 + field, &value.to_be_bytes());
    }
    let leaf = extents + 4096;
    put(&mut image, leaf + 8, &[0xff, 1, 0, RECORDS as u8]);
    for number in 0..=RECORDS {
        let at = 14 + 76 * number as usize;
        put(&mut image, leaf + 4096 - 2 * (number as usize + 1), &(at as u16).to_be_bytes());
        if number < RECORDS {
            let key = [&[0, 10, 0, 0][..], &id.to_be_bytes(), &(8 + 8 * number).to_be_bytes()];
            put(&mut image, leaf + at, &[key.concat(), run(8 + 8 * number)].concat());
        }
    }
    let said = walk(image).unwrap_err().to_string();
    let rule = "the extents of this file are another's as well";
    assert!(said.starts_with(&format!("extents record: fileID is {id}: {rule}")), "{said}");
}

/// What a system had begun to delete when it stopped: folders, too.
#[test]
fn leftovers_in_hidden_folders_are_left_out() {
    for (hidden, left) in [("\0\0\0\0HFS+ Private Data", 2), (".HFS+ Private Directory Data\r", 2)]
    {
        let mut tree = Tree::new(name("Leftovers"), Case::Folded, NOW);
        let root = tree.root();
        let units: Vec<u16> = hidden.encode_utf16().collect();
        let private = Body::Dir(Vec::new());
        let meta = meta(Meta::DIR | 0o755);
        let private = tree.add(root, Name::from_units(&units), meta, private).unwrap();
        let folder = add(&mut tree, private, "temp21", Body::Dir(Vec::new()));
        add(&mut tree, folder, "in it", file(*b"gone"));
        add(&mut tree, private, "temp22", file(*b"gone"));
        add(&mut tree, root, "there", file(*b"data"));
        let laid = lay_out(&Arc::new(tree), &Params::new(Size::Fit { free: 0 }, NOW)).unwrap();
        let image = read_vec(&laid.map, 0, laid.map.len() as usize).unwrap();
        let tree = Volume::open(bytes(image)).unwrap().tree().unwrap();
        let names: Vec<_> = tree.ids().map(|id| tree.node(id).name.to_string()).collect();
        assert_eq!(names, ["Leftovers", "there"], "{hidden:?}");
        let note = format!("{left} leftovers of deleted files in hidden folders were left out");
        assert_eq!(tree.facts.notes, [note]);
    }
}

#[test]
fn an_unknown_way_to_compare_names_is_refused() {
    let mut image = image(Case::Sensitive, 4096);
    let at = catalog(&image) + 14 + 37;
    assert_eq!(image[at], 0xbc);
    image[at] = 7;
    let said = walk(image).unwrap_err().to_string();
    assert_eq!(said, "catalog B-tree header: keyCompareType is 0x7: neither 0xbc nor 0xcf");
}

#[test]
fn what_was_left_out_or_mended_is_told() {
    let notes = |change: fn(&mut Vec<u8>)| {
        let mut image = image(Case::Folded, 4096);
        change(&mut image);
        Volume::open(bytes(image)).unwrap().tree().unwrap().facts.notes
    };
    let mended = notes(|image| put(image, 1024 + 40, &3u32.to_be_bytes()));
    assert_eq!(mended, ["the volume header is damaged: its alternate was read"]);
    let startup = notes(|image| put(image, 1024 + 432 + 12, &1u32.to_be_bytes()));
    assert_eq!(startup, ["the startup file, which no Mac uses, was left out"]);
    let bless = notes(|image| put(image, 1024 + 80, &9_999_999u32.to_be_bytes()));
    let text = "the volume's Finder info word 0 names no file or folder: 9999999";
    assert_eq!(bless, [text]);
}
