//! Room on disk for bytes that would be costly to make a third time.

use crate::block::file::read_exact_at;
use crate::block::target::write_all_at;
use std::collections::HashMap;
use std::fs::File;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Pieces of bytes by number, in one temporary file that has no name.
///
/// The file is made at the first use, and is gone with the last handle, also
/// when the process is killed. All failures mean "not here": what is kept can
/// always be made again.
#[derive(Default)]
pub struct Scratch {
    file: OnceLock<Option<File>>,
    places: Mutex<Places>,
}

#[derive(Default)]
struct Places {
    end: u64,
    by_number: HashMap<usize, (u64, usize)>,
}

impl Scratch {
    /// Keeps a piece, unless it is kept already or there is no room.
    pub fn keep(&self, number: usize, data: &[u8]) {
        let file = self.file.get_or_init(|| tempfile::tempfile().ok());
        let Some(file) = file else { return };
        let Some(at) = self.reserve(number, data.len()) else { return };
        if write_all_at(file, at, data).is_ok() {
            self.lock().by_number.insert(number, (at, data.len()));
        }
    }

    /// Reads a part of a piece that begins `skip` bytes into it; says whether it was there.
    pub fn read(&self, number: usize, skip: usize, buf: &mut [u8]) -> bool {
        let Some((at, len)) = self.lock().by_number.get(&number).copied() else { return false };
        let inside = skip.checked_add(buf.len()).is_some_and(|end| end <= len);
        let Some(Some(file)) = self.file.get() else { return false };
        inside && read_exact_at(file, at + skip as u64, buf).is_ok()
    }

    fn reserve(&self, number: usize, len: usize) -> Option<u64> {
        let mut places = self.lock();
        if places.by_number.contains_key(&number) {
            return None;
        }
        let at = places.end;
        places.end = at.checked_add(len as u64)?;
        Some(at)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_and_nothing_else() {
        let scratch = Scratch::default();
        let mut buf = [0; 2];
        assert!(!scratch.read(7, 0, &mut buf));
        scratch.keep(7, b"lion");
        scratch.keep(8, b"");
        scratch.keep(9, b"server");
        assert!(scratch.read(7, 2, &mut buf));
        assert_eq!(&buf, b"on");
        assert!(scratch.read(9, 4, &mut buf));
        assert_eq!(&buf, b"er");
        assert!(!scratch.read(7, 3, &mut buf));
        assert!(!scratch.read(10, 0, &mut buf));
    }
}
