//! Random numbers and names from a seed.

/// Which names to make: no foreign reader returns every unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// Whole characters, NUL and `/` among them, as libfshfs reads them.
    Characters,
    /// No surrogates at all, as the Linux driver reads them.
    Basic,
    /// Lone surrogates too, but no control characters and no `/`, as 7-Zip reads them.
    Surrogates,
}

/// A xorshift generator (Marsaglia 2003, with Vigna's multiplier).
pub(crate) struct Rng(u64, Names);

impl Rng {
    /// Numbers that depend on the seed alone.
    pub(crate) fn new(seed: u64, names: Names) -> Self {
        let mut rng = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, names);
        rng.next();
        rng
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 7
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Any of these.
    pub(crate) fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }

    /// A date that HFS+ can hold, sometimes at the edges.
    pub(crate) fn date(&mut self) -> u32 {
        match self.below(16) {
            0 => 1,
            1 => u32::MAX,
            2 => 2_082_844_800, // 1970
            _ => self.next() as u32,
        }
    }

    /// Random bytes, half the time of few values.
    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mask = if self.below(2) == 0 { 0x03 } else { 0xff };
        (0..len).map(|_| self.next() as u8 & mask).collect()
    }

    /// Readable text of some length in bytes.
    pub(crate) fn text(&mut self, min: u64, max: u64) -> String {
        let len = min + self.below(max - min + 1);
        let letters: Vec<char> = "abcdefghijklmnopqrstuvwxyz./-_ 0123456789é".chars().collect();
        (0..len)
            .map(|_| self.pick(&letters))
            .collect::<String>()
            .chars()
            .take(len as usize)
            .collect()
    }

    /// A name of 255 units.
    pub(crate) fn long_name(&mut self) -> Vec<u16> {
        let mut units = Vec::new();
        while units.len() < 255 {
            let more = name(self, 255 - units.len());
            units.extend(more);
        }
        units
    }
}

/// A name of 1 to `max` units, over all that HFS+ can hold.
pub(crate) fn name(rng: &mut Rng, max: usize) -> Vec<u16> {
    let len = match rng.below(10) {
        0 => 1,
        1 => 1 + rng.below(max as u64) as usize,
        _ => (1 + rng.below(20) as usize).min(max),
    };
    let style = rng.below(8);
    let mut units = Vec::new();
    while units.len() < len {
        match style {
            0 => units.push(any(rng)),
            1 => special(rng, &mut units),
            2 if rng.below(3) == 0 => special(rng, &mut units),
            3 if rng.below(4) == 0 => units.push(any(rng)),
            _ => units.push(rng.pick(&"aAbBzZéß0189 .-_~!#".encode_utf16().collect::<Vec<_>>())),
        }
    }
    units.truncate(max);
    for at in 0..units.len() {
        let stacked = at > 0 && may_combine(units[at - 1]) && may_combine(units[at]);
        if stacked || OUTDATED.contains(&units[at]) {
            units[at] = 0x21;
        }
    }
    match rng.1 {
        Names::Characters | Names::Basic => {
            mend_surrogates(&mut units, rng.1);
            // libfshfs prints NUL as U+2400, its picture.
            units.iter_mut().filter(|unit| **unit == 0x2400).for_each(|unit| *unit = 0x2401);
        }
        Names::Surrogates => {
            // 7-Zip has its own use for EF80–EFFF: bytes that are no UTF-8.
            let printable = |unit: u16| !matches!(unit, 0..0x20 | 0x7f | 0x2f | 0xef80..0xf000);
            units.iter_mut().filter(|unit| !printable(**unit)).for_each(|unit| *unit = 0x21);
        }
    }
    // `.` and `..` are no names to those who would read them; nor, for 7-Zip, spaces.
    // And a name of what does not count in order is its folder's thread's key.
    let nothing =
        |unit| matches!(unit, 0x200c..=0x200f | 0x202a..=0x202e | 0x206a..=0x206f | 0xfeff);
    if units.iter().all(|unit| matches!(unit, 0x2e | 0x20) || nothing(*unit)) {
        units[0] = 0x78;
    }
    units
}

/// Units that fsck.hfsplus calls an "Illegal name": composed characters that
/// came with Unicode 3.0, which no Mac since 10.3 stores, and two marks that
/// are part of the outdated spelling of others. Found by trying all units.
const OUTDATED: [u16; 46] = [
    0x01f8, 0x01f9, 0x0218, 0x0219, 0x021a, 0x021b, 0x021e, 0x021f, 0x0226, 0x0227, 0x0228, 0x0229,
    0x022a, 0x022b, 0x022c, 0x022d, 0x022e, 0x022f, 0x0230, 0x0231, 0x0232, 0x0233, 0x030d, 0x0345,
    0x0400, 0x040d, 0x0450, 0x045d, 0x04ec, 0x04ed, 0x0622, 0x0623, 0x0624, 0x0625, 0x0626, 0x06c0,
    0x06c2, 0x06d3, 0x0a33, 0x0a36, 0x0dda, 0x0ddc, 0x0ddd, 0x0dde, 0x1026, 0xfb1d,
];

/// Whether this may be a combining mark: of two such in a row, fsck.hfsplus
/// calls some an "Illegal name", by an order of marks that is in no table here.
fn may_combine(unit: u16) -> bool {
    matches!(unit, 0x300..0x370 | 0x483..0x2000 | 0x20d0..0x2100 | 0x302a..0x309b | 0xfb1e | 0xfe20..0xfe30)
}

/// Puts whole characters in the place of lone surrogates, or of all.
fn mend_surrogates(units: &mut [u16], names: Names) {
    for at in 0..units.len() {
        let low = |unit: &u16| (0xdc00..0xe000).contains(unit);
        let after_high = at > 0 && (0xd800..0xdc00).contains(&units[at - 1]);
        let lone = match units[at] {
            0xd800..0xdc00 => !units.get(at + 1).is_some_and(low),
            0xdc00..0xe000 => !after_high,
            _ => false,
        };
        let surrogate = (0xd800..0xe000).contains(&units[at]);
        if lone || names == Names::Basic && surrogate {
            units[at] -= 0x2000;
        }
    }
}

/// Any unit but the separator.
fn any(rng: &mut Rng) -> u16 {
    match rng.next() as u16 {
        0x3a => 0x3b,
        unit => unit,
    }
}

/// What names trip over: ignorables, marks, case pairs, surrogates, controls.
fn special(rng: &mut Rng, units: &mut Vec<u16>) {
    match rng.below(9) {
        0 => units.push(rng.pick(&[0x200c, 0x200d, 0x200e, 0x202a, 0x206f, 0xfeff])),
        1 => units.extend([0x65, rng.pick(&[0x301, 0x327, 0x308])]),
        2 => units
            .push(rng.pick(&[0x130, 0x131, 0x1c4, 0x1c5, 0x3a3, 0x3c2, 0x10a0, 0x2160, 0xff21])),
        3 => units.extend([0xd83c, 0xdf00 + rng.below(0x80) as u16]),
        4 => units.push(0xd800 + rng.below(0x400) as u16),
        5 => units.push(0xdc00 + rng.below(0x400) as u16),
        6 => units.push(rng.pick(&[0, 0, 1, 0x0a, 0x0d, 0x1f, 0x7f])),
        7 => units.push(rng.pick(&[0xfffe, 0xffff, 0x2f, 0x2400, 0xfffd])),
        _ => units.push(0xac00 + rng.below(0x2ba4) as u16),
    }
}
