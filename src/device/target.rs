//! A device as a target: writes queue up, so that the stick is never idle.
//!
//! Some threads write what is put into their queue, from buffers that are
//! aligned as direct I/O wants it. An error is told at the next write or
//! flush, and from then on at each.

use crate::block::{Bypass, Medium, ReadAt, Source, WriteAt, check_range};
use crate::device::put::put;
use crate::device::raw::Raw;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Writes that are under way at once.
pub const DEPTH: usize = 3;
/// The most bytes of one write.
const PIECE: usize = 2 << 20;
/// What buffers are aligned to: no sector is larger.
const ALIGN: usize = 4096;

/// A device that is written to.
pub struct Target<R: Raw> {
    raw: Arc<R>,
    queue: Arc<Queue>,
    workers: Vec<JoinHandle<()>>,
}

struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    jobs: VecDeque<Job>,
    free: Vec<Buffer>,
    flying: usize,
    error: Option<(io::ErrorKind, String)>,
    closed: bool,
}

struct Job {
    at: u64,
    buffer: Buffer,
}

/// Bytes at an aligned address.
struct Buffer {
    store: Vec<u8>,
    skip: usize,
    len: usize,
}

impl Buffer {
    fn new() -> Self {
        let store = vec![0; PIECE + ALIGN];
        let skip = store.as_ptr().align_offset(ALIGN);
        Self { store, skip, len: 0 }
    }

    fn fill(&mut self, data: &[u8]) {
        self.store[self.skip..self.skip + data.len()].copy_from_slice(data);
        self.len = data.len();
    }

    fn bytes(&self) -> &[u8] {
        &self.store[self.skip..self.skip + self.len]
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A worker that panics has said so in its error.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, at: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.lock();
        let mut buffer = loop {
            state.failed()?;
            if let Some(buffer) = state.free.pop() {
                break buffer;
            }
            state = self.wait(state);
        };
        drop(state);
        buffer.fill(data);
        self.lock().jobs.push_back(Job { at, buffer });
        self.changed.notify_all();
        Ok(())
    }

    /// Waits until nothing is under way.
    fn settle(&self) -> io::Result<()> {
        let mut state = self.lock();
        while state.flying > 0 || !state.jobs.is_empty() {
            state = self.wait(state);
        }
        state.failed()
    }

    fn work(&self, raw: &dyn Raw) {
        loop {
            let mut state = self.lock();
            let job = loop {
                if let Some(job) = state.jobs.pop_front() {
                    break job;
                }
                if state.closed {
                    return;
                }
                state = self.wait(state);
            };
            state.flying += 1;
            let is_over = state.error.is_some();
            drop(state);
            let result = if is_over { Ok(()) } else { put(raw, job.at, job.buffer.bytes()) };
            let mut state = self.lock();
            if let Err(error) = result {
                state.error.get_or_insert((error.kind(), error.to_string()));
            }
            state.flying -= 1;
            state.free.push(job.buffer);
            drop(state);
            self.changed.notify_all();
        }
    }
}

impl State {
    fn failed(&self) -> io::Result<()> {
        match &self.error {
            Some((kind, text)) => Err(io::Error::new(*kind, text.clone())),
            None => Ok(()),
        }
    }
}

impl<R: Raw> Target<R> {
    /// Takes a device, and writes with so many threads.
    #[must_use]
    pub fn new(raw: R, depth: usize) -> Self {
        let depth = depth.max(1);
        let state = State {
            jobs: VecDeque::new(),
            free: (0..=depth).map(|_| Buffer::new()).collect(),
            flying: 0,
            error: None,
            closed: false,
        };
        let queue = Arc::new(Queue { state: Mutex::new(state), changed: Condvar::new() });
        let raw = Arc::new(raw);
        let worker = |_| {
            let (queue, raw) = (Arc::clone(&queue), Arc::clone(&raw));
            std::thread::spawn(move || queue.work(&*raw))
        };
        let workers = (0..depth).map(worker).collect();
        Self { raw, queue, workers }
    }

    /// The device itself.
    #[must_use]
    pub fn raw(&self) -> &R {
        &self.raw
    }
}

impl<R: Raw> Drop for Target<R> {
    fn drop(&mut self) {
        self.queue.lock().closed = true;
        self.queue.changed.notify_all();
        for worker in self.workers.drain(..) {
            // A worker that panicked has nothing more to write.
            let _ = worker.join();
        }
    }
}

impl<R: Raw> ReadAt for Target<R> {
    fn len(&self) -> u64 {
        self.raw.bytes()
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        check_range(at, buf.len(), self.len())?;
        self.queue.settle()?;
        self.raw.stored()?.0.read_at(at, buf)
    }
}

impl<R: Raw> WriteAt for Target<R> {
    fn write_at(&mut self, at: u64, buf: &[u8]) -> io::Result<()> {
        check_range(at, buf.len(), self.len())?;
        let sector = u64::from(self.raw.sector());
        if !at.is_multiple_of(sector) || !(buf.len() as u64).is_multiple_of(sector) {
            let text = format!("{} bytes at {at} are not whole sectors of {sector}", buf.len());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let mut at = at;
        for piece in buf.chunks(PIECE) {
            self.queue.push(at, piece)?;
            at += piece.len() as u64;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.queue.settle()?;
        self.raw.flush().map_err(|error| {
            let text = format!("what was written before could not be made durable: {error}");
            io::Error::new(error.kind(), text)
        })
    }

    fn granule(&self) -> u32 {
        self.raw.sector()
    }
}

impl<R: Raw> Medium for Target<R> {
    fn still(&self) -> io::Result<()> {
        self.raw.still()
    }

    fn stored(&self) -> io::Result<(Source, Bypass)> {
        self.queue.settle()?;
        self.raw.stored()
    }

    fn announce(&self) -> io::Result<()> {
        self.raw.announce()
    }
}
