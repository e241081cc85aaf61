//! Images of every kind, written to real block devices.

use crate::bench::{Bench, alone, digest_of, volume, words};
use crate::support::judge::{Said, assert_fsck_clean, judge, run};
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const MIB: usize = 1 << 20;

impl Bench {
    fn write(&self, image: &Path) -> Said {
        self.allowed(&words(&["write", "-q", image.to_str().unwrap(), self.device()]))
    }

    /// Finished media in a file.
    fn media(&self) -> PathBuf {
        let (input, image) = (format!("installer={}", self.installer.display()), "media.img");
        let image = self.dir.path().join(image);
        let output = image.to_str().unwrap();
        self.lionize(&["build", "lion", "-q", "-i", &input, "--output", output]).ok();
        image
    }

    /// Fills the disk with bytes that are not zero.
    fn fill(&self) {
        let file = File::options().write(true).open(self.file()).unwrap();
        let len = file.metadata().unwrap().len();
        let junk = vec![0x55; MIB];
        for at in (0..len).step_by(MIB) {
            file.write_all_at(&junk, at).unwrap();
        }
    }
}

/// How much of a file is as [`Bench::fill`] left it, in whole MiB.
fn untouched(path: &Path) -> usize {
    let data = fs::read(path).unwrap();
    data.chunks(MIB).filter(|chunk| chunk.iter().all(|byte| *byte == 0x55)).count()
}

#[test]
fn packed_images_are_unpacked_on_the_way() {
    let _one = alone();
    let Some(bench) = Bench::new(512) else { return };
    let image = bench.media();
    bench.write(&image).ok();
    bench.lionize(&["verify", "-q", bench.device()]).ok();
    let expected = digest_of(&bench.file());
    for (packer, ends) in [("zstd", ".zst"), ("gzip", ".gz"), ("xz", ".xz"), ("bzip2", ".bz2")] {
        let Some(judge) = judge(packer) else { continue };
        let packed = PathBuf::from(format!("{}{ends}", image.display()));
        let said = run(judge.command().args(["-1", "-c"]).arg(&image), Duration::from_secs(120));
        fs::write(&packed, said.ok().out).unwrap();
        bench.allowed(&words(&["erase", "-q", bench.device()])).ok();
        bench.write(&packed).ok();
        assert_eq!(digest_of(&bench.file()), expected, "{packer}");
        // Half of it is none.
        let half = fs::metadata(&packed).unwrap().len() / 2;
        File::options().write(true).open(&packed).unwrap().set_len(half).unwrap();
        let said = bench.write(&packed);
        assert_eq!(said.code, 3, "{packer}: {}", said.text());
        assert_eq!(digest_of(&bench.file()), expected, "{packer}: nothing was written");
    }
}

/// Only what is in use is written: the rest of the disk stays as it was, and
/// that is said.
#[test]
fn free_room_of_a_volume_is_not_written() {
    let _one = alone();
    let Some(bench) = Bench::new(512) else { return };
    let image = bench.media();
    bench.fill();
    let told = bench.allowed(&words(&["write", "--json", image.to_str().unwrap(), bench.device()]));
    assert_progress_counts_what_is_written(&told.ok());
    bench.fill();
    let said = bench.write(&image).ok().text();
    let left = "room that holds nothing was not written, and may still hold old data";
    assert!(said.contains(left), "{said}");
    assert!(said.contains("every byte was read back, by direct I/O"), "{said}");
    let (cut, total) = (bench.dir.path().join("cut.hfs"), fs::metadata(&image).unwrap().len());
    volume(&bench.file(), &cut);
    assert_fsck_clean(&cut);
    let inside = untouched(&cut);
    println!("{inside} MiB of the volume, of an image of {total} bytes, were left as they were");
    assert!(inside > 20, "the volume has 64 MiB of free room");
    bench.lionize(&["verify", "-q", bench.device()]).ok();

    // Of a volume whose counts are wrong, nobody knows what is free.
    let bytes = fs::read(&image).unwrap();
    let header = (0..bytes.len()).step_by(512).find(|at| bytes[*at..].starts_with(b"H+\0\x04"));
    let free_blocks = header.unwrap() as u64 + 48;
    let file = File::options().write(true).open(&image).unwrap();
    file.write_all_at(&[0; 4], free_blocks).unwrap();
    bench.fill();
    let said = bench.allowed(&words(&["write", image.to_str().unwrap(), bench.device()]));
    assert!(said.text().contains("does not check clean: its free room is written, too"));
    volume(&bench.file(), &cut);
    assert_eq!(untouched(&cut), 0, "all of it is written");
}

/// Rates and remaining times are right only when nothing else is counted.
fn assert_progress_counts_what_is_written(told: &Said) {
    let events: Vec<serde_json::Value> = told
        .out
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect();
    let result = events.last().unwrap();
    let (written, bytes) = (result["written"].as_u64().unwrap(), result["bytes"].as_u64().unwrap());
    assert!(written < bytes, "{result}");
    for stage in ["write", "verify"] {
        let of_stage = |name: &'static str| {
            events.iter().filter(move |e| e["event"] == name && e["stage"] == stage)
        };
        let totals: Vec<u64> =
            of_stage("started").map(|event| event["total"].as_u64().unwrap()).collect();
        assert_eq!(totals.last(), Some(&written), "{stage}");
        let most = of_stage("advanced").map(|event| event["done"].as_u64().unwrap()).max();
        assert!(most <= Some(written), "{stage}: {most:?} of {written}");
    }
}

#[test]
fn what_holds_nothing_known_is_written_as_it_is() {
    let _one = alone();
    let Some(bench) = Bench::of(512, 64 << 20) else { return };
    let raw = bench.dir.path().join("some.bin");
    let noise: Vec<u8> =
        (0..5 * MIB / 4).flat_map(|n| (n as u32).wrapping_mul(40_503).to_le_bytes()).collect();
    fs::write(&raw, &noise).unwrap();
    bench.fill();
    let said = bench.allowed(&words(&["write", raw.to_str().unwrap(), bench.device()])).ok();
    let text = "holds no partition table and no volume that is known: it is written as it is";
    assert!(said.text().contains(text), "{}", said.text());
    assert!(fs::read(bench.file()).unwrap().starts_with(&noise));
    for (name, len, why) in [
        ("odd.img", 1000, "no image of a disk: that has whole sectors of 512 bytes"),
        ("none.img", 0, "no image of a disk"),
        ("cut.dmg", 4096, "it may be cut off"),
    ] {
        let path = bench.dir.path().join(name);
        fs::write(&path, &noise[..len]).unwrap();
        let said = bench.write(&path);
        assert_eq!(said.code, 3, "{}", said.text());
        assert!(said.text().contains(why), "{}", said.text());
    }
    assert!(fs::read(bench.file()).unwrap().starts_with(&noise), "nothing was written");
}

/// A master boot record counts sectors, and cannot be made anew.
#[test]
fn a_table_that_means_something_else_there_is_refused() {
    let _one = alone();
    let (Some(bench), Some(sfdisk)) = (Bench::of(4096, 64 << 20), judge("sfdisk")) else { return };
    let image = bench.dir.path().join("mbr.img");
    File::create(&image).unwrap().set_len(16 << 20).unwrap();
    let mut command = sfdisk.command();
    let script = bench.dir.path().join("script");
    fs::write(&script, "label: dos\nstart=2048, type=c\n").unwrap();
    command.arg("-q").arg(&image).stdin(File::open(&script).unwrap());
    assert!(command.status().unwrap().success());
    let said = bench.write(&image);
    assert_eq!(said.code, 3, "{}", said.text());
    let why = "a master boot record, which counts sectors of 512 bytes";
    assert!(said.text().contains(why), "{}", said.text());
}
