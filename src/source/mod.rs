//! Where inputs come from: the host's files and folders, and what is in them.
//!
//! Containers are folders: `InstallESD.dmg/BaseSystem.dmg/System` is a path.
//! So is `Combo.dmg/Combo.pkg/Sub.pkg/Payload/Applications`: archives become
//! trees, too. All contents are lazy sources; of compressed archives only what
//! is wanted is unpacked, into a temporary file.

mod archive;
pub mod catalog;
mod files;
mod find;
mod host;
pub mod http;
mod installer;
mod item;
pub mod known;
mod opener;
pub mod package;
pub mod pattern;
mod platform;
pub mod recovery;
pub mod sample;
mod second;
mod single;
pub mod store;
mod tables;
#[cfg(test)]
mod tests;
pub mod trust;
mod volume;
mod watch;

pub use archive::{Archive, LeftOut};
pub use files::{Plain, plain_files};
pub use installer::{SystemVersion, server_version, system_version};
pub use item::{Disk, Item, Place};
pub use opener::{OpenImage, Opener, Proof};
pub use platform::{Mac, Platform};
pub use single::SingleVolume;
pub use tables::{Tables, tables};
pub use volume::{OpenVolume, contents};
pub use watch::Watched;
