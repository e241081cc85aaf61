//! A Linux guest with the kernel's own HFS+ driver, as a judge.
//!
//! The kernel is Debian's, from a package that `.ci/run` keeps in the judges'
//! cache folder. It runs in QEMU without KVM: that is there on more machines.

use crate::support::image::temp;
use crate::support::judge::{Judge, Said, absent, find, note, run};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// In the order in which they need each other.
const MODULES: [&str; 10] = [
    "virtio_ring",
    "virtio",
    "virtio_pci_legacy_dev",
    "virtio_pci_modern_dev",
    "virtio_pci",
    "virtio_blk",
    "nls_utf8",
    "cdrom",
    "hfsplus",
    "loop",
];
/// What a USB stick needs besides, in the same order.
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
    dir: PathBuf,
    base: Vec<u8>,
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
        let dir = unpacked_kernel()?;
        let mut base = Vec::new();
        for folder in ["bin", "proc", "sys", "dev", "job", "modules", "mnt", "tmp"] {
            cpio_entry(&mut base, folder, 0o040_755, &[]);
        }
        let read = |path: &Path| fs::read(path).map_err(|e| format!("{}: {e}", path.display()));
        cpio_entry(&mut base, "init", 0o100_755, INIT);
        cpio_entry(&mut base, "bin/busybox", 0o100_755, &read(&busybox)?);
        cpio_entry(&mut base, "bin/judge", 0o100_755, &tool);
        modules(&mut base, &dir, &MODULES, "order").map_err(|e| e.to_string())?;
        Ok(Self { qemu, dir, base })
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
            modules(&mut archive, &self.dir, &USB, "more").unwrap();
        }
        cpio_entry(&mut archive, "job/out", 0o100_644, format!("vd{letter}").as_bytes());
        cpio_entry(&mut archive, "job/run.sh", 0o100_644, job.script.as_bytes());
        for (name, bytes) in job.files {
            cpio_entry(&mut archive, &format!("job/{name}"), 0o100_755, bytes);
        }
        cpio_entry(&mut archive, "TRAILER!!!", 0, &[]);
        fs::write(&initrd, archive).unwrap();
        fs::File::create(&out).unwrap().set_len(OUT_SIZE).unwrap();

        let mut command = Judge::at("the Linux driver", &self.qemu).command();
        // Not `accel=kvm:tcg`: a nested KVM that exists but cannot run hangs.
        command.args(["-machine", "q35,accel=tcg", "-cpu", "max", "-m", "768"]);
        command.args(["-nodefaults", "-nographic", "-no-reboot", "-serial", "stdio"]);
        // On a busy machine the kernel's test of its timer fails, and it stops.
        command.args(["-append", "console=ttyS0 quiet panic=-1 loglevel=3 no_timer_check"]);
        command.arg("-kernel").arg(self.dir.join("vmlinuz")).arg("-initrd").arg(&initrd);
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

/// Adds drivers, and a file that says in which order to load them.
fn modules(archive: &mut Vec<u8>, dir: &Path, names: &[&str], order: &str) -> std::io::Result<()> {
    let list = names.join("\n") + "\n";
    cpio_entry(archive, &format!("modules/{order}"), 0o100_644, list.as_bytes());
    for name in names {
        let data = fs::read(dir.join(format!("{name}.ko")))?;
        cpio_entry(archive, &format!("modules/{name}.ko"), 0o100_644, &data);
    }
    Ok(())
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

/// The folder with `vmlinuz` and the modules, unpacked from the newest package once.
fn unpacked_kernel() -> Result<PathBuf, String> {
    // Tests of one process take turns.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let cache = cache();
    let packages = fs::read_dir(&cache).into_iter().flatten().flatten().map(|e| e.path());
    let is_kernel = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("linux-image-") && name.ends_with(".deb")
    };
    let package = packages.filter(is_kernel).max();
    let package = package.ok_or(format!("no linux-image package in {}", cache.display()))?;
    let dir = package.with_extension("unpacked");
    if !is_whole(&dir) {
        let half = tempfile::tempdir_in(&cache).map_err(|e| e.to_string())?;
        unpack(&package, half.path())?;
        let _ = fs::remove_dir_all(&dir);
        fs::rename(half.keep(), &dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    }
    Ok(dir)
}

fn is_whole(dir: &Path) -> bool {
    let mut modules = MODULES.iter().chain(&USB).map(|m| dir.join(format!("{m}.ko")));
    dir.join("vmlinuz").is_file() && modules.all(|path| path.is_file())
}

fn unpack(package: &Path, to: &Path) -> Result<(), String> {
    let modules = MODULES.iter().chain(&USB);
    let mut wanted: Vec<_> = modules.map(|m| format!("./lib/modules/*/{m}.ko")).collect();
    wanted.push("./boot/vmlinuz*".into());
    let script = "dpkg-deb --fsys-tarfile \"$1\" | { cd \"$2\"; shift 2; \
        tar xf - --wildcards --transform 's,.*/,,;s,vmlinuz.*,vmlinuz,' \"$@\"; }";
    let mut command = Command::new("sh");
    command.args(["-c", script, "unpack"]).arg(package).arg(to).args(wanted);
    let said = run(&mut command, Duration::from_secs(120));
    fs::set_permissions(to, fs::Permissions::from_mode(0o755)).map_err(|e| e.to_string())?;
    if !is_whole(to) {
        return Err(format!("{} does not unpack: {}", package.display(), said.text()));
    }
    note("Debian's kernel package");
    Ok(())
}

/// One member of a `newc` cpio archive, as the kernel unpacks it.
fn cpio_entry(archive: &mut Vec<u8>, name: &str, mode: u32, data: &[u8]) {
    let fields = [0, mode, 0, 0, 1, 0, data.len() as u32, 0, 0, 0, 0, name.len() as u32 + 1, 0];
    archive.extend_from_slice(b"070701");
    for field in fields {
        archive.extend_from_slice(format!("{field:08x}").as_bytes());
    }
    archive.extend_from_slice(name.as_bytes());
    archive.push(0);
    archive.resize(archive.len().next_multiple_of(4), 0);
    archive.extend_from_slice(data);
    archive.resize(archive.len().next_multiple_of(4), 0);
}
