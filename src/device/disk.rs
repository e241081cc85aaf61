//! A whole disk, as facts: what it is, what is on it, and what uses it.

use crate::device::contents::Contents;
use crate::device::mounts::Mount;
use std::fmt;
use std::path::PathBuf;

/// A whole disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// The kernel's name, such as `sdb`.
    pub name: String,
    /// Its node, such as `/dev/sdb`.
    pub path: PathBuf,
    /// Major and minor number.
    pub number: (u32, u32),
    /// The kernel's number of this medium in this drive, which is never used
    /// again (`diskseq`, since Linux 5.15).
    pub sequence: Option<u64>,
    /// What kind of block device.
    pub kind: Kind,
    /// How it is connected.
    pub bus: Bus,
    /// Whether its connection can be unplugged, as far as the system says.
    pub external: bool,
    /// Whether its medium can be taken out, as the drive says.
    pub removable: bool,
    /// Whether writing is forbidden.
    pub read_only: bool,
    /// Whether the kernel hides it, as a part of another.
    pub hidden: bool,
    /// Who made it.
    pub vendor: Option<String>,
    /// What it is called.
    pub model: Option<String>,
    /// Its serial number.
    pub serial: Option<String>,
    /// A name that stays when it is plugged in elsewhere, such as
    /// `usb-SanDisk_Ultra_4C530001`.
    pub id: Option<String>,
    /// Its size.
    pub bytes: u64,
    /// The bytes of a sector that it is addressed in.
    pub logical: u32,
    /// The bytes of a sector that it stores.
    pub physical: u32,
    /// The partitions that the kernel knows.
    pub parts: Vec<Slice>,
    /// What uses it now.
    pub uses: Vec<Use>,
    /// What is on it.
    pub contents: Contents,
}

/// A partition that the kernel knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// The kernel's name, such as `sdb1`.
    pub name: String,
    /// Major and minor number.
    pub number: (u32, u32),
    /// The first byte.
    pub start: u64,
    /// Its size.
    pub bytes: u64,
}

/// What kind of block device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A disk, stick or card.
    Disk,
    /// A loop device.
    Loop,
    /// A CD, DVD or Blu-ray drive.
    Optical,
    /// A floppy drive.
    Floppy,
    /// Memory: `ram`, `zram`, `pmem`.
    Memory,
    /// Made of others: device mapper, RAID, bcache.
    Joined,
    /// On another computer: `nbd`, `rbd`, `drbd`.
    Network,
    /// Flash of a board, or the boot areas of an eMMC.
    Board,
}

/// How a disk is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bus {
    /// USB.
    Usb,
    /// FireWire.
    FireWire,
    /// A card in a slot for SD cards.
    Sd,
    /// An eMMC, which is soldered in.
    Mmc,
    /// NVMe.
    Nvme,
    /// Parallel or serial ATA.
    Ata,
    /// SCSI, SAS, Fibre Channel.
    Scsi,
    /// A virtual machine's own.
    Virtio,
    /// None, or one that is not known.
    Other,
}

impl fmt::Display for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Usb => "USB",
            Self::FireWire => "FireWire",
            Self::Sd => "SD",
            Self::Mmc => "eMMC",
            Self::Nvme => "NVMe",
            Self::Ata => "ATA",
            Self::Scsi => "SCSI",
            Self::Virtio => "virtio",
            Self::Other => "no known bus",
        })
    }
}

/// Something that uses a disk or a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The part: `sdb`, or `sdb1`.
    pub part: String,
    /// What lies between, from the part on: `dm-0`, `dm-1`.
    pub through: Vec<String>,
    /// How it is used.
    pub how: How,
}

/// How a disk is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// Its file system is mounted.
    Mounted(Mount),
    /// The system swaps to it.
    Swap,
    /// It is a part of an encrypted volume of this name.
    Luks(String),
    /// It is a part of a logical volume of this name.
    Lvm(String),
    /// It is a part of another mapped device of this name.
    Mapped(String),
    /// It is a part of a RAID of this name.
    Raid(String),
    /// It is a part of a mounted file system of several disks.
    Member(String),
    /// It is a part of something else that the kernel made of it.
    Held(String),
    /// A loop device shows it, or a file on it.
    Loop(String),
    /// A process has it open: its number and name.
    Open(u32, String),
    /// It cannot be opened for ourselves alone, and who has it is not known.
    Busy,
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { part, through, how } = self;
        write!(f, "{part}")?;
        for device in through {
            write!(f, " ({device})")?;
        }
        match how {
            How::Mounted(mount) => write!(f, " is mounted at {}", mount.shown()),
            How::Swap => write!(f, " is swap"),
            How::Luks(name) => write!(f, " is open as the encrypted volume {name}"),
            How::Lvm(name) => write!(f, " is a part of the logical volume {name}"),
            How::Mapped(name) => write!(f, " is a part of the mapped device {name}"),
            How::Raid(name) => write!(f, " is a part of the RAID {name}"),
            How::Member(name) => write!(f, " is a part of the mounted file system {name}"),
            How::Held(name) => write!(f, " is a part of {name}"),
            How::Loop(name) => write!(f, " is shown by the loop device {name}"),
            How::Open(id, name) => write!(f, " is open in process {id} ({name})"),
            How::Busy => write!(f, " is held by something that is not known"),
        }
    }
}

/// What is different in a disk that should be the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which fact.
    pub fact: &'static str,
    /// What it was.
    pub was: String,
    /// What it is now.
    pub now: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "its {} was {} and is now {}", self.fact, self.was, self.now)
    }
}

impl Disk {
    /// Vendor and model, as far as they are known.
    #[must_use]
    pub fn title(&self) -> String {
        let words: Vec<&str> =
            [&self.vendor, &self.model].into_iter().flatten().map(String::as_str).collect();
        if words.is_empty() { "a disk without a name".to_owned() } else { words.join(" ") }
    }

    /// What tells this disk from all others, and is not what it was.
    #[must_use]
    pub fn difference(&self, now: &Self) -> Option<Difference> {
        fn shown(value: Option<impl fmt::Display>) -> String {
            value.map_or_else(|| "not known".to_owned(), |value| value.to_string())
        }
        let number = |disk: &Self| format!("{}:{}", disk.number.0, disk.number.1);
        let facts = [
            ("number", number(self), number(now)),
            ("id", shown(self.id.as_ref()), shown(now.id.as_ref())),
            ("serial number", shown(self.serial.as_ref()), shown(now.serial.as_ref())),
            ("vendor", shown(self.vendor.as_ref()), shown(now.vendor.as_ref())),
            ("model", shown(self.model.as_ref()), shown(now.model.as_ref())),
            ("size", self.bytes.to_string(), now.bytes.to_string()),
            ("sector size", self.logical.to_string(), now.logical.to_string()),
            ("sequence number", shown(self.sequence), shown(now.sequence)),
        ];
        let mut facts = facts.into_iter();
        facts.find(|(_, was, now)| was != now).map(|(fact, was, now)| Difference { fact, was, now })
    }
}
