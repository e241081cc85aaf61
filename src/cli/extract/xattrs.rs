//! Extended attributes of the host's files: in the `user.` namespace of
//! Linux, under their own names on a Mac.

use crate::volume::tree::Xattr;
use std::fs::File;

/// The longest value that hosts are asked to keep.
const MAX_VALUE: u64 = 64 << 10;

/// Gives a file or folder these attributes; answers how many were not kept.
pub(super) fn set(file: &File, xattrs: &[Xattr]) -> u64 {
    let kept = |xattr: &&Xattr| {
        let len = usize::try_from(xattr.value.len()).ok();
        let len = len.filter(|len| *len as u64 <= MAX_VALUE);
        let value = len.and_then(|len| crate::block::read_vec(xattr.value.as_ref(), 0, len).ok());
        value.is_some_and(|value| one(file, &xattr.name.to_string(), &value))
    };
    xattrs.iter().filter(|xattr| !kept(xattr)).count() as u64
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn one(file: &File, name: &str, value: &[u8]) -> bool {
    let prefix = if cfg!(target_os = "linux") { "user." } else { "" };
    let flags = rustix::fs::XattrFlags::CREATE;
    rustix::fs::fsetxattr(file, format!("{prefix}{name}"), value, flags).is_ok()
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn one(_file: &File, _name: &str, _value: &[u8]) -> bool {
    false
}
