//! Compressed files: what a Mac shows instead of what the volume stores.
//!
//! A file with the flag `UF_COMPRESSED` keeps its contents in the attribute
//! `com.apple.decmpfs`, or in its resource fork in chunks of 64 KiB.
//!
//! Facts: Apple's decmpfs.h; V. Serbinenko, "Description of HFS+ compression"
//! (linux-fsdevel, 2012); keramics.github.io/decmpfs. Not supported, and
//! refused by name: files whose contents are elsewhere (type 5), LZBITMAP
//! (types 13 and 14).

mod chunks;
mod codec;
mod lzvn;

use crate::block::{Error, Result, Source, Value, bytes, read_vec};
use crate::volume::hfsplus::decmpfs::chunks::{Chunks, Table};
use crate::volume::hfsplus::decmpfs::codec::Codec;
use crate::volume::tree::Xattr;
use crate::volume::{Body, Meta, NodeId, Tree};
use std::sync::Arc;

const HEADER: &str = "decmpfs header";
/// The attribute of a compressed file.
pub const NAME: &str = "com.apple.decmpfs";
/// `UF_COMPRESSED`, shifted into [`Meta::owner_flags`].
pub const COMPRESSED: u8 = 0x20;
/// `compression_magic`, "cmpf" as a little-endian number.
const MAGIC: u32 = 0x636d_7066;
/// The bytes before the contents.
const START: usize = 16;
/// No attribute is longer than a B-tree node, or worth more than this.
const MAX_ATTRIBUTE: u64 = 1 << 20;
/// The most that contents in an attribute may decode to at once.
const MAX_INLINE: u64 = 16 << 20;

/// The contents of a file as a Mac shows them; hard links are followed. A
/// file that is not compressed: its data fork. A folder: nothing.
///
/// # Errors
/// `Corrupt` for a broken header or chunk table, `Unsupported` for an
/// unknown compression. Chunks are decoded when they are read.
pub fn contents(tree: &Tree, id: NodeId) -> Result<Source> {
    let node = tree.node(tree.target(id));
    match &node.body {
        Body::File { data, rsrc } => plain(&node.meta, data, rsrc.as_ref(), &node.xattrs),
        _ => Ok(bytes([])),
    }
}

/// [`contents`] of a file that is in no tree.
///
/// # Errors
/// As [`contents`].
pub fn plain(
    meta: &Meta,
    data: &Source,
    rsrc: Option<&Source>,
    xattrs: &[Xattr],
) -> Result<Source> {
    let is_it = |x: &&Xattr| x.name.units().iter().copied().eq(NAME.encode_utf16());
    match xattrs.iter().find(is_it) {
        Some(attribute) if meta.owner_flags & COMPRESSED != 0 => decoded(&attribute.value, rsrc),
        _ => Ok(data.clone()),
    }
}

fn decoded(attribute: &Source, rsrc: Option<&Source>) -> Result<Source> {
    let len = attribute.len();
    if !(START as u64..=MAX_ATTRIBUTE).contains(&len) {
        return Err(Error::corrupt(HEADER, "length", len, "not between 16 bytes and 1 MiB"));
    }
    let head = read_vec(&**attribute, 0, START)?;
    let number =
        |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    if number(0) != MAGIC {
        let magic = Value::Hex(number(0).into());
        return Err(Error::corrupt(HEADER, "compression_magic", magic, "not `cmpf`"));
    }
    let size = u64::from(number(12)) << 32 | u64::from(number(8));
    let kind = number(4);
    let codec = match kind {
        1 => return stored(attribute, size),
        3 | 4 => Codec::Zlib,
        7 | 8 => Codec::Lzvn,
        9 | 10 => Codec::Stored,
        11 | 12 => Codec::Lzfse,
        _ => return Err(refused(kind)),
    };
    let in_fork = kind % 2 == 0;
    if in_fork {
        let Some(rsrc) = rsrc else {
            let rule = "kept in a resource fork, but there is none";
            return Err(Error::corrupt(HEADER, "compression_type", kind, rule));
        };
        let table = if codec == Codec::Zlib {
            Table::zlib(rsrc, size)?
        } else {
            Table::offsets(rsrc, size)?
        };
        return Ok(Arc::new(Chunks::in_fork(rsrc.clone(), table, codec, size)));
    }
    if size > MAX_INLINE {
        let rule = "over the limit of 16 MiB for contents in an attribute";
        return Err(Error::corrupt(HEADER, "uncompressed_size", size, rule));
    }
    Ok(Arc::new(Chunks::inline(attribute.clone(), START as u64, codec, size)))
}

/// Contents that follow the header as they are.
fn stored(attribute: &Source, size: u64) -> Result<Source> {
    crate::block::slice(attribute, START as u64, size).map_err(|_| {
        let rule = "longer than the attribute";
        Error::corrupt(HEADER, "uncompressed_size", size, rule)
    })
}

fn refused(kind: u32) -> Error {
    let (what, hint) = match kind {
        5 => ("a file whose contents are not on the volume", "copy it from a Mac that has them"),
        13 | 14 => (
            "a file compressed by LZBITMAP",
            "on a Mac, copy it with `ditto --nopreserveHFSCompression` first",
        ),
        _ => (
            "a file compressed in an unknown way",
            "on a Mac, copy it with `ditto --nopreserveHFSCompression` first",
        ),
    };
    Error::unsupported(what, "compression_type", kind, hint)
}

#[cfg(test)]
mod tests;
