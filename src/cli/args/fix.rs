//! `lionize fix`.

use crate::cli::args::{HowMuch, Pair};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `lionize fix`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  lionize fix list --for 10.12
  lionize fix show printer-sharing
  lionize fix script stable-ipv6 > fix.sh
  lionize fix apply stable-ipv6 --to golden.dmg -o golden-fixed.dmg")]
pub enum Fix {
    /// List the built-in fixes
    #[command(after_help = "Examples:
  lionize fix list
  lionize fix list --for 10.12")]
    List {
        /// Only those that apply to this version of the system
        #[arg(long = "for", value_name = "VERSION")]
        version: Option<String>,
    },
    /// Show a fix's text, or its script
    #[command(after_help = "Examples:
  lionize fix show stable-ipv6
  lionize fix show stable-ipv6 --script")]
    Show {
        /// A built-in fix's id, or a fix's file
        fix: String,
        /// Show the script that does the same on a running Mac
        #[arg(long)]
        script: bool,
        /// Set the fix's param NAME, for the script
        #[arg(long, short, value_name = "NAME=VALUE", value_parser = Pair::parser())]
        set: Vec<Pair>,
    },
    /// Print the script that applies fixes to a running Mac
    #[command(after_help = "Examples:
  lionize fix script stable-ipv6 printer-sharing > fix.sh")]
    Script {
        /// Built-in fixes' ids, or fixes' files
        #[arg(required = true, value_name = "FIX")]
        fixes: Vec<String>,
        /// Set the param NAME of the fixes that have it (or ID.NAME)
        #[arg(long, short, value_name = "NAME=VALUE", value_parser = Pair::parser())]
        set: Vec<Pair>,
    },
    /// Apply fixes to the files of a system's image, as a new image
    Apply(ApplyFixes),
    /// Print the JSON Schema of fixes, for editors
    #[command(after_help = "Examples:
  lionize fix schema > lionize-fix.json")]
    Schema,
}

/// `lionize fix apply`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lionize fix apply stable-ipv6 --to golden.dmg -o golden-fixed.dmg")]
pub struct ApplyFixes {
    /// Built-in fixes' ids, or fixes' files
    #[arg(required = true, value_name = "FIX")]
    pub fixes: Vec<String>,
    /// The image of an installed system, or of media; it is only read
    #[arg(long, value_name = "IMAGE")]
    pub to: PathBuf,
    /// The image to make: `.dmg` is a compressed disk image, else raw
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// Set the param NAME of the fixes that have it (or ID.NAME)
    #[arg(long, short, value_name = "NAME=VALUE", value_parser = Pair::parser())]
    pub set: Vec<Pair>,
    /// Also where the system is unknown, or not one that a fix is made for
    #[arg(long)]
    pub force: bool,
    /// How much is proven: `full` also reads back every byte
    #[arg(long, value_name = "HOW", default_value = "quick")]
    pub verify: HowMuch,
    /// Worker threads [default: one a core]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}
