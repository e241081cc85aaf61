//! Settings: what commands take when no flag says it.
//!
//! A flag goes before a variable of the environment, that before the file
//! `config.toml`, and that before the default. What disk is written to is no
//! setting, and never will be one.

mod apply;
mod environment;
mod file;
mod show;

pub use environment::Environment;

pub(super) use apply::{catalogs, defaults};
pub(super) use show::show;

use crate::engine::Problem;
use crate::recipe::nearest;
use std::path::PathBuf;

/// A setting: its key in the file, its variable, and the option it is the
/// default of.
pub(super) struct Known {
    pub(super) key: &'static str,
    pub(super) variable: &'static str,
    kind: Kind,
}

/// What a setting's value may be.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Flag,
    Number,
    Word(&'static [&'static str]),
    /// Texts by name; in the environment `NAME=TEXT`, separated by blanks.
    Pairs,
}

/// All settings.
pub(super) const KNOWN: [Known; 7] = [
    Known { key: "store", variable: "LIONIZE_STORE", kind: Kind::Text },
    Known { key: "offline", variable: "LIONIZE_OFFLINE", kind: Kind::Flag },
    Known { key: "mirror", variable: "LIONIZE_MIRROR", kind: Kind::Text },
    Known { key: "catalogs", variable: "LIONIZE_CATALOGS", kind: Kind::Pairs },
    Known { key: "threads", variable: "LIONIZE_THREADS", kind: Kind::Number },
    Known { key: "verify", variable: "LIONIZE_VERIFY", kind: Kind::Word(&["quick", "full"]) },
    Known {
        key: "color",
        variable: "LIONIZE_COLOR",
        kind: Kind::Word(&["auto", "always", "never"]),
    },
];

/// Variables that are no settings, but ours.
const OTHERS: [&str; 3] = ["LIONIZE_CONFIG", "LIONIZE_LOG", "LIONIZE_STATE"];

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// A variable of the environment.
    Environment(&'static str),
    /// The file, at this line.
    File(usize),
}

/// A value as an option takes it. Of pairs, `NAME=TEXT` each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) key: &'static str,
    pub(super) values: Vec<String>,
    pub(super) from: From,
}

/// What is set, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) all: Vec<Setting>,
    /// The file, whether it is there or not.
    pub(super) file: Option<PathBuf>,
    pub(super) found: bool,
    /// Variables that look like ours and are not, and what was perhaps meant.
    pub(super) strange: Vec<(String, Option<&'static str>)>,
}

impl Settings {
    /// Reads the environment and the file.
    ///
    /// # Errors
    /// Every mistake in the file; the first one in the environment.
    pub(super) fn read(environment: &Environment) -> Result<Self, Problem> {
        let mut settings = Self {
            file: environment.config.clone(),
            strange: strange(environment),
            ..Self::default()
        };
        if let Some(path) = &environment.config
            && let Some(text) = file::text(path, environment.named)?
        {
            settings.found = true;
            settings.all = file::parse(path, &text)?;
        }
        for known in &KNOWN {
            let Some(text) = environment.get(known.variable).filter(|text| !text.is_empty()) else {
                continue;
            };
            let values = of_variable(known, text)?;
            settings.all.retain(|setting| setting.key != known.key);
            let from = From::Environment(known.variable);
            settings.all.push(Setting { key: known.key, values, from });
        }
        for Setting { key, values, from } in &settings.all {
            log::debug!("{key} is {values:?}, from {from:?}");
        }
        Ok(settings)
    }

    /// What is set of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Setting> {
        self.all.iter().find(|setting| setting.key == key)
    }
}

fn strange(environment: &Environment) -> Vec<(String, Option<&'static str>)> {
    let ours = || KNOWN.iter().map(|known| known.variable).chain(OTHERS);
    let unknown = environment.variables.iter().map(|(name, _)| name);
    let unknown = unknown.filter(|name| !ours().any(|known| known == name.as_str()));
    unknown.map(|name| (name.clone(), nearest(name, ours()))).collect()
}

/// The value of a variable, in the form that the option takes.
fn of_variable(known: &Known, text: &str) -> Result<Vec<String>, Problem> {
    let wrong = |wanted: &str| {
        Problem::usage(format!("{} is `{text}`, not {wanted}", known.variable))
            .hint("`lionize config` shows all settings")
    };
    let one = |value: &str| Ok(vec![value.to_owned()]);
    match known.kind {
        Kind::Text => one(text),
        Kind::Flag => match text {
            "1" | "true" | "yes" | "on" => one("true"),
            "0" | "false" | "no" | "off" => one("false"),
            _ => Err(wrong("true or false")),
        },
        Kind::Number if text.parse::<usize>().is_ok() => one(text),
        Kind::Number => Err(wrong("a number")),
        Kind::Word(words) if words.contains(&text) => one(text),
        Kind::Word(words) => {
            let near = nearest(text, words.iter().copied());
            let problem = wrong(&format!("one of {}", words.join(", ")));
            Err(Problem { hint: near.map(|near| format!("did you mean `{near}`?")), ..problem })
        }
        Kind::Pairs => {
            let pairs: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            match pairs.iter().all(|pair| pair.find('=').is_some_and(|at| at > 0)) {
                true => Ok(pairs),
                false => Err(wrong("NAME=PLACE, separated by blanks")),
            }
        }
    }
}

#[cfg(test)]
mod tests;
