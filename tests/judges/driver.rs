//! The Linux driver reads what we wrote, and we read what it wrote.

use crate::support::guest::Guest;
use crate::support::image::{open, temp, write_at, write_sparse};
use crate::support::judge::{assert_fsck_clean, judge};
use crate::support::names::{Names, Rng};
use crate::support::random::{Grown, Item, grow};
use lionize::block::{Map, ReadAt, read_vec};
use lionize::volume::hfsplus::check::{Options, check};
use lionize::volume::hfsplus::{Params, Size, Volume, lay_out};
use lionize::volume::{Body, Kind, Name, VPath};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How many trees: as of the other judges, but never more than a few hundred.
fn count() -> u64 {
    let asked = std::env::var("LIONIZE_TREES").map_or(60, |text| text.parse().unwrap());
    if asked > 200 { 300 } else { asked.min(60) }
}

fn grown(seed: u64) -> (Grown, Params) {
    let mut rng = Rng::new(seed, Names::Basic);
    let grown = grow(seed, 30 + rng.below(120) as usize, Names::Basic);
    let block_size = 512 << rng.below(8);
    (grown, Params { block_size, ..Params::new(Size::Fit { free: 1 << 16 }, rng.date()) })
}

/// Random trees on one disk, one behind the other; the guest mounts each.
#[test]
fn the_driver_reads_random_trees() {
    let Some(guest) = Guest::find() else { return };
    let dir = temp();
    let path = dir.path().join("volumes.img");
    let disk = File::create(&path).unwrap();
    let (mut list, mut at, mut trees) = (String::new(), 0, Vec::new());
    for seed in 1..=count() {
        let (grown, params) = grown(seed + 1_000_000);
        let laid = lay_out(&Arc::new(grown.tree.clone()), &params).unwrap();
        let len = laid.map.len();
        disk.set_len(at + len).unwrap();
        write_at(&disk, at, &laid.map).unwrap();
        writeln!(list, "{at} {len}").unwrap();
        at = (at + len).next_multiple_of(4096);
        trees.push(grown);
    }
    disk.set_len(at).unwrap();
    let files = [("list", list.as_bytes())];
    let script = "judge walk-all /dev/vda </job/list";
    let said = guest.run(script, &files, &[&path], Duration::from_secs(500)).ok();
    let text = String::from_utf8(said.out).unwrap();
    let volumes: Vec<_> = text.split_terminator("end\n").collect();
    assert_eq!(volumes.len(), trees.len());
    let both = trees.iter().zip(volumes).enumerate();
    let attributes: usize = both.map(|(n, (grown, said))| compare(n, grown, said)).sum();
    assert!(attributes > 5 * trees.len(), "{attributes} attributes in {} trees", trees.len());
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn fnv(data: &[u8]) -> u64 {
    let step = |h: u64, byte: &u8| (h ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    data.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// A path as the driver prints it.
fn shown(path: &[Vec<u16>]) -> String {
    let part = |units: &Vec<u16>| {
        let text = String::from_utf16(units).unwrap().replace('\0', "\u{2400}").replace('/', ":");
        format!("/{text}")
    };
    hex(path.iter().map(part).collect::<String>().as_bytes())
}

/// What `judge walk` says of an item.
fn facts(item: &Item) -> BTreeMap<String, String> {
    let meta = &item.meta;
    let mut facts = BTreeMap::new();
    let mut say = |key: &str, value: String| drop(facts.insert(key.to_owned(), value));
    say("mode", format!("{:o}", meta.mode));
    say("uid", meta.owner.to_string());
    say("gid", meta.group.to_string());
    // The driver's dates are 32 bits wide.
    say("mtime", meta.modified.wrapping_sub(2_082_844_800).to_string());
    match meta.kind() {
        Kind::File => {
            say("links", item.links.to_string());
            say("size", item.held.data.len().to_string());
            say("data", format!("{:016x}", fnv(&item.held.data)));
        }
        Kind::Symlink => say("to", hex(&item.held.data)),
        Kind::CharDevice | Kind::BlockDevice => {
            say("dev", format!("{},{}", meta.device >> 20, meta.device & 0xf_ffff));
        }
        _ => {}
    }
    for (name, value) in &item.held.xattrs {
        let name = format!("osx.{}", String::from_utf16(name).unwrap().replace('/', ":"));
        let key = format!("x:{}", hex(name.as_bytes()));
        say(&key, format!("{},{:016x}", value.len(), fnv(value)));
    }
    if meta.finder != [0; 32] && matches!(meta.kind(), Kind::File | Kind::Dir) {
        let key = format!("x:{}", hex(b"osx.com.apple.FinderInfo"));
        say(&key, format!("32,{:016x}", fnv(&meta.finder)));
    }
    facts
}

/// Compares a tree with what the driver said; counts the attributes that agree.
fn compare(number: usize, grown: &Grown, said: &str) -> usize {
    let mut judged = 0;
    let entry = |line: &str| {
        let (path, facts) = line.split_once(' ').unwrap_or((line, ""));
        let facts = facts.split(' ').filter_map(|fact| fact.split_once('='));
        let facts: BTreeMap<_, _> = facts.map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        (path.to_owned(), facts)
    };
    let entries: BTreeMap<_, _> = said.lines().map(entry).collect();
    for (path, item) in &grown.list {
        let above = (1..path.len()).map(|len| &grown.list[&path[..len]]);
        if above.into_iter().any(|item| item.links > 1)
            || item.links > 1 && item.meta.kind() == Kind::Dir
        {
            continue; // The driver does not know linked folders.
        }
        let at = shown(path);
        let found = entries.get(&at);
        let found = found.unwrap_or_else(|| panic!("tree {number}: no {at} {:?}", item.meta));
        for (key, value) in facts(item) {
            // Of attributes the driver does not list all that are in several
            // nodes, and reads only those in the tree's own: what it says is right.
            let attribute = key.starts_with("x:");
            match found.get(&key) {
                Some(found) if *found == value => judged += usize::from(attribute),
                Some(found) if attribute && found == "E95" => {}
                None if attribute => {}
                found => panic!("tree {number}: {at}: {key} is {found:?}, not {value}"),
            }
        }
    }
    judged
}

/// Volumes that the driver made: fragmented past what the catalog holds, and
/// blessed. Our reader reads them, our layout keeps the blessing.
#[test]
fn we_read_what_the_driver_wrote_and_bless_as_it_does() {
    let (Some(mkfs), Some(guest)) = (judge("mkfs.hfsplus"), Guest::find()) else { return };
    let dir = temp();
    let path = dir.path().join("driver.img");
    write_sparse(&path, &Map::new(32 << 20));
    mkfs.run([path.as_os_str()]).ok();
    let script = "set -e; mount -t hfsplus -o nls=utf8 /dev/vda /mnt
        judge fragment /mnt 12
        mkdir -p /mnt/System/Library/CoreServices && cd /mnt/System/Library/CoreServices
        cp /job/run.sh boot.efi; judge bless boot.efi; cd /; umount /mnt
        mount -t hfsplus -o ro,nodecompose,nls=utf8 /dev/vda /mnt; judge walk /mnt";
    let said = guest.run(script, &[], &[&path], Duration::from_secs(200)).ok().text();
    assert_fsck_clean(&path);

    let report = check(&open(&path), &Options::default()).unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert!(report.extents > 8 * 8, "too few to overflow: {}", report.extents);
    let volume = Volume::open(open(&path)).unwrap();
    let tree = volume.tree().unwrap();
    let mut files = 0;
    for id in tree.ids().filter(|id| tree.node(*id).meta.kind() == Kind::File) {
        let Body::File { data, .. } = &tree.node(id).body else { continue };
        let bytes = read_vec(&**data, 0, data.len() as usize).unwrap();
        let at = hex(tree.path(id).to_string().as_bytes());
        let sum = format!("data={:016x}", fnv(&bytes));
        let line = said.lines().find(|line| line.split(' ').next() == Some(&at));
        assert!(line.is_some_and(|line| line.contains(&sum)), "{at} {sum}: {line:?}");
        files += 1;
    }
    assert_eq!(files, 6 + 1 + 1); // every second part, what fell between, the boot file

    let words = |path: &Path| {
        let header = read_vec(&*open(path), 1024, 512).unwrap();
        header[80..112]
            .chunks(4)
            .map(|b| u32::from_be_bytes(b.try_into().unwrap()))
            .collect::<Vec<_>>()
    };
    // The driver sets words 0, 1 and 5. Ours come from steps on the tree.
    let mut ours = tree.clone();
    let folder = ours.lookup(&VPath::parse("/System/Library/CoreServices").unwrap()).unwrap();
    let boot = ours.child(folder, &Name::from_text("boot.efi")).unwrap();
    ours.facts.blessed_folder = Some(folder);
    ours.facts.boot_file = Some(boot);
    ours.facts.osx_folder = Some(folder);
    let laid = lay_out(&Arc::new(ours), &Params::new(Size::Exact(32 << 20), 1)).unwrap();
    let again = dir.path().join("ours.img");
    write_sparse(&again, &laid.map);
    assert_fsck_clean(&again);
    let (driver, ours) = (words(&path), words(&again));
    assert_eq!(driver[..6], ours[..6]);
    assert_ne!(driver[0], 0);
    assert_eq!([driver[0], driver[1]], [laid.cnids[folder.index()], laid.cnids[boot.index()]]);
}
