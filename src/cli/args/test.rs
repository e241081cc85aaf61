//! `lionize test`.

use crate::cli::args::Job;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// `lionize test`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lionize test lion-server
  lionize test my-recipe.toml --junit results.xml
  lionize test lion -i installer=InstallESD.dmg --judges required
  lionize test lion --image lion.img")]
pub struct Test {
    /// The job.
    #[command(flatten)]
    pub job: Job,
    /// Let samples stand in for inputs that are not given [default: when none is]
    #[arg(long)]
    pub sample: bool,
    /// Take samples of this release, such as `10.8` [default: the first of the
    /// recipe's]
    #[arg(long, value_name = "RELEASE", conflicts_with_all = ["fetch", "image"])]
    pub release: Option<String>,
    /// Take no samples: fetch what a catalog has, even when no input is given
    #[arg(long, conflicts_with = "sample", help_heading = "Network")]
    pub fetch: bool,
    /// Test this image, and build none
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sample", "fetch", "keep"])]
    pub image: Option<PathBuf>,
    /// Build in this folder, and leave everything there
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// Write the results here as JUnit's XML, too
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Who judges besides our own reader
    #[arg(long, value_name = "WHO", default_value = "found")]
    pub judges: Judges,
}

impl Test {
    /// Whether samples stand in for inputs that are not given: without any input
    /// there is nothing else to build from.
    pub(in crate::cli) fn takes_samples(&self) -> bool {
        let nothing = self.job.making.input.is_empty() && self.job.locked.is_none() && !self.fetch;
        self.image.is_none() && (self.sample || self.release.is_some() || nothing)
    }
}

/// Who judges besides our own reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Judges {
    /// Nobody
    None,
    /// A program of other authors, if one is installed
    Found,
    /// The same, and what could not be judged is a failure
    Required,
}
