//! The command line: what may be given, and the words of its help.

pub mod cache;
pub mod catalog;
pub mod fetch;

use crate::cli::args::cache::Cache;
use crate::cli::args::catalog::Catalog;
use crate::cli::args::fetch::Fetch;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// Makes bootable Mac installer media on any computer, without a Mac.
#[derive(Debug, Parser)]
#[command(name = "lionize", version, about, term_width = 80, max_term_width = 80)]
#[command(subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 done, 2 usage, 3 bad input, 4 network, 5 output,\n\
    6 verification, 70 our fault, 130 interrupted.")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
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
    /// Make media by a recipe
    Build(Build),
    /// Say what `build` would make, and write nothing
    Plan(Plan),
    /// Write down what a recipe is resolved to, for `build --locked`
    Lock(Lock),
    /// Check a finished image, or any image with an HFS+ volume
    Verify(Verify),
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
    /// Apple's software update catalogs: what is offered, and where it lies
    #[command(subcommand)]
    Catalog(Catalog),
    /// Make a small sample installer and bootable media from it
    Demo(Demo),
}

/// How files are fetched, and where they are kept.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Network")]
pub struct Network {
    /// Fetch nothing: only what the store has
    #[arg(long)]
    pub offline: bool,
    /// Ask this server for the same paths, as reposado and Apple's have them
    #[arg(long, value_name = "URL")]
    pub mirror: Option<String>,
    /// Where fetched files are kept [default: below the system's caches]
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
}

/// What a job is made of; the same for `build` and `plan`.
#[derive(Debug, Args)]
pub struct Job {
    /// A built-in recipe's name, or a recipe file (with a `/` or `.toml`)
    pub recipe: String,
    /// Give the recipe's input NAME; once for each input
    #[arg(long, short, value_name = "NAME=PATH", value_parser = Pair::parser())]
    pub input: Vec<Pair>,
    /// Set the recipe's param NAME
    #[arg(long, short, value_name = "NAME=VALUE", value_parser = Pair::parser())]
    pub set: Vec<Pair>,
    /// Worker threads [default: one a core]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Take catalog NAME from a file or an address instead
    #[arg(long, value_name = "NAME=PLACE", value_parser = Pair::parser())]
    #[arg(help_heading = "Network")]
    pub catalog: Vec<Pair>,
    /// Where a catalog has nothing for this build, take the nearest build's
    #[arg(long, help_heading = "Network")]
    pub nearest: bool,
    /// What is fetched, and where it is kept.
    #[command(flatten)]
    pub network: Network,
    /// Make exactly what a lock file says
    #[arg(long, value_name = "LOCK")]
    pub locked: Option<PathBuf>,
}

/// `lionize build`.
#[derive(Debug, Args)]
pub struct Build {
    /// The job.
    #[command(flatten)]
    pub job: Job,
    /// The image to make: `.dmg` is a compressed disk image, else raw
    #[arg(long, short, value_name = "FILE", required_unless_present = "device")]
    pub output: Option<PathBuf>,
    /// The disk to write instead; everything on it is lost
    #[arg(long, value_name = "PATH", conflicts_with = "output")]
    pub device: Option<PathBuf>,
    /// Which disk may be written to.
    #[command(flatten)]
    pub disk: Disk,
    /// How much is proven [default: quick for files, full for disks]
    #[arg(long, value_name = "HOW")]
    pub verify: Option<HowMuch>,
}

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
    pub(super) const fn is_named(&self) -> bool {
        self.device_serial.is_some() || self.device_id.is_some()
    }
}

/// `lionize write`.
#[derive(Debug, Args)]
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
pub struct Erase {
    /// The disk; everything on it is lost
    pub device: PathBuf,
    /// Which disk may be written to.
    #[command(flatten)]
    pub disk: Disk,
}

/// How much is proven after writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HowMuch {
    /// Nothing of what was written; for disks only
    None,
    /// Every checksum of the sources, and all structures written
    Quick,
    /// And every byte, read back past the page cache
    Full,
}

impl HowMuch {
    /// As the engine says it.
    pub(super) const fn how(self) -> crate::engine::Verify {
        match self {
            Self::None => crate::engine::Verify::None,
            Self::Quick => crate::engine::Verify::Quick,
            Self::Full => crate::engine::Verify::Full,
        }
    }
}

/// `lionize plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// The job.
    #[command(flatten)]
    pub job: Job,
    /// The image that would be made
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Fetch what is missing, for the whole plan
    #[arg(long, help_heading = "Network")]
    pub fetch: bool,
}

/// `lionize lock`.
#[derive(Debug, Args)]
pub struct Lock {
    /// The job.
    #[command(flatten)]
    pub job: Job,
    /// The lock file to write
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
}

/// `lionize verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// The image; its FILE.manifest.json is used when it is there
    pub file: PathBuf,
    /// Worker threads [default: one a core]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}

/// `lionize inspect`.
#[derive(Debug, Args)]
pub struct Inspect {
    /// A file, or a path into an image: `InstallESD.dmg/BaseSystem.dmg`
    pub path: PathBuf,
    /// Do not decode the image to prove its checksums
    #[arg(long)]
    pub no_checksums: bool,
    /// Worker threads [default: one a core]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}

/// `lionize ls`.
#[derive(Debug, Args)]
pub struct Ls {
    /// A path, or a pattern; images and archives are entered as folders
    pub path: PathBuf,
    /// Mode, links, owner, group, size, date (UTC) and symlinks' targets
    #[arg(long, short)]
    pub long: bool,
    /// And all folders below
    #[arg(long, short = 'R')]
    pub recursive: bool,
    /// Show `._NAME` files of archives as files, not as attributes
    #[arg(long)]
    pub appledouble_files: bool,
}

/// `lionize cat`.
#[derive(Debug, Args)]
pub struct Cat {
    /// A file; images and archives in the path are entered as folders
    pub path: PathBuf,
    /// Show `._NAME` files of archives as files, not as attributes
    #[arg(long)]
    pub appledouble_files: bool,
}

/// `lionize extract`.
#[derive(Debug, Args)]
pub struct Extract {
    /// Files and folders, or patterns (`Combo.pkg/**/Server.app`); images and
    /// archives in a path are entered as folders
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The folder they go to; made when it is missing
    #[arg(long, value_name = "DIR", required_unless_present = "tar")]
    pub to: Option<PathBuf>,
    /// Write a tar archive instead, `-` to standard output
    #[arg(long, value_name = "FILE", conflicts_with = "to")]
    pub tar: Option<PathBuf>,
    /// Keep resource forks, attributes and Finder info in `._NAME` files
    #[arg(long)]
    pub appledouble: bool,
    /// Take `._NAME` files of archives as files, not as attributes
    #[arg(long)]
    pub appledouble_files: bool,
}

/// `lionize recipe`.
#[derive(Debug, Subcommand)]
pub enum Recipe {
    /// List the built-in recipes
    List,
    /// Show a recipe's text, or what it says as JSON
    Show {
        /// A built-in recipe's name or a recipe file
        recipe: String,
    },
    /// Name every mistake in recipe files, by line and column
    Check {
        /// Built-in recipes' names or recipe files
        #[arg(required = true, value_name = "RECIPE")]
        recipes: Vec<String>,
    },
}

/// `lionize fix`.
#[derive(Debug, Subcommand)]
pub enum Fix {
    /// List the built-in fixes
    List {
        /// Only those that apply to this version of the system
        #[arg(long = "for", value_name = "VERSION")]
        version: Option<String>,
    },
    /// Show a fix's text, or its script
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
}

/// `lionize fix apply`.
#[derive(Debug, Args)]
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

/// `lionize demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Where the sample and the media go
    #[arg(long, value_name = "DIR", default_value = "lionize-demo")]
    pub to: PathBuf,
    /// Worker threads [default: one a core]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}

/// `NAME=VALUE`, where the value may be any path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Before the first `=`.
    pub name: String,
    /// Behind it.
    pub value: OsString,
}

impl Pair {
    fn parser() -> PairParser {
        PairParser
    }

    fn parse(text: &OsStr) -> Option<Self> {
        let bytes = text.as_encoded_bytes();
        let at = bytes.iter().position(|byte| *byte == b'=')?;
        let name = std::str::from_utf8(&bytes[..at]).ok().filter(|name| !name.is_empty())?;
        Some(Self { name: name.to_owned(), value: behind(text, at + 1)? })
    }
}

/// The rest of a text behind an ASCII character.
#[cfg(unix)]
fn behind(text: &OsStr, at: usize) -> Option<OsString> {
    use std::os::unix::ffi::OsStrExt;
    Some(OsStr::from_bytes(&text.as_bytes()[at..]).to_owned())
}

#[cfg(not(unix))]
fn behind(text: &OsStr, at: usize) -> Option<OsString> {
    text.to_str().map(|text| text[at..].into())
}

/// Parses [`Pair`]s for clap, paths that are not Unicode included.
#[derive(Clone, Copy, Debug)]
pub struct PairParser;

impl clap::builder::TypedValueParser for PairParser {
    type Value = Pair;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, clap::Error> {
        Pair::parse(value).ok_or_else(|| {
            let name = arg.map_or_else(String::new, ToString::to_string);
            let text = format!("`{}` for `{name}` has no name before a `=`", value.display());
            clap::Error::raw(clap::error::ErrorKind::ValueValidation, text).with_cmd(command)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn only_the_first_equals_sign_divides() {
        let pair = Pair::parse(OsStr::new("image=/a=b/c.dmg")).unwrap();
        assert_eq!((pair.name.as_str(), pair.value.to_str()), ("image", Some("/a=b/c.dmg")));
        assert_eq!(Pair::parse(OsStr::new("/a.dmg")), None);
        assert_eq!(Pair::parse(OsStr::new("=x")), None);
    }
}
