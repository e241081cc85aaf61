//! Files of the store put where the user wants them.

use crate::cli::job::temporary;
use crate::engine::{Problem, ProblemKind, Stop};
use crate::source::catalog::{Location, Package};
use crate::source::http::Address;
use crate::source::store::{Download, Store, Stored};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Bytes copied between two looks at the stop flag.
const PIECE: u64 = 64 << 20;

/// What is to be fetched: a file of a size, if that is known. Without TLS it is
/// only taken from a server that the user named.
pub(super) fn download(location: &Location, size: Option<u64>, store: &Store) -> Download {
    let address = Address::parse(location.as_str());
    let named = address.is_ok_and(|address| address.is_loopback());
    let unproven = named || store.policy().mirror.is_some();
    Download { size, unproven, ..Download::new(location.as_str()) }
}

/// What is to be fetched for a package.
pub(super) fn package(package: &Package, store: &Store) -> Result<Download, Problem> {
    Ok(download(&package.location()?, Some(package.size), store))
}

/// Copies a file; the copy appears whole or not at all. What has its name
/// already is left, unless it may be replaced.
pub(in crate::cli) fn copy(from: &Path, to: &Path, stop: &Stop) -> Result<(), Problem> {
    let failed = |error: io::Error| Problem::writing(to, &error);
    let mut source =
        File::open(from).map_err(|error| Problem::reading(from.display(), error.into()))?;
    let mut temp = temporary(to.parent().unwrap_or(Path::new("."))).map_err(failed)?;
    while io::copy(&mut Read::take(&mut source, PIECE), temp.as_file_mut()).map_err(failed)? > 0 {
        if stop.raised() {
            return Err(Problem::interrupted());
        }
    }
    temp.persist_noclobber(to).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Whether a file stands there already and is the one that was fetched; one with
/// other contents is refused.
pub(in crate::cli) fn is_same(path: &Path, stored: &Stored) -> Result<bool, Problem> {
    let Ok(meta) = fs::symlink_metadata(path) else { return Ok(false) };
    let refused = || {
        let sentence = format!("{} exists already, with other contents", path.display());
        Problem::new(ProblemKind::Output, sentence)
            .hint("give another folder with --to; nothing is ever replaced")
    };
    if !meta.is_file() || meta.len() != stored.bytes {
        return Err(refused());
    }
    let failed = |error: io::Error| Problem::reading(path.display(), error.into());
    let mut file = File::open(path).map_err(failed)?;
    let (mut hasher, mut buf) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut buf).map_err(failed)? {
            0 => break,
            count => hasher.update(&buf[..count]),
        }
    }
    if hasher.finalize()[..] == stored.sha256 { Ok(true) } else { Err(refused()) }
}

/// Gives a file of the store a further name, or copies it where the disk has
/// no such names. What stood there is replaced.
pub(super) fn link(from: &Path, to: &Path, stop: &Stop) -> Result<(), Problem> {
    let failed = |error: io::Error| Problem::writing(to, &error);
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    match fs::remove_file(to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    if fs::hard_link(from, to).is_err() {
        copy(from, to, stop)?;
    }
    readable(to).map_err(failed)
}

/// Lets a web server read it.
#[cfg(unix)]
fn readable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path)?.permissions().mode();
    fs::set_permissions(path, fs::Permissions::from_mode(mode | 0o444))
}

#[cfg(not(unix))]
fn readable(_path: &Path) -> io::Result<()> {
    Ok(())
}
