//! `extract`: copies files and folders out of a volume, safely.
//!
//! Nothing is made outside of the folder and nothing that stands there is
//! replaced: every folder below it is made new, every file gets its name only
//! when it is whole and only if the name is free, and symbolic links are made
//! last, so nothing is ever written through one. Names that the host cannot
//! hold are left out and told. Set-user-id and set-group-id bits and owners
//! are not kept: what an image brings must not gain rights here.

mod copy;
mod summary;
mod tar;
mod target;
#[cfg(test)]
mod tests;
mod xattrs;

use crate::block::{Error, Source};
use crate::cli::extract::target::Target;
use crate::cli::names::{escaped_path, on_host};
use crate::engine::{Problem, ProblemKind, Stop};
use crate::volume::hfsplus::decmpfs;
use crate::volume::tree::Xattr;
use crate::volume::{Body, Kind, NodeId, Tree};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
pub(super) use summary::Summary;
pub(super) use tar::Tarring;

/// One run of `extract` over any number of volumes.
pub(super) struct Extraction<'a> {
    target: Target,
    appledouble: bool,
    stop: &'a Stop,
    summary: Summary,
}

/// What is remembered within one volume.
struct Volume<'t> {
    tree: &'t Tree,
    /// Where hard-linked files and folders already are.
    made: HashMap<NodeId, PathBuf>,
}

impl<'a> Extraction<'a> {
    /// Extracts below `folder`, which is made when it is missing.
    ///
    /// # Errors
    /// A problem of the output.
    pub(super) fn below(folder: &Path, appledouble: bool, stop: &'a Stop) -> Result<Self, Problem> {
        let target = Target::open(folder)?;
        Ok(Self { target, appledouble, stop, summary: Summary::default() })
    }

    /// Copies a node and all below it. The volume's root gives what is in it.
    ///
    /// # Errors
    /// What cannot be read or written; what is merely left out is told by the
    /// summary.
    pub(super) fn tree(&mut self, tree: &Tree, from: NodeId) -> Result<(), Problem> {
        let mut volume = Volume { tree, made: HashMap::new() };
        let one = [from];
        let tops = if from == tree.root() { tree.children(from) } else { &one };
        for name in tops.iter().filter_map(|id| on_host(&tree.node(*id).name).ok()) {
            self.target.check_free(Path::new(&name))?;
        }
        tops.iter().try_for_each(|top| self.node(&mut volume, *top))
    }

    /// Copies one file that is in no volume.
    ///
    /// # Errors
    /// As [`Extraction::tree`].
    pub(super) fn file(&mut self, name: &str, source: &Source) -> Result<(), Problem> {
        let attributes = copy::Attributes::default();
        self.put(Path::new(name), source, attributes, &[]).map(drop)
    }

    pub(super) fn summary(&mut self) -> &mut Summary {
        &mut self.summary
    }

    /// Makes the links and the folders' modes, and says what was done.
    ///
    /// # Errors
    /// What cannot be written.
    pub(super) fn finish(mut self) -> Result<Summary, Problem> {
        self.target.finish(&mut self.summary)?;
        Ok(self.summary)
    }

    fn node(&mut self, volume: &mut Volume<'_>, top: NodeId) -> Result<(), Problem> {
        // A stack of our own: folders may nest deeper than the program's.
        let mut todo = vec![(top, PathBuf::new())];
        while let Some((id, folder)) = todo.pop() {
            if self.stop.raised() {
                return Err(interrupted());
            }
            let tree = volume.tree;
            let name = match on_host(&tree.node(id).name) {
                Ok(name) => name,
                Err(unfit) => {
                    let path = escaped_path(&tree.path(id));
                    self.summary.left_out(path, unfit.words().to_owned());
                    continue;
                }
            };
            let path = folder.join(name);
            if self.one(volume, id, &path)? {
                let children = tree.children(id).iter().rev();
                todo.extend(children.map(|child| (*child, path.clone())));
            }
        }
        Ok(())
    }

    /// Makes one node; answers whether its children are wanted.
    fn one(&mut self, volume: &mut Volume<'_>, id: NodeId, path: &Path) -> Result<bool, Problem> {
        let (tree, inode) = (volume.tree, volume.tree.target(id));
        let meta = &tree.node(inode).meta;
        let kind = tree.kind(id);
        // Symbolic links come last: there is nothing yet to link to.
        if let Some(first) = volume.made.get(&inode).filter(|_| kind != Kind::Symlink) {
            self.again(kind, first, path)?;
            return Ok(false);
        }
        let told = || escaped_path(&tree.path(id));
        match kind {
            Kind::Dir => {
                self.target.folder(path, meta)?;
                let lost = self.target.attributes(path, &self.for_host(tree, id));
                self.beside(tree, id, path, lost)?;
            }
            Kind::Symlink => {
                let target = decmpfs::contents(tree, id).map_err(|e| reading(&told(), e))?;
                self.target.link_later(path, &target, &told)?;
            }
            Kind::File => self.regular(tree, id, path)?,
            _ => {
                self.summary.left_out(told(), "is a device, pipe or socket".into());
                return Ok(false);
            }
        }
        self.summary.count(kind);
        if inode != id {
            volume.made.insert(inode, path.to_owned());
        }
        Ok(kind == Kind::Dir)
    }

    /// A further name of a file or folder that is there already.
    fn again(&mut self, kind: Kind, first: &Path, path: &Path) -> Result<(), Problem> {
        if kind == Kind::Dir {
            self.target.folder_again(first, path);
            self.summary.folder_links += 1;
            return Ok(());
        }
        self.target.hard_link(first, path)?;
        self.summary.hard_links += 1;
        Ok(())
    }

    fn regular(&mut self, tree: &Tree, id: NodeId, path: &Path) -> Result<(), Problem> {
        let told = || escaped_path(&tree.path(id));
        let source = decmpfs::contents(tree, id).map_err(|error| reading(&told(), error))?;
        let node = tree.node(tree.target(id));
        if node.meta.mode & 0o6000 != 0 {
            self.summary.set_id += 1;
        }
        let xattrs = self.for_host(tree, id);
        let lost = self.put(path, &source, copy::Attributes::of(&node.meta), &xattrs)?;
        self.beside(tree, id, path, lost)
    }

    /// The extended attributes that the host's own file gets.
    fn for_host(&self, tree: &Tree, id: NodeId) -> Vec<Xattr> {
        let xattrs = tree.node(tree.target(id)).xattrs.iter();
        let xattrs = xattrs.filter(|xattr| !self.appledouble && xattr.name != decmpfs_name());
        xattrs.cloned().collect()
    }

    /// What has no place in the file or folder itself; so many attributes had none.
    fn beside(&mut self, tree: &Tree, id: NodeId, path: &Path, lost: u64) -> Result<(), Problem> {
        let node = tree.node(tree.target(id));
        let compressed = tree.xattr(id, &decmpfs_name()).is_some();
        let rsrc = match &node.body {
            Body::File { rsrc: Some(rsrc), .. } if !compressed && !rsrc.is_empty() => Some(rsrc),
            _ => None,
        };
        let beside = copy::Beside {
            finder: node.meta.finder,
            rsrc: rsrc.cloned(),
            xattrs: node.xattrs.iter().filter(|xattr| xattr.name != decmpfs_name()).collect(),
        };
        if self.appledouble && !beside.is_empty() {
            let encoded = beside.encode();
            let map = encoded.map_err(|error| reading(&escaped_path(&tree.path(id)), error))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let path = path.with_file_name(format!("._{name}"));
            let attributes = copy::Attributes::default();
            return self.put(&path, &map, attributes, &[]).map(drop);
        }
        self.summary.forks += u64::from(beside.rsrc.is_some());
        self.summary.xattrs += lost;
        self.summary.finder += u64::from(beside.finder != [0; 32]);
        Ok(())
    }

    fn put(
        &mut self,
        path: &Path,
        source: &Source,
        attributes: copy::Attributes,
        xattrs: &[Xattr],
    ) -> Result<u64, Problem> {
        let stop = self.stop;
        match self.target.file(path, source, attributes, xattrs, &|| stop.raised())? {
            Some(made) => {
                self.summary.bytes += made.bytes;
                Ok(made.lost)
            }
            None => Err(interrupted()),
        }
    }
}

fn interrupted() -> Problem {
    let sentence = "the extraction was interrupted; what is there is whole";
    Problem::new(ProblemKind::Interrupted, sentence)
}

fn decmpfs_name() -> crate::volume::Name {
    crate::volume::Name::from_text("com.apple.decmpfs")
}

fn reading(path: &str, error: impl Into<Error>) -> Problem {
    Problem::reading(path, error.into())
}
