//! A Linux guest with the kernel's own HFS+ driver, as a judge.
//!
//! The kernel is Debian's, from a package that `.ci/run` keeps in the judges'
//! cache folder. It runs in QEMU without KVM: that is there on more machines.

use crate::support::image::temp;
use crate::support::judge::{Clock, Judge, Said, absent, clock, find, run};
use lionize::vm::guest::{Initrd, Kernel, MODULES, find_kernel};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Modules besides those of the HFS+ driver and its disks.
const LOOP: &str = "loop";
/// What a USB stick needs, in the order in which they need each other.
const USB: [&str; 13] = [
    "usb-common",
    "usbcore",
    "xhci-hcd",
    "xhci-pci",
    "scsi_common",
    "scsi_mod",
    "crct10dif_common",
    "crc-t10dif",
    "crc64",
    "crc64-rocksoft",
    "t10-pi",
    "sd_mod",
    "usb-storage",
];
const INIT: &[u8] = include_bytes!("guest/init");
const OUT_SIZE: u64 = 64 << 20;

/// Where kernels and other judges that are no Debian package of the host are kept.
pub(crate) fn cache() -> PathBuf {
    let own = std::env::var_os("LIONIZE_JUDGES_CACHE").map(PathBuf::from);
    let user = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || Path::new(&std::env::var_os("HOME").unwrap_or_default()).join(".cache");
    own.unwrap_or_else(|| user.unwrap_or_else(home).join("lionize-judges"))
}

/// A guest ready to start.
pub(crate) struct Guest {
    qemu: PathBuf,
    kernel: Kernel,
    base: Initrd,
    _clock: Clock,
}

/// What a guest is started with.
#[derive(Clone, Copy, Default)]
pub(crate) struct Job<'a> {
    /// The shell script that it runs.
    pub(crate) script: &'a str,
    /// Files beside it.
    pub(crate) files: &'a [(&'a str, &'a [u8])],
    /// Its `/dev/vda`, `/dev/vdb` and so on; what is written to them stays.
    pub(crate) disks: &'a [&'a Path],
    /// Whether it has the drivers of USB sticks.
    pub(crate) usb: bool,
}

/// Only one machine at a time: more only slow each other down.
static TURN: Mutex<()> = Mutex::new(());

/// Waits until no other machine runs.
pub(crate) fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Guest {
    /// Makes a guest ready, or says why the driver does not judge.
    #[track_caller]
    pub(crate) fn find() -> Option<Self> {
        let ready = Self::prepare();
        if let Err(why) = &ready {
            absent("the Linux driver", why);
        }
        ready.ok()
    }

    fn prepare() -> Result<Self, String> {
        let program = |name: &str| find(name).ok_or(format!("{name} is not installed"));
        let qemu = program("qemu-system-x86_64")?;
        let busybox = find("busybox").or_else(|| find("busybox-static"));
        let busybox = busybox.ok_or("busybox-static is not installed")?;
        let tool = compile(&program("gcc")?)?;
        let kernel = kernel()?;
        let mut base = Initrd::default();
        let folders = ["bin", "proc", "sys", "dev", "job", "modules", "mnt", "tmp"];
        folders.iter().for_each(|folder| base.folder(folder));
        let read = |path: &Path| fs::read(path).map_err(|e| format!("{}: {e}", path.display()));
        base.file("init", 0o755, INIT);
        base.file("bin/busybox", 0o755, &read(&busybox)?);
        base.file("bin/judge", 0o755, &tool);
        base.modules("modules/order", &kernel, &[&MODULES[..], &[LOOP]].concat());
        Ok(Self { qemu, kernel, base, _clock: clock() })
    }

    /// Runs a shell script in the guest, with files in its folder and these
    /// images as `/dev/vda`, `/dev/vdb` and so on; what is written to them stays.
    #[track_caller]
    pub(crate) fn run(
        &self,
        script: &str,
        files: &[(&str, &[u8])],
        disks: &[&Path],
        limit: Duration,
    ) -> Said {
        let dir = temp();
        let mut command = self.command(&Job { script, files, disks, usb: false }, dir.path());
        let _turn = turn();
        let console = run(&mut command, limit).text();
        let said = said(&dir.path().join(OUT));
        said.unwrap_or_else(|| panic!("the guest left no answer:\n{console}"))
    }

    /// The machine for a job, with its own files in `dir`.
    pub(crate) fn command(&self, job: &Job<'_>, dir: &Path) -> Command {
        let (initrd, out) = (dir.join("initrd"), dir.join(OUT));
        let letter = char::from(b'a' + u8::try_from(job.disks.len()).unwrap());
        let mut archive = self.base.clone();
        if job.usb {
            archive.modules("modules/more", &self.kernel, &USB);
        }
        archive.file("job/out", 0o644, format!("vd{letter}").as_bytes());
        archive.file("job/run.sh", 0o644, job.script.as_bytes());
        for (name, bytes) in job.files {
            archive.file(&format!("job/{name}"), 0o755, bytes);
        }
        fs::write(&initrd, archive.finish()).unwrap();
        fs::File::create(&out).unwrap().set_len(OUT_SIZE).unwrap();

        let mut command = Judge::at("the Linux driver", &self.qemu).command();
        // Not `accel=kvm:tcg`: a nested KVM that exists but cannot run hangs.
        command.args(["-machine", "q35,accel=tcg", "-cpu", "max", "-m", "768"]);
        command.args(["-nodefaults", "-nographic", "-no-reboot", "-serial", "stdio"]);
        // On a busy machine the kernel's test of its timer fails, and it stops.
        command.args(["-append", "console=ttyS0 quiet panic=-1 loglevel=3 no_timer_check"]);
        command.arg("-kernel").arg(&self.kernel.image).arg("-initrd").arg(&initrd);
        for disk in job.disks.iter().copied().chain([out.as_path()]) {
            let drive = format!("file={},format=raw,if=virtio,cache=unsafe", disk.display());
            command.args(["-drive", &drive]);
        }
        command
    }
}

/// The disk in a machine's folder that its answer is on.
const OUT: &str = "out";

/// What the script of a machine said that has ended, from its folder.
pub(crate) fn answer(dir: &Path) -> Option<Said> {
    said(&dir.join(OUT))
}

/// What the guest's script said, from the last disk.
fn said(disk: &Path) -> Option<Said> {
    use std::io::Read;
    let mut file = fs::File::open(disk).ok()?;
    let mut head = [0; 17];
    file.read_exact(&mut head).ok()?;
    let (code, len) = std::str::from_utf8(&head).ok()?.trim_end().split_once(' ')?;
    let mut out = vec![0; len.parse().ok()?];
    file.read_exact(&mut out).ok()?;
    Some(Said { code: code.parse().ok()?, out, err: Vec::new() })
}

/// Our small C program, linked statically.
fn compile(gcc: &Path) -> Result<Vec<u8>, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/guest/judge.c");
    let dir = temp();
    let program = dir.path().join("judge");
    let mut command = Command::new(gcc);
    command.args(["-O2", "-static", "-Wall", "-Werror", "-o"]).arg(&program).arg(source);
    let said = run(&mut command, Duration::from_secs(60));
    if said.code != 0 {
        return Err(format!("its helper does not compile: {}", said.text()));
    }
    fs::read(program).map_err(|e| e.to_string())
}

/// The kernel of the newest package, which is unpacked once: by the product, that
/// is no judge of what is in it.
fn kernel() -> Result<Kernel, String> {
    // Tests of one process take turns.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let package = package().ok_or(format!("no linux-image package in {}", cache().display()))?;
    let more = [&USB[..], &[LOOP]].concat();
    find_kernel(Some(&package), &cache(), &more).map_err(|failure| failure.to_string())
}

/// Debian's package of a kernel, which `.ci/run` keeps for the judges.
pub(crate) fn package() -> Option<PathBuf> {
    let entries = fs::read_dir(cache()).into_iter().flatten().flatten();
    let is_kernel = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("linux-image-") && name.ends_with(".deb")
    };
    entries.map(|entry| entry.path()).filter(is_kernel).max()
}
