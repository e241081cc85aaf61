//! Compressed files that hold no archive: unpacked into a temporary file.

use crate::block::{Result, Source, Spool, bytes};
use crate::format::archive::Member;
use crate::source::archive::Archive;
use crate::source::archive::gather::Gather;
use crate::source::archive::sequence::Stream;
use std::io::Read;
use std::sync::Arc;

/// What is kept in memory.
const SMALL: usize = 256 << 10;

/// All that a stream unpacks to.
pub(super) fn unpacked(stream: &Stream) -> Result<Source> {
    let mut from = stream.open(true)?;
    let mut buf = vec![0; SMALL];
    let mut spool: Option<Spool> = None;
    let mut len = 0;
    loop {
        let got = from.read(&mut buf[len..])?;
        len += got;
        if got == 0 && spool.is_none() {
            buf.truncate(len);
            return Ok(bytes(buf));
        }
        if got == 0 || len == buf.len() {
            let spool = match &mut spool {
                Some(spool) => spool,
                none => none.insert(Spool::new()?),
            };
            spool.append(&buf[..len])?;
            len = 0;
            if got == 0 {
                spool.flush()?;
                return Ok(spool.part(0, spool.end()));
            }
        }
    }
}

/// A folder with the one file, named as the compressed one but for its ending.
pub(super) fn folder(source: &Source, name: &str) -> Result<Archive> {
    let own = name.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let ends = [".gz", ".bz2", ".xz", ".zst", ".pbzx"];
    let stem = ends.into_iter().find_map(|end| own.strip_suffix(end));
    let path = stem.filter(|stem| !stem.is_empty()).unwrap_or("contents");
    let mode = Member::FILE | 0o644;
    let member = Member { path: path.into(), mode, size: source.len(), ..Member::default() };
    let mut gather = Gather::new(None, false);
    gather.add(member, 0)?;
    let (tree, numbers, left_out) = gather.finish("file", &|_| Ok(Arc::clone(source)))?;
    let tree = Arc::new(tree);
    Ok(Archive { tree, numbers, sequence: None, left_out, what: "compressed file" })
}
