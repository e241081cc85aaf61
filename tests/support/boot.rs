//! Starts an image as a USB stick, under OVMF with a foreign HFS+ reader.
//!
//! The firmware starts a loader from a second drive; the loader finds
//! `boot.efi` on the stick through an HFS+ implementation of its own.

use crate::support::image::temp;
use crate::support::judge::{Judge, absent, find, judge, run};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const CODE: &str = "/usr/share/OVMF/OVMF_CODE_4M.fd";
const VARS: &str = "/usr/share/OVMF/OVMF_VARS_4M.fd";
const REFIND: &str = "/usr/share/refind/refind";
/// What QEMU exits with when the sample's program has run.
const PROGRAM_RAN: i32 = 33;

const REFIND_CONF: &str = "timeout 1
textonly true
scanfor internal,external,optical,manual
use_nvram false
";
const GRUB_CONF: &str = "serial --unit=0 --speed=115200
terminal_output serial
insmod part_gpt
insmod hfsplus
search --no-floppy --file --set=root /System/Library/CoreServices/boot.efi
chainloader /System/Library/CoreServices/boot.efi
boot
reboot
";

/// A loader with an HFS+ reader of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Loader {
    /// rEFInd and its `hfs_x64.efi`.
    Refind,
    /// GRUB and its `hfsplus` module.
    Grub,
}

/// A machine with a loader's drive.
pub(crate) struct Machine {
    loader: Loader,
    qemu: PathBuf,
    drive: tempfile::TempDir,
}

impl Machine {
    /// Makes the loader's drive, or says what is missing.
    #[track_caller]
    pub(crate) fn new(loader: Loader) -> Option<Self> {
        let (mformat, mcopy) = (judge("mformat")?, judge("mcopy")?);
        let (name, program) = match loader {
            Loader::Refind => ("rEFInd", Some(Path::new(REFIND).join("refind_x64.efi"))),
            Loader::Grub => ("GRUB", find("grub-mkstandalone")),
        };
        let qemu = find("qemu-system-x86_64");
        let missing = [program.clone(), qemu.clone(), Some(CODE.into()), Some(VARS.into())];
        if missing.iter().any(|path| path.as_ref().is_none_or(|path| !path.is_file())) {
            absent(name, "it, OVMF or QEMU is not installed");
            return None;
        }
        let drive = temp();
        let boot = drive.path().join("EFI/BOOT");
        fs::create_dir_all(&boot).unwrap();
        match loader {
            Loader::Refind => refind(&boot),
            Loader::Grub => grub(&program?, drive.path(), &boot),
        }
        let image = drive.path().join("loader.img");
        fs::File::create(&image).unwrap().set_len(40 << 20).unwrap();
        mformat.run(["-i", image.to_str().unwrap(), "-F", "::"]).ok();
        let efi = drive.path().join("EFI");
        mcopy.run(["-i", image.to_str().unwrap(), "-s", efi.to_str().unwrap(), "::/"]).ok();
        Some(Self { loader, qemu: qemu?, drive })
    }

    /// Whether the program on the stick ran and said `marker`.
    #[track_caller]
    pub(crate) fn starts(&self, stick: &Path, marker: &str) -> bool {
        let dir = temp();
        let (vars, serial) = (dir.path().join("vars"), dir.path().join("serial"));
        fs::copy(VARS, &vars).unwrap();
        let name = match self.loader {
            Loader::Refind => "rEFInd under OVMF",
            Loader::Grub => "GRUB under OVMF",
        };
        let mut command = Judge::at(name, &self.qemu).command();
        // Not KVM: where it is nested, OVMF stops at its first instruction.
        command.args(["-machine", "q35,accel=tcg", "-cpu", "max", "-m", "256"]);
        command.args(["-display", "none", "-nodefaults", "-no-reboot", "-net", "none"]);
        command.args(["-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"]);
        command.args(["-serial", &format!("file:{}", serial.display())]);
        let flash = "if=pflash,format=raw,unit";
        command.args(["-drive", &format!("{flash}=0,readonly=on,file={CODE}")]);
        command.args(["-drive", &format!("{flash}=1,file={}", vars.display())]);
        let loader = self.drive.path().join("loader.img");
        for (id, path) in [("loader", loader.as_path()), ("stick", stick)] {
            let path = path.display();
            command
                .args(["-drive", &format!("if=none,id={id},format=raw,snapshot=on,file={path}")]);
        }
        // OVMF connects what is in the boot order: GRUB sees only that.
        command.args(["-device", "virtio-blk-pci,drive=loader,bootindex=0"]);
        command.args(["-device", "qemu-xhci"]);
        command.args(["-device", "usb-storage,drive=stick,removable=on,bootindex=1"]);
        let code = ends_within(&mut command, Duration::from_secs(40));
        let said = String::from_utf8_lossy(&fs::read(&serial).unwrap_or_default()).into_owned();
        println!("{:?}: exit code {code:?}, said {} bytes", self.loader, said.len());
        code == Some(PROGRAM_RAN) && said.contains(marker)
    }
}

/// The exit code; `None` when the machine still ran and was stopped.
fn ends_within(command: &mut std::process::Command, limit: Duration) -> Option<i32> {
    let seconds = limit.as_secs().to_string();
    let mut limited = std::process::Command::new("timeout");
    limited.arg(&seconds).arg(command.get_program()).args(command.get_args());
    let code = run(&mut limited, limit + Duration::from_secs(20)).code;
    (code != 124).then_some(code)
}

fn refind(boot: &Path) {
    let drivers = boot.join("drivers_x64");
    fs::create_dir(&drivers).unwrap();
    fs::copy(Path::new(REFIND).join("refind_x64.efi"), boot.join("BOOTX64.EFI")).unwrap();
    fs::copy(Path::new(REFIND).join("drivers_x64/hfs_x64.efi"), drivers.join("hfs_x64.efi"))
        .unwrap();
    fs::write(boot.join("refind.conf"), REFIND_CONF).unwrap();
}

fn grub(mkstandalone: &Path, dir: &Path, boot: &Path) {
    let config = dir.join("grub.cfg");
    fs::write(&config, GRUB_CONF).unwrap();
    let mut command = std::process::Command::new(mkstandalone);
    command.args(["-O", "x86_64-efi", "--locales=", "--fonts=", "--themes="]);
    command.arg("--modules=part_gpt hfsplus");
    command.arg(
        "--install-modules=part_gpt part_msdos hfsplus fat chain search \
         search_fs_file serial terminal boot normal minicmd test echo reboot",
    );
    command.arg("-o").arg(boot.join("BOOTX64.EFI"));
    command.arg(format!("boot/grub/grub.cfg={}", config.display()));
    run(&mut command, Duration::from_secs(60)).ok();
}
