//! Canonical decomposition of Unicode 3.2, less what Apple leaves alone.
//!
//! Left as they are: U+2000–2FFF, U+F900–FAFF, U+2F800–2FAFF ("Text Encoding
//! Conversion Manager Reference", `kUnicodeHFSPlusDecompVariant`). The table
//! in TN1150 itself is of Unicode 2.1 with mistakes, and was so only up to
//! Mac OS X 10.2; the Linux driver still has it. Names read from a volume are
//! never passed through here.

use crate::volume::unicode::decomposition::{CLASSES, STEPS};

/// Text as decomposed UTF-16 units, as HFS+ stores names.
#[must_use]
pub fn decompose(text: &str) -> Vec<u16> {
    if text.is_ascii() {
        return text.encode_utf16().collect();
    }
    let mut chars = Vec::with_capacity(text.len());
    text.chars().for_each(|c| push(c, &mut chars));
    order(&mut chars);
    let mut pair = [0; 2];
    chars.iter().flat_map(|c| c.encode_utf16(&mut pair).to_vec()).collect()
}

/// Sorts each run of combining characters by their class.
fn order(chars: &mut [char]) {
    for run in chars.split_mut(|c| class(*c) == 0) {
        run.sort_by_key(|c| class(*c));
    }
}

fn push(c: char, out: &mut Vec<char>) {
    if hangul(c, out) {
        return;
    }
    let Some(first) = step(c) else {
        out.push(c);
        return;
    };
    // Chains are at most three long (U+1D160), and the second part is final.
    let parts = first.iter().filter_map(|part| char::from_u32(*part)).filter(|part| *part != '\0');
    parts.for_each(|part| push(part, out));
}

/// One step: what a character decomposes to.
fn step(c: char) -> Option<&'static [u32]> {
    let (steps, _) = STEPS.as_chunks::<3>();
    let at = steps.binary_search_by_key(&u32::from(c), |[from, ..]| *from).ok()?;
    Some(&steps[at][1..])
}

/// The canonical combining class; 0 for what starts a new cluster.
fn class(c: char) -> u32 {
    let c = u32::from(c);
    let (runs, _) = CLASSES.as_chunks::<3>();
    let run = runs.get(runs.partition_point(|[_, last, _]| *last < c));
    run.map_or(0, |[first, _, class]| if *first <= c { *class } else { 0 })
}

/// Decomposes a Hangul syllable (Unicode 3.2, section 3.11).
fn hangul(c: char, out: &mut Vec<char>) -> bool {
    const L: u32 = 0x1100;
    const V: u32 = 0x1161;
    const T: u32 = 0x11a7;
    let Some(index) = u32::from(c).checked_sub(0xac00).filter(|index| *index < 11_172) else {
        return false;
    };
    let (lead, vowel, tail) = (index / 588, index % 588 / 28, index % 28);
    let jamo = [Some(L + lead), Some(V + vowel), (tail != 0).then_some(T + tail)];
    out.extend(jamo.into_iter().flatten().filter_map(char::from_u32));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    fn names_are_decomposed_by_unicode_3_2() {
        assert_eq!(decompose("Caf\u{e9}"), units("Cafe\u{301}"));
        assert_eq!(decompose("\u{1f82}"), units("\u{3b1}\u{313}\u{300}\u{345}"));
        assert_eq!(decompose("\u{385}"), units("\u{a8}\u{301}"));
        assert_eq!(
            decompose("\u{ac00}\u{d7a3}"),
            units("\u{1100}\u{1161}\u{1112}\u{1175}\u{11c2}")
        );
        // Unicode 5.0 brought this letter and its decomposition.
        assert_eq!(decompose("\u{1b06}"), units("\u{1b06}"));
    }

    #[test]
    fn marks_are_ordered_by_their_class() {
        assert_eq!(decompose("a\u{301}\u{323}b"), units("a\u{323}\u{301}b"));
        assert_eq!(decompose("\u{e1}\u{323}"), units("a\u{323}\u{301}"));
        assert_eq!(decompose("a\u{301}\u{300}"), units("a\u{301}\u{300}"));
    }

    #[test]
    fn apples_exceptions_stay() {
        for kept in ["\u{2126}", "\u{212b}", "\u{2260}", "\u{f900}", "\u{fa10}", "\u{2f800}"] {
            assert_eq!(decompose(kept), units(kept));
        }
        assert_eq!(decompose("\u{fb1d}"), units("\u{5d9}\u{5b4}"));
        assert_eq!(decompose("\u{1d160}"), units("\u{1d158}\u{1d165}\u{1d16e}"));
    }
}
