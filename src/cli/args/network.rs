//! What is fetched, and where it is kept.

use clap::Args;
use std::path::PathBuf;

/// How files are fetched, and where they are kept.
#[derive(Clone, Debug, Default, Args)]
pub struct Network {
    /// What is there already.
    #[command(flatten)]
    pub kept: Kept,
    /// Ask this server for the same paths, as reposado and Apple's have them
    #[arg(long, value_name = "URL", help_heading = "Network")]
    pub mirror: Option<String>,
}

/// Where fetched files are kept, and whether nothing else counts.
#[derive(Clone, Debug, Default, Args)]
pub struct Kept {
    /// Fetch nothing: only what the store has
    #[arg(long, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value = "false", default_missing_value = "true", value_name = "BOOL")]
    #[arg(hide_default_value = true, hide_possible_values = true, help_heading = "Network")]
    pub offline: bool,
    /// Where fetched files are kept [default: below the system's caches]
    #[arg(long, value_name = "DIR", help_heading = "Network")]
    pub store: Option<PathBuf>,
}
