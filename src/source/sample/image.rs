//! The samples' disks: a partition map around a volume, as UDIF.

use crate::block::{Error, Map, Result, Source, bytes};
use crate::format::apm::{self, NewPart};
use crate::format::gpt::{self, Guid};
use crate::format::udif::{self, Section};
use crate::source::sample::builder::DATE;
use crate::source::sample::shape::{Kind, LION, Shape};
use crate::source::sample::{later, trees};
use crate::volume::Tree;
use crate::volume::hfsplus::{Params, Size, lay_out};
use std::io::{self, Write};
use std::sync::Arc;

/// Bytes of a block of either partition map.
const BLOCK: u64 = 512;
/// The first block of a GPT disk's first partition, as hdiutil places it.
const GPT_FIRST: u64 = 40;
/// Blocks of the EFI partition in front of an installer's volume. Apple's has
/// 200 MiB; here it is as good as empty.
const EFI_BLOCKS: u64 = 2048;
/// Free room in the volumes.
const FREE: u64 = 1 << 20;

/// Writes the demo's `InstallESD.dmg`, which is that of 10.7.
///
/// # Errors
/// What `out` reports.
pub fn write_installer(out: &mut dyn Write, threads: usize) -> Result<()> {
    write_image(&LION, out, threads)
}

/// Writes the `InstallESD.dmg` of a release.
///
/// # Errors
/// What `out` reports.
pub fn write_image(shape: &Shape, out: &mut dyn Write, threads: usize) -> Result<()> {
    let mut base = Vec::new();
    match shape.kind {
        Kind::Image => {
            write_disk(trees::base(shape)?, lion_disk, threads, &mut base)?;
            write_disk(trees::image(shape, base)?, lion_disk, threads, out)
        }
        Kind::BaseInMap => {
            write_disk(later::base_system(shape)?, mapped_disk, threads, &mut base)?;
            write_disk(later::image(shape, base)?, gpt_with_efi, threads, out)
        }
        Kind::BaseInGpt => {
            write_disk(later::base_system(shape)?, gpt_disk, threads, &mut base)?;
            write_disk(later::image(shape, base)?, gpt_with_efi, threads, out)
        }
    }
}

/// A volume's disk, and the sections of its image.
type Disk = Result<(Map, Vec<Section>)>;

/// A tree as a volume in a disk in an image.
fn write_disk(
    tree: Tree,
    disk: fn(Source) -> Disk,
    threads: usize,
    out: &mut dyn Write,
) -> Result<()> {
    let laid = lay_out(&Arc::new(tree), &Params::new(Size::Fit { free: FREE }, DATE))?;
    let (disk, sections) = disk(Arc::new(laid.map))?;
    udif::write(&disk, &sections, threads, out, &mut |_| {})?;
    Ok(())
}

/// As hdiutil partitioned in Lion's years: map, an empty driver partition, a
/// gap, the volume.
fn lion_disk(volume: Source) -> Disk {
    let parts = [
        NewPart { name: "Macintosh", kind: "Apple_Driver_ATAPI", first: 64, count: 8 },
        NewPart { name: "", kind: apm::Entry::FREE, first: 72, count: 8 },
    ];
    apple_map(&parts, 80, volume)
}

/// The map, and the volume in the second partition.
fn mapped_disk(volume: Source) -> Disk {
    apple_map(&[], 64, volume)
}

fn apple_map(before: &[NewPart<'_>], first: u32, volume: Source) -> Disk {
    let count = u32::try_from(volume.len() / BLOCK).map_err(io::Error::other)?;
    let hfs = NewPart { name: "disk image", kind: apm::Entry::HFS, first, count };
    let parts = [before, &[hfs]].concat();
    let map = apm::tables(first + count, &parts).map_err(misplaced)?;
    let mut sections = vec![
        Section::new("Driver Descriptor Map", "DDM", 0..BLOCK),
        Section::new("Apple", apm::Entry::MAP, BLOCK..64 * BLOCK),
    ];
    for part in &parts {
        let first = u64::from(part.first);
        let range = first * BLOCK..(first + u64::from(part.count)) * BLOCK;
        sections.push(Section::new(part.name, part.kind, range));
    }
    let at = u64::from(first) * BLOCK;
    let mut disk = Map::new(at + volume.len());
    disk.push(0, bytes(map), None);
    disk.push(at, volume, None);
    Ok((disk, sections))
}

/// The volume in the first partition.
fn gpt_disk(volume: Source) -> Disk {
    guid_table(&[("disk image", Guid::HFS_PLUS, volume.len() / BLOCK)], volume)
}

/// An EFI partition, and the volume in the second.
fn gpt_with_efi(volume: Source) -> Disk {
    let hfs = ("disk image", Guid::HFS_PLUS, volume.len() / BLOCK);
    guid_table(&[("EFI System Partition", Guid::EFI_SYSTEM, EFI_BLOCKS), hfs], volume)
}

/// Partitions one after the other, the volume in the last.
fn guid_table(parts: &[(&str, Guid, u64)], volume: Source) -> Disk {
    let mut first = GPT_FIRST;
    let (mut entries, mut sections, mut at) = (Vec::new(), Vec::new(), 0);
    for (index, (name, kind, blocks)) in (1..).zip(parts) {
        let id = Guid::derive(b"shape sample", name);
        let (name, last) = ((*name).to_owned(), first + blocks - 1);
        let known = if *kind == Guid::HFS_PLUS { "Apple_HFS".into() } else { kind.to_string() };
        at = first * BLOCK;
        sections.push(Section::new(&name, &known, at..(last + 1) * BLOCK));
        entries.push(gpt::Entry { index, kind: *kind, id, name, first, last, attributes: 0 });
        first = last + 1;
    }
    // Behind the last partition: 32 sectors of entries, and the header.
    let blocks = first.next_multiple_of(8) + 33;
    let disk_id = Guid::derive(b"shape sample", "disk");
    let tables = gpt::tables(512, blocks, disk_id, &entries).map_err(misplaced)?;
    let mut disk = Map::new(blocks * BLOCK);
    disk.push(0, bytes(tables.protective), None);
    disk.push(BLOCK, bytes(tables.primary), None);
    disk.push(at, volume, None);
    disk.push(tables.backup_at, bytes(tables.backup), None);
    Ok((disk, Section::gpt(&sections, blocks * BLOCK, 512)))
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

    #[test]
    fn every_shape_is_made_the_same_way_twice_and_peels() {
        use crate::source::{Item, Opener};
        for shape in &crate::source::sample::SHAPES {
            let make = |threads| {
                let mut file = Vec::new();
                write_image(shape, &mut file, threads).unwrap();
                file
            };
            let file = make(1);
            assert!(file == make(2), "{}: the same bytes every time", shape.release);
            let opener = Opener::new();
            let chain = opener.installer(&Item::of_bytes("InstallESD.dmg", bytes(file))).unwrap();
            let version = opener.system_version(chain.last().unwrap()).unwrap().unwrap();
            assert_eq!((&*version.version, &*version.build), (shape.version, shape.build));
            let base = opener.inside(chain.last().unwrap(), "BaseSystem.dmg").unwrap();
            let disk = opener.disk(&base).unwrap();
            let parts = crate::format::partition::partitions(&disk).unwrap();
            let hfs = parts.iter().find(|part| part.is_hfs_plus()).unwrap();
            let number = match shape.kind {
                Kind::Image => 4,
                Kind::BaseInMap => 2,
                Kind::BaseInGpt => 1,
            };
            assert_eq!(hfs.index, number, "{}", shape.release);
            for image in opener.images() {
                image.prove(1, &|_| {}).unwrap();
            }
        }
    }
}
