//! Good volumes, damaged in one place each: our checker and Apple's agree on
//! whether that is corrupt, but for the cases that are listed with a reason.

use crate::damage::{Damage, Volume};
use crate::support::image::temp;
use crate::support::judge::judge;
use lionize::block::bytes;
use lionize::volume::Case;
use lionize::volume::hfsplus::check::{Options, check};
use std::path::Path;

/// What Apple's checker says of a volume; `None` when it is absent.
fn judged(volume: &Volume, path: &Path) -> Option<bool> {
    std::fs::write(path, &volume.bytes).unwrap();
    let said = judge("fsck.hfsplus")?.run(["-fn".as_ref(), path.as_os_str()]);
    Some(said.code == 0 && said.text().contains("appears to be OK"))
}

/// What our checker says: whether it is clean, and its first finding.
fn checked(volume: &Volume) -> (bool, String) {
    match check(&bytes(volume.bytes.clone()), &Options::default()) {
        Ok(report) => {
            let first = report.findings.iter().find(|_| true).map(ToString::to_string);
            (report.is_clean(), first.unwrap_or_default())
        }
        Err(error) => (false, error.to_string()),
    }
}

/// `texts` has a line for each damage: its name, and the whole finding.
fn run(volume: &Volume, damages: &[Damage], texts: &str) {
    let dir = temp();
    let path = dir.path().join("volume.img");
    assert_eq!(checked(volume), (true, String::new()));
    assert_ne!(judged(volume, &path), Some(false));
    let (mut wrong, mut said) = (Vec::new(), Vec::new());
    let word = |clean: bool| if clean { "clean" } else { "corrupt" };
    for damage in damages {
        let mut damaged = volume.clone();
        (damage.make)(&mut damaged);
        assert!(damaged.bytes != volume.bytes, "{}: nothing was changed", damage.name);
        let (ours, finding) = checked(&damaged);
        let theirs = judged(&damaged, &path).map_or("not judged", word);
        println!("{:50} {:8} {theirs:8} {finding}", damage.name, word(ours));
        let agreed = theirs == word(ours) || theirs == "not judged";
        if agreed == damage.differs.is_some() && theirs != "not judged" {
            wrong.push(damage.name);
        }
        if ours || !finding.starts_with(&format!("{} is ", damage.finds)) {
            wrong.push(damage.name);
        }
        said.push(format!("{} | {finding}", damage.name));
    }
    assert!(wrong.is_empty(), "not as listed: {wrong:?}");
    let other: Vec<_> =
        said.iter().filter(|line| !texts.lines().any(|text| text == *line)).collect();
    assert!(other.is_empty(), "not in the list of texts:\n{other:#?}");
    assert_eq!(texts.lines().count(), said.len(), "texts of no damage");
}

#[test]
fn damage_to_hfs_plus() {
    run(
        &Volume::sample(Case::Folded, false),
        &crate::damage::all(),
        include_str!("damage/plain.txt"),
    );
}

#[test]
fn damage_to_case_sensitive_hfsx() {
    run(
        &Volume::sample(Case::Sensitive, false),
        &crate::damage::hfsx(),
        include_str!("damage/hfsx.txt"),
    );
}

#[test]
fn damage_to_overflow_extents() {
    run(&Volume::fragmented(), &crate::damage::fragmented(), include_str!("damage/fragmented.txt"));
}

#[test]
fn damage_to_a_journaled_volume() {
    run(
        &Volume::sample(Case::Folded, true),
        &crate::damage::journaled(),
        include_str!("damage/journaled.txt"),
    );
}

/// A row of numbers that only looks random.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// Changes of single bytes in the metadata: wherever Apple's checker finds
/// something, so does ours. (It finds more: names in threads, for example.)
fn flips(seed: u64, count: u32) {
    let volume = Volume::fragmented();
    let dir = temp();
    let path = dir.path().join("volume.img");
    // Up to the forks: they end where the first file begins.
    let end = volume.u32(volume.data("file 00") + 88 + 16) as usize * 4096;
    let mut random = Random(seed);
    let mut missed = Vec::new();
    for _ in 0..count {
        let mut damaged = volume.clone();
        let at = loop {
            let at = 1024 + random.below(end - 1024);
            // Mostly where there is something.
            if damaged.bytes[at] != 0 || random.below(50) == 0 {
                break at;
            }
        };
        damaged.bytes[at] ^= 1 << random.below(8);
        let (clean, _) = checked(&damaged);
        if clean && judged(&damaged, &path) == Some(false) {
            missed.push((at, damaged.bytes[at]));
        }
    }
    assert!(missed.is_empty(), "not found: {missed:?}");
}

#[test]
fn what_apples_checker_finds_is_found() {
    flips(1, 150);
}

#[test]
#[ignore = "runs for minutes"]
fn what_apples_checker_finds_is_found_at_length() {
    flips(3, 10_000);
}

/// Nothing that a volume holds stops the checker or makes it fail otherwise
/// than by a finding or a typed error.
fn hostile(seed: u64, count: u32) {
    let volume = Volume::fragmented();
    let end = volume.u32(volume.data("file 00") + 88 + 16) as usize * 4096;
    let mut random = Random(seed);
    for _ in 0..count {
        let mut bytes_of = volume.bytes.clone();
        for _ in 0..=random.below(6) {
            let at = 1024 + random.below(end - 1032);
            let values = [0, 1, 2, 0x7f, 0xff, 0x8000, 0xffff, 0x7fff_ffff, u32::MAX];
            let value = values[random.below(values.len())].to_be_bytes();
            let len = 1 + random.below(4);
            bytes_of[at..at + len].copy_from_slice(&value[4 - len..]);
        }
        if random.below(20) == 0 {
            bytes_of.truncate(random.below(bytes_of.len()));
        }
        let start = std::time::Instant::now();
        let _ = check(&bytes(bytes_of), &Options::default());
        assert!(start.elapsed().as_secs() < 5);
    }
}

#[test]
fn hostile_volumes_are_told_and_survived() {
    hostile(1, 2000);
}

#[test]
#[ignore = "runs for minutes"]
fn hostile_volumes_are_survived_at_length() {
    hostile(7, 300_000);
}
