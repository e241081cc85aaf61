//! `plist = { path, set, add, delete, merge }`: edits of a property list.
//!
//! XML stays XML and binary stays binary; the order of keys stays, new ones
//! come last. Not supported: the old text format, and comments in XML, which
//! are lost.

use crate::engine::facts::Facts;
use crate::engine::job::{Job, own};
use crate::engine::problem::{Problem, Result};
use crate::engine::steps::keys::{add, delete, get, include, merge, place, same};
use crate::engine::steps::shape::unlike;
use crate::engine::steps::{Effect, Step};
use crate::format::proplist;
use crate::recipe::{KeyPath, Owning, PlistEdit, Shape, Value};
use crate::volume::VPath;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plist::Value as Property;

#[derive(Debug)]
pub(super) struct Plist {
    path: VPath,
    create: bool,
    keep: bool,
    owning: Owning,
    delete: Vec<KeyPath>,
    set: Vec<(KeyPath, Property)>,
    add: Vec<(KeyPath, Property)>,
    include: Vec<(KeyPath, Property)>,
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
            keep: edit.keep,
            owning: edit.owning.clone(),
            delete: edit.delete.clone(),
            set: values(&edit.set)?,
            add: values(&edit.add)?,
            include: values(&edit.include)?,
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
        let before = root.clone();
        self.edit(&mut root)?;
        if let Some(old) = old
            && root == before
        {
            return Ok(old.to_vec());
        }
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
            if !get(root, &key.0).is_some_and(|old| same(old, value)) {
                *place(root, key)? = value.clone();
            }
        }
        for (key, value) in &self.add {
            add(root, key, value)?;
        }
        for (key, value) in &self.include {
            include(root, key, value)?;
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
        edits.extend(self.include.iter().map(|(key, _)| format!("include in {key}")));
        edits.extend(self.merge.iter().map(|(key, _)| format!("merge into {key}")));
        format!("edit {}: {}", self.path, edits.join(", "))
    }

    fn effect(&self, job: &mut Job<'_>) -> Result<Effect> {
        let old = match job.find(&self.path)? {
            None if self.create => None,
            None => return Ok(Effect::Missing(format!("there is no {}", self.path))),
            Some(_) if self.keep => return Ok(Effect::Already),
            Some(id) => Some(job.read(id)?),
        };
        let new = self.rewrite(old.as_deref())?;
        if old.as_deref() == Some(&new) {
            return Ok(Effect::Already);
        }
        job.store(&self.path, new)?;
        if old.is_none() {
            let id = job.need(&self.path)?;
            own(job.tree_mut()?, id, &self.owning);
        }
        Ok(Effect::Changed)
    }

    fn apply(&self, job: &mut Job<'_>) -> Result<()> {
        if !self.create {
            job.need(&self.path)?;
        }
        self.effect(job).map(drop)
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

/// The bytes of a new property list with these edits.
pub(in crate::engine) fn new_plist(edit: &PlistEdit, facts: &Facts) -> Result<Vec<u8>> {
    Plist::resolve(edit, facts)?.rewrite(None)
}

/// Whether the property list of a shape is there and looks like it.
pub(in crate::engine) fn has_shape(job: &Job<'_>, shape: &Shape, facts: &Facts) -> Result<bool> {
    let path = facts.path(&shape.path)?;
    let Some(id) = job.find(&path)? else { return Ok(false) };
    let root = proplist::parse(&job.read(id)?);
    let root = root.map_err(|error| {
        Problem::bad_input(format!("{path} is no property list")).because(error)
    })?;
    let is = shape.is.iter().map(|(key, value)| Ok((key.clone(), property(value, facts)?)));
    let is = is.collect::<Result<Vec<_>>>()?;
    Ok(unlike(&root, &shape.has, &shape.lacks, &is).is_none())
}

/// How a text says that it is data.
const DATA: &str = "data:;base64,";

/// A recipe's value as a property.
pub(in crate::engine) fn property(value: &Value, facts: &Facts) -> Result<Property> {
    Ok(match value {
        Value::Bool(truth) => Property::Boolean(*truth),
        Value::Integer(number) => Property::Integer((*number).into()),
        Value::Real(number) => Property::Real(*number),
        Value::Text(text) => {
            let text = facts.fill(text)?;
            match text.strip_prefix(DATA) {
                Some(digits) => Property::Data(STANDARD.decode(digits).map_err(|error| {
                    Problem::bad_input("data for a property list is no base64").because(error)
                })?),
                None => Property::String(text),
            }
        }
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
