//! Reads of all shapes, by several threads, and what they prove.

use super::sample::{disk, image, noise, open, source, take_apart, text};
use crate::block::{Content, ReadAt, bytes, read_vec};
use crate::format::udif::{Check, Checks, Decodes, Image, Section, crc, write};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

#[test]
fn what_is_written_is_read() {
    let disk = disk();
    let image = open(image(&disk));
    assert_eq!(image.len(), disk.len() as u64);
    assert!(read_vec(&image, 0, disk.len()).unwrap() == disk);
    let names: Vec<_> = image.partitions().iter().map(|p| p.name.as_str()).collect();
    assert_eq!(
        names,
        [" (Apple_Free : 0)", "first & best (Apple_HFS : 1)", "second (Apple_HFS : 2)"]
    );
    assert_eq!(image.partitions()[1].first_sector, 1);
    let passed = Checks {
        data_fork: Check::Passed,
        partitions: vec![Check::Passed; 3],
        master: Check::Passed,
    };
    assert_eq!(image.verify(2, &|_| ()).unwrap(), passed);
    assert!(passed.is_complete());
}

#[test]
fn reads_of_any_place_and_length() {
    let disk = disk();
    let image = open(image(&disk));
    let lens = [1, 511, 512, 513, 70_000, 600_000, 1_100_000];
    for (step, len) in (0..disk.len()).step_by(99_991).zip(lens.iter().cycle()) {
        let len = (*len).min(disk.len() - step);
        assert!(
            read_vec(&image, step as u64, len).unwrap() == disk[step..step + len],
            "{step} {len}"
        );
    }
    let end = disk.len() as u64;
    assert!(image.read_at(end, &mut [0]).is_err());
    assert!(image.read_at(u64::MAX, &mut [0]).is_err());
    image.read_at(end, &mut []).unwrap();
}

/// Threads that take pieces in turn, cut across chunks, decode each once.
#[test]
fn no_chunk_is_decoded_twice_by_readers_in_order() {
    let disk = text(8 << 20);
    let mut file = Vec::new();
    let sections = Section::whole_disk("Apple_HFS", disk.len() as u64);
    write(&*bytes(&*disk), &sections, 2, &mut file, &mut |_| ()).unwrap();
    let image = open(file);
    let (next, piece) = (AtomicUsize::new(0), 700_001);
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed) * piece;
            if at >= disk.len() {
                break;
            }
            let len = piece.min(disk.len() - at);
            assert!(read_vec(&image, at as u64, len).unwrap() == disk[at..at + len]);
        }
    };
    std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(work))));
    assert_eq!(image.decodes(), Decodes { chunks: 16, decodes: 16, most: 1 });
    let progress = AtomicU64::new(0);
    image
        .verify(2, &|n| {
            progress.fetch_add(n, Ordering::Relaxed);
        })
        .unwrap();
    assert_eq!(image.decodes().decodes, 16, "verifying decodes nothing again");
    assert_eq!(progress.into_inner(), image.verify_len());
}

#[test]
fn zeros_are_holes() {
    let disk = disk();
    let image = open(image(&disk));
    const CHUNK: u64 = 512 << 10;
    // The first section begins one sector behind the disk.
    assert_eq!(image.data(0), Some(0..2 * CHUNK + 512));
    let hole = 2 * CHUNK + 512;
    let next = image.data(hole).unwrap();
    assert!(next.start >= hole + CHUNK, "{next:?}");
    let mut at = 0;
    while let Some(run) = image.data(at) {
        assert!(
            disk[usize::try_from(at).unwrap()..usize::try_from(run.start).unwrap()]
                .iter()
                .all(|&b| b == 0)
        );
        at = run.end;
    }
    let origin = |at| image.origin(at).unwrap();
    assert!(origin(5) < origin(6) && origin(5).container == origin(6).container);
}

#[test]
fn an_image_inside_an_image() {
    let inner = image(&disk());
    let mut outer = inner.clone();
    outer.resize(outer.len().next_multiple_of(512), 0);
    let mut file = Vec::new();
    let sections = Section::whole_disk("x", outer.len() as u64);
    write(&*source(outer), &sections, 1, &mut file, &mut |_| ()).unwrap();
    let outer = open(file);
    let inner = Image::open(
        crate::block::slice(&(std::sync::Arc::new(outer.clone()) as _), 0, inner.len() as u64)
            .unwrap(),
    )
    .unwrap();
    assert!(read_vec(&inner, 0, disk().len()).unwrap() == disk());
    inner.verify(2, &|_| ()).unwrap();
    assert!(outer.decodes().most <= 2, "{:?}", outer.decodes());
}

#[test]
fn bytes_do_not_depend_on_threads() {
    let disk = disk();
    let written = |threads| {
        let (mut out, mut seen) = (Vec::new(), 0);
        let sections = Section::whole_disk("Apple_HFS", disk.len() as u64);
        let done =
            write(&*bytes(&*disk), &sections, threads, &mut out, &mut |n| seen += n).unwrap();
        assert_eq!((done.len, seen), (out.len() as u64, disk.len() as u64));
        out
    };
    let one = written(1);
    assert!(one == written(2) && one == written(5));
}

/// What an image of noise says is wrong after a change of its parts.
fn complaint(change: impl FnOnce(&mut super::sample::Parts)) -> String {
    let mut parts = take_apart(&image(&noise(600_064, 1)));
    change(&mut parts);
    open(parts.join()).verify(2, &|_| ()).unwrap_err().to_string()
}

#[test]
fn every_checksum_is_checked() {
    let rule = "not the CRC-32 of the bytes";
    let says = complaint(|parts| parts.koly.data_checksum.data[0] = 7.into());
    assert_eq!(says, format!("koly: DataForkChecksum is 0x7: {rule}"));
    let says = complaint(|parts| parts.koly.master_checksum.data[0] = 7.into());
    assert_eq!(says, format!("koly: MasterChecksum is 0x7: {rule}"));
    // Raw noise: only checksums can tell.
    let says = complaint(|parts| {
        parts.fork[1000] ^= 1;
        parts.koly.data_checksum.kind = 0.into();
    });
    let stated = crc::of(&noise(600_064, 1)[512..300_032]);
    assert_eq!(says, format!("mish: Checksum is {stated:#x}: {rule} (at byte 512)"));
    let says = complaint(|parts| {
        parts.fork.push(0);
        parts.koly.data_fork_length += 1;
        parts.koly.xml_offset += 1;
    });
    let stated = crc::of(&noise(600_064, 1));
    assert_eq!(says, format!("koly: DataForkChecksum is {stated:#x}: {rule}"));
    // The first chunk of text is stored by zlib.
    let mut parts = take_apart(&image(&disk()));
    parts.fork[600] ^= 0xff;
    let says = open(parts.join()).verify(1, &|_| ()).unwrap_err().to_string();
    assert_eq!(says, "run: EntryType is 0x80000005: its zlib data cannot be decoded (at byte 101)");
}

#[test]
fn absent_and_other_checksums_are_told() {
    let mut parts = take_apart(&image(&disk()));
    parts.koly.data_checksum.kind = 0.into();
    parts.koly.master_checksum.kind = 4.into();
    let checks = open(parts.join()).verify(1, &|_| ()).unwrap();
    assert_eq!((checks.data_fork, checks.master), (Check::Absent, Check::NotChecked(4)));
    assert!(checks.is_complete());
}
