//! Fixes from where they are, the values of their params, and what they are for.

use crate::engine::facts::Facts;
use crate::engine::load;
use crate::engine::problem::{Problem, Result};
use crate::engine::secret;
use crate::format::gpt::Guid;
use crate::recipe::{Fix, Param, Step, Text, excerpt, fixes};

/// Reads a fix by id or path.
///
/// # Errors
/// Every mistake in it, one cause each.
pub fn fix(name: &str) -> Result<Fix> {
    parse(&text(name)?)
}

/// The text of a fix by id or path.
///
/// # Errors
/// A [`Problem`] when there is none.
pub fn text(name: &str) -> Result<Text> {
    if let Some(text) = fixes::text(name) {
        return Ok(text);
    }
    if !load::is_path(name) {
        let problem = Problem::usage(format!("there is no fix `{name}`"));
        let known = fixes::ids().collect::<Vec<_>>().join(", ");
        return Err(match fixes::similar(name) {
            Some(similar) => problem.hint(format!("did you mean `{similar}`?")),
            None => problem
                .because(format!("the built-in ones are {known}"))
                .hint("`lionize fix list` tells of each; to name a file, write ./FILE.toml"),
        });
    }
    load::file(name, "fix")
}

/// Parses a fix's text.
///
/// # Errors
/// Every mistake in it, one cause each.
pub fn parse(text: &Text) -> Result<Fix> {
    fixes::parse(text).map_err(|mistakes| {
        Problem::mistaken(format!("the fix {}", text.file), mistakes, |mistake| {
            excerpt(&text.text, &mistake.at)
        })
    })
}

/// Fixes by id or path, each with those of the values that are for it: a
/// value's name is a param's, or `ID.PARAM`.
///
/// # Errors
/// A [`Problem`], also when a value is for none of them.
pub fn wanted(names: &[String], set: &[(String, String)]) -> Result<Vec<Wanted>> {
    let fixes = names.iter().map(|name| fix(name)).collect::<Result<Vec<_>>>()?;
    let mut used = vec![false; set.len()];
    let mut wanted = Vec::new();
    for fix in fixes {
        let mut own = Vec::new();
        for ((name, value), used) in set.iter().zip(&mut used) {
            let name = name.strip_prefix(&format!("{}.", fix.id)).unwrap_or(name);
            if fix.params.iter().any(|param| param.name == name) {
                own.push((name.to_owned(), value.clone()));
                *used = true;
            }
        }
        wanted.push((fix, own));
    }
    if let Some(at) = used.iter().position(|used| !used) {
        let name = &set[at].0;
        let problem = Problem::usage(format!("none of the fixes has a param `{name}`"));
        let params = wanted.iter().flat_map(|(fix, _)| &fix.params);
        let params: Vec<_> = params.map(|param| param.name.as_str()).collect();
        return Err(match params.is_empty() {
            true => problem.because("they have none at all"),
            false => problem
                .because(format!("their params are {}", params.join(", ")))
                .near(name, params),
        });
    }
    Ok(wanted)
}

/// A fix, and the values of its params.
pub type Wanted = (Fix, Vec<(String, String)>);

/// The value of every param of a fix, as facts.
pub(super) fn facts(fix: &Fix, set: &[(String, String)]) -> Result<Facts> {
    let mut facts = Facts::default();
    for (name, _) in set {
        let names: Vec<_> = fix.params.iter().map(|param| param.name.as_str()).collect();
        if !names.contains(&name.as_str()) {
            let sentence = format!("the fix `{}` has no param `{name}`", fix.id);
            return Err(match names.is_empty() {
                true => Problem::usage(sentence).because("it has none at all"),
                false => Problem::usage(sentence)
                    .because(format!("its params are {}", names.join(", ")))
                    .near(name, names),
            });
        }
    }
    for param in &fix.params {
        let given = set.iter().rev().find(|(name, _)| *name == param.name);
        let value = given.map(|(_, value)| value).or(param.default.as_ref());
        let value = check(fix, param, value)?;
        if param.secret {
            let hashes = secret::read(&param.name, value)?;
            let of = [(param.name.clone(), hashes.pbkdf2), (sha512(&param.name), hashes.sha512)];
            for (name, hash) in of {
                hash.into_iter().for_each(|hash| facts.set("params", &name, hash));
            }
            continue;
        }
        // A default may be made of the params before it.
        let value = if given.is_none() { facts.fill(value)? } else { value.to_owned() };
        let value = match value.strip_prefix("uuid:") {
            Some(name) => Guid::derive(name.as_bytes(), &fix.id).to_string(),
            None => value,
        };
        facts.set("params", &param.name, value);
    }
    Ok(facts)
}

/// The fact with a secret's hash for 10.7.
fn sha512(name: &str) -> String {
    format!("{name}-sha512")
}

/// The facts for each time that a step is done: once, or for each value of a
/// param's list.
pub(super) fn each(step: &Step, facts: &Facts) -> Vec<Facts> {
    let Some(name) = &step.each else { return vec![facts.clone()] };
    let values = facts.get("params", name).unwrap_or_default().split(',').map(str::trim);
    let mut all = Vec::new();
    for value in values.filter(|value| !value.is_empty()) {
        let mut facts = facts.clone();
        facts.set("each", "value", value);
        all.push(facts);
    }
    all
}

/// Whether a param of a fix may have a value, or may have none.
///
/// # Errors
/// A [`Problem`], the one that a plan with it has.
pub fn may_be(fix: &Fix, param: &Param, value: Option<&String>) -> Result<()> {
    let value = check(fix, param, value)?;
    if param.secret { secret::check(&param.name, value) } else { Ok(()) }
}

/// Whether these values make paths where a fix's steps have them in a path.
///
/// # Errors
/// A [`Problem`], the one that a plan with them has.
pub fn leads_somewhere(fix: &Fix, set: &[(String, String)]) -> Result<()> {
    let facts = facts(fix, set)?;
    for step in fix.steps.iter().filter(|step| facts.hold(step.when.as_ref())) {
        for facts in each(step, &facts) {
            // What the system is shows when it is planned.
            let changed = step.action.changed();
            let mut filled = changed.into_iter().filter(|path| facts.fill(path).is_ok());
            filled.try_for_each(|path| facts.path(path).map(drop))?;
        }
    }
    Ok(())
}

/// A param's value, if it may have it.
fn check<'v>(fix: &Fix, param: &Param, value: Option<&'v String>) -> Result<&'v str> {
    let (id, name) = (&fix.id, &param.name);
    let Some(value) = value else {
        let problem = Problem::usage(format!("the fix `{id}` needs the param `{name}`"));
        let problem = match param.about.as_str() {
            "" => problem,
            about => problem.because(about),
        };
        let value = if param.secret { secret::FORMS } else { "VALUE" };
        return Err(problem.hint(format!("give it with --set {name}={value}")));
    };
    if !param.choices.is_empty() && !param.choices.contains(value) {
        let sentence = format!("the param `{name}` of `{id}` cannot be `{value}`");
        let choices = format!("it is one of: {}", param.choices.join(", "));
        return Err(Problem::usage(sentence).because(choices));
    }
    // They end up in lines of files, in property lists and in scripts.
    if let Some(wrong) = value.chars().find(|c| c.is_control()) {
        let sentence = format!("the param `{name}` of `{id}` has a control character");
        return Err(Problem::usage(sentence).because(format!("it is {:?}", wrong.to_string())));
    }
    Ok(value)
}

/// Refuses systems, and versions of OS X Server, that a fix is not made for.
pub(super) fn gate(fix: &Fix, system: Option<&str>, server: Option<&str>) -> Result<()> {
    gate_system(fix, system)?;
    match server {
        _ if fix.applies.server.is_empty() => Ok(()),
        Some(version) if fix.applies.to_server(version) => Ok(()),
        Some(version) => Err(refused(fix, &format!("OS X Server {version}"))),
        None => Err(refused(fix, "a system without OS X Server")),
    }
}

/// Refuses systems alone: Server may come later.
pub(super) fn gate_system(fix: &Fix, system: Option<&str>) -> Result<()> {
    match system {
        _ if fix.applies.system.is_empty() => Ok(()),
        Some(version) if fix.applies.to_system(version) => Ok(()),
        Some(version) => Err(refused(fix, &format!("system {version}"))),
        None => Err(refused(fix, "a volume that does not say which system it holds")),
    }
}

fn refused(fix: &Fix, what: &str) -> Problem {
    let problem = Problem::bad_input(format!("the fix `{}` is not for {what}", fix.id))
        .because(format!("it is made for {}", fix.applies.words()));
    let problem = match fix.applies.otherwise.as_str() {
        "" => problem,
        why => problem.because(why),
    };
    problem.hint(
        "where you know better: `force = true` in the recipe's step, or --force with `lionize fix \
         apply`",
    )
}

/// Refuses a fix beside one that it conflicts with.
pub(super) fn conflict(applied: &[(String, Vec<String>)], fix: &Fix) -> Result<()> {
    let clash = applied
        .iter()
        .find(|(id, conflicts)| fix.conflicts.contains(id) || conflicts.contains(&fix.id));
    match clash {
        Some((id, _)) => {
            let sentence = format!("the fixes `{id}` and `{}` exclude each other", fix.id);
            Err(Problem::usage(sentence))
        }
        None => Ok(()),
    }
}
