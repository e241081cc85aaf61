//! Where recipes stand that are asked for by name: `./recipes`, the user's
//! own, and those that are built in. The first that has the name is taken.

use crate::engine::load;
use crate::engine::problem::Result;
use crate::recipe::{Text, builtin};
use etcetera::BaseStrategy;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// A recipe by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it says.
    pub text: Text,
    /// Whether it is built in.
    pub built_in: bool,
    /// What else has this name, and stands behind.
    pub shadows: Vec<String>,
}

/// Where the system keeps our settings: `lionize` below what XDG says on Unix.
#[must_use]
pub fn settings_folder() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.config_dir().join("lionize"))
}

fn folders() -> Vec<PathBuf> {
    let own = settings_folder().map(|folder| folder.join("recipes"));
    std::iter::once(PathBuf::from("recipes")).chain(own).collect()
}

/// The recipe of this name, if any place has one.
///
/// # Errors
/// When a file is there and cannot be read.
pub fn find(name: &str) -> Result<Option<Found>> {
    let built_in = builtin::text(name);
    let mut found: Option<Found> = None;
    for folder in folders() {
        let path = folder.join(format!("{name}.toml"));
        if !path.is_file() {
            continue;
        }
        let text = load::file(&path.to_string_lossy(), "recipe")?;
        // A copy of a built-in one, as in this project's own folder, is that.
        if built_in.as_ref().is_some_and(|built_in| built_in.text == text.text) {
            continue;
        }
        match &mut found {
            None => found = Some(Found { text, built_in: false, shadows: Vec::new() }),
            Some(found) => found.shadows.push(text.file),
        }
    }
    Ok(match (found, built_in) {
        (Some(mut found), Some(_)) => {
            found.shadows.push(format!("the built-in `{name}`"));
            Some(found)
        }
        (None, Some(text)) => Some(Found { text, built_in: true, shadows: Vec::new() }),
        (found, None) => found,
    })
}

/// All names: the built-in ones in their order, then the others.
#[must_use]
pub fn names() -> Vec<String> {
    let mut names: Vec<String> = builtin::names().map(str::to_owned).collect();
    let mut others = BTreeSet::new();
    for folder in folders() {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let stems = entries.filter_map(|entry| {
            let path = entry.path();
            let stem = path.file_stem()?.to_str()?.to_owned();
            (path.extension()? == "toml" && path.is_file()).then_some(stem)
        });
        others.extend(stems);
    }
    others.retain(|name| !names.contains(name));
    names.extend(others);
    names
}

/// What the user should know of where a recipe comes from.
#[must_use]
pub fn shadowing(name: &str) -> Option<String> {
    if load::is_path(name) {
        return None;
    }
    let Found { text, shadows, .. } = find(name).ok()??;
    (!shadows.is_empty()).then(|| {
        format!("the recipe `{name}` is {}; it stands before {}", text.file, shadows.join(" and "))
    })
}
