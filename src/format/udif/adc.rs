//! Apple Data Compression: literals and copies, no entropy coding.
//!
//! | first byte | bytes | meaning |
//! |---|---|---|
//! | `1nnnnnnn` | 1 + n | n + 1 literal bytes follow |
//! | `00nnnndd` | 2 | copy n + 3 bytes from distance d + 1 (10 bits) |
//! | `01nnnnnn` | 3 | copy n + 4 bytes from distance d + 1 (16 bits) |

/// Decodes `stored` into all of `out`; `None` when it does not fit exactly.
pub(crate) fn decode(mut stored: &[u8], out: &mut [u8]) -> Option<()> {
    let mut done = 0;
    while done < out.len() {
        let (&code, rest) = stored.split_first()?;
        if code & 0x80 != 0 {
            let len = usize::from(code & 0x7f) + 1;
            let (literal, rest) = rest.split_at_checked(len)?;
            out.get_mut(done..done + len)?.copy_from_slice(literal);
            done += len;
            stored = rest;
            continue;
        }
        let (len, distance, rest) = copy(code, rest)?;
        let from = done.checked_sub(distance)?;
        repeat(out.get_mut(from..done + len)?, distance);
        done += len;
        stored = rest;
    }
    Some(())
}

/// Length and distance of a copy, and what follows it.
fn copy(code: u8, rest: &[u8]) -> Option<(usize, usize, &[u8])> {
    let (&low, rest) = rest.split_first()?;
    if code & 0x40 == 0 {
        let distance = usize::from(code & 3) << 8 | usize::from(low);
        return Some((usize::from(code >> 2) + 3, distance + 1, rest));
    }
    let (&lower, rest) = rest.split_first()?;
    let distance = usize::from(low) << 8 | usize::from(lower);
    Some((usize::from(code & 0x3f) + 4, distance + 1, rest))
}

/// Fills `window` by repeating its first `period` bytes.
fn repeat(window: &mut [u8], period: usize) {
    let mut have = period;
    while have < window.len() {
        let len = have.min(window.len() - have);
        window.copy_within(..len, have);
        have += len;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_both_copies() {
        // "abc", then 2 bytes: 7 from distance 3, then 3 bytes: 4 from distance 1.
        let stored = [0x82, b'a', b'b', b'c', 4 << 2, 2, 0x40, 0, 0];
        let mut out = [0; 14];
        assert_eq!(decode(&stored, &mut out), Some(()));
        assert_eq!(&out, b"abcabcabcaaaaa");
    }

    #[test]
    fn a_sector_of_zeros() {
        // The last copy of 512 zeros: 1 literal, then 7 * 67 + 42.
        let mut stored = vec![0x80, 0];
        stored.extend([0x7f, 0, 0].repeat(7));
        stored.extend([0x40 + 38, 0, 0]);
        let mut out = [1; 512];
        assert_eq!(decode(&stored, &mut out), Some(()));
        assert_eq!(out, [0; 512]);
    }

    #[test]
    fn broken_input_is_none() {
        let mut out = [0; 4];
        assert_eq!(decode(&[], &mut out), None);
        assert_eq!(decode(&[0x83, 1, 2], &mut out), None, "literals cut");
        assert_eq!(decode(&[0x84, 1, 2, 3, 4, 5], &mut out), None, "too long");
        assert_eq!(decode(&[0x80, 1, 0, 1], &mut out), None, "before the beginning");
        assert_eq!(decode(&[0x80, 1, 0x40, 0], &mut out), None, "copy cut");
    }
}
