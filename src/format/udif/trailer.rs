//! The trailer of an image, `koly`, at its end or at its beginning.

use crate::block::{Error, ReadAt, Result, Value, slice};
use crate::block::{Map, Source};
use crate::format::udif::detect::CONVERT;
use crate::format::udif::raw;
use std::ops::Range;
use std::sync::Arc;
use zerocopy::FromBytes;

/// Sectors beyond this would not be counted in bytes.
pub(crate) const MAX_SECTORS: u64 = 1 << 54;

/// A checksum as an image states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stated {
    /// There is none.
    Absent,
    /// A CRC-32.
    Crc32(u32),
    /// A kind that is not CRC-32.
    Other(u32),
}

impl Stated {
    /// What a stored checksum states.
    pub(crate) fn of(checksum: &raw::Checksum) -> Self {
        match (checksum.kind.get(), checksum.bits.get()) {
            (raw::CHECKSUM_NONE, _) => Self::Absent,
            (raw::CHECKSUM_CRC32, 32) => Self::Crc32(checksum.data[0].get()),
            (kind, _) => Self::Other(kind),
        }
    }
}

/// A checked trailer; its ranges lie inside the file.
#[derive(Clone, Debug)]
pub(crate) struct Trailer {
    pub(crate) running: u64,
    pub(crate) data_fork: Range<u64>,
    pub(crate) rsrc_fork: Range<u64>,
    pub(crate) xml: Range<u64>,
    pub(crate) segment: u32,
    pub(crate) segments: u32,
    pub(crate) segment_id: [u8; 16],
    pub(crate) data_checksum: Stated,
    pub(crate) master_checksum: Stated,
    pub(crate) sectors: u64,
}

/// The bytes of a trailer and where it is: at the end, or at the front.
pub(crate) fn find(file: &dyn ReadAt) -> Result<Option<(u64, raw::Koly)>> {
    let Some(last) = file.len().checked_sub(size_of::<raw::Koly>() as u64) else {
        return Ok(None);
    };
    for at in [last, 0] {
        let mut bytes = [0; size_of::<raw::Koly>()];
        file.read_at(at, &mut bytes)?;
        let koly = raw::Koly::read_from_bytes(&bytes).ok();
        if let Some(koly) = koly.filter(|k| k.signature == raw::KOLY && k.header_size == 512) {
            return Ok(Some((at, koly)));
        }
    }
    Ok(None)
}

impl Trailer {
    /// Reads and checks the trailer of a file.
    pub(crate) fn read(file: &dyn ReadAt) -> Result<Self> {
        let (at, koly) = find(file)?.ok_or_else(|| missing(file))?;
        Self::check(&koly, file.len()).map_err(|error| error.at(at))
    }

    fn check(koly: &raw::Koly, len: u64) -> Result<Self> {
        if koly.version != 4 {
            let (what, version) = ("a UDIF image of another version", koly.version.get());
            return Err(Error::unsupported(what, "Version", version, CONVERT));
        }
        let sectors = koly.sector_count.get();
        if sectors > MAX_SECTORS {
            return Err(Error::corrupt(
                "koly",
                "SectorCount",
                sectors,
                "more than a disk can have",
            ));
        }
        let inside = |field, at: u64, count: u64| match at.checked_add(count) {
            Some(end) if end <= len => Ok(at..end),
            _ => Err(Error::corrupt("koly", field, count, "ends behind the file")),
        };
        let (fork, rsrc) = (koly.data_fork_offset.get(), koly.rsrc_fork_offset.get());
        Ok(Self {
            running: koly.running_data_fork_offset.get(),
            data_fork: inside("DataForkLength", fork, koly.data_fork_length.get())?,
            rsrc_fork: inside("RsrcForkLength", rsrc, koly.rsrc_fork_length.get())?,
            xml: inside("XMLLength", koly.xml_offset.get(), koly.xml_length.get())?,
            segment: koly.segment_number.get(),
            segments: koly.segment_count.get(),
            segment_id: koly.segment_id,
            data_checksum: Stated::of(&koly.data_checksum),
            master_checksum: Stated::of(&koly.master_checksum),
            sectors,
        })
    }
}

fn missing(file: &dyn ReadAt) -> Error {
    let mut magic = [0; 4];
    match file.len().checked_sub(512).map(|at| file.read_at(at, &mut magic)) {
        Some(Err(error)) => error.into(),
        Some(Ok(())) => {
            let found = Value::Hex(u32::from_be_bytes(magic).into());
            Error::corrupt("koly", "Signature", found, "no trailer at either end of the file")
        }
        None => {
            let rule = "less than the 512 of a trailer alone";
            Error::corrupt("koly", "the file's length", file.len(), rule)
        }
    }
}

/// The segments of an image as one.
pub(crate) struct Joined {
    /// The segment that has the block tables, and its trailer.
    pub(crate) file: Source,
    pub(crate) head: Trailer,
    /// All data forks.
    pub(crate) fork: Source,
    /// Each segment's part of it, with the checksum its trailer states.
    pub(crate) segments: Vec<(Range<u64>, Stated)>,
}

/// Checks that segments make one image, and joins them.
pub(crate) fn join(mut files: Vec<(Source, Trailer)>) -> Result<Joined> {
    files.sort_by_key(|(_, trailer)| trailer.segment);
    let has_tables = |(_, t): &&(Source, Trailer)| !t.xml.is_empty() || !t.rsrc_fork.is_empty();
    let Some((file, head)) = files.iter().find(has_tables).or(files.first()).cloned() else {
        return Err(Error::corrupt("koly", "SegmentCount", 0u32, "there is no segment"));
    };
    let count = u32::try_from(files.len()).unwrap_or(u32::MAX);
    if head.segments.max(1) != count {
        return Err(not_all(head.segments, count));
    }
    let (mut forks, mut segments) = (Vec::new(), Vec::new());
    let mut len = 0u64;
    for ((file, trailer), number) in files.iter().zip(1u32..) {
        if count > 1 {
            same_image(trailer, &head, number, len)?;
        }
        let fork = &trailer.data_fork;
        let fork = slice(file, fork.start, fork.end - fork.start)?;
        // Each fork lies in a file: their sum is far from overflowing.
        segments.push((len..len + fork.len(), trailer.data_checksum));
        len += fork.len();
        forks.push(fork);
    }
    let fork = if count == 1 { forks.remove(0) } else { concatenate(&segments, forks, len) };
    Ok(Joined { file, head, fork, segments })
}

fn concatenate(segments: &[(Range<u64>, Stated)], forks: Vec<Source>, len: u64) -> Source {
    let mut map = Map::new(len);
    for ((range, _), fork) in segments.iter().zip(forks) {
        map.push(range.start, fork, None);
    }
    Arc::new(map)
}

/// What helps when segments are missing.
const ALL: &str = "put all of its segments into one folder and give the first: NAME.dmg, with \
                   NAME.002.dmgpart and so on beside it";

fn not_all(stated: u32, given: u32) -> Error {
    if given == 1 {
        return Error::unsupported("one segment of a split image", "SegmentCount", stated, ALL);
    }
    if given < stated {
        let what = "a split image without all of its segments";
        return Error::unsupported(what, "SegmentCount", stated, ALL);
    }
    Error::corrupt("koly", "SegmentCount", stated, "fewer than the segments that are here")
}

/// Checks that a segment belongs to the first one's image, at its place.
fn same_image(segment: &Trailer, head: &Trailer, number: u32, at: u64) -> Result<()> {
    let wrong = |field, value: Value, rule| Err(Error::corrupt("koly", field, value, rule));
    if segment.segment != number {
        return wrong("SegmentNumber", segment.segment.into(), "a segment is missing or doubled");
    }
    if segment.segments != head.segments {
        return wrong("SegmentCount", segment.segments.into(), "not that of the first segment");
    }
    if segment.segment_id != head.segment_id {
        let id = u128::from_be_bytes(segment.segment_id);
        return wrong("SegmentID", format!("{id:032x}").into(), "not that of the first segment");
    }
    if segment.running != 0 && segment.running != at {
        let rule = "not the length of the segments before it";
        return wrong("RunningDataForkOffset", segment.running.into(), rule);
    }
    Ok(())
}
