//! The sample's disks: an Apple partition map around a volume, as UDIF.

use crate::block::{Error, Map, Result, Source, bytes};
use crate::format::apm::{Entry, NewPart, tables};
use crate::format::udif::{self, Section};
use crate::source::sample::builder::DATE;
use crate::source::sample::trees;
use crate::volume::Tree;
use crate::volume::hfsplus::{Params, Size, lay_out};
use std::io::{self, Write};
use std::sync::Arc;

/// Bytes of a block of the partition map.
const BLOCK: u64 = 512;
/// The first block of the volume, behind map, driver partition and a gap.
const VOLUME_AT: u32 = 80;
/// Free room in the volumes.
const FREE: u64 = 1 << 20;

/// Writes the sample's `InstallESD.dmg`.
///
/// # Errors
/// What `out` reports.
pub fn write_installer(out: &mut dyn Write, threads: usize) -> Result<()> {
    let mut base_system = Vec::new();
    write_disk(trees::base_system()?, threads, &mut base_system)?;
    write_disk(trees::installer(base_system)?, threads, out)
}

/// A tree as a volume in a disk in an image.
fn write_disk(tree: Tree, threads: usize, out: &mut dyn Write) -> Result<()> {
    let laid = lay_out(&Arc::new(tree), &Params::new(Size::Fit { free: FREE }, DATE))?;
    let (disk, sections) = disk(Arc::new(laid.map))?;
    udif::write(&disk, &sections, threads, out, &mut |_| {})?;
    Ok(())
}

/// The disk as hdiutil partitioned in Lion's years: map, an empty driver
/// partition, a gap, the volume.
fn disk(volume: Source) -> Result<(Map, Vec<Section>)> {
    let blocks = u32::try_from(volume.len() / BLOCK).map_err(io::Error::other)?;
    let parts = [
        NewPart { name: "Macintosh", kind: "Apple_Driver_ATAPI", first: 64, count: 8 },
        NewPart { name: "", kind: Entry::FREE, first: 72, count: VOLUME_AT - 72 },
        NewPart { name: "disk image", kind: Entry::HFS, first: VOLUME_AT, count: blocks },
    ];
    let map = tables(VOLUME_AT + blocks, &parts).map_err(misplaced)?;
    let mut sections = vec![
        Section::new("Driver Descriptor Map", "DDM", 0..BLOCK),
        Section::new("Apple", Entry::MAP, BLOCK..64 * BLOCK),
    ];
    for part in &parts {
        let first = u64::from(part.first);
        let range = first * BLOCK..(first + u64::from(part.count)) * BLOCK;
        sections.push(Section::new(part.name, part.kind, range));
    }
    let at = u64::from(VOLUME_AT) * BLOCK;
    let mut disk = Map::new(at + volume.len());
    disk.push(0, bytes(map), None);
    disk.push(at, volume, None);
    Ok((disk, sections))
}

fn misplaced(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Io(io::Error::other(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::udif::Image;

    #[test]
    fn the_image_is_partitioned_as_lions_is() {
        let mut file = Vec::new();
        write_installer(&mut file, 2).unwrap();
        let image = Image::open(bytes(file.clone())).unwrap();
        let names: Vec<_> = image.partitions().iter().map(|part| part.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "Driver Descriptor Map (DDM : 0)",
                "Apple (Apple_partition_map : 1)",
                "Macintosh (Apple_Driver_ATAPI : 2)",
                " (Apple_Free : 3)",
                "disk image (Apple_HFS : 4)",
            ]
        );
        let mut again = Vec::new();
        write_installer(&mut again, 1).unwrap();
        assert!(file == again, "the same bytes every time, whatever the threads");
    }
}
