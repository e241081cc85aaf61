//! The command on real block devices: loop devices of this test's own.

use crate::support::image::temp;
use crate::support::judge::{Said, assert_fsck_clean, judge, run};
use crate::support::loops::{Loop, without};
use lionize::block::{FileBytes, Source};
use lionize::format::partition::partitions;
use lionize::source::sample;
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

const LEN: u64 = 700 << 20;
/// `O_EXCL`, which holds a block device for oneself.
const EXCLUSIVE: i32 = 0o200;

/// One at a time: a command that lists disks has each of them open for a moment,
/// and then another one may not write to it.
static ONE: Mutex<()> = Mutex::new(());

/// A loop device over a file, an input, and a place for records.
struct Bench {
    dir: tempfile::TempDir,
    device: Loop,
    installer: PathBuf,
}

impl Bench {
    fn new(sector: u32) -> Option<Self> {
        let dir = temp();
        let installer = dir.path().join("InstallESD.dmg");
        sample::write_installer(&mut File::create(&installer).unwrap(), 0).unwrap();
        let file = dir.path().join("stick.img");
        File::create(&file).unwrap().set_len(LEN).unwrap();
        match Loop::new(&file, sector) {
            Ok(device) => Some(Self { dir, device, installer }),
            Err(why) => {
                without(&why);
                None
            }
        }
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("stick.img")
    }

    fn id(&self) -> String {
        format!("loop-{}", self.file().display())
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lionize"));
        command.args(args).env("LIONIZE_STATE", self.dir.path().join("state"));
        command
    }

    fn lionize(&self, args: &[&str]) -> Said {
        run(&mut self.command(args), Duration::from_secs(120))
    }

    fn device(&self) -> &str {
        self.device.path().to_str().unwrap()
    }

    fn build(&self) -> Vec<String> {
        let input = format!("installer={}", self.installer.display());
        let args = ["build", "lion", "-q", "-i", &input, "--device", self.device()];
        args.iter().map(|arg| (*arg).to_owned()).collect()
    }

    /// With what a loop device needs to be allowed.
    fn allowed(&self, args: &[String]) -> Said {
        let id = self.id();
        let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
        args.extend(["--allow-fixed", "--device-id", &id]);
        self.lionize(&args)
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The HFS+ volume on a disk, in a file of its own.
fn volume(disk: &Path, to: &Path) {
    let source: Source = Arc::new(FileBytes::open(disk).unwrap());
    let parts = partitions(&source).unwrap();
    let part = parts.iter().find(|part| part.is_hfs_plus()).unwrap();
    crate::support::image::extract(disk, part.range.clone(), to);
}

#[test]
fn disks_are_built_written_verified_and_erased() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
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
        bench.allowed(&words(&["write", "-q", image.to_str().unwrap(), bench.device()])).ok();
        bench.lionize(&["verify", "-q", bench.device()]).ok();
        volume(&bench.file(), &cut);
        assert_fsck_clean(&cut);
    }
}

#[test]
fn an_image_of_other_sectors_gets_another_table() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
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

#[test]
fn what_is_not_allowed_writes_nothing() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
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

/// A block device whose every write fails from some moment on: nbdkit's error
/// filter, as a file, as a loop device.
#[test]
fn errors_of_a_real_device_are_told_and_gone_on_from() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (Some(bench), Some(nbdfuse), Some(_)) =
        (Bench::new(512), judge("nbdfuse"), judge("nbdkit"))
    else {
        return;
    };
    let dir = bench.dir.path();
    let (file, inject) = (dir.join("nbd"), dir.join("inject"));
    File::create(&file).unwrap();
    let options = [
        format!("error-file={}", inject.display()),
        "error-pwrite=EIO".to_owned(),
        "error-pwrite-rate=100%".to_owned(),
    ];
    let mut command = nbdfuse.command();
    command.arg(&file).args(["[", "nbdkit", "--exit-with-parent", "--filter=error", "memory"]);
    command.arg(format!("{LEN}")).args(options).arg("]");
    let mut server = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while std::fs::metadata(&file).map_or(0, |meta| meta.len()) != LEN {
        assert!(begun.elapsed() < Duration::from_secs(20), "nbdfuse does not serve");
        std::thread::sleep(Duration::from_millis(20));
    }
    let device = Loop::new(&file, 512).unwrap();
    let path = device.path().to_str().unwrap();
    let input = format!("installer={}", bench.installer.display());
    let id = format!("loop-{}", file.display());
    let args = ["build", "lion", "-q", "-i", &input, "--allow-fixed", "--device-id", &id];
    let args = [&args[..], &["--device", path]].concat();
    File::create(&inject).unwrap();
    let said = bench.lionize(&args);
    assert_eq!(said.code, 5, "{}", said.text());
    assert!(said.text().contains("could not be written: Input/output error"), "{}", said.text());
    std::fs::remove_file(&inject).unwrap();
    bench.lionize(&args).ok();
    bench.lionize(&["verify", "-q", path]).ok();
    drop(device);
    run(Command::new("umount").arg(&file), Duration::from_secs(20)).ok();
    server.wait().unwrap();
}

/// Killed at many moments, the work goes on, and ends with the same bytes.
#[test]
fn killed_and_run_again() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (Some(bench), Some(calm)) = (Bench::new(512), Bench::new(512)) else { return };
    std::fs::copy(&bench.installer, &calm.installer).unwrap();
    let begun = Instant::now();
    calm.allowed(&calm.build()).ok();
    let whole = begun.elapsed();
    let expected = digest_of(&calm.file());
    let moments = std::env::var("LIONIZE_KILLS").ok().and_then(|text| text.parse().ok());
    let moments: u32 = moments.unwrap_or(8);
    let id = bench.id();
    for moment in 0..moments {
        let mut args: Vec<&str> = vec![];
        let build = bench.build();
        args.extend(build.iter().map(String::as_str));
        args.extend(["--allow-fixed", "--device-id", &id]);
        let mut command = bench.command(&args);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole * (2 * moment + 1) / (2 * moments));
        child.kill().unwrap();
        child.wait().unwrap();
        bench.allowed(&bench.build()).ok();
        assert_eq!(digest_of(&bench.file()), expected, "killed at moment {moment}");
    }
}

fn digest_of(path: &Path) -> String {
    let judge = judge("sha256sum").unwrap();
    let said = judge.run([path]).ok().text();
    said.split_whitespace().next().unwrap().to_owned()
}
