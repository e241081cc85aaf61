//! A small Linux guest with the kernel's own HFS+ driver.
//!
//! It has a kernel and modules of a distribution, busybox, and scripts of ours;
//! nothing is compiled. It gets a volume as a read-only disk and writes what it
//! finds on another, a file that is then ours to read.
//!
//! Facts: the kernel's `buffer-format.rst` (initramfs), busybox's own help.

mod initrd;
mod kernel;
mod said;

pub use initrd::Initrd;
pub use kernel::{Kernel, MODULES, find as find_kernel};
pub use said::{Said, Seen};

use crate::block::Source;
use crate::vm::accel::Accel;
use crate::vm::check::folder;
use crate::vm::failure::{Failure, FailureKind, Result};
use crate::vm::firmware::qemu;
use crate::vm::host::Host;
use crate::vm::loader::word;
use crate::vm::machine::{Drive, End, Machine, Ports, Run};
use crate::vm::serve::Served;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The size of the disk that it writes on; a file with holes.
const ANSWER: u64 = 1 << 30;

/// Where the guest's parts come from.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// A package of Debian's with a kernel.
    pub kernel: Option<PathBuf>,
    /// A static busybox.
    pub busybox: Option<PathBuf>,
    /// Where unpacked kernels are kept.
    pub cache: PathBuf,
}

/// A guest that is ready to start.
pub struct Guest {
    qemu: PathBuf,
    kernel: Kernel,
    busybox: Vec<u8>,
}

impl Guest {
    /// Finds or unpacks all that it is made of.
    ///
    /// # Errors
    /// [`Failure`], with what is missing and how it gets there.
    pub fn find(host: &Host, parts: &Parts) -> Result<Self> {
        let qemu = qemu(host)?;
        let busybox = initrd::busybox(host, parts.busybox.as_deref())?;
        let kernel = find_kernel(parts.kernel.as_deref(), &parts.cache, &[])?;
        Ok(Self { qemu, kernel, busybox })
    }

    /// What kernel it has.
    #[must_use]
    pub fn kernel(&self) -> &str {
        &self.kernel.name
    }

    /// Lets it read a volume.
    ///
    /// # Errors
    /// [`Failure`], when it did not come to an answer.
    pub fn read(
        &self,
        volume: Source,
        accel: Accel,
        limit: Duration,
        stop: &AtomicBool,
    ) -> Result<Said> {
        let dir = folder()?;
        let dir = dir.path();
        let fail = |error: std::io::Error| Failure::host("the guest cannot be made", &error);
        let (initrd, answer) = (dir.join("initrd"), dir.join("answer"));
        fs::write(&initrd, initrd::make(&self.busybox, &self.kernel)).map_err(fail)?;
        File::create(&answer).and_then(|file| file.set_len(ANSWER)).map_err(fail)?;
        let served = Served::new(volume, dir, "volume")?;
        let answers = Drive::new(word(&answer)?, Ports::Virtio);
        let machine = Machine::linux(&self.qemu, accel, &self.kernel.image, &initrd)
            .with(Drive::new(served.url(), Ports::Virtio))
            .with(Drive { kept: true, ..answers });
        let run = machine.run(dir, limit, stop, &mut |_| {})?;
        ended(&run)?;
        said::read(&answer).map_err(|why| no_answer(&run).because(why))
    }
}

fn ended(run: &Run) -> Result<()> {
    match run.end {
        End::Exited(0) => Ok(()),
        End::TimedOut => {
            let seconds = run.took.as_secs();
            let mut failure = no_answer(run).because(format!("it still ran after {seconds} s"));
            failure.hint = Some("give it more time with --limit".to_owned());
            Err(failure)
        }
        End::Exited(code) => Err(no_answer(run).because(format!("QEMU ended with code {code}"))),
        End::Stopped => Err(no_answer(run).because("its processor stopped")),
    }
}

/// The guest came to nothing: with what it and QEMU said last.
fn no_answer(run: &Run) -> Failure {
    let lines = run.serial.lines().chain(run.complaint.lines()).map(str::trim);
    let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    let mut failure = Failure {
        kind: FailureKind::Host,
        sentence: "the guest gave no answer".to_owned(),
        causes: Vec::new(),
        hint: None,
    };
    for line in &lines[lines.len().saturating_sub(5)..] {
        failure = failure.because(line);
    }
    failure
}

/// What is in the folder of a cache, in order of names; nothing without one.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(end: End) -> String {
        let serial = "Linux version 6.1\n\nhfsplus: unable to find HFS+ superblock\n".to_owned();
        let (took, complaint) = (Duration::from_secs(600), String::new());
        let failure = ended(&Run { end, serial, took, picture: None, complaint }).unwrap_err();
        let hint = failure.hint.map_or_else(String::new, |hint| format!("\n  hint: {hint}"));
        format!("{}\n  {}{hint}", failure.sentence, failure.causes.join("\n  "))
    }

    #[test]
    fn a_guest_without_an_answer_says_how_it_ended() {
        let lead = "the guest gave no answer\n  Linux version 6.1\n  \
                    hfsplus: unable to find HFS+ superblock\n  ";
        assert_eq!(
            said(End::TimedOut),
            format!("{lead}it still ran after 600 s\n  hint: give it more time with --limit")
        );
        assert_eq!(said(End::Exited(1)), format!("{lead}QEMU ended with code 1"));
        assert_eq!(said(End::Stopped), format!("{lead}its processor stopped"));
    }
}
