//! `lionize cache`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `lionize cache`.
#[derive(Debug, Subcommand)]
pub enum Cache {
    /// List what is in the store
    List(Which),
    /// Hash all that is in the store, and drop what is damaged
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
pub struct Prune {
    /// How much may stay: `20 GB`, `512 MiB`, `0`
    #[arg(long, value_name = "SIZE")]
    pub to: String,
    /// Which store.
    #[command(flatten)]
    pub which: Which,
}
