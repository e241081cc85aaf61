//! `lionize man` and `completions`: what is installed beside the program.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// `lionize man`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lionize man build > lionize-build.1
  lionize man --to man1")]
pub struct Man {
    /// The command's words; the page of `lionize` itself without any
    #[arg(value_name = "COMMAND", conflicts_with = "to")]
    pub command: Vec<String>,
    /// Write all pages to this folder; it is made when it is missing
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
}

/// `lionize completions`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lionize completions bash > lionize.bash
  lionize completions zsh > _lionize
  lionize completions fish > lionize.fish
  lionize completions powershell > lionize.ps1")]
pub struct Completions {
    /// The shell
    pub shell: Shell,
}

/// Shells that can be told what may be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// bash, with its package of completions or without
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
    /// PowerShell
    Powershell,
}
