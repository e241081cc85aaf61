//! What is in the store, whether it is right, and making room.

use crate::source::http::Watch;
use crate::source::store::content::{Hasher, digests};
use crate::source::store::folder::{read_small, remove};
use crate::source::store::index::Entry;
use crate::source::store::part::Record;
use crate::source::store::snapshot::States;
use crate::source::store::{Download, Failure, FailureKind, Store, hex};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How old a file without a name must be before it is left over from a crash.
const LEFT_OVER: Duration = Duration::from_secs(24 * 60 * 60);

/// Content of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its SHA-256 in hex, as its name says.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// When it was used last.
    pub used: SystemTime,
    /// Where it came from, and the snapshots that it is of.
    pub names: Vec<String>,
}

/// A download that is not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnfinishedPart {
    /// Where it comes from.
    pub url: String,
    /// How many bytes came.
    pub bytes: u64,
    /// How many there are, if the server said.
    pub total: Option<u64>,
    /// When something came last.
    pub used: SystemTime,
    key: String,
}

/// All that is in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Whole files, the last used first.
    pub contents: Vec<Kept>,
    /// Unfinished downloads, the last used first.
    pub parts: Vec<UnfinishedPart>,
}

impl Listing {
    /// The bytes of all of it.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let parts = self.parts.iter().map(|part| part.bytes);
        self.contents.iter().map(|kept| kept.bytes).chain(parts).sum()
    }
}

/// What a check of the store found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// How many files are right.
    pub right: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What was rotten, and is dropped.
    pub rotten: Vec<Kept>,
    /// Files that are not the store's, and stay.
    pub strange: Vec<PathBuf>,
}

/// What making room did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// How many files were removed.
    pub removed: u64,
    /// Their bytes.
    pub freed: u64,
    /// The bytes that are left.
    pub left: u64,
}

impl Store {
    /// Lists what is in the store, without reading the contents.
    ///
    /// # Errors
    /// [`FailureKind::Disk`].
    pub fn list(&self) -> Result<Listing, Failure> {
        Ok(self.survey()?.0)
    }

    fn survey(&self) -> Result<(Listing, Vec<PathBuf>), Failure> {
        let names = self.names()?;
        let (mut listing, mut strange) = (Listing::default(), Vec::new());
        for folder in children(&self.path().join("content"))? {
            for path in children(&folder)? {
                let name = file_name(&path);
                let fits = name.len() == 64 && self.folder.content(&name) == path;
                let meta = path.symlink_metadata();
                let Some(meta) = meta.ok().filter(|meta| fits && meta.is_file()) else {
                    strange.push(path);
                    continue;
                };
                let mark = self.folder.used(&name).metadata().and_then(|meta| meta.modified());
                listing.contents.push(Kept {
                    names: names.get(&name).cloned().unwrap_or_default().into_iter().collect(),
                    sha256: name,
                    bytes: meta.len(),
                    used: mark.or(meta.modified()).unwrap_or(SystemTime::UNIX_EPOCH),
                });
            }
        }
        listing.parts = self.parts()?;
        listing.contents.sort_by(|a, b| (b.used, &a.sha256).cmp(&(a.used, &b.sha256)));
        listing.parts.sort_by(|a, b| (b.used, &a.key).cmp(&(a.used, &b.key)));
        Ok((listing, strange))
    }

    /// What content is called, by its digest.
    fn names(&self) -> Result<BTreeMap<String, BTreeSet<String>>, Failure> {
        let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for path in children(&self.path().join("index"))? {
            if let Some(entry) = json::<Entry>(&path) {
                names.entry(entry.sha256).or_default().insert(entry.url);
            }
        }
        for path in children(&self.path().join("snapshots"))? {
            let states = json::<States>(&path).unwrap_or_default();
            for state in states.states {
                names.entry(state.sha256).or_default().insert(state.url);
            }
        }
        Ok(names)
    }

    fn parts(&self) -> Result<Vec<UnfinishedPart>, Failure> {
        let mut parts = Vec::new();
        for path in children(&self.path().join("parts"))? {
            let name = file_name(&path);
            let Some(key) = name.strip_suffix(".part") else { continue };
            let Ok(meta) = path.metadata() else { continue };
            let record = json::<Record>(&self.folder.part_record(key)).unwrap_or_default();
            parts.push(UnfinishedPart {
                url: record.url,
                bytes: meta.len(),
                total: record.total,
                used: meta.modified().unwrap_or(SystemTime::UNIX_EPOCH),
                key: key.to_owned(),
            });
        }
        Ok(parts)
    }

    /// Hashes all content, and drops what is rotten.
    ///
    /// # Errors
    /// [`FailureKind::Disk`] and [`FailureKind::Interrupted`].
    pub fn verify(&self, watch: &dyn Watch) -> Result<Checked, Failure> {
        let (listing, strange) = self.survey()?;
        let mut checked = Checked { strange, ..Checked::default() };
        let total = listing.contents.iter().map(|kept| kept.bytes).sum();
        watch.started("the store", 0, Some(total));
        for kept in listing.contents {
            let path = self.folder.content(&kept.sha256);
            let hashed = match digests(&path, Hasher::of(&Download::new("")), watch) {
                // Another process removed it meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                // What the medium cannot read is as lost as what it reads wrong.
                Err(_) => None,
                Ok(Ok(found)) => Some(found),
                Ok(Err(_)) => {
                    let sentence = "the check of the store was interrupted";
                    return Err(Failure::new(FailureKind::Interrupted, sentence));
                }
            };
            watch.advanced(kept.bytes);
            if hashed.is_some_and(|found| hex(found.sha256) == kept.sha256) {
                (checked.right, checked.bytes) = (checked.right + 1, checked.bytes + kept.bytes);
            } else {
                remove(&path)?;
                checked.rotten.push(kept);
            }
        }
        self.drop_dangling()?;
        Ok(checked)
    }

    /// Removes what was used least lately until at most so many bytes are left.
    ///
    /// # Errors
    /// [`FailureKind::Disk`], also when another process uses the store.
    pub fn prune(&self, to: u64) -> Result<Pruned, Failure> {
        self.folder.alone(|| self.prune_alone(to))?.ok_or_else(|| {
            let sentence = "the store is in use by another process, so nothing was removed";
            Failure::new(FailureKind::Disk, sentence).hint("run it again when that is done")
        })
    }

    fn prune_alone(&self, to: u64) -> Result<Pruned, Failure> {
        self.drop_left_over()?;
        let listing = self.list()?;
        let contents = listing
            .contents
            .iter()
            .map(|kept| (kept.used, kept.bytes, vec![self.folder.content(&kept.sha256)]));
        let parts = listing.parts.iter().map(|part| {
            let paths = vec![self.folder.part_record(&part.key), self.folder.part(&part.key)];
            (part.used, part.bytes, paths)
        });
        let mut all: Vec<_> = contents.chain(parts).collect();
        all.sort();
        let mut pruned = Pruned { left: listing.bytes(), ..Pruned::default() };
        for (_, bytes, paths) in all {
            if pruned.left <= to {
                break;
            }
            paths.iter().try_for_each(|path| remove(path))?;
            pruned.removed += 1;
            pruned.freed += bytes;
            pruned.left -= bytes;
        }
        self.drop_dangling()?;
        Ok(pruned)
    }

    /// Removes what crashed processes left.
    fn drop_left_over(&self) -> Result<(), Failure> {
        for path in children(&self.path().join("parts"))? {
            let age = path.metadata().and_then(|meta| meta.modified());
            let age = age.ok().and_then(|date| self.clock.date().duration_since(date).ok());
            let name = file_name(&path);
            let record = name.strip_suffix(".json").map(|key| self.folder.part(key));
            let alone = record.is_some_and(|part| !part.exists());
            if (name.starts_with(".new-") || alone) && age.is_some_and(|age| age > LEFT_OVER) {
                remove(&path)?;
            }
        }
        Ok(())
    }

    /// Removes records of content that is gone.
    fn drop_dangling(&self) -> Result<(), Failure> {
        let gone = |sha256: &str| !self.folder.content(sha256).exists();
        for path in children(&self.path().join("used"))? {
            if gone(&file_name(&path)) {
                remove(&path)?;
            }
        }
        for path in children(&self.path().join("index"))? {
            if json::<Entry>(&path).is_none_or(|entry| gone(&entry.sha256)) {
                remove(&path)?;
            }
        }
        for path in children(&self.path().join("snapshots"))? {
            let name = file_name(&path);
            let Some(name) = name.strip_suffix(".json") else { continue };
            let mut states = self.states(name);
            let before = states.states.len();
            states.states.retain(|state| !gone(&state.sha256));
            if states.states.is_empty() {
                remove(&path)?;
            } else if states.states.len() < before {
                self.write_states(name, &states)?;
            }
        }
        Ok(())
    }
}

fn json<T: serde::de::DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&read_small(path)?).ok()
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// What is in a folder, sorted; nothing, if it is none.
fn children(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = match fs::read_dir(folder) {
        Err(error)
            if [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory].contains(&error.kind()) =>
        {
            return Ok(Vec::new());
        }
        entries => entries.map_err(|error| Failure::disk(folder, &error))?,
    };
    let paths: io::Result<Vec<_>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths.map_err(|error| Failure::disk(folder, &error))?;
    paths.sort();
    Ok(paths)
}
