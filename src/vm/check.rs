//! Starts media through loaders that have HFS+ readers of their own.

use crate::block::Source;
use crate::format::efi_program::ENDED;
use crate::vm::accel::{Accel, Wish, choose};
use crate::vm::failure::{Failure, FailureKind, Result};
use crate::vm::firmware::Firmware;
use crate::vm::grub;
use crate::vm::host::Host;
use crate::vm::loader::{Loader, word, write_disk};
use crate::vm::machine::{Drive, End, Machine, Ports, Run};
use crate::vm::serve::Served;
use crate::vm::subject::{PROBE, Subject};
use crate::vm::verdict::Verdict;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How to try.
#[derive(Clone, Debug)]
pub struct Options {
    /// Through which loader; all that this computer has when none is named.
    pub loader: Option<Loader>,
    /// What runs the processor.
    pub wish: Wish,
    /// How long a machine may live.
    pub limit: Duration,
    /// Where logs go; a new folder below the system's temporary one, and only
    /// of what does not boot, when none is named.
    pub keep: Option<PathBuf>,
    /// Where programs are.
    pub host: Host,
}

impl Options {
    /// All loaders, a minute for each.
    #[must_use]
    pub fn new(host: Host) -> Self {
        let limit = Duration::from_secs(60);
        Self { loader: None, wish: Wish::Auto, limit, keep: None, host }
    }
}

/// One start.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Through which loader.
    pub loader: Loader,
    /// How it went.
    pub verdict: Verdict,
    /// How long the machine lived.
    pub took: Duration,
    /// Logs and pictures that were kept.
    pub kept: Vec<PathBuf>,
}

/// What was tried.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What is on the media.
    pub subject: Subject,
    /// What ran the processors; none where no machine was needed.
    pub accel: Option<Accel>,
    /// What the user should know.
    pub notes: Vec<String>,
    /// All starts.
    pub trials: Vec<Trial>,
}

impl Checked {
    /// Whether the media boot through every loader.
    #[must_use]
    pub fn boots(&self) -> bool {
        self.trials.iter().all(|trial| trial.verdict == Verdict::Boots)
    }
}

/// Starts media through each loader; `tell` hears what is done, in words.
///
/// # Errors
/// [`Failure`], when nothing could be tried.
pub fn check(
    disk: &Source,
    options: &Options,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(&str),
) -> Result<Checked> {
    let loaders = loaders(options)?;
    let firmware = Firmware::find(&options.host)?;
    let subject = Subject::look(disk).map_err(|error| unread(&error))?;
    let mut checked =
        Checked { notes: subject.notes.clone(), subject, accel: None, trials: Vec::new() };
    if let Some(fault) = &checked.subject.fault {
        let (took, kept) = (Duration::ZERO, Vec::new());
        let trial = |loader| Trial { loader, verdict: fault.clone(), took, kept: kept.clone() };
        checked.trials = loaders.into_iter().map(trial).collect();
        return Ok(checked);
    }
    let folder = folder()?;
    let (accel, note) = choose(options.wish, &firmware, folder.path(), stop)?;
    checked.accel = Some(accel);
    checked.notes.extend(note);
    let served = Served::new(checked.subject.with_probe(disk), folder.path(), "media")?;
    for loader in loaders {
        tell(&format!("a start through {}", loader.name()));
        let bench = Bench { loader, options, firmware: &firmware, accel, stop };
        let folder = self::folder()?;
        checked.trials.push(bench.start(&served, &checked.subject, folder.path())?);
    }
    Ok(checked)
}

fn unread(error: &crate::block::Error) -> Failure {
    let hint = "`lionize verify` says what is wrong with it";
    Failure::missing("the media cannot be read", hint).because(error)
}

/// A folder of one machine's files, gone with its value.
pub(super) fn folder() -> Result<tempfile::TempDir> {
    let made = tempfile::Builder::new().prefix("lionize-vm-").tempdir();
    made.map_err(|error| Failure::host("there is no room for temporary files", &error))
}

/// Those that were asked for, or all that are here.
fn loaders(options: &Options) -> Result<Vec<Loader>> {
    if let Some(loader) = options.loader {
        return loader.find(&options.host).map(|()| vec![loader]);
    }
    let mut missing = Vec::new();
    let mut found = Vec::new();
    for loader in Loader::ALL {
        match loader.find(&options.host) {
            Ok(()) => found.push(loader),
            Err(failure) => missing.push(failure),
        }
    }
    match (found.is_empty(), missing.pop()) {
        (true, Some(last)) => Err(Failure {
            kind: FailureKind::Missing,
            sentence: "no HFS+ reader found: neither rEFInd nor GRUB is installed".to_owned(),
            causes: Vec::new(),
            hint: missing.pop().unwrap_or(last).hint,
        }),
        _ => Ok(found),
    }
}

/// What one start needs.
struct Bench<'a> {
    loader: Loader,
    options: &'a Options,
    firmware: &'a Firmware,
    accel: Accel,
    stop: &'a AtomicBool,
}

impl Bench<'_> {
    fn start(&self, media: &Served, subject: &Subject, folder: &Path) -> Result<Trial> {
        let disk = folder.join("loader");
        let files = self.loader.files(&self.options.host, subject, folder, self.stop)?;
        write_disk(&disk, files)?;
        let loader = Drive::new(word(&disk)?, Ports::Virtio);
        let stick = Drive::new(media.url(), Ports::Usb);
        // OVMF connects what is in the boot order: GRUB sees only that.
        let machine = Machine::uefi(self.firmware, self.accel)
            .with(Drive { boot: Some(0), kept: true, ..loader })
            .with(Drive { boot: Some(1), ..stick });
        let run = machine.run(folder, self.options.limit, self.stop, &mut |_| {})?;
        let log = self.loader.log(&disk);
        let verdict = self.judge(&run, log.as_deref(), subject);
        let kept = self.keep(&run, log.as_deref(), &verdict)?;
        Ok(Trial { loader: self.loader, verdict, took: run.took, kept })
    }

    fn judge(&self, run: &Run, log: Option<&str>, subject: &Subject) -> Verdict {
        let ran = run.end == End::Exited(ENDED) && run.serial.contains(PROBE);
        let differs = || match self.loader {
            Loader::Grub => grub::different(&run.serial, subject),
            // It starts a boot program, and looks for nothing that this needs.
            Loader::Refind => {
                let missing = subject.wanted.iter().find(|wanted| !wanted.found);
                missing.map(|wanted| Verdict::not_found(&wanted.what, &wanted.path))
            }
        };
        match run.end {
            _ if ran => differs().unwrap_or(Verdict::Boots),
            End::Exited(ENDED) => {
                let path = self.loader.starts(subject);
                Verdict::Refused(format!("{path} was started, and is not the probe"))
            }
            End::Exited(1) if !run.complaint.is_empty() => {
                Verdict::Ended(format!("QEMU says: {}", run.complaint))
            }
            _ => self.loader.explain(run, log, subject),
        }
    }

    /// Keeps what was said, where it is wanted or does not boot.
    fn keep(&self, run: &Run, log: Option<&str>, verdict: &Verdict) -> Result<Vec<PathBuf>> {
        let fail = |error| Failure::host("the logs cannot be kept", &error);
        let to = match &self.options.keep {
            Some(folder) => folder.clone(),
            None if *verdict == Verdict::Boots => return Ok(Vec::new()),
            None => folder()?.keep(),
        };
        fs::create_dir_all(&to).map_err(fail)?;
        let mut kept = Vec::new();
        let mut put = |name: &str, bytes: &[u8]| {
            let path = to.join(format!("{}.{name}", self.loader.word()));
            fs::write(&path, bytes).map_err(fail)?;
            kept.push(path);
            Ok(())
        };
        put("serial.log", run.serial.as_bytes())?;
        if let Some(log) = log {
            put("refind.log", log.as_bytes())?;
        }
        if let Some(picture) = &run.picture {
            put("screen.png", &fs::read(picture).map_err(fail)?)?;
        }
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_loader_nothing_is_tried() {
        let options = Options::new(Host::default());
        let disk = crate::block::bytes(*b"no disk at all");
        let failure =
            check(&disk, &options, &AtomicBool::new(false), &mut |_| {}).map(drop).unwrap_err();
        assert_eq!(
            failure.to_string(),
            "no HFS+ reader found: neither rEFInd nor GRUB is installed"
        );
        assert_eq!(
            failure.hint.unwrap(),
            "install it: Debian `apt install --no-install-recommends refind`, Arch `pacman -S \
             refind`; or use `--loader grub`"
        );
    }

    #[test]
    fn media_that_cannot_be_read_are_no_fault_of_the_host() {
        let failure =
            unread(&crate::block::Error::corrupt("GPT", "Signature", 1u32, "not a GPT's"));
        assert_eq!(failure.kind, crate::vm::FailureKind::Missing);
        assert_eq!(
            failure.to_string(),
            "the media cannot be read: GPT: Signature is 1: not a GPT's"
        );
        assert_eq!(failure.hint.unwrap(), "`lionize verify` says what is wrong with it");
    }
}
