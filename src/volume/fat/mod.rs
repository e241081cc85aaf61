//! The FAT32 of an EFI system partition, as a layout.
//!
//! The `fatfs` crate writes it into a sparse disk in memory, whose pages are
//! the layout's extents. Time comes from a parameter and the serial too, so
//! the same files make the same bytes on every day.
//!
//! Not supported: reading FAT (but single files, and how much is in use), FAT12
//! and FAT16, and more than 128 MiB of files
//! (their contents are held in memory; a boot loader has some ten MB).

mod clock;
mod disk;
mod dots;
mod error;
mod path;
mod read;
mod used;

pub use error::Error;
pub use read::read_file;
pub use used::{Used, used};

use crate::block::{Map, Source};
use disk::SparseDisk;
use std::io::Write;

/// The most bytes of files that are accepted.
pub const MOST: u64 = 128 << 20;
/// The part of a file that is read at a time.
const PIECE: u64 = 64 << 10;

/// A file of the volume.
#[derive(Clone)]
pub struct File {
    /// Its path from the root, parted by `/`.
    pub path: String,
    /// Its bytes.
    pub source: Source,
}

/// What a volume is like.
#[derive(Clone, Copy, Debug)]
pub struct Params {
    /// Its bytes.
    pub len: u64,
    /// Bytes of a sector, and of a cluster.
    pub sector: u32,
    /// Where on its disk it begins.
    pub start: u64,
    /// Its name, padded with spaces.
    pub label: [u8; 11],
    /// Its serial number.
    pub serial: u32,
    /// The date of all files, in seconds since 1970 (stored as UTC).
    pub date: i64,
}

/// Lays out a volume with some files; their order does not matter.
///
/// # Errors
/// [`Error`], when a file cannot be read or stored under its path, or when
/// the size is none that FAT32 has.
pub fn lay_out(params: &Params, files: &[File]) -> Result<Map, Error> {
    let total = files.iter().fold(0u64, |sum, file| sum.saturating_add(file.source.len()));
    if total > MOST {
        return Err(Error::TooMuch(total));
    }
    let folders = path::check(files)?;
    let mut disk = SparseDisk::new(params.len);
    format(params, &mut disk)?;
    fill(params, &mut disk, &folders, files)?;
    dots::mend(&mut disk, params.sector).map_err(Error::library(""))?;
    patch_hidden_sectors(params, &mut disk);
    Ok(disk.into_map())
}

fn format(params: &Params, disk: &mut SparseDisk) -> Result<(), Error> {
    let unfit = || Error::Size { len: params.len, sector: params.sector };
    let sector = u16::try_from(params.sector).map_err(|_| unfit())?;
    if !sector.is_power_of_two() || !(512..=4096).contains(&sector) {
        return Err(unfit());
    }
    let sectors = u32::try_from(params.len / u64::from(sector)).map_err(|_| unfit())?;
    let options = fatfs::FormatVolumeOptions::new()
        .fat_type(fatfs::FatType::Fat32)
        .bytes_per_sector(sector)
        .bytes_per_cluster(params.sector)
        .total_sectors(sectors)
        .volume_id(params.serial)
        .volume_label(params.label);
    // FAT32 is told by its number of clusters; fewer would be read as FAT16.
    let table = (u64::from(sectors) * 4).div_ceil(u64::from(sector));
    if u64::from(sectors) < 65_525 + 32 + 2 * table {
        return Err(unfit());
    }
    fatfs::format_volume(&mut *disk, options).map_err(|_| unfit())
}

fn fill(
    params: &Params,
    disk: &mut SparseDisk,
    folders: &[String],
    files: &[File],
) -> Result<(), Error> {
    clock::set(params.date);
    let options = fatfs::FsOptions::new().time_provider(&clock::CLOCK).update_accessed_date(false);
    let volume = fatfs::FileSystem::new(disk, options).map_err(Error::library(""))?;
    {
        let root = volume.root_dir();
        for folder in folders {
            root.create_dir(folder).map_err(Error::library(folder))?;
        }
        let mut files: Vec<_> = files.iter().collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        for file in files {
            let mut to = root.create_file(&file.path).map_err(Error::library(&file.path))?;
            copy(file, &mut to)?;
        }
    }
    // Counts the free clusters, so that the volume can say how many there are.
    volume.stats().map_err(Error::library(""))?;
    volume.unmount().map_err(Error::library(""))
}

fn copy(file: &File, to: &mut impl Write) -> Result<(), Error> {
    let mut buf = Vec::new();
    let mut at = 0;
    while at < file.source.len() {
        let len = (file.source.len() - at).min(PIECE);
        // PIECE is small.
        buf.resize(usize::try_from(len).unwrap_or(0), 0);
        let read = file.source.read_at(at, &mut buf);
        read.map_err(|error| Error::Read { path: file.path.clone(), error })?;
        to.write_all(&buf).map_err(Error::library(&file.path))?;
        at += len;
    }
    to.flush().map_err(Error::library(&file.path))
}

/// `BPB_HiddSec`, the partition's place, in the boot sector and its copy;
/// `fatfs` leaves it zero.
fn patch_hidden_sectors(params: &Params, disk: &mut SparseDisk) {
    let sectors = u32::try_from(params.start / u64::from(params.sector)).unwrap_or(0);
    for boot_sector in [0, 6] {
        disk.put(boot_sector * u64::from(params.sector) + 28, &sectors.to_le_bytes());
    }
}
