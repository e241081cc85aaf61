//! `lionize build`, `plan`, `lock` and `verify`.

use crate::cli::args::{Disk, Network, Pair};
use crate::source::Mac;
use clap::{ArgGroup, Args, ValueEnum};
use std::path::PathBuf;

/// What a job is made of; the same for `build` and `plan`.
#[derive(Debug, Args)]
pub struct Job {
    /// A built-in recipe's name, or a recipe file (with a `/` or `.toml`)
    pub recipe: String,
    /// The rest of it.
    #[command(flatten)]
    pub making: Making,
    /// Make exactly what a lock file says
    #[arg(long, value_name = "LOCK")]
    pub locked: Option<PathBuf>,
}

/// What goes into a recipe, and how it is made.
#[derive(Clone, Debug, Default, Args)]
pub struct Making {
    /// Give the recipe's input NAME; once for each input
    #[arg(long, short, value_name = "NAME=PATH", value_parser = Pair::parser())]
    #[arg(requires = "recipe")]
    pub input: Vec<Pair>,
    /// Set the recipe's param NAME
    #[arg(long, short, value_name = "NAME=VALUE", value_parser = Pair::parser())]
    pub set: Vec<Pair>,
    /// Apply this fix, as a recipe's step `fix` does; once for each. `--set`
    /// sets their params, too
    #[arg(long, value_name = "FIX")]
    pub fix: Vec<String>,
    /// The Mac that it is for, by model (`MacBookPro9,2`) or board id: media
    /// that do not start it are refused
    #[arg(long = "for", value_name = "MAC", value_parser = mac)]
    pub mac: Option<Mac>,
    /// Worker threads [default: one a core]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Take catalog NAME from a file or an address instead
    #[arg(long, value_name = "NAME=PLACE", value_parser = Pair::parser())]
    #[arg(help_heading = "Network")]
    pub catalog: Vec<Pair>,
    /// Where a catalog has nothing for this build, take the nearest build's
    #[arg(long, help_heading = "Network")]
    pub nearest: bool,
    /// What is fetched, and where it is kept.
    #[command(flatten)]
    pub network: Network,
}

/// Where media go, and how much is proven of them.
#[derive(Clone, Debug, Default, Args)]
pub struct Goal {
    /// The image to make: `.dmg` is a compressed disk image, else raw
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The disk to write instead; everything on it is lost
    #[arg(long, value_name = "PATH", conflicts_with = "output")]
    pub device: Option<PathBuf>,
    /// Which disk may be written to.
    #[command(flatten)]
    pub disk: Disk,
    /// How much is proven [default: quick for files, full for disks]
    #[arg(long, value_name = "HOW")]
    pub verify: Option<HowMuch>,
}

/// `lionize build`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lionize build lion -i installer=InstallESD.dmg -o lion.img
  lionize build lion-server -i installer='Install Mac OS X Lion.app' -o s.dmg
  sudo lionize build lion -i installer=InstallESD.dmg --device /dev/sdX
  lionize build lion-server -i installer=InstallESD.dmg --locked s.lock -o s.img")]
#[command(group(ArgGroup::new("goal").required(true).args(["output", "device"])))]
pub struct Build {
    /// The job.
    #[command(flatten)]
    pub job: Job,
    /// Where it goes.
    #[command(flatten)]
    pub goal: Goal,
}

/// How much is proven after writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HowMuch {
    /// Nothing of what was written; for disks only
    None,
    /// Every checksum of the sources, and all structures written
    Quick,
    /// And every byte, read back past the page cache
    Full,
}

impl HowMuch {
    /// As it is given.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Quick => "quick",
            Self::Full => "full",
        }
    }

    /// As the engine says it.
    pub(in crate::cli) const fn how(self) -> crate::engine::Verify {
        match self {
            Self::None => crate::engine::Verify::None,
            Self::Quick => crate::engine::Verify::Quick,
            Self::Full => crate::engine::Verify::Full,
        }
    }
}

/// `lionize plan`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lionize plan lion -i installer=InstallESD.dmg
  lionize plan lion-server -i installer=InstallESD.dmg --fetch
  lionize plan restore -i image=golden.dmg -o golden.img --json")]
pub struct Plan {
    /// The job.
    #[command(flatten)]
    pub job: Job,
    /// The image that would be made
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Fetch what is missing, for the whole plan
    #[arg(long, help_heading = "Network")]
    pub fetch: bool,
}

/// `lionize lock`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lionize lock lion-server -i installer=InstallESD.dmg -o lion-server.lock")]
pub struct Lock {
    /// The job.
    #[command(flatten)]
    pub job: Job,
    /// The lock file to write
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
}

/// `lionize verify`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lionize verify lion.img
  sudo lionize verify /dev/sdX")]
pub struct Verify {
    /// The image; its FILE.manifest.json is used when it is there
    pub file: PathBuf,
    /// Worker threads [default: one a core]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}

/// A model identifier or a board id.
fn mac(text: &str) -> Result<Mac, String> {
    Mac::parse(text).ok_or_else(|| {
        "a Mac is named by its model identifier, such as MacBookPro9,2 (About This Mac, \
         System Report), or by its board id, such as Mac-6F01561E16C75D06"
            .to_owned()
    })
}
