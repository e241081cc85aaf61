//! Disks that say they are larger than they are.
//!
//! Such a disk drops what is written behind its true end, or writes it over
//! what is before. So a mark of its own goes to places at every power of two
//! and to the very end, all are read back, and what came back is theirs.

use crate::block::{Medium, read_vec};
use crate::media::burn::{Result, Trouble, zero_through};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Bytes of a mark: a sector of any disk.
const MARK: usize = 4096;

pub(super) fn run(medium: &mut dyn Medium, salt: u64) -> Result<()> {
    let places = places(medium.len());
    for place in &places {
        medium.write_at(*place, &mark(*place, salt)).map_err(Trouble::Medium)?;
    }
    medium.flush().map_err(Trouble::Medium)?;
    let result = compare(medium, &places, salt);
    for place in &places {
        zero_through(medium, *place, MARK).map_err(Trouble::Medium)?;
    }
    medium.flush().map_err(Trouble::Medium)?;
    result
}

fn compare(medium: &dyn Medium, places: &[u64], salt: u64) -> Result<()> {
    let (stored, _) = medium.stored().map_err(Trouble::Medium)?;
    for place in places {
        let found = read_vec(&*stored, *place, MARK).map_err(Trouble::Medium)?;
        if found != mark(*place, salt) {
            let text = format!(
                "the disk does not keep what is written to byte {place}: it says that it has {} \
                 bytes, and has fewer",
                medium.len()
            );
            return Err(Trouble::Wrong(text));
        }
    }
    Ok(())
}

/// The begin, each power of two, what lies between them, and the very end.
fn places(len: u64) -> Vec<u64> {
    let size = MARK as u64;
    let Some(last) = len.checked_sub(size).map(|last| last / size * size) else {
        return Vec::new();
    };
    let powers = (20..63).flat_map(|n| [1_u64 << n, 3 << (n - 1)]);
    let mut places: Vec<_> = powers.filter(|place| *place <= last).chain([0, last]).collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// Bytes that stand nowhere else.
fn mark(place: u64, salt: u64) -> Vec<u8> {
    let words = (0_u64..512).flat_map(|n| {
        let text = [place.to_le_bytes(), n.to_le_bytes()].concat();
        xxh3_64_with_seed(&text, salt).to_le_bytes()
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_at_powers_of_two_and_at_the_end() {
        assert_eq!(mark(4096, 1).len(), MARK);
        assert_ne!(mark(0, 1), mark(4096, 1));
        let mib = 1 << 20;
        assert_eq!(places(4 * mib), [0, mib, 3 * mib / 2, 2 * mib, 3 * mib, 4 * mib - 4096]);
        assert_eq!(places(4000), Vec::<u64>::new());
        assert!(places(u64::MAX).len() < 100);
    }
}
