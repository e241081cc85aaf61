//! What a disk's tables say, for those who check it.

use crate::block::{Map, Result, Source, slice};
use crate::format::gpt;
use crate::format::partition::{Part, partitions};
use crate::source::second::dissent;
use std::ops::Range;

/// A disk's tables.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tables {
    /// Its partitions, or the one bare volume.
    pub parts: Vec<Part>,
    /// Whether there is a GUID partition table.
    pub gpt: bool,
    /// What is wrong with the tables, one line each.
    pub faults: Vec<String>,
}

impl Tables {
    /// The bytes of every HFS+ volume, and its name in the table.
    #[must_use]
    pub fn volumes(&self) -> Vec<(String, Range<u64>)> {
        let volumes = self.parts.iter().filter(|part| part.is_hfs_plus());
        volumes.map(|part| (part.name.clone(), part.range.clone())).collect()
    }
}

/// Reads a disk's tables; of a GUID partition table, both copies.
///
/// # Errors
/// What the medium reports; a disk that has no readable table and no volume.
pub fn tables(disk: &Source) -> Result<Tables> {
    let mut tables = Tables { parts: partitions(disk)?, ..Tables::default() };
    let Some(found) = gpt::read(disk.as_ref())? else { return Ok(tables) };
    tables.gpt = true;
    if found.backup {
        tables.faults.push("the primary GPT is damaged; its backup was read".into());
        return Ok(tables);
    }
    match backup(disk, found.sector)? {
        None => tables.faults.push("the backup GPT is missing or damaged".into()),
        Some(backup) if backup.entries != found.entries || backup.disk != found.disk => {
            tables.faults.push("the two copies of the GPT differ".into());
        }
        Some(_) => tables.faults.extend(dissent(disk, &found)),
    }
    Ok(tables)
}

/// The backup alone: read from the same disk without its first sectors.
fn backup(disk: &Source, sector: u32) -> Result<Option<gpt::Gpt>> {
    let hidden = 2 * 4096.max(u64::from(sector));
    if disk.len() <= hidden {
        return Ok(None);
    }
    let mut map = Map::new(disk.len());
    map.push(hidden, slice(disk, hidden, disk.len() - hidden)?, None);
    // Whatever is wrong with it, it is no good copy.
    Ok(gpt::read(&map).ok().flatten())
}
