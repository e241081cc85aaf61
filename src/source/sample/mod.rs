//! Shape samples: images laid out as `InstallESD.dmg` of 10.7 to 10.12 are,
//! every byte of them made here. They install nothing and prove our chain, not
//! Apple's files.

mod builder;
pub mod catalog;
mod chunklist;
mod compressed;
mod efi;
mod image;
mod later;
mod lion_server;
mod made_up;
mod package;
mod packages;
mod rsa;
pub mod server;
mod shape;
mod signing;
mod stand_in;
mod trees;

pub use efi::{MARKER, boot_program};
pub use image::{write_image, write_installer};
pub use lion_server::{ESSENTIALS, essentials, lion_server, served};
pub use package::{Package, package, package_bytes};
pub use shape::{SHAPES, Shape};
pub use signing::{anchors, signer};
pub use stand_in::{
    release, stand_in_archive, stand_in_folder, stand_in_package, stand_in_zip, write_release,
};
pub use trees::{ODDITIES, base_system, installer};
