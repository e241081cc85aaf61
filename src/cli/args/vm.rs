//! `lionize vm`.

use crate::cli::args::Job;
use crate::vm;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// `lionize vm`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  lionize vm check stick.img")]
pub enum Vm {
    /// Start media in QEMU through HFS+ readers of other authors
    Check(Box<Check>),
}

/// `lionize vm check`.
#[derive(Debug, Args)]
#[command(override_usage = "lionize vm check [OPTIONS] IMAGE|RECIPE")]
#[command(after_help = "Examples:
  lionize vm check stick.img
  lionize vm check lion --input installer=InstallESD.dmg --loader grub
  lionize vm check stick.img --keep logs --junit boots.xml --json")]
#[command(mut_arg("recipe", |arg| arg.value_name("IMAGE|RECIPE")
    .help("An image, or a recipe whose media are tried without being built")))]
pub struct Check {
    /// The image, or the job.
    #[command(flatten)]
    pub job: Job,
    /// Start through this loader only [default: all that are installed]
    #[arg(long, value_name = "NAME")]
    pub loader: Option<Loader>,
    /// Write the result as JUnit's XML, too
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// How machines run.
    #[command(flatten)]
    pub how: How,
}

/// How machines run.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Machines")]
pub struct How {
    /// What runs a machine's processor
    #[arg(long, value_name = "WHAT", default_value = "auto")]
    pub accel: Accel,
    /// Seconds that a machine may run
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub limit: u32,
    /// Keep serial logs and pictures of screens here
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

/// A loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Loader {
    /// rEFInd and its driver for HFS+
    Refind,
    /// GRUB and its module for HFS+
    Grub,
}

impl Loader {
    /// As machines have it.
    pub(in crate::cli) const fn loader(self) -> vm::Loader {
        match self {
            Self::Refind => vm::Loader::Refind,
            Self::Grub => vm::Loader::Grub,
        }
    }
}

/// What runs a machine's processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Accel {
    /// KVM where a trial guest shows that it works, else software
    Auto,
    /// KVM or nothing
    Kvm,
    /// Software emulation
    Tcg,
}

impl Accel {
    /// As machines have it.
    pub(in crate::cli) const fn wish(self) -> vm::Wish {
        match self {
            Self::Auto => vm::Wish::Auto,
            Self::Kvm => vm::Wish::Kvm,
            Self::Tcg => vm::Wish::Tcg,
        }
    }
}
