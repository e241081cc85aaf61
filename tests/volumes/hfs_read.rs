//! Volumes of Apple's, of mkfs.hfsplus and of ours, read as others read them.

use crate::support::guest::cache;
use crate::support::image::{open, real, temp, write_sparse};
use crate::support::judge::{Judge, absent, judge};
use lionize::block::{ReadAt, Source, bytes, read_vec};
use lionize::format::partition::partitions;
use lionize::format::udif;
use lionize::volume::hfsplus::{Journal, Volume, decmpfs};
use lionize::volume::tree::{Place, Xattr};
use lionize::volume::{Body, Kind, Meta, Name, NodeId, Tree, VPath};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::path::Path;

/// A reader of HFS+ by other authors, run by `listing.py`.
fn libfshfs() -> Option<Judge> {
    let python = cache().join("venv/bin/python");
    if !python.is_file() {
        absent("libfshfs", "there is no Python with pyfshfs in the judges' cache");
        return None;
    }
    Some(Judge::at("libfshfs", &python))
}

fn digest(of: &dyn ReadAt) -> String {
    let mut sum = Sha256::new();
    for start in (0..of.len()).step_by(1 << 20) {
        let len = (of.len() - start).min(1 << 20);
        sum.update(read_vec(of, start, len as usize).unwrap());
    }
    sum.finalize()[..8].iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

/// One line as `listing.py` has it.
fn line(tree: &Tree, id: NodeId, path: &str) -> String {
    let node = tree.node(tree.target(id));
    let meta = &node.meta;
    let links = match (&node.place, &node.body) {
        (_, Body::Dir(_)) => 0,
        (Place::Inode(links), _) => links.len(),
        _ => 1,
    };
    let (mut data, mut rsrc) = ("-".to_string(), "-".to_string());
    if let Body::File { rsrc: fork, .. } = &node.body {
        if matches!(meta.kind(), Kind::File | Kind::Symlink) {
            data = digest(&*decmpfs::contents(tree, id).unwrap());
        }
        if let Some(fork) = fork {
            rsrc = digest(&**fork);
        }
    }
    let mut line = format!(
        "{}\t{:o}\t{}\t{}\tlinks={links}\t{data}\t{rsrc}\t{},{},{},{}",
        if path.is_empty() { "/" } else { path },
        meta.mode,
        meta.owner,
        meta.group,
        meta.created,
        meta.modified,
        meta.changed,
        meta.accessed,
    );
    for xattr in &node.xattrs {
        write!(line, "\t{}={}", xattr.name, digest(&*xattr.value)).unwrap();
    }
    line
}

fn list(tree: &Tree, id: NodeId, path: &str, into: &mut Vec<String>) {
    into.push(line(tree, id, path));
    for child in tree.children(id) {
        list(tree, *child, &format!("{path}/{}", tree.node(*child).name), into);
    }
}

fn listing(tree: &Tree) -> Vec<String> {
    let mut lines = vec![tree.node(tree.root()).name.to_string()];
    list(tree, tree.root(), "", &mut lines);
    lines
}

/// Compares a volume with libfshfs's listing of it.
#[track_caller]
fn assert_as_libfshfs(libfshfs: &Judge, volume: &Source) {
    let dir = temp();
    let path = dir.path().join("volume.img");
    write_sparse(&path, &**volume);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/volumes/listing.py");
    let theirs = libfshfs.run([script.as_os_str(), path.as_os_str()]).ok().out;
    let theirs = String::from_utf8(theirs).unwrap();
    let ours = listing(&Volume::open(volume.clone()).unwrap().tree().unwrap());
    for (ours, theirs) in ours.iter().zip(theirs.lines()) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(ours.len(), theirs.lines().count());
}

/// The HFS+ volume in an image of any kind.
fn volume_in(image: &Path, unpacked: &Path) -> Source {
    let packed = |tool: &str| image.extension().is_some_and(|ending| ending == tool);
    let mut source = if packed("xz") {
        let out = std::process::Command::new("xz").arg("-dc").arg(image).output().unwrap();
        bytes(out.stdout)
    } else if packed("7z") {
        let args = [std::ffi::OsStr::new("x"), image.as_os_str()];
        let out = format!("-o{}", unpacked.display());
        judge("7zz").unwrap().run(args.iter().copied().chain(["-y".as_ref(), out.as_ref()])).ok();
        let file = std::fs::read_dir(unpacked).unwrap().next().unwrap().unwrap().path();
        open(&file)
    } else {
        open(image)
    };
    if packed("dmg") {
        source = std::sync::Arc::new(udif::Image::open(source).unwrap());
    }
    let parts = partitions(&source).unwrap();
    match parts.iter().find(|part| part.is_hfs_plus()) {
        Some(part) => part.open(&source).unwrap(),
        None => source,
    }
}

/// Every HFS+ volume among Apple's own samples.
fn real_volumes() -> Vec<(String, Source, tempfile::TempDir)> {
    let Some(folder) = real() else { return Vec::new() };
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_volume = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        ["keramics_hfsplus_", "penguin359", "relic_dummy.dmg", "hfsinspect", "dfvfs_hfsplus"]
            .iter()
            .any(|start| name.starts_with(start))
            || name == "ronin_hfs_plus_volume.bin"
    };
    let opened = |path: std::path::PathBuf| {
        let dir = temp();
        let volume = volume_in(&path, dir.path());
        (path.file_name().unwrap().to_string_lossy().into_owned(), volume, dir)
    };
    let mut all: Vec<_> = names.filter(is_volume).map(opened).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

#[test]
fn apples_volumes_are_what_libfshfs_sees() {
    let volumes = real_volumes();
    let Some(libfshfs) = libfshfs() else { return };
    for (name, volume, _dir) in volumes {
        println!("{name}");
        assert_as_libfshfs(&libfshfs, &volume);
    }
}

/// Everything in a tree is found by descent, too, and is the same.
#[test]
fn lookup_finds_what_the_tree_holds() {
    for (name, source, _dir) in real_volumes() {
        println!("{name}");
        let volume = Volume::open(source).unwrap();
        let tree = volume.tree().unwrap();
        let mut steps = vec![(tree.root(), VPath::default())];
        while let Some((id, path)) = steps.pop() {
            let node = tree.node(tree.target(id));
            let entry = volume.lookup(&path).unwrap().unwrap_or_else(|| panic!("{path}"));
            assert_eq!(entry.meta, node.meta, "{path}");
            assert_eq!(entry.xattrs.len(), node.xattrs.len(), "{path}");
            for (a, b) in entry.xattrs.iter().zip(&node.xattrs) {
                assert_eq!((&a.name, digest(&*a.value)), (&b.name, digest(&*b.value)), "{path}");
            }
            match (&entry.forks, &node.body) {
                (None, Body::Dir(_)) => {}
                (Some((ours, _)), Body::File { data, .. }) => assert_eq!(ours.len(), data.len()),
                _ => panic!("{path} is a folder here and a file there"),
            }
            let join = |child: &NodeId| (*child, path.join(&tree.node(*child).name));
            steps.extend(tree.children(id).iter().map(join));
        }
        let missing = VPath::parse("/no such file").unwrap();
        assert!(volume.lookup(&missing).unwrap().is_none());
    }
}

#[test]
fn what_is_no_hfs_plus_is_refused_by_name() {
    let Some(folder) = real() else { return };
    let refusal = |name: &str| {
        let source = open(&folder.join(name));
        Volume::open(source).map(|_| ()).unwrap_err().to_string()
    };
    assert!(refusal("dfvfs_apfs.raw").starts_with("this is an APFS container"));
    assert!(refusal("opf_hfs_standard_floppy.img").starts_with("this is an HFS standard volume"));
    assert!(refusal("ronin_hfs_plus_header.bin").starts_with("volume header: totalBlocks is 512"));
}

/// hfsinspect's sample is dirty; its journal holds what the volume has already.
#[test]
fn a_real_journal_is_replayed() {
    for (name, source, _dir) in real_volumes() {
        if !name.starts_with("hfsinspect") {
            continue;
        }
        let replayed = Volume::open(source.clone()).unwrap();
        let verbatim = Volume::open_with(source, Journal::Ignore).unwrap();
        assert_eq!(replayed.notes().len(), 1);
        assert!(replayed.notes()[0].contains("2 block lists"), "{:?}", replayed.notes());
        assert!(verbatim.notes().is_empty());
        let (replayed, verbatim) = (replayed.tree().unwrap(), verbatim.tree().unwrap());
        assert_eq!(listing(&replayed), listing(&verbatim));
    }
}

#[test]
fn volumes_of_mkfs_are_read() {
    let (Some(mkfs), Some(libfshfs)) = (judge("mkfs.hfsplus"), libfshfs()) else { return };
    let cases: [&[&str]; 8] = [
        &[],
        &["-J"],
        &["-s"],
        &["-b", "512"],
        &["-b", "65536"],
        &["-n", "c=8192,e=1024"],
        &["-n", "c=32768,a=4096"],
        &["-w"],
    ];
    for args in cases {
        println!("{args:?}");
        let dir = temp();
        let path = dir.path().join("volume.img");
        write_sparse(&path, &lionize::block::Map::new(64 << 20));
        let args = args.iter().map(std::ffi::OsStr::new);
        mkfs.run(
            ["-v".as_ref(), "Lion".as_ref()].into_iter().chain(args).chain([path.as_os_str()]),
        )
        .ok();
        let volume = open(&path);
        let tree = Volume::open(volume.clone()).unwrap().tree().unwrap();
        assert_eq!(tree.node(tree.root()).name, Name::from_text("Lion"));
        assert_eq!(tree.children(tree.root()).len(), 0);
        if &volume_signature(&volume) != b"BD" {
            assert_as_libfshfs(&libfshfs, &volume);
        }
    }
}

fn volume_signature(volume: &Source) -> [u8; 2] {
    let mut signature = [0; 2];
    volume.read_at(1024, &mut signature).unwrap();
    signature
}

/// Attributes and resource forks that macOS compressed, and what it showed.
#[test]
fn macos_compressed_files_are_shown() {
    let Some(folder) = real() else { return };
    let read = |name: &str| std::fs::read(folder.join(name)).ok();
    let header = |kind: u32, size: usize| {
        [&b"fpmc"[..], &kind.to_le_bytes(), &(size as u64).to_le_bytes()].concat()
    };
    let inline = |kind: u32, payload: &str, size: usize| {
        Some(([header(kind, size), read(payload)?].concat(), None))
    };
    let fork = |kind: u32, fork: &str, size: usize| Some((header(kind, size), Some(read(fork)?)));
    for (name, made, expected) in [
        ("3", inline(3, "ronin_real_zlib_inline.payload", 2000), "ronin_real_zlib_inline.expected"),
        ("4", fork(4, "ronin_real_zlib_rsrc.rsrc", 150_000), "ronin_zlib.expected"),
        ("7/8", fork(8, "ronin_lzvn.rsrc", 80_000), "ronin_lzvn.expected"),
        ("8", fork(8, "ronin_tahoe_type8.rsrc", 1936), "ronin_tahoe_type8.expected"),
        ("9", read("ronin_tahoe_type9.decmpfs").map(|a| (a, None)), "ronin_tahoe_type9.expected"),
        (
            "11",
            inline(11, "ronin_real_lzfse_inline.payload", 2000),
            "ronin_real_zlib_inline.expected",
        ),
        ("12", fork(12, "ronin_real_lzfse_rsrc.rsrc", 150_000), "ronin_zlib.expected"),
    ] {
        let (Some((attribute, fork)), Some(expected)) = (made, read(expected)) else {
            println!("not judged: no real sample of type {name}");
            continue;
        };
        let meta = Meta { owner_flags: decmpfs::COMPRESSED, ..Meta::default() };
        let value = bytes(attribute);
        let xattrs = [Xattr { name: Name::from_text(decmpfs::NAME), value }];
        let shown = decmpfs::plain(&meta, &bytes([]), fork.map(bytes).as_ref(), &xattrs).unwrap();
        let shown = read_vec(&*shown, 0, shown.len() as usize).unwrap();
        assert!(shown == expected, "type {name}");
    }
}
