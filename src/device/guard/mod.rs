//! The guard: whether a disk may be written to. A pure function over facts.
//!
//! Whatever is not known counts against a disk, and all reasons are told, not
//! only the first. The rules are in [`Rule`]; `tests.rs` has pairs of
//! situations that differ in one field and get different verdicts.

mod rule;
#[cfg(test)]
pub(super) mod tests;

pub use rule::{Reason, Rule};

use crate::device::disk::{Bus, Disk, How, Kind, Use};
use crate::device::mounts::Mount;
use std::cmp::Reverse;
use std::path::Path;

/// More than this, in bytes, only when it is allowed: no stick for an
/// installer needs it, and disks with somebody's data often have it.
pub const LARGE: u64 = 256_000_000_000;

/// Where the parts of a running system are mounted.
const SYSTEM: [&str; 22] = [
    "/boot",
    "/cdrom",
    "/efi",
    "/etc",
    "/gnu",
    "/home",
    "/isodevice",
    "/lib",
    "/nix",
    "/opt",
    "/rofs",
    "/root",
    "/run/archiso",
    "/run/initramfs",
    "/run/live",
    "/run/rootfsbase",
    "/snap",
    "/srv",
    "/sysroot",
    "/tmp",
    "/usr",
    "/var",
];
/// Where desktops and people mount sticks.
const REMOVABLE: [&str; 4] = ["/media", "/mnt", "/run/media", "/Volumes"];

/// What is asked of a disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// The bytes that it must hold.
    pub bytes: u64,
    /// The bytes of its sectors, where what is written has to fit them.
    pub sector: Option<u32>,
    /// Whether disks that are built in are allowed.
    pub fixed: bool,
    /// Whether disks of more than [`LARGE`] are allowed.
    pub large: bool,
    /// The files that are read, and the disks that each is on.
    pub inputs: Vec<Input>,
    /// What a command without anybody at the terminal says of the disk.
    pub headless: Option<Named>,
}

/// A file that is read while the disk is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// What messages call it.
    pub name: String,
    /// The disks that it is on.
    pub disks: Vec<String>,
}

/// What tells a disk from all others, as a command says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The serial number.
    pub serial: Option<String>,
    /// The id.
    pub id: Option<String>,
}

/// What the guard says of a disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Why it may not be written to.
    pub reasons: Vec<Reason>,
    /// What has to be unmounted before, and may be, in this order.
    pub unmount: Vec<Mount>,
}

impl Verdict {
    /// Whether it may be written to, perhaps after unmounting.
    #[must_use]
    pub fn is_offered(&self) -> bool {
        self.reasons.is_empty()
    }

    /// Whether it may be written to as it is.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.reasons.is_empty() && self.unmount.is_empty()
    }
}

/// Judges a disk among all disks of its computer.
#[must_use]
pub fn judge(disk: &Disk, all: &[Disk], ask: &Ask) -> Verdict {
    let mut verdict = Verdict::default();
    let mut refuse = |rule: Rule, why: String| verdict.reasons.push(Reason { rule, why });
    nature(disk, ask, &mut refuse);
    uses(disk, &mut refuse, &mut verdict.unmount);
    // What is mounted inside of another goes before that.
    verdict.unmount.sort_by_key(|mount| Reverse(mount.at.components().count()));
    for input in ask.inputs.iter().filter(|input| input.disks.contains(&disk.name)) {
        refuse(Rule::Input, format!("it holds {}, which is read", input.name));
    }
    if let Some(named) = &ask.headless {
        identity(disk, all, named, &mut refuse);
    }
    verdict.reasons.sort_by_key(|reason| reason.rule);
    verdict
}

/// What the disk is, whatever it is used for.
fn nature(disk: &Disk, ask: &Ask, refuse: &mut dyn FnMut(Rule, String)) {
    if let Some(what) = not_a_disk(disk.kind) {
        refuse(Rule::NotADisk, format!("it is {what}"));
    }
    if disk.hidden {
        refuse(Rule::Hidden, "the system hides it as a part of another disk".to_owned());
    }
    if disk.bytes == 0 {
        refuse(Rule::Empty, "there is no medium in it".to_owned());
        return;
    }
    if disk.read_only {
        refuse(Rule::ReadOnly, "it is read-only".to_owned());
    }
    let sector = u64::from(disk.logical);
    if ![512, 4096].contains(&sector) {
        refuse(Rule::Sector, format!("its sectors of {sector} bytes are not supported"));
    } else if !disk.bytes.is_multiple_of(sector) {
        let why = format!("its {} bytes are not whole sectors of {sector}", disk.bytes);
        refuse(Rule::Sector, why);
    } else if let Some(wanted) = ask.sector.filter(|wanted| u64::from(*wanted) != sector) {
        let why = format!("its sectors have {sector} bytes, and the image's {wanted}");
        refuse(Rule::Sector, why);
    }
    if !is_portable(disk) && !ask.fixed {
        let why = format!("it is neither removable nor external ({})", disk.bus);
        refuse(Rule::Fixed, why);
    }
    if disk.bytes > LARGE && !ask.large {
        refuse(Rule::Large, format!("it has {} bytes, more than {LARGE}", disk.bytes));
    }
    if disk.bytes < ask.bytes {
        let why = format!("it has {} bytes, and {} are needed", disk.bytes, ask.bytes);
        refuse(Rule::Small, why);
    }
}

const fn not_a_disk(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Disk | Kind::Loop => None,
        Kind::Optical => Some("an optical drive"),
        Kind::Floppy => Some("a floppy drive"),
        Kind::Memory => Some("memory"),
        Kind::Joined => Some("made of other disks"),
        Kind::Network => Some("on another computer"),
        Kind::Board => Some("a part of the computer's board"),
    }
}

/// Whether the disk can be unplugged, or its medium be taken out.
#[must_use]
pub fn is_portable(disk: &Disk) -> bool {
    // Some controllers call every disk behind them removable.
    let may_say_so = matches!(disk.bus, Bus::Usb | Bus::FireWire | Bus::Sd | Bus::Scsi);
    disk.external || (disk.removable && may_say_so)
}

fn uses(disk: &Disk, refuse: &mut dyn FnMut(Rule, String), unmount: &mut Vec<Mount>) {
    for one in &disk.uses {
        let why = one.to_string();
        match &one.how {
            How::Mounted(mount) if is_system(&mount.at) => refuse(Rule::System, why),
            How::Mounted(mount) if may_unmount(disk, one, &mount.at) => unmount.push(mount.clone()),
            How::Mounted(_) => refuse(Rule::Mounted, why),
            How::Swap => refuse(Rule::Swap, why),
            How::Luks(_) => refuse(Rule::Luks, why),
            How::Lvm(_) => refuse(Rule::Lvm, why),
            How::Raid(_) => refuse(Rule::Raid, why),
            How::Loop(_) => refuse(Rule::Loop, why),
            How::Mapped(_) | How::Member(_) | How::Held(_) => refuse(Rule::Held, why),
            How::Open(..) | How::Busy => refuse(Rule::Open, why),
        }
    }
}

fn is_system(at: &Path) -> bool {
    at == Path::new("/") || SYSTEM.iter().any(|system| at.starts_with(system))
}

/// Only a volume that a stick itself holds, where sticks are mounted.
fn may_unmount(disk: &Disk, one: &Use, at: &Path) -> bool {
    let is_place = REMOVABLE.iter().any(|place| at.starts_with(place));
    is_place && is_portable(disk) && one.through.is_empty()
}

/// Whether the disk is the one that a command names, and no other is.
fn identity(disk: &Disk, all: &[Disk], named: &Named, refuse: &mut dyn FnMut(Rule, String)) {
    if named.serial.is_none() && named.id.is_none() {
        let why = "neither its serial number nor its id was given".to_owned();
        refuse(Rule::Unnamed, why);
    }
    let facts = [
        (Rule::Serial, "serial number", &named.serial, &disk.serial),
        (Rule::Id, "id", &named.id, &disk.id),
    ];
    for (rule, fact, wanted, found) in facts {
        let Some(wanted) = wanted else { continue };
        match found {
            None => refuse(rule, format!("its {fact} is not known")),
            Some(found) if found != wanted => {
                refuse(rule, format!("its {fact} is {found}, not {wanted}"));
            }
            Some(_) => {}
        }
    }
    let is_twin = |other: &&Disk| {
        let same =
            |wanted: &Option<String>, theirs: &Option<String>| wanted.is_none() || wanted == theirs;
        other.name != disk.name
            && (named.serial.is_some() || named.id.is_some())
            && same(&named.serial, &other.serial)
            && same(&named.id, &other.id)
    };
    if let Some(twin) = all.iter().find(is_twin) {
        let why = format!("{} is called the same", twin.path.display());
        refuse(Rule::Twin, why);
    }
}
