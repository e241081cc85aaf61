//! `recipe new`: the text of a recipe that begins with a built-in one.

use crate::cli::Outcome;
use crate::cli::args::NewRecipe;
use crate::cli::job::temporary;
use crate::cli::streams::{Streams, Style};
use crate::engine::{Problem, Result, fixes, load};
use crate::recipe::{Fix, InputKind, Param, Recipe, Text, builtin};
use serde_json::json;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;

/// `lionize recipe new`.
pub(super) fn run(args: &NewRecipe, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let text = text(args)?;
    let read = Text { file: format!("{}.toml", args.name), text: text.clone() };
    // What it makes passes its own check, or is not handed out.
    load::parse(&read).map_err(|problem| {
        let mut ours = Problem::ours("the new recipe would have mistakes");
        ours.causes = problem.causes;
        ours
    })?;
    let Some(output) = &args.output else {
        let json = json!({"result": "made", "recipe": text, "output": null});
        return streams.result(style, &text, &json);
    };
    write(output, &text)?;
    let said = output.display();
    let json = json!({"result": "made", "recipe": text, "output": said.to_string()});
    let next = "edit it, `lionize recipe check` it, and `lionize plan` says what it makes";
    streams.told(style, &format!("made {said}\n  {next}\n"), &json)
}

/// Nothing that is there is replaced.
fn write(output: &Path, text: &str) -> Result<()> {
    let fail = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => Problem::new(
            crate::engine::ProblemKind::Output,
            format!("{} exists already", output.display()),
        )
        .hint("give another file with --output; nothing is ever replaced"),
        _ => Problem::writing(output, &error),
    };
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = temporary(folder.unwrap_or(Path::new("."))).map_err(fail)?;
    file.write_all(text.as_bytes()).map_err(fail)?;
    file.persist_noclobber(output).map(drop).map_err(|error| fail(error.error))
}

fn text(args: &NewRecipe) -> Result<String> {
    let NewRecipe { name, release, .. } = args;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(plain) {
        return Err(Problem::usage(format!("`{name}` cannot be a recipe's name"))
            .hint("use lower-case letters, digits and `-`, such as `lion-for-the-lab`"));
    }
    let base = base(release)?;
    let fixes = args.fixes.iter().map(|id| fix(id, release)).collect::<Result<Vec<_>>>()?;
    let mut out = format!(
        "# {name}: media of a {release} installer. docs/recipes.md has the language;\n\
         # `lionize recipe check {name}.toml` names mistakes, `lionize plan` what is made.\n\n\
         schema = 1\nname = {}\ntitle = {}\n\n\
         # All that `lionize recipe show {}` says comes first.\nextends = {}\n",
        quoted(name),
        quoted(&format!("Installer of {release}, as {name} has it")),
        base.name,
        quoted(&base.name),
    );
    if let Some(input) = base.inputs.iter().find(|input| input.kind == InputKind::Installer) {
        let (label, ask) = (&input.name, quoted(&input.ask));
        let release = quoted(release);
        let _ = write!(
            out,
            "\n[inputs.{label}]\nkind = \"installer\"\nrelease = [{release}]\nask = {ask}\n"
        );
    }
    let mut named: Vec<String> = Vec::new();
    let mut steps = String::new();
    for fix in &fixes {
        let open: Vec<_> = fix.params.iter().filter(|param| param.default.is_none()).collect();
        let values: Vec<_> =
            open.iter().map(|param| open_param(fix, param, &mut named, &mut out)).collect();
        let _ = write!(steps, "\n# {}\n[[step]]\n", fix.title);
        let _ = match values.is_empty() {
            true => writeln!(steps, "fix = {}", quoted(&fix.id)),
            false => {
                let (id, values) = (quoted(&fix.id), values.join(", "));
                writeln!(steps, "fix = {{ id = {id}, params = {{ {values} }} }}")
            }
        };
    }
    if fixes.is_empty() {
        steps += "\n# What is done after that, step by step:\n#\n# [[step]]\n\
                  # write = { to = \"/Read Me.txt\", text = \"For {params.owner}.\\n\" }\n";
    }
    Ok(out + &steps)
}

/// A param of the recipe for one of a fix; answers the fix's own line.
fn open_param(fix: &Fix, param: &Param, named: &mut Vec<String>, out: &mut String) -> String {
    let mut name = param.name.clone();
    if named.contains(&name) {
        name = format!("{}-{}", fix.id, param.name);
    }
    let about = if param.about.is_empty() { &fix.title } else { &param.about };
    let secret = if param.secret { "secret = true\n" } else { "" };
    let _ = write!(out, "\n[params.{name}]\nabout = {}\n{secret}", quoted(about));
    let line = format!("{} = {}", param.name, quoted(&format!("{{params.{name}}}")));
    named.push(name);
    line
}

/// The plainest built-in recipe that begins with an installer of a release.
fn base(release: &str) -> Result<Recipe> {
    let all = builtin::names().map(load::recipe).collect::<Result<Vec<_>>>()?;
    let takes = |recipe: &Recipe| {
        let mut inputs = recipe.inputs.iter();
        inputs.any(|input| {
            input.kind == InputKind::Installer
                && input.release.iter().any(|known| under(release, known))
        })
    };
    let weight = |recipe: &Recipe| (recipe.inputs.len(), recipe.params.len(), recipe.steps.len());
    let mut known: Vec<String> = Vec::new();
    for release in all.iter().flat_map(|recipe| &recipe.inputs).flat_map(|input| &input.release) {
        if !known.contains(release) {
            known.push(release.clone());
        }
    }
    all.into_iter().filter(takes).min_by_key(weight).ok_or_else(|| {
        let problem =
            Problem::usage(format!("no built-in recipe begins with an installer of {release}"));
        problem
            .because(format!("known: {}", known.join(", ")))
            .near(release, known.iter().map(String::as_str))
    })
}

/// Whether a version is a release or one of its updates.
fn under(version: &str, release: &str) -> bool {
    let rest = version.strip_prefix(release);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// A fix that is made for a release.
fn fix(id: &str, release: &str) -> Result<Fix> {
    let fix = fixes::fix(id)?;
    if fix.applies.to_system(release) {
        return Ok(fix);
    }
    let problem = Problem::usage(format!("the fix `{id}` is not for {release}"));
    let problem = problem.because(format!("it is for {}", fix.applies.words()));
    Err(problem.hint(format!("`lionize fix list --for {release}` names those that are")))
}

/// A text as TOML has it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
