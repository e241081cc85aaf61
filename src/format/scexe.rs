//! Shell archives of firmware updaters (`.scexe`): a script, and behind it a
//! tar archive in gzip, at an offset that only the script knows.
//!
//! The script is not run: the archive is looked for, and is there where a gzip
//! stream unpacks to a tar header.

use crate::block::{ReadAt, Reader, Result, Source, read_vec, slice};
use crate::format::stream::{self, Codec};
use crate::format::tarball::is_tar;
use std::io::{BufReader, Read};
use std::sync::Arc;

/// The script is looked for the archive up to here.
const MAX_SCRIPT: usize = 1 << 20;
/// So many gzip headers are tried: a script may hold the magic as text.
const MAX_TRIES: usize = 256;
/// ID1, ID2 and CM of a gzip header.
const GZIP: &[u8] = b"\x1f\x8b\x08";

/// Whether bytes begin as a script.
#[must_use]
pub fn is_script(head: &[u8]) -> bool {
    head.starts_with(b"#!")
}

/// Where the archive begins; `None` for a script without one.
///
/// # Errors
/// Whatever the medium reports.
pub fn find(source: &Source) -> Result<Option<u64>> {
    let len = usize::try_from(source.len()).unwrap_or(usize::MAX).min(MAX_SCRIPT);
    let head = read_vec(source.as_ref(), 0, len)?;
    if !is_script(&head) {
        return Ok(None);
    }
    let places = head.windows(GZIP.len() + 1).enumerate();
    // The upper three flags are reserved.
    let starts = places.filter(|(_, at)| at.starts_with(GZIP) && at[3] & 0xe0 == 0);
    for (at, _) in starts.take(MAX_TRIES) {
        if holds_tar(source, at as u64)? {
            return Ok(Some(at as u64));
        }
    }
    Ok(None)
}

fn holds_tar(source: &Source, at: u64) -> Result<bool> {
    let rest = slice(source, at, ReadAt::len(source.as_ref()) - at)?;
    let reader = BufReader::new(Reader::new(Arc::clone(&rest)));
    let limit = stream::limit_for(rest.len());
    let Ok(decoded) = stream::decode(Codec::Gzip, reader, limit) else { return Ok(false) };
    let mut header = Vec::new();
    Ok(decoded.take(512).read_to_end(&mut header).is_ok() && is_tar(&header))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::bytes;
    use std::io::Write;

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(data).unwrap();
        writer.finish().unwrap()
    }

    fn tar() -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(4);
        builder.append_data(&mut header, "TS250.bin", &b"data"[..]).unwrap();
        gzip(&builder.into_inner().unwrap())
    }

    #[test]
    fn the_archive_is_where_a_tar_header_is() {
        let mut file =
            b"#!/bin/sh\n# \x1f\x8b\x08\x00 is no archive\ntail -n +4 $0\nexit 0\n".to_vec();
        // Neither is a gzip stream of something else.
        file.extend(gzip(b"a licence, perhaps"));
        let script = file.len() as u64;
        file.extend(tar());
        assert_eq!(find(&bytes(file.clone())).unwrap(), Some(script));
        file.truncate(file.len() - 60);
        assert_eq!(find(&bytes(file)).unwrap(), None);
        assert_eq!(find(&bytes(tar())).unwrap(), None);
        assert_eq!(find(&bytes(*b"#!/bin/sh\n")).unwrap(), None);
        assert_eq!(find(&bytes(*b"#!")).unwrap(), None);
    }
}
