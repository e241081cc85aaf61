//! The bitmap, compared with the blocks in use.

use crate::block::{ReadAt, Result, read_vec};
use crate::volume::hfsplus::check::extents::Extents;
use crate::volume::hfsplus::check::file::{Blocks, Run};
use crate::volume::hfsplus::check::report::{Findings, Place};

const PIECE: usize = 64 << 10;
/// Bits that Apple's checker compares at once, those behind the last block among them.
const SEGMENT: u64 = 1024;

/// Sorts the runs in use and reports those that overlap. Returns them merged.
pub(super) fn merge(extents: &mut Extents, findings: &mut Findings) -> Vec<(u64, u64)> {
    let taken = &mut extents.taken;
    taken.sort_unstable_by_key(|(run, owner)| (run.start, run.count, *owner));
    findings.report.extents = taken.len() as u64;
    let mut merged: Vec<(u64, u64)> = Vec::new();
    for (run, owner) in taken.iter() {
        let (start, end) = (u64::from(run.start), u64::from(run.start) + u64::from(run.count));
        match merged.last_mut() {
            Some((_, last)) if start <= *last => {
                if start < *last {
                    let rule = "overlaps another extent";
                    let place = Some(Place::Cnid(*owner));
                    findings.corrupt(
                        ("HFSPlusExtentDescriptor", "startBlock"),
                        run.start,
                        rule,
                        place,
                    );
                }
                *last = end.max(*last);
            }
            _ => merged.push((start, end)),
        }
    }
    merged
}

/// The runs that both headers take.
pub(super) fn reserved(total: u32, block_size: u32) -> [Run; 2] {
    let (before, after) = match block_size {
        512 => (3, 2),
        1024 => (2, 1),
        _ => (1, 1),
    };
    [Run { start: 0, count: before }, Run { start: total.saturating_sub(after), count: after }]
}

/// Compares the bitmap with merged runs; returns the number of blocks in no run.
pub(super) fn compare(
    bitmap: &Blocks,
    used: &[(u64, u64)],
    total: u32,
    findings: &mut Findings,
) -> Result<u64> {
    let total = u64::from(total);
    let in_use: u64 = used.iter().map(|(start, end)| end - start).sum();
    let bits = total.next_multiple_of(SEGMENT).min(bitmap.len() * 8);
    let mut runs = used.iter().copied().peekable();
    let mut wrong = Wrong::default();
    let mut at = 0;
    while at < bits {
        let len = PIECE.min(usize::try_from((bits - at).div_ceil(8)).unwrap_or(PIECE));
        for byte in read_vec(bitmap, at / 8, len)? {
            let mut expected = 0;
            while let Some((start, end)) = runs.peek().copied().filter(|run| run.0 < at + 8) {
                let (from, to) = (start.max(at) - at, end.min(at + 8) - at);
                expected |= (0xffu16 >> from) & !(0xffu16 >> to);
                if end > at + 8 {
                    break;
                }
                runs.next();
            }
            wrong.byte(at, byte, u8::try_from(expected & 0xff).unwrap_or(0));
            at += 8;
        }
    }
    wrong.report(findings);
    Ok(total.saturating_sub(in_use))
}

/// Blocks that are marked otherwise than they are used.
#[derive(Default)]
struct Wrong {
    unmarked: Option<(u64, u64)>,
    orphaned: Option<(u64, u64)>,
}

impl Wrong {
    fn byte(&mut self, at: u64, found: u8, expected: u8) {
        let note = |first: &mut Option<(u64, u64)>, bits: u8| {
            if bits != 0 {
                let first = first.get_or_insert((at + u64::from(bits.leading_zeros()), 0));
                first.1 += u64::from(bits.count_ones());
            }
        };
        if found != expected {
            note(&mut self.unmarked, expected & !found);
            note(&mut self.orphaned, found & !expected);
        }
    }

    fn report(&self, findings: &mut Findings) {
        let mut say = |wrong: Option<(u64, u64)>, field, rule| {
            if let Some((first, count)) = wrong {
                let block = u32::try_from(first).unwrap_or(u32::MAX);
                findings.corrupt(
                    ("allocation file", field),
                    count,
                    rule,
                    Some(Place::Block(block)),
                );
            }
        };
        say(self.unmarked, "blocks marked free", "counts those that are in use");
        say(self.orphaned, "blocks marked used", "counts those that are in no file");
    }
}
