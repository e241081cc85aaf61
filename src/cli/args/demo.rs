//! `lionize demo`.

use clap::Args;
use std::path::PathBuf;

/// `lionize demo`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lionize demo
  lionize demo --to /tmp/demo")]
pub struct Demo {
    /// Where the sample and the media go
    #[arg(long, value_name = "DIR", default_value = "lionize-demo")]
    pub to: PathBuf,
    /// Worker threads [default: one a core]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}
