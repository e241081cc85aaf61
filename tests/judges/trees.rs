//! Random trees, laid out by us: clean for Apple's checker, and for libfshfs
//! what the generator says they are.

use crate::support::fshfs::{self, Listing};
use crate::support::image::{open, temp, write_sparse};
use crate::support::judge::{fsck_complaint, judge};
use crate::support::names::{Names, Rng};
use crate::support::random::{Grown, Item, grow};
use lionize::volume::Kind;
use lionize::volume::hfsplus::check::{Options, check};
use lionize::volume::hfsplus::{Params, Size, Volume, lay_out};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a volume holds besides: the folders for linked files and folders, the
/// journal's files.
const PRIVATE: [&str; 4] = [
    "/e29080e29080e29080e290804846532b2050726976617465204461746",
    "/2e4846532b2050726976617465204469726563746f727920446174610d",
    "/2e6a6f75726e616c",
    "/2e6a6f75726e616c5f696e666f5f626c6f636b",
];

/// The same, as 7-Zip names them.
const PRIVATE_NAMES: [&str; 3] =
    ["/[HFS+ Private Data]", "/.HFS+ Private Directory Data\r", "/.journal"];

/// How many trees: `.ci/run` takes fewer than the 2,000 of a full run.
fn count() -> u64 {
    std::env::var("LIONIZE_TREES").map_or(200, |text| text.parse().unwrap())
}

/// One tree in four has lone surrogates.
fn names(seed: u64) -> Names {
    if seed.is_multiple_of(4) { Names::Surrogates } else { Names::Characters }
}

/// A tree's volume, in a file.
pub(crate) fn volume(dir: &Path, seed: u64) -> (Grown, PathBuf) {
    let names = names(seed);
    let mut rng = Rng::new(seed ^ 0x5eed, names);
    let grown = grow(seed, 30 + rng.below(120) as usize, names);
    let block_size = 512 << rng.below(8);
    let size = Size::Fit { free: rng.below(1 << 20) };
    let journal = rng.below(8) == 0;
    let params = Params { block_size, journal, ..Params::new(size, rng.date()) };
    let laid = lay_out(&Arc::new(grown.tree.clone()), &params)
        .unwrap_or_else(|e| panic!("seed {seed}: {e}"));
    let path = dir.join(format!("{seed}.img"));
    write_sparse(&path, &laid.map);
    let report = check(&open(&path), &Options::default()).unwrap();
    assert!(report.is_clean(), "seed {seed}: {report:?}");
    if seed % 2 == 1 {
        // Through our reader and out again, with other blocks.
        let tree = Volume::open(open(&path)).and_then(|volume| volume.tree());
        let tree = tree.unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        let params = Params { block_size: 512 << rng.below(8), ..params };
        let laid = lay_out(&Arc::new(tree), &params).unwrap();
        let again = path.with_extension("again");
        write_sparse(&again, &laid.map);
        return (grown, again);
    }
    (grown, path)
}

#[test]
fn random_trees_are_clean_and_complete() {
    let threads = 2;
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                let seeds: Vec<_> = (1..=count()).filter(|s| s % threads == thread).collect();
                seeds.chunks(50).for_each(judge_some);
            });
        }
    });
}

fn judge_some(seeds: &[u64]) {
    let dir = temp();
    let made: Vec<_> = seeds.iter().map(|seed| volume(dir.path(), *seed)).collect();
    for ((_, path), seed) in made.iter().zip(seeds) {
        if let Some(complaint) = fsck_complaint(path) {
            panic!("seed {seed}:\n{complaint}");
        }
    }
    let (strange, plain): (Vec<_>, Vec<_>) =
        made.iter().zip(seeds).partition(|(_, seed)| names(**seed) == Names::Surrogates);
    let paths: Vec<_> = plain.iter().map(|((_, path), _)| (path.as_path(), 0)).collect();
    let Some(listings) = fshfs::list(&paths) else { return };
    for (((grown, path), seed), listing) in plain.iter().zip(&listings) {
        compare(**seed, grown, listing);
        if seed.is_multiple_of(10) {
            compare_flags(grown, listing, path);
        }
    }
    for ((grown, path), seed) in strange {
        compare_names(*seed, grown, path);
    }
}

/// A path as the lister prints it.
fn shown(path: &[Vec<u16>]) -> String {
    let part = |units: &Vec<u16>| {
        let text = String::from_utf16(units).unwrap().replace('\0', "\u{2400}").replace('/', ":");
        "/".to_owned() + &text.bytes().map(|b| format!("{b:02x}")).collect::<String>()
    };
    path.iter().map(part).collect()
}

/// Compares the generator's list with libfshfs's, both ways.
fn compare(seed: u64, grown: &Grown, listing: &Listing) {
    assert_eq!(listing.error, None, "seed {seed}");
    let linked = listing.linked_folders();
    let mut seen = BTreeSet::new();
    for (path, item) in &grown.list {
        let (mut at, mut links) = (String::new(), None);
        for part in path {
            at += &shown(std::slice::from_ref(part));
            let entry = listing.entries.get(&at);
            let entry = entry.unwrap_or_else(|| panic!("seed {seed}: no {at}: {item:?}"));
            seen.insert(at.clone());
            // A link to a folder is a file here, and the folder is elsewhere.
            links = linked.get(&entry.id).map(|(folder, links)| {
                at = (*folder).to_owned();
                *links
            });
        }
        let mut facts = listing.entries[&at].facts.clone();
        if let Some(links) = links {
            facts[3] = links.to_string();
        }
        facts[9..].sort();
        let mut expected = fshfs::facts(item);
        expected[9..].sort();
        assert_eq!(expected, facts, "seed {seed}: {at}");
        seen.insert(at);
    }
    let private = |path: &&String| PRIVATE.iter().any(|private| path.starts_with(private));
    let more: Vec<_> = listing.entries.keys().filter(|path| !seen.contains(*path)).collect();
    let more: Vec<_> = more.into_iter().filter(|path| !path.is_empty() && !private(path)).collect();
    assert!(more.is_empty(), "seed {seed}: more than was made: {more:?}");
}

/// Units in the bytes that 7-Zip prints: UTF-8, with lone surrogates as they are.
fn wtf8(units: &[u16]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for item in char::decode_utf16(units.iter().copied()) {
        match item {
            Ok(c) => bytes.extend(c.to_string().bytes()),
            Err(lone) => {
                let unit = lone.unpaired_surrogate();
                bytes.push(0xe0 | (unit >> 12) as u8);
                bytes.extend([unit >> 6, unit].map(|six| 0x80 | (six & 0x3f) as u8));
            }
        }
    }
    bytes
}

/// Every name, unit by unit, and sizes, by 7-Zip; linked folders are files there.
fn compare_names(seed: u64, grown: &Grown, volume: &Path) {
    let Some(judge) = judge("7zz") else { return };
    let said =
        judge.run(["l".as_ref(), "-slt".as_ref(), "-thfs".as_ref(), volume.as_os_str()]).ok();
    let mut found = BTreeMap::new();
    let (mut path, lines) = (Vec::new(), said.out.split(|byte| *byte == b'\n'));
    for line in lines {
        if let Some(name) = line.strip_prefix(b"Path = ") {
            path = name.to_vec();
        } else if let Some(size) = line.strip_prefix(b"Size = ") {
            found.insert(path.clone(), String::from_utf8_lossy(size).into_owned());
        }
    }
    let label = wtf8(grown.tree.node(grown.tree.root()).name.units());
    let mut expected = BTreeSet::from([label.clone()]);
    for (path, item) in &grown.list {
        let above = (1..path.len()).map(|len| &grown.list[&path[..len]]);
        if above.into_iter().any(|item| item.links != 1) {
            continue; // inside a linked folder
        }
        let parts: Vec<_> = path.iter().map(|units| wtf8(units)).collect();
        let at = [vec![label.clone()], parts].concat().join(&b'/');
        let size = found.get(&at);
        let size = size.unwrap_or_else(|| panic!("seed {seed}: no {:x?}", path));
        if item.meta.kind() == Kind::File && item.links == 1 {
            assert_eq!(*size, item.held.data.len().to_string(), "seed {seed}: {path:x?}");
        }
        expected.insert(at);
    }
    let private = |path: &&Vec<u8>| {
        let below = path.strip_prefix(&label[..]).unwrap_or(path);
        PRIVATE_NAMES.iter().any(|name| below.starts_with(name.as_bytes()))
    };
    let more: Vec<_> = found.keys().filter(|path| !expected.contains(*path)).collect();
    let more: Vec<_> = more.into_iter().filter(|path| !private(path)).collect();
    assert!(more.is_empty(), "seed {seed}: more than was made: {more:x?}");
}

/// Flags and the Finder's type and creator, by the Sleuth Kit.
fn compare_flags(grown: &Grown, listing: &Listing, volume: &Path) {
    let Some(judge) = judge("istat") else { return };
    let told = |item: &Item| {
        item.meta.owner_flags != 0 || item.meta.finder != [0; 32] && item.meta.kind() == Kind::File
    };
    for (path, item) in grown.list.iter().filter(|(_, item)| told(item) && item.links == 1) {
        let Some(entry) = listing.entries.get(&shown(path)) else { continue };
        let id = entry.id.to_string();
        let args = ["-f".as_ref(), "hfs".as_ref(), volume.as_os_str(), id.as_ref()];
        let said = judge.run(args).ok().text();
        let first = |field: &str| -> String {
            let line = said.lines().find_map(|line| line.strip_prefix(field)).unwrap();
            line.split_whitespace().next().unwrap().to_owned()
        };
        assert_eq!(first("Owner flags:"), item.meta.owner_flags.to_string(), "{path:x?}");
        assert_eq!(first("Admin flags:"), item.meta.admin_flags.to_string(), "{path:x?}");
        let code = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let asked = |text: String| format!("{text:0>8}");
        assert_eq!(asked(first("File type:")), code(&item.meta.finder[..4]), "{path:x?}");
        assert_eq!(asked(first("File creator:")), code(&item.meta.finder[4..8]), "{path:x?}");
    }
}
