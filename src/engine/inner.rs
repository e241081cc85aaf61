//! Steps `in = "/BaseSystem.dmg"`: the volume in an image in the tree becomes
//! the tree that they edit. Behind the last of them that stand together, the
//! volume is laid out and the image packed again (zlib), into a temporary file:
//! how long it becomes has to be known before the disk is laid out.
//!
//! The volume keeps its length where its contents fit into it, and with it the
//! disk keeps its table; else both grow.

use crate::block::{Error, ReadAt, Spool};
use crate::engine::events::{Stage, Stop};
use crate::engine::job::{Contents, Job};
use crate::engine::problem::{Problem, Result};
use crate::engine::progress::Progress;
use crate::format::udif;
use crate::media::refit;
use crate::source::{Item, Opener, SingleVolume, contents};
use crate::volume::hfsplus::{Laid, Params, Size, lay_out};
use crate::volume::{Tree, VPath};
use std::io::{self, Write};
use std::sync::Arc;

/// Free room in a volume that had to grow: nothing is written to it.
const FREE: u64 = 1 << 20;

/// What packing needs.
pub(super) struct Packing<'a, 's> {
    pub(super) threads: usize,
    pub(super) stop: &'a Stop,
    pub(super) progress: &'a Progress<'s>,
}

/// An image in the tree whose volume is being edited.
pub(super) struct Inner {
    path: VPath,
    /// Bytes of the image as it was.
    len: u64,
    found: SingleVolume,
    outer: Contents,
}

/// Goes to the image that the next step is for, if it is not there.
/// What was done to the one before is told.
pub(super) fn switch(
    inner: &mut Option<Inner>,
    to: Option<VPath>,
    job: &mut Job<'_>,
    packing: &Packing<'_, '_>,
) -> Result<Option<String>> {
    if inner.as_ref().map(|inner| &inner.path) == to.as_ref() {
        return Ok(None);
    }
    let told = inner.take().map(|inner| inner.leave(job, packing)).transpose()?;
    *inner = to.map(|path| Inner::enter(path, job, packing)).transpose()?;
    Ok(told)
}

impl Inner {
    /// Opens the image, proves it, and makes its volume the job's.
    fn enter(path: VPath, job: &mut Job<'_>, packing: &Packing<'_, '_>) -> Result<Self> {
        let id = job.need(&path)?;
        let fail = |error| Problem::reading(&path, error);
        let source = contents(job.tree()?, id).map_err(fail)?;
        let len = source.len();
        let opener = Opener::new();
        let item = Item::of_bytes(&path.to_string(), source);
        let found = opener.single_volume(&item).map_err(fail)?;
        for image in opener.images() {
            packing.progress.start(Stage::Verify, &image.name, image.verify_len());
            let progress = |more| packing.progress.add(Stage::Verify, more);
            image.prove(packing.threads, &progress).map_err(fail)?;
            packing.progress.finish(Stage::Verify);
        }
        let tree = found.volume.tree().map_err(fail)?;
        job.notes.extend(found.volume.notes().map_err(fail)?);
        found.volume.forget();
        let outer = std::mem::replace(&mut job.contents, Contents::Tree(tree));
        Ok(Self { path, len, found, outer })
    }

    /// Packs the image, puts it in its place, and makes the tree around it the
    /// job's again.
    fn leave(self, job: &mut Job<'_>, packing: &Packing<'_, '_>) -> Result<String> {
        let Self { path, len, found, outer } = self;
        let fail = |error| match packing.stop.raised() {
            true => Problem::interrupted(),
            false => Problem::bad_input(format!("{path} cannot be packed again")).because(error),
        };
        let Contents::Tree(tree) = std::mem::replace(&mut job.contents, outer) else {
            return Err(Problem::ours("an image without a tree"));
        };
        let had = found.part.range.end.saturating_sub(found.part.range.start);
        let laid = lay_out_again(&tree, had, job.date).map_err(fail)?;
        let volume = laid.map.len();
        let disk = refit(&found.disk, &found.part, Arc::new(laid.map)).map_err(fail)?;
        packing.progress.start(Stage::Read, &format!("{path}, packed again"), disk.disk.len());
        let spool = Spool::new().map_err(|error| fail(Error::Io(error)))?;
        let mut out = Packed { spool, stop: packing.stop };
        let mut progress = |more| packing.progress.add(Stage::Read, more);
        let threads = packing.threads;
        udif::write(&disk.disk, &disk.sections, threads, &mut out, &mut progress).map_err(fail)?;
        packing.progress.finish(Stage::Read);
        let packed = out.spool.end();
        job.store_source(&path, out.spool.part(0, packed))?;
        let mut told = format!("{path} is packed again: {packed} bytes in a temporary file");
        told += &match volume == had {
            true => format!("; it had {len}"),
            false => format!("; it had {len}, and its volume grew by {}", volume.abs_diff(had)),
        };
        Ok(told)
    }
}

/// As long as it was, or as long as it has to be.
fn lay_out_again(tree: &Arc<Tree>, had: u64, date: u32) -> Result<Laid, Error> {
    match lay_out(tree, &Params::new(Size::Exact(had), date)) {
        Err(Error::Io(error)) if error.kind() == io::ErrorKind::StorageFull => {
            lay_out(tree, &Params::new(Size::Fit { free: FREE }, date))
        }
        other => other,
    }
}

/// A temporary file that ends with an error when the user wants to stop.
struct Packed<'a> {
    spool: Spool,
    stop: &'a Stop,
}

impl Write for Packed<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.stop.raised() {
            return Err(io::Error::other("interrupted"));
        }
        self.spool.append(data)?;
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.spool.flush()
    }
}
