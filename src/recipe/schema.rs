//! The JSON Schema of recipes, for editors.
//!
//! Written by hand, with a sentence a key. The tests ask the reader which keys
//! it knows at each place and compare: a key that only one of both has is a
//! failure that names it.

/// JSON Schema, draft 2020-12.
pub const SCHEMA: &str = include_str!("../../schemas/recipe.json");

#[cfg(test)]
#[allow(dead_code)]
#[path = "../../tests/support/schema.rs"]
pub(crate) mod judge;
#[cfg(test)]
mod tests;
