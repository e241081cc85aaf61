//! A disk in memory that fails as a test wants it to.

use lionize::block::{Bypass, Content, ReadAt, Source};
use lionize::device::Raw;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};

/// What goes wrong, and when.
#[derive(Clone, Default)]
pub(crate) struct Faults {
    /// The disk is pulled out at this operation, counted from 0.
    pub(crate) gone_at: Option<usize>,
    /// These operations fail with EIO, each once.
    pub(crate) eio_once: Vec<usize>,
    /// Writes that touch these bytes fail with EIO, always.
    pub(crate) bad: Option<Range<u64>>,
    /// Writes of more than a sector that touch these bytes fail with EIO.
    pub(crate) stubborn: Option<Range<u64>>,
    /// Writes are short: at most this many bytes at once.
    pub(crate) short: Option<usize>,
    /// Writes from here on say that the disk is full.
    pub(crate) full_from: Option<u64>,
    /// What is written to this byte is kept wrong, and nobody is told.
    pub(crate) corrupt: Option<u64>,
    /// The operation from which on that is so.
    pub(crate) corrupt_from: usize,
    /// Reads of these bytes lie.
    pub(crate) lie: Option<u64>,
    /// From this operation on, the size is another one.
    pub(crate) shrink_at: Option<usize>,
    /// The true size: what is behind it goes to the begin again, or nowhere.
    pub(crate) truth: Option<(u64, bool)>,
    /// Flushing fails at this operation.
    pub(crate) flush_fails: bool,
    /// What was not flushed when the disk went: all is lost, or every other write.
    pub(crate) lose: Lose,
}

/// What a loss of power takes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Lose {
    #[default]
    Nothing,
    Unflushed,
    EveryOther,
}

struct Inner {
    data: Vec<u8>,
    pending: Vec<(usize, Vec<u8>)>,
    faults: Faults,
    operations: usize,
    writes: Vec<Range<u64>>,
    gone: bool,
}

/// The disk; clones are the same one.
#[derive(Clone)]
pub(crate) struct Mock {
    inner: Arc<Mutex<Inner>>,
    bytes: u64,
    sector: u32,
}

const EIO: i32 = 5;
const ENXIO: i32 = 6;
const ENOSPC: i32 = 28;

impl Mock {
    pub(crate) fn new(data: Vec<u8>, sector: u32) -> Self {
        let bytes = data.len() as u64;
        let inner = Inner {
            data,
            pending: Vec::new(),
            faults: Faults::default(),
            operations: 0,
            writes: Vec::new(),
            gone: false,
        };
        Self { inner: Arc::new(Mutex::new(inner)), bytes, sector }
    }

    /// The disk plugged in again, with other faults.
    pub(crate) fn again(&self, faults: Faults) -> Self {
        let mut inner = self.lock();
        if let Some((size, _)) = faults.truth {
            // There never was anything behind the true end.
            inner.data[size as usize..].fill(0);
        }
        (inner.faults, inner.operations, inner.gone) = (faults, 0, false);
        drop(inner);
        self.clone()
    }

    /// What is really stored.
    pub(crate) fn data(&self) -> Vec<u8> {
        self.lock().data.clone()
    }

    /// How many operations there were since it was plugged in.
    pub(crate) fn operations(&self) -> usize {
        self.lock().operations
    }

    pub(crate) fn writes(&self) -> Vec<Range<u64>> {
        self.lock().writes.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }
}

impl Inner {
    /// Counts an operation; fails when the disk is gone or this one is to fail.
    fn operation(&mut self) -> io::Result<()> {
        let number = self.operations;
        self.operations += 1;
        if self.faults.gone_at.is_some_and(|at| number >= at) && !self.gone {
            self.gone = true;
            self.settle(self.faults.lose);
        }
        if self.gone {
            return Err(io::Error::from_raw_os_error(ENXIO));
        }
        if let Some(index) = self.faults.eio_once.iter().position(|at| *at == number) {
            self.faults.eio_once.remove(index);
            return Err(io::Error::from_raw_os_error(EIO));
        }
        Ok(())
    }

    fn settle(&mut self, lose: Lose) {
        for (index, (at, data)) in std::mem::take(&mut self.pending).into_iter().enumerate() {
            let kept = match lose {
                Lose::Nothing => true,
                Lose::Unflushed => false,
                Lose::EveryOther => index % 2 == 0,
            };
            if kept {
                self.data[at..at + data.len()].copy_from_slice(&data);
            }
        }
    }

    fn place(&self, at: u64) -> Option<u64> {
        match self.faults.truth {
            Some((size, wraps)) if at >= size => wraps.then_some(at % size),
            _ => Some(at),
        }
    }
}

impl Raw for Mock {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn sector(&self) -> u32 {
        self.sector
    }

    fn write(&self, at: u64, buf: &[u8]) -> io::Result<usize> {
        let mut inner = self.lock();
        inner.operation()?;
        let sector = u64::from(self.sector);
        let len = inner.faults.short.map_or(buf.len(), |most| most.min(buf.len()));
        let end = at + len as u64;
        assert_eq!((at % sector, buf.len() as u64 % sector), (0, 0), "offset and length");
        assert_eq!(buf.as_ptr().align_offset(512), 0, "memory");
        assert!(at + buf.len() as u64 <= self.bytes, "behind the end");
        if inner.faults.bad.as_ref().is_some_and(|bad| at < bad.end && end > bad.start) {
            return Err(io::Error::from_raw_os_error(EIO));
        }
        let long = len as u64 > sector;
        if inner.faults.stubborn.as_ref().is_some_and(|b| long && at < b.end && end > b.start) {
            return Err(io::Error::from_raw_os_error(EIO));
        }
        if inner.faults.full_from.is_some_and(|from| end > from) {
            return Err(io::Error::from_raw_os_error(ENOSPC));
        }
        let mut data = buf[..len].to_vec();
        let corrupt = inner.faults.corrupt.filter(|bad| (at..end).contains(bad));
        if let Some(bad) = corrupt.filter(|_| inner.operations > inner.faults.corrupt_from) {
            data[(bad - at) as usize] ^= 1;
        }
        inner.writes.push(at..end);
        if let Some(place) = inner.place(at) {
            inner.pending.push((place as usize, data));
        }
        Ok(len)
    }

    fn flush(&self) -> io::Result<()> {
        let mut inner = self.lock();
        inner.operation()?;
        if inner.faults.flush_fails {
            return Err(io::Error::from_raw_os_error(EIO));
        }
        inner.settle(Lose::Nothing);
        Ok(())
    }

    fn still(&self) -> io::Result<()> {
        let mut inner = self.lock();
        inner.operation()?;
        if inner.faults.shrink_at.is_some_and(|at| inner.operations > at) {
            return Err(io::Error::other("its size was 1 and is now 2"));
        }
        Ok(())
    }

    fn stored(&self) -> io::Result<(Source, Bypass)> {
        self.lock().operation()?;
        Ok((Arc::new(self.clone()), Bypass::Direct))
    }

    fn announce(&self) -> io::Result<()> {
        Ok(())
    }
}

impl ReadAt for Mock {
    fn len(&self) -> u64 {
        self.bytes
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        let mut inner = self.lock();
        inner.operation()?;
        let place = inner.place(at).map(|place| place as usize);
        let Some(place) = place else {
            buf.fill(0);
            return Ok(());
        };
        let (start, end) = (place, place + buf.len());
        buf.copy_from_slice(&inner.data[start..end]);
        // Reads see what was not flushed yet, as those of a system do.
        for (at, data) in &inner.pending {
            let (from, to) = ((*at).max(start), (at + data.len()).min(end));
            if from < to {
                buf[from - start..to - start].copy_from_slice(&data[from - at..to - at]);
            }
        }
        if let Some(lie) = inner.faults.lie.filter(|lie| (at..at + buf.len() as u64).contains(lie))
        {
            buf[(lie - at) as usize] ^= 0x80;
        }
        Ok(())
    }
}

impl Content for Mock {}
