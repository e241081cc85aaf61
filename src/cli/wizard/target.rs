//! The disk that was chosen, and whether it still is the one at its path: from
//! the list to the first write there are minutes, in which sticks are unplugged.

use crate::cli::devices::headline;
use crate::cli::disk;
use crate::device::Disk;
use crate::engine::{Problem, ProblemKind};
use std::ffi::OsString;
use std::path::PathBuf;

/// A disk by what tells it from others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Target {
    pub(in crate::cli) path: PathBuf,
    pub(in crate::cli) serial: Option<String>,
    pub(in crate::cli) id: Option<String>,
    /// What it was when it was chosen from a list; flags choose unseen.
    seen: Option<Box<Disk>>,
}

impl Target {
    /// As flags name it.
    pub(in crate::cli) fn named(
        path: impl Into<PathBuf>,
        serial: Option<String>,
        id: Option<String>,
    ) -> Self {
        Self { path: path.into(), serial, id, seen: None }
    }

    /// One of those that are listed, by the first name that it has alone.
    pub(in crate::cli) fn of(disk: &Disk, all: &[&Disk]) -> Self {
        let alone = |fact: fn(&Disk) -> &Option<String>| {
            let twins = all.iter().filter(|other| fact(other) == fact(disk)).count();
            fact(disk).clone().filter(|_| twins == 1)
        };
        let serial = alone(|disk| &disk.serial);
        let id = if serial.is_none() { alone(|disk| &disk.id) } else { None };
        Self { seen: Some(Box::new(disk.clone())), ..Self::named(&disk.path, serial, id) }
    }

    /// What it is beside its path, as far as that was seen.
    pub(in crate::cli) fn about(&self) -> Option<String> {
        let line = headline(self.seen.as_ref()?);
        let about = line.strip_prefix(&format!("{}: ", self.path.display()));
        about.map(str::to_owned)
    }

    /// The options that name it.
    pub(in crate::cli) fn args(&self) -> Vec<OsString> {
        let mut args: Vec<OsString> = vec!["--device".into(), self.path.clone().into()];
        for (flag, value) in [("--device-serial", &self.serial), ("--device-id", &self.id)] {
            args.extend(value.iter().flat_map(|value| [flag.into(), value.into()]));
        }
        args
    }

    /// Why it is not the disk any more that is there now.
    pub(in crate::cli) fn gone(&self, now: Option<&Disk>) -> Option<Problem> {
        let seen = self.seen.as_ref()?;
        let Some(now) = now else {
            let text = format!("{} is not there any more", self.path.display());
            return Some(Problem::new(ProblemKind::Device, text).because("it was chosen before"));
        };
        let difference = seen.difference(now)?;
        Some(Problem { hint: None, ..disk::changed(now, &difference.to_string()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device;

    fn stick(name: &str, serial: &str, id: &str) -> Disk {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let path = format!("/dev/{name}").into();
        let (serial, id) = (some(serial), some(id));
        Disk { name: name.into(), path, serial, id, ..device::stick() }
    }

    #[test]
    fn a_disk_is_named_by_what_it_has_alone() {
        let (a, b) = (stick("sdb", "1", "usb-a"), stick("sdc", "1", "usb-b"));
        let args = |disk: &Disk, all: &[&Disk]| Target::of(disk, all).args();
        assert_eq!(args(&a, &[&a]), ["--device", "/dev/sdb", "--device-serial", "1"]);
        assert_eq!(args(&a, &[&a, &b]), ["--device", "/dev/sdb", "--device-id", "usb-a"]);
        let c = stick("sdd", "", "");
        assert_eq!(args(&c, &[&a, &c]), ["--device", "/dev/sdd"]);
        let about = Target::of(&a, &[&a]).about();
        assert_eq!(about.as_deref(), Some("SanDisk Ultra, 16.0 GB (14.9 GiB), USB, removable"));
    }

    /// What has no serial number is told by what the kernel counts.
    #[test]
    fn another_disk_at_the_same_path_is_not_the_one_that_was_chosen() {
        let disk = stick("sdb", "", "");
        let target = Target::of(&disk, &[&disk]);
        assert!(target.gone(Some(&disk)).is_none());
        let other = Disk { sequence: Some(8), ..disk.clone() };
        let gone = target.gone(Some(&other)).unwrap();
        assert_eq!(gone.sentence, "/dev/sdb is not the disk that was chosen");
        let gone = target.gone(None).unwrap();
        assert_eq!(gone.sentence, "/dev/sdb is not there any more");
        // Who names it by flags has not seen it here.
        assert!(Target::named("/dev/sdb", None, None).gone(None).is_none());
    }
}
