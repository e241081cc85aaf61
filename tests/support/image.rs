//! Image files: maps written as sparse files, partitions cut out.

use lionize::block::{Content, FileBytes, Source, read_vec, slice};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const PIECE: u64 = 1 << 20;

/// A folder that goes away with the value.
pub(crate) fn temp() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("lionize-test-").tempdir().unwrap()
}

/// Writes what a map or other source holds to a sparse file.
#[track_caller]
pub(crate) fn write_sparse(path: &Path, from: &dyn Content) {
    let file = File::create(path).unwrap();
    file.set_len(from.len()).unwrap();
    write_at(&file, 0, from).unwrap();
}

/// Writes what a source holds at an offset of a file whose bytes there are zero.
pub(crate) fn write_at(file: &File, base: u64, from: &dyn Content) -> io::Result<()> {
    let mut at = 0;
    while let Some(run) = from.data(at) {
        for start in (run.start..run.end).step_by(PIECE as usize) {
            let len = PIECE.min(run.end - start) as usize;
            file.write_all_at(&read_vec(from, start, len)?, base + start)?;
        }
        at = run.end;
    }
    Ok(())
}

/// A file as a source.
#[track_caller]
pub(crate) fn open(path: &Path) -> Source {
    Arc::new(FileBytes::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
}

/// Copies a range of an image, such as a partition, to a file of its own.
#[track_caller]
pub(crate) fn extract(image: &Path, range: Range<u64>, out: &Path) {
    let source = open(image);
    write_sparse(out, &*slice(&source, range.start, range.end - range.start).unwrap());
}

/// Where Apple's own images are kept beside the project; `None` (and a line) when they are not.
pub(crate) fn real() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/real");
    let folder = std::env::var_os("LIONIZE_REAL").map_or(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    // Not a program: absent samples never fail, since they may not be passed on.
    println!("not judged: no real samples in {}", folder.display());
    None
}
