//! A laid-out disk as a compressed Apple disk image.

use crate::block::{ReadAt, Result};
use crate::format::gpt::Guid;
use crate::format::udif::{self, Section};
use crate::media::Image;
use std::io::Write;

/// Writes the disk as a UDIF image (zlib), with all checksums. `progress` is
/// told how many further bytes of the disk are written.
///
/// # Errors
/// What the sources or `out` report; `Unsupported` by the format are sectors
/// other than 512 that a partition does not fill.
pub fn write_dmg(
    image: &Image,
    threads: usize,
    out: &mut dyn Write,
    progress: &mut dyn FnMut(u64),
) -> Result<u64> {
    let len = image.map.len();
    let bare = matches!(&image.parts[..], [only] if only.range == (0..len));
    let sections = if bare {
        Section::whole_disk("Apple_HFS", len)
    } else {
        let parts = image
            .parts
            .iter()
            .map(|part| Section::new(&part.name, &section_kind(part.kind), part.range.clone()));
        Section::gpt(&parts.collect::<Vec<_>>(), len, image.sector)
    };
    Ok(udif::write(&image.map, &sections, threads, out, progress)?.len)
}

/// What an image calls a partition of this type.
pub(super) fn section_kind(kind: Guid) -> String {
    match kind {
        Guid::HFS_PLUS => "Apple_HFS".to_owned(),
        other => other.to_string(),
    }
}
