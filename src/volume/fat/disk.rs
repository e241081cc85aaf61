//! A disk in memory that holds only what is not zero.

use crate::block::{Map, bytes};
use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom, Write};

const PAGE: u64 = 4096;

/// Pages by their number; an absent one reads as zeros.
pub(super) struct SparseDisk {
    len: u64,
    at: u64,
    pages: BTreeMap<u64, Box<[u8]>>,
}

impl SparseDisk {
    pub(super) fn new(len: u64) -> Self {
        Self { len, at: 0, pages: BTreeMap::new() }
    }

    /// Writes inside of one page, whatever the cursor.
    pub(super) fn put(&mut self, at: u64, data: &[u8]) {
        let absent = !self.pages.contains_key(&(at / PAGE));
        if absent && data.iter().all(|&b| b == 0) {
            return;
        }
        let page = self.pages.entry(at / PAGE).or_insert_with(|| vec![0; 4096].into());
        let start = in_page(at);
        page[start..start + data.len()].copy_from_slice(data);
    }

    /// The pages as a layout: one extent for each run of them.
    pub(super) fn into_map(self) -> Map {
        let mut map = Map::new(self.len);
        let mut run: Vec<u8> = Vec::new();
        let mut next = 0;
        for (number, page) in self.pages {
            if number != next {
                push_run(&mut map, next * PAGE, &mut run);
            }
            run.extend_from_slice(&page);
            next = number + 1;
        }
        // The last page may hang over.
        let end = (next * PAGE).min(self.len);
        run.truncate(run.len() - in_page(next * PAGE - end));
        push_run(&mut map, end, &mut run);
        map
    }

    /// How much of `len` bytes at the cursor lie on the disk and in one page.
    fn step(&self, len: usize) -> usize {
        let left = (PAGE - self.at % PAGE).min(self.len.saturating_sub(self.at));
        usize::try_from(left).unwrap_or(usize::MAX).min(len)
    }
}

fn in_page(at: u64) -> usize {
    // Less than a page.
    usize::try_from(at % PAGE).unwrap_or(0)
}

fn push_run(map: &mut Map, end: u64, run: &mut Vec<u8>) {
    if !run.is_empty() {
        let run = std::mem::take(run);
        map.push(end - run.len() as u64, bytes(run), None);
    }
}

impl Read for SparseDisk {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = self.step(buf.len());
        let start = in_page(self.at);
        match self.pages.get(&(self.at / PAGE)) {
            Some(page) => buf[..len].copy_from_slice(&page[start..start + len]),
            None => buf[..len].fill(0),
        }
        self.at += len as u64;
        Ok(len)
    }
}

impl Write for SparseDisk {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let len = self.step(buf.len());
        self.put(self.at, &buf[..len]);
        self.at += len as u64;
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for SparseDisk {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::ReadAt;

    #[test]
    fn zeros_take_no_room() {
        let mut disk = SparseDisk::new(5 * PAGE + 512);
        disk.write_all(&[0; 8192]).unwrap();
        assert!(disk.pages.is_empty());
        disk.seek(SeekFrom::Start(2 * PAGE - 1)).unwrap();
        disk.write_all(b"ab").unwrap();
        disk.seek(SeekFrom::End(-512)).unwrap();
        disk.write_all(&[7; 512]).unwrap();
        assert_eq!(disk.write(b"x").unwrap(), 0);
        disk.seek(SeekFrom::Start(2 * PAGE - 1)).unwrap();
        let mut buf = [0; 3];
        disk.read_exact(&mut buf).unwrap();
        assert_eq!(&buf, b"ab\0");
        assert!(disk.seek(SeekFrom::Current(-9_999_999)).is_err());
        let map = disk.into_map();
        let places: Vec<_> = map.extents().iter().map(|e| e.range()).collect();
        assert_eq!(places[0], PAGE..3 * PAGE);
        assert_eq!(map.len(), 5 * PAGE + 512);
    }
}
