use super::*;
use crate::block::saying::{assert_said, said};

/// As Lion's `InstallESD.dmg` is divided.
fn disk() -> Vec<u8> {
    let part = |name, kind, first, count| NewPart { name, kind, first, count };
    let parts = [
        part("Macintosh", "Apple_Driver_ATAPI", 64, 8),
        part("", Entry::FREE, 72, 0),
        part("disk image", Entry::HFS, 72, 100),
        part("", Entry::FREE, 172, 28),
    ];
    let mut disk = tables(200, &parts).unwrap();
    disk.resize(200 * 512, 0);
    disk
}

/// The same map in units of 2048, on a disk four times as large.
fn cd() -> Vec<u8> {
    let mut cd = vec![0; 200 * 2048];
    for (n, block) in disk().chunks(512).enumerate() {
        cd[n * 2048..n * 2048 + 512].copy_from_slice(block);
    }
    cd[2..4].copy_from_slice(&2048u16.to_be_bytes());
    cd
}

#[test]
fn what_is_written_is_read() {
    let apm = read(&disk()).unwrap().unwrap();
    assert_eq!(apm.unit, 512);
    let names: Vec<_> = apm.entries.iter().map(|e| (e.name.as_str(), e.kind.as_str())).collect();
    let expected = [
        ("Apple", "Apple_partition_map"),
        ("Macintosh", "Apple_Driver_ATAPI"),
        ("", "Apple_Free"),
        ("disk image", "Apple_HFS"),
        ("", "Apple_Free"),
    ];
    assert_eq!(names, expected);
    assert_eq!(apm.entries[3].range(apm.unit), 72 * 512..172 * 512);
    let used: Vec<_> = apm.entries.iter().filter(|e| e.is_used()).map(|e| e.index).collect();
    assert_eq!(used, [2, 4]);
}

#[test]
fn maps_of_compact_discs() {
    let apm = read(&cd()).unwrap().unwrap();
    assert_eq!((apm.unit, apm.entries[3].range(2048).start), (2048, 72 * 2048));
    // Block 0 says 2048, but the map is in units of 512.
    let mut hybrid = disk();
    hybrid[2..4].copy_from_slice(&2048u16.to_be_bytes());
    let apm = read(&hybrid).unwrap().unwrap();
    assert_eq!((apm.unit, apm.entries.len()), (512, 5));
    // No block 0 at all.
    let mut cd = cd();
    cd[..2].fill(0);
    assert_eq!(read(&cd).unwrap().unwrap().unit, 2048);
}

#[test]
fn every_broken_field_is_named() {
    let with = |at: usize, value: u8| {
        let mut disk = disk();
        disk[at] = value;
        disk
    };
    let rows = [
        (with(512 + 4, 0xff), "pmMapBlkCnt is 4278190085: not between 1 and 4096 (at byte 512)"),
        (with(512 + 7, 0), "pmMapBlkCnt is 0: not between 1 and 4096 (at byte 512)"),
        (with(512 + 7, 6), "pmMapBlkCnt is 5: not what the first entry says (at byte 1024)"),
        (with(1024 + 7, 6), "pmMapBlkCnt is 6: not what the first entry says (at byte 1024)"),
        (
            with(1024, 0),
            "its number is 2: the entry of this number is not there, or does not begin with PM \
             (at byte 1024)",
        ),
        (
            with(4 * 512 + 12, 0xff),
            "pmPartBlkCnt is 4278190180: behind the disk's end with pmPyPartStart added \
             (at byte 2048)",
        ),
        (
            disk()[..171 * 512].to_vec(),
            "pmPartBlkCnt is 100: behind the disk's end with pmPyPartStart added (at byte 2048)",
        ),
        (
            disk()[..2000].to_vec(),
            "pmPartBlkCnt is 8: behind the disk's end with pmPyPartStart added (at byte 1024)",
        ),
        (
            disk()[..1500].to_vec(),
            "its number is 2: the entry of this number is not there, or does not begin with PM \
             (at byte 1024)",
        ),
    ];
    assert_said(rows.map(|(disk, text)| (said(read(&disk)), format!("APM entry: {text}"))));
}

#[test]
fn no_damage_panics() {
    for whole in [disk(), cd()] {
        for at in (0..6 * 2048).filter(|at| at % 512 < 100) {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut disk = whole.clone();
                disk[at] = value;
                if let Ok(Some(apm)) = read(&disk) {
                    let used = apm.entries.iter().filter(|e| e.is_used());
                    assert!(used.into_iter().all(|e| e.range(apm.unit).end <= disk.len() as u64));
                }
            }
        }
        for len in (0..whole.len()).step_by(61) {
            let _ = read(&whole[..len].to_vec());
        }
    }
    assert_eq!(read(&vec![0; 4096]).unwrap(), None);
}

#[test]
fn partitions_need_their_place() {
    let part = |first, count| NewPart { name: "", kind: Entry::HFS, first, count };
    assert_eq!(tables(100, &[part(63, 1)]), Err(Misplaced(0)));
    assert_eq!(tables(100, &[part(64, 37)]), Err(Misplaced(0)));
    assert_eq!(tables(100, &[part(64, 8), part(71, 1)]), Err(Misplaced(1)));
    assert_eq!(tables(200, &[part(64, u32::MAX)]), Err(Misplaced(0)));
    let says = "partition 1 of the Apple partition map overlaps another one or the map, or ends \
                behind the disk";
    assert_eq!(Misplaced(1).to_string(), says);
}
