//! The partitions of an image to be written, named as Apple names them.

use crate::block::{Error, Result};
use crate::format::udif::chunks::SECTOR;
use std::ops::Range;

/// A partition of an image to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its name, such as `disk image`; may be empty.
    pub name: String,
    /// Its type by Apple's name, such as `Apple_HFS`.
    pub kind: String,
    /// Its bytes, whole sectors of 512.
    pub range: Range<u64>,
}

impl Section {
    /// A section of the image.
    #[must_use]
    pub fn new(name: &str, kind: &str, range: Range<u64>) -> Self {
        Self { name: name.into(), kind: kind.into(), range }
    }

    /// An image that is one volume without a partition table.
    #[must_use]
    pub fn whole_disk(kind: &str, len: u64) -> Vec<Self> {
        vec![Self::new("whole disk", kind, 0..len)]
    }

    /// The sections of a GPT disk: tables, and the partitions given.
    ///
    /// `sector` is the disk's; its tables have the usual 128 entries.
    #[must_use]
    pub fn gpt(parts: &[Self], len: u64, sector: u32) -> Vec<Self> {
        let sector = u64::from(sector);
        let entries = (128 * 128u64).next_multiple_of(sector);
        let mut all = vec![
            Self::new("Protective Master Boot Record", "MBR", 0..sector),
            Self::new("GPT Header", "Primary GPT Header", sector..2 * sector),
            Self::new("GPT Partition Data", "Primary GPT Table", 2 * sector..2 * sector + entries),
        ];
        all.extend_from_slice(parts);
        let header = len.saturating_sub(sector);
        let table = header.saturating_sub(entries);
        all.push(Self::new("GPT Partition Data", "Backup GPT Table", table..header));
        all.push(Self::new("GPT Header", "Backup GPT Header", header..len));
        all
    }
}

/// A section with its final name, in sectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) sectors: Range<u64>,
}

/// Checks sections, puts free space between them, and numbers all.
pub(crate) fn name_all(sections: &[Section], len: u64) -> Result<Vec<Named>> {
    let wrong = |field, value: u64, rule| Err(Error::corrupt("UDIF section", field, value, rule));
    if !len.is_multiple_of(SECTOR) {
        return wrong("length of the disk", len, "not a multiple of 512");
    }
    let mut named = Vec::new();
    let mut add = |name: &str, kind: &str, bytes: Range<u64>| {
        let name = format!("{name} ({kind} : {})", named.len());
        named.push(Named { name, sectors: bytes.start / SECTOR..bytes.end / SECTOR });
    };
    let mut next = 0;
    for section in sections {
        let Range { start, end } = section.range;
        if start < next {
            return wrong("start", start, "before the end of the section before it");
        }
        if end < start || end > len {
            return wrong("end", end, "before its start or behind the disk");
        }
        for (field, value) in [("start", start), ("end", end)] {
            if !value.is_multiple_of(SECTOR) {
                return wrong(field, value, "not a multiple of 512");
            }
        }
        if start > next {
            add("", "Apple_Free", next..start);
        }
        add(&section.name, &section.kind, start..end);
        next = end;
    }
    if next < len {
        add("", "Apple_Free", next..len);
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::saying::{assert_said, said};

    #[test]
    fn a_gpt_disk_is_named_as_hdiutil_names_it() {
        let hfs = Section::new("disk image", "Apple_HFS", 20480..1_945_600);
        let named = name_all(&Section::gpt(&[hfs], 3836 * 512, 512), 3836 * 512).unwrap();
        let expected = [
            ("Protective Master Boot Record (MBR : 0)", 0..1),
            ("GPT Header (Primary GPT Header : 1)", 1..2),
            ("GPT Partition Data (Primary GPT Table : 2)", 2..34),
            (" (Apple_Free : 3)", 34..40),
            ("disk image (Apple_HFS : 4)", 40..3800),
            (" (Apple_Free : 5)", 3800..3803),
            ("GPT Partition Data (Backup GPT Table : 6)", 3803..3835),
            ("GPT Header (Backup GPT Header : 7)", 3835..3836),
        ];
        let expected = expected.map(|(name, sectors)| Named { name: name.into(), sectors });
        assert_eq!(named, expected);
    }

    #[test]
    fn sections_that_cannot_be_are_refused() {
        type Ranges = [(u64, u64)];
        let rows: [(&Ranges, u64, &str); 5] = [
            (
                &[(0, 1024), (512, 2048)],
                4096,
                "start is 512: before the end of the section before it",
            ),
            (&[(0, 8192)], 4096, "end is 8192: before its start or behind the disk"),
            (&[(1024, 512)], 4096, "end is 512: before its start or behind the disk"),
            (&[(0, 100)], 4096, "end is 100: not a multiple of 512"),
            (&[], 100, "length of the disk is 100: not a multiple of 512"),
        ];
        assert_said(rows.map(|(ranges, len, text)| {
            let section = |(start, end): &(u64, u64)| Section::new("a", "b", *start..*end);
            let sections: Vec<_> = ranges.iter().map(section).collect();
            (said(name_all(&sections, len)), format!("UDIF section: {text}"))
        }));
        assert!(name_all(&[], 0).unwrap().is_empty());
    }
}
