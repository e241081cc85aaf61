//! Volumes of Apple's, of mkfs.hfsplus and of ours, read as others read them.

use crate::hfs_hostile;
use crate::support::guest::{Guest, cache};
use crate::support::image::{open, real, temp, write_sparse};
use crate::support::judge::{Judge, absent, assert_fsck_clean, judge};
use lionize::block::{Origin, ReadAt, Source, bytes, read_vec};
use lionize::format::partition::partitions;
use lionize::format::udif;
use lionize::volume::hfsplus::{Journal, Volume, decmpfs};
use lionize::volume::tree::{Place, Xattr};
use lionize::volume::{Body, Case, Kind, Meta, Name, NodeId, Tree, VPath};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

/// A reader of HFS+ by other authors, run by `listing.py`.
fn libfshfs() -> Option<Judge> {
    let python = cache().join("venv/bin/python");
    if !python.is_file() {
        absent("libfshfs", "there is no Python with pyfshfs in the judges' cache");
        return None;
    }
    Some(Judge::at("libfshfs", &python))
}

/// The first 64 bits, as `listing.py` has them.
pub(crate) fn digest(of: &dyn ReadAt) -> String {
    full_digest(of)[..16].into()
}

fn full_digest(of: &dyn ReadAt) -> String {
    let mut sum = Sha256::new();
    for start in (0..of.len()).step_by(1 << 20) {
        let len = (of.len() - start).min(1 << 20);
        sum.update(read_vec(of, start, len as usize).unwrap());
    }
    sum.finalize().iter().fold(String::new(), |mut hex, byte| {
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
pub(crate) fn real_volumes() -> Vec<(String, Source, tempfile::TempDir)> {
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

/// A volume that the Linux driver has filled, so that later files and the
/// catalog itself are in many pieces, most of them in the overflow file.
const FRAGMENT: &str = r#"
set -e
mount -t hfsplus -o nls=utf8 /dev/vda /mnt
mkdir /mnt/names
i=0
while [ $i -lt 150 ]; do
    seq $i 9999 | head -c 12345 >>/mnt/first
    seq 1$i 99999 | head -c 9999 >>/mnt/second
    for n in a b c d e f g h; do
        : >/mnt/names/"a long name that fills the catalog until it has to grow $n $i"
    done
    i=$((i + 1))
done
ln /mnt/second /mnt/names/linked
ln -s ../first /mnt/names/symbolic
sync
umount /mnt
mount -t hfsplus -o ro,nls=utf8 /dev/vda /mnt
cd /mnt
find . -type f -exec stat -c '%n %h %s' {} + -exec sha256sum {} + | sort
cd /
umount /mnt
"#;

#[test]
fn fragmented_files_of_the_linux_driver_are_whole() {
    let (Some(mkfs), Some(guest)) = (judge("mkfs.hfsplus"), Guest::find()) else { return };
    let dir = temp();
    let path = dir.path().join("volume.img");
    write_sparse(&path, &lionize::block::Map::new(16 << 20));
    mkfs.run(["-n".as_ref(), "c=4096".as_ref(), path.as_os_str()]).ok();
    let said = guest.run(FRAGMENT, &[], &[&path], Duration::from_secs(180)).ok().text();
    assert_fsck_clean(&path);
    let volume = Volume::open(open(&path)).unwrap();
    let pieces = |path: &str| {
        let entry = volume.lookup(&VPath::parse(path).unwrap()).unwrap().unwrap();
        let (data, _) = entry.forks.unwrap();
        let origins: Vec<_> = (0..data.len()).step_by(4096).map(|at| data.origin(at)).collect();
        let follows =
            |pair: &&[Option<Origin>]| pair[0].unwrap().offset + 4096 != pair[1].unwrap().offset;
        1 + origins.windows(2).filter(follows).count()
    };
    assert!(pieces("/first") > 50, "{} pieces", pieces("/first"));
    assert!(pieces("/names/linked") > 50, "{} pieces", pieces("/names/linked"));
    let tree = volume.tree().unwrap();
    let mut ours = Vec::new();
    for (id, path) in files(&tree, tree.root(), ".") {
        let node = tree.node(tree.target(id));
        let Body::File { data, .. } = &node.body else { continue };
        let links = if let Place::Inode(links) = &node.place { links.len() } else { 1 };
        ours.push(format!("{path} {links} {}", data.len()));
        ours.push(format!("{}  {path}", full_digest(&**data)));
    }
    ours.sort();
    assert_eq!(ours, said.lines().collect::<Vec<_>>());
    assert_eq!(ours.len(), 2 * (3 + 8 * 150));
}

/// The regular files in a folder and below, with their paths.
fn files(tree: &Tree, dir: NodeId, path: &str) -> Vec<(NodeId, String)> {
    let mut found = Vec::new();
    for id in tree.children(dir) {
        let path = format!("{path}/{}", tree.node(*id).name);
        match tree.node(tree.target(*id)).meta.kind() {
            Kind::Dir => found.extend(files(tree, *id, &path)),
            Kind::File => found.push((*id, path)),
            _ => {}
        }
    }
    found
}

/// Puts the blocks of a volume's catalog in reverse, each an extent of its
/// own: eight in the header, the others in the extents overflow file.
fn scatter(image: &mut [u8]) -> u32 {
    const BLOCK: usize = 512;
    let word = |image: &[u8], at: usize| u32::from_be_bytes(image[at..at + 4].try_into().unwrap());
    let (extents_file, catalog) = (1024 + 192, 1024 + 272);
    let (start, count) = (word(image, catalog + 16), word(image, catalog + 12));
    let first = start as usize * BLOCK;
    let mut blocks = image[first..first + count as usize * BLOCK].to_vec();
    for (to, from) in blocks.chunks_exact_mut(BLOCK).rev().zip(image[first..].chunks(BLOCK)) {
        to.copy_from_slice(from);
    }
    image[first..first + blocks.len()].copy_from_slice(&blocks);
    let last = start + count - 1;
    let extents = |from: u32| -> Vec<u8> {
        let extent = |at: u32| if at < count { [last - at, 1] } else { [0, 0] };
        (from..from + 8).flat_map(extent).flat_map(u32::to_be_bytes).collect()
    };
    for header in [1024, image.len() - 1024] {
        image[header + 272 + 16..header + 272 + 80].copy_from_slice(&extents(0));
    }
    let tree = word(image, extents_file + 16) as usize * BLOCK;
    let size = usize::from(u16::from_be_bytes([image[tree + 32], image[tree + 33]]));
    let records: Vec<u32> = (8..count).step_by(8).collect();
    let mut leaf =
        [&[0; 8][..], &[0xff, 1], &(records.len() as u16).to_be_bytes(), &[0; 2]].concat();
    let mut offsets = Vec::new();
    for from in &records {
        offsets.push(leaf.len() as u16);
        leaf.extend([0, 10, 0, 0, 0, 0, 0, 4].into_iter().chain(from.to_be_bytes()));
        leaf.extend(extents(*from));
    }
    offsets.push(leaf.len() as u16);
    leaf.resize(size - 2 * offsets.len(), 0);
    leaf.extend(offsets.iter().rev().flat_map(|offset| offset.to_be_bytes()));
    image[tree + size..tree + 2 * size].copy_from_slice(&leaf);
    let free = word(image, tree + 40) - 1;
    let numbers = [1, records.len() as u32, 1, 1].map(u32::to_be_bytes).concat();
    image[tree + 14..tree + 16].copy_from_slice(&[0, 1]);
    image[tree + 16..tree + 32].copy_from_slice(&numbers);
    image[tree + 40..tree + 44].copy_from_slice(&free.to_be_bytes());
    image[tree + 248] |= 0x40;
    count
}

#[test]
fn a_catalog_in_many_pieces_is_read() {
    let mut image = hfs_hostile::image(Case::Folded, 512);
    let whole = Volume::open(bytes(image.clone())).unwrap().tree().unwrap();
    assert!(scatter(&mut image) > 64);
    let dir = temp();
    let path = dir.path().join("volume.img");
    std::fs::write(&path, &image).unwrap();
    assert_fsck_clean(&path);
    let volume = Volume::open(open(&path)).unwrap();
    assert_eq!(listing(&volume.tree().unwrap()), listing(&whole));
    assert!(volume.lookup(&VPath::parse("/folder/link b").unwrap()).unwrap().is_some());
}

/// What the writer makes of a tree is that tree again.
#[test]
fn a_tree_comes_back_as_it_was() {
    for (case, block_size) in [(Case::Folded, 512), (Case::Sensitive, 4096), (Case::Folded, 65536)]
    {
        let tree = hfs_hostile::sample(case);
        let image = hfs_hostile::image(case, block_size);
        let volume = Volume::open(bytes(image)).unwrap();
        let again = volume.tree().unwrap();
        assert_eq!(volume.case(), case);
        assert_eq!(listing(&again), listing(&tree));
        assert_eq!(again.facts.notes, [""; 0]);
        for path in ["/link a", "/also here"] {
            let links = |tree: &Tree| {
                let link = tree.lookup(&VPath::parse(path).unwrap()).unwrap();
                let Place::Inode(links) = &tree.node(tree.target(link)).place else { panic!() };
                links.iter().map(|link| tree.path(*link).to_string()).collect::<Vec<_>>()
            };
            assert_eq!(links(&again), links(&tree), "the order of links");
        }
    }
}
