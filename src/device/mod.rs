//! Real disks: which there are, which may be written to, and opening one.
//!
//! [`describe`] reads facts, [`guard`] judges them and touches nothing, and
//! `open` takes a disk for ourselves alone. Writing to the wrong disk is the
//! worst that can happen here, so whatever is not known counts against it.
//!
//! Not supported: disks of macOS and Windows. Code that nobody here could run
//! must not erase disks.

mod bus;
mod contents;
mod describe;
mod disk;
pub mod guard;
mod host;
mod mounts;
#[cfg(target_os = "linux")]
mod open;
mod put;
mod raw;
mod root;
#[cfg(target_os = "linux")]
mod sys;
mod target;
mod uses;

pub use contents::{Contents, Found, contents};
pub use describe::{Eyes, System, describe};
pub use disk::{Bus, Difference, Disk, How, Kind, Slice, Use};
#[cfg(test)]
pub(crate) use guard::tests::stick;
pub use host::{HostEyes, SUPPORTED, host};
pub use mounts::Mount;
#[cfg(target_os = "linux")]
pub use open::{Opened, open, unmount};
pub use raw::Raw;
pub use root::Root;
#[cfg(target_os = "linux")]
pub use sys::end_with_us;
pub use target::{DEPTH, Target};

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
