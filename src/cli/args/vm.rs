//! `lionize vm`.

use crate::cli::args::Job;
use crate::vm;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// `lionize vm`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  lionize vm check stick.img
  lionize vm guest stick.img
  lionize vm run stick.img --opencore OpenCore.img --print")]
pub enum Vm {
    /// Start media in QEMU through HFS+ readers of other authors
    Check(Box<Check>),
    /// Let the Linux kernel's HFS+ driver read a volume, and compare
    Guest(Guest),
    /// Run media of Apple's system, with an OpenCore of yours
    Run(Box<Run>),
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

/// `lionize vm guest`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lionize vm guest stick.img --kernel linux-image-6.1.0-56-amd64_6.1.192-2_amd64.deb
  lionize vm guest stick.img --json")]
pub struct Guest {
    /// The image; its FILE.manifest.json is used when it is there
    pub image: PathBuf,
    /// Debian's package of a kernel; kept unpacked, so named only once
    #[arg(long, value_name = "FILE.deb")]
    pub kernel: Option<PathBuf>,
    /// A static busybox [default: the one that is installed]
    #[arg(long, value_name = "FILE")]
    pub busybox: Option<PathBuf>,
    /// Where kernels are kept, in its folder vm [default: below the system's caches]
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
    /// What runs the machine's processor
    #[arg(long, value_name = "WHAT", default_value = "auto", help_heading = "Machines")]
    pub accel: Accel,
    /// Seconds that the machine may run [default: 600]
    #[arg(long, value_name = "SECONDS", help_heading = "Machines")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub limit: Option<u32>,
}

/// `lionize vm run`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  lionize vm run stick.img --opencore OpenCore.img --disk 64
  lionize vm run stick.img --opencore EFI-folder --release 10.9 --print
  lionize vm run stick.img --opencore oc.img --display none --keep logs")]
pub struct Run {
    /// The image, raw; it is never written to
    pub image: PathBuf,
    /// OpenCore: a raw image, or the folder that its EFI folder is in
    #[arg(long, value_name = "PATH")]
    pub opencore: Option<PathBuf>,
    /// The release, such as 10.7 [default: what the image says]
    #[arg(long, value_name = "VERSION")]
    pub release: Option<String>,
    /// The SMC's key from your own Mac: 64 characters
    #[arg(long, value_name = "KEY")]
    pub smc_key: Option<String>,
    /// Add a blank disk of so many GB, gone afterwards
    #[arg(long, value_name = "GB", value_parser = clap::value_parser!(u32).range(1..=16_384))]
    pub disk: Option<u32>,
    /// Add a disk of yours, which is written to: raw, or FILE.qcow2
    #[arg(long, value_name = "FILE")]
    pub target: Option<PathBuf>,
    /// Where the machine's screen is
    #[arg(long, value_name = "WHERE", default_value = "window")]
    pub display: Display,
    /// The number of the VNC display
    #[arg(long, value_name = "N", default_value_t = 0)]
    #[arg(value_parser = clap::value_parser!(u16).range(0..=99))]
    pub vnc: u16,
    /// Keep a picture of the screen every so many seconds; with --keep
    #[arg(long, value_name = "SECONDS", requires = "keep")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub screenshots: Option<u32>,
    /// Keep the serial log and pictures here
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// A port of this computer that leads to the machine's ssh
    #[arg(long, value_name = "PORT")]
    pub ssh: Option<u16>,
    /// MiB of memory [default: what the release wants]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u32).range(256..=1_048_576))]
    pub memory: Option<u32>,
    /// Seconds that the machine may run [default: no end]
    #[arg(long, value_name = "SECONDS")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=604_800))]
    pub limit: Option<u32>,
    /// What runs the machine's processor
    #[arg(long, value_name = "WHAT", default_value = "auto")]
    pub accel: Accel,
    /// Print QEMU's command, and start nothing
    #[arg(long)]
    pub print: bool,
}

/// Where a machine's screen is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Display {
    /// In a window
    Window,
    /// At this computer's VNC port 5900 + N
    Vnc,
    /// Nowhere
    None,
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
