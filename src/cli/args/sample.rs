//! `lionize sample`.

use crate::source::sample::SHAPES;
use clap::Args;
use clap::builder::PossibleValuesParser;
use std::path::PathBuf;

/// `lionize sample`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lionize sample 10.9 --to .
  lionize sample 10.7 --to samples --json")]
pub struct Sample {
    /// The release whose layout it has
    #[arg(value_parser = PossibleValuesParser::new(SHAPES.iter().map(|shape| shape.release)))]
    pub release: String,
    /// The folder it goes to; made when it is missing
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// Worker threads [default: one a core]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}
