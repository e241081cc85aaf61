//! The same image with its trailer in front, in segments, without XML.

use super::sample::{Parts, disk, image, open, refusal, source, take_apart};
use crate::block::{ReadAt, read_vec};
use crate::format::udif::raw::Koly;
use crate::format::udif::{Check, Image, crc, rsrc};
use zerocopy::IntoBytes;

fn assert_whole(image: &Image) {
    let disk = disk();
    assert!(read_vec(image, 0, disk.len()).unwrap() == disk);
    assert_eq!(image.len(), disk.len() as u64);
    assert_eq!(image.partitions()[2].name, "second (Apple_HFS : 2)");
    assert!(image.verify(1, &|_| ()).unwrap().is_complete());
}

#[test]
fn the_trailer_in_front() {
    let Parts { fork, list, mut koly } = take_apart(&image(&disk()));
    koly.data_fork_offset = 512.into();
    koly.xml_offset += 512;
    assert_whole(&open([koly.as_bytes(), &fork, &list].concat()));
}

#[test]
fn a_data_fork_behind_other_bytes() {
    let Parts { fork, list, mut koly } = take_apart(&image(&disk()));
    koly.data_fork_offset = 1000.into();
    koly.xml_offset += 1000;
    assert_whole(&open([&[9; 1000], &*fork, &list, koly.as_bytes()].concat()));
}

#[test]
fn only_a_resource_fork() {
    let mut parts = take_apart(&image(&disk()));
    let fork = rsrc::write(&parts.blkx());
    parts.koly.rsrc_fork_offset = parts.koly.xml_offset;
    parts.koly.rsrc_fork_length = (fork.len() as u64).into();
    parts.koly.xml_offset = 0.into();
    parts.koly.xml_length = 0.into();
    parts.list = fork;
    assert_whole(&open(parts.join()));
    parts.koly.rsrc_fork_length = 0.into();
    let rule = "koly: RsrcForkLength is 0: there are no block tables";
    assert_eq!(refusal(parts.join()), rule);
}

/// The image in segments that end at these places of the data fork.
fn segments(cuts: &[usize]) -> Vec<Vec<u8>> {
    let parts = take_apart(&image(&disk()));
    let ends = cuts.iter().copied().chain([parts.fork.len()]);
    let starts = [0].into_iter().chain(cuts.iter().copied());
    let count = u32::try_from(cuts.len() + 1).unwrap();
    let segment = |((start, end), number): ((usize, usize), u32)| {
        let mut koly: Koly = parts.koly;
        koly.segment_number = number.into();
        koly.segment_count = count.into();
        koly.running_data_fork_offset = (start as u64).into();
        koly.data_fork_length = ((end - start) as u64).into();
        koly.xml_offset = ((end - start) as u64).into();
        let list: &[u8] = if number == 1 { &parts.list } else { &[] };
        koly.xml_length = (list.len() as u64).into();
        [&parts.fork[start..end], list, koly.as_bytes()].concat()
    };
    starts.zip(ends).zip(1..).map(segment).collect()
}

#[test]
fn segments_in_any_order() {
    let mut files = segments(&[100, 5000, 700_000]);
    files.reverse();
    let files = files.into_iter().map(source).collect();
    assert_whole(&Image::open_segments(files).unwrap());
}

/// Trailers of segments may state the CRC of their own part.
#[test]
fn segments_with_their_own_checksums() {
    let mut files = segments(&[100, 700_000]);
    for file in &mut files {
        let at = file.len() - 512;
        let len = u64::from_be_bytes(file[at + 32..at + 40].try_into().unwrap());
        let crc = crc::of(&file[..usize::try_from(len).unwrap()]);
        file[at + 88..at + 92].copy_from_slice(&crc.to_be_bytes());
    }
    let open = |files: &[Vec<u8>]| {
        let files = files.iter().map(|file| source(file.clone())).collect();
        Image::open_segments(files).unwrap()
    };
    assert_eq!(open(&files).verify(1, &|_| ()).unwrap().data_fork, Check::Passed);
    let at = files[1].len() - 512 + 88;
    files[1][at] ^= 1;
    let says = open(&files).verify(1, &|_| ()).unwrap_err().to_string();
    assert!(says.starts_with("koly: DataForkChecksum"), "{says}");
}

#[test]
fn segments_that_do_not_belong_together() {
    let files = segments(&[100, 5000]);
    let says = |files: Vec<Vec<u8>>| {
        Image::open_segments(files.into_iter().map(source).collect()).err().unwrap().to_string()
    };
    let one = "this is one segment of a split image, which is not supported (SegmentCount is 3)";
    assert_eq!(says(vec![files[0].clone()]), one);
    let two = "koly: SegmentCount is 3: not the number of segments given";
    assert_eq!(says(files[..2].to_vec()), two);
    let doubled = vec![files[0].clone(), files[1].clone(), files[1].clone()];
    let rule = "koly: SegmentNumber is 2: a segment is missing or doubled";
    assert_eq!(says(doubled), rule);
    let mut other = files.clone();
    let id = other[2].len() - 512 + 64;
    other[2][id] ^= 1;
    assert!(says(other).contains("SegmentID"));
    let mut moved = files;
    let running = moved[1].len() - 512 + 23;
    moved[1][running] ^= 1;
    assert!(says(moved).starts_with("koly: RunningDataForkOffset is 101: not the length"));
    assert!(says(vec![]).contains("there is no segment"));
}
