//! A disk as it will be when all is committed.

use crate::block::{Content, Map, Origin, ReadAt, Result, Source, bytes, next_container, slice};
use crate::media::burn::job::Job;
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// What is stored where something was written, what is withheld over it, and
/// zeros elsewhere. To readers it is one container, so that they can tell
/// where on the disk a file lies.
struct View {
    map: Map,
    container: u64,
}

pub(super) fn over(job: &Job, stored: &Source) -> Result<Source> {
    let mut withheld = job.pieces()?;
    withheld.sort_by_key(|(range, _)| range.start);
    let mut withheld = withheld.into_iter().peekable();
    let mut map = Map::new(job.len());
    for range in &job.used {
        let mut at = range.start;
        while let Some((held, data)) = withheld.next_if(|(held, _)| held.start < range.end) {
            push(&mut map, stored, at..held.start.max(at))?;
            // Of two that overlap, both hold the same bytes.
            let skip = usize::try_from(at.saturating_sub(held.start)).unwrap_or(usize::MAX);
            let rest = data.get(skip..).unwrap_or_default();
            if !rest.is_empty() {
                map.push(held.start.max(at), bytes(rest), None);
            }
            at = at.max(held.end);
        }
        push(&mut map, stored, at..range.end)?;
    }
    Ok(Arc::new(View { map, container: next_container() }))
}

fn push(map: &mut Map, stored: &Source, range: Range<u64>) -> Result<()> {
    if range.start < range.end {
        map.push(range.start, slice(stored, range.start, range.end - range.start)?, None);
    }
    Ok(())
}

impl ReadAt for View {
    fn len(&self) -> u64 {
        self.map.len()
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        self.map.read_at(at, buf)
    }
}

impl Content for View {
    fn origin(&self, at: u64) -> Option<Origin> {
        Some(Origin { container: self.container, offset: at })
    }

    fn data(&self, at: u64) -> Option<Range<u64>> {
        self.map.data(at)
    }
}
