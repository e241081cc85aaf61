//! A tree as a payload: an `odc` archive in gzip, and its bill of materials.

use crate::block::{Error, Reader, Result, Source, Spool, bytes, read_vec};
use crate::format::appledouble::{self, Contents};
use crate::format::archive::{Identity, MAX_PATH, Member};
use crate::format::{bom, cpio};
use crate::source::contents;
use crate::source::package::EPOCH_1904;
use crate::volume::{Body, Kind, Meta, Name, NodeId, Tree};
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use std::collections::HashMap;
use std::io::{BufWriter, Read};
use std::sync::Arc;

/// The level of all compression: fixed, as the bytes depend on it.
const LEVEL: u32 = 6;
/// The longest extended attribute that is packed.
const MOST_XATTR: u64 = 1 << 20;
/// The largest inode number that six octal digits hold.
const MAX_INODE: u64 = 0o777_777;
/// The extended attribute that says that a file is compressed.
const DECMPFS: &str = "com.apple.decmpfs";

/// A tree, packed.
pub(super) struct Payload {
    /// The archive's bytes, in a temporary file.
    pub(super) archive: Source,
    /// The bill of materials.
    pub(super) bill: Vec<u8>,
    /// Files and folders, the root included.
    pub(super) entries: u64,
    /// KiB that the files take.
    pub(super) kib: u64,
}

/// Packs a tree: each folder before what is in it, in the order of names.
pub(super) fn pack(tree: &Tree) -> Result<Payload> {
    let gzip = GzBuilder::new().write(BufWriter::new(Spool::new()?), Compression::new(LEVEL));
    let (archive, bill, linked) = (cpio::Writer::new(gzip), Vec::new(), HashMap::new());
    let mut packer = Packer { tree, archive, bill, bytes: 0, linked };
    for id in tree.walk(tree.root()) {
        packer.node(id)?;
    }
    let spool = packer.archive.finish()?.finish()?.into_inner();
    let mut spool = spool.map_err(std::io::IntoInnerError::into_error)?;
    spool.flush()?;
    Ok(Payload {
        archive: spool.part(0, spool.end()),
        bill: bom::write(&packer.bill)?,
        entries: packer.bill.len() as u64,
        kib: packer.bytes.div_ceil(1024),
    })
}

struct Packer<'t> {
    tree: &'t Tree,
    archive: cpio::Writer<GzEncoder<BufWriter<Spool>>>,
    bill: Vec<bom::Entry>,
    bytes: u64,
    /// The numbers of files with several names.
    linked: HashMap<NodeId, u64>,
}

impl Packer<'_> {
    fn node(&mut self, id: NodeId) -> Result<()> {
        let path = match id == self.tree.root() {
            true => ".".to_owned(),
            false => format!(".{}", self.tree.path(id)),
        };
        let (target, kind) = (self.tree.target(id), self.tree.kind(id));
        if kind == Kind::Dir && target != id {
            let hint = "remove it, or put a folder in its place";
            return Err(Error::unsupported("a link to a folder in a payload", "path", path, hint));
        }
        let meta = &self.tree.node(target).meta;
        let data = match kind {
            Kind::File | Kind::Symlink => contents(self.tree, id)?,
            _ => bytes([]),
        };
        let identity = self.identity(id)?;
        let member = Member { path: path.clone().into_bytes(), identity, ..described(meta, kind) };
        self.add(member, &data)?;
        match self.beside(id)? {
            Some(data) => {
                let (folder, name) = path.rsplit_once('/').unwrap_or((".", &path));
                let path = format!("{folder}/._{name}").into_bytes();
                let mode = Member::FILE | meta.mode & 0o666;
                self.add(Member { path, mode, ..described(meta, Kind::File) }, &data)
            }
            None => Ok(()),
        }
    }

    /// By what the names of a file with several are told to be one file's.
    fn identity(&mut self, id: NodeId) -> Result<Option<Identity>> {
        let names = self.tree.names_of(id);
        if names < 2 {
            return Ok(None);
        }
        // From the last number down: all other files are numbered from 1 up.
        let next = MAX_INODE.checked_sub(self.linked.len() as u64);
        let inode = match self.linked.get(&self.tree.target(id)) {
            Some(inode) => *inode,
            None => next.ok_or_else(|| {
                let what = "a payload with so many files that have several names";
                Error::unsupported(what, "the number of them", self.linked.len(), "")
            })?,
        };
        self.linked.insert(self.tree.target(id), inode);
        let links = u32::try_from(names).unwrap_or(u32::MAX);
        Ok(Some(Identity { device: 0, inode, links }))
    }

    fn add(&mut self, member: Member, data: &Source) -> Result<()> {
        let member = Member { size: data.len(), ..member };
        let mut summed = Summed { inner: Reader::new(Arc::clone(data)), sum: bom::Sum::default() };
        self.archive.add(&member, &mut summed)?;
        let (is_file, is_link) = (member.kind() == Member::FILE, member.kind() == Member::SYMLINK);
        let mut link = Vec::new();
        if is_link {
            let len = usize::try_from(data.len()).ok().filter(|len| *len <= MAX_PATH);
            let rule = "longer than a link's target can be";
            let len = len.ok_or_else(|| Error::corrupt("payload", "link", data.len(), rule))?;
            link = read_vec(data.as_ref(), 0, len)?;
        }
        self.bill.push(bom::Entry {
            path: member.path,
            mode: member.mode,
            uid: member.uid,
            gid: member.gid,
            mtime: u32::try_from(member.mtime).unwrap_or(u32::MAX),
            // Bills have sizes modulo 4 GiB.
            size: u32::try_from(data.len() & 0xffff_ffff).unwrap_or(0),
            checksum: if is_file || is_link { summed.sum.finish() } else { member.device },
            link,
        });
        self.bytes += data.len();
        Ok(())
    }

    /// What a file has besides its data, as AppleDouble.
    fn beside(&self, id: NodeId) -> Result<Option<Source>> {
        let node = self.tree.node(self.tree.target(id));
        if id == self.tree.root() || !matches!(self.tree.kind(id), Kind::File | Kind::Dir) {
            return Ok(None);
        }
        let decmpfs = Name::from_text(DECMPFS);
        let is_compressed = node.xattrs.iter().any(|xattr| xattr.name == decmpfs);
        let rsrc = match &node.body {
            Body::File { rsrc: Some(rsrc), .. } if !is_compressed && !rsrc.is_empty() => {
                Some(Arc::clone(rsrc))
            }
            _ => None,
        };
        let mut xattrs = Vec::new();
        for xattr in node.xattrs.iter().filter(|xattr| xattr.name != decmpfs) {
            if xattr.value.len() > MOST_XATTR {
                let (what, hint) = ("an extended attribute of that length in a payload", "");
                return Err(Error::unsupported(what, "length", xattr.value.len(), hint));
            }
            // Bounded by the lines above.
            let len = usize::try_from(xattr.value.len()).unwrap_or(0);
            xattrs.push((xattr.name.to_string(), read_vec(xattr.value.as_ref(), 0, len)?));
        }
        let finder = node.meta.finder;
        if rsrc.is_none() && xattrs.is_empty() && finder == [0; 32] {
            return Ok(None);
        }
        Ok(Some(Arc::new(appledouble::encode(&Contents { finder, xattrs: &xattrs, rsrc })?)))
    }
}

/// Owner, date and mode, with the type's bits: without these, an installer
/// calls the archive a bad file.
fn described(meta: &Meta, kind: Kind) -> Member {
    let bits = match kind {
        Kind::Dir => Member::DIR,
        Kind::File => Member::FILE,
        Kind::Symlink => Member::SYMLINK,
        _ => meta.mode & Member::TYPE,
    };
    Member {
        mode: bits | meta.mode & 0o7777,
        uid: meta.owner,
        gid: meta.group,
        mtime: meta.modified.saturating_sub(EPOCH_1904).into(),
        device: if matches!(kind, Kind::CharDevice | Kind::BlockDevice) { meta.device } else { 0 },
        ..Member::default()
    }
}

/// Reads, and sums what it reads.
struct Summed {
    inner: Reader,
    sum: bom::Sum,
}

impl Read for Summed {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.sum.update(&buf[..n]);
        Ok(n)
    }
}
