//! Why a file could not be had, in words that a user can act on.

use std::fmt;
use std::io;
use std::path::Path;

/// The kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// A server did not give what it should.
    Network,
    /// Nothing may be fetched, and the file is not in the store.
    Offline,
    /// The user stopped the work.
    Interrupted,
    /// What came does not prove right.
    Proof,
    /// The store's folder could not be read or written.
    Disk,
    /// What was asked for makes no sense, such as a mirror that is no address.
    Usage,
}

/// A failure: one sentence, what led to it, and what to do.
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

impl Failure {
    /// A failure without causes or a hint.
    #[must_use]
    pub fn new(kind: FailureKind, sentence: impl Into<String>) -> Self {
        Self { kind, sentence: sentence.into(), causes: Vec::new(), hint: None }
    }

    /// Adds a cause below those there are.
    #[must_use]
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.causes.push(cause.to_string());
        self
    }

    /// Adds what the user can do; the first hint stays.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// A file or folder of the store that cannot be used.
    #[must_use]
    pub fn disk(path: &Path, error: &io::Error) -> Self {
        let sentence = format!("cannot use {} in the store", path.display());
        let failure = Self::new(FailureKind::Disk, sentence).because(error);
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                failure.hint("make room there, for example with `lionize cache prune --to '20 GB'`")
            }
            _ => failure.hint("give another folder with --store"),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.sentence)?;
        self.causes.iter().try_for_each(|cause| write!(f, "\n  {cause}"))?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\n  hint: {hint}"))
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_used_says_what_to_do() {
        let said = |kind| Failure::disk(Path::new("/s/parts"), &io::Error::from(kind)).to_string();
        assert_eq!(
            said(io::ErrorKind::StorageFull),
            "cannot use /s/parts in the store\n  no storage space\n  \
             hint: make room there, for example with `lionize cache prune --to '20 GB'`"
        );
        assert_eq!(
            said(io::ErrorKind::PermissionDenied),
            "cannot use /s/parts in the store\n  permission denied\n  \
             hint: give another folder with --store"
        );
    }
}
