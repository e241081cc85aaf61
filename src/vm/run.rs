//! A machine for the real thing: media of a release, behind an OpenCore that
//! its author has.
//!
//! What each release wants is as others measured it (projects that run macOS in
//! QEMU, and Mavericks media that a peer built and installed): a Core 2 of
//! Penryn's kind up to 12, Haswell's from 13; one processor for 10.6; a tablet
//! on EHCI up to 10.15; `e1000-82545em` up to 10.10, `vmxnet3` up to 10.15,
//! virtio later. None of it was tried here with a system of Apple's.

use crate::vm::accel::Accel;
use crate::vm::failure::{Failure, Result};
use crate::vm::firmware::Firmware;
use crate::vm::machine::{Life, Run, comma, live};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// A release of the system: `10.7`, or `13` as `(13, 0)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release(pub u32, pub u32);

impl Release {
    /// The release that a version is of; 10.16 is what 11 called itself at first.
    #[must_use]
    pub fn of(version: &str) -> Option<Self> {
        let mut numbers = version.split('.').map(str::parse::<u32>);
        let major = numbers.next()?.ok()?;
        let minor = numbers.next().transpose().ok()?.unwrap_or(0);
        match (major, minor) {
            (10, 16..) => Some(Self(11, 0)),
            (10, 4..) => Some(Self(10, minor)),
            (11..=99, _) => Some(Self(major, 0)),
            _ => None,
        }
    }
}

/// Where the machine's screen is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Display {
    /// In a window.
    Window,
    /// On this computer's VNC display of this number.
    Vnc(u16),
    /// Nowhere; pictures of it may be kept.
    None,
}

/// What is run.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The image, raw; never written to.
    pub image: String,
    /// What it is of.
    pub release: Release,
    /// OpenCore: a raw image, or the folder that its `EFI` is in.
    pub opencore: Option<String>,
    /// The key of the SMC, from the user's own Mac.
    pub smc_key: Option<String>,
    /// GB of a blank disk that is thrown away afterwards.
    pub blank: Option<u32>,
    /// A disk of the user's own, which is written to: raw, or `.qcow2`.
    pub target: Option<String>,
    /// Where its screen is.
    pub display: Display,
    /// A port of this computer that leads to the machine's ssh.
    pub ssh: Option<u16>,
    /// MiB of memory, instead of what the release wants.
    pub memory: Option<u32>,
    /// Where its serial line is kept.
    pub serial: Option<String>,
}

/// What a release wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wants {
    cpu: &'static str,
    cores: u32,
    memory: u32,
    network: &'static str,
    usb: &'static str,
}

const PENRYN: &str = "Penryn,vendor=GenuineIntel";
const LATER: &str = "Penryn,vendor=GenuineIntel,+ssse3,+sse4.2,+popcnt";
const HASWELL: &str = "Haswell-noTSX,vendor=GenuineIntel";

const fn wants(release: Release) -> Wants {
    let (e1000, ehci) = ("e1000-82545em", "usb-ehci");
    let (cpu, cores, memory, network, usb) = match (release.0, release.1) {
        (10, ..=6) => (PENRYN, 1, 2048, e1000, ehci),
        (10, 7..=10) => (PENRYN, 2, 4096, e1000, ehci),
        (10, 11) => (PENRYN, 2, 4096, "vmxnet3", ehci),
        (10, _) => (LATER, 2, 4096, "vmxnet3", ehci),
        (11 | 12, _) => (LATER, 2, 8192, "virtio-net-pci", "qemu-xhci"),
        _ => (HASWELL, 2, 8192, "virtio-net-pci", "qemu-xhci"),
    };
    Wants { cpu, cores, memory, network, usb }
}

/// The length of an SMC's key.
const KEY: usize = 64;

/// Whether this can be a key: its text is not told to anyone.
///
/// # Errors
/// [`Failure`], with what it should look like.
pub fn check_key(key: &str) -> Result<()> {
    let fits = key.len() == KEY && key.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    let hint = "read it on your own Mac; or leave it out, and let OpenCore's kexts do its work";
    match fits {
        true => Ok(()),
        false => Err(Failure::usage("the SMC's key is not 64 characters of ASCII", hint)),
    }
}

/// All of QEMU's arguments.
#[must_use]
pub fn arguments(firmware: &Firmware, accel: Accel, setup: &Setup) -> Vec<String> {
    let wants = wants(setup.release);
    let mut args: Vec<String> = Vec::new();
    let mut add = |option: &str, value: String| args.extend([format!("-{option}"), value]);
    let path = |path: &Path| comma(&path.display().to_string());
    add("machine", format!("q35,accel={}", accel.word()));
    let kvm = if accel == Accel::Kvm { ",kvm=on,+invtsc,vmware-cpuid-freq=on" } else { "" };
    add("cpu", format!("{}{kvm}", wants.cpu));
    add("smp", wants.cores.to_string());
    add("m", setup.memory.unwrap_or(wants.memory).to_string());
    add("smbios", "type=2".into());
    if let Some(key) = &setup.smc_key {
        add("device", format!("isa-applesmc,osk={}", comma(key)));
    }
    let flash = "if=pflash,format=raw";
    add("drive", format!("{flash},unit=0,readonly=on,file={}", path(&firmware.code)));
    add("drive", format!("{flash},unit=1,snapshot=on,file={}", path(&firmware.vars)));
    add("device", format!("{},id=usb", wants.usb));
    add("device", "usb-kbd,bus=usb.0".into());
    add("device", "usb-tablet,bus=usb.0".into());
    add("device", "ich9-ahci,id=sata".into());
    if let Some(opencore) = &setup.opencore {
        let file = comma(opencore);
        // A folder is shown as a FAT disk; what is written to it is lost.
        let fat = if Path::new(opencore).is_dir() { "fat:" } else { "" };
        add("drive", format!("if=none,id=opencore,format=raw,snapshot=on,file={fat}{file}"));
        add("device", "ide-hd,bus=sata.0,drive=opencore,bootindex=0".into());
    }
    add("drive", format!("if=none,id=media,format=raw,snapshot=on,file={}", comma(&setup.image)));
    add("device", "usb-storage,bus=usb.0,drive=media,removable=on,bootindex=1".into());
    if let Some(size) = setup.blank {
        let null = "file.driver=null-co,file.read-zeroes=on";
        add("drive", format!("if=none,id=blank,format=raw,snapshot=on,{null},file.size={size}G"));
        add("device", "ide-hd,bus=sata.1,drive=blank".into());
    }
    if let Some(target) = &setup.target {
        let format = if target.ends_with(".qcow2") { "qcow2" } else { "raw" };
        add("drive", format!("if=none,id=target,format={format},file={}", comma(target)));
        add("device", "ide-hd,bus=sata.2,drive=target".into());
    }
    let forward =
        setup.ssh.map_or_else(String::new, |port| format!(",hostfwd=tcp:127.0.0.1:{port}-:22"));
    add("netdev", format!("user,id=net{forward}"));
    add("device", format!("{},netdev=net", wants.network));
    add("device", "VGA,vgamem_mb=64".into());
    match setup.display {
        Display::Window => {}
        Display::Vnc(number) => add("vnc", format!("127.0.0.1:{number}")),
        Display::None => add("display", "none".into()),
    }
    let serial = setup.serial.as_ref();
    add("serial", serial.map_or_else(|| "none".into(), |path| format!("file:{}", comma(path))));
    [vec!["-nodefaults".into(), "-no-reboot".into()], args].concat()
}

/// How a machine is watched.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Where its files go.
    pub folder: PathBuf,
    /// Between two pictures of its screen.
    pub every: Option<Duration>,
    /// How long it may run.
    pub limit: Option<Duration>,
}

/// Runs a machine until it ends, its time is up, or the user ends it; gives
/// the pictures that were taken, too.
///
/// # Errors
/// [`Failure`], when QEMU cannot be started or is ended by the user.
pub fn run(
    firmware: &Firmware,
    accel: Accel,
    setup: &Setup,
    watch: &Watch,
    stop: &AtomicBool,
) -> Result<(Run, Vec<PathBuf>)> {
    let mut args = arguments(firmware, accel, setup);
    args.extend(["-qmp".into(), "stdio".into()]);
    let serial = setup.serial.as_ref().map(PathBuf::from);
    let life = Life {
        qemu: &firmware.qemu,
        args: args.into_iter().map(Into::into).collect(),
        folder: &watch.folder,
        serial: serial.unwrap_or_else(|| watch.folder.join("serial")),
        limit: watch.limit,
        picture: true,
        stop,
    };
    let mut pictures: Vec<PathBuf> = Vec::new();
    let run = live(&life, &mut |qmp, age, _| {
        let due = |every: Duration| age >= every * u32::try_from(pictures.len() + 1).unwrap_or(1);
        if watch.every.is_some_and(due) {
            let path = watch.folder.join(format!("screen-{:04}.png", pictures.len() + 1));
            // One that could not be taken is not tried again.
            qmp.picture(&path);
            pictures.push(path);
        }
    })?;
    pictures.retain(|path| path.exists());
    Ok((run, pictures))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup(version: &str) -> Setup {
        Setup {
            image: "/i,1.img".into(),
            release: Release::of(version).unwrap(),
            opencore: None,
            smc_key: None,
            blank: None,
            target: None,
            display: Display::None,
            ssh: None,
            memory: None,
            serial: None,
        }
    }

    fn line(accel: Accel, setup: &Setup) -> String {
        let firmware = Firmware { qemu: "/q".into(), code: "/c".into(), vars: "/v".into() };
        arguments(&firmware, accel, setup).join(" ")
    }

    #[test]
    fn each_release_has_what_it_wants() {
        let of = |version: &str| {
            let line = line(Accel::Tcg, &setup(version));
            let between = |from: &str, to: &str| {
                let rest = line.split_once(from).unwrap().1;
                rest.split_once(to).unwrap().0.to_owned()
            };
            let network =
                line.split_once("-device VGA").unwrap().0.rsplit_once("-device ").unwrap().1;
            let network = network.split(',').next().unwrap().to_owned();
            [
                between("-cpu ", " "),
                between("-smp ", " "),
                between("-m ", " "),
                network,
                between("-device ", ",id=usb"),
            ]
            .join(" ")
        };
        let penryn = "Penryn,vendor=GenuineIntel";
        assert_eq!(of("10.6.8"), format!("{penryn} 1 2048 e1000-82545em usb-ehci"));
        for version in ["10.7.5", "10.8", "10.9.5", "10.10"] {
            assert_eq!(of(version), format!("{penryn} 2 4096 e1000-82545em usb-ehci"));
        }
        assert_eq!(of("10.11.6"), format!("{penryn} 2 4096 vmxnet3 usb-ehci"));
        let later = format!("{penryn},+ssse3,+sse4.2,+popcnt");
        assert_eq!(of("10.15.7"), format!("{later} 2 4096 vmxnet3 usb-ehci"));
        assert_eq!(of("10.16"), format!("{later} 2 8192 virtio-net-pci qemu-xhci"));
        assert_eq!(of("13.6"), "Haswell-noTSX,vendor=GenuineIntel 2 8192 virtio-net-pci qemu-xhci");
        assert_eq!(Release::of("9.2"), None);
        assert_eq!(Release::of("x"), None);
    }

    #[test]
    fn the_whole_line_for_lion() {
        let all = Setup {
            opencore: Some("/oc.img".into()),
            smc_key: Some("k".repeat(64)),
            blank: Some(32),
            target: Some("/t.qcow2".into()),
            display: Display::Vnc(1),
            ssh: Some(2222),
            memory: Some(3000),
            serial: Some("/s".into()),
            ..setup("10.7.5")
        };
        let key = "k".repeat(64);
        assert_eq!(
            line(Accel::Kvm, &all),
            format!(
                "-nodefaults -no-reboot -machine q35,accel=kvm \
                 -cpu Penryn,vendor=GenuineIntel,kvm=on,+invtsc,vmware-cpuid-freq=on -smp 2 \
                 -m 3000 -smbios type=2 -device isa-applesmc,osk={key} \
                 -drive if=pflash,format=raw,unit=0,readonly=on,file=/c \
                 -drive if=pflash,format=raw,unit=1,snapshot=on,file=/v \
                 -device usb-ehci,id=usb -device usb-kbd,bus=usb.0 -device usb-tablet,bus=usb.0 \
                 -device ich9-ahci,id=sata \
                 -drive if=none,id=opencore,format=raw,snapshot=on,file=/oc.img \
                 -device ide-hd,bus=sata.0,drive=opencore,bootindex=0 \
                 -drive if=none,id=media,format=raw,snapshot=on,file=/i,,1.img \
                 -device usb-storage,bus=usb.0,drive=media,removable=on,bootindex=1 \
                 -drive if=none,id=blank,format=raw,snapshot=on,file.driver=null-co,\
                 file.read-zeroes=on,file.size=32G -device ide-hd,bus=sata.1,drive=blank \
                 -drive if=none,id=target,format=qcow2,file=/t.qcow2 \
                 -device ide-hd,bus=sata.2,drive=target \
                 -netdev user,id=net,hostfwd=tcp:127.0.0.1:2222-:22 \
                 -device e1000-82545em,netdev=net -device VGA,vgamem_mb=64 -vnc 127.0.0.1:1 \
                 -serial file:/s"
            )
        );
    }

    #[test]
    fn a_key_has_64_characters() {
        assert!(check_key(&"k".repeat(64)).is_ok());
        for wrong in ["k".repeat(63), "\u{e9}".repeat(32), "\n".repeat(64)] {
            let failure = check_key(&wrong).unwrap_err();
            assert_eq!(failure.to_string(), "the SMC's key is not 64 characters of ASCII");
            assert_eq!(
                failure.hint.unwrap(),
                "read it on your own Mac; or leave it out, and let OpenCore's kexts do its work"
            );
        }
    }
}
