//! Why nothing could be tried: not what a machine said, but why there was none.

use std::fmt;
use std::io::{self, ErrorKind};

/// The kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// A program or a file of the host is missing, or is not what it should be.
    Missing,
    /// The host did not do what it was asked.
    Host,
    /// What was given cannot be right.
    Usage,
    /// The user stopped the work.
    Interrupted,
}

/// Why nothing could be tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure.
    pub kind: FailureKind,
    /// What failed, in one sentence without a full stop.
    pub sentence: String,
    /// What led to it, outermost first.
    pub causes: Vec<String>,
    /// What the user can do about it.
    pub hint: Option<String>,
}

/// A result of this room.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// Something that is not on this computer, and how it gets there.
    pub(super) fn missing(sentence: impl Into<String>, hint: impl Into<String>) -> Self {
        let (kind, hint) = (FailureKind::Missing, Some(hint.into()));
        Self { kind, sentence: sentence.into(), causes: Vec::new(), hint }
    }

    /// Something that the host did not do.
    pub(super) fn host(sentence: impl Into<String>, error: &io::Error) -> Self {
        let (kind, causes) = (FailureKind::Host, vec![error.to_string()]);
        let full = matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
        let hint = full.then(|| "make room, or set TMPDIR to another folder".to_owned());
        Self { kind, sentence: sentence.into(), causes, hint }
    }

    /// What was given cannot be right.
    pub(super) fn usage(sentence: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind: FailureKind::Usage, ..Self::missing(sentence, hint) }
    }

    /// The user stopped the work.
    pub(super) fn interrupted() -> Self {
        let sentence = "the work was interrupted; nothing was left behind".into();
        Self { kind: FailureKind::Interrupted, sentence, causes: Vec::new(), hint: None }
    }

    /// Adds a cause below those there are; what says nothing is none.
    pub(super) fn because(mut self, cause: impl fmt::Display) -> Self {
        self.causes.extend(Some(cause.to_string()).filter(|cause| !cause.is_empty()));
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)?;
        self.causes.iter().try_for_each(|cause| write!(f, ": {cause}"))
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::host::Host;
    use crate::vm::{grub, loader, process, refind};
    use std::process::Command;
    use std::sync::atomic::AtomicBool;
    use std::time::Duration;

    /// A failure with its hint.
    fn told<T>(result: Result<T>) -> (String, Option<String>) {
        let Err(failure) = result else { panic!("nothing failed") };
        (failure.to_string(), failure.hint)
    }

    fn is<T>(result: Result<T>, sentence: &str, hint: &str) {
        assert_eq!(told(result), (sentence.to_owned(), Some(hint.to_owned())));
    }

    #[test]
    fn loaders_that_are_missing_say_how_they_get_there() {
        is(
            grub::find(&Host::default()),
            "GRUB's tools and its modules for UEFI are not installed",
            "install it: Debian `apt install grub-common grub-efi-amd64-bin`, Fedora `dnf install \
             grub2-tools-minimal grub2-efi-x64-modules`, Arch `pacman -S grub`; or use `--loader \
             refind`",
        );
        is(
            refind::find(&Host::default()),
            "rEFInd and its HFS+ driver are not installed",
            "install it: Debian `apt install --no-install-recommends refind`, Arch `pacman -S \
             refind`; or use `--loader grub`",
        );
    }

    #[cfg(unix)]
    #[test]
    fn programs_that_fail_are_named() {
        use std::os::unix::ffi::OsStrExt;
        let dir = tempfile::tempdir().unwrap();
        let run = |name: &str, arg: &str, limit| {
            let stop = AtomicBool::new(false);
            process::run(Command::new(name).arg(arg), dir.path(), limit, &stop)
        };
        let minute = Duration::from_secs(60);
        is(
            run("false", "", minute),
            "false did not do its work: exit status: 1",
            "install it again",
        );
        is(
            run("sleep", "60", Duration::ZERO),
            "sleep did not do its work: it still ran after 0 s",
            "install it again",
        );
        assert_eq!(
            told(run("/none/here", "", minute)),
            ("/none/here cannot be run: No such file or directory (os error 2)".to_owned(), None)
        );
        let path = std::path::Path::new(std::ffi::OsStr::from_bytes(b"/tmp/\xe4"));
        is(
            loader::word(path),
            "QEMU cannot be given /tmp/\u{fffd}: it is not Unicode text",
            "set TMPDIR to another folder",
        );
    }

    #[test]
    fn a_full_disk_has_a_hint() {
        let full = |kind| Failure::host("the guest cannot be made", &io::Error::from(kind));
        is::<()>(
            Err(full(ErrorKind::StorageFull)),
            "the guest cannot be made: no storage space",
            "make room, or set TMPDIR to another folder",
        );
        assert_eq!(full(ErrorKind::PermissionDenied).hint, None);
    }
}
