//! The host's folder that an extraction goes to: only ever added to.

use crate::block::Source;
use crate::cli::extract::copy::Attributes;
use crate::cli::extract::summary::Summary;
use crate::cli::extract::xattrs;
use crate::engine::{Problem, ProblemKind};
use crate::volume::Meta;
use crate::volume::tree::Xattr;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Bytes copied at a time.
const CHUNK: u64 = 1 << 20;
/// The longest target of a symbolic link that hosts take.
const MAX_TARGET: u64 = 4095;

/// The folder, and what is done to it at the end.
pub(in crate::cli) struct Target {
    root: PathBuf,
    links: Vec<(PathBuf, OsString)>,
    folders: Vec<(PathBuf, Attributes)>,
    left_out: Vec<(String, String)>,
}

/// What became of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Made {
    pub(super) bytes: u64,
    /// Extended attributes that the host did not take.
    pub(super) lost: u64,
}

impl Target {
    /// Takes a folder, or makes it (but not those above it).
    pub(super) fn open(root: &Path) -> Result<Self, Problem> {
        match fs::create_dir(root) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && root.is_dir() => {}
            Err(error) => return Err(Problem::writing(root, &error)),
            Ok(()) => {}
        }
        let (links, folders, left_out) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { root: root.to_owned(), links, folders, left_out })
    }

    /// Fails when a name directly in the folder is taken already.
    pub(super) fn check_free(&self, name: &Path) -> Result<(), Problem> {
        match fs::symlink_metadata(self.root.join(name)) {
            Ok(_) => Err(self.refused(name, &io::ErrorKind::AlreadyExists.into())),
            Err(_) => Ok(()),
        }
    }

    /// Makes a folder; its mode and date come at the end.
    pub(super) fn folder(&mut self, path: &Path, meta: &Meta) -> Result<(), Problem> {
        fs::create_dir(self.root.join(path)).map_err(|error| self.refused(path, &error))?;
        self.folders.push((path.to_owned(), Attributes::of(meta)));
        Ok(())
    }

    /// Notes a symbolic link for the end.
    pub(super) fn link_later(
        &mut self,
        path: &Path,
        target: &Source,
        told: &dyn Fn() -> String,
    ) -> Result<(), Problem> {
        let sane = (1..=MAX_TARGET).contains(&target.len());
        let len = usize::try_from(target.len()).ok().filter(|_| sane);
        let bytes = len.map(|len| crate::block::read_vec(target.as_ref(), 0, len)).transpose();
        let bytes = bytes.map_err(|error| Problem::reading(told(), error.into()))?;
        match bytes.filter(|bytes| !bytes.contains(&0)).and_then(text) {
            Some(target) => self.links.push((path.to_owned(), target)),
            None => self.left_out.push((told(), "is a link whose target is no path".into())),
        }
        Ok(())
    }

    /// Notes a further name of a folder: a symbolic link to the first.
    pub(super) fn folder_again(&mut self, first: &Path, path: &Path) {
        let up = path.components().count().saturating_sub(1);
        let mut target: PathBuf = std::iter::repeat_n("..", up).collect();
        target.push(first);
        self.links.push((path.to_owned(), target.into_os_string()));
    }

    /// Makes a further name of a file.
    pub(super) fn hard_link(&self, first: &Path, path: &Path) -> Result<(), Problem> {
        let linked = fs::hard_link(self.root.join(first), self.root.join(path));
        linked.map_err(|error| self.refused(path, &error))
    }

    /// Makes a file that appears whole or not at all; `None` when stopped.
    pub(super) fn file(
        &self,
        path: &Path,
        source: &Source,
        attributes: Attributes,
        xattrs: &[Xattr],
        stopped: &dyn Fn() -> bool,
    ) -> Result<Option<Made>, Problem> {
        let whole = self.root.join(path);
        let refused = |error: io::Error| self.refused(path, &error);
        let folder = whole.parent().unwrap_or(&self.root);
        let mut temp =
            tempfile::Builder::new().prefix(".lionize-").tempfile_in(folder).map_err(refused)?;
        let mut at = 0;
        while let Some(run) = source.data(at) {
            for start in (run.start..run.end).step_by(1 << 20) {
                if stopped() {
                    return Ok(None);
                }
                let len = CHUNK.min(run.end - start);
                let buf = read(source, start, len)
                    .map_err(|error| Problem::reading(path.display(), error.into()))?;
                let file = temp.as_file_mut();
                let wrote = file.seek(SeekFrom::Start(start)).and_then(|_| file.write_all(&buf));
                wrote.map_err(refused)?;
            }
            at = run.end;
        }
        temp.as_file().set_len(source.len()).map_err(refused)?;
        let lost = xattrs::set(temp.as_file(), xattrs);
        set(temp.as_file(), attributes, 0o644).map_err(refused)?;
        temp.persist_noclobber(&whole).map_err(|error| refused(error.error))?;
        Ok(Some(Made { bytes: source.len(), lost }))
    }

    /// Gives a folder these attributes; answers how many were not kept.
    pub(super) fn attributes(&self, path: &Path, xattrs: &[Xattr]) -> u64 {
        match File::open(self.root.join(path)) {
            Ok(folder) if !xattrs.is_empty() => xattrs::set(&folder, xattrs),
            _ => xattrs.len() as u64,
        }
    }

    /// Makes the symbolic links, then gives the folders their modes and dates.
    pub(super) fn finish(&mut self, summary: &mut Summary) -> Result<(), Problem> {
        for (path, why) in self.left_out.drain(..) {
            summary.left_out(path, why);
        }
        for (path, target) in &self.links {
            symlink(target, &self.root.join(path)).map_err(|error| self.refused(path, &error))?;
        }
        for (path, attributes) in self.folders.iter().rev() {
            let mode = attributes.mode.map(|mode| mode | 0o700);
            let done = File::open(self.root.join(path))
                .and_then(|folder| set(&folder, Attributes { mode, ..*attributes }, 0o755));
            if cfg!(unix) {
                done.map_err(|error| self.refused(path, &error))?;
            }
        }
        Ok(())
    }

    fn refused(&self, path: &Path, error: &io::Error) -> Problem {
        let whole = self.root.join(path);
        if error.kind() != io::ErrorKind::AlreadyExists {
            return Problem::writing(&whole, error);
        }
        let whole = whole.display();
        if path.components().count() > 1 {
            // All folders below the first are new: what is there, we made.
            let sentence = format!("cannot make {whole}: this host takes it for another name");
            let cause = "two names differ only in case, or in how their letters are composed";
            return Problem::new(ProblemKind::Output, sentence)
                .because(cause)
                .hint("extract to a file system that tells such names apart");
        }
        Problem::new(ProblemKind::Output, format!("{whole} exists already"))
            .hint("give another folder with --to; nothing is ever replaced")
    }
}

fn read(source: &Source, at: u64, len: u64) -> io::Result<Vec<u8>> {
    let len = usize::try_from(len).map_err(io::Error::other)?;
    crate::block::read_vec(source.as_ref(), at, len)
}

#[cfg(unix)]
fn set(file: &File, attributes: Attributes, default: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = attributes.mode.unwrap_or(default);
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    attributes.modified.map_or(Ok(()), |date| file.set_modified(date))
}

#[cfg(not(unix))]
fn set(file: &File, attributes: Attributes, _default: u32) -> io::Result<()> {
    attributes.modified.map_or(Ok(()), |date| file.set_modified(date))
}

#[cfg(unix)]
fn text(bytes: Vec<u8>) -> Option<OsString> {
    Some(std::os::unix::ffi::OsStringExt::from_vec(bytes))
}

#[cfg(not(unix))]
fn text(bytes: Vec<u8>) -> Option<OsString> {
    String::from_utf8(bytes).ok().map(OsString::from)
}

#[cfg(unix)]
fn symlink(target: &std::ffi::OsStr, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(windows)]
fn symlink(target: &std::ffi::OsStr, path: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(target, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_already_is_told() {
        let target = Target {
            root: "/to".into(),
            links: Vec::new(),
            folders: Vec::new(),
            left_out: Vec::new(),
        };
        let refused = |path: &str| {
            target.refused(Path::new(path), &io::ErrorKind::AlreadyExists.into()).to_string()
        };
        assert_eq!(
            refused("a/b"),
            "cannot make /to/a/b: this host takes it for another name\n  two names differ only in \
             case, or in how their letters are composed\n  \
             hint: extract to a file system that tells such names apart"
        );
        assert_eq!(
            refused("a"),
            "/to/a exists already\n  hint: give another folder with --to; nothing is ever replaced"
        );
    }
}
