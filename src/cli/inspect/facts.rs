//! What is told of a file, as it goes into JSON.

use crate::format::udif::{Check, Checks};
use crate::source::SystemVersion;
use serde::Serialize;

/// Everything that was found.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Facts {
    pub(super) path: String,
    /// As in `it is {what}`.
    pub(super) what: String,
    pub(super) bytes: Option<u64>,
    /// Bytes of the disk in an image.
    pub(super) disk_bytes: Option<u64>,
    /// What the disk in an image is.
    pub(super) holds: Option<String>,
    pub(super) checksums: Option<Checksums>,
    pub(super) partitions: Vec<Partition>,
    pub(super) volume: Option<Volume>,
    pub(super) archive: Option<Archive>,
    pub(super) installer: Option<Installer>,
    pub(super) faults: Vec<String>,
}

/// What became of an image's checksums. A wrong one is a fault instead.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Checksums {
    pub(super) data_fork: String,
    pub(super) partitions_passed: usize,
    pub(super) partitions_absent: usize,
    pub(super) master: String,
}

impl Checksums {
    pub(super) fn of(checks: &Checks) -> Self {
        let passed = checks.partitions.iter().filter(|check| **check == Check::Passed).count();
        Self {
            data_fork: word(checks.data_fork),
            partitions_passed: passed,
            partitions_absent: checks.partitions.len() - passed,
            master: word(checks.master),
        }
    }
}

fn word(check: Check) -> String {
    match check {
        Check::Passed => "passed".into(),
        Check::Absent => "absent".into(),
        Check::NotChecked(kind) => format!("not checked (of kind {kind})"),
    }
}

/// A partition, or the one volume of a disk without a table.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Partition {
    pub(super) number: u32,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) first_byte: u64,
    pub(super) bytes: u64,
    pub(super) holds: Option<String>,
    pub(super) volume: Option<Volume>,
}

/// An HFS+ volume.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Volume {
    pub(super) name: String,
    pub(super) format: String,
    pub(super) block_size: u32,
    pub(super) blocks: u32,
    pub(super) free_blocks: u32,
    pub(super) created: String,
    pub(super) journaled: bool,
    pub(super) unmounted_cleanly: bool,
    pub(super) blessed_folder: Option<String>,
    pub(super) boot_file: Option<String>,
    pub(super) counts: Counts,
    /// What was repaired in memory to read it.
    pub(super) notes: Vec<String>,
}

/// An archive, or a compressed file as a folder.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Archive {
    /// Without an article.
    pub(super) what: String,
    pub(super) counts: Counts,
    /// Members that have no place in a folder, and why.
    pub(super) left_out: Vec<String>,
}

/// How many there are of what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    pub(super) files: u64,
    pub(super) folders: u64,
    pub(super) symlinks: u64,
    pub(super) others: u64,
    pub(super) hard_links: u64,
    pub(super) folder_links: u64,
    pub(super) compressed: u64,
    pub(super) resource_forks: u64,
    pub(super) xattrs: u64,
    pub(super) set_id: u64,
    /// Bytes in all forks as stored, each file once.
    pub(super) bytes: u64,
}

/// A system, as `SystemVersion.plist` names it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Installer {
    /// Whether this is an installer's volume, or only one with a system.
    pub(super) is_installer: bool,
    pub(super) product: String,
    pub(super) version: String,
    pub(super) build: String,
    /// The release's name, where the release is known.
    pub(super) release: Option<String>,
    /// Whether this build of the version is on record.
    pub(super) build_known: bool,
    /// What was peeled, outermost first.
    pub(super) chain: Vec<String>,
}

impl Installer {
    pub(super) fn of(version: &SystemVersion, is_installer: bool, chain: Vec<String>) -> Self {
        let known = version.known();
        Self {
            is_installer,
            product: version.product.clone(),
            version: version.version.clone(),
            build: version.build.clone(),
            release: Some(known.name).filter(|name| !name.is_empty()),
            build_known: known.build,
            chain,
        }
    }
}
