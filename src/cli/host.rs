//! The host's own folders, as `ls` shows them.

use crate::cli::listing::{Entry, target};
use crate::engine::Problem;
use crate::volume::Kind;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// Seconds between 1904, where HFS+ begins, and 1970.
const EPOCH_1904: u64 = 2_082_844_800;

/// A folder's entries in order, and the folders among them. Links are shown,
/// not followed.
pub(super) fn folder(path: &Path) -> Result<(Vec<Entry>, Vec<PathBuf>), Problem> {
    let read = || -> io::Result<Vec<(PathBuf, Metadata)>> {
        let paths = fs::read_dir(path)?.map(|entry| Ok(entry?.path()));
        let mut paths = paths.collect::<io::Result<Vec<_>>>()?;
        paths.sort();
        paths.into_iter().map(|path| Ok((path.clone(), fs::symlink_metadata(&path)?))).collect()
    };
    let read = read().map_err(|error| Problem::reading(path.display(), error.into()))?;
    let entries = read.iter().map(|(path, meta)| entry(path, meta)).collect();
    let folders = read.into_iter().filter(|(_, meta)| meta.is_dir()).map(|(path, _)| path);
    Ok((entries, folders.collect()))
}

fn entry(path: &Path, meta: &Metadata) -> Entry {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut entry = Entry::plain(&name, (!meta.is_dir()).then_some(meta.len()));
    if meta.is_symlink() {
        entry.kind = Kind::Symlink;
        let text = fs::read_link(path).map(|target| target.to_string_lossy().into_owned());
        let text = text.unwrap_or_default();
        entry.target = Some(target(&crate::block::bytes(text.as_bytes())));
    }
    let since =
        meta.modified().ok().and_then(|date| date.duration_since(std::time::UNIX_EPOCH).ok());
    let date = since.and_then(|since| u32::try_from(since.as_secs() + EPOCH_1904).ok());
    entry.modified = date.unwrap_or(0);
    owner(&mut entry, meta);
    entry
}

#[cfg(unix)]
fn owner(entry: &mut Entry, meta: &Metadata) {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    let kind = meta.file_type();
    if kind.is_fifo() {
        entry.kind = Kind::Fifo;
    } else if kind.is_socket() {
        entry.kind = Kind::Socket;
    } else if kind.is_char_device() {
        entry.kind = Kind::CharDevice;
    } else if kind.is_block_device() {
        entry.kind = Kind::BlockDevice;
    }
    // The mask leaves 12 bits.
    entry.mode = u16::try_from(meta.mode() & 0o7777).unwrap_or(0);
    (entry.owner, entry.group, entry.links) = (meta.uid(), meta.gid(), meta.nlink());
}

#[cfg(not(unix))]
fn owner(_entry: &mut Entry, _meta: &Metadata) {}
