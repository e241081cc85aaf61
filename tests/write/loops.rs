//! The command on real block devices: loop devices of this test's own.

use crate::bench::{Bench, LEN, alone, has_table, volume, words};
use crate::support::image::{extract, open};
use crate::support::judge::{assert_fsck_clean, judge};
use lionize::format::partition::partitions;
use lionize::source::sample::{self, Shape};
use std::fs::File;
use std::os::unix::fs::{FileExt, OpenOptionsExt};

/// The installer on all of a disk.
const ALL: &str = r#"
schema = 1
name = "all"
title = "The installer on all of a disk"
extends = "lion"

[media.volume]
size = "target"
"#;
/// `O_EXCL`, which holds a block device for oneself.
const EXCLUSIVE: i32 = 0o200;

#[test]
fn disks_are_built_written_verified_and_erased() {
    let _one = alone();
    for sector in [512, 4096] {
        let Some(bench) = Bench::new(sector) else { return };
        let said = bench.allowed(&bench.build()).ok().text();
        assert!(said.contains("every byte was read back, by direct I/O"), "{said}");
        if let Some(sgdisk) = judge("sgdisk") {
            let said = sgdisk.run(["-v", bench.device()]).ok().text();
            assert!(said.contains("No problems found"), "the backup is at the end: {said}");
        }
        let cut = bench.dir.path().join("cut.hfs");
        volume(&bench.file(), &cut);
        assert_fsck_clean(&cut);
        bench.lionize(&["verify", "-q", bench.device()]).ok();
        // The finished disk, packed, onto the same disk again.
        let image = bench.dir.path().join("made.img");
        std::fs::copy(bench.file(), &image).unwrap();
        bench.allowed(&words(&["erase", "-q", bench.device()])).ok();
        let said = bench.lionize(&["devices"]).ok().text();
        let own = said.split("\n\n").find(|disk| disk.starts_with(bench.device())).unwrap();
        assert!(own.contains("holds nothing that is known"), "{own}");
        let said = bench.lionize(&["verify", "-q", bench.device()]);
        assert_eq!(said.code, 3, "{}", said.text());
        let hint = "hint: a disk that is empty, or whose writing did not end, is like that: run the \
                    command that writes it again";
        assert!(said.text().contains(hint), "{}", said.text());
        bench.allowed(&words(&["write", "-q", image.to_str().unwrap(), bench.device()])).ok();
        bench.lionize(&["verify", "-q", bench.device()]).ok();
        volume(&bench.file(), &cut);
        assert_fsck_clean(&cut);
    }
}

/// With `size = "target"` the volume reaches to the end of whatever disk it is,
/// but for what Disk Utility leaves free, and the backup table is at the end.
#[test]
fn a_volume_fills_a_disk_of_any_size_and_sector() {
    let _one = alone();
    for (sector, mib) in [(512, 700), (512, 1901), (4096, 700), (4096, 1333)] {
        let len = (mib << 20) + 12_288;
        let Some(bench) = Bench::of(sector, len) else { return };
        let recipe = bench.dir.path().join("all.toml");
        std::fs::write(&recipe, ALL).unwrap();
        let mut build = bench.build();
        build[1] = recipe.to_str().unwrap().to_owned();
        bench.allowed(&build).ok();
        bench.lionize(&["verify", "-q", bench.device()]).ok();
        if let Some(sgdisk) = judge("sgdisk") {
            let said = sgdisk.run(["-v", bench.device()]).ok().text();
            assert!(said.contains("No problems found"), "the backup is at the end: {said}");
        }
        let parts = partitions(&open(&bench.file())).unwrap();
        let volume = parts.iter().find(|part| part.is_hfs_plus()).unwrap().range.clone();
        let left = len - volume.end;
        assert!((128 << 20..130 << 20).contains(&left), "{left} bytes are left of {len}");
        let cut = bench.dir.path().join("cut.hfs");
        extract(&bench.file(), volume, &cut);
        assert_fsck_clean(&cut);
    }
}

#[test]
fn an_image_of_other_sectors_gets_another_table() {
    let _one = alone();
    let (Some(small), Some(large)) = (Bench::new(512), Bench::new(4096)) else { return };
    small.allowed(&small.build()).ok();
    let image = small.dir.path().join("made.img");
    std::fs::copy(small.file(), &image).unwrap();
    let said = large.allowed(&words(&["write", image.to_str().unwrap(), large.device()])).ok();
    assert!(said.text().contains("its partition table is made anew"), "{}", said.text());
    large.lionize(&["verify", "-q", large.device()]).ok();
    if let Some(sgdisk) = judge("sgdisk") {
        let said = sgdisk.run(["-v", large.device()]).ok().text();
        assert!(said.contains("No problems found"), "{said}");
    }
}

/// A lock file holds for disks, too: with any other input nothing starts.
#[test]
fn a_locked_build_takes_nothing_else_for_a_disk() {
    let _one = alone();
    let Some(bench) = Bench::new(512) else { return };
    let lock = bench.dir.path().join("lion.lock");
    let lock = lock.to_str().unwrap();
    let input = format!("installer={}", bench.installer.display());
    bench.lionize(&["lock", "lion", "-q", "-i", &input, "-o", lock]).ok();
    let build = [bench.build(), words(&["--locked", lock])].concat();
    bench.allowed(&build).ok();
    assert!(has_table(&bench.file()));
    let other = Shape::of("10.8").unwrap();
    sample::write_image(other, &mut File::create(&bench.installer).unwrap(), 0).unwrap();
    let said = bench.allowed(&build);
    assert_eq!(said.code, 3, "{}", said.text());
    let why = "the inputs are not those of the lock file; nothing starts from /dev/loop";
    assert!(said.text().contains(why), "{}", said.text());
    assert!(!has_table(&bench.file()), "a table on what the lock refuses");
}

/// What the system keeps of a disk in memory proves nothing of the disk.
#[test]
fn a_disk_is_verified_past_the_cache() {
    let _one = alone();
    let Some(bench) = Bench::new(512) else { return };
    bench.allowed(&bench.build()).ok();
    // As long as it is open, what was read of it stays in memory.
    let device = File::open(bench.device()).unwrap();
    let mut kept = [0; 4096];
    device.read_exact_at(&mut kept, LEN - 4096).unwrap();
    let file = File::options().write(true).open(bench.file()).unwrap();
    file.write_all_at(&[0; 512], LEN - 512).unwrap();
    file.sync_all().unwrap();
    let mut again = [0; 4096];
    device.read_exact_at(&mut again, LEN - 4096).unwrap();
    assert!(again == kept && kept[4096 - 512..].starts_with(b"EFI PART"));
    let said = bench.lionize(&["verify", bench.device()]);
    assert_eq!(said.code, 6, "{}", said.text());
    assert!(said.text().contains("the backup GPT is missing or damaged"), "{}", said.text());
}

#[test]
fn what_is_not_allowed_writes_nothing() {
    let _one = alone();
    let Some(bench) = Bench::new(512) else { return };
    let id = bench.id();
    let build = bench.build();
    let refused = |more: &[&str], code: i32, why: &str| {
        let mut args: Vec<&str> = build.iter().map(String::as_str).collect();
        args.extend(more);
        let said = bench.lionize(&args);
        assert_eq!(said.code, code, "{more:?}: {}", said.text());
        assert!(said.text().contains(why), "{more:?}: {}", said.text());
    };
    refused(&["--device-id", &id], 5, "it is neither removable nor external");
    refused(&["--allow-fixed"], 2, "nobody is there to confirm");
    refused(&["--allow-fixed", "--yes"], 2, "nobody is there to confirm");
    refused(&["--allow-fixed", "--device-id", "loop-x"], 5, "not loop-x");
    refused(&["--allow-fixed", "--device-serial", "1"], 5, "its serial number is not known");
    let held = File::options().read(true).custom_flags(EXCLUSIVE).open(bench.device()).unwrap();
    refused(&["--allow-fixed", "--device-id", &id], 5, "may not be written to");
    drop(held);
    let same = ["write", "-q", bench.device(), bench.device(), "--allow-fixed", "--device-id", &id];
    let said = bench.lionize(&same);
    assert!(said.code == 5 && said.text().contains("which is read"), "{}", said.text());
    let data = std::fs::read(bench.file()).unwrap();
    assert!(data.iter().all(|byte| *byte == 0), "nothing was written");
}
