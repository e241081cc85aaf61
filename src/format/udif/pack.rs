//! Chunks of a disk, compressed by some threads and handed on in order.
//!
//! The bytes do not depend on the number of threads: each chunk is packed
//! alone by a pinned encoder, and the consumer sees them in order. Threads
//! stop when they are a window ahead of it.

use crate::block::Content;
use crate::format::udif::chunks::SECTOR;
use crate::format::udif::codec::Kind;
use crate::format::udif::crc;
use crate::format::udif::sections::Named;
use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Sectors of a chunk: 512 KiB, as hdiutil writes it.
pub(crate) const CHUNK: u64 = 1024;

/// The level of the encoder. Changing it changes all images we write.
const LEVEL: i32 = 6;

/// A piece of the disk that becomes one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) section: usize,
    pub(crate) sectors: Range<u64>,
    /// Known to be zero without a look.
    pub(crate) hole: bool,
}

/// A packed piece.
pub(crate) struct Packed {
    pub(crate) kind: Kind,
    pub(crate) stored: Vec<u8>,
    pub(crate) stored_crc: u32,
    pub(crate) crc: u32,
}

/// Cuts sections to chunks; what the disk knows as zeros is one piece.
pub(crate) fn cut(disk: &dyn Content, sections: &[Named]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (section, named) in sections.iter().enumerate() {
        let Range { start, end } = named.sectors;
        let mut at = start;
        while at < end {
            // Chunks begin at multiples of their size from the section's start.
            let data = disk.data(at * SECTOR).map_or(end, |run| run.start / SECTOR).clamp(at, end);
            let zeros = if data < end { (data - start) / CHUNK * CHUNK + start } else { end };
            if zeros > at {
                pieces.push(Piece { section, sectors: at..zeros, hole: true });
                at = zeros;
                continue;
            }
            let next = (at + CHUNK).min(end);
            pieces.push(Piece { section, sectors: at..next, hole: false });
            at = next;
        }
    }
    pieces
}

struct Shared {
    next: usize,
    taken: usize,
    done: HashMap<usize, io::Result<Packed>>,
    stopped: bool,
}

/// Packs all pieces on `threads` threads; `each` gets them in order.
pub(crate) fn pack_all(
    disk: &dyn Content,
    pieces: &[Piece],
    threads: usize,
    each: &mut dyn FnMut(&Piece, Packed) -> io::Result<()>,
) -> io::Result<()> {
    let threads = threads.max(1);
    let window = 2 * threads + 2;
    let first = Shared { next: 0, taken: 0, done: HashMap::new(), stopped: false };
    let (shared, changed) = (Mutex::new(first), Condvar::new());
    let lock = || shared.lock().unwrap_or_else(PoisonError::into_inner);
    let wait = |guard: MutexGuard<'_, Shared>| drop(changed.wait(guard));
    let work = || {
        let mut packer = Packer::new();
        loop {
            let mut state = lock();
            if state.stopped || state.next == pieces.len() {
                return;
            }
            if state.next >= state.taken + window {
                wait(state);
                continue;
            }
            let index = state.next;
            state.next += 1;
            drop(state);
            // The consumer waits for this result: a panic must not keep it.
            let pack = AssertUnwindSafe(|| packer.pack(disk, &pieces[index]));
            let failed = |_| Err(io::Error::other("a thread that packs chunks panicked"));
            let packed = catch_unwind(pack).unwrap_or_else(failed);
            lock().done.insert(index, packed);
            changed.notify_all();
        }
    };
    std::thread::scope(|scope| {
        (0..threads).for_each(|_| drop(scope.spawn(work)));
        let mut result = Ok(());
        for (index, piece) in pieces.iter().enumerate() {
            let packed = loop {
                let mut state = lock();
                match state.done.remove(&index) {
                    Some(packed) => {
                        state.taken = index + 1;
                        break packed;
                    }
                    None => wait(state),
                }
            };
            changed.notify_all();
            result = packed.and_then(|packed| each(piece, packed));
            if result.is_err() {
                break;
            }
        }
        lock().stopped = true;
        changed.notify_all();
        result
    })
}

/// A thread's encoder and buffer.
struct Packer {
    encoder: libdeflater::Compressor,
    buffer: Vec<u8>,
}

impl Packer {
    fn new() -> Self {
        // libdeflate has levels 0 to 12.
        let level = libdeflater::CompressionLvl::new(LEVEL).unwrap_or_default();
        Self { encoder: libdeflater::Compressor::new(level), buffer: Vec::new() }
    }

    fn pack(&mut self, disk: &dyn Content, piece: &Piece) -> io::Result<Packed> {
        let len = (piece.sectors.end - piece.sectors.start) * SECTOR;
        let zeros = || {
            let (kind, crc) = (Kind::Zero, crc::of_zeros(len));
            Packed { kind, stored: Vec::new(), stored_crc: 0, crc }
        };
        if piece.hole {
            return Ok(zeros());
        }
        let len = usize::try_from(len).map_err(io::Error::other)?;
        self.buffer.resize(len, 0);
        disk.read_at(piece.sectors.start * SECTOR, &mut self.buffer)?;
        if is_zero(&self.buffer) {
            return Ok(zeros());
        }
        let crc = crc::of(&self.buffer);
        let mut stored = vec![0; len - 1];
        let (kind, stored_crc) = match self.encoder.zlib_compress(&self.buffer, &mut stored) {
            Ok(len) => {
                stored.truncate(len);
                (Kind::Zlib, crc::of(&stored))
            }
            Err(_) => {
                stored.clone_from(&self.buffer);
                (Kind::Raw, crc)
            }
        };
        Ok(Packed { kind, stored, stored_crc, crc })
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<32>();
    words.iter().all(|word| *word == [0; 32]) && rest.iter().all(|&byte| byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{Map, ReadAt, bytes};

    fn named(sectors: &[Range<u64>]) -> Vec<Named> {
        sectors.iter().map(|s| Named { name: String::new(), sectors: s.clone() }).collect()
    }

    #[test]
    fn known_zeros_are_cut_at_chunks() {
        let mut disk = Map::new(10_000 * SECTOR);
        disk.push(3000 * SECTOR + 5, bytes(vec![1; 512]), None);
        let pieces = cut(&disk, &named(&[0..1, 1..9000, 9000..10_000]));
        let piece = |section, sectors, hole| Piece { section, sectors, hole };
        let expected = [
            piece(0, 0..1, true),
            piece(1, 1..2049, true),
            piece(1, 2049..3073, false),
            piece(1, 3073..9000, true),
            piece(2, 9000..10_000, true),
        ];
        assert_eq!(pieces, expected);
    }

    /// A disk that cannot be read from some place on.
    struct Broken;

    impl ReadAt for Broken {
        fn len(&self) -> u64 {
            100 << 20
        }

        fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
            buf.fill(1);
            match at {
                0x40_0000 => Err(io::Error::other("unplugged")),
                0x100_0000 => panic!("our own fault"),
                _ => Ok(()),
            }
        }
    }

    impl Content for Broken {}

    fn pack_broken(start: u64, each: &mut dyn FnMut(u64) -> io::Result<()>) -> String {
        let sections = [Named { name: String::new(), sectors: start..100 << 11 }];
        let pieces = cut(&Broken, &sections);
        let mut each = |piece: &Piece, _| each(piece.sectors.start * SECTOR);
        pack_all(&Broken, &pieces, 3, &mut each).unwrap_err().to_string()
    }

    #[test]
    fn the_first_failure_ends_it() {
        let mut last = 0;
        let mut note = |at| {
            last = at;
            Ok(())
        };
        assert_eq!(pack_broken(0, &mut note), "unplugged");
        assert_eq!(last, 0x38_0000);
        assert_eq!(pack_broken(0, &mut |_| Err(io::Error::other("full"))), "full");
        let text = pack_broken(0x60_0000 / SECTOR, &mut |_| Ok(()));
        assert_eq!(text, "a thread that packs chunks panicked");
    }
}
