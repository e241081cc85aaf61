//! One limit for all transfers of a store.

use crate::source::http::{Fault, Watch};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How long a waiting thread sleeps before it asks whether to stop.
const TICK: Duration = Duration::from_millis(200);

/// Room for so many transfers.
pub(super) struct Slots {
    free: Mutex<usize>,
    changed: Condvar,
}

/// Room for one; it is given back when this is dropped.
pub(super) struct Slot<'s>(&'s Slots);

impl Slots {
    pub(super) fn new(count: usize) -> Self {
        Self { free: Mutex::new(count.max(1)), changed: Condvar::new() }
    }

    /// Waits for room.
    pub(super) fn take(&self, watch: &dyn Watch) -> Result<Slot<'_>, Fault> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            if watch.stopped() {
                return Err(Fault::Stopped);
            }
            let waited = self.changed.wait_timeout(free, TICK);
            free = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        *free -= 1;
        Ok(Slot(self))
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Stopped;

    impl Watch for Stopped {
        fn stopped(&self) -> bool {
            true
        }
    }

    #[test]
    fn room_is_given_back_and_a_waiting_thread_can_be_stopped() {
        let slots = Slots::new(2);
        let (first, _second) = (slots.take(&()).unwrap(), slots.take(&()).unwrap());
        assert_eq!(slots.take(&Stopped).err(), Some(Fault::Stopped));
        std::thread::scope(|scope| {
            let third = scope.spawn(|| slots.take(&()).is_ok());
            drop(first);
            assert!(third.join().unwrap());
        });
    }
}
