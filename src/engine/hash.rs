//! SHA-256 (and SHA-1, which old lists have) of the inputs, beside other work.

use crate::block::{Content, Error, FileBytes};
use crate::engine::events::Stop;
use crate::media::pass::ForkHasher;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

const PIECE: usize = 1 << 20;

/// The digests of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Digests {
    pub(super) sha256: [u8; 32],
    pub(super) sha1: Option<String>,
}

/// Lower-case hex digits.
pub(super) fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a file's digests are wanted of.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) path: PathBuf,
    pub(super) sha1: bool,
}

/// Digests files one after the other; `done` counts their bytes.
pub(super) fn files(
    wanted: &[Wanted],
    done: &AtomicU64,
    stop: &Stop,
) -> Result<Vec<Digests>, Error> {
    let digest = |wanted: &Wanted| {
        file(&wanted.path, wanted.sha1, done, stop)
            .map_err(|error| Error::from(error).in_file(&wanted.path.display().to_string()))
    };
    wanted.iter().map(digest).collect()
}

fn file(path: &Path, sha1: bool, done: &AtomicU64, stop: &Stop) -> std::io::Result<Digests> {
    source(&FileBytes::open(path)?, sha1, done, stop)
}

/// Digests any contents.
fn source(
    source: &dyn Content,
    sha1: bool,
    done: &AtomicU64,
    stop: &Stop,
) -> std::io::Result<Digests> {
    let mut sha256 = Sha256::new();
    let mut old = sha1.then(Sha1::new);
    each_piece(source, done, stop, |piece| {
        sha256.update(piece);
        if let Some(old) = &mut old {
            old.update(piece);
        }
    })?;
    Ok(Digests { sha256: sha256.finalize().into(), sha1: old.map(|old| hex(old.finalize())) })
}

/// The digest of a fork, as the writing pass makes it.
pub(super) fn fork(
    source: &dyn Content,
    done: &AtomicU64,
    stop: &Stop,
) -> std::io::Result<[u8; 32]> {
    let mut hasher = ForkHasher::default();
    each_piece(source, done, stop, |piece| hasher.update(piece))?;
    Ok(hasher.finish())
}

fn each_piece(
    source: &dyn Content,
    done: &AtomicU64,
    stop: &Stop,
    mut take: impl FnMut(&[u8]),
) -> std::io::Result<()> {
    let longest = usize::try_from(source.len()).unwrap_or(PIECE).min(PIECE);
    let mut buf = vec![0; longest];
    let mut at = 0;
    while at < source.len() {
        if stop.raised() {
            return Err(std::io::Error::from(std::io::ErrorKind::Interrupted));
        }
        let len = usize::try_from(source.len() - at).unwrap_or(PIECE).min(PIECE);
        source.read_at(at, &mut buf[..len])?;
        take(&buf[..len]);
        at += len as u64;
        done.fetch_add(len as u64, Ordering::Relaxed);
    }
    Ok(())
}
