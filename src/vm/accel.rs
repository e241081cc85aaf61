//! What runs a machine's processor, and whether it can.
//!
//! That `/dev/kvm` is there and opens says little: under a second hypervisor
//! guests may stop at their first instruction, or hang. So KVM is used only
//! when a small guest, with the firmware that is used later, ends in time.

use crate::format::efi_program::{ENDED, efi_program};
use crate::vm::failure::{Failure, Result};
use crate::vm::firmware::Firmware;
use crate::vm::loader::{self, PROGRAM};
use crate::vm::machine::{Drive, End, Machine, Ports, Run};
use std::fs::OpenOptions;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What runs a machine's processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accel {
    /// The processor itself.
    Kvm,
    /// QEMU's translation: slow, and everywhere.
    Tcg,
}

/// What the user wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wish {
    /// KVM where a trial shows that it works.
    #[default]
    Auto,
    /// KVM or nothing.
    Kvm,
    /// Translation; nothing is tried.
    Tcg,
}

/// How long the trial may take; where KVM works it takes two seconds.
const TRIAL: Duration = Duration::from_secs(7);
const LINE: &str = "@@ lionize: the trial guest runs";

impl Accel {
    /// As QEMU names it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Kvm => "kvm",
            Self::Tcg => "tcg",
        }
    }

    pub(super) const fn cpu(self) -> &'static str {
        match self {
            Self::Kvm => "host",
            Self::Tcg => "max",
        }
    }
}

/// Chooses, after a trial in a folder; says why it is not KVM, where that is odd.
///
/// # Errors
/// [`Failure`], when only KVM will do and does not.
pub fn choose(
    wish: Wish,
    firmware: &Firmware,
    folder: &Path,
    stop: &AtomicBool,
) -> Result<(Accel, Option<String>)> {
    if wish == Wish::Tcg {
        return Ok((Accel::Tcg, None));
    }
    let opened = OpenOptions::new().read(true).write(true).open("/dev/kvm");
    let why = match opened {
        Err(error) if wish == Wish::Auto && error.kind() == std::io::ErrorKind::NotFound => {
            return Ok((Accel::Tcg, None));
        }
        Err(error) => format!("/dev/kvm cannot be opened: {error}"),
        Ok(_) => match trial(firmware, folder, stop)? {
            None => return Ok((Accel::Kvm, None)),
            Some(why) => why,
        },
    };
    match wish {
        Wish::Kvm => Err(no_kvm(why)),
        _ => Ok((Accel::Tcg, Some(format!("KVM is not used: {why}")))),
    }
}

fn no_kvm(why: impl std::fmt::Display) -> Failure {
    let hint = "leave out `--accel kvm`: software emulation runs everywhere";
    Failure::missing("KVM cannot be used here", hint).because(why)
}

/// Why KVM does not work; nothing when it does.
fn trial(firmware: &Firmware, folder: &Path, stop: &AtomicBool) -> Result<Option<String>> {
    let disk = folder.join("trial");
    let program = (PROGRAM.to_owned(), efi_program(LINE));
    loader::write_disk(&disk, vec![program])?;
    let drive = Drive { boot: Some(0), ..Drive::new(loader::word(&disk)?, Ports::Virtio) };
    let machine = Machine::uefi(firmware, Accel::Kvm).with(drive).blind();
    let run = machine.run(folder, TRIAL, stop, &mut |_| {})?;
    let _ = std::fs::remove_file(&disk);
    Ok(failed(&run))
}

fn failed(run: &Run) -> Option<String> {
    let why = match run.end {
        End::Exited(ENDED) if run.serial.contains(LINE) => return None,
        End::Exited(code) => format!("a trial guest ended with code {code}"),
        End::Stopped => "a trial guest's processor stopped".to_owned(),
        End::TimedOut => format!("a trial guest hung for {} s", TRIAL.as_secs()),
    };
    let first = run.complaint.lines().next().unwrap_or_default().to_owned();
    Some(if first.is_empty() { why } else { format!("{why} ({first})") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_kvm_is_not_used_is_said() {
        let run = |end, complaint: &str| {
            let (serial, complaint) = (String::new(), complaint.to_owned());
            failed(&Run { end, serial, took: TRIAL, picture: None, complaint }).unwrap()
        };
        assert_eq!(
            run(End::Exited(1), "failed to initialize kvm: Permission denied\nmore"),
            "a trial guest ended with code 1 (failed to initialize kvm: Permission denied)"
        );
        assert_eq!(run(End::Stopped, ""), "a trial guest's processor stopped");
        let failure = no_kvm(run(End::TimedOut, ""));
        assert_eq!(failure.to_string(), "KVM cannot be used here: a trial guest hung for 7 s");
        assert_eq!(
            failure.hint.unwrap(),
            "leave out `--accel kvm`: software emulation runs everywhere"
        );
    }
}
