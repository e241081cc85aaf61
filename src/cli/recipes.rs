//! `recipe list`, `recipe show` and `recipe check`.

use crate::cli::Outcome;
use crate::cli::args::Recipe as Command;
use crate::cli::streams::{Streams, Style};
use crate::engine::{Problem, ProblemKind};
use crate::recipe::{self, Mistake, Recipe, Text, builtin};
use serde_json::json;
use std::fs;
use std::path::Path;

pub(super) fn run(command: &Command, style: Style, streams: &mut Streams<'_>) -> Outcome {
    match command {
        Command::List => list(style, streams),
        Command::Show { recipe } => show(recipe, style, streams),
        Command::Check { recipes } => check(recipes, style, streams),
    }
}

fn list(style: Style, streams: &mut Streams<'_>) -> Outcome {
    let mut recipes = Vec::new();
    for name in builtin::names() {
        recipes.push(parsed(&text_of(name)?).map_err(|mistakes| wrong(name, &mistakes))?);
    }
    let width = recipes.iter().map(|recipe| recipe.name.len()).max().unwrap_or(0);
    let text = recipes.iter().fold(String::new(), |text, recipe| {
        text + &format!("{:width$}  {}\n", recipe.name, recipe.title)
    });
    let named = recipes.iter().map(|recipe| json!({"name": recipe.name, "title": recipe.title}));
    let json = json!({"result": "listed", "recipes": named.collect::<Vec<_>>()});
    streams.result(style, &text, &json)
}

fn show(name: &str, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let text = text_of(name)?;
    let recipe = parsed(&text).map_err(|mistakes| wrong(name, &mistakes))?;
    streams.result(style, &text.text, &json!({"result": "shown", "recipe": recipe}))
}

fn check(names: &[String], style: Style, streams: &mut Streams<'_>) -> Outcome {
    let mut mistakes = Vec::new();
    for name in names {
        match parsed(&text_of(name)?) {
            Ok(_) if style.quiet || style.json => {}
            Ok(recipe) => streams.print(&format!("{name} is right: {}\n", recipe.title))?,
            Err(found) => mistakes.extend(found),
        }
    }
    if mistakes.is_empty() {
        return if style.json { streams.object(&json!({"result": "checked"})) } else { Ok(()) };
    }
    Err(wrong(&names.join(", "), &mistakes).into())
}

fn wrong(name: &str, mistakes: &[Mistake]) -> Problem {
    let mut problem = Problem::usage(format!("the recipe {name} is not right"));
    problem.causes = mistakes.iter().map(ToString::to_string).collect();
    problem
}

fn parsed(text: &Text) -> Result<Recipe, Vec<Mistake>> {
    recipe::load(text, &|name, from| find(name, from))
}

/// What a recipe extends: a built-in one by name, or a file beside it.
fn find(name: &str, from: &str) -> Result<Text, String> {
    if !is_file(name) {
        return text_of(name).map_err(|problem| problem.sentence);
    }
    let beside = Path::new(from).parent().unwrap_or(Path::new("")).join(name);
    read(&beside).map_err(|problem| problem.to_string().replace('\n', ": "))
}

/// Recipes in files have a `/` or end with `.toml`.
fn is_file(name: &str) -> bool {
    name.contains('/') || name.ends_with(".toml")
}

fn text_of(name: &str) -> Result<Text, Problem> {
    if is_file(name) {
        return read(Path::new(name));
    }
    builtin::text(name).ok_or_else(|| {
        let problem = Problem::usage(format!("there is no recipe `{name}`"));
        match builtin::similar(name) {
            Some(similar) => problem.hint(format!("did you mean `{similar}`?")),
            None => problem.hint("`lionize recipe list` names those there are; a file has a `/`"),
        }
    })
}

fn read(path: &Path) -> Result<Text, Problem> {
    let file = path.display().to_string();
    let unread = |error: std::io::Error| {
        Problem::new(ProblemKind::BadInput, format!("cannot read {file}")).because(error)
    };
    let text = fs::read_to_string(path).map_err(unread)?;
    Ok(Text { file, text })
}
