//! UDIF images: Apple's own, and ours as 7zz and apple-dmg read them.

use crate::support::image::temp;
use crate::support::judge::{judge, note};
use lionize::block::{Content, FileBytes, Map, ReadAt, bytes, read_vec};
use lionize::format::udif::{Check, Image, Section, write};
use sha2::{Digest, Sha256};
use std::ffi::{OsStr, OsString};
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder of real images, if it is there.
fn real() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let said = std::env::var_os("LIONIZE_REAL").map(PathBuf::from);
    let found =
        [said, Some(here.join("../shared/real"))].into_iter().flatten().find(|p| p.is_dir());
    if found.is_none() {
        println!("not judged: no real samples");
    }
    found
}

fn open(path: &Path) -> Image {
    Image::open(Arc::new(FileBytes::open(path).unwrap())).unwrap()
}

fn sha256(image: &dyn ReadAt) -> String {
    let mut digest = Sha256::new();
    let mut at = 0;
    while at < image.len() {
        let len = (image.len() - at).min(1_000_003);
        digest.update(read_vec(image, at, usize::try_from(len).unwrap()).unwrap());
        at += len;
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Images of Apple's tools by every codec, with the digest of the whole disk
/// that three other readers agree on. The last is not of an Apple tool.
const REAL: [(&str, &str); 8] = [
    ("keramics_hfsplus_adc", "d27324bc2d35"),
    ("keramics_hfsplus_bzip2", "b918c2606696"),
    ("keramics_hfsplus_lzfse", "5f3091e9c569"),
    ("keramics_hfsplus_zlib", "d3fc84894c6a"),
    ("keramics_hfsplus_lzma", "b144d0fedfa6"),
    ("relic_dummy", "86088b375697"),
    ("dfvfs_hfsplus_zlib", "c86d3616818e"),
    ("indygreg_example", ""),
];

#[test]
fn real_images_decode_and_verify() {
    let Some(real) = real() else { return };
    for (name, digest) in REAL {
        let image = open(&real.join(name).with_extension("dmg"));
        let checks = image.verify(2, &|_| ()).unwrap();
        let first = image.decodes();
        assert_eq!((first.decodes, first.most), (first.chunks, 1), "{name}");
        assert!(checks.is_complete(), "{name}: {checks:?}");
        assert_eq!(checks.master, Check::Passed, "{name}");
        let data_fork = if digest.is_empty() { Check::Passed } else { Check::Absent };
        assert_eq!(checks.data_fork, data_fork, "{name}");
        assert!(sha256(&image).starts_with(digest), "{name}");
        let hfs = image.partitions().iter().filter(|p| p.name == "disk image (Apple_HFS : 4)");
        assert_eq!(hfs.count(), usize::from(!digest.is_empty()), "{name}");
    }
}

/// The whole disk as 7zz extracts it: one file a partition, in order.
pub(crate) fn disk_by_7zz(image: &Path) -> Option<Vec<u8>> {
    let judge = judge("7zz")?;
    let out = temp();
    let folder: OsString = [OsStr::new("-o"), out.path().as_os_str()].into_iter().collect();
    judge
        .run([OsStr::new("x"), OsStr::new("-y"), OsStr::new("-tdmg"), &folder, image.as_os_str()])
        .ok();
    let mut files: Vec<_> = out.path().read_dir().unwrap().map(|f| f.unwrap().path()).collect();
    let number = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.split('.').next().unwrap().parse().unwrap_or(0u32)
    };
    files.sort_by_key(number);
    Some(files.iter().flat_map(|file| std::fs::read(file).unwrap()).collect())
}

#[test]
fn real_images_are_what_7zz_reads() {
    let Some(real) = real() else { return };
    for (name, _) in REAL {
        let path = real.join(name).with_extension("dmg");
        let Some(theirs) = disk_by_7zz(&path) else { return };
        let image = open(&path);
        let ours = read_vec(&image, 0, theirs.len()).unwrap();
        assert!(image.len() == theirs.len() as u64 && ours == theirs, "{name}");
    }
}

/// Bytes that do not compress.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut out = Vec::with_capacity(len + 8);
    while out.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out.extend(state.to_le_bytes());
    }
    out.truncate(len);
    out
}

pub(crate) fn text(len: usize) -> Vec<u8> {
    (0u32..).flat_map(|n| format!("file {n} of the installer\n").into_bytes()).take(len).collect()
}

/// A disk of 40 MiB with data here and there, known and unknown zeros.
fn disk() -> Map {
    let mut map = Map::new(40 << 20);
    map.push(0, bytes(text(20480)), None);
    map.push(1 << 20, bytes([text(3 << 20), noise(2_000_000), vec![0; 3 << 20]].concat()), None);
    map.push(20 << 20, bytes([vec![0; 99_999], noise(700_000)].concat()), None);
    map.push((40 << 20) - 16896, bytes(text(16896)), None);
    map
}

fn written(disk: &dyn Content, sections: &[Section], path: &Path) {
    let mut file = std::fs::File::create(path).unwrap();
    write(disk, sections, 2, &mut file, &mut |_| ()).unwrap();
}

#[test]
fn images_of_ours_are_what_7zz_reads() {
    let (disk, folder) = (disk(), temp());
    let len = disk.len();
    let parts = [
        Section::new(
            "EFI System Partition",
            "C12A7328-F81F-11D2-BA4B-00C04FC93EC9",
            20480..1 << 20,
        ),
        Section::new("disk image", "Apple_HFS", 1 << 20..30 << 20),
    ];
    let whole = Section::whole_disk("Apple_HFS", len);
    for (name, sections) in [("gpt", Section::gpt(&parts, len, 512)), ("whole", whole)] {
        let path = folder.path().join(name).with_extension("dmg");
        written(&disk, &sections, &path);
        let Some(judge) = judge("7zz") else { return };
        let said = judge.run([OsStr::new("t"), OsStr::new("-tdmg"), path.as_os_str()]).ok();
        assert!(said.text().contains("Everything is Ok"), "{}", said.text());
        let theirs = disk_by_7zz(&path).unwrap();
        assert!(theirs == read_vec(&disk, 0, theirs.len()).unwrap() && theirs.len() as u64 == len);
        let checks = open(&path).verify(2, &|_| ()).unwrap();
        assert!(checks.is_complete() && checks.data_fork == Check::Passed);
        assert_eq!(sha256(&open(&path)), sha256(&disk));
    }
}

/// 7zz notices a wrong byte by the checksums that we wrote.
#[test]
fn a_broken_image_of_ours_is_refused_by_7zz() {
    let Some(judge) = judge("7zz") else { return };
    let (disk, folder) = (bytes(noise(1 << 20)), temp());
    let path = folder.path().join("broken.dmg");
    written(&*disk, &Section::whole_disk("Apple_HFS", disk.len()), &path);
    let mut file = std::fs::read(&path).unwrap();
    file[70_000] ^= 1;
    std::fs::write(&path, file).unwrap();
    let said = judge.run([OsStr::new("t"), OsStr::new("-tdmg"), path.as_os_str()]);
    assert!(said.code != 0, "{}", said.text());
    let error = open(&path).verify(1, &|_| ()).unwrap_err().to_string();
    assert!(error.contains("not the CRC-32 of the bytes"), "{error}");
}

/// `apple-dmg` 0.5 reads raw and zlib runs, the trailer and the list; it gives
/// no zeros for zero runs, so it judges an image that has none.
#[test]
fn images_of_ours_are_what_apple_dmg_reads() {
    let disk = [text(1 << 20), noise(1 << 20), text(77 * 512)].concat();
    let (split, len) = (600 << 10, disk.len() as u64);
    let sections =
        [Section::new("a & b", "Apple_HFS", 0..split), Section::new("c", "Apple_HFS", split..len)];
    let mut file = Vec::new();
    write(&*bytes(&*disk), &sections, 2, &mut file, &mut |_| ()).unwrap();
    note("apple-dmg");
    let mut theirs = apple_dmg::DmgReader::new(Cursor::new(file)).unwrap();
    assert_eq!(theirs.koly().sector_count * 512, len);
    let data_fork = u32::from(theirs.koly().data_fork_digest);
    assert_eq!(theirs.data_checksum().unwrap(), data_fork);
    assert_eq!(theirs.partition_name(0), "a & b (Apple_HFS : 0)");
    let mut all = Vec::new();
    for index in 0..2 {
        let data = theirs.partition_data(index).unwrap();
        let table = theirs.partition_table(index).unwrap();
        assert_eq!(u32::from(table.checksum), crc32fast::hash(&data));
        all.extend(data);
    }
    assert!(all == disk);
}

/// And the other way round: an image that `apple-dmg` writes.
#[test]
fn images_of_apple_dmg_are_read() {
    let (first, second) = (noise(512), [text(3 << 20), vec![0; 4096]].concat());
    let mut file = Vec::new();
    let mut theirs = apple_dmg::DmgWriter::new(Cursor::new(&mut file));
    theirs.add_partition("Master Boot Record (MBR : 0)", &first).unwrap();
    theirs.add_partition("FAT32 (FAT32 : 1)", &second).unwrap();
    theirs.finish().unwrap();
    note("apple-dmg");
    let image = Image::open(bytes(file)).unwrap();
    assert!(read_vec(&image, 0, first.len() + second.len()).unwrap() == [first, second].concat());
    assert_eq!(image.partitions()[1].name, "FAT32 (FAT32 : 1)");
    let checks = image.verify(2, &|_| ()).unwrap();
    assert_eq!((checks.data_fork, checks.master), (Check::Passed, Check::Passed));
}
