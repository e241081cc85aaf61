//! Writing one piece: short writes are continued, errors tried again in
//! smaller pieces, and what cannot be written is named by its bytes.

use crate::device::raw::Raw;
use std::io;

/// Bytes of the pieces in which a failed write is tried again.
const SMALL: usize = 64 << 10;
/// How often a small piece is tried.
const TRIES: u32 = 2;

/// Writes all of `buf`.
pub(super) fn put(raw: &dyn Raw, at: u64, buf: &[u8]) -> io::Result<()> {
    let Err((done, error)) = all(raw, at, buf) else { return Ok(()) };
    if !is_worth_another_try(&error) {
        return Err(named(raw, at + done as u64, buf.len() - done, &error));
    }
    let mut at = at + done as u64;
    for piece in buf[done..].chunks(SMALL) {
        let mut result = all(raw, at, piece);
        for _ in 1..TRIES {
            if result.is_err() {
                result = all(raw, at, piece);
            }
        }
        if let Err((_, error)) = result {
            sectors(raw, at, piece).map_err(|(at, len)| named(raw, at, len, &error))?;
        }
        at += piece.len() as u64;
    }
    Ok(())
}

/// Writes sector by sector; fails with the range of the first that fails.
fn sectors(raw: &dyn Raw, mut at: u64, buf: &[u8]) -> Result<(), (u64, usize)> {
    let sector = usize::try_from(raw.sector().max(512)).unwrap_or(512);
    for piece in buf.chunks(sector) {
        if all(raw, at, piece).is_err() {
            return Err((at, piece.len()));
        }
        at += piece.len() as u64;
    }
    Ok(())
}

/// Bad places may be written in a second try; disks that are full, or gone,
/// or not ours, may not.
fn is_worth_another_try(error: &io::Error) -> bool {
    use io::ErrorKind::{
        InvalidInput, NotFound, PermissionDenied, ReadOnlyFilesystem, StorageFull,
    };
    let kinds = [InvalidInput, NotFound, PermissionDenied, ReadOnlyFilesystem, StorageFull];
    !kinds.contains(&error.kind())
}

/// Writes until all is written, or tells how much was.
fn all(raw: &dyn Raw, at: u64, buf: &[u8]) -> Result<(), (usize, io::Error)> {
    let sector = usize::try_from(raw.sector().max(1)).unwrap_or(1);
    let mut done = 0;
    while done < buf.len() {
        match raw.write(at + done as u64, &buf[done..]) {
            // Half a sector is none: direct I/O goes on at whole ones.
            Ok(n) if n >= sector || n == buf.len() - done => {
                let n = n.min(buf.len() - done);
                done += if n == buf.len() - done { n } else { n / sector * sector };
            }
            Ok(_) => return Err((done, io::Error::from(io::ErrorKind::WriteZero))),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err((done, error)),
        }
    }
    Ok(())
}

fn named(raw: &dyn Raw, at: u64, len: usize, error: &io::Error) -> io::Error {
    // A disk that was pulled out has no size, and Linux says that it is full.
    if let Err(gone) = raw.still() {
        return gone;
    }
    let end = at + len as u64;
    let text = match error.kind() {
        io::ErrorKind::StorageFull => {
            format!(
                "the disk is full at byte {at}, though it says that it has {} bytes",
                raw.bytes()
            )
        }
        _ => format!("bytes {at} to {end} could not be written: {error}"),
    };
    io::Error::new(error.kind(), text)
}
