//! Why nothing could be tried: not what a machine said, but why there was none.

use std::fmt;
use std::io;

/// The kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// A program or a file of the host is missing, or is not what it should be.
    Missing,
    /// The host did not do what it was asked.
    Host,
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
        Self { kind, sentence: sentence.into(), causes, hint: None }
    }

    /// The user stopped the work.
    pub(super) fn interrupted() -> Self {
        let sentence = "the work was interrupted; nothing was left behind".into();
        Self { kind: FailureKind::Interrupted, sentence, causes: Vec::new(), hint: None }
    }

    /// Adds a cause below those there are.
    pub(super) fn because(mut self, cause: impl fmt::Display) -> Self {
        self.causes.push(cause.to_string());
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
