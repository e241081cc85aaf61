//! `plist = { path, set, add, delete, merge }`: edits of a property list.
//!
//! XML stays XML and binary stays binary; the order of keys stays, new ones
//! come last. Not supported: the old text format, and comments in XML, which
//! are lost.

use crate::engine::facts::Facts;
use crate::engine::job::Job;
use crate::engine::problem::{Problem, Result};
use crate::engine::steps::Step;
use crate::format::proplist;
use crate::recipe::{KeyPath, PlistEdit, Value};
use crate::volume::VPath;
use plist::Value as Property;

#[derive(Debug)]
pub(super) struct Plist {
    path: VPath,
    create: bool,
    delete: Vec<KeyPath>,
    set: Vec<(KeyPath, Property)>,
    add: Vec<(KeyPath, Property)>,
    merge: Vec<(KeyPath, Property)>,
}

impl Plist {
    pub(super) fn resolve(edit: &PlistEdit, facts: &Facts) -> Result<Self> {
        let values = |list: &[(KeyPath, Value)]| -> Result<Vec<_>> {
            list.iter().map(|(key, value)| Ok((key.clone(), property(value, facts)?))).collect()
        };
        Ok(Self {
            path: facts.path(&edit.path)?,
            create: edit.create,
            delete: edit.delete.clone(),
            set: values(&edit.set)?,
            add: values(&edit.add)?,
            merge: values(&edit.merge)?,
        })
    }

    /// The bytes of a property list, edited; of an empty one where there is none.
    fn rewrite(&self, old: Option<&[u8]>) -> Result<Vec<u8>> {
        let binary = old.is_some_and(|old| old.starts_with(b"bplist"));
        let mut root = match old {
            Some(old) => proplist::parse(old).map_err(|error| {
                Problem::bad_input(format!("{} is no property list", self.path)).because(error)
            })?,
            None => Property::Dictionary(plist::Dictionary::new()),
        };
        self.edit(&mut root)?;
        let mut new = Vec::new();
        let written =
            if binary { root.to_writer_binary(&mut new) } else { root.to_writer_xml(&mut new) };
        written.map_err(|error| Problem::ours("cannot store a property list").because(error))?;
        if !binary && !new.ends_with(b"\n") {
            new.push(b'\n');
        }
        Ok(new)
    }

    fn edit(&self, root: &mut Property) -> Result<()> {
        for key in &self.delete {
            delete(root, &key.0);
        }
        for (key, value) in &self.set {
            *place(root, key)? = value.clone();
        }
        for (key, value) in &self.add {
            add(root, key, value)?;
        }
        for (key, value) in &self.merge {
            merge(place(root, key)?, value);
        }
        Ok(())
    }
}

impl Step for Plist {
    fn title(&self) -> String {
        let mut edits = Vec::new();
        edits.extend(self.delete.iter().map(|key| format!("delete {key}")));
        edits.extend(self.set.iter().map(|(key, _)| format!("set {key}")));
        edits.extend(self.add.iter().map(|(key, _)| format!("add {key}")));
        edits.extend(self.merge.iter().map(|(key, _)| format!("merge into {key}")));
        format!("edit {}: {}", self.path, edits.join(", "))
    }

    fn apply(&self, job: &mut Job<'_>) -> Result<()> {
        let old = match job.find(&self.path)? {
            None if self.create => None,
            _ => Some(job.read(job.need(&self.path)?)?),
        };
        job.store(&self.path, self.rewrite(old.as_deref())?)
    }
}

/// What a recipe's `plist` step makes of a property list's bytes. Placeholders
/// in the step's values have no facts to be filled from here.
///
/// # Errors
/// A [`Problem`] when the bytes are no property list or a key path leads nowhere.
pub fn edit_plist(old: &[u8], edit: &PlistEdit) -> Result<Vec<u8>> {
    Plist::resolve(edit, &Facts::default())?.rewrite(Some(old))
}

/// A recipe's value as a property.
fn property(value: &Value, facts: &Facts) -> Result<Property> {
    Ok(match value {
        Value::Bool(truth) => Property::Boolean(*truth),
        Value::Integer(number) => Property::Integer((*number).into()),
        Value::Real(number) => Property::Real(*number),
        Value::Text(text) => Property::String(facts.fill(text)?),
        Value::Date(text) => {
            let date = plist::Date::from_xml_format(text);
            let wrong = |_| {
                Problem::bad_input(format!("`{text}` is no date for a property list"))
                    .hint("write it in UTC, such as 2012-10-16T00:00:00Z")
            };
            Property::Date(date.map_err(wrong)?)
        }
        Value::Array(values) => {
            let values = values.iter().map(|value| property(value, facts));
            Property::Array(values.collect::<Result<_>>()?)
        }
        Value::Table(pairs) => {
            let mut dictionary = plist::Dictionary::new();
            for (key, value) in pairs {
                dictionary.insert(key.clone(), property(value, facts)?);
            }
            Property::Dictionary(dictionary)
        }
    })
}

fn index(key: &str) -> Option<usize> {
    key.parse().ok()
}

/// The place of a key path, made (as dictionaries) where it is missing. An
/// array takes an index that it has, or its length for one more.
fn place<'p>(root: &'p mut Property, path: &KeyPath) -> Result<&'p mut Property> {
    let wrong = |key: &str, what: &str| {
        Problem::bad_input(format!("the key path {path} leads nowhere"))
            .because(format!("`{key}` is asked of {what}"))
    };
    let mut at = root;
    for key in &path.0 {
        at = match at {
            Property::Dictionary(dictionary) => {
                if !dictionary.contains_key(key) {
                    let empty = Property::Dictionary(plist::Dictionary::new());
                    dictionary.insert(key.clone(), empty);
                }
                dictionary.get_mut(key).ok_or_else(|| wrong(key, "a dictionary"))?
            }
            Property::Array(array) => {
                let what = format!("an array of {}", array.len());
                let index = index(key).filter(|index| *index <= array.len());
                let index = index.ok_or_else(|| wrong(key, &what))?;
                if index == array.len() {
                    array.push(Property::Dictionary(plist::Dictionary::new()));
                }
                &mut array[index]
            }
            _ => return Err(wrong(key, "a value that is neither dictionary nor array")),
        };
    }
    Ok(at)
}

fn find<'p>(root: &'p mut Property, path: &[String]) -> Option<&'p mut Property> {
    path.iter().try_fold(root, |at, key| match at {
        Property::Dictionary(dictionary) => dictionary.get_mut(key),
        Property::Array(array) => array.get_mut(index(key)?),
        _ => None,
    })
}

fn delete(root: &mut Property, path: &[String]) {
    let Some((last, parents)) = path.split_last() else { return };
    match find(root, parents) {
        // `remove` would put the last key into the hole.
        Some(Property::Dictionary(dictionary)) => dictionary.retain(|key, _| key != last),
        Some(Property::Array(array)) => {
            if let Some(index) = index(last).filter(|index| *index < array.len()) {
                array.remove(index);
            }
        }
        _ => {}
    }
}

fn add(root: &mut Property, path: &KeyPath, value: &Property) -> Result<()> {
    match find(root, &path.0) {
        Some(Property::Array(array)) => array.push(value.clone()),
        Some(_) => {
            return Err(Problem::bad_input(format!("the key path {path} has a value already"))
                .hint("to change it, use `set`"));
        }
        None => *place(root, path)? = value.clone(),
    }
    Ok(())
}

fn merge(into: &mut Property, value: &Property) {
    match (into, value) {
        (Property::Dictionary(into), Property::Dictionary(from)) => {
            for (key, value) in from {
                match into.get_mut(key) {
                    Some(old) => merge(old, value),
                    None => drop(into.insert(key.clone(), value.clone())),
                }
            }
        }
        (into, value) => *into = value.clone(),
    }
}
