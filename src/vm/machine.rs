//! A machine: what it is made of, and how its life goes.

use crate::vm::accel::Accel;
use crate::vm::failure::{Failure, Result};
use crate::vm::firmware::Firmware;
use crate::vm::process::{Child, PAUSE, complaint};
use crate::vm::qmp::Qmp;
use crate::vm::serial::Serial;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How a drive is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ports {
    /// As QEMU's own kind of disk.
    Virtio,
    /// As a USB stick.
    Usb,
}

/// A drive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drive {
    /// What QEMU opens: a path, or what [`crate::vm::Served::url`] says.
    pub file: String,
    /// How it is attached.
    pub port: Ports,
    /// Its place among those that the firmware starts from.
    pub boot: Option<u8>,
    /// Whether what is written to it stays.
    pub kept: bool,
}

impl Drive {
    /// A drive to which nothing is ever written.
    #[must_use]
    pub const fn new(file: String, port: Ports) -> Self {
        Self { file, port, boot: None, kept: false }
    }
}

/// How a machine's life ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// QEMU ended by itself, with this code.
    Exited(i32),
    /// It still ran at the end of its time.
    TimedOut,
    /// The processor stopped: the accelerator cannot run it.
    Stopped,
}

/// What a machine did.
#[derive(Clone, Debug)]
pub struct Run {
    /// How it ended.
    pub end: End,
    /// What was said on the serial line.
    pub serial: String,
    /// How long it took.
    pub took: Duration,
    /// The picture on its screen when its time was up, if there is one.
    pub picture: Option<PathBuf>,
    /// What QEMU itself complained of.
    pub complaint: String,
}

/// A machine to be started, once or several times.
#[derive(Clone, Debug)]
pub struct Machine {
    qemu: PathBuf,
    accel: Accel,
    memory: u32,
    /// An empty store of variables to be copied, for UEFI.
    vars: Option<PathBuf>,
    args: Vec<OsString>,
    drives: Vec<Drive>,
    /// Whether the screen is kept when its time is up.
    picture: bool,
}

impl Machine {
    /// One with UEFI, a screen that nobody looks at, and a port by which a
    /// program can end it.
    #[must_use]
    pub fn uefi(firmware: &Firmware, accel: Accel) -> Self {
        let code = comma(&firmware.code.display().to_string());
        let mut machine = Self::bare(&firmware.qemu, accel, 256);
        machine.vars = Some(firmware.vars.clone());
        machine.add(["-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"]);
        machine.add(["-device", "VGA,romfile="]);
        let flash = "if=pflash,format=raw,unit=0,readonly=on";
        machine.add(["-drive", &format!("{flash},file={code}")]);
        machine
    }

    /// One that starts a Linux kernel.
    #[must_use]
    pub fn linux(qemu: &Path, accel: Accel, kernel: &Path, initrd: &Path) -> Self {
        let mut machine = Self::bare(qemu, accel, 768);
        // On a busy machine the kernel's test of its timer fails, and it stops.
        machine.add(["-append", "console=ttyS0 quiet panic=-1 loglevel=3 no_timer_check"]);
        for (option, path) in [("-kernel", kernel), ("-initrd", initrd)] {
            machine.args.extend([option.into(), path.into()]);
        }
        machine
    }

    fn bare(qemu: &Path, accel: Accel, memory: u32) -> Self {
        let (args, drives, picture) = (Vec::new(), Vec::new(), true);
        Self { qemu: qemu.to_owned(), accel, memory, vars: None, args, drives, picture }
    }

    /// The same without a picture at the end: a QEMU that hangs takes none.
    pub(super) const fn blind(mut self) -> Self {
        self.picture = false;
        self
    }

    fn add<'a>(&mut self, args: impl IntoIterator<Item = &'a str>) {
        self.args.extend(args.into_iter().map(OsString::from));
    }

    /// Adds a drive.
    #[must_use]
    pub fn with(mut self, drive: Drive) -> Self {
        self.drives.push(drive);
        self
    }

    /// All arguments, with the files of one life in a folder.
    fn command(&self, folder: &Path) -> Vec<OsString> {
        let mut args = vec![OsString::from("-machine")];
        let mut add = |more: &[&str]| args.extend(more.iter().map(OsString::from));
        add(&[&format!("q35,accel={}", self.accel.word()), "-cpu", self.accel.cpu()]);
        add(&["-m", &self.memory.to_string(), "-display", "none", "-nodefaults", "-no-reboot"]);
        let serial = comma(&folder.join("serial").display().to_string());
        add(&["-net", "none", "-qmp", "stdio", "-serial", &format!("file:{serial}")]);
        if self.vars.is_some() {
            let vars = comma(&folder.join("vars").display().to_string());
            add(&["-drive", &format!("if=pflash,format=raw,unit=1,file={vars}")]);
        }
        if self.drives.iter().any(|drive| drive.port == Ports::Usb) {
            add(&["-device", "qemu-xhci"]);
        }
        for (number, drive) in self.drives.iter().enumerate() {
            // Nobody needs a machine's own disks after a power cut.
            let keep = if drive.kept { ",cache=unsafe" } else { ",snapshot=on" };
            let file = comma(&drive.file);
            add(&["-drive", &format!("if=none,id=d{number},format=raw{keep},file={file}")]);
            let boot = drive.boot.map_or_else(String::new, |at| format!(",bootindex={at}"));
            let device = match drive.port {
                Ports::Virtio => format!("virtio-blk-pci,drive=d{number}{boot}"),
                Ports::Usb => format!("usb-storage,drive=d{number},removable=on{boot}"),
            };
            add(&["-device", &device]);
        }
        args.extend(self.args.iter().cloned());
        args
    }

    /// Lives until it ends by itself, its time is up, or the user wants it to.
    /// `tell` is given what it said so far, whenever that is more.
    ///
    /// # Errors
    /// [`Failure`], when QEMU cannot be started, or the user stops it.
    pub fn run(
        &self,
        folder: &Path,
        limit: Duration,
        stop: &AtomicBool,
        tell: &mut dyn FnMut(&str),
    ) -> Result<Run> {
        if let Some(vars) = &self.vars {
            fs::copy(vars, folder.join("vars")).map_err(|error| not_started(&error))?;
        }
        let life = Life {
            qemu: &self.qemu,
            args: self.command(folder),
            folder,
            serial: folder.join("serial"),
            limit: Some(limit),
            picture: self.picture,
            stop,
        };
        let mut told = 0;
        live(&life, &mut |_, _, said| {
            if said.len() > told {
                told = said.len();
                tell(said);
            }
        })
    }
}

/// One life of a machine.
pub(super) struct Life<'a> {
    pub(super) qemu: &'a Path,
    pub(super) args: Vec<OsString>,
    /// Where its files go.
    pub(super) folder: &'a Path,
    /// Where its arguments put the serial line.
    pub(super) serial: PathBuf,
    pub(super) limit: Option<Duration>,
    pub(super) picture: bool,
    pub(super) stop: &'a AtomicBool,
}

fn not_started(error: &std::io::Error) -> Failure {
    Failure::host("QEMU cannot be started", error)
}

/// Starts QEMU and looks after it; `tick` is given its line to us, its age and
/// what it said so far, many times a second.
pub(super) fn live(life: &Life<'_>, tick: &mut dyn FnMut(&mut Qmp, Duration, &str)) -> Result<Run> {
    let fail = |error: std::io::Error| not_started(&error);
    let errors = life.folder.join("complaint");
    let _ = fs::remove_file(&life.serial);
    let mut command = Command::new(life.qemu);
    command.args(&life.args).stdin(Stdio::piped()).stdout(Stdio::piped());
    command.stderr(fs::File::create(&errors).map_err(fail)?);
    let start = Instant::now();
    let mut child = Child::start(&mut command).map_err(fail)?;
    let (to, from) = (child.0.stdin.take(), child.0.stdout.take());
    let (Some(to), Some(from)) = (to, from) else {
        return Err(fail(std::io::Error::other("it has no line to us")));
    };
    let (mut qmp, mut serial) = (Qmp::new(to, from), Serial::new(&life.serial));
    let end = loop {
        if life.stop.load(Ordering::Relaxed) {
            return Err(Failure::interrupted());
        }
        if let Some(status) = child.0.try_wait().map_err(fail)? {
            break End::Exited(status.code().unwrap_or(-1));
        }
        if qmp.has_stopped() {
            break End::Stopped;
        }
        if life.limit.is_some_and(|limit| start.elapsed() > limit) {
            break End::TimedOut;
        }
        serial.listen();
        tick(&mut qmp, start.elapsed(), serial.text());
        sleep(PAUSE);
    };
    let picture = life.folder.join("screen.png");
    let has_picture = life.picture && end == End::TimedOut && qmp.picture(&picture);
    drop(child);
    serial.listen();
    // Whoever presses Ctrl-C ends QEMU, too, which is no answer of a guest's.
    if life.stop.load(Ordering::Relaxed) {
        return Err(Failure::interrupted());
    }
    Ok(Run {
        end,
        serial: serial.text().to_owned(),
        took: start.elapsed(),
        picture: has_picture.then_some(picture),
        complaint: complaint(&errors),
    })
}

/// A value in one of QEMU's lists, where a comma is written twice.
pub(super) fn comma(value: &str) -> String {
    value.replace(',', ",,")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(machine: &Machine) -> String {
        let args = machine.command(Path::new("/t"));
        args.iter().map(|arg| arg.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn nothing_is_written_to_but_what_is_kept() {
        let (qemu, code, vars) = ("/q".into(), "/a,b".into(), "/v".into());
        let firmware = Firmware { qemu, code, vars };
        let loader = Drive { boot: Some(0), kept: true, ..Drive::new("/l".into(), Ports::Virtio) };
        let stick = Drive { boot: Some(1), ..Drive::new("nbd:unix:/t/s".into(), Ports::Usb) };
        let machine = Machine::uefi(&firmware, Accel::Tcg).with(loader).with(stick);
        assert_eq!(
            line(&machine),
            "-machine q35,accel=tcg -cpu max -m 256 -display none -nodefaults -no-reboot \
             -net none -qmp stdio -serial file:/t/serial \
             -drive if=pflash,format=raw,unit=1,file=/t/vars -device qemu-xhci \
             -drive if=none,id=d0,format=raw,cache=unsafe,file=/l -device virtio-blk-pci,drive=d0,bootindex=0 \
             -drive if=none,id=d1,format=raw,snapshot=on,file=nbd:unix:/t/s \
             -device usb-storage,drive=d1,removable=on,bootindex=1 \
             -device isa-debug-exit,iobase=0xf4,iosize=0x04 -device VGA,romfile= \
             -drive if=pflash,format=raw,unit=0,readonly=on,file=/a,,b"
        );
    }

    #[test]
    fn a_kernel_needs_no_firmware_of_ours() {
        let machine = Machine::linux(Path::new("/q"), Accel::Kvm, Path::new("/k"), Path::new("/i"));
        assert_eq!(
            line(&machine),
            "-machine q35,accel=kvm -cpu host -m 768 -display none -nodefaults -no-reboot \
             -net none -qmp stdio -serial file:/t/serial \
             -append console=ttyS0 quiet panic=-1 loglevel=3 no_timer_check -kernel /k -initrd /i"
        );
    }
}
