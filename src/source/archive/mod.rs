//! Archives as folders: each becomes a tree of lazy sources.

mod ahead;
mod bill;
mod gather;
mod package;
mod sequence;
mod single;
#[cfg(test)]
mod tests;
mod weave;
mod zip;

pub use gather::LeftOut;
pub(super) use zip::told as zip_error;

use crate::block::{Result, Source, read_vec};
use crate::format::archive::Shape;
use crate::format::detect::{Format, Found};
use crate::format::scexe;
use crate::format::stream::Codec;
use crate::source::archive::gather::NONE;
use crate::source::archive::sequence::{Sequence, Stream};
use crate::source::pattern::{Matched, Pattern};
use crate::volume::{NodeId, Tree};
use std::sync::Arc;

/// An archive that was read: a tree whose files are read when they are asked for.
pub struct Archive {
    pub(super) tree: Arc<Tree>,
    /// By node: the number of its data.
    numbers: Vec<u32>,
    sequence: Option<Arc<Sequence>>,
    left_out: Vec<LeftOut>,
    what: &'static str,
}

impl Archive {
    /// Everything in it.
    #[must_use]
    pub const fn tree(&self) -> &Arc<Tree> {
        &self.tree
    }

    /// Members that have no place in the tree, and why: as in `it {why}`.
    #[must_use]
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// What it is, without an article.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        self.what
    }

    /// Says that all below a node will be read: one pass gets it all.
    pub fn want(&self, top: NodeId) {
        let Some(sequence) = &self.sequence else { return };
        let nodes = self.tree.walk(top).map(|id| self.tree.target(id));
        let number = |id: NodeId| self.numbers.get(id.index()).copied();
        sequence.want(nodes.filter_map(number).filter(|number| *number != NONE));
    }
}

/// What will be read of an archive, when that is known as it is opened.
#[derive(Clone, Copy)]
pub(super) struct Hint<'p> {
    pub(super) pattern: &'p Pattern,
    /// What the way to the archive has matched.
    pub(super) at: Matched,
    /// Whether what matches is read, or only containers on the way to it.
    pub(super) met: bool,
}

/// How archives are read.
#[derive(Clone)]
pub(super) struct Setting {
    /// Whether AppleDouble members are merged into the files beside them.
    pub(super) merge: bool,
    /// Says whether to stop.
    pub(super) stop: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
}

impl Default for Setting {
    fn default() -> Self {
        Self { merge: true, stop: None }
    }
}

impl Setting {
    fn stopped(&self) -> bool {
        self.stop.as_ref().is_some_and(|stop| stop())
    }
}

/// What was in a file.
pub(super) enum Opened {
    /// A folder.
    Folder(Archive),
    /// Something else, unpacked.
    File(Source),
    /// Nothing: it is no archive.
    Nothing,
}

/// Opens an archive, or unpacks a compressed file.
pub(super) fn open(
    source: &Source,
    found: Option<&Found>,
    name: &str,
    setting: &Setting,
    hint: Option<Hint<'_>>,
) -> Result<Opened> {
    let stream = |start, codec| {
        let (source, setting) = (Arc::clone(source), setting.clone());
        Stream { source, start, codec, setting }
    };
    let codec = match found.map(|found| found.format) {
        Some(Format::Gzip) => Codec::Gzip,
        Some(Format::Bzip2) => Codec::Bzip2,
        Some(Format::Xz) => Codec::Xz,
        Some(Format::Pbzx) => Codec::Pbzx,
        Some(Format::Zstd) => Codec::Zstd,
        Some(Format::Xar) => return Ok(Opened::Folder(package::open(source, name, setting)?)),
        Some(Format::Bom) => return Ok(Opened::Folder(bill::open(source)?)),
        Some(Format::Zip) => return Ok(Opened::Folder(zip::open(source, setting)?)),
        Some(Format::Cpio | Format::Tar) | None => {
            let len = usize::try_from(source.len().min(512)).unwrap_or(512);
            let head = read_vec(source.as_ref(), 0, len)?;
            if scexe::is_script(&head)
                && let Some(start) = scexe::find(source)?
            {
                let stream = stream(start, Some(Codec::Gzip));
                return sequence::open(stream, Shape::Tar, name, hint).map(Opened::Folder);
            }
            return match Shape::of(&head) {
                Some(shape) => {
                    sequence::open(stream(0, None), shape, name, hint).map(Opened::Folder)
                }
                None => Ok(Opened::Nothing),
            };
        }
        Some(_) => return Ok(Opened::Nothing),
    };
    let stream = stream(0, Some(codec));
    match Shape::of(&stream.head(512)?) {
        Some(shape) => sequence::open(stream, shape, name, hint).map(Opened::Folder),
        None => single::unpacked(&stream).map(Opened::File),
    }
}

/// A folder with one file in it, which was unpacked.
pub(super) fn folder_of(source: &Source, name: &str) -> Result<Archive> {
    single::folder(source, name)
}
