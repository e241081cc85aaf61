//! Real block devices that fail: nbdkit's error filter, as a file, as a loop
//! device; and one whose file lies in a full tmpfs.

use crate::bench::{Bench, LEN, alone, has_table};
use crate::support::image::temp;
use crate::support::judge::{Said, absent, find, judge, run};
use crate::support::loops::Loop;
use crate::support::schema;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(20);

/// A file whose writes fail as long as another file is there.
struct Failing {
    file: PathBuf,
    inject: PathBuf,
    server: Child,
}

impl Failing {
    /// In `dir`, with these filters above nbdkit's memory.
    fn new(dir: &Path, filters: &[&str]) -> Option<Self> {
        let (nbdfuse, _) = (judge("nbdfuse")?, judge("nbdkit")?);
        let (file, inject) = (dir.join("nbd"), dir.join("inject"));
        File::create(&file).unwrap();
        let mut command = nbdfuse.command();
        command.arg(&file).args(["[", "nbdkit", "--exit-with-parent"]);
        command.args(filters.iter().map(|filter| format!("--filter={filter}")));
        command.args(["memory", &LEN.to_string()]);
        command.arg(format!("error-file={}", inject.display()));
        command.args(["error-pwrite=EIO", "error-pwrite-rate=100%", "]"]);
        let server = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let failing = Self { file, inject, server };
        let begun = Instant::now();
        while fs::metadata(&failing.file).map_or(0, |meta| meta.len()) != LEN {
            assert!(begun.elapsed() < LIMIT, "nbdfuse does not serve");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(failing)
    }

    fn fail(&self, is_on: bool) {
        if is_on {
            File::create(&self.inject).unwrap();
        } else {
            fs::remove_file(&self.inject).unwrap();
        }
    }
}

impl Drop for Failing {
    fn drop(&mut self) {
        run(Command::new("umount").arg(&self.file), LIMIT);
        let _ = self.server.wait();
    }
}

/// Builds on another device than the bench's own, over this file.
fn build(bench: &Bench, device: &Loop, file: &Path, more: &[&str]) -> Said {
    let input = format!("installer={}", bench.installer.display());
    let id = format!("loop-{}", file.display());
    let path = device.path().to_str().unwrap();
    let args = ["build", "lion", "-q", "-i", &input, "--allow-fixed", "--device-id", &id];
    bench.lionize(&[&args[..], &["--device", path], more].concat())
}

/// The last line of a stream of JSON that keeps the contract.
fn told(said: &Said) -> Value {
    let out = std::str::from_utf8(&said.out).unwrap();
    schema::events().holds(out);
    serde_json::from_str(out.lines().last().unwrap()).unwrap()
}

fn goes_on(bench: &Bench, device: &Loop, file: &Path) {
    build(bench, device, file, &[]).ok();
    bench.lionize(&["verify", "-q", device.path().to_str().unwrap()]).ok();
}

#[test]
fn errors_of_writes_are_told_and_gone_on_from() {
    let _one = alone();
    let Some(bench) = Bench::new(512) else { return };
    let Some(failing) = Failing::new(bench.dir.path(), &["error"]) else { return };
    let device = Loop::new(&failing.file, 512).unwrap();
    failing.fail(true);
    let said = build(&bench, &device, &failing.file, &[]);
    assert_eq!(said.code, 5, "{}", said.text());
    assert!(said.text().contains("could not be written: Input/output error"), "{}", said.text());
    let told = told(&build(&bench, &device, &failing.file, &["--json"]));
    assert_eq!((&told["kind"], &told["exit"]), (&json!("device"), &json!(5)), "{told}");
    let causes = told["causes"].to_string();
    assert!(causes.contains("could not be written: Input/output error"), "{told}");
    failing.fail(false);
    goes_on(&bench, &device, &failing.file);
}

/// Above the failing writes lies a cache that takes them all, and only tells
/// when it is to write them out.
#[test]
fn errors_of_fsync_are_told_and_gone_on_from() {
    let _one = alone();
    let Some(bench) = Bench::new(512) else { return };
    let Some(failing) = Failing::new(bench.dir.path(), &["cache", "error"]) else { return };
    let device = Loop::new(&failing.file, 512).unwrap();
    failing.fail(true);
    let said = build(&bench, &device, &failing.file, &[]);
    assert_eq!(said.code, 5, "{}", said.text());
    let words = "what was written before could not be made durable: Input/output error";
    assert!(said.text().contains(words), "{}", said.text());
    assert!(!has_table(&failing.file), "nothing starts");
    failing.fail(false);
    goes_on(&bench, &device, &failing.file);
}

/// Something mounted by a test; unmounted when dropped.
struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        run(Command::new("umount").arg(&self.0), LIMIT);
    }
}

/// The device has less room than it says, since its file has.
#[test]
fn a_full_tmpfs_is_told_and_gone_on_from() {
    let _one = alone();
    let Some(bench) = Bench::new(512) else { return };
    let (dir, mount) = (temp(), find("mount").unwrap_or_default());
    let options = |size: &str| ["-t", "tmpfs", "-o", size, "none"].map(str::to_owned);
    let mut command = Command::new(mount);
    let said = run(command.args(options("size=6m")).arg(dir.path()), LIMIT);
    if said.code != 0 {
        return absent("a full tmpfs", &said.text());
    }
    let _mounted = Mounted(dir.path().to_owned());
    let file = dir.path().join("stick.img");
    File::create(&file).unwrap().set_len(LEN).unwrap();
    let device = Loop::new(&file, 512).unwrap();
    let said = build(&bench, &device, &file, &[]);
    assert_eq!(said.code, 5, "{}", said.text());
    assert!(said.text().contains("the disk is full at byte "), "{}", said.text());
    assert!(!has_table(&file), "nothing starts");
    let more = ["-o", "remount,size=700m"];
    run(Command::new("mount").args(more).arg(dir.path()), LIMIT).ok();
    goes_on(&bench, &device, &file);
    drop(device);
}
