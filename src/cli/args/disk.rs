//! `lionize write` and `erase`, and which disks they may touch.

use crate::cli::args::HowMuch;
use clap::Args;
use std::path::PathBuf;

/// Which disk may be written to.
#[derive(Clone, Debug, Default, Args)]
pub struct Disk {
    /// The disk's serial number, instead of a confirmation
    #[arg(long, value_name = "S", help_heading = "Disks")]
    pub device_serial: Option<String>,
    /// The disk's id, instead of a confirmation
    #[arg(long, value_name = "ID", help_heading = "Disks")]
    pub device_id: Option<String>,
    /// Ask nothing; the disk must be named by serial number or id
    #[arg(long, short, help_heading = "Disks")]
    pub yes: bool,
    /// Allow a disk that is built in
    #[arg(long, help_heading = "Disks")]
    pub allow_fixed: bool,
    /// Allow a disk of more than 256 GB
    #[arg(long, help_heading = "Disks")]
    pub allow_large: bool,
}

impl Disk {
    /// Whether the arguments say which disk is meant, besides its path.
    pub(in crate::cli) const fn is_named(&self) -> bool {
        self.device_serial.is_some() || self.device_id.is_some()
    }
}

/// `lionize write`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sudo lionize write lion.img /dev/sdX
  sudo lionize write lion.img.xz /dev/sdX --device-serial 4C530001")]
pub struct Write {
    /// A raw image, `.dmg`, `.img.xz`, `.img.gz` or `.img.bz2`
    pub image: PathBuf,
    /// The disk; everything on it is lost
    pub device: PathBuf,
    /// Which disk may be written to.
    #[command(flatten)]
    pub disk: Disk,
    /// How much is proven
    #[arg(long, value_name = "HOW", default_value = "full")]
    pub verify: HowMuch,
    /// Worker threads [default: one a core]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}

/// `lionize erase`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sudo lionize erase /dev/sdX
  sudo lionize erase /dev/sdX --device-serial 4C530001")]
pub struct Erase {
    /// The disk; everything on it is lost
    pub device: PathBuf,
    /// Which disk may be written to.
    #[command(flatten)]
    pub disk: Disk,
}
