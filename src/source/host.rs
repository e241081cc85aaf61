//! Folders of the host as trees.
//!
//! Owners, dates and modes of the host mean nothing on the media: all is
//! root:wheel with one given date, 0755 for folders and whatever may be run,
//! else 0644. Symbolic links stay links. Refused: devices, pipes, sockets,
//! names that are not text.

use crate::block::{Error, Result, bytes};
use crate::source::Opener;
use crate::volume::{Body, Case, MAX_NAME, Meta, Name, NodeId, Tree};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The folder's contents as a volume of its own, whose root is the folder.
pub(super) fn tree(opener: &Opener, folder: &Path, date: u32) -> Result<Tree> {
    let mut tree = Tree::new(Name::from_text("host"), Case::Sensitive, date);
    let mut todo = vec![(folder.to_owned(), tree.root())];
    while let Some((folder, into)) = todo.pop() {
        for path in entries(&folder)? {
            let id = add(opener, &mut tree, into, &path, date)?;
            if tree.is_dir(id) {
                todo.push((path, id));
            }
        }
    }
    Ok(tree)
}

/// A folder's entries, ordered, so that the same folder makes the same tree.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read =
        || -> io::Result<Vec<_>> { fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect() };
    let mut entries = read().map_err(|error| named(error, folder))?;
    entries.sort();
    Ok(entries)
}

fn named(error: io::Error, path: &Path) -> Error {
    Error::Io(error).in_file(&path.display().to_string())
}

fn add(opener: &Opener, tree: &mut Tree, dir: NodeId, path: &Path, date: u32) -> Result<NodeId> {
    let meta = fs::symlink_metadata(path).map_err(|error| named(error, path))?;
    let name = name(path)?;
    let plain = |data| Body::File { data, rsrc: None };
    let (mode, body) = if meta.is_dir() {
        (Meta::DIR | 0o755, Body::Dir(Vec::new()))
    } else if meta.is_symlink() {
        let target = fs::read_link(path).map_err(|error| named(error, path))?;
        (Meta::SYMLINK | 0o755, plain(bytes(text(&target)?.as_bytes())))
    } else if meta.is_file() {
        let mode = if runs(&meta) { 0o755 } else { 0o644 };
        (Meta::FILE | mode, plain(opener.later(path)?))
    } else {
        let what = "a device, pipe or socket of this computer";
        let path = path.display().to_string();
        return Err(Error::unsupported(what, "its path", path, "give files and folders"));
    };
    tree.add(dir, name, Meta::new(mode, date), body).map_err(|error| {
        // Two spellings of one name, which a Mac cannot tell apart.
        named(io::Error::other(error.to_string()), path)
    })
}

pub(super) fn name(path: &Path) -> Result<Name> {
    let text = text(Path::new(path.file_name().unwrap_or_default()))?;
    let name = Name::from_text(text);
    if name.units().len() > MAX_NAME {
        let what = "a name that is too long for HFS+";
        let error = Error::unsupported(what, "its length", name.units().len(), "rename it");
        return Err(error.in_file(&path.display().to_string()));
    }
    Ok(name)
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| {
        let lossy = path.to_string_lossy().into_owned();
        Error::unsupported("a name that is not text", "the name", lossy, "rename it")
    })
}

#[cfg(unix)]
fn runs(meta: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    meta.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn runs(_meta: &fs::Metadata) -> bool {
    false
}
