//! `lionize package`.

use crate::cli::args::{Network, Pair};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// `lionize package`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  lionize package build enable-ssh -o ssh.pkg")]
pub enum Package {
    /// Make a package of fixes, or of what a recipe's steps make
    Build(BuildPackage),
}

/// How a package's fixes work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// While the package is installed
    Install,
    /// At the first start after it, or when what they change is there
    FirstBoot,
}

/// `lionize package build`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lionize package build enable-ssh skip-setup-assistant -o fixes.pkg
  lionize package build push-mail --deliver first-boot -o push.pkg
  lionize package build server-app -o Server.pkg")]
pub struct BuildPackage {
    /// A recipe's name or file, or fixes by their ids or files
    #[arg(required = true, value_name = "RECIPE|FIX")]
    pub names: Vec<String>,
    /// The package to make
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// Set the param NAME of the recipe, or of the fixes that have it (ID.NAME)
    #[arg(long, short, value_name = "NAME=VALUE", value_parser = Pair::parser())]
    pub set: Vec<Pair>,
    /// Give the recipe's input NAME; once for each input
    #[arg(long, short, value_name = "NAME=PATH", value_parser = Pair::parser())]
    pub input: Vec<Pair>,
    /// When fixes do their work; a recipe says that itself
    #[arg(long, value_name = "WHEN", default_value = "install")]
    pub deliver: When,
    /// A component package, instead of a product archive
    #[arg(long)]
    pub component: bool,
    /// Also on systems that a fix is not made for
    #[arg(long)]
    pub force: bool,
    /// Take catalog NAME from a file or an address instead
    #[arg(long, value_name = "NAME=PLACE", value_parser = Pair::parser())]
    #[arg(help_heading = "Network")]
    pub catalog: Vec<Pair>,
    /// What is fetched, and where it is kept.
    #[command(flatten)]
    pub network: Network,
}
