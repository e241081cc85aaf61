//! `extract --tar`: files and folders as a tar archive, in which owners, all
//! mode bits and extended attributes have their place.
//!
//! The form is GNU's, with pax records for attributes. What is in the archive
//! is relative and climbs nowhere; devices, pipes and sockets are left out.

use crate::block::{Error, Reader, Source, read_vec};
use crate::cli::extract::copy::{Beside, Room};
use crate::cli::extract::summary::Summary;
use crate::cli::names::{escaped_path, on_host};
use crate::engine::{Problem, ProblemKind, Stop};
use crate::volume::hfsplus::decmpfs;
use crate::volume::{Body, Kind, Meta, Name, NodeId, Tree};
use std::collections::{HashMap, HashSet};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tar::{Builder, EntryType, Header};

/// Seconds between 1904, where HFS+ begins, and 1970.
const EPOCH_1904: u32 = 2_082_844_800;
/// The longest target of a symbolic link that is kept.
const MAX_TARGET: u64 = 4095;

/// One archive, of any number of trees.
pub(in crate::cli) struct Tarring<'a, W: Write> {
    builder: Builder<W>,
    to: PathBuf,
    appledouble: bool,
    stop: &'a Stop,
    summary: Summary,
    tops: HashSet<String>,
}

impl<'a, W: Write> Tarring<'a, W> {
    pub(in crate::cli) fn new(inner: W, to: &Path, appledouble: bool, stop: &'a Stop) -> Self {
        let (builder, to) = (Builder::new(inner), to.to_owned());
        Self { builder, to, appledouble, stop, summary: Summary::default(), tops: HashSet::new() }
    }

    /// Adds a node and all below it. A tree's root gives what is in it.
    ///
    /// # Errors
    /// What cannot be read or written.
    pub(in crate::cli) fn tree(&mut self, tree: &Tree, from: NodeId) -> Result<(), Problem> {
        let one = [from];
        let tops = if from == tree.root() { tree.children(from) } else { &one };
        let mut made = HashMap::new();
        for top in tops {
            if let Ok(name) = on_host(&tree.node(*top).name) {
                self.check_free(&name)?;
            }
            self.node(tree, *top, &mut made)?;
        }
        Ok(())
    }

    /// Adds one file that is in no tree.
    ///
    /// # Errors
    /// As [`Tarring::tree`].
    pub(in crate::cli) fn file(&mut self, name: &str, source: &Source) -> Result<(), Problem> {
        self.check_free(name)?;
        let mut header = header(&Meta::new(Meta::FILE | 0o644, EPOCH_1904), EntryType::Regular);
        self.summary.count(Kind::File);
        self.put(Path::new(name), &mut header, source)
    }

    pub(in crate::cli) fn summary(&mut self) -> &mut Summary {
        &mut self.summary
    }

    /// Ends the archive.
    ///
    /// # Errors
    /// What cannot be written.
    pub(in crate::cli) fn finish(self) -> Result<(W, Summary), Problem> {
        let ended = self.builder.into_inner();
        let mut inner = ended.map_err(|error| Problem::writing(&self.to, &error))?;
        inner.flush().map_err(|error| Problem::writing(&self.to, &error))?;
        Ok((inner, self.summary))
    }

    fn check_free(&mut self, name: &str) -> Result<(), Problem> {
        if self.tops.insert(name.to_owned()) {
            return Ok(());
        }
        Err(Problem::usage(format!("two of what is to be extracted are named `{name}`"))
            .hint("extract them one by one, or the folder that both are in"))
    }

    fn node(
        &mut self,
        tree: &Tree,
        top: NodeId,
        made: &mut HashMap<NodeId, PathBuf>,
    ) -> Result<(), Problem> {
        let mut todo = vec![(top, PathBuf::new())];
        while let Some((id, folder)) = todo.pop() {
            if self.stop.raised() {
                return Err(interrupted());
            }
            let name = match on_host(&tree.node(id).name) {
                Ok(name) => name,
                Err(unfit) => {
                    let why = unfit.words().to_owned();
                    self.summary.left_out(escaped_path(&tree.path(id)), why);
                    continue;
                }
            };
            let path = folder.join(name);
            if self.one(tree, id, &path, made)? {
                let children = tree.children(id).iter().rev();
                todo.extend(children.map(|child| (*child, path.clone())));
            }
        }
        Ok(())
    }

    /// Adds one node; answers whether its children are wanted.
    fn one(
        &mut self,
        tree: &Tree,
        id: NodeId,
        path: &Path,
        made: &mut HashMap<NodeId, PathBuf>,
    ) -> Result<bool, Problem> {
        let (inode, kind) = (tree.target(id), tree.kind(id));
        let meta = &tree.node(inode).meta;
        if let Some(first) = made.get(&inode) {
            return self.again(kind, meta, first, path).map(|()| false);
        }
        match kind {
            Kind::Dir => {
                self.beside(tree, id, path)?;
                let mut header = header(meta, EntryType::Directory);
                self.append(path, &mut header, &mut io::empty())?;
            }
            Kind::Symlink => self.symlink(tree, id, path)?,
            Kind::File => {
                self.beside(tree, id, path)?;
                let source = decmpfs::contents(tree, id).map_err(|e| reading(tree, id, e))?;
                self.put(path, &mut header(meta, EntryType::Regular), &source)?;
            }
            _ => {
                let why = "is a device, pipe or socket".to_owned();
                self.summary.left_out(escaped_path(&tree.path(id)), why);
                return Ok(false);
            }
        }
        self.summary.count(kind);
        if inode != id {
            made.insert(inode, path.to_owned());
        }
        Ok(kind == Kind::Dir)
    }

    /// A further name of what is there already.
    fn again(&mut self, kind: Kind, meta: &Meta, first: &Path, path: &Path) -> Result<(), Problem> {
        let (mut header, target) = if kind == Kind::Dir {
            let up = path.components().count().saturating_sub(1);
            let mut target: PathBuf = std::iter::repeat_n("..", up).collect();
            target.push(first);
            self.summary.folder_links += 1;
            (header(meta, EntryType::Symlink), target)
        } else {
            self.summary.hard_links += 1;
            (header(meta, EntryType::Link), first.to_owned())
        };
        header.set_size(0);
        let added = self.builder.append_link(&mut header, path, target);
        added.map_err(|error| Problem::writing(&self.to, &error))
    }

    fn symlink(&mut self, tree: &Tree, id: NodeId, path: &Path) -> Result<(), Problem> {
        let source = decmpfs::contents(tree, id).map_err(|e| reading(tree, id, e))?;
        let len = usize::try_from(source.len()).ok().filter(|len| *len as u64 <= MAX_TARGET);
        let target = len.map(|len| read_vec(source.as_ref(), 0, len)).transpose();
        let target = target.map_err(|error| reading(tree, id, error.into()))?;
        let sane = |target: &Vec<u8>| !target.is_empty() && !target.contains(&0);
        let text = target.filter(sane).and_then(|target| String::from_utf8(target).ok());
        let Some(target) = text else {
            let why = "is a link whose target is no path".to_owned();
            self.summary.left_out(escaped_path(&tree.path(id)), why);
            return Ok(());
        };
        let mut header = header(&tree.node(tree.target(id)).meta, EntryType::Symlink);
        let added = self.builder.append_link(&mut header, path, target);
        added.map_err(|error| Problem::writing(&self.to, &error))
    }

    /// Attributes as pax records; the rest as AppleDouble, or not at all.
    fn beside(&mut self, tree: &Tree, id: NodeId, path: &Path) -> Result<(), Problem> {
        let node = tree.node(tree.target(id));
        let decmpfs = Name::from_text("com.apple.decmpfs");
        let compressed = node.xattrs.iter().any(|xattr| xattr.name == decmpfs);
        let rsrc = match &node.body {
            Body::File { rsrc: Some(rsrc), .. } if !compressed && !rsrc.is_empty() => Some(rsrc),
            _ => None,
        };
        let beside = Beside {
            finder: node.meta.finder,
            rsrc: rsrc.cloned(),
            xattrs: node.xattrs.iter().filter(|xattr| xattr.name != decmpfs).collect(),
        };
        if self.appledouble && !beside.is_empty() {
            let map = beside.encode().map_err(|error| reading(tree, id, error))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let mut header = header(&Meta::new(Meta::FILE | 0o644, 0), EntryType::Regular);
            return self.put(&path.with_file_name(format!("._{name}")), &mut header, &map);
        }
        self.summary.forks += u64::from(beside.rsrc.is_some());
        self.summary.finder += u64::from(beside.finder != [0; 32]);
        let (mut records, mut room) = (Vec::new(), Room::new());
        for xattr in beside.xattrs {
            match room.take(xattr).map_err(|error| reading(tree, id, error.into()))? {
                Some(value) => records.push((format!("SCHILY.xattr.{}", xattr.name), value)),
                None => self.summary.xattrs += 1,
            }
        }
        let records = records.iter().map(|(key, value)| (key.as_str(), value.as_slice()));
        let added = self.builder.append_pax_extensions(records);
        added.map_err(|error| Problem::writing(&self.to, &error))
    }

    fn put(&mut self, path: &Path, header: &mut Header, source: &Source) -> Result<(), Problem> {
        header.set_size(source.len());
        self.summary.bytes += source.len();
        let failed =
            Failed { inner: Reader::new(Arc::clone(source)), stop: self.stop, error: None };
        let mut from = BufReader::with_capacity(256 << 10, failed);
        let added = self.append(path, header, &mut from);
        match from.into_inner().error {
            _ if self.stop.raised() => Err(interrupted()),
            Some(error) => Err(Problem::reading(path.display(), error)),
            None => added,
        }
    }

    fn append(
        &mut self,
        path: &Path,
        header: &mut Header,
        data: &mut dyn Read,
    ) -> Result<(), Problem> {
        let added = self.builder.append_data(header, path, data);
        added.map_err(|error| Problem::writing(&self.to, &error))
    }
}

/// Tells what could not be read from what could not be written.
struct Failed<'a> {
    inner: Reader,
    stop: &'a Stop,
    error: Option<Error>,
}

impl Read for Failed<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.stop.raised() {
            return Err(io::Error::other("interrupted"));
        }
        self.inner.read(buf).map_err(|error| {
            self.error = Some(Error::from(error));
            io::Error::other("the source cannot be read")
        })
    }
}

fn header(meta: &Meta, kind: EntryType) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    let plain = if kind == EntryType::Directory { 0o755 } else { 0o644 };
    let mode = if meta.mode & Meta::TYPE == 0 { plain } else { meta.mode & 0o7777 };
    header.set_mode(mode.into());
    header.set_uid(meta.owner.into());
    header.set_gid(meta.group.into());
    header.set_mtime(meta.modified.saturating_sub(EPOCH_1904).into());
    header.set_size(0);
    header
}

fn interrupted() -> Problem {
    Problem::new(ProblemKind::Interrupted, "the extraction was interrupted")
}

fn reading(tree: &Tree, id: NodeId, error: Error) -> Problem {
    Problem::reading(escaped_path(&tree.path(id)), error)
}
