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
        Value::Text(text) if text.starts_with("data:") => {
            Err("in a fix, data is only in lists that it makes (`create`, `keep`)".to_owned())
        }
        Value::Date(_) => Err("in a fix, values are no dates".to_owned()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::recipe::{Text, fixes};

    fn mistake(step: &str) -> String {
        let text = format!(
            "schema = 1\nid = \"x\"\ntitle = \"T\"\nwhy = \"W\"\nsource = [\"S\"]\n\
             deliveries = [\"volume\"]\n[[step]]\n{step}\n"
        );
        let mistakes = fixes::parse(&Text { file: "x".into(), text }).unwrap_err();
        mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_scripts_cannot_do_is_a_mistake_with_its_place() {
        for (step, wanted) in [
            ("label = \"L\"", "x:8:1: a fix has no `label`: scripts cannot do it"),
            (
                "comment = { path = \"/a*/b\", contains = \"c\" }",
                "x:8:1: in a fix, only a path's last part has wildcards, with `/**/` before it at most",
            ),
            (
                "plist = { path = \"/a\", set = { \"b c\" = 1 } }",
                "x:8:1: in a fix, the key `b c` may only have letters, digits and `._-`",
            ),
            (
                "plist = { path = \"/a\", set = { b = [1] } }",
                "x:8:1: in a fix, `b` gets a single value; `merge` joins dictionaries",
            ),
            (
                "plist = { path = \"/a\", set = { b = \"it's\" } }",
                "x:8:1: in a fix, the value `it's` may have no quotes or backslashes",
            ),
            (
                "write = { to = \"/{system.volume}\", text = \"\" }",
                "x:8:16: the system has no fact `volume`",
            ),
            (
                "run = { comand = [\"a\"] }",
                "x:8:7: run lacks `command`\nx:8:9: unknown key of run `comand`; did you mean `command`?",
            ),
        ] {
            assert_eq!(mistake(step), wanted);
        }
    }

    /// Ids are names of files, of packages and of functions in scripts.
    #[test]
    fn an_id_is_a_word() {
        for id in ["..", "a/b", "a\\nrm -rf x", "A"] {
            let text = format!("schema = 1\nid = \"{id}\"\ntitle = \"T\"\nnotes = [\"N\"]\n");
            let mistakes = fixes::parse(&Text { file: "x".into(), text }).unwrap_err();
            let said = format!("x:2:6: `{id}` cannot be the id of a fix");
            assert!(mistakes.iter().any(|one| one.to_string().starts_with(&said)), "{mistakes:?}");
        }
    }

    #[test]
    fn a_step_of_a_running_mac_is_none_of_a_recipe() {
        let text = "schema = 1\nname = \"x\"\ntitle = \"T\"\n[[step]]\nrun = { command = [\"a\"] }\n\
                    [[step]]\nfix = \"stable-ipv\"\n[[step]]\nfix = \"ldap-referrals\"\n[[step]]\n\
                    fix = { id = \"create-admin-user\", params = { name = \"a\", password = \"hunter2\" } }\n";
        let text = Text { file: "x".into(), text: text.into() };
        let mistakes = crate::recipe::load(&text, &|_, _| Err("none".into())).unwrap_err();
        let mistakes: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
        assert_eq!(
            mistakes,
            [
                "x:5:1: `run` needs a Mac that runs: write a fix, and use that",
                "x:7:1: there is no fix `stable-ipv`; did you mean `stable-ipv6`?",
                "x:9:1: the fix `ldap-referrals` needs the param `file`",
                "x:11:1: `password` is a password: give a hash, a variable of the environment \
                 (`env:NAME`), or a param",
            ]
        );
    }
}
