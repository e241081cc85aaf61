//! The engine's events in words: lines, a live view, or JSON.
//!
//! [`State`] is a pure reducer that is told the time; each view folds events
//! into it and prints what changed. Nothing here decides anything.

mod fold;
mod json;
pub mod junit;
mod live;
mod plain;
mod state;
mod words;

pub use fold::fold;
pub use json::Json;
pub use live::Live;
pub use plain::Plain;
pub use state::State;
pub use words::{count, date, duration, size, tame};
