//! Block tables, `mish`: which runs make a partition.

use crate::block::{Error, Result, Value};
use crate::format::udif::chunks::SECTOR;
use crate::format::udif::codec::Kind;
use crate::format::udif::detect::CONVERT;
use crate::format::udif::raw;
use crate::format::udif::trailer::{MAX_SECTORS, Stated};
use zerocopy::FromBytes;

/// Compressed runs of more are refused: each is decoded as a whole.
pub(crate) const MAX_RUN_BYTES: u64 = 32 << 20;

/// A run that was checked against its table and the data fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) kind: Kind,
    pub(crate) sectors: u64,
    /// In the data fork.
    pub(crate) stored: u64,
    /// Of a compressed run.
    pub(crate) stored_len: u32,
}

/// A checked block table: its runs cover it without gap or overlap.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) first: u64,
    pub(crate) sectors: u64,
    pub(crate) checksum: Stated,
    pub(crate) runs: Vec<Run>,
}

impl Table {
    /// Parses a `blkx` resource of an image whose data fork has `fork` bytes.
    pub(crate) fn parse(name: String, data: &[u8], fork: u64) -> Result<Self> {
        let Ok((mish, rest)) = raw::Mish::read_from_prefix(data) else {
            return Err(Error::corrupt(
                "mish",
                "length",
                data.len(),
                "less than the 204 bytes of its head",
            ));
        };
        if mish.signature != raw::MISH {
            let magic = Value::Hex(u32::from_be_bytes(mish.signature).into());
            return Err(Error::corrupt("mish", "Signature", magic, "not \"mish\""));
        }
        if mish.version != 1 {
            let what = "a disk image with a block table of another version";
            return Err(Error::unsupported(what, "Version", mish.version.get(), CONVERT));
        }
        let (first, sectors) = (mish.sector_number.get(), mish.sector_count.get());
        if first.checked_add(sectors).is_none_or(|end| end > MAX_SECTORS) {
            return Err(Error::corrupt("mish", "SectorCount", sectors, "ends behind any disk"));
        }
        let runs = raw_runs(rest, mish.run_count.get())?;
        let runs = check_runs(runs, sectors, mish.data_offset.get(), fork)?;
        Ok(Self { name, first, sectors, checksum: Stated::of(&mish.checksum), runs })
    }
}

fn raw_runs(bytes: &[u8], count: u32) -> Result<&[raw::Run]> {
    let wrong = || Error::corrupt("mish", "NumberBlockChunks", count, "more than the table holds");
    let count = usize::try_from(count).map_err(|_| wrong())?;
    <[raw::Run]>::ref_from_prefix_with_elems(bytes, count)
        .map(|(runs, _)| runs)
        .map_err(|_| wrong())
}

fn check_runs(runs: &[raw::Run], sectors: u64, base: u64, fork: u64) -> Result<Vec<Run>> {
    let mut checked = Vec::with_capacity(runs.len());
    let mut next = 0;
    let mut runs = runs.iter();
    for run in runs.by_ref() {
        match run.kind.get() {
            raw::TERMINATOR => break,
            raw::COMMENT => continue,
            _ => {}
        }
        let (start, count) = (run.sector_number.get(), run.sector_count.get());
        if start != next {
            let rule = if start < next {
                "overlaps the run before it, or is out of order"
            } else {
                "leaves a gap behind the run before it"
            };
            return Err(Error::corrupt("run", "SectorNumber", start, rule));
        }
        if count > sectors - next {
            return Err(Error::corrupt("run", "SectorCount", count, "ends behind its table"));
        }
        next += count;
        if count > 0 {
            checked.push(check_run(run, base, fork)?);
        }
    }
    if runs.next().is_some() {
        let rule = "the end of the table, and runs follow it";
        return Err(Error::corrupt("run", "EntryType", Value::Hex(u32::MAX.into()), rule));
    }
    if next != sectors {
        return Err(Error::corrupt("mish", "SectorCount", sectors, "more than its runs cover"));
    }
    Ok(checked)
}

/// Checks a run with at least one sector.
fn check_run(run: &raw::Run, base: u64, fork: u64) -> Result<Run> {
    let entry_type = run.kind.get();
    let kind = Kind::of(entry_type).ok_or_else(|| {
        let what = "a disk image with runs of an unknown kind";
        Error::unsupported(what, "EntryType", Value::Hex(entry_type.into()), CONVERT)
    })?;
    let sectors = run.sector_count.get();
    if kind.is_hole() {
        return Ok(Run { kind, sectors, stored: 0, stored_len: 0 });
    }
    let (offset, len) = (run.compressed_offset.get(), run.compressed_length.get());
    let stored =
        base.checked_add(offset).filter(|at| at.checked_add(len).is_some_and(|e| e <= fork));
    let Some(stored) = stored else {
        let rule = "behind the data fork's end with CompressedLength added";
        return Err(Error::corrupt("run", "CompressedOffset", offset, rule));
    };
    let wrong = |rule| Error::corrupt("run", "CompressedLength", len, rule);
    // The caller holds sectors below MAX_SECTORS.
    let decoded = sectors * SECTOR;
    if kind == Kind::Raw {
        let run = Run { kind, sectors, stored, stored_len: 0 };
        return if len == decoded {
            Ok(run)
        } else {
            Err(wrong("not 512 for each of its sectors"))
        };
    }
    if decoded > MAX_RUN_BYTES {
        let rule = "more than the 65536 that a compressed run may have";
        return Err(Error::corrupt("run", "SectorCount", sectors, rule));
    }
    let stored_len = u32::try_from(len).ok().filter(|&len| u64::from(len) <= 2 * decoded + 65536);
    let stored_len = stored_len.ok_or_else(|| wrong("far more than its sectors need"))?;
    Ok(Run { kind, sectors, stored, stored_len })
}
