//! The same image with its trailer in front, in segments, without XML.

use super::sample::{Parts, disk, image, open, refusal, source, take_apart};
use crate::block::saying::{assert_said, said};
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
    let sum = files[0].len() - 512 + 88;
    let stated = u32::from_be_bytes(files[0][sum..sum + 4].try_into().unwrap());
    assert_eq!(says, format!("koly: DataForkChecksum is {stated:#x}: not the CRC-32 of the bytes"));
}

#[test]
fn segments_that_do_not_belong_together() {
    let files = segments(&[100, 5000]);
    let [first, second, third] = &files[..] else { panic!("{}", files.len()) };
    let with = |from_end: usize, file: &[u8]| {
        let mut file = file.to_vec();
        let at = file.len() - 512 + from_end;
        file[at] ^= 1;
        file
    };
    let [first, second, third] = [first, second, third].map(Vec::as_slice);
    let hint = "which is not supported (SegmentCount is 3)\n\
                hint: put all of its segments into one folder and give the first: NAME.dmg, with \
                NAME.002.dmgpart and so on beside it";
    let more = [first, second, third, third];
    let (count, id, moved) = (with(63, third), with(64, third), with(23, second));
    let other = &id[id.len() - 512 + 64..id.len() - 512 + 80];
    let other = u128::from_be_bytes(other.try_into().unwrap());
    let rows = [
        (vec![first], format!("this is one segment of a split image, {hint}")),
        (vec![first, second], format!("this is a split image without all of its segments, {hint}")),
        (more.to_vec(), "koly: SegmentCount is 3: fewer than the segments that are here".into()),
        (
            vec![first, second, second],
            "koly: SegmentNumber is 2: a segment is missing or doubled".into(),
        ),
        (
            vec![first, second, &count],
            "koly: SegmentCount is 2: not that of the first segment".into(),
        ),
        (
            vec![first, second, &id],
            format!("koly: SegmentID is \"{other:032x}\": not that of the first segment"),
        ),
        (
            vec![first, &moved, third],
            "koly: RunningDataForkOffset is 101: not the length of the segments before it".into(),
        ),
        (vec![], "koly: SegmentCount is 0: there is no segment".into()),
    ];
    assert_said(rows.map(|(files, text)| {
        let files = files.into_iter().map(|file| source(file.to_vec())).collect();
        (said(Image::open_segments(files)), text)
    }));
}
