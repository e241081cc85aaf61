//! How a disk is connected, and its names: from `/sys`, and from udev's
//! database where there is one.
//!
//! Facts: the kernel's ABI documentation for `/sys`; for ids udev's
//! `60-persistent-storage.rules`.

use crate::device::disk::{Bus, Kind};
use crate::device::root::{Root, names, number, plain, text, word};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// What is known of a disk by its place in `/sys` and by udev.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    pub(super) vendor: Option<String>,
    pub(super) model: Option<String>,
    pub(super) serial: Option<String>,
    pub(super) id: Option<String>,
}

/// The kind of a block device, by its name.
pub(super) fn kind(name: &str, has_number: bool) -> Kind {
    let begins = |words: &[&str]| words.iter().any(|word| name.starts_with(word));
    match name {
        _ if begins(&["loop"]) => Kind::Loop,
        _ if begins(&["sr", "scd", "pktcdvd"]) => Kind::Optical,
        _ if begins(&["fd"]) => Kind::Floppy,
        _ if begins(&["ram", "zram", "pmem"]) => Kind::Memory,
        _ if begins(&["dm-", "md", "bcache", "zd", "device-mapper"]) => Kind::Joined,
        _ if begins(&["nbd", "rbd", "drbd", "rnbd", "ublk", "zvol"]) => Kind::Network,
        _ if begins(&["mtdblock", "ubiblock"]) => Kind::Board,
        _ if begins(&["mmcblk"]) && (name.contains("boot") || name.contains("rpmb")) => Kind::Board,
        _ if has_number => Kind::Disk,
        _ => Kind::Board,
    }
}

/// The folders from a disk's own up to `/sys/devices`.
pub(super) fn ancestors(root: &Root, name: &str) -> Vec<PathBuf> {
    let Ok(real) = std::fs::canonicalize(root.path(format!("/sys/block/{name}"))) else {
        return Vec::new();
    };
    let top = root.path("/sys/devices");
    let top = std::fs::canonicalize(&top).unwrap_or(top);
    let inside = real.ancestors().take_while(|folder| *folder != top);
    inside.take(64).map(Path::to_owned).collect()
}

fn subsystem(folder: &Path) -> Option<String> {
    let link = std::fs::read_link(folder.join("subsystem")).ok()?;
    Some(link.file_name()?.to_str()?.to_owned())
}

/// How the disk is connected, and whether that can be unplugged.
pub(super) fn bus(ancestors: &[PathBuf]) -> (Bus, bool) {
    let subsystems: Vec<_> = ancestors.iter().filter_map(|folder| subsystem(folder)).collect();
    let has = |name: &str| subsystems.iter().any(|subsystem| subsystem == name);
    let is_ata = ancestors.iter().filter_map(|folder| folder.file_name()?.to_str()).any(|name| {
        name.strip_prefix("ata").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
    });
    let bus = match () {
        () if has("usb") => Bus::Usb,
        () if has("firewire") => Bus::FireWire,
        () if has("mmc") => card(ancestors),
        () if has("nvme") => Bus::Nvme,
        () if is_ata => Bus::Ata,
        () if has("virtio") => Bus::Virtio,
        () if has("scsi") => Bus::Scsi,
        () => Bus::Other,
    };
    // The kernel knows ports that no one can reach, and slots outside the case.
    let said = |folder: &Path, word: &str| {
        text(&folder.join("removable")).is_some_and(|text| text == word)
    };
    let external = match bus {
        // Of the device itself: a hub inside of the case has ports outside.
        Bus::Usb => {
            let own = ancestors.iter().find(|folder| folder.join("idVendor").exists());
            !own.is_some_and(|own| said(own, "fixed"))
        }
        Bus::FireWire | Bus::Sd => true,
        _ => ancestors.iter().any(|folder| said(folder, "removable")),
    };
    (bus, external)
}

/// A card says what it is: SD cards are put in, MMC is mostly soldered in.
fn card(ancestors: &[PathBuf]) -> Bus {
    let kind = ancestors.iter().find_map(|folder| word(&folder.join("type")));
    if kind.is_some_and(|kind| kind == "SD") { Bus::Sd } else { Bus::Mmc }
}

/// Vendor, model, serial number and id of a disk.
pub(super) fn names_of(root: &Root, name: &str, ancestors: &[PathBuf], bus: Bus) -> Names {
    let folder = root.path(format!("/sys/block/{name}"));
    let number = text(&folder.join("dev")).unwrap_or_default();
    let udev = udev(root, &format!("b{number}"));
    let known = |key: &str| udev.get(key).map(|value| tidy(value)).filter(|v| !v.is_empty());
    let usb = ancestors.iter().find(|folder| folder.join("idVendor").exists());
    let named = |text: String| Some(tidy(&text)).filter(|text| !text.is_empty());
    let of_usb = |file: &str| usb.and_then(|folder| word(&folder.join(file))).and_then(named);
    let own = |file: &str| word(&folder.join("device").join(file)).and_then(named);
    let vendor = own("vendor").filter(|vendor| !vendor.starts_with("0x"));
    let serial = of_usb("serial")
        .or_else(|| own("serial"))
        .or_else(|| word(&folder.join("serial")))
        .or_else(|| known("ID_SERIAL_SHORT"))
        .or_else(|| page_80(&folder));
    let model = own("model").or_else(|| own("name")).or_else(|| known("ID_MODEL"));
    let mut names = Names {
        vendor: vendor.or_else(|| of_usb("manufacturer")).or_else(|| known("ID_VENDOR")),
        model: model.or_else(|| of_usb("product")),
        serial: serial.map(|serial| tidy(&serial)).filter(|serial| is_serial(serial)),
        id: None,
    };
    names.id = id(&folder, &names, &udev, bus);
    names
}

/// Sticks of no name have serials of no use: all of one character.
fn is_serial(serial: &str) -> bool {
    let mut bytes = serial.bytes().filter(u8::is_ascii_alphanumeric);
    bytes.next().is_some_and(|first| bytes.any(|byte| byte != first))
}

/// A name for the disk that depends on it alone, not on where it is plugged in.
fn id(folder: &Path, names: &Names, udev: &HashMap<String, String>, bus: Bus) -> Option<String> {
    if let Some(file) = text(&folder.join("loop/backing_file")) {
        return Some(loop_id(&file));
    }
    let serial = names.serial.as_ref()?;
    if let Some(serial) = udev.get("ID_SERIAL") {
        let bus = udev.get("ID_BUS").map_or_else(|| word_of(bus), String::as_str);
        return Some(tidy(&format!("{bus}-{serial}")));
    }
    let wwid = word(&folder.join("wwid")).or_else(|| word(&folder.join("device/wwid")));
    if let Some(wwid) = wwid.filter(|_| bus != Bus::Usb) {
        return Some(tidy(&wwid).replace(' ', "_"));
    }
    let words = [names.vendor.as_deref(), names.model.as_deref(), Some(serial)];
    let words: Vec<_> = words.into_iter().flatten().map(|word| word.replace(' ', "_")).collect();
    Some(format!("{}-{}", word_of(bus), words.join("_")))
}

/// The id of a loop device that shows a file.
pub(super) fn loop_id(file: &str) -> String {
    format!("loop-{}", plain(file))
}

const fn word_of(bus: Bus) -> &'static str {
    match bus {
        Bus::Usb => "usb",
        Bus::FireWire => "ieee1394",
        Bus::Sd | Bus::Mmc => "mmc",
        Bus::Nvme => "nvme",
        Bus::Ata => "ata",
        Bus::Scsi => "scsi",
        Bus::Virtio => "virtio",
        Bus::Other => "disk",
    }
}

/// The serial number as SCSI disks store it: four bytes, then text.
fn page_80(folder: &Path) -> Option<String> {
    let bytes = std::fs::read(folder.join("device/vpd_pg80")).ok()?;
    let text = String::from_utf8_lossy(bytes.get(4..)?).into_owned();
    Some(text.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned())
}

/// Single spaces, and nothing that does not print as itself.
fn tidy(text: &str) -> String {
    plain(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What udev knows of a device: its properties.
pub(super) fn udev(root: &Root, device: &str) -> HashMap<String, String> {
    let text = root.text(format!("/run/udev/data/{device}")).unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.strip_prefix("E:")?.split_once('='));
    lines.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// The partitions in a disk's folder.
pub(super) fn slices(folder: &Path) -> Vec<(String, PathBuf)> {
    let inside = names(folder).into_iter().map(|name| (name.clone(), folder.join(name)));
    inside.filter(|(_, path)| number(&path.join("partition")).is_some()).collect()
}
