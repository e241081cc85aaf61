//! One file out of a FAT volume that a machine of ours has written to.

use std::fs::File;
use std::io::{self, Read};

/// A file's bytes by its path; no more than `most` of them.
///
/// # Errors
/// What the host or the library reports, and `NotFound`.
pub fn read_file(volume: File, path: &str, most: u64) -> io::Result<Vec<u8>> {
    let volume = fatfs::FileSystem::new(volume, fatfs::FsOptions::new())?;
    let file = volume.root_dir().open_file(path)?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}
