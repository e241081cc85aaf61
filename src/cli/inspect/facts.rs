//! What is told of a file, as it goes into JSON.

use crate::block::Error;
use crate::engine::Problem;
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
    pub(super) product: Option<Product>,
    pub(super) components: Vec<Component>,
    pub(super) chunklist: Option<Chunks>,
    pub(super) trust: Option<Trust>,
    pub(super) installer: Option<Installer>,
    pub(super) faults: Vec<String>,
    /// What helps with those faults that are no damage, but a kind that is not read.
    #[serde(skip)]
    pub(super) refusals: Vec<&'static str>,
}

impl Facts {
    /// Notes what could not be read, and of what part.
    pub(super) fn fault(&mut self, part: &str, error: &Error) {
        if let Error::Unsupported(refused) = error {
            self.refusals.push(refused.hint);
        }
        self.faults.push(format!("{part}{error}"));
    }

    /// What is to be said of the faults, each once: the same chunk may be met
    /// on several ways.
    pub(super) fn problem(&mut self) -> Option<Problem> {
        let faults = std::mem::take(&mut self.faults);
        let is_damaged = faults.len() > self.refusals.len();
        let sentence = match is_damaged {
            true => format!("{} is damaged", self.path),
            false => format!("cannot read {}", self.path),
        };
        let mut problem = Problem::bad_input(sentence);
        for fault in faults {
            if !problem.causes.contains(&fault) {
                problem.causes.push(fault);
            }
        }
        let helps = self.refusals.iter().find(|hint| !hint.is_empty());
        let hint = if is_damaged { Some("get it again") } else { helps.copied() };
        (!problem.causes.is_empty()).then(|| match hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        })
    }
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

/// What a distribution says.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Product {
    pub(super) title: Option<String>,
    pub(super) id: Option<String>,
    pub(super) version: Option<String>,
    /// The systems that it names, each as a range.
    pub(super) systems: Vec<String>,
    pub(super) choices: usize,
    pub(super) packages: usize,
    /// Whether a script, which is never run here, has a say.
    pub(super) volume_check: bool,
    pub(super) installation_check: bool,
}

/// A component package.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Component {
    /// Its folder in the archive; empty at the top.
    pub(super) path: String,
    pub(super) identifier: String,
    pub(super) version: Option<String>,
    pub(super) location: String,
    pub(super) files: Option<u64>,
    pub(super) kib: Option<u64>,
    pub(super) scripts: Vec<String>,
}

/// A chunk list.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Chunks {
    pub(super) chunks: usize,
    pub(super) image_bytes: u64,
    pub(super) signature: String,
}

/// The verdict on a package.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Trust {
    pub(super) answer: String,
    pub(super) proven: bool,
    pub(super) level: &'static str,
    pub(super) signers: Vec<SignerTold>,
    pub(super) layers: Vec<LayerTold>,
}

/// Who signed it; dates in seconds since 1970.
#[derive(Clone, Debug, Serialize)]
pub(super) struct SignerTold {
    pub(super) style: String,
    /// Common names, the signer's first.
    pub(super) chain: Vec<String>,
    /// Whose root the chain leads to.
    pub(super) root_of: String,
    /// Whether that owner's own software is signed so.
    pub(super) own_software: bool,
    pub(super) signed: i64,
    /// How that is known.
    pub(super) time: String,
    pub(super) valid_from: Option<i64>,
    pub(super) valid_until: Option<i64>,
    pub(super) expired: Option<bool>,
}

/// What one layer says.
#[derive(Clone, Debug, Serialize)]
pub(super) struct LayerTold {
    pub(super) layer: &'static str,
    pub(super) state: &'static str,
    pub(super) text: String,
}
