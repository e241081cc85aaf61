//! What this computer has: installers in the usual places, and which Mac it is.

use crate::engine::{Recognised, Stop, recognise};
use crate::recipe::{Input, InputKind};
use crate::report::tame;
use crate::source::Mac;
use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

/// Folders below a place that are looked into.
const DEPTH: u32 = 2;
/// Names that are looked at in all.
const NAMES: usize = 5_000;
/// Files that are opened.
const OPENED: usize = 24;

/// A file that would do, and what it is.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    pub(super) found: Recognised,
}

/// What a search came to.
#[derive(Clone, Debug, Default)]
pub(super) struct Search {
    pub(super) candidates: Vec<Candidate>,
    /// Files that were opened and are something else.
    pub(super) others: usize,
    /// Whether there was more than is looked at.
    pub(super) more: bool,
}

/// Where installers and images are kept, as far as these are there.
pub(super) fn places() -> Vec<PathBuf> {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    let mut all = vec![PathBuf::from("/Applications")];
    all.extend(home.iter().map(|home| home.join("Downloads")));
    all.extend(std::env::current_dir());
    all.extend(home.iter().map(|home| home.join("Desktop")));
    all.extend(home);
    // Volumes that desktops and people mount.
    for top in ["/Volumes", "/media", "/run/media", "/mnt"] {
        all.extend(folders(Path::new(top)));
    }
    let mut known = BTreeSet::new();
    all.retain(|place| std::fs::canonicalize(place).is_ok_and(|real| known.insert(real)));
    all
}

fn folders(top: &Path) -> Vec<PathBuf> {
    let mut all: Vec<_> = std::fs::read_dir(top)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    all.sort();
    all.truncate(16);
    all
}

/// Looks for what an input may be, by name and then by content.
pub(super) fn search(wanted: &Input, places: &[PathBuf], stop: &Stop) -> Search {
    let mut search = Search::default();
    let mut names = names(wanted.kind, places, &mut search.more);
    // What is called an installer goes before what only looks like an image.
    names.sort_by_key(|path| !is_called(path));
    if names.len() > OPENED {
        names.truncate(OPENED);
        search.more = true;
    }
    let mut known = BTreeSet::new();
    for path in names {
        if stop.raised() || !std::fs::canonicalize(&path).is_ok_and(|real| known.insert(real)) {
            continue;
        }
        match recognise(wanted, &path, stop) {
            Ok(found) => search.candidates.push(Candidate { path, found }),
            Err(_) => search.others += 1,
        }
    }
    search
}

/// Files and folders that may be one of this kind, the nearest first.
fn names(kind: InputKind, places: &[PathBuf], more: &mut bool) -> Vec<PathBuf> {
    if !matches!(kind, InputKind::Installer | InputKind::Image) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let (mut seen, mut read) = (0, BTreeSet::new());
    let mut todo: VecDeque<_> = places.iter().map(|place| (place.clone(), 0)).collect();
    while let Some((folder, depth)) = todo.pop_front() {
        if !std::fs::canonicalize(&folder).is_ok_and(|real| read.insert(real)) {
            continue;
        }
        let entries = std::fs::read_dir(&folder).into_iter().flatten().filter_map(Result::ok);
        let mut entries: Vec<_> = entries.take(NAMES).collect();
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            seen += 1;
            if seen > NAMES {
                *more = true;
                return found;
            }
            // Links are not followed: they lead round in circles.
            let (path, Ok(is)) = (entry.path(), entry.file_type()) else { continue };
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if may_be(kind, &path, is.is_dir()) {
                found.push(path);
            } else if is.is_dir() && !hidden && depth + 1 < DEPTH && !is_bundle(&path) {
                todo.push_back((path, depth + 1));
            }
        }
    }
    found
}

fn lower(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// Folders that a Mac shows as one file.
fn is_bundle(path: &Path) -> bool {
    let name = lower(path);
    [".app", ".bundle", ".framework", ".sparsebundle"].iter().any(|end| name.ends_with(end))
}

/// Whether it is called as Apple calls its installers.
fn is_called(path: &Path) -> bool {
    let name = lower(path);
    let known = ["installesd", "installmacosx", "installos", "install mac", "install os x"];
    known.iter().any(|start| name.starts_with(start))
}

fn may_be(kind: InputKind, path: &Path, folder: bool) -> bool {
    let name = lower(path);
    if folder {
        return kind == InputKind::Installer
            && name.starts_with("install")
            && name.ends_with(".app");
    }
    let image = [".dmg", ".iso", ".cdr", ".img", ".toast"].iter().any(|end| name.ends_with(end));
    image || kind == InputKind::Installer && name.starts_with("install") && name.ends_with(".pkg")
}

/// A path as people write it: from their home folder on.
pub(super) fn shown(path: &Path) -> String {
    let home = std::env::var_os("HOME").filter(|home| home.len() > 1).map(PathBuf::from);
    let below = home.and_then(|home| path.strip_prefix(home).ok().map(Path::to_path_buf));
    tame(&match below {
        Some(rest) if rest.as_os_str().is_empty() => "~".to_owned(),
        Some(rest) => format!("~/{}", rest.display()),
        None => path.display().to_string(),
    })
}

/// A path as people type it, with `~` for their home folder.
pub(super) fn typed(text: &str) -> PathBuf {
    // What is dropped on a terminal comes in quotes.
    let bare = text.trim();
    let quoted = |mark: char| bare.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
    let bare = quoted('\'').or_else(|| quoted('"')).unwrap_or(bare);
    let home = || std::env::var_os("HOME").map(PathBuf::from);
    match (bare.strip_prefix("~/"), home()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(bare),
    }
}

/// Which Mac this computer is, if it is one and says so (DMI, on Linux).
pub(super) fn this_mac() -> Option<Mac> {
    let read = |name: &str| std::fs::read_to_string(Path::new("/sys/class/dmi/id").join(name)).ok();
    let apple = read("sys_vendor")?.contains("Apple");
    let name = read("product_name")?;
    apple.then(|| Mac::parse(&name)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installers_are_found_by_name_and_links_are_not_followed() {
        let temp = tempfile::tempdir().unwrap();
        let at = |path: &str| temp.path().join(path);
        for folder in ["a/b/c", "Install Mac OS X Lion.app/Contents", "x.app"] {
            std::fs::create_dir_all(at(folder)).unwrap();
        }
        let files =
            ["a/disk.DMG", "a/b/deep.dmg", "notes.txt", "Install.pkg", "x.app/no.dmg", "other.pkg"];
        for file in files {
            std::fs::write(at(file), "").unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(temp.path(), at("a/round")).unwrap();
        let mut more = false;
        let places = [temp.path().to_owned(), at("a")];
        let found = names(InputKind::Installer, &places, &mut more);
        let found: Vec<_> =
            found.iter().map(|path| path.strip_prefix(temp.path()).unwrap()).collect();
        let wanted = ["Install Mac OS X Lion.app", "Install.pkg", "a/disk.DMG", "a/b/deep.dmg"];
        assert_eq!(found, wanted.map(Path::new));
        assert!(!more);
        assert!(names(InputKind::Folder, &places, &mut more).is_empty());
    }

    #[test]
    fn paths_are_typed_as_they_are_dropped() {
        assert_eq!(typed(" '/a b/c.dmg' "), Path::new("/a b/c.dmg"));
        assert_eq!(typed("\"/a\""), Path::new("/a"));
        assert_eq!(typed("a'b"), Path::new("a'b"));
    }
}
