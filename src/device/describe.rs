//! Every whole disk of a computer, described.

use crate::block::Source;
use crate::device::bus::{ancestors, bus, kind, loop_id, names_of, slices};
use crate::device::contents::{Contents, by_udev, contents};
use crate::device::disk::{Disk, How, Kind, Slice, Use};
use crate::device::mounts::device_number;
use crate::device::root::{Root, number, text};
use crate::device::uses::Usage;
use std::path::{Path, PathBuf};

/// What can only be known by opening a disk. Tests have eyes of their own.
pub trait Eyes {
    /// The bytes of a disk, when they may be read.
    fn bytes(&self, disk: &Disk) -> Option<Source>;

    /// Whether somebody else holds the disk; `None` when that cannot be known.
    fn is_held(&self, disk: &Disk) -> Option<bool>;
}

/// A computer's disks, and which of them a file is on.
pub struct System {
    /// All whole disks, by name.
    pub disks: Vec<Disk>,
    usage: Usage,
}

impl System {
    /// The disk with this node, which may be named by a link to it.
    #[must_use]
    pub fn disk(&self, path: &Path) -> Option<&Disk> {
        let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        self.disks.iter().find(|disk| disk.path == path || disk.path == real)
    }

    /// The disk that a partition's node belongs to.
    #[must_use]
    pub fn disk_of_part(&self, path: &Path) -> Option<&Disk> {
        let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let name = real.strip_prefix("/dev").ok()?.to_str()?.replace('/', "!");
        self.disks.iter().find(|disk| disk.parts.iter().any(|part| part.name == name))
    }

    /// The names of all disks that hold a file, given by its full path, or that
    /// are made of it.
    #[must_use]
    pub fn disks_of(&self, file: &Path) -> Vec<String> {
        let devices = self.usage.devices_of(file);
        let shown = loop_id(&file.to_string_lossy());
        let holds = |disk: &&Disk| {
            (disk.kind == Kind::Loop && disk.id.as_ref() == Some(&shown))
                || devices.iter().any(|device| self.usage.is_below(&disk.name, &disk.parts, device))
        };
        self.disks.iter().filter(holds).map(|disk| disk.name.clone()).collect()
    }
}

/// Describes every whole disk that `/sys/block` lists below `root`.
pub fn describe(root: &Root, eyes: &dyn Eyes) -> System {
    let usage = Usage::of(root);
    let names = root.names("/sys/block");
    let disks = names.iter().filter_map(|name| one(root, name, &usage, eyes)).collect();
    System { disks, usage }
}

fn one(root: &Root, name: &str, usage: &Usage, eyes: &dyn Eyes) -> Option<Disk> {
    let mut disk = facts(root, name)?;
    disk.uses = usage.uses(name, &disk.parts);
    look(root, &mut disk, eyes);
    if usage.blind {
        disk.uses.push(unknown(&disk));
    }
    Some(disk)
}

/// What a disk is, without what is on it and what uses it.
pub(super) fn facts(root: &Root, name: &str) -> Option<Disk> {
    let folder = root.path(format!("/sys/block/{name}"));
    let device = text(&folder.join("dev")).as_deref().and_then(device_number)?;
    let sectors = number(&folder.join("size")).unwrap_or(0);
    let has = |file: &str| number(&folder.join(file)) == Some(1);
    let sector = |file: &str| {
        let size = number(&folder.join("queue").join(file)).unwrap_or(0);
        u32::try_from(size).unwrap_or(0)
    };
    let (above, parts) = (ancestors(root, name), parts(&folder));
    let (bus, external) = bus(&above);
    let names = names_of(root, name, &above, bus);
    Some(Disk {
        name: name.to_owned(),
        path: node(name),
        number: device,
        sequence: number(&folder.join("diskseq")),
        kind: kind(name, folder.join("device").exists()),
        bus,
        external,
        removable: has("removable"),
        // Without the file nothing is known, and that counts against it.
        read_only: number(&folder.join("ro")) != Some(0),
        hidden: has("hidden"),
        vendor: names.vendor,
        model: names.model,
        serial: names.serial,
        id: names.id,
        // In units of 512 bytes, whatever the sector is.
        bytes: sectors.checked_mul(512)?,
        logical: sector("logical_block_size"),
        physical: sector("physical_block_size"),
        uses: Vec::new(),
        parts,
        contents: Contents::default(),
    })
}

/// A name of the kernel's as a node: `cciss!c0d0` is `/dev/cciss/c0d0`.
fn node(name: &str) -> PathBuf {
    Path::new("/dev").join(name.replace('!', "/"))
}

fn parts(folder: &Path) -> Vec<Slice> {
    let slice = |(name, path): (String, PathBuf)| {
        let bytes = |file: &str| number(&path.join(file)).and_then(|n| n.checked_mul(512));
        Some(Slice {
            name,
            number: text(&path.join("dev")).as_deref().and_then(device_number)?,
            start: bytes("start")?,
            bytes: bytes("size")?,
        })
    };
    let mut parts: Vec<_> = slices(folder).into_iter().filter_map(slice).collect();
    parts.sort_by_key(|part| (part.start, part.name.len(), part.name.clone()));
    parts
}

/// Opens disks, where there is a medium and opening does not disturb a drive.
fn look(root: &Root, disk: &mut Disk, eyes: &dyn Eyes) {
    let is_quiet = matches!(disk.kind, Kind::Disk | Kind::Loop);
    if disk.bytes == 0 || !is_quiet {
        return;
    }
    let source = eyes.bytes(disk);
    disk.contents = match source {
        Some(source) => contents(&source),
        None => by_udev(root, disk.number, &disk.parts),
    };
    if disk.uses.is_empty() && eyes.is_held(disk) == Some(true) {
        disk.uses.push(unknown(disk));
    }
}

fn unknown(disk: &Disk) -> Use {
    Use { part: disk.name.clone(), through: Vec::new(), how: How::Busy }
}
