//! A real removable device: our statically linked command in a Linux guest,
//! with USB sticks of QEMU's; one is pulled out in the middle.

use crate::boot::ready;
use crate::support::fixed::lionize;
use crate::support::guest::{Guest, Job};
use crate::support::image::{extract, open, temp};
use crate::support::judge::{assert_fsck_clean, judge, run};
use crate::support::sticks::{Running, Stick};
use ::lionize::format::partition::partitions;
use ::lionize::source::sample;
use ::lionize::vm::Loader;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const SCRIPT: &str = include_str!("usb.sh");
const RECIPE: &str = r#"
schema = 1
name = "stick"
title = "The sample with a large file, on all of a stick"
extends = "lion"

[inputs.large]
kind = "file"

[media.volume]
size = "target"

[[step]]
copy = { from = "large", to = "/Large.bin" }
"#;

/// What the script said in one part of it.
fn part<'a>(said: &'a str, name: &str) -> &'a str {
    let (_, rest) = said.split_once(&format!("== {name}\n")).unwrap();
    rest.split("\n== ").next().unwrap()
}

#[track_caller]
fn has(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is not in:\n{text}");
    }
}

#[test]
fn a_stick_is_written_though_it_is_pulled_out_in_the_middle() {
    let (Some(guest), Some(mkfs)) = (Guest::find(), judge("mkfs.hfsplus")) else { return };
    let dir = temp();
    let dir = dir.path();
    let file = |name: &str, len: u64| {
        let path = dir.join(name);
        File::create(&path).unwrap().set_len(len).unwrap();
        path
    };
    let (system, stick, other) =
        (file("system", 64 << 20), file("stick.img", 700 << 20), file("other", 700 << 20));
    mkfs.run([system.to_str().unwrap()]).ok();
    mkfs.run(["-v", "OLD", stick.to_str().unwrap()]).ok();
    let mut dmg = Vec::new();
    sample::write_installer(&mut dmg, 0).unwrap();
    let program = lionize();
    let files = [
        ("lionize", &program[..]),
        ("InstallESD.dmg", &dmg[..]),
        ("stick.toml", RECIPE.as_bytes()),
    ];
    let job = Job { script: SCRIPT, files: &files, disks: &[&system], usb: true };
    let sticks =
        [Stick { serial: "TESTSTICK", file: &stick }, Stick { serial: "NEXTSTICK", file: &other }];
    let mut guest = Running::start(&guest, &job, &sticks, Duration::from_secs(600));
    guest.hears("@@pull");
    guest.pull("TESTSTICK");
    guest.hears("@@plug");
    guest.plug("TESTSTICK");
    let said = guest.end().text();
    println!("{said}");
    told(&said);

    assert!(fs::read(&other).unwrap().iter().all(|byte| *byte == 0), "the other stick");
    finished(dir, &stick);
}

/// What the guest saw.
fn told(said: &str) {
    let devices = part(said, "devices");
    has(devices, &["QEMU QEMU HARDDISK, 0.7 GB (700.0 MiB), USB, removable"]);
    has(devices, &["serial number TESTSTICK", "offered, once /media is unmounted"]);
    has(devices, &["not offered: vda is mounted at /"]);
    has(part(said, "system"), &["/dev/vda may not be written to", "vda is mounted at /", "code 5"]);
    has(part(said, "serial"), &["its serial number is TESTSTICK, not NOTSTICK", "code 5"]);
    has(part(said, "nobody"), &["nobody is there to confirm", "code 2", "still mounted"]);
    has(
        part(said, "pulled"),
        &["unmounted", "code 5", "error: cannot write /dev/sd", " is gone\n"],
    );
    let again = part(said, "again");
    has(again, &["code 0", "was written to before: the work goes on", "\"result\":\"written\""]);
    has(again, &["every byte was read back, by direct I/O"]);
    assert!(!again.contains("\"resumed\":0") && !again.contains(".json"), "{again}");
    has(part(said, "verified"), &["code 0", "Large.bin", "the same"]);
}

/// What the host sees of the stick.
fn finished(dir: &Path, stick: &Path) {
    let mut verify = Command::new(env!("CARGO_BIN_EXE_lionize"));
    run(verify.args(["verify", "-q"]).arg(stick), Duration::from_secs(60)).ok();
    if let Some(sgdisk) = judge("sgdisk") {
        let said = sgdisk.run([Path::new("-v"), stick]).ok().text();
        has(&said, &["No problems found"]);
    }
    let parts = partitions(&open(stick)).unwrap();
    let volume = parts.iter().find(|part| part.is_hfs_plus()).unwrap();
    let cut = dir.join("cut.hfs");
    extract(stick, volume.range.clone(), &cut);
    assert_fsck_clean(&cut);
    if ready(&[Loader::Grub]) {
        let mut check = Command::new(env!("CARGO_BIN_EXE_lionize"));
        check.args(["vm", "check", "--accel", "tcg", "--limit", "200", "--loader", "grub"]);
        run(check.arg(stick), Duration::from_secs(300)).ok();
    }
}
