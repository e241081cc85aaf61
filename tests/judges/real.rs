//! Apple's own images, where they are at hand: restored by `lionize build`, and
//! compared with what they hold by readers of other authors.

use crate::support::fshfs::{self, Entry, Listing};
use crate::support::image::{extract, open, real, temp};
use crate::support::judge::{assert_fsck_clean, judge, run};
use lionize::block::read_vec;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Images whose volume is restored, and the entries that it has.
const RESTORED: [(&str, usize); 13] = [
    ("dfvfs_hfsplus.raw", 11),
    ("dfvfs_hfsplus_zlib.dmg", 7),
    ("hfsinspect_hfsj.bin.7z", 1_763),
    ("keramics_hfsplus_adc.dmg", 18),
    ("keramics_hfsplus_bzip2.dmg", 18),
    ("keramics_hfsplus_lzfse.dmg", 18),
    ("keramics_hfsplus_lzma.dmg", 18),
    ("keramics_hfsplus_zlib.dmg", 18),
    ("penguin359_hfsp-blank.img.xz", 1),
    ("penguin359_hfsp-many2.img.xz", 15_587),
    ("penguin359_hfsp-small.img.xz", 25),
    ("relic_dummy.dmg", 10),
    ("ronin_hfs_plus_volume.bin", 4),
];

/// Images that are refused, and the words that name why.
const REFUSED: [(&str, &str); 4] = [
    ("dfvfs_apfs.raw", "this is an APFS container, which is not supported"),
    ("indygreg_example.dmg", "this is a FAT volume, which is not supported"),
    ("opf_hfs_standard_floppy.img", "this is an HFS standard volume, which is not supported"),
    ("ronin_hfs_plus_header.bin", "totalBlocks is 512: the volume is truncated"),
];

fn build(input: &Path, output: &Path) -> crate::support::judge::Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lionize"));
    command.args(["build", "restore", "--quiet", "--output"]).arg(output);
    command.arg("--input").arg(format!("image={}", input.display()));
    run(&mut command, Duration::from_secs(120))
}

/// The image itself: samples are kept packed.
fn unpacked(sample: &Path, dir: &Path) -> PathBuf {
    let extension = sample.extension().unwrap_or_default().to_string_lossy().into_owned();
    if !["xz", "7z", "gz"].contains(&&*extension) {
        return sample.to_owned();
    }
    let to = dir.join("unpacked");
    let option = format!("-o{}", to.display());
    judge("7zz")
        .unwrap()
        .run(["x".as_ref(), "-y".as_ref(), option.as_ref(), sample.as_os_str()])
        .ok();
    std::fs::read_dir(to).unwrap().next().unwrap().unwrap().path()
}

/// The volume in an image, as 7-Zip finds it.
fn source_volume(image: &Path, dir: &Path) -> PathBuf {
    let is_volume = |path: &PathBuf| {
        let magic = read_vec(&*open(path), 1024, 2);
        magic.is_ok_and(|magic| magic == b"H+" || magic == b"HX")
    };
    let whole = image.to_owned();
    if is_volume(&whole) {
        return whole;
    }
    let to = dir.join("partitions");
    let option = format!("-o{}", to.display());
    let args = ["x".as_ref(), "-y".as_ref(), "-tdmg".as_ref(), option.as_ref(), image.as_os_str()];
    judge("7zz").unwrap().run(args).ok();
    let mut parts = std::fs::read_dir(to).unwrap().map(|entry| entry.unwrap().path());
    parts.find(is_volume).unwrap()
}

/// The volume on a disk of ours, as sgdisk finds it.
pub(crate) fn made_volume(disk: &Path, dir: &Path) -> PathBuf {
    let sgdisk = judge("sgdisk").unwrap();
    let verified = sgdisk.run(["-v".as_ref(), disk.as_os_str()]).ok().text();
    assert!(verified.contains("No problems found"), "{verified}");
    let said = sgdisk.run(["-i2".as_ref(), disk.as_os_str()]).ok().text();
    let number = |field: &str| -> u64 {
        let line = said.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    };
    let (first, last) = (number("First sector: "), number("Last sector: "));
    let volume = dir.join("made.hfs");
    extract(disk, first * 512..(last + 1) * 512, &volume);
    volume
}

/// What is no one's file: where hard links' files are kept, and the journal,
/// which media of ours do not have.
fn is_private(path: &str) -> bool {
    ["/e29080e29080e29080e290804846532b20", "/2e4846532b205072697661746520", "/2e6a6f75726e616c"]
        .iter()
        .any(|private| path.starts_with(private))
}

fn entries(listing: &Listing) -> BTreeMap<&String, &Entry> {
    assert_eq!(listing.error, None);
    listing.entries.iter().filter(|(path, _)| !is_private(path)).collect()
}

#[test]
fn apples_volumes_are_restored_whole() {
    let (Some(real), Some(_), Some(_)) = (real(), judge("7zz"), judge("sgdisk")) else { return };
    for (name, count) in RESTORED {
        let dir = temp();
        let image = unpacked(&real.join(name), dir.path());
        let disk = dir.path().join("made.img");
        build(&image, &disk).ok();
        let (source, made) = (source_volume(&image, dir.path()), made_volume(&disk, dir.path()));
        assert_fsck_clean(&made);
        let Some(both) = fshfs::list(&[(&source, 0), (&made, 0)]) else { return };
        assert_eq!(both[0].name, both[1].name, "{name}");
        let (before, after) = (entries(&both[0]), entries(&both[1]));
        assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>(), "{name}");
        for (path, entry) in &before {
            assert_eq!(entry.facts, after[path].facts, "{name}: {path}");
        }
        assert_eq!(before.len(), count, "{name}");
        let described = flags_agree(&source, &made, &before, &after);
        println!("{name}: {} entries as before, {described} by istat", before.len());
    }
}

/// What the Sleuth Kit says of a file's flags, Finder type and resource fork.
fn described(volume: &Path, id: u32) -> Vec<String> {
    let args = ["-f".as_ref(), "hfs".as_ref(), volume.as_os_str(), id.to_string().as_ref()]
        .map(|arg: &std::ffi::OsStr| arg.to_owned());
    let said = judge("istat").unwrap().run(args).ok().text();
    let fields = [
        "Type:",
        "Mode:",
        "Size:",
        "uid",
        "Admin",
        "Owner",
        "File type",
        "File creator",
        "Text",
        "Res",
    ];
    let is_fact = |line: &&str| {
        fields.iter().any(|field| line.starts_with(field)) && !line.contains("Blocks")
    };
    said.lines().filter(is_fact).map(String::from).collect()
}

fn flags_agree(
    source: &Path,
    made: &Path,
    before: &BTreeMap<&String, &Entry>,
    after: &BTreeMap<&String, &Entry>,
) -> usize {
    if judge("istat").is_none() {
        return 0;
    }
    let every = before.len().div_ceil(40).max(1);
    let some = before.iter().step_by(every);
    some.map(|(path, entry)| {
        let facts = described(source, entry.id);
        assert_eq!(facts, described(made, after[path].id), "{path}");
        assert!(facts.len() >= 6, "{facts:?}");
    })
    .count()
}

#[test]
fn what_is_no_hfs_plus_is_refused_by_name() {
    let Some(real) = real() else { return };
    for (name, why) in REFUSED {
        let dir = temp();
        let disk = dir.path().join("made.img");
        let said = build(&real.join(name), &disk);
        assert_eq!(said.code, 3, "{name}: {}", said.text());
        assert!(said.text().contains(why), "{name}: {}", said.text());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "{name} left a file");
    }
}

/// Apple's own list of 10.15.7, where it is at hand.
#[test]
fn apples_list_of_macs_is_read() {
    use lionize::source::{Mac, Platform};
    let Some(folder) = real() else { return };
    let path = folder.join("MacT2Vuln_PlatformSupport.plist");
    let Ok(bytes) = std::fs::read(path) else { return };
    let platform = Platform::read(&bytes).unwrap();
    let names = |text: &str| platform.names(&Mac::parse(text).unwrap());
    assert!(names("MacBookPro9,2") && names("Mac-2E6FAB96566FE58C"));
    assert!(!names("MacBook1,1") && !names("Mac-F2268DC8"));
}
