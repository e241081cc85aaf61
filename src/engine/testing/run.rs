//! All claims in order, each judged by all who can.

use crate::block::Error;
use crate::engine::events::{Sink, Stage, Stop};
use crate::engine::problem::{Problem, Result};
use crate::engine::progress::Progress;
use crate::engine::testing::boots;
use crate::engine::testing::claim::{Claim, Unlike, is_compressed, unlike_probe};
use crate::engine::testing::foreign::{self, Foreign};
use crate::engine::testing::media::Media;
use crate::engine::testing::probe::Probe;
use crate::engine::testing::{Judges, Known, OURS, Outcome, Tested, Verdict};
use crate::recipe::{self, Test};
use crate::volume::Kind;
use std::io;

/// Judges of one image.
pub(super) struct Run<'r, 's> {
    known: &'r Known<'r>,
    media: &'r Media,
    judges: Judges,
    foreign: Option<Box<dyn Foreign>>,
    unjudged: Option<String>,
    progress: Progress<'s>,
    stop: &'r Stop,
}

impl<'r, 's> Run<'r, 's> {
    pub(super) fn new(
        known: &'r Known<'r>,
        media: &'r Media,
        judges: Judges,
        sink: &'s mut dyn Sink,
        stop: &'r Stop,
    ) -> Result<Self> {
        let (foreign, unjudged) = match judges {
            Judges::None => (None, Some("that was not wanted".to_owned())),
            Judges::Found | Judges::Required => match foreign::find(media)? {
                Ok(reader) => (Some(reader), None),
                Err(why) => (None, Some(why)),
            },
        };
        Ok(Self { known, media, judges, foreign, unjudged, progress: Progress::new(sink), stop })
    }

    pub(super) fn all(self, tests: &[Test]) -> Result<Tested> {
        let what = format!("{}, what its recipe claims", self.media.path.display());
        self.progress.start(Stage::Verify, &what, 0);
        let outcomes = tests.iter().map(|test| self.one(test)).collect::<Result<_>>()?;
        self.progress.finish(Stage::Verify);
        let foreign = self.foreign.as_ref().map(|reader| reader.name());
        Ok(Tested { outcomes, foreign, unjudged: self.unjudged })
    }

    fn one(&self, test: &Test) -> Result<Outcome> {
        if self.stop.raised() {
            return Err(Problem::interrupted());
        }
        let outcome = |claim: String, verdict, judges| Outcome {
            at: test.at.clone(),
            claim,
            verdict,
            judges,
        };
        if let Some(verdict) = self.excused(test) {
            return Ok(outcome(said(&test.claim), verdict, Vec::new()));
        }
        let claim = match Claim::resolve(&test.claim, self.known, self.stop) {
            Ok(claim) => claim,
            Err(_) if self.stop.raised() => return Err(Problem::interrupted()),
            Err(problem) => {
                let why = problem.causes.into_iter().fold(problem.sentence, |a, b| a + ": " + &b);
                return Ok(outcome(said(&test.claim), Verdict::NotRun(why), Vec::new()));
            }
        };
        let (verdict, judges) = match claim {
            Claim::Boots if self.judges == Judges::None => {
                (Verdict::NotRun("no machine was wanted".to_owned()), Vec::new())
            }
            Claim::Boots => boots::judge(&self.media.disk, &self.progress, self.stop)?,
            _ => self.judge(&claim)?,
        };
        Ok(outcome(claim.to_string(), verdict, judges))
    }

    /// Why a test is not made, before it is looked at.
    fn excused(&self, test: &Test) -> Option<Verdict> {
        let unknown = |of: &str| self.known.unknown.contains(of);
        let comparisons = test.when.iter().flat_map(|when| &when.0);
        let mut of = comparisons.map(|comparison| comparison.of.as_str());
        if let Some(input) = of.find(|of| unknown(of)) {
            return Some(Verdict::NotRun(format!("`{input}` was not given")));
        }
        if !self.known.facts.hold(test.when.as_ref()) {
            let when = test.when.as_ref().map(ToString::to_string).unwrap_or_default();
            return Some(Verdict::Skipped(format!("not so: {when}")));
        }
        let recipe::Claim::Sha256 { like: recipe::Like::Input(name), .. } = &test.claim else {
            return None;
        };
        let why = format!("`{name}` was not given");
        match self.known.inputs.get(name).is_some() || self.known.recorded.contains_key(name) {
            true => None,
            false if unknown(name) => Some(Verdict::NotRun(why)),
            // It was given then, and its digest is not on record.
            false if self.known.facts.get(name, "given") == Some("yes") => None,
            // It was left out, or not wanted.
            false => Some(Verdict::Skipped(why)),
        }
    }

    fn judge(&self, claim: &Claim) -> Result<(Verdict, Vec<&'static str>)> {
        let failed = |by, Unlike { wanted, found }| Verdict::Failed { by, wanted, found };
        let ours = match claim.judge(self.media, self.stop) {
            Ok(ours) => ours,
            Err(error) => Some(self.unreadable(claim, error)?),
        };
        if let Some(unlike) = ours {
            return Ok((failed(OURS, unlike), vec![OURS]));
        }
        let Some((reader, path)) = self.foreign.as_ref().zip(self.seen(claim)) else {
            return Ok((Verdict::Passed, vec![OURS]));
        };
        let judges = vec![OURS, reader.name()];
        let found = match ask(reader.as_ref(), claim, path, self.stop) {
            Ok(found) => found,
            Err(_) if self.stop.raised() => return Err(Problem::interrupted()),
            Err(error) => Some(Unlike::new(claim.to_string(), error.to_string())),
        };
        let verdict = found.map_or(Verdict::Passed, |unlike| failed(reader.name(), unlike));
        Ok((verdict, judges))
    }

    /// What cannot be read does not hold; a stop is no verdict.
    fn unreadable(&self, claim: &Claim, error: Error) -> Result<Unlike> {
        if self.stop.raised() {
            return Err(Problem::interrupted());
        }
        Ok(Unlike::new(claim.to_string(), error.to_string()))
    }

    /// The path of a claim that a reader of another author can look at.
    fn seen<'c>(&self, claim: &'c Claim) -> Option<&'c str> {
        let (path, contents) = match claim {
            Claim::Exists(path) => (path, false),
            Claim::Absent(path) => (path, false),
            Claim::Sha256 { path, .. } | Claim::Contains { path, .. } => (path, true),
            _ => return None,
        };
        let tree = &self.media.tree;
        // Some follow links. A path into a container leads nowhere in the tree.
        let fits = match self.media.node(path).map(|id| tree.kind(id)) {
            Some(Kind::File) => !contents || !is_compressed(self.media, path),
            Some(Kind::Symlink) => false,
            Some(_) => !contents,
            None => matches!(claim, Claim::Absent(_)) && self.is_outside(path),
        };
        let plain = !path.contains(char::is_control) && path != "/";
        (fits && plain).then_some(path)
    }

    /// Whether no file stands on the way to a path.
    fn is_outside(&self, path: &str) -> bool {
        let cuts = path.match_indices('/').map(|(at, _)| &path[..at]);
        let tree = &self.media.tree;
        cuts.filter_map(|above| self.media.node(above)).all(|id| tree.is_dir(id))
    }
}

/// Asks a reader of another author.
fn ask(reader: &dyn Foreign, claim: &Claim, path: &str, stop: &Stop) -> io::Result<Option<Unlike>> {
    let mut probe = match claim {
        Claim::Absent(_) => {
            let there = reader.exists(path, stop)?;
            return Ok(there.then(|| Unlike::new("nothing there", "something")));
        }
        Claim::Sha256 { .. } => Probe::digest(),
        Claim::Contains { text, .. } => Probe::search(text),
        _ => {
            let there = reader.exists(path, stop)?;
            return Ok((!there).then(|| Unlike::new("something there", "nothing")));
        }
    };
    if !reader.read(path, &mut |piece| probe.take(piece), stop)? {
        return Ok(Some(Unlike::new("a file", "nothing")));
    }
    Ok(unlike_probe(&probe.finish(), claim))
}

/// A claim as the recipe has it, for those that cannot be resolved.
fn said(claim: &recipe::Claim) -> String {
    use recipe::Claim as Said;
    match claim {
        Said::Exists(path) => format!("exists {path}"),
        Said::Absent(path) => format!("absent {path}"),
        Said::Sha256 { path, .. } => format!("sha256 {path}"),
        Said::Plist(shape) => format!("plist {}", shape.path),
        Said::Contains { path, .. } => format!("contains {path}"),
        Said::Mode { path, .. } => format!("mode {path}"),
        Said::Link { path, .. } => format!("link {path}"),
        Said::Blessed { file, .. } => format!("blessed {file}"),
        Said::Boots(_) => "boots".to_owned(),
        Said::Fits(bytes) => format!("fits {bytes} bytes"),
    }
}
