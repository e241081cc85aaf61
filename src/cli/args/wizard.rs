//! `lionize wizard`, which `lionize` alone is on a terminal.

use crate::cli::args::{Goal, Making};
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
    /// The recipe, by name, file or address
    #[arg(long, value_name = "RECIPE")]
    pub recipe: Option<String>,
    /// What goes into it.
    #[command(flatten)]
    pub making: Making,
    /// Where it goes; `--yes` chooses no disk.
    #[command(flatten)]
    pub goal: Goal,
}

impl Wizard {
    /// The arguments that go to the command as they are.
    pub(in crate::cli) fn passed_on(&self) -> Vec<OsString> {
        let mut args: Vec<OsString> = Vec::new();
        let verify = self.goal.verify.as_ref().map(|how| how.word().into());
        let threads = self.making.threads.map(|n| n.to_string().into());
        let network = &self.making.network;
        let store = network.kept.store.clone().map(PathBuf::into_os_string);
        let mirror = network.mirror.clone().map(OsString::from);
        let valued = [
            ("--verify", verify),
            ("--threads", threads),
            ("--store", store),
            ("--mirror", mirror),
        ];
        for (flag, value) in valued {
            args.extend(value.into_iter().flat_map(|value| [OsString::from(flag), value]));
        }
        for pair in &self.making.catalog {
            let mut text = OsString::from(format!("{}=", pair.name));
            text.push(&pair.value);
            args.extend(["--catalog".into(), text]);
        }
        let flags = [("--nearest", self.making.nearest), ("--offline", network.kept.offline)];
        args.extend(flags.iter().filter(|(_, on)| *on).map(|(flag, _)| OsString::from(flag)));
        args
    }

    /// The same of what is said about disks; how one that was chosen is named is
    /// the machine's to say.
    pub(in crate::cli) fn passed_on_of_disk(&self, is_chosen: bool) -> Vec<OsString> {
        let disk = &self.goal.disk;
        let named = |name: &Option<String>| name.clone().filter(|_| !is_chosen);
        let valued = [
            ("--device-serial", named(&disk.device_serial)),
            ("--device-id", named(&disk.device_id)),
        ];
        let mut args: Vec<OsString> = Vec::new();
        for (flag, value) in valued {
            args.extend(value.into_iter().flat_map(|value| [flag.into(), value.into()]));
        }
        let flags = [
            ("--allow-fixed", disk.allow_fixed),
            ("--allow-large", disk.allow_large),
            // It stands for nobody's choice: only for one that flags made.
            ("--yes", disk.yes && self.goal.device.is_some()),
        ];
        args.extend(flags.iter().filter(|(_, on)| *on).map(|(flag, _)| OsString::from(flag)));
        args
    }
}
