//! `lionize cache`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `lionize cache`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  lionize cache list
  lionize cache verify
  lionize cache prune --to '20 GB'")]
pub enum Cache {
    /// List what is in the store
    #[command(after_help = "Examples:
  lionize cache list
  lionize cache list --store /srv/lionize")]
    List(Which),
    /// Hash all that is in the store, and drop what is damaged
    #[command(after_help = "Examples:
  lionize cache verify")]
    Verify(Which),
    /// Remove what was used least lately
    Prune(Prune),
}

/// Which store.
#[derive(Clone, Debug, Default, Args)]
pub struct Which {
    /// Where fetched files are kept [default: below the system's caches]
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
}

/// `lionize cache prune`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lionize cache prune --to '20 GB'
  lionize cache prune --to 0 --store /srv/lionize")]
pub struct Prune {
    /// How much may stay: `20 GB`, `512 MiB`, `0`
    #[arg(long, value_name = "SIZE")]
    pub to: String,
    /// Which store.
    #[command(flatten)]
    pub which: Which,
}
