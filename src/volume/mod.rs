//! File systems as trees.

pub mod fat;
pub mod hfsplus;
mod meta;
mod name;
pub mod tree;
pub mod unicode;

pub use meta::{Kind, Meta};
pub use name::{MAX_NAME, Name, VPath};
pub use tree::{Body, Case, Node, NodeId, Tree};
