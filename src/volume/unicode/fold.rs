//! TN1150's case folding ("Unicode Subtleties", `FastUnicodeCompare`).
//!
//! It is no Unicode version's: it knows no case of what decomposes (É never
//! appears in a name, E and an accent do), nor of any letter added since 1996.

use std::cmp::Ordering;

/// First unit, last unit, step, and what the first folds to; the others
/// follow it at the same distance. 0 for units that count as absent.
///
/// The Linux driver's table agrees on all 65,536 units.
const RUNS: [(u16, u16, u16, u16); 72] = [
    (0x0041, 0x005a, 1, 0x0061),
    (0x00c6, 0x00c6, 1, 0x00e6),
    (0x00d0, 0x00d0, 1, 0x00f0),
    (0x00d8, 0x00d8, 1, 0x00f8),
    (0x00de, 0x00de, 1, 0x00fe),
    (0x0110, 0x0110, 1, 0x0111),
    (0x0126, 0x0126, 1, 0x0127),
    (0x0132, 0x0132, 1, 0x0133),
    (0x013f, 0x0141, 2, 0x0140),
    (0x014a, 0x014a, 1, 0x014b),
    (0x0152, 0x0152, 1, 0x0153),
    (0x0166, 0x0166, 1, 0x0167),
    (0x0181, 0x0181, 1, 0x0253),
    (0x0182, 0x0184, 2, 0x0183),
    (0x0186, 0x0186, 1, 0x0254),
    (0x0187, 0x0187, 1, 0x0188),
    (0x0189, 0x018a, 1, 0x0256),
    (0x018b, 0x018b, 1, 0x018c),
    (0x018e, 0x018e, 1, 0x01dd),
    (0x018f, 0x018f, 1, 0x0259),
    (0x0190, 0x0190, 1, 0x025b),
    (0x0191, 0x0191, 1, 0x0192),
    (0x0193, 0x0193, 1, 0x0260),
    (0x0194, 0x0194, 1, 0x0263),
    (0x0196, 0x0196, 1, 0x0269),
    (0x0197, 0x0197, 1, 0x0268),
    (0x0198, 0x0198, 1, 0x0199),
    (0x019c, 0x019c, 1, 0x026f),
    (0x019d, 0x019d, 1, 0x0272),
    (0x019f, 0x019f, 1, 0x0275),
    (0x01a2, 0x01a4, 2, 0x01a3),
    (0x01a7, 0x01a7, 1, 0x01a8),
    (0x01a9, 0x01a9, 1, 0x0283),
    (0x01ac, 0x01ac, 1, 0x01ad),
    (0x01ae, 0x01ae, 1, 0x0288),
    (0x01b1, 0x01b2, 1, 0x028a),
    (0x01b3, 0x01b5, 2, 0x01b4),
    (0x01b7, 0x01b7, 1, 0x0292),
    (0x01b8, 0x01b8, 1, 0x01b9),
    (0x01bc, 0x01bc, 1, 0x01bd),
    (0x01c4, 0x01c4, 1, 0x01c6),
    (0x01c5, 0x01c5, 1, 0x01c6),
    (0x01c7, 0x01c7, 1, 0x01c9),
    (0x01c8, 0x01c8, 1, 0x01c9),
    (0x01ca, 0x01ca, 1, 0x01cc),
    (0x01cb, 0x01cb, 1, 0x01cc),
    (0x01e4, 0x01e4, 1, 0x01e5),
    (0x01f1, 0x01f1, 1, 0x01f3),
    (0x01f2, 0x01f2, 1, 0x01f3),
    (0x0391, 0x03a1, 1, 0x03b1),
    (0x03a3, 0x03a9, 1, 0x03c3),
    (0x03e2, 0x03ee, 2, 0x03e3),
    (0x0402, 0x0404, 2, 0x0452),
    (0x0405, 0x0406, 1, 0x0455),
    (0x0408, 0x040b, 1, 0x0458),
    (0x040f, 0x040f, 1, 0x045f),
    (0x0410, 0x0418, 1, 0x0430),
    (0x041a, 0x042f, 1, 0x043a),
    (0x0460, 0x0474, 2, 0x0461),
    (0x0478, 0x0480, 2, 0x0479),
    (0x0490, 0x04be, 2, 0x0491),
    (0x04c3, 0x04c3, 1, 0x04c4),
    (0x04c7, 0x04c7, 1, 0x04c8),
    (0x04cb, 0x04cb, 1, 0x04cc),
    (0x0531, 0x0556, 1, 0x0561),
    (0x10a0, 0x10c5, 1, 0x10d0),
    (0x200c, 0x200f, 1, 0x0000),
    (0x202a, 0x202e, 1, 0x0000),
    (0x206a, 0x206f, 1, 0x0000),
    (0x2160, 0x216f, 1, 0x2170),
    (0xfeff, 0xfeff, 1, 0x0000),
    (0xff21, 0xff3a, 1, 0xff41),
];

/// U+0000 cannot fold to itself: 0 stands for "absent". It sorts last.
const NUL: u16 = 0xffff;

/// High bytes of units that fold to others; each has a page.
const HIGH: [u8; 10] = [0x00, 0x01, 0x03, 0x04, 0x05, 0x10, 0x20, 0x21, 0xfe, 0xff];

/// The page of each high byte; [`HIGH`]'s length for none.
static PAGE_OF: [u8; 256] = page_of();
static PAGES: [[u16; 256]; HIGH.len()] = pages();

const fn page_of() -> [u8; 256] {
    let mut of = [10; 256];
    let mut page = 0;
    while page < 10 {
        of[HIGH[page as usize] as usize] = page;
        page += 1;
    }
    of
}

const fn pages() -> [[u16; 256]; HIGH.len()] {
    let mut pages = [[0; 256]; HIGH.len()];
    let mut page = 0;
    while page < HIGH.len() {
        let mut low = 0;
        while low < 256 {
            pages[page][low as usize] = (HIGH[page] as u16) << 8 | low;
            low += 1;
        }
        page += 1;
    }
    let of = page_of();
    let mut index = 0;
    while index < RUNS.len() {
        let (first, last, step, folded) = RUNS[index];
        let mut unit = first;
        while unit <= last {
            let to = if folded == 0 { 0 } else { folded + (unit - first) };
            pages[of[(unit >> 8) as usize] as usize][(unit & 0xff) as usize] = to;
            unit += step;
        }
        index += 1;
    }
    pages[0][0] = NUL;
    pages
}

/// What a unit folds to; 0 when it is skipped in comparisons.
#[must_use]
pub fn fold(unit: u16) -> u16 {
    let [high, low] = unit.to_be_bytes();
    let page = PAGES.get(usize::from(PAGE_OF[usize::from(high)]));
    page.map_or(unit, |page| page[usize::from(low)])
}

/// Compares two names without regard to case, by TN1150's frozen table.
#[must_use]
pub fn compare_folded(a: &[u16], b: &[u16]) -> Ordering {
    order_folded(a.iter().copied(), b.iter().copied())
}

/// [`compare_folded`] for units from anywhere.
pub(crate) fn order_folded(a: impl Iterator<Item = u16>, b: impl Iterator<Item = u16>) -> Ordering {
    let (a, b) = (a.map(fold), b.map(fold));
    a.filter(|unit| *unit != 0).cmp(b.filter(|unit| *unit != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(a: &str, b: &str) -> Ordering {
        let units = |text: &str| text.encode_utf16().collect::<Vec<_>>();
        compare_folded(&units(a), &units(b))
    }

    #[test]
    fn order_is_tn1150s() {
        assert_eq!(compare("Lion", "lION"), Ordering::Equal);
        assert_eq!(compare("a\u{200d}b\u{feff}", "AB"), Ordering::Equal);
        assert_eq!(compare("\u{200c}", ""), Ordering::Equal);
        assert_eq!(compare("ab", "a"), Ordering::Greater);
        assert_eq!(compare("_", "a"), Ordering::Less);
        assert_eq!(compare("Z", "_"), Ordering::Greater);
        // The null sorts behind everything, as Apple's metadata folder does.
        assert_eq!(compare("\0\0\0\0HFS+ Private Data", "\u{fffd}"), Ordering::Greater);
        // No case: é (decomposed in names), ÿ, and letters of later versions.
        assert_ne!(compare("\u{c9}", "\u{e9}"), Ordering::Equal);
        assert_ne!(compare("\u{400}", "\u{450}"), Ordering::Equal);
    }

    #[test]
    fn the_table_is_whole() {
        let changed = |unit: &u16| fold(*unit) != *unit;
        assert_eq!((0..=u16::MAX).filter(changed).count(), 329);
        assert_eq!((0..=u16::MAX).filter(|unit| fold(*unit) == 0).count(), 16);
        // FNV-1a over all 65,536 folded units, big-endian: the Linux driver's sum.
        let sum = (0..=u16::MAX)
            .flat_map(|unit| fold(unit).to_be_bytes())
            .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
                (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        assert_eq!(sum, 0xb57c_c2fc_d564_b6e3);
        assert_eq!(
            (fold(0), fold(0x1c5), fold(0x2160), fold(0xd800)),
            (NUL, 0x1c6, 0x2170, 0xd800)
        );
    }
}
