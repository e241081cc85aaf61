//! This computer's own disks.

use crate::block::{FileBytes, Source};
use crate::device::describe::{Eyes, System, describe};
use crate::device::disk::Disk;
use crate::device::root::Root;
use std::sync::Arc;

/// Opens the nodes of `/dev`, for reading only.
pub struct HostEyes;

impl Eyes for HostEyes {
    fn bytes(&self, disk: &Disk) -> Option<Source> {
        FileBytes::open(&disk.path).ok().map(|file| Arc::new(file) as Source)
    }

    fn is_held(&self, disk: &Disk) -> Option<bool> {
        held(disk)
    }
}

/// Whether somebody holds a disk: then nobody else can open it exclusively.
/// The disk is closed again at once.
#[cfg(target_os = "linux")]
fn held(disk: &Disk) -> Option<bool> {
    use crate::device::sys::patiently;
    use rustix::fs::{Mode, OFlags, open};
    use rustix::io::Errno;
    let flags = OFlags::RDONLY | OFlags::EXCL | OFlags::CLOEXEC | OFlags::NONBLOCK;
    match patiently(|| open(&disk.path, flags, Mode::empty())) {
        Ok(_) => Some(false),
        Err(Errno::BUSY) => Some(true),
        Err(_) => None,
    }
}

#[cfg(not(target_os = "linux"))]
fn held(_disk: &Disk) -> Option<bool> {
    None
}

/// The disks of this computer; none where there are none that we could use.
#[must_use]
pub fn host() -> System {
    describe(&Root::host(), &HostEyes)
}

/// Whether disks can be written to here at all.
pub const SUPPORTED: bool = cfg!(target_os = "linux");
