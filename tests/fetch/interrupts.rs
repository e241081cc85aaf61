//! Interrupts: what came is kept, and is where the next run goes on.

use crate::server::{Fault, Hostile};
use crate::{data, fetch, is_right, store, wanted};
use lionize::source::http::Watch;
use lionize::source::store::{Came, FailureKind};
use std::sync::atomic::{AtomicU64, Ordering};

/// Stops as soon as so many bytes came.
struct After(u64, AtomicU64);

impl After {
    fn bytes(count: u64) -> Self {
        Self(count, AtomicU64::new(0))
    }
}

impl Watch for After {
    fn advanced(&self, bytes: u64) {
        self.1.fetch_add(bytes, Ordering::Relaxed);
    }

    fn stopped(&self) -> bool {
        self.1.load(Ordering::Relaxed) >= self.0
    }
}

#[test]
fn an_interrupt_at_each_chunk_is_resumed() {
    const CHUNK: usize = 4096;
    let data = data(16 * 1024);
    for chunk in 1..data.len() / CHUNK {
        let folder = tempfile::tempdir().unwrap();
        let kept = chunk * CHUNK;
        // No more comes before the interrupt.
        let server = Hostile::new(&data, [Fault::Stall(kept)]);
        let wanted = wanted(&server.url(), &data);
        let store = store(folder.path(), 1, 0);
        let failure = fetch(&store, &wanted, &After::bytes(kept as u64)).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Interrupted);
        assert_eq!(
            failure.sentence,
            format!(
                "the download of file.pkg was interrupted; {kept} bytes of it are kept, \
                 and the next run goes on there"
            )
        );
        assert_eq!(store.list().unwrap().parts[0].bytes, kept as u64);
        let stored = fetch(&store, &wanted, &()).unwrap();
        is_right(&store, &stored, &data);
        assert_eq!(server.asked(), [0, kept as u64]);
        assert!(matches!(stored.came, Came::Network { resumed, .. } if resumed == kept as u64));
    }
}

#[test]
fn an_interrupt_before_anything_came_leaves_nothing() {
    let data = data(100);
    let folder = tempfile::tempdir().unwrap();
    let server = Hostile::new(&data, [Fault::Silence]);
    let store = store(folder.path(), 1, 0);
    let failure = fetch(&store, &wanted(&server.url(), &data), &After::bytes(0)).unwrap_err();
    assert_eq!(failure.sentence, "the download of file.pkg was interrupted");
    assert_eq!(store.list().unwrap().bytes(), 0);
}
