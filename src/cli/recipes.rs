//! `recipe list`, `recipe show` and `recipe check`.

use crate::cli::Outcome;
use crate::cli::args::Recipe as Command;
use crate::cli::streams::{Streams, Style};
use crate::engine::{Problem, load};
use crate::recipe::builtin;
use serde_json::json;

pub(super) fn run(command: &Command, style: Style, streams: &mut Streams<'_>) -> Outcome {
    match command {
        Command::List => list(style, streams),
        Command::Show { recipe } => show(recipe, style, streams),
        Command::Check { recipes } => check(recipes, style, streams),
    }
}

fn list(style: Style, streams: &mut Streams<'_>) -> Outcome {
    let recipes = builtin::names().map(load::recipe).collect::<Result<Vec<_>, _>>()?;
    let width = recipes.iter().map(|recipe| recipe.name.len()).max().unwrap_or(0);
    let text = recipes.iter().fold(String::new(), |text, recipe| {
        text + &format!("{:width$}  {}\n", recipe.name, recipe.title)
    });
    let named = recipes.iter().map(|recipe| json!({"name": recipe.name, "title": recipe.title}));
    let json = json!({"result": "listed", "recipes": named.collect::<Vec<_>>()});
    streams.result(style, &text, &json)
}

fn show(name: &str, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let text = load::text(name)?;
    let recipe = load::parse(&text)?;
    streams.result(style, &text.text, &json!({"result": "shown", "recipe": recipe}))
}

/// All recipes are checked, whatever is wrong with the first.
fn check(names: &[String], style: Style, streams: &mut Streams<'_>) -> Outcome {
    let mut wrong: Option<Problem> = None;
    for name in names {
        match load::recipe(name) {
            Ok(_) if style.quiet || style.json => {}
            Ok(recipe) => streams.print(&format!("{name} is right: {}\n", recipe.title))?,
            Err(problem) => match &mut wrong {
                None => wrong = Some(problem),
                Some(first) => {
                    first.causes.push(problem.sentence);
                    first.causes.extend(problem.causes);
                }
            },
        }
    }
    match wrong {
        Some(problem) => Err(problem.into()),
        None if style.json => streams.object(&json!({"result": "checked"})),
        None => Ok(()),
    }
}
