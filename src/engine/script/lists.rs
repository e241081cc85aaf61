//! Edits of property lists, by PlistBuddy.

use crate::engine::problem::{Problem, ProblemKind, Result};
use crate::engine::script::actions::owned;
use crate::engine::script::render::{Out, quote};
use crate::engine::steps::new_plist;
use crate::recipe::{KeyPath, PlistEdit, Value};

impl Out<'_> {
    /// A value that is none of others: PlistBuddy's word for its type, and it.
    pub(super) fn single(&self, value: &Value) -> Result<(&'static str, String)> {
        Ok(match value {
            Value::Bool(truth) => ("bool", truth.to_string()),
            Value::Integer(number) => ("integer", number.to_string()),
            Value::Real(number) => ("real", format!("{number:?}")),
            Value::Text(text) => {
                if let Ok(text) = self.facts().fill(text)
                    && text.contains(['"', '\'', '\\'])
                {
                    let sentence = format!("`{text}` has quotes or backslashes");
                    let cause = "PlistBuddy cannot be told such values safely";
                    return Err(Problem::usage(sentence).because(cause));
                }
                ("string", self.word(text)?)
            }
            _ => return Err(Problem::ours("a value that scripts cannot tell")),
        })
    }

    /// The lines of all edits of a list, or of a new one.
    pub(super) fn plist(&mut self, edit: &PlistEdit) -> Result<()> {
        let file = self.path(&edit.path)?;
        self.line(&format!("if [ -f {file} ]; then"));
        self.depth += 1;
        if edit.keep {
            self.line("already=yes");
        } else {
            self.line(&format!("open_list {file}"));
            self.edits(edit)?;
            self.line(&format!("close_list {file}"));
        }
        self.depth -= 1;
        self.line("else");
        self.depth += 1;
        let plain = self.word(&edit.path)?;
        if edit.create {
            let (owner, mode) = owned(&edit.owning, 0o644);
            match new_plist(edit, self.facts()) {
                Ok(text) => {
                    let text = quote(&String::from_utf8_lossy(&text));
                    self.line(&format!("create {file} {owner} {mode} {text}"));
                }
                // What only the system knows is filled in there.
                Err(problem) if !edit.keep && problem.kind == ProblemKind::BadInput => {
                    self.line("new_list");
                    self.edits(edit)?;
                    self.line(&format!("create {file} {owner} {mode} \"$(cat \"$list\")\""));
                }
                Err(problem) => return Err(problem),
            }
        } else {
            self.line(&format!("note_missing \"there is no \"{plain}"));
        }
        self.depth -= 1;
        self.line("fi");
        Ok(())
    }

    fn edits(&mut self, edit: &PlistEdit) -> Result<()> {
        for key in &edit.delete {
            self.line(&format!("list_delete {}", quote(&key.to_string())));
        }
        for (key, value) in &edit.set {
            self.set(key, value)?;
        }
        for (key, value) in &edit.add {
            self.above(key);
            self.line(&format!("list_next {}", quote(&key.to_string())));
            self.put("\"$place\"", value)?;
        }
        for (key, value) in &edit.include {
            self.above(key);
            let (kind, value) = self.single(value)?;
            self.line(&format!("list_include {} {kind} {value}", quote(&key.to_string())));
        }
        edit.merge.iter().try_for_each(|(key, value)| self.merge(key, value))
    }

    /// Makes the dictionaries above a key path.
    fn above(&mut self, key: &KeyPath) {
        for len in 1..key.0.len() {
            let above = KeyPath(key.0[..len].to_vec());
            self.line(&format!("list_dict {}", quote(&above.to_string())));
        }
    }

    fn set(&mut self, key: &KeyPath, value: &Value) -> Result<()> {
        self.above(key);
        let (kind, value) = self.single(value)?;
        self.line(&format!("list_set {} {kind} {value}", quote(&key.to_string())));
        Ok(())
    }

    /// A new value at a place that is a word of the shell.
    fn put(&mut self, place: &str, value: &Value) -> Result<()> {
        match value {
            Value::Array(values) => {
                self.line(&format!("list_put {place} array"));
                for (index, value) in values.iter().enumerate() {
                    self.put(&format!("{place}:{index}"), value)?;
                }
            }
            Value::Table(pairs) => {
                self.line(&format!("list_put {place} dict"));
                for (key, value) in pairs {
                    self.put(&format!("{place}:{key}"), value)?;
                }
            }
            single => {
                let (kind, value) = self.single(single)?;
                self.line(&format!("list_put {place} {kind} {value}"));
            }
        }
        Ok(())
    }

    fn merge(&mut self, key: &KeyPath, value: &Value) -> Result<()> {
        let Value::Table(pairs) = value else { return self.set(key, value) };
        self.above(key);
        if !key.0.is_empty() {
            self.line(&format!("list_dict {}", quote(&key.to_string())));
        }
        for (name, value) in pairs {
            let below = KeyPath(key.0.iter().chain([name]).cloned().collect());
            self.merge(&below, value)?;
        }
        Ok(())
    }
}
