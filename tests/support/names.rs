//! Random numbers and names from a seed.

/// A xorshift generator (Marsaglia 2003, with Vigna's multiplier).
pub(crate) struct Rng(u64);

impl Rng {
    /// Numbers that depend on the seed alone.
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
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
    // `.` and `..` are no names to those who would read them.
    if units.iter().all(|unit| *unit == 0x2e) {
        units[0] = 0x78;
    }
    units
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
