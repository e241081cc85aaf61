//! A disk and its one HFS+ volume, together: for those who change the one and
//! keep the other.

use crate::block::{Result, Source};
use crate::format::partition::{Part, partitions};
use crate::source::item::{Disk, Item, Place};
use crate::source::{OpenVolume, Opener};
use std::sync::Arc;

/// A disk with one HFS+ volume.
pub struct SingleVolume {
    /// The disk's bytes.
    pub disk: Source,
    /// Where the volume is.
    pub part: Part,
    /// The volume.
    pub volume: OpenVolume,
}

impl Opener {
    /// The disk that an item is or holds, and the one HFS+ volume on it.
    ///
    /// # Errors
    /// A refusal by name when there is none, or when there are several.
    pub fn single_volume(&self, item: &Item) -> Result<SingleVolume> {
        let disk = self.disk(item)?;
        let parts = partitions(&disk).map_err(|error| error.in_file(&item.name))?;
        let only = match &parts.iter().filter(|part| part.is_hfs_plus()).collect::<Vec<_>>()[..] {
            [only] => (*only).clone(),
            _ => {
                let place = Place::Disk(Arc::new(Disk { disk, parts }));
                let item = Item { name: item.name.clone(), depth: item.depth, place };
                // It is a disk without one volume to choose, and says so.
                return Err(item.volume().err().unwrap_or_else(|| {
                    crate::block::Error::Io(std::io::Error::other("no volume"))
                }));
            }
        };
        let volume = OpenVolume::new(only.open(&disk)?, &item.name);
        Ok(SingleVolume { disk, part: only, volume })
    }
}
