//! The finished media, as our own reader finds them.

use crate::block::{Error, Source};
use crate::engine::events::Stop;
use crate::engine::problem::{Problem, Result};
use crate::source::{Item, Opener, contents, tables};
use crate::volume::{Kind, NodeId, Tree, VPath};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An image, from its tables to its files.
pub(super) struct Media {
    pub(super) path: PathBuf,
    pub(super) disk: Source,
    /// Where the volume begins, in bytes.
    pub(super) at: u64,
    pub(super) len: u64,
    /// The number of its partition; 0 when it fills the disk.
    pub(super) part: u32,
    /// Whether the image is the disk, byte for byte.
    pub(super) raw: bool,
    pub(super) tree: Arc<Tree>,
    opener: Opener,
    root: Item,
}

/// What stands at a path.
pub(super) enum Found {
    Item(Item),
    /// Nothing, and why.
    Nothing(String),
}

impl Media {
    pub(super) fn open(path: &Path, stop: &Stop) -> Result<Self> {
        let fail = |error| Problem::reading(path.display(), error);
        let flag = stop.clone();
        let opener = Opener::new().until(Arc::new(move || flag.raised()));
        let item = opener.resolve(path).map_err(fail)?;
        let disk = opener.disk(&item).map_err(fail)?;
        let root = opener.enter(&item).map_err(fail)?;
        let tree = root.volume().and_then(|volume| volume.tree()).map_err(fail)?;
        let parts = tables(&disk).map_err(fail)?.parts;
        let volume = parts.into_iter().find(|part| part.is_hfs_plus());
        // The root was found in one of them.
        let volume = volume.ok_or_else(|| Problem::ours("a volume without a partition"))?;
        Ok(Self {
            path: path.to_owned(),
            raw: opener.images().is_empty(),
            disk,
            at: volume.range.start,
            len: volume.range.end - volume.range.start,
            part: volume.index,
            tree,
            opener,
            root,
        })
    }

    /// What stands at a path; containers on the way are entered.
    pub(super) fn find(&self, path: &str) -> Result<Found, Error> {
        match self.opener.inside(&self.root, path) {
            Ok(item) => Ok(Found::Item(item)),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                Ok(Found::Nothing(self.above(path)))
            }
            // What cannot be entered may be no container at all.
            Err(Error::Unsupported(what)) => match self.blocked(path) {
                Some(why) => Ok(Found::Nothing(why)),
                None => Err(Error::Unsupported(what)),
            },
            Err(other) => Err(other),
        }
    }

    /// The node of the volume itself at a path without containers.
    pub(super) fn node(&self, path: &str) -> Option<NodeId> {
        self.tree.lookup(&VPath::parse(path).ok()?)
    }

    /// The deepest thing on the way to what is not there.
    fn above(&self, path: &str) -> String {
        match self.way(path).next() {
            Some((above, item)) if item.kind() != Kind::Dir => format!("nothing in {above}"),
            Some((above, _)) if above != "/" => format!("nothing; {above} is there"),
            _ => "nothing by that name in the volume".to_owned(),
        }
    }

    /// Why a path cannot go on where it ends, when that is no container.
    fn blocked(&self, path: &str) -> Option<String> {
        let (above, item) = self.way(path).next()?;
        match item.kind() {
            Kind::Symlink => {
                let to = text(&item).unwrap_or_default();
                Some(format!("nothing; {above} is a symbolic link to {to}"))
            }
            Kind::File if plain(&item) => Some(format!("nothing; {above} is a plain file")),
            _ => None,
        }
    }

    /// What is there on the way to a path, the deepest first.
    fn way<'w>(&'w self, path: &'w str) -> impl Iterator<Item = (String, Item)> + 'w {
        let names: Vec<_> = path.split('/').filter(|name| !name.is_empty()).collect();
        (0..names.len()).rev().filter_map(move |count| {
            let above = format!("/{}", names[..count].join("/"));
            Some((above.clone(), self.opener.inside(&self.root, &above).ok()?))
        })
    }
}

/// Whether a file is none of those that only we cannot enter.
fn plain(item: &Item) -> bool {
    let found = item.contents().map(|source| crate::format::detect::look(source.as_ref()));
    matches!(found, Ok(Ok(None)))
}

/// A symbolic link's target.
pub(super) fn text(item: &Item) -> Result<String, Error> {
    let Some((tree, id)) = item.node()? else {
        return Err(Error::Io(io::Error::from(io::ErrorKind::InvalidInput)));
    };
    let target = contents(&tree, id)?;
    let len = usize::try_from(target.len()).unwrap_or(usize::MAX).min(4096);
    let bytes = crate::block::read_vec(target.as_ref(), 0, len)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
