//! Fetching from a hostile server over real connections: after each fault the
//! next run finishes, with the right bytes and a clean store.

// A failed unwrap is a failed test.
#![allow(clippy::unwrap_used)]

mod faults;
mod interrupts;
mod processes;
mod recovery;
#[path = "../support/server.rs"]
mod server;

use lionize::source::http::{Client, Clock, Settings, Watch};
use lionize::source::store::{Download, Failure, Patience, Store, Stored};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// A clock that sleeps take no time of; each look at it is `step` later.
#[derive(Debug)]
struct Fake {
    step: u64,
    seconds: AtomicU64,
}

impl Clock for Fake {
    fn now(&self) -> Duration {
        Duration::from_secs(self.seconds.fetch_add(self.step, Ordering::Relaxed))
    }

    fn sleep(&self, _time: Duration) {
        std::thread::yield_now();
    }

    fn date(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A store that gives up after so many failures in a row. With `step`, each
/// read from a connection takes so many seconds, as it thinks.
fn store(path: &Path, tries: u32, step: u64) -> Store {
    let clock = Fake { step, seconds: AtomicU64::new(0) };
    let patience = Patience { tries, ..Patience::default() };
    Store::open(path).unwrap().with_patience(patience).with_clock(Arc::new(clock))
}

fn client() -> Client {
    Client::new(Settings {
        tick: Duration::from_millis(40),
        answer: Duration::from_secs(3),
        ..Settings::default()
    })
}

/// Bytes that no part of repeats.
fn data(len: u32) -> Vec<u8> {
    (0..len).flat_map(|n| (n.wrapping_mul(0x9e37_79b9) ^ n).to_le_bytes()).collect()
}

fn wanted(url: &str, data: &[u8]) -> Download {
    Download {
        size: Some(data.len() as u64),
        sha256: Some(Sha256::digest(data).into()),
        ..Download::new(url)
    }
}

fn fetch(store: &Store, wanted: &Download, watch: &dyn Watch) -> Result<Stored, Failure> {
    store.fetch(wanted, &client(), watch)
}

/// The file is right, and nothing else is there.
#[track_caller]
fn is_right(store: &Store, stored: &Stored, data: &[u8]) {
    assert!(std::fs::read(&stored.path).unwrap() == data, "other bytes");
    let checked = store.verify(&()).unwrap();
    assert_eq!((checked.right, checked.rotten, checked.strange), (1, vec![], vec![]));
    let left: Vec<_> = std::fs::read_dir(store.path().join("parts")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}
