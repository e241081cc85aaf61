//! Bills of materials as folders, whose files cannot be read.

use crate::block::{Content, ReadAt, Result, Source, bytes};
use crate::format::archive::Member;
use crate::format::bom;
use crate::source::archive::Archive;
use crate::source::archive::gather::Gather;
use std::io;
use std::sync::Arc;

pub(super) fn open(source: &Source) -> Result<Archive> {
    let entries = bom::read(Arc::clone(source))?;
    let mut gather = Gather::new(None, false);
    for (number, entry) in (0..).zip(&entries) {
        let link = entry.mode & Member::TYPE == Member::SYMLINK;
        let device = [0o020_000, 0o060_000].contains(&(entry.mode & Member::TYPE));
        let member = Member {
            path: entry.path.clone(),
            mode: entry.mode,
            uid: entry.uid,
            gid: entry.gid,
            mtime: entry.mtime.into(),
            size: entry.size.into(),
            device: if device { entry.checksum } else { 0 },
            symlink: link.then(|| entry.link.clone()),
            ..Member::default()
        };
        gather.add(member, number)?;
    }
    let data = |number: u32| -> Result<Source> {
        let len = entries[number as usize].size.into();
        Ok(if len == 0 { bytes([]) } else { Arc::new(Elsewhere { len }) })
    };
    let (tree, numbers, left_out) = gather.finish("bill of materials", &data)?;
    let tree = Arc::new(tree);
    Ok(Archive { tree, numbers, sequence: None, left_out, what: "bill of materials" })
}

/// What a file has that is only listed: a length.
struct Elsewhere {
    len: u64,
}

impl ReadAt for Elsewhere {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, _at: u64, _buf: &mut [u8]) -> io::Result<()> {
        let text =
            "a bill of materials lists files and does not hold them: they are in the payload";
        Err(io::Error::new(io::ErrorKind::Unsupported, text))
    }
}

impl Content for Elsewhere {}
