//! What is known of an image that was built before: the inputs that are given,
//! and what its manifest says of the others.

use crate::engine::build::threads;
use crate::engine::events::{Sink, Stage, Stop};
use crate::engine::facts::Facts;
use crate::engine::inputs::{self, Inputs, Opened, Search};
use crate::engine::load;
use crate::engine::problem::Result;
use crate::engine::progress::Progress;
use crate::engine::request::Request;
use crate::engine::supply::Supply;
use crate::engine::testing::recorded::Recorded;
use crate::engine::trust::Judge;
use crate::recipe::Recipe;
use std::collections::{BTreeMap, BTreeSet};

/// How manifests tell a secret.
const SECRET: &str = "(not shown)";

/// What claims of a recipe may ask for.
pub(super) struct Given {
    pub(super) recipe: Recipe,
    pub(super) facts: Facts,
    pub(super) inputs: Inputs,
    /// Inputs of which nothing is known.
    pub(super) unknown: BTreeSet<String>,
    /// Digests of inputs that are not at hand.
    pub(super) digests: BTreeMap<String, String>,
}

/// Opens what is given, and nothing else.
pub(super) fn open(
    request: &Request,
    recorded: Option<Recorded>,
    sink: &mut dyn Sink,
    stop: &Stop,
) -> Result<Given> {
    let recipe = load::recipe_with(&request.recipe, &request.supplies)?;
    let progress = Progress::new(sink);
    let mut facts = Facts::default();
    for (name, value) in load::params(&recipe, &set(&recipe, recorded.as_ref(), request))? {
        facts.set("params", &name, value);
    }
    progress.start(Stage::Read, "the inputs", 0);
    if let Some(other) = recorded.as_ref().map(|it| &it.recipe).filter(|it| **it != recipe.name) {
        progress.warn(format!("the image was made by the recipe `{other}`, says its manifest"));
    }
    let mut supply = Supply::new(&request.supplies, &progress, stop);
    let judge = &Judge::new(&request.supplies, request.date, threads(request.threads))?;
    let (given, lock, supply) = (as_given(&recipe, request), None, &mut supply);
    let mut search = Search { recipe: &given, request, lock, supply, judge, fetch: false };
    let Opened { inputs, .. } = inputs::open(&mut search, &mut facts)?;
    progress.finish(Stage::Read);
    let mut found =
        Given { recipe, facts, inputs, unknown: BTreeSet::new(), digests: BTreeMap::new() };
    found.recall(request, recorded.as_ref());
    Ok(found)
}

/// The recipe, if it wanted no more than what is given.
fn as_given(recipe: &Recipe, request: &Request) -> Recipe {
    let mut given = recipe.clone();
    for input in &mut given.inputs {
        if !request.inputs.iter().any(|(name, _)| *name == input.name) {
            (input.optional, input.entry) = (true, None);
        }
    }
    given
}

/// The params that were set then, and over them those that are set now.
fn set(recipe: &Recipe, recorded: Option<&Recorded>, request: &Request) -> Vec<(String, String)> {
    let known = |name: &str| recipe.params.iter().any(|param| param.name == name);
    let then = recorded.into_iter().flat_map(|it| it.params.clone());
    let then = then.filter(|(name, value)| known(name) && value != SECRET);
    then.chain(request.params.iter().cloned()).collect()
}

impl Given {
    /// Learns of inputs that are not given from the manifest.
    fn recall(&mut self, request: &Request, recorded: Option<&Recorded>) {
        for input in &self.recipe.inputs {
            let name = &input.name;
            if request.inputs.iter().any(|(given, _)| given == name) {
                continue;
            }
            let Some(recorded) = recorded else {
                self.unknown.insert(name.clone());
                continue;
            };
            // What is not in a manifest was left out.
            let Some(then) = recorded.inputs.iter().find(|then| then.name == *name) else {
                continue;
            };
            for (fact, value) in then.facts() {
                self.facts.set(name, fact, value);
            }
            let digest = then.digest().map(|digest| (name.clone(), digest.to_owned()));
            self.digests.extend(digest);
        }
    }
}
