//! HFS Plus and HFSX, as Apple's Technical Note TN1150 describes them.

mod attributes;
mod btree;
mod catalog;
pub mod check;
pub mod decmpfs;
mod extents;
mod header;
mod journal;
mod key;
mod layout;
mod links;
mod load;
pub mod raw;
mod reader;

pub use header::Header;
pub use layout::{ForkKind, ForkRef, Laid, Params, Size, lay_out};
pub use reader::{Entry, Journal, Volume};
