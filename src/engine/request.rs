//! What is asked of the engine, and what it answers.

use crate::recipe::FixUse;
use crate::source::Mac;
use crate::source::trust::Anchors;
use std::path::PathBuf;

/// What to plan.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// A built-in recipe's name, or a path (it has a `/` or ends with `.toml`).
    pub recipe: String,
    /// Inputs by name.
    pub inputs: Vec<(String, PathBuf)>,
    /// Params by name, as `--set` gives them.
    pub params: Vec<(String, String)>,
    /// Fixes that are applied after the recipe's steps.
    pub fixes: Vec<FixUse>,
    /// The Mac that the media are for.
    pub mac: Option<Mac>,
    /// Where the output will go, if that is known: only its kind and size matter here.
    pub output: Option<PathBuf>,
    /// Bytes of the disk that is written, which the tables fill.
    pub target_bytes: Option<u64>,
    /// Bytes of its sectors, instead of what the recipe says.
    pub target_sector: Option<u32>,
    /// `SOURCE_DATE_EPOCH`: seconds since 1970 for dates that have no source.
    pub date: Option<u64>,
    /// Worker threads; 0 for as many as there are cores.
    pub threads: usize,
    /// Where inputs come from that are not given.
    pub supplies: Supplies,
    /// Whether the plan tells what the steps change in the volume.
    pub changes: bool,
    /// A lock file that says what all inputs must be.
    pub locked: Option<PathBuf>,
}

/// Where inputs come from that are not given.
#[derive(Clone, Debug, Default)]
pub struct Supplies {
    /// The store's folder; the system's own when none is named.
    pub store: Option<PathBuf>,
    /// Nothing is fetched: what is not in the store is missing.
    pub offline: bool,
    /// The address of a server that has the same paths as Apple's.
    pub mirror: Option<String>,
    /// Catalogs by name that come from a file or an address instead.
    pub catalogs: Vec<(String, String)>,
    /// Take the product of the nearest build where there is none of the same.
    pub nearest: bool,
    /// Whose signatures count, besides Apple's.
    pub anchors: Anchors,
}

/// How much is read back after writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Verify {
    /// Nothing but what is checked while reading; for disks only.
    None,
    /// Every source checksum, and our checker over the structures written.
    #[default]
    Quick,
    /// And every byte, read back past the page cache.
    Full,
}

/// The form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The disk, byte for byte, sparse where it is zero.
    Raw,
    /// A compressed Apple disk image.
    Dmg,
}

impl Form {
    /// By a file's name: `.dmg` is an Apple disk image, all else raw.
    #[must_use]
    pub fn of(path: &std::path::Path) -> Self {
        let dmg = path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("dmg"));
        if dmg { Self::Dmg } else { Self::Raw }
    }
}

/// How to build.
#[derive(Clone, Debug)]
pub struct BuildOptions {
    /// Where the output goes; its extension says its form.
    pub output: PathBuf,
    /// How much is read back.
    pub verify: Verify,
    /// Worker threads; 0 for as many as there are cores.
    pub threads: usize,
}

/// What was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// The output.
    pub output: PathBuf,
    /// Its manifest.
    pub manifest: PathBuf,
    /// The plan's id, 64 hex digits.
    pub plan: String,
    /// Bytes of the disk that was made.
    pub bytes: u64,
    /// Files and folders in the volume.
    pub files: u64,
    /// What was proven, one line each.
    pub proofs: Vec<String>,
    /// What could not be proven, one line each.
    pub unproven: Vec<String>,
}
