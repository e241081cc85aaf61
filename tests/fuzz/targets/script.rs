//! Edits of a seed, as bytes that a fuzzer can change one by one.

use std::ops::Range;

/// Values that tend to break parsers, and the types of UDIF runs.
const VALUES: [u32; 16] = [
    0,
    1,
    2,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0xffff_fffe,
    0x0001_0000,
    0x8000_0004,
    0x8000_0005,
    0x8000_0006,
    0x8000_0007,
    0x8000_0008,
    0x7fff_fffe,
    0x0000_ffff,
    0x1000,
];

/// A script: what is left of it.
pub(super) struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    pub(super) const fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    /// The next byte; 0 behind the end.
    pub(super) fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    fn number(&mut self) -> usize {
        (0..3).fold(0, |number, _| number << 8 | usize::from(self.byte()))
    }

    /// What is left, as it is.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// Applies all edits to the hot ranges of a seed.
    pub(super) fn edit(&mut self, seed: &mut [u8], hot: &[Range<usize>]) {
        let total: usize = hot.iter().map(ExactSizeIterator::len).sum();
        while !self.0.is_empty() && total > 0 {
            let at = place(hot, self.number() % total);
            let (kind, value) = (self.byte(), self.byte());
            self.one(seed, at, kind, value);
        }
    }

    fn one(&mut self, seed: &mut [u8], at: usize, kind: u8, value: u8) {
        let special = VALUES[usize::from(value) % VALUES.len()];
        match kind % 8 {
            0 => put(seed, at, &[value]),
            1 => seed[at] ^= 1 << (value % 8),
            2 => put(seed, at, &special.to_be_bytes()[2..]),
            3 => put(seed, at, &special.to_be_bytes()),
            4 => put(seed, at, &u64::from(special).to_be_bytes()),
            5 => put(seed, at, &u32::from(value).to_be_bytes()),
            6 => put(seed, at, &[0, value]),
            _ => {
                let from = self.number() % seed.len();
                let len = usize::from(value).min(seed.len() - from.max(at));
                seed.copy_within(from..from + len, at);
            }
        }
    }
}

fn place(hot: &[Range<usize>], mut index: usize) -> usize {
    for range in hot {
        if index < range.len() {
            return range.start + index;
        }
        index -= range.len();
    }
    0
}

fn put(seed: &mut [u8], at: usize, value: &[u8]) {
    let len = value.len().min(seed.len() - at);
    seed[at..at + len].copy_from_slice(&value[..len]);
}
