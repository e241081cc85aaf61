//! Puts a tree together by paths, with the modes and dates of a clean volume.

use crate::block::{Error, Result, Source, bytes};
use crate::source::sample::compressed::{self, Kind};
use crate::volume::tree::{TreeError, Xattr};
use crate::volume::{Body, Case, Meta, Name, NodeId, Tree, VPath};
use std::io;

/// 20 September 2012, 00:00 UTC, as HFS+ counts: all the sample's dates.
pub(super) const DATE: u32 = 1_348_099_200 + 2_082_844_800;
/// `UF_COMPRESSED`.
const COMPRESSED: u8 = 0x20;

pub(super) struct Builder {
    tree: Tree,
}

impl Builder {
    pub(super) fn new(label: &str) -> Self {
        Self { tree: Tree::new(Name::from_text(label), Case::Folded, DATE) }
    }

    pub(super) fn finish(self) -> Tree {
        self.tree
    }

    pub(super) fn tree_mut(&mut self) -> &mut Tree {
        &mut self.tree
    }

    /// A folder and all that lead to it, 0755.
    pub(super) fn dir(&mut self, path: &str) -> Result<NodeId> {
        let path = VPath::parse(path).map_err(io::Error::other)?;
        path.names().iter().try_fold(self.tree.root(), |dir, name| {
            if let Some(found) = self.tree.child(dir, name) {
                return Ok(found);
            }
            let meta = Meta::new(Meta::DIR | 0o755, DATE);
            self.tree.add(dir, name.clone(), meta, Body::Dir(Vec::new())).map_err(refused)
        })
    }

    /// A file of root:wheel with permission bits.
    pub(super) fn file(&mut self, path: &str, mode: u16, data: Source) -> Result<NodeId> {
        self.put(path, Meta::new(Meta::FILE | mode, DATE), Body::File { data, rsrc: None })
    }

    /// A file with two forks, a type and a creator.
    pub(super) fn forked(
        &mut self,
        path: &str,
        data: Source,
        rsrc: Source,
        kind: &[u8; 8],
    ) -> Result<NodeId> {
        let mut meta = Meta::new(Meta::FILE | 0o644, DATE);
        meta.finder[..8].copy_from_slice(kind);
        self.put(path, meta, Body::File { data, rsrc: Some(rsrc) })
    }

    /// A symbolic link.
    pub(super) fn symlink(&mut self, path: &str, target: &str) -> Result<NodeId> {
        let mut meta = Meta::new(Meta::SYMLINK | 0o755, DATE);
        meta.finder[..8].copy_from_slice(b"slnkrhap");
        let data = bytes(target.as_bytes());
        self.put(path, meta, Body::File { data, rsrc: None })
    }

    /// A file under several names.
    pub(super) fn linked(&mut self, paths: &[&str], mode: u16, data: Source) -> Result<()> {
        let meta = Meta::new(Meta::FILE | mode, DATE);
        let inode =
            self.tree.add_inode(meta.clone(), Body::File { data, rsrc: None }).map_err(refused)?;
        for path in paths {
            let (dir, name) = self.place(path)?;
            self.tree.add_link(dir, name, meta.clone(), inode).map_err(refused)?;
        }
        Ok(())
    }

    /// A compressed file: the data fork is empty.
    pub(super) fn compressed(&mut self, path: &str, kind: Kind, plain: &[u8]) -> Result<NodeId> {
        let made = compressed::compress(kind, plain)?;
        let mut meta = Meta::new(Meta::FILE | 0o644, DATE);
        meta.owner_flags = COMPRESSED;
        let rsrc = made.fork.map(bytes);
        let id = self.put(path, meta, Body::File { data: bytes([]), rsrc })?;
        self.xattr(id, "com.apple.decmpfs", made.attribute);
        Ok(id)
    }

    /// An extended attribute, kept in order.
    pub(super) fn xattr(&mut self, id: NodeId, name: &str, value: Vec<u8>) {
        let xattr = Xattr { name: Name::from_text(name), value: bytes(value) };
        let all = self.tree.xattrs_mut(id);
        let at = all.partition_point(|other| other.name.units() < xattr.name.units());
        all.insert(at, xattr);
    }

    fn put(&mut self, path: &str, meta: Meta, body: Body) -> Result<NodeId> {
        let (dir, name) = self.place(path)?;
        self.tree.add(dir, name, meta, body).map_err(refused)
    }

    /// The folder (made where it is missing) and the name of a path.
    fn place(&mut self, path: &str) -> Result<(NodeId, Name)> {
        let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
        Ok((self.dir(dir)?, Name::from_text(name)))
    }
}

fn refused(error: TreeError) -> Error {
    Error::Io(io::Error::other(error))
}
