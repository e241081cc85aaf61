//! Names' order and spelling on HFS+ (TN1150, "HFS Plus Names").

use std::cmp::Ordering;

/// Compares two names without regard to case, by TN1150's frozen table.
#[must_use]
pub fn compare_folded(a: &[u16], b: &[u16]) -> Ordering {
    let fold = |unit: &u16| match *unit {
        unit @ 0x41..=0x5a => unit + 0x20,
        unit => unit,
    };
    a.iter().map(fold).cmp(b.iter().map(fold))
}

/// Text as decomposed UTF-16 units.
#[must_use]
pub fn decompose(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}
