//! The forms of a UDIF image that Apple's older tools made, as 7zz reads them.
//!
//! No such image of Apple's is at hand: ours are put together here from one
//! that we write, and 7zz says whether the form is right.

use crate::support::image::temp;
use crate::support::judge::judge;
use crate::udif::{disk_by_7zz, noise, text};
use lionize::block::{bytes, read_vec};
use lionize::format::udif::{Image, Section, write};
use std::ffi::OsStr;

/// Puts a big-endian number at a place of the trailer.
fn put(koly: &mut [u8], at: usize, number: usize) {
    koly[at..at + 8].copy_from_slice(&(number as u64).to_be_bytes());
}

/// A disk, and its image: data fork, list, trailer.
fn parts() -> (Vec<u8>, [Vec<u8>; 3]) {
    let disk = [text(700_000), noise(100_000), vec![0; 1 << 20], text(224)].concat();
    let len = disk.len() as u64 / 512 * 512;
    let disk = disk[..len as usize].to_vec();
    let sections = [
        Section::new("one", "Apple_HFS", 0..51_200),
        Section::new("two", "Apple_HFS", 51_200..len),
    ];
    let mut file = Vec::new();
    let done = write(&*bytes(&*disk), &sections, 2, &mut file, &mut |_| ()).unwrap();
    let koly = file.split_off(file.len() - 512);
    let list = file.split_off(done.data_fork as usize);
    (disk, [file, list, koly])
}

/// 7zz and we read the same disk from a file.
fn assert_reads(file: Vec<u8>, disk: &[u8]) {
    let folder = temp();
    let path = folder.path().join("variant.dmg");
    std::fs::write(&path, &file).unwrap();
    let image = Image::open(bytes(file)).unwrap();
    assert!(read_vec(&image, 0, disk.len()).unwrap() == disk);
    assert!(image.verify(2, &|_| ()).unwrap().is_complete());
    let Some(judge) = judge("7zz") else { return };
    judge.run([OsStr::new("t"), OsStr::new("-tdmg"), path.as_os_str()]).ok();
    assert!(disk_by_7zz(&path).unwrap() == disk);
}

#[test]
fn the_trailer_in_front() {
    let (disk, [fork, list, mut koly]) = parts();
    put(&mut koly, 24, 512);
    put(&mut koly, 216, 512 + fork.len());
    assert_reads([koly, fork, list].concat(), &disk);
}

#[test]
fn block_tables_in_a_resource_fork() {
    let (disk, [fork, list, mut koly]) = parts();
    let resources = resource_fork(&list);
    put(&mut koly, 40, fork.len());
    put(&mut koly, 48, resources.len());
    put(&mut koly, 216, 0);
    put(&mut koly, 224, 0);
    assert_reads([fork, resources, koly].concat(), &disk);
}

/// The `blkx` resources of a list as a binary resource fork.
fn resource_fork(list: &[u8]) -> Vec<u8> {
    let list = plist::Value::from_reader_xml(list).unwrap();
    let resources = list.as_dictionary().unwrap().get("resource-fork").unwrap();
    let tables = resources.as_dictionary().unwrap().get("blkx").unwrap().as_array().unwrap();
    let (mut data, mut names, mut references) = (Vec::new(), Vec::new(), Vec::new());
    for (table, id) in tables.iter().zip(-1i16..) {
        let table = table.as_dictionary().unwrap();
        let name = table.get("Name").unwrap().as_string().unwrap();
        let mish = table.get("Data").unwrap().as_data().unwrap();
        references.extend(id.to_be_bytes());
        references.extend((names.len() as u16).to_be_bytes());
        references.extend((0x5000_0000 | data.len() as u32).to_be_bytes());
        references.extend([0; 4]);
        data.extend((mish.len() as u32).to_be_bytes());
        data.extend(mish);
        names.push(name.len() as u8);
        names.extend(name.bytes());
    }
    let map = 28 + 10 + references.len() + names.len();
    let head = [256, 256 + data.len(), data.len(), map].map(|n| (n as u32).to_be_bytes()).concat();
    let lists = [28, 38 + references.len(), 0].map(|n| (n as u16).to_be_bytes()).concat();
    let count = [tables.len() - 1, 10].map(|n| (n as u16).to_be_bytes()).concat();
    let map = [&*head, &[0; 8], &lists, b"blkx", &count, &references, &names].concat();
    [&*head, &[0; 240], &data, &map].concat()
}
