//! The output under a temporary name: it gets its own when it is proven.

use crate::block::{FileTarget, ReadAt, WriteAt};
use crate::engine::inputs::Inputs;
use crate::engine::problem::{Problem, Result};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::NamedTempFile;

/// A file beside the one that it will become; removed unless it is kept.
pub(super) struct Output {
    temp: NamedTempFile,
    path: PathBuf,
}

impl Output {
    /// Makes the temporary file.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut builder = tempfile::Builder::new();
        builder.prefix(".lionize-").suffix(".part");
        readable(&mut builder);
        let temp = builder.tempfile_in(folder.unwrap_or(Path::new(".")));
        let temp = temp.map_err(|error| Problem::writing(path, &error))?;
        Ok(Self { temp, path: path.to_owned() })
    }

    /// The temporary file's path.
    pub(super) fn temp_path(&self) -> &Path {
        self.temp.path()
    }

    pub(super) fn file(&self) -> Result<File> {
        self.temp.reopen().map_err(|error| self.problem(&error))
    }

    pub(super) fn problem(&self, error: &io::Error) -> Problem {
        Problem::writing(&self.path, error)
    }

    /// Gives the file its name, in place of what had it before.
    pub(super) fn keep(self) -> Result<()> {
        let path = self.path;
        let kept = self.temp.persist(&path);
        kept.map(drop).map_err(|error| Problem::writing(&path, &error.error))
    }
}

/// As the user's other files are, where a temporary one is private.
#[cfg(unix)]
fn readable(builder: &mut tempfile::Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(std::fs::Permissions::from_mode(0o666));
}

#[cfg(not(unix))]
fn readable(_builder: &mut tempfile::Builder<'_, '_>) {}

/// Fails where the output would be no plain file, or one of the inputs.
pub(super) fn check(path: &Path, inputs: &Inputs) -> Result<()> {
    let Ok(meta) = std::fs::metadata(path) else { return Ok(()) };
    if !meta.is_file() {
        let is = if meta.is_dir() { "a folder" } else { "a device" };
        let sentence = format!("the output {} is {is}", path.display());
        return Err(Problem::usage(sentence).hint("name a file, which may be a new one"));
    }
    let same = |other: &Path| {
        let (a, b) = (std::fs::canonicalize(path), std::fs::canonicalize(other));
        matches!((a, b), (Ok(a), Ok(b)) if a == b)
    };
    let mut files = inputs.0.iter().flat_map(|input| input.opener.files());
    if files.any(|file| same(&file.path)) {
        let sentence = format!("the output {} is one of the inputs", path.display());
        return Err(Problem::usage(sentence).hint("give another name with --output"));
    }
    Ok(())
}

/// A target that remembers whether it was the one that failed.
pub(super) struct Noted {
    target: FileTarget,
    failed: AtomicBool,
}

impl Noted {
    pub(super) const fn new(target: FileTarget) -> Self {
        Self { target, failed: AtomicBool::new(false) }
    }

    pub(super) fn failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    fn note<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if result.is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
        result
    }
}

impl ReadAt for Noted {
    fn len(&self) -> u64 {
        self.target.len()
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        self.target.read_at(at, buf)
    }
}

impl WriteAt for Noted {
    fn write_at(&mut self, at: u64, buf: &[u8]) -> io::Result<()> {
        let result = self.target.write_at(at, buf);
        self.note(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.target.flush();
        self.note(result)
    }
}

/// The same for bytes in a row.
pub(super) struct NotedStream<W> {
    pub(super) out: W,
    pub(super) failed: bool,
}

impl<W: io::Write> io::Write for NotedStream<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.out.write(buf).inspect_err(|_| self.failed = true)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush().inspect_err(|_| self.failed = true)
    }
}
