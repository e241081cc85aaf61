//! The JSON Schemas of recipes and fixes, for editors.
//!
//! Written by hand, with a sentence a key. The tests ask the reader which keys
//! it knows at each place and compare: a key that only one of both has is a
//! failure that names it.

/// Of recipes: JSON Schema, draft 2020-12.
pub const SCHEMA: &str = include_str!("../../schemas/recipe.json");
/// Of fixes. What both have is the same in both, which is tested.
pub const FIX_SCHEMA: &str = include_str!("../../schemas/fix.json");

#[cfg(test)]
mod fixes;
#[cfg(test)]
#[allow(dead_code)]
#[path = "../../tests/support/schema.rs"]
pub(crate) mod judge;
#[cfg(test)]
mod tests;
