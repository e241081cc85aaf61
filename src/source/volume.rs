//! An HFS+ volume that is read when it is first asked for.

use crate::block::{Error, Result, Source};
use crate::source::{SystemVersion, system_version};
use crate::volume::hfsplus::{Journal, Volume, decmpfs};
use crate::volume::{NodeId, Tree};
use std::sync::{Arc, Mutex, PoisonError};

/// A volume's bytes, and its tree once it was read.
pub struct OpenVolume {
    source: Source,
    name: String,
    tree: Mutex<Option<Read>>,
}

/// A volume that was read.
#[derive(Clone)]
struct Read {
    tree: Arc<Tree>,
    notes: Vec<String>,
}

impl OpenVolume {
    pub(super) fn new(source: Source, name: &str) -> Self {
        Self { source, name: name.to_owned(), tree: Mutex::new(None) }
    }

    /// The volume's bytes, as its partition holds them.
    #[must_use]
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// Everything in it.
    ///
    /// # Errors
    /// Whatever is wrong with the volume.
    pub fn tree(&self) -> Result<Arc<Tree>> {
        Ok(self.read()?.tree)
    }

    /// What was repaired in memory to read it, in words.
    ///
    /// # Errors
    /// Whatever is wrong with the volume.
    pub fn notes(&self) -> Result<Vec<String>> {
        Ok(self.read()?.notes)
    }

    /// The volume's name, without reading the rest.
    ///
    /// # Errors
    /// Whatever is wrong with the volume.
    pub fn label(&self) -> Result<String> {
        let volume = Volume::open_with(Arc::clone(&self.source), Journal::Ignore);
        let label = volume.and_then(|volume| volume.label());
        Ok(label.map_err(|error| error.in_file(&self.name))?.to_string())
    }

    /// What its `SystemVersion.plist` says, if it has a readable one.
    ///
    /// # Errors
    /// Whatever is wrong with the volume.
    pub fn system_version(&self) -> Result<Option<SystemVersion>> {
        Ok(system_version(&*self.tree()?))
    }

    /// Lets go of the tree, so that who has it may change it without a copy.
    pub fn forget(&self) {
        *self.tree.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn read(&self) -> Result<Read> {
        // What is in there is whole or nothing.
        let mut kept = self.tree.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(read) = kept.as_ref() {
            return Ok(read.clone());
        }
        let open = || {
            let volume = Volume::open(Arc::clone(&self.source))?;
            Ok(Read { tree: Arc::new(volume.tree()?), notes: volume.notes().to_vec() })
        };
        let read: Read = open().map_err(|error: Error| error.in_file(&self.name))?;
        *kept = Some(read.clone());
        Ok(read)
    }
}

/// What a file in a tree holds, as a Mac would show it.
///
/// # Errors
/// `Unsupported` for folders and for compressed files whose method is unknown.
pub fn contents(tree: &Tree, id: NodeId) -> Result<Source> {
    if tree.is_dir(id) {
        return Err(Error::unsupported("a folder", "kind", "folder", ""));
    }
    decmpfs::contents(tree, id)
}
