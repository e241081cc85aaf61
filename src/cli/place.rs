//! What a path leads to: on the host, in an image, in an image in an image.

use crate::block::{Error, Source};
use crate::cli::listing::Entry;
use crate::engine::{Problem, Stop};
use crate::format::{detect, udif};
use crate::source::{Item, Opener, Place};
use std::path::Path;
use std::sync::Arc;

/// Opens a path as it is; containers on the way are entered.
pub(super) fn open(opener: &Opener, path: &Path) -> Result<Item, Problem> {
    opener.resolve(path).map_err(|error| reading(&path.display().to_string(), error))
}

/// Opens all that a path names that may be a pattern.
pub(super) fn find(opener: &Opener, path: &Path) -> Result<Vec<Item>, Problem> {
    opener.find(path).map_err(|error| reading(&path.display().to_string(), error))
}

/// Enters an item, unless that is a plain file.
///
/// # Errors
/// As [`Opener::enter`], for what looks like a container.
pub(super) fn enter(opener: &Opener, item: Item) -> Result<Item, Problem> {
    match opener.enter(&item) {
        Ok(entered) => Ok(entered),
        Err(_) if item.contents().is_ok_and(|source| !is_container(&source)) => Ok(item),
        Err(error) => Err(reading(&item.name, error)),
    }
}

/// An opener that ends reading archives when the user wants to stop.
pub(super) fn opener(stop: &Stop) -> Opener {
    let stop = stop.clone();
    Opener::new().until(Arc::new(move || stop.raised()))
}

/// Whether bytes look like a disk, a volume, an image of one, or an archive.
fn is_container(source: &Source) -> bool {
    use detect::Format;
    let image = |format| {
        matches!(
            format,
            Format::Udif
                | Format::Encrypted
                | Format::SparseImage
                | Format::SparseBundle
                | Format::DiskCopy42
                | Format::Xar
                | Format::Cpio
                | Format::Tar
                | Format::Zip
                | Format::Gzip
                | Format::Bzip2
                | Format::Xz
                | Format::Pbzx
        )
    };
    let found = detect::look(source.as_ref()).ok().flatten();
    found.is_some_and(|found| found.is_volume() || found.is_disk() || image(found.format))
        || !matches!(udif::detect(source.as_ref()), Ok(None))
}

/// An item's own name, without the path to it.
pub(super) fn name_of(item: &Item) -> &str {
    item.name.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

/// What `ls` tells of an item that is in no volume.
pub(super) fn entry(item: &Item) -> Entry {
    match &item.place {
        Place::File { source, .. } => Entry::plain(name_of(item), Some(source.len())),
        _ => Entry::plain(name_of(item), None),
    }
}

/// An input that could not be read. A path that leads nowhere gets a hint.
pub(super) fn reading(what: &str, error: Error) -> Problem {
    let missing = match &error {
        Error::Io(error) => error.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    };
    let problem = Problem::reading(what, error);
    if missing {
        problem.hint("`lionize ls` shows what is in a folder or an image")
    } else {
        problem
    }
}
