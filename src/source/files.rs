//! A folder's or a zip archive's files as a plain list, for file systems that
//! know no more of a file than its path and bytes.

use crate::block::{Error, Reader, Result, Source, bytes};
use crate::source::{Item, Opener, archive};
use crate::volume::{Kind, VPath};
use std::io::Read;

/// The most bytes of a zip archive's files: they are unpacked in memory.
const MOST: u64 = 128 << 20;
/// The most files that a zip archive may have here.
const MOST_FILES: usize = 65_536;

/// A file that is only its path and bytes.
#[derive(Clone)]
pub struct Plain {
    /// Its path from the top, parted by `/`.
    pub path: String,
    /// Its bytes.
    pub source: Source,
}

/// The files in a folder, or in a zip archive, ordered by path. What macOS
/// leaves beside them (`__MACOSX`, `.DS_Store`, `._*`) is left out.
///
/// # Errors
/// What the host reports; `Unsupported` for links, and for archives that are
/// too large; `Corrupt` for broken archives.
pub fn plain_files(opener: &Opener, item: &Item) -> Result<Vec<Plain>> {
    let mut files = if item.is_folder() { in_folder(opener, item)? } else { in_zip(item)? };
    files.retain(|file| !file.path.split('/').any(is_left_behind));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn is_left_behind(part: &str) -> bool {
    part == "__MACOSX" || part == ".DS_Store" || part.starts_with("._")
}

fn in_folder(opener: &Opener, item: &Item) -> Result<Vec<Plain>> {
    let (tree, top) = item.as_tree(opener, 0)?;
    let above = tree.path(top).names().len();
    let mut files = Vec::new();
    for id in tree.walk(top).filter(|id| !tree.is_dir(*id)) {
        let path = tree.path(id);
        let path = VPath::from_names(path.names()[above..].to_vec()).to_string();
        let path = path.trim_start_matches('/').to_owned();
        if tree.kind(id) != Kind::File {
            let hint = "give its target instead";
            return Err(Error::unsupported(
                "a link in a folder of plain files",
                "its path",
                path,
                hint,
            ));
        }
        files.push(Plain { path, source: crate::source::contents(&tree, id)? });
    }
    Ok(files)
}

fn in_zip(item: &Item) -> Result<Vec<Plain>> {
    let source = item.contents()?;
    let broken = |error| archive::zip_error(error).in_file(&item.name);
    let mut archive = zip::ZipArchive::new(Reader::new(source)).map_err(broken)?;
    let large = |field, value: u64| {
        let hint = "give a folder with the files that are needed";
        Error::unsupported("a zip archive of that size", field, value, hint).in_file(&item.name)
    };
    if archive.len() > MOST_FILES {
        return Err(large("the number of its files", archive.len() as u64));
    }
    let (mut files, mut total) = (Vec::new(), 0u64);
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(broken)?;
        if !entry.is_file() {
            continue;
        }
        let path = entry.name().map_err(broken)?.replace('\\', "/");
        let mut data = Vec::new();
        // One more than allowed tells that it is more, whatever the headers say.
        let got = Read::by_ref(&mut entry).take(MOST - total + 1).read_to_end(&mut data);
        total += got.map_err(|error| broken(error.into()))? as u64;
        if total > MOST {
            return Err(large("the least size of its files", total));
        }
        let path = path.trim_start_matches('/').to_owned();
        if path.split('/').any(|part| part == "..") {
            let error = Error::corrupt("zip archive", "file name", path, "climbs with `..`");
            return Err(error.in_file(&item.name));
        }
        files.push(Plain { path, source: bytes(data) });
    }
    Ok(files)
}
