//! One sink for all threads of a stage.

use crate::engine::events::{Event, Sink, Stage};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes between two events of one stage: enough for a smooth bar.
const GRAIN: u64 = 4 << 20;

/// A sink that threads share.
pub(super) struct Progress<'s> {
    sink: Mutex<&'s mut dyn Sink>,
    done: AtomicU64,
    told: AtomicU64,
}

impl<'s> Progress<'s> {
    pub(super) fn new(sink: &'s mut dyn Sink) -> Self {
        Self { sink: Mutex::new(sink), done: AtomicU64::new(0), told: AtomicU64::new(0) }
    }

    fn sink(&self) -> MutexGuard<'_, &'s mut dyn Sink> {
        // Events are whole or not sent.
        self.sink.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn send(&self, event: Event) {
        self.sink().send(event);
    }

    pub(super) fn start(&self, stage: Stage, what: &str, total: u64) {
        self.done.store(0, Ordering::Relaxed);
        self.told.store(0, Ordering::Relaxed);
        self.send(Event::Started { stage, what: what.to_owned(), total });
    }

    pub(super) fn finish(&self, stage: Stage) {
        self.send(Event::Finished { stage });
    }

    pub(super) fn warn(&self, text: impl Into<String>) {
        self.send(Event::Warned { text: text.into() });
    }

    /// So many bytes are done in all.
    pub(super) fn reach(&self, stage: Stage, done: u64) {
        let told = self.told.load(Ordering::Relaxed);
        if done >= told + GRAIN
            && self.told.compare_exchange(told, done, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            self.send(Event::Advanced { stage, done });
        }
    }

    /// So many further bytes are done.
    pub(super) fn add(&self, stage: Stage, bytes: u64) {
        let done = self.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.reach(stage, done);
    }
}
