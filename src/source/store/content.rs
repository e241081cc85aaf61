//! Content by its digest: hashed when it goes in, and when it comes out.

use crate::source::http::{Fault, Watch};
use crate::source::store::folder::{Folder, remove};
use crate::source::store::{Download, Failure, hex};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

const PIECE: usize = 1 << 20;

/// Digests of bytes, as they are wanted of a download.
#[derive(Clone)]
pub(super) struct Hasher {
    sha256: Sha256,
    sha1: Option<Sha1>,
    bytes: u64,
}

/// What the digests are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Digests {
    pub(super) sha256: [u8; 32],
    pub(super) sha1: Option<[u8; 20]>,
    pub(super) bytes: u64,
}

impl Hasher {
    /// SHA-256, and SHA-1 if the download has one.
    pub(super) fn of(download: &Download) -> Self {
        Self { sha256: Sha256::new(), sha1: download.sha1.map(|_| Sha1::new()), bytes: 0 }
    }

    pub(super) fn update(&mut self, data: &[u8]) {
        self.sha256.update(data);
        if let Some(sha1) = &mut self.sha1 {
            sha1.update(data);
        }
        self.bytes += data.len() as u64;
    }

    pub(super) fn finish(self) -> Digests {
        Digests {
            sha256: self.sha256.finalize().into(),
            sha1: self.sha1.map(|sha1| sha1.finalize().into()),
            bytes: self.bytes,
        }
    }
}

/// Hashes a file whole.
pub(super) fn digests(
    path: &Path,
    mut hasher: Hasher,
    watch: &dyn Watch,
) -> io::Result<Result<Digests, Fault>> {
    let mut file = File::open(path)?;
    let mut buf = vec![0; PIECE];
    loop {
        if watch.stopped() {
            return Ok(Err(Fault::Stopped));
        }
        match file.read(&mut buf) {
            Ok(0) => return Ok(Ok(hasher.finish())),
            Ok(count) => hasher.update(&buf[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// How bytes differ from what is wanted, if they do.
pub(super) fn mismatch(found: &Digests, wanted: &Download) -> Option<String> {
    if let Some(size) = wanted.size.filter(|size| *size != found.bytes) {
        return Some(format!("it has {} bytes where {size} are expected", found.bytes));
    }
    if let Some(digest) = wanted.sha256.filter(|digest| *digest != found.sha256) {
        let (found, digest) = (hex(found.sha256), hex(digest));
        return Some(format!("its SHA-256 is {found} where {digest} is expected"));
    }
    if let Some(digest) = wanted.sha1.filter(|digest| Some(*digest) != found.sha1) {
        let found = found.sha1.map_or_else(String::new, hex);
        return Some(format!("its SHA-1 is {found} where {} is expected", hex(digest)));
    }
    None
}

/// What was hashed by this process already, and is the same file still.
#[derive(Default)]
pub(super) struct Proven(Mutex<HashMap<[u8; 32], (Identity, Digests)>>);

/// A file's state, as far as the host tells it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Identity {
    len: u64,
    modified: Option<SystemTime>,
    number: u64,
}

impl Identity {
    fn of(meta: &Metadata) -> Self {
        #[cfg(unix)]
        let number = std::os::unix::fs::MetadataExt::ino(meta);
        #[cfg(not(unix))]
        let number = 0;
        Self { len: meta.len(), modified: meta.modified().ok(), number }
    }
}

/// What content of a digest is like.
pub(super) enum Found {
    /// It is there, and right.
    Right(Digests),
    /// It is there under that name, but its bytes are others.
    Rotten,
    /// It is not there.
    Missing,
}

impl Proven {
    /// Hashes the content of this digest, unless that was done by this process
    /// and the file did not change since.
    pub(super) fn look(
        &self,
        folder: &Folder,
        sha256: [u8; 32],
        wanted: &Download,
        watch: &dyn Watch,
    ) -> Result<Result<Found, Fault>, Failure> {
        let path = folder.content(&hex(sha256));
        let disk = |error: io::Error| Failure::disk(&path, &error);
        let meta = match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Ok(Found::Missing)),
            meta => meta.map_err(disk)?,
        };
        let now = Identity::of(&meta);
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&sha256).copied();
        if let Some((identity, digests)) = known
            && identity == now
            && (wanted.sha1.is_none() || digests.sha1.is_some())
        {
            return Ok(Ok(Found::Right(digests)));
        }
        let found = match digests(&path, Hasher::of(wanted), watch).map_err(disk)? {
            Ok(found) => found,
            Err(fault) => return Ok(Err(fault)),
        };
        if found.sha256 != sha256 {
            return Ok(Ok(Found::Rotten));
        }
        self.remember(sha256, found, &meta);
        Ok(Ok(Found::Right(found)))
    }

    /// Takes note of what was hashed.
    pub(super) fn remember(&self, sha256: [u8; 32], found: Digests, meta: &Metadata) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(sha256, (Identity::of(meta), found));
    }
}

/// Gives a whole and proven file its name among the content.
pub(super) fn publish(folder: &Folder, from: &Path, sha256: [u8; 32]) -> Result<(), Failure> {
    let to = folder.content(&hex(sha256));
    let above = to.parent().unwrap_or(folder.root());
    let rename = || {
        fs::create_dir_all(above)?;
        // Windows makes durable only what is open for writing.
        fs::OpenOptions::new().write(true).open(from)?.sync_all()?;
        fs::rename(from, &to)?;
        sync_folder(above)
    };
    rename().map_err(|error| Failure::disk(&to, &error))
}

/// Takes note that content was used now, for `prune`. Where that is not
/// allowed, it stays as old as it was.
pub(super) fn touch(folder: &Folder, sha256: [u8; 32], now: SystemTime) {
    let mark = folder.used(&hex(sha256));
    let file = fs::OpenOptions::new().append(true).create(true).open(mark);
    let _ = file.and_then(|file| file.set_modified(now));
}

/// Drops content that is not what its name says.
pub(super) fn drop_rotten(folder: &Folder, sha256: [u8; 32]) -> Result<(), Failure> {
    remove(&folder.content(&hex(sha256)))
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}
