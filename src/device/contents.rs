//! What is on a disk: its table, its volumes and their names.

use crate::block::Source;
use crate::device::bus::udev;
use crate::device::disk::Slice;
use crate::device::root::Root;
use crate::format::detect;
use crate::format::partition::{Kind, Part, partitions};
use crate::volume::hfsplus::{Journal, Volume};

/// What is on a disk, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Whether someone looked: without the right to read a disk, only udev knows.
    pub looked: bool,
    /// The partition table or the one volume, such as `a disk with a GUID partition table`.
    pub what: Option<String>,
    /// The partitions or the volume.
    pub found: Vec<Found>,
}

/// A partition or volume on a disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Its number in its table, from 1; 0 for a volume without a table.
    pub index: u32,
    /// Its name in the table.
    pub name: String,
    /// What its own bytes say it is, such as `an HFS+ volume`.
    pub what: Option<String>,
    /// The volume's name.
    pub label: Option<String>,
    /// Its size.
    pub bytes: u64,
}

/// Looks at the bytes of a disk. What cannot be read is left out: here it is
/// only told what would be lost.
#[must_use]
pub fn contents(disk: &Source) -> Contents {
    let what = detect::look(disk.as_ref()).ok().flatten();
    let what = what.map(|found| found.format.name().to_owned());
    let parts = partitions(disk).unwrap_or_default();
    let found = parts.iter().map(|part| found(disk, part)).collect();
    Contents { looked: true, what, found }
}

fn found(disk: &Source, part: &Part) -> Found {
    let label = part.is_hfs_plus().then(|| label(disk, part)).flatten();
    Found {
        index: part.index,
        name: if part.kind == Kind::Bare { String::new() } else { part.name.clone() },
        what: part.found.as_ref().map(|found| found.format.name().to_owned()),
        label,
        bytes: part.range.end - part.range.start,
    }
}

fn label(disk: &Source, part: &Part) -> Option<String> {
    // A journal that must not be replayed is no reason not to know the name.
    let volume = Volume::open_with(part.open(disk).ok()?, Journal::Ignore).ok()?;
    volume.label().ok().map(|name| name.to_string())
}

/// What udev knows of a disk that we may not read.
pub(super) fn by_udev(root: &Root, number: (u32, u32), parts: &[Slice]) -> Contents {
    let whole = udev(root, &format!("b{}:{}", number.0, number.1));
    let of = |part: &Slice| {
        let facts = udev(root, &format!("b{}:{}", part.number.0, part.number.1));
        let fact = |key: &str| facts.get(key).map(|text| plain(text));
        Found {
            index: fact("ID_PART_ENTRY_NUMBER").and_then(|text| text.parse().ok()).unwrap_or(0),
            name: fact("ID_PART_ENTRY_NAME").unwrap_or_default(),
            what: fact("ID_FS_TYPE"),
            label: fact("ID_FS_LABEL_ENC").or_else(|| fact("ID_FS_LABEL")),
            bytes: part.bytes,
        }
    };
    let what = whole.get("ID_PART_TABLE_TYPE").or_else(|| whole.get("ID_FS_TYPE"));
    let what = what.map(|what| plain(what));
    Contents { looked: false, what, found: parts.iter().map(of).collect() }
}

/// udev writes odd characters as `\x20`.
fn plain(text: &str) -> String {
    let mut parts = text.split("\\x");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let byte = part.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match byte {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend_from_slice(&part.as_bytes()[2..]);
            }
            None => bytes.extend_from_slice(part.as_bytes()),
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    text.chars().filter(|c| !c.is_control()).collect()
}
