//! The store's folder: names in it, atomic writes, locks between processes.

use crate::source::http::{Clock, Fault, Watch};
use crate::source::store::Failure;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long to wait before a lock is tried again.
const TICK: Duration = Duration::from_millis(100);

/// The first line of a file by which backup programs know caches.
const TAG: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55\n\
    # Made by Lionize: all of it can be fetched again.\n";

/// A store's folder, in use.
pub(super) struct Folder {
    root: PathBuf,
    /// Locked shared as long as the store is open; none where nothing can be
    /// written.
    held: Option<File>,
}

impl Folder {
    pub(super) fn open(root: PathBuf) -> Result<Self, Failure> {
        let made = make(&root);
        let held = made.and_then(|()| lockable(&root.join("lock")));
        let held = held.or_else(|error| match error.kind() {
            // Enough to read from.
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
                if root.join("content").is_dir() =>
            {
                Ok(None)
            }
            _ => Err(Failure::disk(&root, &error)),
        })?;
        if let Some(file) = &held {
            file.lock_shared().map_err(|error| Failure::disk(&root.join("lock"), &error))?;
        }
        Ok(Self { root, held })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Where content of this digest (in hex) is, or would be.
    pub(super) fn content(&self, digest: &str) -> PathBuf {
        self.root.join("content").join(digest.get(..2).unwrap_or("00")).join(digest)
    }

    /// The mark of content of this digest (in hex): its date is when it was used.
    /// The content itself stays untouched, since others may be reading it.
    pub(super) fn used(&self, digest: &str) -> PathBuf {
        self.root.join("used").join(digest)
    }

    pub(super) fn part(&self, key: &str) -> PathBuf {
        self.root.join("parts").join(format!("{key}.part"))
    }

    pub(super) fn part_record(&self, key: &str) -> PathBuf {
        self.root.join("parts").join(format!("{key}.json"))
    }

    pub(super) fn index(&self, key: &str) -> PathBuf {
        self.root.join("index").join(format!("{key}.json"))
    }

    pub(super) fn snapshots(&self, name: &str) -> PathBuf {
        self.root.join("snapshots").join(format!("{name}.json"))
    }

    /// A file that is deleted unless it gets a name.
    pub(super) fn temporary(&self) -> io::Result<tempfile::NamedTempFile> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".new-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // As far as the umask allows: a store may be shared.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        builder.tempfile_in(self.root.join("parts"))
    }

    /// Writes a file so that it is there whole, or as it was before.
    pub(super) fn write(&self, path: &Path, data: &[u8]) -> Result<(), Failure> {
        let write = || {
            let mut temp = self.temporary()?;
            temp.write_all(data)?;
            temp.as_file().sync_data()?;
            temp.persist(path).map_err(|error| error.error)?;
            io::Result::Ok(())
        };
        write().map_err(|error| Failure::disk(path, &error))
    }

    /// Waits until nobody else works on the part of this key, here or in
    /// another process.
    pub(super) fn lock(
        &self,
        key: &str,
        clock: &dyn Clock,
        watch: &dyn Watch,
    ) -> Result<Result<File, Fault>, Failure> {
        let path = self.root.join("locks").join(key.get(..2).unwrap_or("00"));
        let disk = |error: io::Error| Failure::disk(&path, &error);
        let options = OpenOptions::new().write(true).create(true).truncate(false).clone();
        let file = options.open(&path).map_err(disk)?;
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Ok(file)),
                Err(TryLockError::Error(error)) => return Err(disk(error)),
                Err(TryLockError::WouldBlock) if watch.stopped() => return Ok(Err(Fault::Stopped)),
                Err(TryLockError::WouldBlock) => {}
            }
            if !told {
                watch.warned("waiting for another download that uses the same part of the store");
                told = true;
            }
            clock.sleep(TICK);
        }
    }

    /// Does something while no other process uses the store; `None` when one
    /// does.
    pub(super) fn alone<T>(
        &self,
        work: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        let path = self.root.join("lock");
        let disk = |error: io::Error| Failure::disk(&path, &error);
        let Some(held) = &self.held else {
            return Err(disk(io::ErrorKind::ReadOnlyFilesystem.into()));
        };
        // What two locks on one handle mean differs by system.
        held.unlock().map_err(disk)?;
        let outcome = match held.try_lock() {
            Ok(()) => {
                let outcome = work();
                held.unlock().map_err(disk)?;
                outcome.map(Some)
            }
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(disk(error)),
        };
        held.lock_shared().map_err(disk)?;
        outcome
    }
}

fn make(root: &Path) -> io::Result<()> {
    for name in ["content", "parts", "index", "snapshots", "used", "locks"] {
        fs::create_dir_all(root.join(name))?;
    }
    let tag = root.join("CACHEDIR.TAG");
    if tag.exists() { Ok(()) } else { fs::write(tag, TAG) }
}

fn lockable(path: &Path) -> io::Result<Option<File>> {
    OpenOptions::new().write(true).create(true).truncate(false).open(path).map(Some)
}

/// Removes a file; that it is gone already is no error.
pub(super) fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Failure::disk(path, &error)),
        _ => Ok(()),
    }
}

/// A small file's text; `None` when it is missing, unreadable or not small:
/// what is recorded there can be found out again.
pub(super) fn read_small(path: &Path) -> Option<Vec<u8>> {
    use std::io::Read;
    const MOST: u64 = 4 << 20;
    let mut data = Vec::new();
    File::open(path).ok()?.take(MOST + 1).read_to_end(&mut data).ok()?;
    (data.len() as u64 <= MOST).then_some(data)
}
