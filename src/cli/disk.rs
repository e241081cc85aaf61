//! From the arguments to an open disk that may be written to: the guard is
//! asked, the user is shown what will be lost, and asked, and the guard again.

use crate::cli::args::Disk as Args;
use crate::cli::devices::{contents, headline, is_shown};
use crate::cli::shell::quoted;
use crate::cli::streams::Streams;
use crate::cli::wizard::read_line;
use crate::device::guard::{Ask, Input, Named, Verdict, judge};
use crate::device::{self, Disk, Mount, System};
use crate::engine::{self, Problem, ProblemKind, Stop};
use std::ffi::OsStr;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// Somebody who may answer.
pub(super) trait Answers {
    /// Asks; `None` when nobody is there.
    fn ask(&mut self, question: &str) -> Option<String>;
}

/// The terminal, where there is one.
pub(super) struct Terminal(pub(super) Stop);

impl Terminal {
    pub(super) fn is_there() -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }
}

impl Answers for Terminal {
    fn ask(&mut self, question: &str) -> Option<String> {
        if !Self::is_there() {
            return None;
        }
        eprint!("{question} ");
        // Ctrl-C is no answer, and is asked after by the caller.
        let line = read_line(&self.0).ok().flatten().unwrap_or_default();
        Some(line.trim().to_owned())
    }
}

/// A disk that was chosen, and is still closed.
pub(super) struct Chosen {
    pub(super) disk: Disk,
    ask: Ask,
    args: Args,
    /// Whether somebody was at the terminal when it was chosen.
    attended: bool,
}

/// Finds the disk that the arguments name, and judges it without writing.
pub(super) fn choose(path: &Path, args: &Args, inputs: &[PathBuf]) -> engine::Result<Chosen> {
    if !device::SUPPORTED {
        let problem = Problem::usage("disks are written to on Linux only");
        return Err(problem.hint("make an image file with --output, and copy that to a stick"));
    }
    let system = device::host();
    let disk = find(&system, path)?.clone();
    let ask = Ask {
        bytes: 0,
        sector: None,
        fixed: args.allow_fixed,
        large: args.allow_large,
        inputs: inputs.iter().map(|input| on_disks(&system, input)).collect(),
        headless: args.is_named().then(|| named(args)),
    };
    let chosen = Chosen { disk, ask, args: args.clone(), attended: Terminal::is_there() };
    chosen.allowed(&system)?;
    Ok(chosen)
}

/// All disks that may be meant, those that are offered and removable first,
/// and what the guard says of each.
pub(super) fn candidates(args: &Args, inputs: &[PathBuf], bytes: u64) -> Vec<(Disk, Verdict)> {
    if !device::SUPPORTED {
        return Vec::new();
    }
    let system = device::host();
    let ask = Ask {
        bytes,
        fixed: args.allow_fixed,
        large: args.allow_large,
        inputs: inputs.iter().map(|input| on_disks(&system, input)).collect(),
        // Who names one wants no other.
        headless: args.is_named().then(|| named(args)),
        ..Ask::default()
    };
    let shown = system.disks.iter().filter(|disk| is_shown(disk));
    let mut all: Vec<_> =
        shown.map(|disk| (disk.clone(), judge(disk, &system.disks, &ask))).collect();
    all.sort_by_key(|(disk, verdict)| {
        (!verdict.is_offered(), !disk.removable, !disk.external, disk.name.clone())
    });
    all
}

fn named(args: &Args) -> Named {
    Named { serial: args.device_serial.clone(), id: args.device_id.clone() }
}

fn on_disks(system: &System, path: &Path) -> Input {
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let disks = system.disks_of(&real);
    Input { name: path.display().to_string(), disks }
}

fn find<'s>(system: &'s System, path: &Path) -> engine::Result<&'s Disk> {
    if let Some(disk) = system.disk(path) {
        return Ok(disk);
    }
    let shown = path.display();
    if let Some(disk) = system.disk_of_part(path) {
        return Err(part(path, &disk.path));
    }
    let problem = Problem::usage(format!("there is no disk {shown}"));
    Err(problem.hint("`lionize devices` lists all disks"))
}

fn part(path: &Path, whole: &Path) -> Problem {
    let (shown, whole) = (path.display(), whole.display());
    Problem::usage(format!("{shown} is a partition, not a whole disk"))
        .hint(format!("if the whole disk may be erased, name {whole}"))
}

impl Chosen {
    /// Also keeps what is read from being written over.
    pub(super) fn reading(mut self, files: &[PathBuf]) -> Self {
        let system = device::host();
        self.ask.inputs.extend(files.iter().map(|file| on_disks(&system, file)));
        self
    }

    /// Asks for so much room.
    pub(super) fn needing(mut self, bytes: u64) -> engine::Result<Self> {
        self.ask.bytes = bytes;
        self.allowed(&device::host())?;
        Ok(self)
    }

    /// Fails unless the guard offers the disk, perhaps after unmounting.
    fn allowed(&self, system: &System) -> engine::Result<Vec<Mount>> {
        let disk = find(system, &self.disk.path)?;
        if let Some(difference) = self.disk.difference(disk) {
            return Err(changed(disk, &difference.to_string()));
        }
        let verdict = judge(disk, &system.disks, &self.ask);
        if verdict.is_offered() {
            return Ok(verdict.unmount);
        }
        let sentence = format!("{} may not be written to", disk.path.display());
        let mut problem = Problem::new(ProblemKind::Device, sentence);
        problem.causes = verdict.reasons.iter().map(ToString::to_string).collect();
        problem.hint = verdict.reasons.iter().find_map(|reason| reason.rule.hint()).map(Into::into);
        Err(problem)
    }

    /// Shows what will be lost, asks, unmounts, and judges again. Without
    /// anybody to ask, the arguments must name the disk.
    pub(super) fn confirm(
        &self,
        answers: &mut dyn Answers,
        streams: &mut Streams<'_>,
    ) -> engine::Result<()> {
        let mounted = self.allowed(&device::host())?;
        let path = self.disk.path.display();
        if !(self.args.yes && self.args.is_named()) {
            let lost = self.lost(&mounted);
            streams.complain(&lost);
            let question = format!("Type {} to erase this disk:", self.disk.name);
            let answer = answers.ask(&question);
            if streams.stop.raised() {
                let _ = streams.stderr.write_all(b"\n");
                return Err(Problem::interrupted());
            }
            let named = self.args.is_named();
            if !lets(answer.as_deref(), &self.disk.name, named, self.attended) {
                let text = format!("{path} was not confirmed: nothing was written");
                return Err(match answer {
                    None if !self.attended => unnamed(&self.disk),
                    None => Problem::usage(text).because("the terminal went away meanwhile"),
                    Some(_) => Problem::usage(text),
                });
            }
        }
        for mount in &mounted {
            unmount(mount)?;
        }
        match self.allowed(&device::host())?.first() {
            None => Ok(()),
            Some(mount) => {
                let text = format!("{} is still mounted, or was again", mount.shown());
                Err(Problem::new(ProblemKind::Device, text).hint("close what uses it"))
            }
        }
    }

    fn lost(&self, mounted: &[Mount]) -> String {
        let mut lines =
            vec![format!("Everything on this disk will be lost:\n  {}", headline(&self.disk))];
        lines.extend(contents(&self.disk).into_iter().map(|line| format!("    {line}")));
        let unmounted = |mount: &Mount| format!("    {} will be unmounted", mount.shown());
        lines.extend(mounted.iter().map(unmounted));
        lines.join("\n") + "\n"
    }

    /// What the engine needs to know of it.
    pub(super) fn target(&self) -> engine::Disk {
        let disk = &self.disk;
        let key = [
            disk.id.clone().unwrap_or_default(),
            disk.serial.clone().unwrap_or_default(),
            disk.title(),
            disk.bytes.to_string(),
            disk.logical.to_string(),
        ];
        let old = disk.parts.iter().map(|part| part.start..part.start.saturating_add(part.bytes));
        let salt = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        engine::Disk {
            path: disk.path.clone(),
            key: key.join("\n"),
            old: old.collect(),
            salt: salt.map_or(0, |time| u64::from(time.subsec_nanos()) ^ time.as_secs() << 30),
        }
    }

    /// Opens it, for us alone.
    #[cfg(target_os = "linux")]
    pub(super) fn open(&self) -> engine::Result<device::Target<device::Opened>> {
        let opened = device::open(&self.disk).map_err(|error| {
            let sentence = format!("cannot open {} for writing", self.disk.path.display());
            let problem = Problem::new(ProblemKind::Device, sentence);
            let problem = match error.kind() {
                std::io::ErrorKind::ResourceBusy => problem.hint("close what uses it"),
                _ => problem,
            };
            problem.because(error)
        })?;
        Ok(device::Target::new(opened, device::DEPTH))
    }
}

/// Whether an answer lets the disk of this name be erased. Where nobody answers,
/// the command must have named it, and nobody must have been there when it
/// began: who went away meanwhile has not answered.
fn lets(answer: Option<&str>, name: &str, named: bool, attended: bool) -> bool {
    answer.map_or(named && !attended, |answer| answer == name)
}

fn unnamed(disk: &Disk) -> Problem {
    let path = disk.path.display();
    let text = format!("nobody is there to confirm that {path} may be erased");
    let known = match (&disk.serial, &disk.id) {
        (Some(serial), _) => format!("--device-serial {}", quoted(OsStr::new(serial))),
        (None, Some(id)) => format!("--device-id {}", quoted(OsStr::new(id))),
        _ => {
            return Problem::usage(text).hint("it has no serial number: run this in a terminal");
        }
    };
    Problem::usage(text).hint(format!("if it is the right disk, add {known}"))
}

pub(super) fn changed(disk: &Disk, why: &str) -> Problem {
    let text = format!("{} is not the disk that was chosen", disk.path.display());
    let problem = Problem::new(ProblemKind::Device, text).because(why);
    problem.hint("was it unplugged? run the command again")
}

#[cfg(target_os = "linux")]
fn unmount(mount: &Mount) -> engine::Result<()> {
    device::unmount(&mount.at).map_err(|error| busy(&mount.shown(), &error))
}

#[cfg(any(target_os = "linux", test))]
fn busy(mount: &str, error: &std::io::Error) -> Problem {
    let problem = Problem::new(ProblemKind::Device, format!("cannot unmount {mount}"));
    problem.because(error).hint("close what is open there, then try again")
}

#[cfg(not(target_os = "linux"))]
fn unmount(mount: &Mount) -> engine::Result<()> {
    Err(Problem::ours(format!("cannot unmount {} here", mount.shown())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_typed_name_or_a_named_disk_of_nobodys_lets_it_be_erased() {
        for (answer, named, attended, wanted) in [
            (Some("sdb"), false, true, true),
            (Some("sdb"), true, true, true),
            (Some(""), true, true, false),
            (Some("y"), true, true, false),
            (None, true, false, true),
            (None, false, false, false),
            // The wizard names the disk; then the terminal is closed.
            (None, true, true, false),
        ] {
            let lets = lets(answer, "sdb", named, attended);
            assert_eq!(lets, wanted, "{answer:?}, named {named}, attended {attended}");
        }
    }

    fn stick(serial: Option<&str>, id: Option<&str>) -> Disk {
        let (serial, id) = (serial.map(str::to_owned), id.map(str::to_owned));
        Disk { serial, id, ..device::stick() }
    }

    #[test]
    fn what_names_a_disk_is_told_as_a_shell_takes_it() {
        let nobody = "nobody is there to confirm that /dev/sdb may be erased\n  hint: ";
        for (serial, id, hint) in [
            (Some("A1 $2"), Some("usb-x"), "if it is the right disk, add --device-serial 'A1 $2'"),
            (None, Some("usb-x"), "if it is the right disk, add --device-id usb-x"),
            (None, None, "it has no serial number: run this in a terminal"),
        ] {
            assert_eq!(unnamed(&stick(serial, id)).to_string(), format!("{nobody}{hint}"));
        }
    }

    #[test]
    fn what_is_in_the_way_is_told() {
        assert_eq!(
            part(Path::new("/dev/sdb1"), Path::new("/dev/sdb")).to_string(),
            "/dev/sdb1 is a partition, not a whole disk\n  \
             hint: if the whole disk may be erased, name /dev/sdb"
        );
        let error = std::io::Error::from(std::io::ErrorKind::ResourceBusy);
        assert_eq!(
            busy("/media/stick", &error).to_string(),
            "cannot unmount /media/stick\n  resource busy\n  \
             hint: close what is open there, then try again"
        );
    }

    #[test]
    fn another_disk_is_told() {
        assert_eq!(
            changed(&stick(None, None), "its serial number was A").to_string(),
            "/dev/sdb is not the disk that was chosen\n  its serial number was A\n  \
             hint: was it unplugged? run the command again"
        );
    }
}
