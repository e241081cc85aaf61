//! What steps of a fix must keep to, so that a script can do the same.

use crate::recipe::{Action, KeyPath, PlistEdit, Value};

/// Whether a script with PlistBuddy, awk and find can do what a step says, or
/// why it cannot.
pub(super) fn portable(action: &Action) -> Result<(), String> {
    match action {
        Action::Plist(edit) => plist(edit),
        Action::Replace { path, .. }
        | Action::Comment { path, .. }
        | Action::Insert { path, .. } => pattern(path),
        _ => Ok(()),
    }
}

/// Patterns that `find` takes as well: wildcards in the last part, `/**/` before it.
fn pattern(path: &str) -> Result<(), String> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let folder = folder.strip_suffix("/**").unwrap_or(folder);
    if folder.contains(['*', '?']) || name == "**" {
        let why = "in a fix, only a path's last part has wildcards, with `/**/` before it at most";
        return Err(why.to_owned());
    }
    Ok(())
}

fn plist(edit: &PlistEdit) -> Result<(), String> {
    // A new file is written whole, so anything may be in it.
    if edit.create && edit.keep {
        return Ok(());
    }
    let keys = edit.set.iter().chain(&edit.add).chain(&edit.include).chain(&edit.merge);
    keys.clone().map(|(key, _)| key).chain(&edit.delete).try_for_each(key)?;
    for (path, value) in edit.set.iter().chain(&edit.include) {
        if !single(value) {
            let why = format!("in a fix, `{path}` gets a single value; `merge` joins dictionaries");
            return Err(why);
        }
    }
    keys.map(|(_, found)| found).try_for_each(value)
}

/// A key that PlistBuddy takes without quotes.
fn key(path: &KeyPath) -> Result<(), String> {
    path.0.iter().try_for_each(|key| word(key))
}

fn word(key: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if key.is_empty() || !key.chars().all(plain) {
        return Err(format!("in a fix, the key `{key}` may only have letters, digits and `._-`"));
    }
    Ok(())
}

const fn single(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Table(_))
}

fn value(found: &Value) -> Result<(), String> {
    match found {
        Value::Array(values) => values.iter().try_for_each(value),
        Value::Table(pairs) => {
            pairs.iter().try_for_each(|(name, found)| word(name).and_then(|()| value(found)))
        }
        Value::Text(text) if text.contains(['"', '\'', '\\', '\n', '\r']) => {
            Err(format!("in a fix, the value `{text}` may have no quotes or backslashes"))
        }
        Value::Date(_) => Err("in a fix, values are no dates".to_owned()),
        _ => Ok(()),
    }
}
