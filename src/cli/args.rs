//! The command line: what may be given, and the words of its help.

pub mod cache;
pub mod catalog;
mod demo;
mod disk;
pub mod fetch;
mod files;
mod fix;
mod job;
mod manual;
mod network;
pub mod package;
mod pair;
mod recipe;
mod sample;
pub mod schema;
pub mod test;
pub mod vm;
mod wizard;

pub use demo::Demo;
pub use disk::{Disk, Erase, Write};
pub use files::{Cat, Extract, Inspect, Ls};
pub use fix::{ApplyFixes, Fix};
pub use job::{Build, Goal, HowMuch, Job, Lock, Making, Plan, Verify};
pub use manual::{Completions, Man, Shell};
pub use network::{Kept, Network};
pub use pair::{Pair, PairParser};
pub use recipe::{NewRecipe, Recipe};
pub use sample::Sample;
pub use wizard::Wizard;

use crate::cli::args::cache::Cache;
use crate::cli::args::catalog::Catalog;
use crate::cli::args::fetch::Fetch;
use crate::cli::args::package::Package;
use crate::cli::args::schema::Schema;
use crate::cli::args::test::Test;
use crate::cli::args::vm::Vm;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Makes bootable Mac installer media on any computer, without a Mac.
#[derive(Debug, Parser)]
#[command(name = "lionize", version, about, term_width = 80, max_term_width = 80)]
#[command(after_help = "Examples:
  lionize wizard
  lionize demo
  lionize inspect InstallESD.dmg
  lionize build lion -i installer=InstallESD.dmg -o lion.img
  sudo lionize write lion.img /dev/sdX

Exit codes: 0 done, 2 usage, 3 bad input, 4 network, 5 output,
6 verification, 70 our fault, 130 interrupted.")]
pub struct Cli {
    /// What to do; on a terminal nothing is the wizard.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What holds for all commands.
    #[command(flatten)]
    pub global: Global,
}

/// What holds for all commands.
#[derive(Clone, Copy, Debug, Args)]
pub struct Global {
    /// Print JSON on standard output: one object a line, the result last
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub json: bool,
    /// Print nothing but results, warnings and errors
    #[arg(long, short, global = true, help_heading = "Everywhere")]
    pub quiet: bool,
    /// For screen readers: lines and numbers, and nothing drawn again
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub plain: bool,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    #[arg(help_heading = "Everywhere")]
    pub color: Color,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// All commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask what to make, step by step; so does `lionize` alone
    Wizard(Box<Wizard>),
    /// Make media by a recipe
    Build(Build),
    /// Say what `build` would make, and write nothing
    Plan(Plan),
    /// Write down what a recipe is resolved to, for `build --locked`
    Lock(Lock),
    /// Check a finished image, or any image with an HFS+ volume
    Verify(Verify),
    /// Build media by a recipe, and test what it claims of them
    Test(Test),
    /// Say what a file is: containers, partitions, volumes, checksums
    Inspect(Inspect),
    /// List a folder on the host, in an image, a package or an archive
    Ls(Ls),
    /// Write a file's contents to standard output
    Cat(Cat),
    /// Copy files and folders out of images, packages and archives
    Extract(Extract),
    /// List, show and check recipes
    #[command(subcommand)]
    Recipe(Recipe),
    /// Write an image to a disk, and prove it
    Write(Write),
    /// Erase a disk: no table and no volume stays
    Erase(Erase),
    /// List all disks, and say why each is or is not offered
    #[command(after_help = "Examples:
  lionize devices
  lionize devices --json")]
    Devices,
    /// Fetch what Macs fetch from Apple's recovery server
    #[command(subcommand)]
    Fetch(Fetch),
    /// The store of fetched files: list, verify, prune
    #[command(subcommand)]
    Cache(Cache),
    /// List, show and apply fixes, or print them as scripts
    #[command(subcommand)]
    Fix(Fix),
    /// Make packages of fixes, or of what a recipe's steps make
    #[command(subcommand)]
    Package(Package),
    /// Apple's software update catalogs: what is offered, and where it lies
    #[command(subcommand)]
    Catalog(Catalog),
    /// Make a small installer of a release's layout, for trying recipes
    Sample(Sample),
    /// Make a small sample installer and bootable media from it
    Demo(Demo),
    /// Print a manual page, or write all of them
    Man(Man),
    /// Print what a shell needs to complete commands and options
    Completions(Completions),
    /// Show all settings, and where each comes from
    #[command(after_help = "Examples:
  lionize config
  lionize config --json")]
    Config,
    /// Print the JSON Schema of what `--json` prints
    #[command(subcommand)]
    Schema(Schema),
    /// Try media in a virtual machine, without Apple's files
    #[command(subcommand)]
    Vm(Vm),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
