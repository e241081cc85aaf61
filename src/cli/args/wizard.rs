//! `lionize wizard`, which `lionize` alone is on a terminal.

use crate::cli::args::job::mac;
use crate::cli::args::{Disk, HowMuch, Network, Pair};
use crate::source::Mac;
use clap::Args;
use std::ffi::OsString;
use std::path::PathBuf;

/// What needs not be asked.
#[derive(Debug, Default, Args)]
#[command(after_help = "Examples:
  lionize wizard
  lionize wizard --plain
  lionize wizard --recipe lion --for MacBookPro9,2")]
pub struct Wizard {
    /// The recipe, by name or file
    #[arg(long, value_name = "RECIPE")]
    pub recipe: Option<String>,
    /// Give the recipe's input NAME; once for each input
    #[arg(long, short, value_name = "NAME=PATH", value_parser = Pair::parser())]
    #[arg(requires = "recipe")]
    pub input: Vec<Pair>,
    /// Set the recipe's param NAME
    #[arg(long, short, value_name = "NAME=VALUE", value_parser = Pair::parser())]
    pub set: Vec<Pair>,
    /// Apply this fix to the volume; once for each
    #[arg(long, value_name = "FIX")]
    pub fix: Vec<String>,
    /// The Mac that it is for, by model (`MacBookPro9,2`) or board id
    #[arg(long = "for", value_name = "MAC", value_parser = mac)]
    pub mac: Option<Mac>,
    /// The image to make
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The disk to write instead; everything on it is lost
    #[arg(long, value_name = "PATH", conflicts_with = "output")]
    pub device: Option<PathBuf>,
    /// Which disk may be written to; `--yes` chooses none.
    #[command(flatten)]
    pub disk: Disk,
    /// How much is proven [default: quick for files, full for disks]
    #[arg(long, value_name = "HOW")]
    pub verify: Option<HowMuch>,
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
}

impl Wizard {
    /// The arguments that go to the command as they are.
    pub(in crate::cli) fn passed_on(&self) -> Vec<OsString> {
        let mut args: Vec<OsString> = Vec::new();
        let verify = self.verify.as_ref().map(|how| how.word().into());
        let threads = self.threads.map(|n| n.to_string().into());
        let store = self.network.store.clone().map(PathBuf::into_os_string);
        let mirror = self.network.mirror.clone().map(OsString::from);
        let valued = [
            ("--verify", verify),
            ("--threads", threads),
            ("--store", store),
            ("--mirror", mirror),
        ];
        for (flag, value) in valued {
            args.extend(value.into_iter().flat_map(|value| [OsString::from(flag), value]));
        }
        for pair in &self.catalog {
            let mut text = OsString::from(format!("{}=", pair.name));
            text.push(&pair.value);
            args.extend(["--catalog".into(), text]);
        }
        let flags = [("--nearest", self.nearest), ("--offline", self.network.offline)];
        args.extend(flags.iter().filter(|(_, on)| *on).map(|(flag, _)| OsString::from(flag)));
        args
    }

    /// The same of what is said about disks; the serial number of one that was
    /// chosen is the machine's to say.
    pub(in crate::cli) fn passed_on_of_disk(&self, has_serial: bool) -> Vec<OsString> {
        let disk = &self.disk;
        let serial = disk.device_serial.clone().filter(|_| !has_serial);
        let valued = [("--device-serial", serial), ("--device-id", disk.device_id.clone())];
        let mut args: Vec<OsString> = Vec::new();
        for (flag, value) in valued {
            args.extend(value.into_iter().flat_map(|value| [flag.into(), value.into()]));
        }
        let flags = [
            ("--allow-fixed", disk.allow_fixed),
            ("--allow-large", disk.allow_large),
            // It stands for nobody's choice: only for one that flags made.
            ("--yes", disk.yes && self.device.is_some()),
        ];
        args.extend(flags.iter().filter(|(_, on)| *on).map(|(flag, _)| OsString::from(flag)));
        args
    }
}
