//! Recipes: what to make of which inputs, as pure data without input or output.
//!
//! A recipe is TOML. All its mistakes are found at once, each with its line
//! and column. Not supported: keys of other tools (`x-...`) beside ours.

pub mod builtin;
mod check;
mod claim;
mod claims;
mod condition;
mod draft;
mod fix;
pub mod fixes;
mod load;
mod mistake;
mod model;
mod portable;
mod reach;
mod reader;
mod schema;
mod steps;
#[cfg(test)]
mod tests;
mod text;

pub use claim::{Claim, Like, Test};
pub use fix::{Applies, Delivery, Fix, Skip};
pub use load::{Text, load};
pub use mistake::{Mistake, excerpt, nearest};
pub use model::{
    Action, CatalogEntry, Comparison, Condition, Demand, Find, FixUse, Input, InputKind, KeyPath,
    Layout, MediaOptions, Operator, Owning, Param, PlistEdit, Position, Purpose, Recipe,
    SettingsEdit, Shape, Size, Step, Value, VolumeOptions,
};
pub use reach::{Reach, guards, reach};
#[cfg(test)]
pub(crate) use schema::judge;
pub use schema::{FIX_SCHEMA, SCHEMA};
pub use text::{Piece, pieces, size};
