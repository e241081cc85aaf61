//! Where everything goes on a disk.
//!
//! The standard layout is Disk Utility's: the EFI system partition begins at
//! the first multiple of 4 KiB behind the table (sector 40 of 512 bytes, 6 of
//! 4096), has 200 MiB (260 MiB on sectors of 4096 bytes, where FAT32 needs as
//! many clusters), the volume follows it, and 128 MiB stay free behind that.
//! Facts: TN2166 and what `gpt show` prints of such disks.

use crate::block::{Map, ReadAt, bytes};
use crate::format::gpt::{self, Guid};
use crate::media::{Error, Image, Layout, Media, PartContent, PartRange, Result, Target};
use crate::volume::fat;
use std::ops::Range;

const MIB: u64 = 1 << 20;
/// Sizes and begins are multiples of this: one page, one sector of any disk.
const ALIGN: u64 = 4096;
/// What Disk Utility leaves behind a volume.
const GAP: u64 = 128 * MIB;
/// The name of the EFI system partition, as Disk Utility writes it.
const EFI_NAME: &str = "EFI System Partition";

/// The bytes that a disk of `len` bytes leaves for the volume.
///
/// # Errors
/// [`Error::Table`] when the disk cannot even hold a partition table.
pub fn room(layout: Layout, sector: u32, len: u64) -> Result<u64> {
    let start = volume_start(layout, sector);
    let end = match layout {
        Layout::Bare => len,
        Layout::Single => usable_end(sector, len)?,
        Layout::Standard => usable_end(sector, len)?.saturating_sub(GAP),
    };
    Ok(end.saturating_sub(start) / ALIGN * ALIGN)
}

/// The bytes of the smallest disk, in whole MiB, with room for a volume.
///
/// # Errors
/// [`Error::Size`], and [`Error::Table`] for impossible sectors.
pub fn total(layout: Layout, sector: u32, volume: u64) -> Result<u64> {
    if layout == Layout::Bare {
        return Ok(volume);
    }
    gpt::usable(sector, u64::MAX / u64::from(sector.max(1)))?;
    let gap = if layout == Layout::Standard { GAP } else { 0 };
    // The backup table takes less than a MiB whatever the sector.
    let table = gpt_backup(sector);
    volume
        .checked_next_multiple_of(ALIGN)
        .and_then(|volume| volume.checked_add(volume_start(layout, sector) + gap + table))
        .and_then(|end| end.checked_next_multiple_of(MIB))
        .ok_or(Error::Size(volume))
}

fn gpt_backup(sector: u32) -> u64 {
    128 * 128 + u64::from(sector)
}

/// The byte behind the last one that a partition may take.
fn usable_end(sector: u32, len: u64) -> Result<u64> {
    let size = u64::from(sector);
    Ok(gpt::usable(sector, len.checked_div(size).unwrap_or(0))?.end * size)
}

fn efi_range(sector: u32) -> Range<u64> {
    let size = u64::from(sector);
    let start = (size + gpt_backup(sector)).next_multiple_of(ALIGN);
    start..start + if sector < 4096 { 200 * MIB } else { 260 * MIB }
}

fn volume_start(layout: Layout, sector: u32) -> u64 {
    match layout {
        Layout::Standard => efi_range(sector).end,
        Layout::Single => MIB,
        Layout::Bare => 0,
    }
}

/// Lays out a disk, or a bare volume, without reading any contents but those
/// of the EFI files.
///
/// # Errors
/// [`Error`], when the volume has no room or the EFI files cannot be stored.
pub fn lay_out(media: &Media, target: Target) -> Result<Image> {
    let volume = media.volume.map.len();
    let sector = target.sector;
    if media.layout != Layout::Standard && !media.efi_files.is_empty() {
        return Err(Error::NoEfi);
    }
    if !volume.is_multiple_of(u64::from(sector.max(1))) {
        return Err(Error::Unaligned { volume, sector });
    }
    let len = match target.len {
        Some(len) => len - len % u64::from(sector.max(1)),
        None => total(media.layout, sector, volume)?,
    };
    check_room(media.layout, sector, len, volume)?;
    if media.layout == Layout::Bare {
        return Ok(bare(media, sector));
    }
    partitioned(media, sector, len)
}

/// As [`room`], but a volume that is no multiple of 4 KiB may use all of it.
fn check_room(layout: Layout, sector: u32, len: u64, volume: u64) -> Result<()> {
    let fits = room(layout, sector, len)?;
    let exact = fits + (ALIGN - 1);
    let start = volume_start(layout, sector);
    let end = if layout == Layout::Bare { len } else { usable_end(sector, len)? };
    let ends_inside = volume <= exact && start + volume <= end;
    if ends_inside { Ok(()) } else { Err(Error::Room { volume, room: fits }) }
}

fn bare(media: &Media, sector: u32) -> Image {
    let PartContent { map, headers } = &media.volume;
    let part = PartRange { name: media.label.clone(), kind: Guid::HFS_PLUS, range: 0..map.len() };
    let withheld = headers.iter().map(|h| whole_sectors(h, 0, sector)).collect();
    Image { map: map.clone(), sector, parts: vec![part], withheld }
}

fn partitioned(media: &Media, sector: u32, len: u64) -> Result<Image> {
    let size = u64::from(sector);
    let start = volume_start(media.layout, sector);
    let range = start..start + media.volume.map.len();
    let parts = parts(media, sector, range);
    let tables = gpt::tables(sector, len / size, media.ids.disk, &entries(media, size, &parts))?;

    let primary_len = tables.primary.len() as u64;
    let backup = tables.backup_at..tables.backup_at + tables.backup.len() as u64;
    let mut withheld: Vec<_> =
        media.volume.headers.iter().map(|h| whole_sectors(h, start, sector)).collect();
    withheld.extend([backup.clone(), size..size + primary_len, 0..size]);

    let mut map = Map::new(len);
    map.push(0, bytes(tables.protective), None);
    map.push(size, bytes(tables.primary), None);
    if media.layout == Layout::Standard {
        let efi = efi_range(sector);
        map.nest(efi.start, &efi_volume(media, sector, &efi)?);
    }
    map.nest(start, &media.volume.map);
    map.push(backup.start, bytes(tables.backup), None);
    Ok(Image { map, sector, parts, withheld })
}

fn parts(media: &Media, sector: u32, volume: Range<u64>) -> Vec<PartRange> {
    let mut parts = Vec::new();
    if media.layout == Layout::Standard {
        let range = efi_range(sector);
        parts.push(PartRange { name: EFI_NAME.into(), kind: Guid::EFI_SYSTEM, range });
    }
    parts.push(PartRange { name: media.label.clone(), kind: Guid::HFS_PLUS, range: volume });
    parts
}

fn entries(media: &Media, size: u64, parts: &[PartRange]) -> Vec<gpt::Entry> {
    let entry = |(index, part): (u32, &PartRange)| gpt::Entry {
        index,
        kind: part.kind,
        id: if part.kind == Guid::EFI_SYSTEM { media.ids.efi } else { media.ids.volume },
        name: part.name.clone(),
        first: part.range.start / size,
        last: (part.range.end / size).saturating_sub(1),
        attributes: 0,
    };
    (1..).zip(parts).map(entry).collect()
}

fn efi_volume(media: &Media, sector: u32, efi: &Range<u64>) -> Result<Map> {
    let params = fat::Params {
        len: efi.end - efi.start,
        sector,
        start: efi.start,
        label: *b"EFI        ",
        serial: media.ids.fat_serial,
        date: media.date,
    };
    Ok(fat::lay_out(&params, &media.efi_files)?)
}

/// The sectors of the disk that hold a range of the volume.
fn whole_sectors(range: &Range<u64>, start: u64, sector: u32) -> Range<u64> {
    let size = u64::from(sector);
    let from = (start + range.start) / size * size;
    from..(start + range.end).next_multiple_of(size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Source;
    use crate::media::Ids;

    fn media(layout: Layout, volume: u64) -> Media {
        let mut map = Map::new(volume);
        map.push(1024, bytes(*b"H+"), Some(7));
        map.push(volume - 1024, bytes(*b"H+"), None);
        let headers = vec![1024..1536, volume - 1024..volume - 512];
        Media {
            layout,
            label: "Mac OS X Install ESD".into(),
            efi_files: Vec::new(),
            ids: Ids::derive(b"plan"),
            date: 1_342_000_000,
            volume: PartContent { map, headers },
        }
    }

    fn sectors(image: &Image) -> Vec<Range<u64>> {
        let size = u64::from(image.sector);
        image.parts.iter().map(|p| p.range.start / size..p.range.end / size).collect()
    }

    #[test]
    fn the_standard_layout_is_disk_utilitys() {
        let volume = 64 * MIB;
        let image = lay_out(&media(Layout::Standard, volume), target(512, None)).unwrap();
        assert_eq!(sectors(&image), [40..409_640, 409_640..409_640 + volume / 512]);
        assert_eq!(image.map.len() % MIB, 0);
        let end = image.map.len();
        assert!(end - 33 * 512 - image.volume().end >= GAP);
        let start = 409_640 * 512;
        let withheld = [
            start + 1024..start + 1536,
            start + volume - 1024..start + volume - 512,
            end - 33 * 512..end,
            512..34 * 512,
            0..512,
        ];
        assert_eq!(image.withheld, withheld);
        assert!(image.map.extents().iter().any(|e| e.at == start + 1024 && e.tag == Some(7)));
    }

    #[test]
    fn large_sectors() {
        let volume = 64 * MIB;
        let image = lay_out(&media(Layout::Standard, volume), target(4096, None)).unwrap();
        assert_eq!(sectors(&image), [6..66_566, 66_566..66_566 + volume / 4096]);
        let (start, end) = (66_566 * 4096, image.map.len());
        let withheld = [
            start..start + 4096,
            start + volume - 4096..start + volume,
            end - 5 * 4096..end,
            4096..6 * 4096,
            0..4096,
        ];
        assert_eq!(image.withheld, withheld);
    }

    #[test]
    fn other_layouts() {
        let image = lay_out(&media(Layout::Single, MIB), target(512, None)).unwrap();
        assert_eq!(sectors(&image), vec![2048..4096; 1]);
        let image = lay_out(&media(Layout::Bare, MIB), target(512, None)).unwrap();
        assert_eq!((image.map.len(), image.volume()), (MIB, 0..MIB));
        assert_eq!(image.withheld, [1024..1536, MIB - 1024..MIB - 512]);
    }

    fn target(sector: u32, len: Option<u64>) -> Target {
        Target { sector, len }
    }

    #[test]
    fn room_and_total_agree() {
        for layout in [Layout::Standard, Layout::Single, Layout::Bare] {
            for (sector, volume) in [(512, 64 * MIB), (4096, 64 * MIB), (512, 5 * MIB + 4096)] {
                let len = total(layout, sector, volume).unwrap();
                let room = room(layout, sector, len).unwrap();
                assert!((volume..volume + MIB).contains(&room), "{layout:?} {sector} {volume}");
                let exact = lay_out(&media(layout, room), target(sector, Some(len))).unwrap();
                assert_eq!(exact.volume().end - exact.volume().start, room);
                let error = lay_out(&media(layout, room + ALIGN), target(sector, Some(len)));
                assert!(matches!(error, Err(Error::Room { room: r, .. }) if r == room));
            }
        }
        assert!(matches!(total(Layout::Single, 512, u64::MAX), Err(Error::Size(_))));
        assert!(matches!(total(Layout::Single, 0, 1), Err(Error::Table(_))));
        assert!(matches!(room(Layout::Standard, 512, 100), Err(Error::Table(_))));
        assert_eq!(room(Layout::Standard, 512, MIB).unwrap(), 0);
    }

    #[test]
    fn a_volume_must_fill_its_sectors() {
        let error = lay_out(&media(Layout::Single, MIB + 512), target(4096, None));
        assert!(matches!(error, Err(Error::Unaligned { .. })));
        let image = lay_out(&media(Layout::Single, MIB + 512), target(512, None)).unwrap();
        assert_eq!(image.volume(), MIB..2 * MIB + 512);
    }

    #[test]
    fn efi_files_need_their_partition() {
        let mut media = media(Layout::Single, MIB);
        let source: Source = bytes(*b"x");
        media.efi_files.push(fat::File { path: "EFI/a".into(), source });
        assert!(matches!(lay_out(&media, target(512, None)), Err(Error::NoEfi)));
    }
}
