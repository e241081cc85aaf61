//! Decoded chunks that a later read may want, for all images of the process.
//!
//! One thread decodes a chunk while all others that want it wait. What is kept
//! is bounded by one budget, however images nest; the least recently used goes
//! first. A chunk decoded straight into its reader's buffer is kept only if
//! someone waits for it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};

/// Bytes that all images together may keep.
const BUDGET: usize = 48 << 20;

/// Buffers of evicted chunks that are used again.
const SPARES: usize = 4;

/// A chunk of an image: the image's number and the chunk's.
pub(crate) type Key = (u64, usize);

/// A decoded chunk, shared.
pub(crate) type Data = Arc<Vec<u8>>;

enum Slot {
    /// A thread decodes it; whether another waits for it.
    Busy {
        wanted: bool,
    },
    Ready {
        data: Data,
        used: u64,
    },
}

#[derive(Default)]
struct State {
    slots: HashMap<Key, Slot>,
    /// Keys of ready slots by the time of their last use.
    order: BTreeMap<u64, Key>,
    clock: u64,
    bytes: usize,
    spares: Vec<Vec<u8>>,
}

/// The cache; a process has one, tests have their own.
pub(crate) struct Cache {
    state: Mutex<State>,
    changed: Condvar,
    budget: usize,
}

/// The cache of the process.
pub(crate) static CACHE: LazyLock<Cache> = LazyLock::new(|| Cache::new(BUDGET));

/// What became of a wish for a chunk.
pub(crate) enum Claim<'a> {
    /// It is here.
    Ready(Data),
    /// The caller decodes it, for all that wait.
    Decode(Ticket<'a>),
}

/// The duty to decode a chunk. Dropped without a result, the next one decodes.
pub(crate) struct Ticket<'a> {
    cache: &'a Cache,
    key: Key,
    /// Whether the slot is still this ticket's.
    open: bool,
}

impl Cache {
    pub(crate) fn new(budget: usize) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), budget }
    }

    /// The state; it is right between any two statements of ours that panic.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds a chunk, waits for who decodes it, or becomes that one.
    pub(crate) fn claim(&self, key: Key) -> Claim<'_> {
        let mut state = self.lock();
        loop {
            let now = state.tick();
            match state.slots.get_mut(&key) {
                None => {
                    state.slots.insert(key, Slot::Busy { wanted: false });
                    return Claim::Decode(Ticket { cache: self, key, open: true });
                }
                Some(Slot::Ready { data, used }) => {
                    let data = Arc::clone(data);
                    let before = std::mem::replace(used, now);
                    state.order.remove(&before);
                    state.order.insert(now, key);
                    return Claim::Ready(data);
                }
                Some(Slot::Busy { wanted }) => {
                    *wanted = true;
                    state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Drops all chunks of an image that is gone.
    pub(crate) fn forget(&self, image: u64) {
        let mut state = self.lock();
        let of_image = |(key, slot): (&Key, &Slot)| match slot {
            Slot::Ready { used, .. } if key.0 == image => Some(*used),
            _ => None,
        };
        let gone: Vec<u64> = state.slots.iter().filter_map(of_image).collect();
        gone.into_iter().for_each(|used| state.drop_used(used));
    }

    /// Bytes that are kept now.
    #[cfg(test)]
    fn kept(&self) -> usize {
        self.lock().bytes
    }
}

impl State {
    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// Removes the slot last used at `used`.
    fn drop_used(&mut self, used: u64) {
        let slot = self.order.remove(&used).and_then(|key| self.slots.remove(&key));
        if let Some(Slot::Ready { data, .. }) = slot {
            self.bytes -= cost(&data);
            match Arc::try_unwrap(data) {
                Ok(spare) if self.spares.len() < SPARES => self.spares.push(spare),
                _ => {}
            }
        }
    }
}

/// What a chunk costs: its bytes, and about what its slot needs.
fn cost(data: &Data) -> usize {
    data.capacity() + 256
}

impl Ticket<'_> {
    /// A buffer of `len` bytes whose contents mean nothing.
    pub(crate) fn buffer(&self, len: usize) -> Vec<u8> {
        let spare = {
            let mut state = self.cache.lock();
            let fits = |b: &Vec<u8>| b.capacity() >= len && b.capacity() / 2 <= len;
            let found = state.spares.iter().position(fits);
            found.map(|index| state.spares.swap_remove(index))
        };
        let mut buffer = spare.unwrap_or_else(|| Vec::with_capacity(len));
        buffer.resize(len, 0);
        buffer
    }

    /// Keeps the decoded chunk for later readers.
    pub(crate) fn keep(mut self, data: Data) {
        self.open = false;
        let mut state = self.cache.lock();
        let now = state.tick();
        state.bytes += cost(&data);
        state.order.insert(now, self.key);
        let was = state.slots.insert(self.key, Slot::Ready { data, used: now });
        while state.bytes > self.cache.budget {
            match state.order.first_key_value() {
                Some((&used, _)) if used != now => state.drop_used(used),
                _ => break,
            }
        }
        drop(state);
        if matches!(was, Some(Slot::Busy { wanted: true })) {
            self.cache.changed.notify_all();
        }
    }

    /// Keeps a copy of a chunk that its reader has, if another waits for it or
    /// `always`.
    pub(crate) fn share(mut self, bytes: &[u8], always: bool) {
        if !always {
            let mut state = self.cache.lock();
            if !matches!(state.slots.get(&self.key), Some(Slot::Busy { wanted: true })) {
                state.slots.remove(&self.key);
                self.open = false;
                return;
            }
        }
        let mut copy = self.buffer(bytes.len());
        copy.copy_from_slice(bytes);
        self.keep(Arc::new(copy));
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if self.open {
            self.cache.lock().slots.remove(&self.key);
            self.cache.changed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn keep(cache: &Cache, key: Key, len: usize) {
        match cache.claim(key) {
            Claim::Decode(ticket) => {
                let data = ticket.buffer(len);
                ticket.keep(Arc::new(data));
            }
            Claim::Ready(_) => panic!("{key:?} is there already"),
        }
    }

    fn has(cache: &Cache, key: Key) -> bool {
        matches!(cache.claim(key), Claim::Ready(_))
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let cache = Cache::new(3 * (1000 + 256));
        (0..3).for_each(|chunk| keep(&cache, (1, chunk), 1000));
        assert!(has(&cache, (1, 0)));
        keep(&cache, (1, 3), 1000);
        assert!(has(&cache, (1, 0)) && has(&cache, (1, 2)) && has(&cache, (1, 3)));
        assert!(!has(&cache, (1, 1)));
        assert!(cache.kept() <= 3 * (1000 + 256));
        cache.forget(1);
        assert_eq!(cache.kept(), 0);
    }

    #[test]
    fn a_chunk_over_the_budget_is_kept_alone() {
        let cache = Cache::new(1000);
        keep(&cache, (1, 0), 5000);
        assert!(has(&cache, (1, 0)));
        keep(&cache, (1, 1), 5000);
        assert!(!has(&cache, (1, 0)));
    }

    #[test]
    fn one_decodes_and_all_others_wait() {
        let (cache, decodes) = (Cache::new(1 << 20), AtomicU32::new(0));
        let read = || match cache.claim((7, 7)) {
            Claim::Ready(data) => assert_eq!(*data, [9; 100]),
            Claim::Decode(ticket) => {
                decodes.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(std::time::Duration::from_millis(20));
                ticket.share(&[9; 100], false);
            }
        };
        std::thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(read))));
        // Threads that came too late to wait may have decoded once more.
        assert!(decodes.load(Ordering::Relaxed) <= 2);
    }

    /// Many threads, few chunks, room for fewer: never two at one chunk.
    #[test]
    fn a_chunk_is_never_decoded_twice_at_once() {
        let (cache, busy) = (Cache::new(3 * 1256), <[AtomicU32; 8]>::default());
        let work = |seed: usize| {
            for step in 0..3000 {
                let chunk = (seed * 7 + step * step) % busy.len();
                let value = u8::try_from(chunk).unwrap();
                match cache.claim((1, chunk)) {
                    Claim::Ready(data) => assert!(data.iter().all(|&b| b == value)),
                    Claim::Decode(ticket) => {
                        assert_eq!(busy[chunk].fetch_add(1, Ordering::SeqCst), 0);
                        let mut data = ticket.buffer(1000);
                        data.fill(value);
                        busy[chunk].fetch_sub(1, Ordering::SeqCst);
                        match step % 3 {
                            0 => ticket.keep(Arc::new(data)),
                            1 => ticket.share(&data, step % 2 == 0),
                            _ => drop(ticket),
                        }
                    }
                }
            }
        };
        let work = &work;
        std::thread::scope(|s| (0..8).for_each(|seed| drop(s.spawn(move || work(seed)))));
        assert!(cache.kept() <= 3 * 1256);
    }

    #[test]
    fn what_nobody_waits_for_is_not_kept() {
        let cache = Cache::new(1 << 20);
        match cache.claim((1, 1)) {
            Claim::Decode(ticket) => ticket.share(&[1; 10], false),
            Claim::Ready(_) => panic!("nothing is there"),
        }
        assert_eq!(cache.kept(), 0);
        assert!(!has(&cache, (1, 1)));
    }

    #[test]
    fn a_failed_decode_leaves_the_place_free() {
        let cache = Cache::new(1 << 20);
        assert!(!has(&cache, (1, 1)), "the ticket was dropped at once");
        keep(&cache, (1, 1), 1);
        assert!(has(&cache, (1, 1)));
    }
}
