//! Apple's software update catalogs: what is offered, and where it lies.
//!
//! A catalog is a property list of products; a product has packages and, for
//! each language, a distribution. Ids, folders and file names are unrelated:
//! 11D50's package lies in a folder `03/53/…` and its distribution is called
//! `041-5126.English.dist`. So no URL is ever built from an id; all are copied
//! from the list.
//!
//! Unknown keys are kept, so that a catalog can be written again. References:
//! github.com/wdas/reposado (layout of a mirror), and catalogs themselves.

pub mod check;
pub mod facts;
pub mod layout;
mod location;
pub mod matching;
mod model;
pub mod named;
pub mod origin;
mod read;
#[cfg(test)]
mod tests;
mod unpack;
mod write;

pub use location::{Base, Location};
pub use model::{Catalog, Integrity, Package, Product, day};
