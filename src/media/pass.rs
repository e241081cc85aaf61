//! One pass over an image: read in order by several threads, digest, write.
//!
//! The image is cut into pieces. Workers take them in order, fill them from
//! the map's sources (which decode in the worker), digest what begins and ends
//! inside, hand the state of a fork that goes on to whoever has the next
//! piece, and write when it is their turn, so that output is sequential.
//! Without an output the same pass proves what is on a target.
//!
//! Nothing here knows what is in the image.

use crate::block::{Error, Extent, Map, ReadAt, Result, WriteAt};
use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use xxhash_rust::xxh3::xxh3_128;

/// Bytes of a piece: whole digest units, and large writes.
pub(super) const PIECE: u64 = 2 * UNIT;
/// Bytes that one of [`Digests::units`] covers; the last may be shorter.
pub const UNIT: u64 = 1 << 20;
/// Runs of zeros of this length and alignment are left out of sparse files.
const SPARSE: usize = 64 << 10;

/// How a pass runs.
pub struct Options<'a> {
    /// Worker threads, at least one.
    pub threads: usize,
    /// Ranges that are not written (but are read and digested), ascending.
    pub withheld: &'a [Range<u64>],
    /// The output is known to hold zeros wherever nothing is written.
    pub sparse: bool,
    /// Set to end the pass early with [`io::ErrorKind::Interrupted`].
    pub stop: &'a AtomicBool,
    /// Told how many bytes of the image are done, ascending.
    pub progress: &'a (dyn Fn(u64) + Sync),
    /// What one of the workers does before it joins the others: with one
    /// thread before the pass, with more of them beside it.
    pub aside: Option<Aside<'a>>,
}

impl<'a> Options<'a> {
    /// A pass over all there is; zeros are left out of what it writes.
    #[must_use]
    pub const fn new(
        threads: usize,
        stop: &'a AtomicBool,
        progress: &'a (dyn Fn(u64) + Sync),
    ) -> Self {
        Self { threads, withheld: &[], sparse: true, stop, progress, aside: None }
    }
}

/// Work that runs beside a pass; its error ends the pass.
pub type Aside<'a> = &'a (dyn Fn() -> Result<()> + Sync);

/// What a pass saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests {
    /// BLAKE3 of each tagged extent, by tag; of nothing where a tag has no extent.
    pub forks: Vec<[u8; 32]>,
    /// XXH3-128 of each [`UNIT`] of the image.
    pub units: Vec<u128>,
    /// Bytes that were written (or, without output, read).
    pub bytes: u64,
}

/// Runs the pass; writes what is not withheld to `out`, if there is one.
///
/// # Errors
/// The first that a source or the output reports; `Interrupted` when stopped.
pub fn run<'a>(
    map: &'a Map,
    out: Option<&'a mut (dyn WriteAt + 'a)>,
    options: &'a Options<'a>,
) -> Result<Digests> {
    let tags = map.extents().iter().filter_map(|e| e.tag).max().map_or(0, |t| t as usize + 1);
    let units = usize::try_from(map.len().div_ceil(UNIT)).map_err(io::Error::other)?;
    let pass = Pass {
        map,
        options,
        cursor: Mutex::new(Cursor { at: 0, sequence: 0 }),
        chain: Mutex::default(),
        chained: Condvar::new(),
        turn: Mutex::new(Turn { next: 0, out }),
        turned: Condvar::new(),
        failed: AtomicBool::new(false),
        error: Mutex::new(None),
        bytes: AtomicU64::new(0),
        found: Mutex::new(empty_digests(tags, units, map.len())),
    };
    std::thread::scope(|scope| {
        for _ in 1..options.threads.max(1) {
            scope.spawn(|| pass.work(None));
        }
        pass.work(options.aside);
    });
    if let Some(error) = lock(&pass.error).take() {
        return Err(error);
    }
    let mut found = pass.found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.bytes = pass.bytes.into_inner();
    Ok(found)
}

fn empty_digests(tags: usize, units: usize, len: u64) -> Digests {
    let zeros = vec![0; usize::try_from(UNIT).unwrap_or(0)];
    let mut unit_digests = vec![xxh3_128(&zeros); units];
    let tail = usize::try_from(len % UNIT).unwrap_or(0);
    if let (Some(last), true) = (unit_digests.last_mut(), tail > 0) {
        *last = xxh3_128(&zeros[..tail]);
    }
    Digests { forks: vec![ForkHasher::default().finish(); tags], units: unit_digests, bytes: 0 }
}

/// The digest of a fork: BLAKE3, which takes a quarter of SHA-256's time and
/// can be checked by others all the same.
#[derive(Clone, Default)]
pub struct ForkHasher(blake3::Hasher);

impl ForkHasher {
    /// Takes the next bytes of the fork.
    pub fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    /// The digest of all that was taken.
    #[must_use]
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// The fork digest of bytes in memory.
#[must_use]
pub fn digest(data: &[u8]) -> [u8; 32] {
    blake3::hash(data).into()
}

struct Cursor {
    at: u64,
    sequence: u64,
}

struct Turn<'o> {
    next: u64,
    out: Option<&'o mut (dyn WriteAt + 'o)>,
}

/// Forks that go on in the next piece: by tag, how far, and the state.
type Chain = HashMap<u32, (u64, ForkHasher)>;

struct Pass<'p> {
    map: &'p Map,
    options: &'p Options<'p>,
    cursor: Mutex<Cursor>,
    chain: Mutex<Chain>,
    chained: Condvar,
    turn: Mutex<Turn<'p>>,
    turned: Condvar,
    failed: AtomicBool,
    error: Mutex<Option<Error>>,
    bytes: AtomicU64,
    found: Mutex<Digests>,
}

struct Piece {
    sequence: u64,
    range: Range<u64>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A worker that panics ends the pass; what it held is not used again.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pass<'_> {
    fn work(&self, aside: Option<Aside<'_>>) {
        let guard = Abort(self);
        let mut buf = Vec::new();
        if let Some(Err(error)) = aside.map(|aside| aside()) {
            self.fail(error);
        }
        while let Some(piece) = self.next_piece() {
            if let Err(error) = self.do_piece(&piece, &mut buf) {
                self.fail(error);
                break;
            }
        }
        std::mem::forget(guard);
    }

    fn fail(&self, error: Error) {
        lock(&self.error).get_or_insert(error);
        self.abort();
    }

    fn abort(&self) {
        self.failed.store(true, Ordering::SeqCst);
        // Waiters look at the flag under these locks.
        drop(lock(&self.chain));
        self.chained.notify_all();
        drop(lock(&self.turn));
        self.turned.notify_all();
    }

    /// The next piece that holds anything that may not be zero, or a tagged fork.
    fn next_piece(&self) -> Option<Piece> {
        let mut cursor = lock(&self.cursor);
        if self.failed.load(Ordering::SeqCst) {
            return None;
        }
        let start = self.next_at(cursor.at)? / PIECE * PIECE;
        let range = start..(start + PIECE).min(self.map.len());
        cursor.at = range.end;
        let sequence = cursor.sequence;
        cursor.sequence += 1;
        Some(Piece { sequence, range })
    }

    fn next_at(&self, at: u64) -> Option<u64> {
        self.map.extents_from(at).iter().find_map(|extent| {
            let inside = at.saturating_sub(extent.at);
            match extent.tag {
                Some(_) => Some(extent.at + inside),
                None => {
                    let run = extent.source.data(inside)?;
                    (run.start < extent.len).then_some(extent.at + run.start)
                }
            }
        })
    }

    fn do_piece(&self, piece: &Piece, buf: &mut Vec<u8>) -> Result<()> {
        if self.options.stop.load(Ordering::Relaxed) {
            return Err(Error::Io(io::Error::from(io::ErrorKind::Interrupted)));
        }
        let len = usize::try_from(piece.range.end - piece.range.start).map_err(io::Error::other)?;
        buf.resize(len, 0);
        self.map.read_at(piece.range.start, buf)?;
        let mut forks = Vec::new();
        self.digest_forks(piece, buf, &mut forks)?;
        self.record(piece, buf, &forks);
        self.write_in_turn(piece, buf)
    }

    /// Digests the forks of a piece: first those that begin here, so that the
    /// next piece's worker can go on, then the one that began before.
    fn digest_forks(
        &self,
        piece: &Piece,
        buf: &[u8],
        done: &mut Vec<(u32, [u8; 32])>,
    ) -> Result<()> {
        let mut head = None;
        for extent in self.map.extents_from(piece.range.start) {
            if extent.at >= piece.range.end {
                break;
            }
            let Some(tag) = extent.tag else { continue };
            if extent.at < piece.range.start {
                head = Some((extent, tag));
            } else {
                self.digest(extent, tag, ForkHasher::default(), piece, buf, done);
            }
        }
        let Some((extent, tag)) = head else { return Ok(()) };
        let state = self.await_fork(tag, piece.range.start)?;
        self.digest(extent, tag, state, piece, buf, done);
        Ok(())
    }

    fn digest(
        &self,
        extent: &Extent,
        tag: u32,
        mut state: ForkHasher,
        piece: &Piece,
        buf: &[u8],
        done: &mut Vec<(u32, [u8; 32])>,
    ) {
        let range = extent.range();
        let (start, end) = (range.start.max(piece.range.start), range.end.min(piece.range.end));
        state.update(within(buf, piece.range.start, start..end));
        if range.end <= piece.range.end {
            done.push((tag, state.finish()));
        } else {
            lock(&self.chain).insert(tag, (end, state));
            self.chained.notify_all();
        }
    }

    fn await_fork(&self, tag: u32, at: u64) -> Result<ForkHasher> {
        let mut chain = lock(&self.chain);
        loop {
            if chain.get(&tag).is_some_and(|(reached, _)| *reached == at) {
                // The line above found it.
                return Ok(chain.remove(&tag).map(|(_, state)| state).unwrap_or_default());
            }
            if self.failed.load(Ordering::SeqCst) {
                return Err(Error::Io(io::Error::from(io::ErrorKind::Interrupted)));
            }
            chain = self.chained.wait(chain).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn record(&self, piece: &Piece, buf: &[u8], forks: &[(u32, [u8; 32])]) {
        let first = usize::try_from(piece.range.start / UNIT).unwrap_or(usize::MAX);
        let unit = usize::try_from(UNIT).unwrap_or(usize::MAX);
        let units: Vec<_> = buf.chunks(unit).map(xxh3_128).collect();
        let mut found = lock(&self.found);
        found.units[first..first + units.len()].copy_from_slice(&units);
        for (tag, digest) in forks {
            found.forks[*tag as usize] = *digest;
        }
    }

    fn write_in_turn(&self, piece: &Piece, buf: &[u8]) -> Result<()> {
        let mut turn = lock(&self.turn);
        while turn.next != piece.sequence {
            if self.failed.load(Ordering::SeqCst) {
                return Err(Error::Io(io::Error::from(io::ErrorKind::Interrupted)));
            }
            turn = self.turned.wait(turn).unwrap_or_else(PoisonError::into_inner);
        }
        let bytes = match &mut turn.out {
            Some(out) => self.write(&mut **out, piece, buf)?,
            None => buf.len() as u64,
        };
        turn.next += 1;
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        (self.options.progress)(piece.range.end);
        drop(turn);
        self.turned.notify_all();
        Ok(())
    }

    /// Writes a piece less what is withheld and, in sparse files, less zeros.
    fn write(&self, out: &mut dyn WriteAt, piece: &Piece, buf: &[u8]) -> Result<u64> {
        let mut written = 0;
        let mut at = piece.range.start;
        let held = self.options.withheld.iter();
        let held = held.filter(|r| r.start < piece.range.end && r.end > piece.range.start);
        for gap in held.cloned().chain(std::iter::once(piece.range.end..piece.range.end)) {
            if at < gap.start {
                let part = within(buf, piece.range.start, at..gap.start);
                written += self.write_run(out, at, part)?;
            }
            at = at.max(gap.end);
        }
        Ok(written)
    }

    fn write_run(&self, out: &mut dyn WriteAt, at: u64, part: &[u8]) -> Result<u64> {
        if !self.options.sparse {
            out.write_at(at, part)?;
            return Ok(part.len() as u64);
        }
        let mut written = 0;
        for run in data_runs(part) {
            out.write_at(at + run.start as u64, &part[run.clone()])?;
            written += run.len() as u64;
        }
        Ok(written)
    }
}

/// Ends the pass for all when a worker panics.
struct Abort<'a, 'p>(&'a Pass<'p>);

impl Drop for Abort<'_, '_> {
    fn drop(&mut self) {
        self.0.fail(Error::Io(io::Error::other("a worker of this pass panicked")));
    }
}

fn within(buf: &[u8], base: u64, range: Range<u64>) -> &[u8] {
    // Both ends lie inside `buf`, whose length is a usize.
    let index = |at: u64| usize::try_from(at - base).unwrap_or(usize::MAX);
    &buf[index(range.start)..index(range.end)]
}

/// The runs of a buffer that are not blocks of zeros.
fn data_runs(buf: &[u8]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (index, block) in buf.chunks(SPARSE).enumerate() {
        if is_zero(block) {
            continue;
        }
        let start = index * SPARSE;
        match runs.last_mut() {
            Some(last) if last.end == start => last.end = start + block.len(),
            _ => runs.push(start..start + block.len()),
        }
    }
    runs
}

/// Whether all bytes are zero; ends at the first 512 that are not.
fn is_zero(block: &[u8]) -> bool {
    block.chunks(512).all(|part| part.iter().fold(0, |all, byte| all | byte) == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{Content, ReadAt, Zeros, bytes};
    use std::sync::Arc;

    fn noise(len: usize, seed: u64) -> Vec<u8> {
        let mut state = seed | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[0]
        };
        (0..len).map(|_| next()).collect()
    }

    struct Memory {
        data: Vec<u8>,
        writes: Vec<Range<u64>>,
        fail_at: Option<u64>,
    }

    impl ReadAt for Memory {
        fn len(&self) -> u64 {
            self.data.len() as u64
        }
        fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
            self.data.read_at(at, buf)
        }
    }

    impl WriteAt for Memory {
        fn write_at(&mut self, at: u64, buf: &[u8]) -> io::Result<()> {
            if self.fail_at.is_some_and(|limit| at >= limit) {
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            let start = usize::try_from(at).unwrap();
            self.data[start..start + buf.len()].copy_from_slice(buf);
            self.writes.push(at..at + buf.len() as u64);
            Ok(())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn sample() -> Map {
        let mut map = Map::new(20 * UNIT + 777);
        map.push(5, bytes(noise(100, 1)), Some(0));
        map.push(4096, bytes(noise(7 << 20, 2)), Some(2));
        map.push(8 << 20, Arc::new(Zeros(3 << 20)), Some(3));
        map.push(12 << 20, bytes(noise(9000, 4)), None);
        map.push(20 * UNIT + 700, bytes(noise(77, 5)), Some(4));
        map
    }

    fn options<'a>(threads: usize, stop: &'a AtomicBool, held: &'a [Range<u64>]) -> Options<'a> {
        Options { withheld: held, ..Options::new(threads, stop, &|_| {}) }
    }

    #[test]
    fn what_is_written_is_the_map_and_digests_are_of_its_forks() {
        let (map, stop) = (sample(), AtomicBool::new(false));
        let mut whole = vec![0; usize::try_from(map.len()).unwrap()];
        map.read_at(0, &mut whole).unwrap();
        for threads in [1, 2, 5] {
            let mut out = Memory { data: vec![0; whole.len()], writes: vec![], fail_at: None };
            let sent = run(&map, Some(&mut out), &options(threads, &stop, &[])).unwrap();
            assert!(out.data == whole);
            assert!(out.writes.windows(2).all(|w| w[0].end <= w[1].start), "in order, once");
            assert_eq!(sent.forks[0], digest(&whole[5..105]));
            assert_eq!(sent.forks[1], digest(b""), "a tag without bytes");
            assert_eq!(sent.forks[2], digest(&whole[4096..4096 + (7 << 20)]));
            assert_eq!(sent.forks[3], digest(&vec![0; 3 << 20]));
            let units: Vec<_> = whole.chunks(1 << 20).map(xxh3_128).collect();
            assert_eq!(sent.units, units);
            let seen = run(&map, None, &options(threads, &stop, &[])).unwrap();
            assert_eq!((seen.forks, seen.units), (sent.forks, sent.units));
        }
    }

    #[test]
    fn work_aside_is_done_once_and_its_error_ends_the_pass() {
        let (map, stop) = (sample(), AtomicBool::new(false));
        for threads in [1, 3] {
            let times = AtomicU64::new(0);
            let aside = || {
                times.fetch_add(1, Ordering::SeqCst);
                Ok(())
            };
            let plain = run(&map, None, &options(threads, &stop, &[])).unwrap();
            let with = Options { aside: Some(&aside), ..options(threads, &stop, &[]) };
            assert_eq!(run(&map, None, &with).unwrap(), plain);
            assert_eq!(times.load(Ordering::SeqCst), 1);
            let fails = || Err(Error::corrupt("file", "length", 1u32, "changed"));
            let with = Options { aside: Some(&fails), ..options(threads, &stop, &[]) };
            let error = run(&map, None, &with).unwrap_err();
            assert!(matches!(error, Error::Corrupt(c) if c.field == "length"));
        }
    }

    #[test]
    fn what_is_withheld_is_not_written() {
        let (map, stop) = (sample(), AtomicBool::new(false));
        let held = [0..4096, 5 << 20..(5 << 20) + 512, 20 * UNIT..20 * UNIT + 777];
        let len = usize::try_from(map.len()).unwrap();
        let mut out = Memory { data: vec![0; len], writes: vec![], fail_at: None };
        let mut opts = options(2, &stop, &held);
        opts.sparse = false;
        run(&map, Some(&mut out), &opts).unwrap();
        for held in &held {
            assert!(out.writes.iter().all(|w| w.end <= held.start || w.start >= held.end));
        }
        assert!(out.writes.iter().any(|w| w.start == (5 << 20) + 512));
    }

    struct Broken;

    impl ReadAt for Broken {
        fn len(&self) -> u64 {
            10
        }
        fn read_at(&self, _at: u64, _buf: &mut [u8]) -> io::Result<()> {
            Err(Error::corrupt("chunk", "length", 3u32, "is too short").into_io())
        }
    }

    impl Content for Broken {}

    #[test]
    fn the_first_error_ends_the_pass() {
        let stop = AtomicBool::new(false);
        let mut map = Map::new(8 * UNIT);
        map.push(0, bytes(noise(5 << 20, 3)), Some(0));
        map.push(5 << 20, Arc::new(Broken), None);
        for threads in [1, 3] {
            let error = run(&map, None, &options(threads, &stop, &[])).unwrap_err();
            assert!(matches!(error, Error::Corrupt(c) if c.field == "length"));
        }
        let map = sample();
        let len = usize::try_from(map.len()).unwrap();
        let mut out = Memory { data: vec![0; len], writes: vec![], fail_at: Some(3 << 20) };
        let error = run(&map, Some(&mut out), &options(3, &stop, &[])).unwrap_err();
        assert!(matches!(error, Error::Io(e) if e.kind() == io::ErrorKind::StorageFull));
        stop.store(true, Ordering::SeqCst);
        let error = run(&map, None, &options(2, &stop, &[])).unwrap_err();
        assert!(matches!(error, Error::Io(e) if e.kind() == io::ErrorKind::Interrupted));
    }
}
