//! A loop device of a test's own, and the command that writes to it.

use crate::support::image::temp;
use crate::support::judge::{Said, judge, run};
use crate::support::loops::{Loop, without};
use lionize::block::{FileBytes, Source};
use lionize::format::partition::partitions;
use lionize::source::sample;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The size of a disk, where a test wants no other.
pub(crate) const LEN: u64 = 700 << 20;

/// One at a time: a command that lists disks has each of them open for a moment,
/// and then another one may not write to it.
static ONE: Mutex<()> = Mutex::new(());

/// Waits until no other test has a disk.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A loop device over a file, an input, and a place for records.
pub(crate) struct Bench {
    pub(crate) dir: tempfile::TempDir,
    device: Loop,
    pub(crate) installer: PathBuf,
}

impl Bench {
    pub(crate) fn new(sector: u32) -> Option<Self> {
        Self::of(sector, LEN)
    }

    /// One of so many bytes.
    pub(crate) fn of(sector: u32, len: u64) -> Option<Self> {
        let dir = temp();
        let installer = dir.path().join("InstallESD.dmg");
        sample::write_installer(&mut File::create(&installer).unwrap(), 0).unwrap();
        let file = dir.path().join("stick.img");
        File::create(&file).unwrap().set_len(len).unwrap();
        match Loop::new(&file, sector) {
            Ok(device) => Some(Self { dir, device, installer }),
            Err(why) => {
                without(&why);
                None
            }
        }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.dir.path().join("stick.img")
    }

    pub(crate) fn id(&self) -> String {
        format!("loop-{}", self.file().display())
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lionize"));
        command.args(args).env("LIONIZE_STATE", self.dir.path().join("state"));
        command.env("SOURCE_DATE_EPOCH", "1350000000");
        command
    }

    pub(crate) fn lionize(&self, args: &[&str]) -> Said {
        run(&mut self.command(args), Duration::from_secs(120))
    }

    pub(crate) fn device(&self) -> &str {
        self.device.path().to_str().unwrap()
    }

    pub(crate) fn build(&self) -> Vec<String> {
        let input = format!("installer={}", self.installer.display());
        let args = ["build", "lion", "-q", "-i", &input, "--device", self.device()];
        args.iter().map(|arg| (*arg).to_owned()).collect()
    }

    /// With what a loop device needs to be allowed.
    pub(crate) fn allowed(&self, args: &[String]) -> Said {
        let id = self.id();
        let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
        args.extend(["--allow-fixed", "--device-id", &id]);
        self.lionize(&args)
    }
}

pub(crate) fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The HFS+ volume on a disk, in a file of its own.
pub(crate) fn volume(disk: &Path, to: &Path) {
    let source: Source = Arc::new(FileBytes::open(disk).unwrap());
    let parts = partitions(&source).unwrap();
    let part = parts.iter().find(|part| part.is_hfs_plus()).unwrap();
    crate::support::image::extract(disk, part.range.clone(), to);
}

/// SHA-256 of a file.
pub(crate) fn digest_of(path: &Path) -> String {
    let judge = judge("sha256sum").unwrap();
    let said = judge.run([path]).ok().text();
    said.split_whitespace().next().unwrap().to_owned()
}

/// Whether a disk has a partition table that is found.
pub(crate) fn has_table(disk: &Path) -> bool {
    let source: Source = Arc::new(FileBytes::open(disk).unwrap());
    partitions(&source).is_ok_and(|parts| !parts.is_empty())
}
