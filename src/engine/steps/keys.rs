//! Key paths in property lists: `Sockets:Listeners:0`.

use crate::engine::problem::{Problem, Result};
use crate::recipe::KeyPath;
use plist::Value as Property;

fn index(key: &str) -> Option<usize> {
    key.parse().ok()
}

/// The place of a key path, made (as dictionaries) where it is missing. An
/// array takes an index that it has, or its length for one more.
pub(super) fn place<'p>(root: &'p mut Property, path: &KeyPath) -> Result<&'p mut Property> {
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

/// The value at a key path.
pub(super) fn get<'p>(root: &'p Property, path: &[String]) -> Option<&'p Property> {
    path.iter().try_fold(root, |at, key| match at {
        Property::Dictionary(dictionary) => dictionary.get(key),
        Property::Array(array) => array.get(index(key)?),
        _ => None,
    })
}

/// Whether two values are the same; numbers are compared as such.
pub(super) fn same(a: &Property, b: &Property) -> bool {
    let number = |value: &Property| match value {
        Property::Real(real) => Some(*real),
        // Those that matter are small.
        Property::Integer(_) => value.as_signed_integer()?.to_string().parse().ok(),
        _ => None,
    };
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

fn find<'p>(root: &'p mut Property, path: &[String]) -> Option<&'p mut Property> {
    path.iter().try_fold(root, |at, key| match at {
        Property::Dictionary(dictionary) => dictionary.get_mut(key),
        Property::Array(array) => array.get_mut(index(key)?),
        _ => None,
    })
}

pub(super) fn delete(root: &mut Property, path: &[String]) {
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

pub(super) fn add(root: &mut Property, path: &KeyPath, value: &Property) -> Result<()> {
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

pub(super) fn merge(into: &mut Property, value: &Property) {
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

/// Puts a value into an array, made where it is missing, unless it is in it.
pub(super) fn include(root: &mut Property, path: &KeyPath, value: &Property) -> Result<()> {
    if get(root, &path.0).is_none() {
        *place(root, path)? = Property::Array(Vec::new());
    }
    match place(root, path)? {
        Property::Array(array) if array.contains(value) => {}
        Property::Array(array) => array.push(value.clone()),
        _ => return Err(Problem::bad_input(format!("the value at {path} is no array"))),
    }
    Ok(())
}
