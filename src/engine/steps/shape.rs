//! Whether a property list looks as it should, and where it does not.

use crate::engine::steps::keys::{get, same};
use crate::recipe::KeyPath;
use plist::Value as Property;

/// The longest text of a value that is told.
const TOLD: usize = 60;

/// The first thing in which a list is not as it should be.
#[derive(Debug)]
pub(in crate::engine) enum Unlike<'p> {
    /// Nothing at a key path that must lead somewhere.
    Lacks(&'p KeyPath),
    /// A value at one that must lead nowhere.
    Has(&'p KeyPath, &'p Property),
    /// Another value, or none.
    Differs(&'p KeyPath, &'p Property, Option<&'p Property>),
}

/// Compares a list with what is wanted of it.
pub(in crate::engine) fn unlike<'p>(
    root: &'p Property,
    has: &'p [KeyPath],
    lacks: &'p [KeyPath],
    is: &'p [(KeyPath, Property)],
) -> Option<Unlike<'p>> {
    let at = |key: &KeyPath| get(root, &key.0);
    let other = is.iter().find(|(key, wanted)| !at(key).is_some_and(|found| same(found, wanted)));
    let other = other.map(|(key, wanted)| Unlike::Differs(key, wanted, at(key)));
    let missing = || has.iter().find(|key| at(key).is_none()).map(Unlike::Lacks);
    let extra = || lacks.iter().find_map(|key| Some(Unlike::Has(key, at(key)?)));
    other.or_else(missing).or_else(extra)
}

/// A value in a few words.
pub(in crate::engine) fn shown(value: &Property) -> String {
    let text = match value {
        Property::Boolean(truth) => truth.to_string(),
        Property::Integer(number) => number.to_string(),
        Property::Real(number) => number.to_string(),
        Property::String(text) => format!("{text:?}"),
        Property::Date(date) => date.to_xml_format(),
        Property::Data(data) => format!("{} bytes of data", data.len()),
        Property::Array(array) => {
            let all: Vec<_> = array.iter().take(TOLD).map(shown).collect();
            format!("[{}]", all.join(", "))
        }
        Property::Dictionary(dictionary) => {
            let pair = |(key, value): (&String, _)| format!("{key} = {}", shown(value));
            let all: Vec<_> = dictionary.iter().take(TOLD).map(pair).collect();
            format!("{{{}}}", all.join(", "))
        }
        _ => "a value of another kind".to_owned(),
    };
    match text.char_indices().nth(TOLD) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
