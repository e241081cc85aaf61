//! SHA-256 (and SHA-1, which old lists have) of the inputs.

use crate::block::{Content, Error, FileBytes, ReadAt, read_vec};
use crate::engine::events::Stop;
use crate::media::pass::ForkHasher;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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

/// The bytes that 64 hex digits stand for.
pub(super) fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let digits = text.as_bytes();
    if digits.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// What a file's digests are wanted of.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) path: PathBuf,
    pub(super) sha1: bool,
}

/// The digests of files, by path.
pub(super) type Found = BTreeMap<PathBuf, Digests>;

/// Digests files one after the other; `tell` is given their bytes as they go.
pub(super) fn files(wanted: Vec<Wanted>, tell: &dyn Fn(u64), stop: &Stop) -> Result<Found, Error> {
    let digest = |wanted: Wanted| {
        let found = file(&wanted.path, wanted.sha1, tell, stop)
            .map_err(|error| Error::from(error).in_file(&wanted.path.display().to_string()))?;
        Ok((wanted.path, found))
    };
    wanted.into_iter().map(digest).collect()
}

/// Bytes at either end of a file that a sketch looks at.
const SKETCH: u64 = 64 << 10;

/// A digest of a file's ends, which hold the headers and checksums of all
/// disks and disk images: not a proof, but another one for another file.
pub(super) fn sketch(path: &Path) -> Result<[u8; 32], Error> {
    let named = |error: std::io::Error| Error::Io(error).in_file(&path.display().to_string());
    let file = FileBytes::open(path).map_err(named)?;
    let len = file.len();
    let mut sha256 = Sha256::new();
    sha256.update(len.to_be_bytes());
    for range in [0..len.min(SKETCH), len.saturating_sub(SKETCH).max(len.min(SKETCH))..len] {
        // Both are at most SKETCH.
        let count = usize::try_from(range.end - range.start).unwrap_or(0);
        sha256.update(read_vec(&file, range.start, count).map_err(named)?);
    }
    Ok(sha256.finalize().into())
}

fn file(path: &Path, sha1: bool, tell: &dyn Fn(u64), stop: &Stop) -> std::io::Result<Digests> {
    source(&FileBytes::open(path)?, sha1, tell, stop)
}

/// Digests any contents.
fn source(
    source: &dyn Content,
    sha1: bool,
    tell: &dyn Fn(u64),
    stop: &Stop,
) -> std::io::Result<Digests> {
    let mut sha256 = Sha256::new();
    let mut old = sha1.then(Sha1::new);
    each_piece(source, tell, stop, |piece| {
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
    tell: &dyn Fn(u64),
    stop: &Stop,
) -> std::io::Result<[u8; 32]> {
    let mut hasher = ForkHasher::default();
    each_piece(source, tell, stop, |piece| hasher.update(piece))?;
    Ok(hasher.finish())
}

/// A fork's SHA-256, and its digest as the writing pass makes it, in one pass.
pub(super) fn both(
    source: &dyn Content,
    tell: &dyn Fn(u64),
    stop: &Stop,
) -> std::io::Result<([u8; 32], [u8; 32])> {
    let (mut sha256, mut hasher) = (Sha256::new(), ForkHasher::default());
    each_piece(source, tell, stop, |piece| {
        sha256.update(piece);
        hasher.update(piece);
    })?;
    Ok((sha256.finalize().into(), hasher.finish()))
}

/// Gives all bytes to `take`, in pieces that fit into memory.
pub(super) fn each_piece(
    source: &dyn Content,
    tell: &dyn Fn(u64),
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
        tell(len as u64);
    }
    Ok(())
}
