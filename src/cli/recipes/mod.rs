//! `recipe`: what authors of recipes want.

mod diff;
mod new;

use crate::cli::args::Recipe as Command;
use crate::cli::streams::{Streams, Style};
use crate::cli::{Outcome, job, schema};
use crate::engine::{Problem, Supplies, load, shelf};
use crate::recipe::{self, Recipe};
use serde_json::json;

pub(super) fn run(command: &Command, style: Style, streams: &mut Streams<'_>) -> Outcome {
    match command {
        Command::List => list(style, streams),
        Command::Show { recipe, kept } => show(recipe, &job::kept(kept), style, streams),
        Command::Check { recipes, kept } => check(recipes, &job::kept(kept), style, streams),
        Command::New(args) => new::run(args, style, streams),
        Command::Diff { from, to, kept } => {
            let load = |name| load::recipe_with(name, &job::kept(kept));
            diff::run((from, &load(from)?), (to, &load(to)?), style, streams)
        }
        Command::Schema => schema::print(recipe::SCHEMA, style, streams),
    }
}

/// A recipe that has a name.
struct Listed {
    name: String,
    /// Its title; what is wrong, when something is.
    title: Result<String, String>,
    /// The file; none when it is built in.
    file: Option<String>,
    shadows: Vec<String>,
}

fn listed(name: String) -> Option<Listed> {
    let found = shelf::find(&name).transpose()?;
    let (recipe, file, shadows) = match found {
        Ok(found) => {
            let file = (!found.built_in).then(|| found.text.file.clone());
            (load::parse(&found.text), file, found.shadows)
        }
        Err(problem) => (Err(problem), None, Vec::new()),
    };
    let title = recipe.map(|recipe: Recipe| recipe.title).map_err(|problem| problem.sentence);
    Some(Listed { name, title, file, shadows })
}

fn list(style: Style, streams: &mut Streams<'_>) -> Outcome {
    let all: Vec<_> = shelf::names().into_iter().filter_map(listed).collect();
    let width = all.iter().map(|one| one.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for Listed { name, title, file, shadows } in &all {
        let title = match title {
            Ok(title) => title.clone(),
            Err(sentence) => format!("({sentence})"),
        };
        let from = file.as_ref().map_or_else(String::new, |file| format!(" ({file})"));
        text += &format!("{name:width$}  {title}{from}\n");
        for shadow in shadows {
            text += &format!("{:width$}  stands before {shadow}\n", "");
        }
    }
    let object = |one: &Listed| {
        json!({
            "name": one.name,
            "title": one.title.as_ref().ok(),
            "file": one.file,
            "shadows": one.shadows,
        })
    };
    let json = json!({"result": "listed", "recipes": all.iter().map(object).collect::<Vec<_>>()});
    streams.told(style, &text, &json)
}

fn show(name: &str, supplies: &Supplies, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let text = load::text_with(name, supplies)?;
    let recipe = load::parse(&text)?;
    streams.result(style, &text.text, &json!({"result": "shown", "recipe": recipe}))
}

/// All recipes are checked, whatever is wrong with the first.
fn check(
    names: &[String],
    supplies: &Supplies,
    style: Style,
    streams: &mut Streams<'_>,
) -> Outcome {
    let mut wrong: Option<Problem> = None;
    for name in names {
        match load::recipe_with(name, supplies) {
            Ok(_) if style.quiet || style.json => {}
            Ok(recipe) => streams.say(&format!("{name} is right: {}\n", recipe.title))?,
            Err(problem) => match &mut wrong {
                None => wrong = Some(problem),
                Some(first) => {
                    first.causes.push(problem.sentence);
                    first.causes.extend(problem.causes);
                    first.mistakes.extend(problem.mistakes);
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
