//! Lock files: what a plan was made of, so that the same is made again anywhere.
//!
//! A lock pins the digests of all inputs, where those that were fetched come
//! from, the date and the format's version. A locked build takes nothing else,
//! asks no catalog, and has the plan's id that the lock says.

use crate::engine::hash::hex;
use crate::engine::identity::{FORMAT, Identified};
use crate::engine::plan::Plan;
use crate::engine::problem::{Problem, Result};
use crate::engine::supply::Pin;
use crate::recipe::Recipe;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// The version of the lock file's own form.
const SCHEMA: u32 = 1;
/// Longer files are no lock files.
const MOST: u64 = 16 << 20;

/// What a build is held to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lock {
    schema: u32,
    /// The version of what the same plan makes.
    format: u32,
    recipe: String,
    /// SHA-256 of the recipe as it was understood: comments do not count.
    recipe_sha256: String,
    /// Seconds since 1970.
    pub(super) date: u64,
    plan: String,
    #[serde(default)]
    params: BTreeMap<String, String>,
    #[serde(default, rename = "input")]
    inputs: Vec<LockedInput>,
}

/// An input of a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LockedInput {
    name: String,
    /// SHA-256 by name: of the file itself, of several by their paths below it.
    sha256: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<Pin>,
}

impl Lock {
    /// The lock of a plan.
    pub(super) fn of(plan: &Plan, identified: &Identified) -> Self {
        let input = |input: &crate::engine::inputs::Input| {
            let files = identified.of(input);
            let named = |(path, digests): (_, &crate::engine::hash::Digests)| {
                (input.file_name(path), hex(digests.sha256))
            };
            let sha256: BTreeMap<_, _> =
                files.iter().map(|(path, digests)| named((path, digests))).collect();
            let from = input.fetched.as_ref().map(|fetched| Pin {
                sha256: Some(hex(fetched.stored.sha256)),
                ..fetched.pin.clone()
            });
            LockedInput { name: input.name.clone(), sha256, from }
        };
        Self {
            schema: SCHEMA,
            format: FORMAT,
            recipe: plan.recipe.name.clone(),
            recipe_sha256: recipe_digest(&plan.recipe),
            date: plan.identity.date,
            plan: identified.id(),
            params: plan.params.iter().cloned().collect(),
            inputs: plan.inputs.0.iter().map(input).collect(),
        }
    }

    /// The lock as its file has it.
    ///
    /// # Errors
    /// Never for a lock of ours.
    pub(super) fn text(&self) -> Result<String> {
        let text = toml::to_string(self);
        let text =
            text.map_err(|error| Problem::ours("a lock cannot be written").because(error))?;
        Ok(format!(
            "# What the recipe {} was resolved to. `lionize build {} --locked FILE` makes\n\
             # the same bytes again, and refuses any other input.\n\n{text}",
            self.recipe, self.recipe
        ))
    }

    /// Reads a lock file.
    ///
    /// # Errors
    /// When it cannot be read, or is of another version.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let name = path.display();
        let fail = |cause: &dyn std::fmt::Display| {
            Problem::bad_input(format!("cannot read the lock file {name}"))
                .because(cause)
                .hint("make it again with `lionize lock`")
        };
        let long = std::fs::metadata(path).map_err(|error| fail(&error))?.len() > MOST;
        if long {
            return Err(fail(&"it is too long to be one"));
        }
        let text = std::fs::read_to_string(path).map_err(|error| fail(&error))?;
        let lock: Self = toml::from_str(&text).map_err(|error| fail(&error.message()))?;
        if lock.schema != SCHEMA {
            let cause = format!("its `schema` is {}; this program knows {SCHEMA}", lock.schema);
            return Err(fail(&cause));
        }
        if lock.format != FORMAT {
            let cause = format!(
                "it is for version {} of what is written; this program writes version {FORMAT}",
                lock.format
            );
            return Err(fail(&cause));
        }
        Ok(lock)
    }

    /// Refuses a recipe or params other than those of the lock.
    pub(super) fn check_recipe(&self, recipe: &Recipe, params: &[(String, String)]) -> Result<()> {
        let differs = |what: &str| {
            Problem::bad_input(format!("the lock file is for {what}"))
                .hint("make a new one with `lionize lock`")
        };
        if self.recipe != recipe.name {
            return Err(differs(&format!("the recipe {}, not {}", self.recipe, recipe.name)));
        }
        if self.recipe_sha256 != recipe_digest(recipe) {
            return Err(differs(&format!("another text of the recipe {}", recipe.name)));
        }
        let params: BTreeMap<_, _> = params.iter().cloned().collect();
        let other = params.iter().find(|(name, value)| self.params.get(*name) != Some(value));
        if let Some((name, value)) = other {
            let was = self.params.get(name).map_or("not set", String::as_str);
            return Err(differs(&format!("another `{name}`: {was}, not {value}")));
        }
        Ok(())
    }

    /// Where an input comes from. None for one that was left out.
    pub(super) fn pin(&self, name: &str, optional: bool) -> Result<Option<&Pin>> {
        let found = self.inputs.iter().find(|input| input.name == name);
        match found.map(|input| input.from.as_ref()) {
            Some(Some(pin)) => Ok(Some(pin)),
            None if optional => Ok(None),
            Some(None) => Err(Problem::usage(format!("the input `{name}` must be given"))
                .because("it was given when the lock file was made")
                .hint(format!("give it with --input {name}=PATH"))),
            None => Err(Problem::bad_input(format!("the lock file has no input `{name}`"))
                .hint("make a new one with `lionize lock`")),
        }
    }

    /// Refuses inputs whose bytes are not those of the lock. The size of a disk
    /// is in its plan's id and in no lock, so the id without it is compared.
    pub(super) fn check(&self, plan: &Plan, identified: &Identified) -> Result<()> {
        let anywhere = || plan.identity.anywhere(&plan.inputs, identified);
        if identified.id() == self.plan || anywhere() == self.plan {
            return Ok(());
        }
        let now = Self::of(plan, identified);
        let mut problem = Problem::bad_input("the inputs are not those of the lock file");
        for input in &now.inputs {
            let locked = self.inputs.iter().find(|locked| locked.name == input.name);
            match locked {
                None => problem = problem.because(format!("`{}` is not in it", input.name)),
                Some(locked) if locked.sha256 != input.sha256 => {
                    problem = problem.because(format!("`{}` has other bytes", input.name));
                }
                Some(_) => {}
            }
        }
        for locked in &self.inputs {
            if !now.inputs.iter().any(|input| input.name == locked.name) {
                problem = problem.because(format!("`{}` is missing", locked.name));
            }
        }
        if problem.causes.is_empty() {
            let cause =
                "a folder among them has other names, modes or links, or a secret is another";
            problem = problem.because(cause);
        }
        Err(problem.hint("give the same files, or make a new lock file with `lionize lock`"))
    }
}

fn recipe_digest(recipe: &Recipe) -> String {
    let json = serde_json::to_string(&recipe.decisive()).unwrap_or_default();
    hex(Sha256::digest(json))
}
