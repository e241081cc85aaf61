//! A disk with some of its bytes replaced, which only its readers see.

use crate::block::{Content, Origin, ReadAt, Source, bytes, check_range, next_container};
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// Bytes that stand in for others.
struct Patch {
    at: u64,
    bytes: Source,
}

struct Patched {
    under: Source,
    patches: Vec<Patch>,
}

/// A source with bytes replaced at offsets inside of it; later ones win.
#[must_use]
pub fn replaced(under: &Source, patches: Vec<(u64, Vec<u8>)>) -> Source {
    let patches = patches.into_iter().map(|(at, data)| Patch { at, bytes: bytes(data) });
    Arc::new(Patched { under: Arc::clone(under), patches: patches.collect() })
}

impl ReadAt for Patched {
    fn len(&self) -> u64 {
        self.under.len()
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        check_range(at, buf.len(), self.len())?;
        self.under.read_at(at, buf)?;
        let end = at + buf.len() as u64;
        for patch in &self.patches {
            let (from, to) = (patch.at.max(at), (patch.at + patch.bytes.len()).min(end));
            if from < to {
                // Both lie inside of the buffer.
                let index = |byte: u64| usize::try_from(byte - at).unwrap_or(0);
                let part = &mut buf[index(from)..index(to)];
                patch.bytes.read_at(from - patch.at, part)?;
            }
        }
        Ok(())
    }
}

impl Content for Patched {
    fn data(&self, at: u64) -> Option<Range<u64>> {
        (at < self.len()).then(|| at..self.len())
    }
}

/// A disk whose bytes know where on it they are, whatever they were before.
pub(super) struct Located {
    disk: Source,
    container: u64,
}

impl Located {
    pub(super) fn new(disk: &Source) -> Arc<Self> {
        Arc::new(Self { disk: Arc::clone(disk), container: next_container() })
    }

    /// Where on the disk a byte of a file lies that was read through this.
    pub(super) fn place(&self, file: &Source, at: u64) -> Option<u64> {
        let origin = file.origin(at)?;
        (origin.container == self.container).then_some(origin.offset)
    }
}

impl ReadAt for Located {
    fn len(&self) -> u64 {
        self.disk.len()
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        self.disk.read_at(at, buf)
    }
}

impl Content for Located {
    fn origin(&self, at: u64) -> Option<Origin> {
        Some(Origin { container: self.container, offset: at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{read_vec, slice};

    #[test]
    fn only_what_is_replaced_reads_otherwise() {
        let under = bytes(*b"0123456789");
        let over = replaced(&under, vec![(2, b"ab".to_vec()), (3, b"XYZ".to_vec())]);
        assert_eq!(read_vec(&*over, 0, 10).unwrap(), b"01aXYZ6789");
        assert_eq!(read_vec(&*over, 4, 2).unwrap(), b"YZ");
        assert_eq!(read_vec(&*over, 6, 4).unwrap(), b"6789");
        assert!(over.read_at(9, &mut [0; 2]).is_err());
        assert_eq!(read_vec(&*under, 2, 2).unwrap(), b"23");
    }

    #[test]
    fn a_files_bytes_are_found_on_the_disk() {
        let located = Located::new(&bytes(*b"0123456789"));
        let disk: Source = located.clone();
        let file = slice(&disk, 4, 3).unwrap();
        assert_eq!(located.place(&file, 1), Some(5));
        assert_eq!(located.place(&bytes(*b"x"), 0), None);
    }
}
