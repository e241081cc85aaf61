//! What of an image means nothing: room that is left free on a disk.

use crate::block::{Error, Extent, ReadAt, Result, Source, slice};
use crate::format::gpt::Guid;
use crate::media::Image;
use crate::volume::fat;
use crate::volume::hfsplus::Laid;
use crate::volume::hfsplus::check::{Options, check};
use std::ops::Range;
use std::sync::Arc;

/// The ranges of a disk that need not be written, ascending: free blocks of
/// the volume, if it is one of ours, free clusters of the EFI partition, and
/// what lies behind the last partition. What the image puts anywhere is never
/// free.
#[must_use]
pub fn room_left(image: &Image, volume: Option<&Laid>) -> Vec<Range<u64>> {
    let mut free = Vec::new();
    for part in &image.parts {
        if part.kind == Guid::EFI_SYSTEM {
            free.extend(efi(image, &part.range));
        }
    }
    if let Some(laid) = volume {
        let start = image.volume().start;
        let block = u64::from(laid.block_size);
        // The alternate header's blocks are behind the free ones.
        let after = if block == 512 { 2 } else { 1 };
        let end = u64::from(laid.total_blocks).saturating_sub(after);
        let first = end.saturating_sub(laid.free_blocks.into());
        free.push(start + first * block..start + end * block);
    }
    let is_bare = image.parts.first().is_none_or(|part| part.range.start == 0);
    if !is_bare {
        free.push(image.volume().end..image.map.len());
    }
    free.into_iter().flat_map(|range| gaps(image, range)).collect()
}

fn efi(image: &Image, part: &Range<u64>) -> Option<Range<u64>> {
    let disk: Source = Arc::new(image.map.clone());
    let volume = slice(&disk, part.start, part.end - part.start).ok()?;
    let used = fat::used(&volume).ok()?;
    Some(part.start + used.end..part.end)
}

/// The parts of a range in which the image puts nothing.
fn gaps(image: &Image, range: Range<u64>) -> Vec<Range<u64>> {
    let mut gaps = Vec::new();
    let mut at = range.start;
    for extent in image.map.extents_from(range.start).iter().map(Extent::range) {
        if extent.start >= range.end {
            break;
        }
        gaps.push(at..extent.start.max(at));
        at = at.max(extent.end);
    }
    gaps.push(at.min(range.end)..range.end);
    gaps.retain(|gap| gap.start < gap.end);
    gaps
}

/// The bytes of an HFS+ volume that no file has, if all its structures agree;
/// else `None`, since then nobody knows which they are.
///
/// # Errors
/// When the volume cannot be read.
pub fn unused(volume: &Source) -> Result<Option<Vec<Range<u64>>>> {
    let report = match check(volume, &Options { findings: 0, strict: false }) {
        Ok(report) => report,
        Err(Error::Io(error)) => return Err(Error::Io(error)),
        Err(_) => return Ok(None),
    };
    if !report.is_clean() || report.dirty {
        return Ok(None);
    }
    // The last run holds the alternate header: nothing behind it is free.
    let pairs = report.used.windows(2).map(|pair| pair[0].end..pair[1].start);
    Ok(Some(pairs.collect()))
}
