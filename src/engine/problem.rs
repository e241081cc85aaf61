//! Why a job failed, in words that a user can act on.

use crate::block::Error;
use crate::recipe::{Mistake, nearest};
use crate::source::store::{Failure, FailureKind};
use crate::vm;
use std::fmt;
use std::io;
use std::path::Path;

/// The few kinds of failure; each has its exit code in `cli`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// The arguments do not fit together.
    Usage,
    /// An input or a recipe is not what it should be.
    BadInput,
    /// A server did not give what it should.
    Network,
    /// A file that is made could not be written.
    Output,
    /// A disk could not be written, or may not be.
    Device,
    /// What was written, or what was read, did not prove right.
    Verification,
    /// The user stopped the work.
    Interrupted,
    /// A fault of this program.
    Ours,
}

/// A failure: one sentence, what led to it, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind of failure.
    pub kind: ProblemKind,
    /// What failed, in one sentence without a full stop.
    pub sentence: String,
    /// What led to it, outermost first; for a recipe, one line a mistake.
    pub causes: Vec<String>,
    /// What the user can do about it.
    pub hint: Option<String>,
    /// The mistakes in a text, each with the lines that show it, if they are
    /// known; they are among the causes, too.
    pub mistakes: Vec<(Mistake, Option<String>)>,
}

/// A result of the engine.
pub type Result<T, E = Problem> = std::result::Result<T, E>;

impl Problem {
    /// A problem without causes or a hint.
    #[must_use]
    pub fn new(kind: ProblemKind, sentence: impl Into<String>) -> Self {
        let (causes, mistakes) = (Vec::new(), Vec::new());
        Self { kind, sentence: sentence.into(), causes, hint: None, mistakes }
    }

    /// Arguments that do not fit together.
    #[must_use]
    pub fn usage(sentence: impl Into<String>) -> Self {
        Self::new(ProblemKind::Usage, sentence)
    }

    /// An input or a recipe that is not what it should be.
    #[must_use]
    pub fn bad_input(sentence: impl Into<String>) -> Self {
        Self::new(ProblemKind::BadInput, sentence)
    }

    /// A fault of this program.
    #[must_use]
    pub fn ours(sentence: impl Into<String>) -> Self {
        Self::new(ProblemKind::Ours, sentence)
    }

    /// The user stopped the work.
    #[must_use]
    pub fn interrupted() -> Self {
        Self::new(ProblemKind::Interrupted, "the work was interrupted; nothing was left behind")
    }

    /// All mistakes in what is called `what`; `shown` gives the lines of one.
    #[must_use]
    pub fn mistaken(
        what: impl fmt::Display,
        mistakes: Vec<Mistake>,
        shown: impl Fn(&Mistake) -> Option<String>,
    ) -> Self {
        let count = match mistakes.len() {
            1 => "a mistake".to_owned(),
            n => format!("{n} mistakes"),
        };
        let mut problem = Self::bad_input(format!("{what} has {count}"));
        problem.causes = mistakes.iter().map(Mistake::to_string).collect();
        let marked = |mistake| {
            let shown = shown(&mistake);
            (mistake, shown)
        };
        problem.mistakes = mistakes.into_iter().map(marked).collect();
        problem
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

    /// Adds the known word that is nearest to one that is not, if any is near.
    #[must_use]
    pub fn near<'a>(self, word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        match nearest(word, known) {
            Some(near) => self.hint(format!("did you mean `{near}`?")),
            None => self,
        }
    }

    /// An input that could not be read or is not what it should be.
    #[must_use]
    pub fn reading(what: impl fmt::Display, error: Error) -> Self {
        let hint = match &error {
            Error::Corrupt(_) => "the file is damaged; get it again",
            other => other.hint(),
        };
        if let Error::Io(error) = &error
            && was_stopped(error)
        {
            return Self::interrupted();
        }
        let mut problem = Self::bad_input(format!("cannot read {what}")).because(error);
        problem.hint = Some(hint.to_owned()).filter(|hint| !hint.is_empty());
        problem
    }

    /// An output that could not be written.
    #[must_use]
    pub fn writing(path: &Path, error: &io::Error) -> Self {
        let sentence = format!("cannot write {}", path.display());
        let problem = Self::new(ProblemKind::Output, sentence).because(error);
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                problem.hint("make room there, or give another place")
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                problem.hint("give a place that you may write to")
            }
            io::ErrorKind::NotFound => problem.hint("make the folder first"),
            _ => problem,
        }
    }
}

/// Whether this is how readers tell that they were asked to stop.
fn was_stopped(error: &io::Error) -> bool {
    match error.kind() {
        io::ErrorKind::Interrupted => true,
        // Archives' readers: the other kind would have them read again.
        io::ErrorKind::ConnectionAborted => {
            error.to_string().ends_with("the reading was interrupted")
        }
        _ => false,
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::reading("an input", error)
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let kind = match failure.kind {
            FailureKind::Network | FailureKind::Offline => ProblemKind::Network,
            FailureKind::Interrupted => ProblemKind::Interrupted,
            FailureKind::Proof => ProblemKind::Verification,
            FailureKind::Disk => ProblemKind::Output,
            FailureKind::Usage => ProblemKind::Usage,
        };
        let Failure { sentence, causes, hint, .. } = failure;
        Self { kind, sentence, causes, hint, mistakes: Vec::new() }
    }
}

impl From<vm::Failure> for Problem {
    fn from(failure: vm::Failure) -> Self {
        let kind = match failure.kind {
            vm::FailureKind::Missing => ProblemKind::BadInput,
            vm::FailureKind::Host => ProblemKind::Output,
            vm::FailureKind::Usage => ProblemKind::Usage,
            vm::FailureKind::Interrupted => ProblemKind::Interrupted,
        };
        let vm::Failure { sentence, causes, hint, .. } = failure;
        Self { kind, sentence, causes, hint, mistakes: Vec::new() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.sentence)?;
        self.causes.iter().try_for_each(|cause| write!(f, "\n  {cause}"))?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\n  hint: {hint}"))
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stopped_is_no_bad_input() {
        let stopped = Error::from(io::Error::from(io::ErrorKind::Interrupted));
        let problem = Problem::reading("an input", stopped.in_file("InstallESD.dmg"));
        assert_eq!(problem, Problem::interrupted());
    }

    #[test]
    fn a_refusal_keeps_its_hint() {
        let error = Error::unsupported("an APFS container", "magic", "NXSB", "give an HFS+ image");
        let problem = Problem::reading("x.dmg", error);
        assert_eq!(
            problem.to_string(),
            "cannot read x.dmg\n  this is an APFS container, which is not supported \
             (magic is \"NXSB\")\n  hint: give an HFS+ image"
        );
    }

    #[test]
    fn what_cannot_be_written_says_what_helps() {
        let hint = |kind: io::ErrorKind| {
            Problem::writing(Path::new("/out.img"), &io::Error::from(kind)).to_string()
        };
        assert_eq!(
            hint(io::ErrorKind::StorageFull),
            "cannot write /out.img\n  no storage space\n  hint: make room there, or give another place"
        );
        assert_eq!(
            hint(io::ErrorKind::ReadOnlyFilesystem),
            "cannot write /out.img\n  read-only filesystem or storage medium\n  \
             hint: give a place that you may write to"
        );
        assert_eq!(
            hint(io::ErrorKind::NotFound),
            "cannot write /out.img\n  entity not found\n  hint: make the folder first"
        );
        assert_eq!(hint(io::ErrorKind::TimedOut), "cannot write /out.img\n  timed out");
    }

    #[test]
    fn what_is_damaged_is_to_be_fetched_again() {
        let error = Error::corrupt("koly", "Version", 9u32, "not 4");
        assert_eq!(
            Problem::reading("x.dmg", error).to_string(),
            "cannot read x.dmg\n  koly: Version is 9: not 4\n  \
             hint: the file is damaged; get it again"
        );
    }
}
