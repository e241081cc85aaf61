//! How many blocks there are and which of them hold what.

use crate::block::{Error, Result};
use crate::volume::hfsplus::layout::{Params, Size};
use std::io;
use std::ops::Range;

/// Bytes from the volume's start to its header, and from its alternate header to its end.
pub(super) const HEADER_AT: u64 = 1024;
/// The block sizes that are written.
const BLOCK_SIZES: Range<u32> = 512..65537;
/// How much is put aside for the extents file's growth, as a part of the volume.
const EXTENTS_SHARE: u64 = 8192;

/// The number of blocks that are taken for the boot sectors and the header,
/// and for the alternate header at the end.
pub(super) const fn reserved(block_size: u32) -> (u32, u32) {
    match block_size {
        512 => (3, 2),
        1024 => (2, 1),
        _ => (1, 1),
    }
}

/// Runs of blocks for what the format needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Space {
    pub(super) block_size: u32,
    /// Bytes of the volume.
    pub(super) len: u64,
    /// All blocks.
    pub(super) total: u32,
    pub(super) bitmap: Range<u32>,
    /// One block; empty without a journal.
    pub(super) journal_info: Range<u32>,
    pub(super) journal: Range<u32>,
    pub(super) extents: Range<u32>,
    pub(super) attributes: Range<u32>,
    pub(super) catalog: Range<u32>,
    /// Blocks of forks.
    pub(super) data: Range<u32>,
    /// Blocks of nothing, behind all others but the alternate header's.
    pub(super) free: Range<u32>,
}

/// What has to be put on the volume, in bytes or blocks.
#[derive(Clone, Copy)]
pub(super) struct Needs {
    pub(super) catalog: u64,
    pub(super) attributes: u64,
    pub(super) data_blocks: u64,
}

/// Checks what the parameters say of sizes.
pub(super) fn check_params(params: &Params) -> Result<()> {
    let size = params.block_size;
    if !size.is_power_of_two() || !BLOCK_SIZES.contains(&size) {
        let rule = "not a power of two from 512 to 65536";
        return Err(Error::corrupt("HFSPlusVolumeHeader", "blockSize", size, rule));
    }
    if size < params.sector || params.sector < 512 || !params.sector.is_power_of_two() {
        let rule = "below the device's sector, or that is no sector's size";
        return Err(Error::corrupt("HFSPlusVolumeHeader", "blockSize", size, rule));
    }
    match params.size {
        Size::Exact(len) if len % u64::from(params.sector) != 0 => {
            Err(Error::corrupt("volume", "size", len, "not a whole number of sectors"))
        }
        _ => Ok(()),
    }
}

/// Finds the volume's size, and places what the format needs.
pub(super) fn plan(params: &Params, needs: Needs) -> Result<Space> {
    let block = u64::from(params.block_size);
    match params.size {
        Size::Exact(len) => {
            let total = len / block;
            let space = place(params, needs, len, total)?;
            space.map_err(|missing| full(missing.saturating_mul(block)))
        }
        Size::Fit { free } => {
            // The bitmap, journal and extents file grow with the volume: try until all fit.
            let mut total = needs.data_blocks.saturating_add(free.div_ceil(block));
            loop {
                match place(params, needs, total.saturating_mul(block), total)? {
                    Err(missing) => total = total.saturating_add(missing),
                    Ok(space) => {
                        let have = u64::from(space.free.end - space.free.start);
                        match free.div_ceil(block).saturating_sub(have) {
                            0 => return Ok(space),
                            missing => total += missing,
                        }
                    }
                }
            }
        }
    }
}

fn full(missing: u64) -> Error {
    let text = format!("the volume is too small: {missing} more bytes are needed");
    Error::Io(io::Error::new(io::ErrorKind::StorageFull, text))
}

/// Places everything on a volume of `len` bytes and `total` blocks, or tells
/// how many blocks are missing.
fn place(params: &Params, needs: Needs, len: u64, total: u64) -> Result<Result<Space, u64>> {
    let Ok(blocks) = u32::try_from(total) else {
        let hint = "use larger blocks: `block_size` in [media.volume]";
        return Err(Error::unsupported("a volume of that many blocks", "totalBlocks", total, hint));
    };
    let size = u64::from(params.block_size);
    let (before, after) = reserved(params.block_size);
    let journal = if params.journal { journal_len(len) } else { 0 };
    let sizes = [
        total.div_ceil(8),
        journal.min(1),
        journal,
        extents_len(len, params.block_size),
        needs.attributes,
        needs.catalog,
    ];
    let needed: u64 = sizes.iter().map(|bytes| bytes.div_ceil(size)).sum();
    let needed = needed.saturating_add(needs.data_blocks).saturating_add((before + after).into());
    if needed > total {
        return Ok(Err(needed - total));
    }
    let mut next = before;
    // All below `needed`, which is at most `total`.
    let mut take = |count: u64| {
        let start = next;
        next += u32::try_from(count).unwrap_or(u32::MAX - next);
        start..next
    };
    let [bitmap, journal_info, journal, extents, attributes, catalog] =
        sizes.map(|bytes| take(bytes.div_ceil(size)));
    let data = take(needs.data_blocks);
    let free = data.end..blocks - after;
    let block_size = params.block_size;
    Ok(Ok(Space {
        block_size,
        len,
        total: blocks,
        bitmap,
        journal_info,
        journal,
        extents,
        attributes,
        catalog,
        data,
        free,
    }))
}

/// Half a MiB for small volumes, 8 MiB for others.
const fn journal_len(len: u64) -> u64 {
    if len < 128 << 20 { 512 << 10 } else { 8 << 20 }
}

/// The length of an extents file without records: room to grow in place.
pub(super) fn extents_len(len: u64, block_size: u32) -> u64 {
    let unit = u64::from(block_size.max(4096));
    (len / EXTENTS_SHARE).clamp(8 * 4096, 1 << 20).next_multiple_of(unit)
}

impl Space {
    /// The offset of a block.
    pub(super) fn at(&self, block: u32) -> u64 {
        u64::from(block) * u64::from(self.block_size)
    }

    /// The bytes of a run of blocks.
    pub(super) fn bytes(&self, run: &Range<u32>) -> u64 {
        u64::from(run.end - run.start) * u64::from(self.block_size)
    }

    /// By how much a special file grows: at most a quarter of the volume, as
    /// checkers ask, and a multiple of blocks and nodes.
    pub(super) fn clump(&self, node_size: u16) -> u32 {
        let unit = u64::from(self.block_size.max(node_size.into()));
        let most = u64::from(self.total / 4) * u64::from(self.block_size);
        let clump = (self.len / 128).clamp(8 * unit, (4 << 20).max(unit)).min(most);
        // At most 4 MiB, or a block.
        u32::try_from(clump / unit * unit).unwrap_or(0)
    }

    /// The byte ranges of both volume headers.
    pub(super) fn headers(&self) -> Vec<Range<u64>> {
        let last = self.len - HEADER_AT;
        vec![HEADER_AT..HEADER_AT + 512, last..last + 512]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::saying::{assert_said, said};

    const NEEDS: Needs = Needs { catalog: 65536, attributes: 65536, data_blocks: 100 };

    #[test]
    fn a_fitting_volume_has_the_free_room_that_was_asked_for() {
        for shift in 9..=16 {
            for free in [0, 1, 64 << 20] {
                let size = Size::Fit { free };
                let params = Params { block_size: 1 << shift, ..Params::new(size, 1) };
                let space = plan(&params, NEEDS).unwrap();
                assert_eq!(space.bytes(&space.free), free.next_multiple_of(1 << shift));
                assert_eq!(space.len, u64::from(space.total) << shift);
                let (_, after) = reserved(space.block_size);
                assert_eq!(space.free.end + after, space.total);
            }
        }
    }

    #[test]
    fn an_exact_volume_is_full_or_fits() {
        let params = |len| Params::new(Size::Exact(len), 1);
        let space = plan(&params((1 << 20) + 512), NEEDS).unwrap();
        assert_eq!((space.len, space.total), ((1 << 20) + 512, 256));
        let error = plan(&params(400 << 10), NEEDS).unwrap_err();
        let Error::Io(error) = error else { panic!("{error}") };
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(error.to_string(), "the volume is too small: 176128 more bytes are needed");
    }

    #[test]
    fn more_blocks_than_32_bits_count_are_refused() {
        for size in
            [Size::Exact(1 << 45), Size::Fit { free: 1 << 45 }, Size::Fit { free: u64::MAX }]
        {
            let says = said(plan(&Params { block_size: 512, ..Params::new(size, 1) }, NEEDS));
            let begin = "this is a volume of that many blocks, which is not supported \
                         (totalBlocks is ";
            let end = ")\nhint: use larger blocks: `block_size` in [media.volume]";
            assert!(says.starts_with(begin) && says.ends_with(end), "{says}");
        }
        let needs = Needs { data_blocks: u64::MAX, ..NEEDS };
        assert!(plan(&Params::new(Size::Exact(1 << 30), 1), needs).is_err());
    }

    #[test]
    fn sizes_that_contradict_each_other_are_refused() {
        let good = Params::new(Size::Exact(1 << 20), 1);
        assert!(check_params(&good).is_ok());
        let rows = [
            (
                Params { block_size: 3000, ..good.clone() },
                "HFSPlusVolumeHeader: blockSize is 3000: not a power of two from 512 to 65536",
            ),
            (
                Params { block_size: 1 << 17, ..good.clone() },
                "HFSPlusVolumeHeader: blockSize is 131072: not a power of two from 512 to 65536",
            ),
            (
                Params { block_size: 512, sector: 4096, ..good.clone() },
                "HFSPlusVolumeHeader: blockSize is 512: below the device's sector, or that is no \
                 sector's size",
            ),
            (
                Params { sector: 4096, size: Size::Exact(4608), ..good.clone() },
                "volume: size is 4608: not a whole number of sectors",
            ),
        ];
        assert_said(rows.map(|(params, text)| (said(check_params(&params)), text)));
    }
}
