//! The guard's rules, each with the word that JSON and tests call it by.

use std::fmt;

/// Why a disk may not be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// It holds the running system.
    System,
    /// The system swaps to it.
    Swap,
    /// It holds a file that is read meanwhile.
    Input,
    /// It is an optical drive, memory, made of other disks and so on.
    NotADisk,
    /// It is a part of another disk.
    Hidden,
    /// There is no medium in the drive.
    Empty,
    /// It is write-protected.
    ReadOnly,
    /// Its sectors are of an impossible size, or not the image's.
    Sector,
    /// It is built in.
    Fixed,
    /// It is larger than any stick for an installer.
    Large,
    /// It has not the room.
    Small,
    /// It is mounted where it may not be unmounted.
    Mounted,
    /// It is a part of an encrypted volume that is open.
    Luks,
    /// It is a part of a logical volume.
    Lvm,
    /// It is a part of a RAID.
    Raid,
    /// A loop device shows it.
    Loop,
    /// The kernel made something else of it.
    Held,
    /// Somebody has it open.
    Open,
    /// A command without anybody at the terminal did not say which disk.
    Unnamed,
    /// Its serial number is another one.
    Serial,
    /// Its id is another one.
    Id,
    /// Another disk is called the same.
    Twin,
}

impl Rule {
    /// All rules.
    pub const ALL: [Self; 22] = [
        Self::System,
        Self::Swap,
        Self::Input,
        Self::NotADisk,
        Self::Hidden,
        Self::Empty,
        Self::ReadOnly,
        Self::Sector,
        Self::Fixed,
        Self::Large,
        Self::Small,
        Self::Mounted,
        Self::Luks,
        Self::Lvm,
        Self::Raid,
        Self::Loop,
        Self::Held,
        Self::Open,
        Self::Unnamed,
        Self::Serial,
        Self::Id,
        Self::Twin,
    ];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Swap => "swap",
            Self::Input => "input",
            Self::NotADisk => "not-a-disk",
            Self::Hidden => "hidden",
            Self::Empty => "empty",
            Self::ReadOnly => "read-only",
            Self::Sector => "sector",
            Self::Fixed => "fixed",
            Self::Large => "large",
            Self::Small => "small",
            Self::Mounted => "mounted",
            Self::Luks => "luks",
            Self::Lvm => "lvm",
            Self::Raid => "raid",
            Self::Loop => "loop",
            Self::Held => "held",
            Self::Open => "open",
            Self::Unnamed => "unnamed",
            Self::Serial => "serial",
            Self::Id => "id",
            Self::Twin => "twin",
        }
    }

    /// What the user can do about it, if anything.
    #[must_use]
    pub const fn hint(self) -> Option<&'static str> {
        match self {
            Self::Fixed => Some("if this really is the disk to erase, add --allow-fixed"),
            Self::Large => Some("if this really is the disk to erase, add --allow-large"),
            Self::Empty => Some("put a card or stick in"),
            Self::ReadOnly => Some("look for a small switch on the card or stick"),
            Self::Mounted => Some("unmount it first"),
            Self::Luks | Self::Lvm | Self::Raid | Self::Loop | Self::Held => {
                Some("take it out of use first")
            }
            Self::Open => Some("close what uses it first"),
            Self::Small => Some("take a larger disk"),
            Self::Unnamed => {
                Some("give --device-serial or --device-id, as `lionize devices` prints them")
            }
            Self::Serial | Self::Id => Some("run `lionize devices` and look which disk is meant"),
            Self::Twin => Some("unplug one of the two"),
            Self::Input => Some("copy what is read to another disk"),
            Self::System | Self::Swap | Self::NotADisk | Self::Hidden | Self::Sector => None,
        }
    }
}

/// A rule that a disk breaks, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Which rule.
    pub rule: Rule,
    /// How, in words that follow the disk's name.
    pub why: String,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}
