//! Recipes from where they are, and the values of their params.

use crate::engine::problem::{Problem, Result};
use crate::recipe::{Mistake, Recipe, Text, builtin, load};
use std::path::{Path, PathBuf};

/// The most bytes of a recipe.
const MOST: u64 = 1 << 20;

/// Reads a recipe by name or path, with all that it extends.
///
/// # Errors
/// Every mistake in it, one cause each.
pub fn recipe(name: &str) -> Result<Recipe> {
    parse(&text(name)?)
}

/// The text of a recipe by name or path.
///
/// # Errors
/// A [`Problem`] when there is none.
pub fn text(name: &str) -> Result<Text> {
    if let Some(text) = builtin::text(name) {
        return Ok(text);
    }
    if !is_path(name) {
        let problem = Problem::usage(format!("there is no recipe `{name}`"));
        let known = builtin::names().collect::<Vec<_>>().join(", ");
        return Err(match builtin::similar(name) {
            Some(similar) => problem.hint(format!("did you mean `{similar}`?")),
            None => problem.because(format!("built in: {known}")),
        });
    }
    file(name, "recipe")
}

/// A text of the host's, of a bounded length.
pub(super) fn file(name: &str, what: &str) -> Result<Text> {
    let read = || -> std::io::Result<String> {
        let file = std::fs::File::open(name)?;
        let mut text = String::new();
        let mut limited = std::io::Read::take(file, MOST + 1);
        std::io::Read::read_to_string(&mut limited, &mut text)?;
        if text.len() as u64 > MOST {
            return Err(std::io::Error::other("it is longer than such a file can be"));
        }
        Ok(text)
    };
    let text = read().map_err(|error| {
        Problem::bad_input(format!("cannot read the {what} {name}")).because(error)
    })?;
    Ok(Text { file: name.to_owned(), text })
}

/// Parses a recipe's text; what it extends is built in, or a file beside it.
///
/// # Errors
/// Every mistake in it, one cause each.
pub fn parse(text: &Text) -> Result<Recipe> {
    load(text, &extended).map_err(|mistakes| {
        let count = match mistakes.len() {
            1 => "a mistake".to_owned(),
            n => format!("{n} mistakes"),
        };
        let mut problem = Problem::bad_input(format!("the recipe {} has {count}", text.file));
        problem.causes = mistakes.iter().map(Mistake::to_string).collect();
        problem
    })
}

pub(super) fn is_path(name: &str) -> bool {
    name.contains(['/', '\\']) || name.ends_with(".toml")
}

fn extended(name: &str, by: &str) -> Result<Text, String> {
    let beside: PathBuf = Path::new(by).parent().unwrap_or(Path::new("")).join(name);
    let found = match builtin::text(name) {
        Some(text) => Ok(text),
        None if is_path(name) => self::text(&beside.to_string_lossy()),
        None => self::text(name),
    };
    found.map_err(|problem| {
        let causes = problem.causes.iter().map(|cause| format!(": {cause}")).collect::<String>();
        problem.sentence + &causes
    })
}

/// The value of every param of a recipe, by name.
pub(super) fn params(recipe: &Recipe, set: &[(String, String)]) -> Result<Vec<(String, String)>> {
    for (name, _) in set {
        if !recipe.params.iter().any(|param| param.name == *name) {
            let names: Vec<_> = recipe.params.iter().map(|param| param.name.as_str()).collect();
            let problem = Problem::usage(format!("the recipe has no param `{name}`"));
            return Err(match names.is_empty() {
                true => problem.because("it has none at all"),
                false => {
                    problem.because(format!("its params: {}", names.join(", "))).near(name, names)
                }
            });
        }
    }
    let value = |param: &crate::recipe::Param| {
        let given = set.iter().rev().find(|(name, _)| *name == param.name);
        let value = given.map(|(_, value)| value).or(param.default.as_ref());
        let Some(value) = value else {
            let problem = Problem::usage(format!("the recipe needs the param `{}`", param.name));
            let problem = match param.about.as_str() {
                "" => problem,
                about => problem.because(about),
            };
            return Err(problem.hint(format!("give it with --set {}=VALUE", param.name)));
        };
        if !param.choices.is_empty() && !param.choices.contains(value) {
            let sentence = format!("the param `{}` cannot be `{value}`", param.name);
            let choices = format!("it is one of: {}", param.choices.join(", "));
            return Err(Problem::usage(sentence).because(choices));
        }
        Ok((param.name.clone(), value.clone()))
    };
    recipe.params.iter().map(value).collect()
}
