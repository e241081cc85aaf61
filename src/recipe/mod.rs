//! Recipes: what to make of which inputs, as pure data without input or output.

mod model;

pub use model::{
    Action, Comparison, Condition, Find, Input, InputKind, KeyPath, Layout, MediaOptions, Operator,
    Owning, Param, PlistEdit, Position, Recipe, Size, Step, Value, VolumeOptions,
};
