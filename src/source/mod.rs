//! Where inputs come from: the host's files and folders, and what is in them.
//!
//! Containers are folders: `InstallESD.dmg/BaseSystem.dmg/System` is a path.
//! Nothing is unpacked; all contents are lazy sources. Not supported yet:
//! packages, archives.

pub mod catalog;
mod files;
mod host;
pub mod http;
mod installer;
mod item;
pub mod known;
mod opener;
pub mod recovery;
pub mod sample;
mod second;
pub mod store;
mod tables;
#[cfg(test)]
mod tests;
pub mod trust;
mod volume;
mod watch;

pub use files::{Plain, plain_files};
pub use installer::{SystemVersion, system_version};
pub use item::{Disk, Item, Place};
pub use opener::{OpenImage, Opener, Proof};
pub use tables::{Tables, tables};
pub use volume::{OpenVolume, contents};
pub use watch::Watched;
