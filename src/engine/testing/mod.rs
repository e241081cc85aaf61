//! Whether finished media are what their recipe claims: `[[test]]`.
//!
//! Each claim is judged by our own reader over the finished image, from its
//! tables on. What a program of other authors can see of it (`exists`,
//! `absent`, `sha256`, `contains`, outside of containers) is judged a second
//! time by one that is installed; `boots` by a loader in a machine. Contents
//! stream past; none is held whole but a property list.

mod boots;
mod claim;
mod foreign;
mod given;
mod media;
mod probe;
mod recorded;
mod run;

use crate::engine::events::{Sink, Stop};
use crate::engine::facts::Facts;
use crate::engine::inputs::Inputs;
use crate::engine::plan::Plan;
use crate::engine::problem::Result;
use crate::engine::request::Request;
use crate::recipe::{Position, Test};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What our own reader is called among those who judge.
pub const OURS: &str = "lionize";

/// Whether programs of other authors judge, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Judges {
    /// None does.
    None,
    /// One that is installed; that there is none is told.
    #[default]
    Found,
    /// What cannot be judged is a failure.
    Required,
}

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Passed,
    /// It does not.
    Failed {
        /// Who says so.
        by: &'static str,
        /// What the recipe claims.
        wanted: String,
        /// What is there.
        found: String,
    },
    /// Its condition does not hold.
    Skipped(String),
    /// It could not be judged.
    NotRun(String),
}

/// A claim, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Where it stands in the recipe.
    pub at: Position,
    /// The claim, as in `exists /a`.
    pub claim: String,
    /// What became of it.
    pub verdict: Verdict,
    /// Who judged it.
    pub judges: Vec<&'static str>,
}

/// All claims of a recipe, and what became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tested {
    /// One for each claim, in the recipe's order.
    pub outcomes: Vec<Outcome>,
    /// The program of other authors that judged, if one did.
    pub foreign: Option<&'static str>,
    /// Why none did, in words.
    pub unjudged: Option<String>,
}

impl Tested {
    /// How many outcomes are so.
    #[must_use]
    pub fn count(&self, is: impl Fn(&Verdict) -> bool) -> usize {
        self.outcomes.iter().filter(|outcome| is(&outcome.verdict)).count()
    }
}

/// What claims are resolved with.
struct Known<'k> {
    facts: &'k Facts,
    inputs: &'k Inputs,
    /// Inputs of which nothing is known.
    unknown: BTreeSet<String>,
    /// Digests of inputs that a manifest has and that are not at hand.
    recorded: BTreeMap<String, String>,
}

/// Tests media that were made by a plan.
///
/// # Errors
/// A [`Problem`](crate::engine::Problem) when the image cannot be read; what
/// does not hold is in the answer.
pub fn test(
    plan: &Plan,
    image: &Path,
    judges: Judges,
    sink: &mut dyn Sink,
    stop: &Stop,
) -> Result<Tested> {
    let known = Known {
        facts: &plan.facts,
        inputs: &plan.inputs,
        unknown: BTreeSet::new(),
        recorded: BTreeMap::new(),
    };
    claims(&plan.recipe.tests, &known, image, judges, sink, stop)
}

/// Tests media that were made before. Of inputs that are not given, what the
/// manifest beside the image says is believed.
///
/// # Errors
/// As [`test()`]; a recipe or an input that is wrong.
pub fn test_image(
    request: &Request,
    image: &Path,
    judges: Judges,
    sink: &mut dyn Sink,
    stop: &Stop,
) -> Result<Tested> {
    let given = given::open(request, recorded::read(image)?, sink, stop)?;
    let known = Known {
        facts: &given.facts,
        inputs: &given.inputs,
        unknown: given.unknown,
        recorded: given.digests,
    };
    claims(&given.recipe.tests, &known, image, judges, sink, stop)
}

fn claims(
    tests: &[Test],
    known: &Known<'_>,
    image: &Path,
    judges: Judges,
    sink: &mut dyn Sink,
    stop: &Stop,
) -> Result<Tested> {
    let media = media::Media::open(image, stop)?;
    run::Run::new(known, &media, judges, sink, stop)?.all(tests)
}
