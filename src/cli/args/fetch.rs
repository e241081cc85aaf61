//! `lionize fetch`.

use crate::cli::args::cache::Which;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `lionize fetch`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  lionize fetch recovery --board-id Mac-2E6FAB96566FE58C --to recovery")]
pub enum Fetch {
    /// A recovery system, as a Mac with this board would
    Recovery(Recovery),
    /// InstallESD.dmg of 10.7 to 10.9, as a Mac of yours would
    Installer(Installer),
}

/// What both want.
#[derive(Debug, Args)]
pub struct Order {
    /// The Mac's board: `Mac-2E6FAB96566FE58C`
    #[arg(long, value_name = "ID")]
    pub board_id: String,
    /// The folder that the files go to; made when it is missing
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// The image's SHA-256, if you know it
    #[arg(long, value_name = "HEX")]
    pub sha256: Option<String>,
    /// Ask this server instead of Apple's
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Which store.
    #[command(flatten)]
    pub which: Which,
}

/// `lionize fetch recovery`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lionize fetch recovery --board-id Mac-2E6FAB96566FE58C --to recovery
  lionize fetch recovery --board-id Mac-2E6FAB96566FE58C --latest --to recovery")]
pub struct Recovery {
    /// The order.
    #[command(flatten)]
    pub order: Order,
    /// The newest system for the Mac, not the one that it came with
    #[arg(long)]
    pub latest: bool,
}

/// `lionize fetch installer`.
#[derive(Debug, Args)]
#[command(
    override_usage = "lionize fetch installer --board-id ID --serial SERIAL --rom HEX --to DIR",
    after_help = "Examples:
  lionize fetch installer --board-id Mac-2E6FAB96566FE58C \\
      --serial C02XXXXXXXXX --rom 0123456789AB --to installer"
)]
pub struct Installer {
    /// The order.
    #[command(flatten)]
    pub order: Order,
    /// The serial number of the Mac's logic board
    #[arg(long, value_name = "SERIAL")]
    pub serial: String,
    /// The Mac's ROM: 12 hex digits
    #[arg(long, value_name = "HEX")]
    pub rom: String,
}
