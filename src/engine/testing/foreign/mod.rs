//! Programs of other authors that read HFS+, as second judges.
//!
//! Each is asked for one path at a time and gives a file's bytes on its
//! standard output. They read raw images where those lie. Not asked: about
//! what is in containers, modes, property lists; about links,
//! files that the volume stores compressed, and names with control characters,
//! which they show in ways of their own.

mod grub;
mod pipe;
mod seven_zip;
mod sleuth_kit;

use crate::engine::events::Stop;
use crate::engine::problem::Result;
use crate::engine::testing::media::Media;
use std::io;
use std::path::{Path, PathBuf};

/// A reader of another author.
pub(super) trait Foreign {
    /// What it is called.
    fn name(&self) -> &'static str;

    /// Whether something stands at a path.
    fn exists(&self, path: &str, stop: &Stop) -> io::Result<bool>;

    /// Gives a file's bytes to `take`; false when nothing stands there.
    fn read(&self, path: &str, take: &mut dyn FnMut(&[u8]), stop: &Stop) -> io::Result<bool>;
}

/// The first reader that is installed and can read these media; or why there
/// is none.
pub(super) fn find(media: &Media) -> Result<Result<Box<dyn Foreign>, String>> {
    if !media.raw {
        return Ok(Err("the image is compressed, and they read raw ones".to_owned()));
    }
    if let Some(reader) = sleuth_kit::open(media) {
        return Ok(Ok(reader));
    }
    if let Some(reader) = grub::open(media) {
        return Ok(Ok(reader));
    }
    if let Some(reader) = seven_zip::open(media)? {
        return Ok(Ok(reader));
    }
    Ok(Err("none of ifind and icat, grub-fstest, 7zz is installed".to_owned()))
}

/// A program in the folders of `PATH`.
fn program(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&folders).map(|folder| folder.join(&file)).find(|path| runs(path))
}

#[cfg(unix)]
fn runs(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn runs(path: &Path) -> bool {
    path.is_file()
}

/// An answer that is none of those that a program gives.
fn odd(name: &str, said: &str) -> io::Error {
    io::Error::other(format!("{name} says: {}", said.lines().next().unwrap_or("nothing").trim()))
}
