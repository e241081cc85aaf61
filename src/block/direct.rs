//! Files and devices read past the page cache, to prove what is stored.
//!
//! On Linux by direct I/O; where the file system has none (tmpfs), the pages
//! are dropped first and read again. [`Direct::how`] says which.

use crate::block::file::next_container;
use crate::block::{Content, Origin, ReadAt, check_range};
use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::path::Path;

/// How the page cache is kept out of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bypass {
    /// Direct I/O: the medium itself is read.
    Direct,
    /// The cached pages were dropped before reading.
    Dropped,
    /// This system offers neither; what is read may come from memory.
    Cached,
}

/// Bytes of one read, at multiples of itself: small reads share it.
const WINDOW: u64 = 2 << 20;
/// What buffers are aligned to: no sector is larger.
const ALIGN: usize = 4096;

/// A file opened for reading past the page cache.
pub struct Direct {
    file: File,
    len: u64,
    container: u64,
    how: Bypass,
}

impl Direct {
    /// Opens a file or device whose writes are durable already.
    ///
    /// # Errors
    /// What the host reports.
    pub fn open(path: &Path) -> io::Result<Self> {
        let (file, how) = open(path)?;
        let len = super::file::length(&file)?;
        Ok(Self { file, len, container: next_container(), how })
    }

    /// Takes a file that was opened so already.
    ///
    /// # Errors
    /// What the host reports.
    pub fn over(file: File, how: Bypass) -> io::Result<Self> {
        let len = super::file::length(&file)?;
        Ok(Self { file, len, container: next_container(), how })
    }

    /// What kept the page cache out of the way.
    #[must_use]
    pub const fn how(&self) -> Bypass {
        self.how
    }

    /// Reads the window at `at` into `window`.
    fn load(&self, at: u64, window: &mut Window) -> io::Result<()> {
        window.holds = None;
        let want = usize::try_from((self.len - at).min(WINDOW)).map_err(io::Error::other)?;
        let buf = window.aligned()?;
        let mut got = 0;
        while got < want {
            // The last read of a file may end inside a sector: ask for all of it.
            let end = if self.how == Bypass::Direct { buf.len() } else { want };
            match read_some(&self.file, at + got as u64, &mut buf[got..end]) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                Ok(n) => got += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        window.holds = Some((self.container, at));
        Ok(())
    }
}

impl ReadAt for Direct {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        check_range(at, buf.len(), self.len)?;
        LAST.with_borrow_mut(|window| {
            let mut done = 0;
            while done < buf.len() {
                let from = at + done as u64;
                let start = from / WINDOW * WINDOW;
                if window.holds != Some((self.container, start)) {
                    self.load(start, window)?;
                }
                let skip = usize::try_from(from - start).map_err(io::Error::other)?;
                let data = &window.aligned()?[skip..];
                let n = data.len().min(buf.len() - done);
                buf[done..done + n].copy_from_slice(&data[..n]);
                done += n;
            }
            Ok(())
        })
    }
}

impl Content for Direct {
    fn origin(&self, at: u64) -> Option<Origin> {
        Some(Origin { container: self.container, offset: at })
    }
}

thread_local! {
    static LAST: RefCell<Window> = const { RefCell::new(Window { holds: None, buf: Vec::new() }) };
}

/// The last window that this thread read, and from which file and offset.
struct Window {
    holds: Option<(u64, u64)>,
    buf: Vec<u8>,
}

impl Window {
    /// The aligned part of the buffer, of [`WINDOW`] bytes.
    fn aligned(&mut self) -> io::Result<&mut [u8]> {
        let len = usize::try_from(WINDOW).map_err(io::Error::other)?;
        if self.buf.is_empty() {
            self.buf = vec![0; len + ALIGN];
        }
        let skip = self.buf.as_ptr().align_offset(ALIGN);
        Ok(&mut self.buf[skip..skip + len])
    }
}

#[cfg(target_os = "linux")]
fn open(path: &Path) -> io::Result<(File, Bypass)> {
    use rustix::fs::{Advice, OFlags, fadvise};
    use std::os::unix::fs::OpenOptionsExt;
    let flags = i32::try_from(OFlags::DIRECT.bits()).map_err(io::Error::other)?;
    if let Ok(file) = File::options().read(true).custom_flags(flags).open(path) {
        return Ok((file, Bypass::Direct));
    }
    let file = File::open(path)?;
    let how = match fadvise(&file, 0, None, Advice::DontNeed) {
        Ok(()) => Bypass::Dropped,
        Err(_) => Bypass::Cached,
    };
    Ok((file, how))
}

#[cfg(not(target_os = "linux"))]
fn open(path: &Path) -> io::Result<(File, Bypass)> {
    Ok((File::open(path)?, Bypass::Cached))
}

#[cfg(unix)]
fn read_some(file: &File, at: u64, buf: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buf, at)
}

#[cfg(windows)]
fn read_some(file: &File, at: u64, buf: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buf, at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn reads_what_the_file_holds_at_any_offset() {
        // Beside the sources, as /tmp may be a file system without direct I/O.
        for dir in [env!("CARGO_MANIFEST_DIR").into(), std::env::temp_dir()] {
            let mut file = tempfile::NamedTempFile::new_in(dir).unwrap();
            let data: Vec<u8> = (0..WINDOW + 12345).map(|n| (n % 251) as u8).collect();
            file.write_all(&data).unwrap();
            file.as_file().sync_all().unwrap();
            let direct = Direct::open(file.path()).unwrap();
            assert_eq!(direct.len(), data.len() as u64);
            let edge = usize::try_from(WINDOW).unwrap();
            for (at, len) in [(0, 10), (4095, 2), (edge - 3, 9), (data.len() - 1, 1)] {
                let mut buf = vec![0; len];
                direct.read_at(at as u64, &mut buf).unwrap();
                assert_eq!(buf, data[at..at + len]);
            }
            assert!(direct.read_at(data.len() as u64, &mut [0]).is_err());
        }
    }
}
