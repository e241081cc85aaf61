//! What a path leads to: on the host, in an image, in an image in an image.

use crate::block::{Error, Source};
use crate::cli::listing::Entry;
use crate::engine::Problem;
use crate::format::{detect, udif};
use crate::source::{Item, Opener, Place};
use std::path::Path;

/// Opens a path as it is; containers on the way are entered.
pub(super) fn open(opener: &Opener, path: &Path) -> Result<Item, Problem> {
    opener.resolve(path).map_err(|error| reading(&path.display().to_string(), error))
}

/// Opens a path and enters what it leads to, unless that is a plain file.
///
/// # Errors
/// As [`Opener::enter`], for what looks like a container.
pub(super) fn enter(opener: &Opener, path: &Path) -> Result<Item, Problem> {
    let item = open(opener, path)?;
    match opener.enter(&item) {
        Ok(entered) => Ok(entered),
        Err(_) if item.contents().is_ok_and(|source| !is_container(&source)) => Ok(item),
        Err(error) => Err(reading(&path.display().to_string(), error)),
    }
}

/// Whether bytes look like a disk, a volume or an image of one.
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
