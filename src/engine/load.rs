//! Recipes from where they are, and the values of their params.

use crate::engine::problem::{Problem, Result};
use crate::engine::request::Supplies;
use crate::engine::{address, shelf};
use crate::recipe::{Param, Recipe, Text, builtin, excerpt, fixes, load, nearest};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The most bytes of a recipe.
pub(super) const MOST: u64 = 1 << 20;

/// What messages call a recipe that came on standard input.
const STDIN: &str = "<standard input>";

/// Reads a recipe by name or path, with all that it extends.
///
/// # Errors
/// Every mistake in it, one cause each.
pub fn recipe(name: &str) -> Result<Recipe> {
    parse(&text(name)?)
}

/// The same, fetched by these rules when it is an address.
///
/// # Errors
/// As [`recipe`].
pub fn recipe_with(name: &str, supplies: &Supplies) -> Result<Recipe> {
    parse(&text_with(name, supplies)?)
}

/// The text of a recipe: a name (see [`shelf`]), a path, `-`, or an address.
///
/// # Errors
/// A [`Problem`] when there is none.
pub fn text(name: &str) -> Result<Text> {
    text_with(name, &Supplies::default())
}

/// The same, fetched by these rules when it is an address.
///
/// # Errors
/// As [`text`].
pub fn text_with(name: &str, supplies: &Supplies) -> Result<Text> {
    if name == "-" {
        let text = stdin().map_err(|why| {
            Problem::bad_input("cannot read the recipe on standard input").because(why)
        })?;
        return Ok(Text { file: STDIN.to_owned(), text });
    }
    if address::is_one(name) {
        return address::text(name, supplies);
    }
    if is_path(name) {
        return file(name, "recipe");
    }
    if let Some(found) = shelf::find(name)? {
        return Ok(found.text);
    }
    let problem = Problem::usage(format!("there is no recipe `{name}`"));
    let known = shelf::names();
    Err(match nearest(name, known.iter().map(String::as_str)) {
        Some(similar) => problem.hint(format!("did you mean `{similar}`?")),
        None => problem
            .because(format!("the recipes are {}", known.join(", ")))
            .hint("`lionize recipe list` tells of each; to name a file, write ./FILE.toml"),
    })
}

/// What standard input has: it can be read once, and a recipe is asked for more
/// than once.
fn stdin() -> Result<String, String> {
    static READ: OnceLock<Result<String, String>> = OnceLock::new();
    let read = || bounded(std::io::stdin().lock()).map_err(|error| error.to_string());
    READ.get_or_init(read).clone()
}

/// A text of the host's, of a bounded length.
pub(super) fn file(name: &str, what: &str) -> Result<Text> {
    let text = std::fs::File::open(name).and_then(bounded).map_err(|error| {
        Problem::bad_input(format!("cannot read the {what} {name}")).because(error)
    })?;
    Ok(Text { file: name.to_owned(), text })
}

fn bounded(from: impl Read) -> std::io::Result<String> {
    let mut text = String::new();
    from.take(MOST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MOST {
        return Err(std::io::Error::other("it is longer than such a file can be"));
    }
    Ok(text)
}

/// Parses a recipe's text; what it extends is built in, or a file beside it.
///
/// # Errors
/// Every mistake in it, one cause each.
pub fn parse(text: &Text) -> Result<Recipe> {
    load(text, &extended).map_err(|mistakes| {
        Problem::mistaken(format!("the recipe {}", text.file), mistakes, |mistake| {
            if mistake.at.file == text.file {
                return excerpt(&text.text, &mistake.at);
            }
            // Of what it extends, or a fix that it names.
            let other = fixes::ids().find(|id| mistake.at.file == format!("fixes/{id}"));
            let other = other.and_then(fixes::text);
            let other = other.or_else(|| self::text(&mistake.at.file).ok())?;
            excerpt(&other.text, &mistake.at)
        })
    })
}

pub(super) fn is_path(name: &str) -> bool {
    name.contains(['/', '\\']) || name.ends_with(".toml")
}

fn extended(name: &str, by: &str) -> Result<Text, String> {
    let found = match builtin::text(name) {
        Some(text) => Ok(text),
        // Nothing beside it is at hand, and a file of this computer is not meant.
        None if address::is_one(by) => {
            return Err(format!(
                "`{name}` is not built in; a recipe of an address names nothing else"
            ));
        }
        None if address::is_one(name) || name == "-" => {
            return Err(format!("`{name}` is no built-in name and no file beside this one"));
        }
        None if is_path(name) => {
            let beside: PathBuf = Path::new(by).parent().unwrap_or(Path::new("")).join(name);
            file(&beside.to_string_lossy(), "recipe")
        }
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
                false => problem
                    .because(format!("its params are {}", names.join(", ")))
                    .near(name, names),
            });
        }
    }
    let value = |param: &Param| {
        let given = set.iter().rev().find(|(name, _)| *name == param.name);
        let value = given.map(|(_, value)| value).or(param.default.as_ref());
        Ok((param.name.clone(), check(param, value)?.to_owned()))
    };
    recipe.params.iter().map(value).collect()
}

/// Whether a param of a recipe may have a value, or may have none.
///
/// # Errors
/// A [`Problem`], the one that a plan with it has.
pub fn may_be(param: &Param, value: Option<&String>) -> Result<()> {
    check(param, value).map(drop)
}

/// A param's value, if it may have it.
fn check<'v>(param: &Param, value: Option<&'v String>) -> Result<&'v str> {
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
    Ok(value)
}
