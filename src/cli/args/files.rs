//! `lionize inspect`, `ls`, `cat` and `extract`.

use clap::Args;
use std::path::PathBuf;

/// `lionize inspect`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lionize inspect InstallESD.dmg
  lionize inspect InstallESD.dmg/BaseSystem.dmg --no-checksums
  lionize inspect ServerEssentials.pkg --json")]
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
#[command(after_help = "Examples:
  lionize ls InstallESD.dmg
  lionize ls -l InstallESD.dmg/BaseSystem.dmg/System/Library/CoreServices
  lionize ls 'Combo.dmg/**/Server.app'")]
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
#[command(after_help = "Examples:
  lionize cat InstallESD.dmg/System/Library/CoreServices/SystemVersion.plist
  lionize cat Combo.pkg/Distribution > Distribution")]
pub struct Cat {
    /// A file; images and archives in the path are entered as folders
    pub path: PathBuf,
    /// Show `._NAME` files of archives as files, not as attributes
    #[arg(long)]
    pub appledouble_files: bool,
}

/// `lionize extract`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lionize extract InstallESD.dmg/Packages --to packages
  lionize extract 'Combo.dmg/**/Server.app' --to . --appledouble
  lionize extract InstallESD.dmg --tar - | tar -tf -")]
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
