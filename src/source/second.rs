//! A second opinion on a GUID partition table: the `gpt` crate's.
//!
//! Our own reader goes first and is the guard: the crate asserts on entries
//! that have not 128 bytes, and such tables do not get here. What both readers
//! agree on is proven by two programs that share no code.

use crate::block::{Source, check_range};
use crate::format::gpt::Gpt;
use gpt::GptConfig;
use gpt::disk::LogicalBlockSize;
use std::fmt;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// What the crate sees otherwise, in a sentence; `None` when it agrees or
/// does not know the size of the disk's sectors.
pub(super) fn dissent(disk: &Source, ours: &Gpt) -> Option<String> {
    let sector = match ours.sector {
        512 => LogicalBlockSize::Lb512,
        4096 => LogicalBlockSize::Lb4096,
        _ => return None,
    };
    let config = GptConfig::new().writable(false).logical_block_size(sector);
    let theirs = match config.open_from_device(Cursor { disk, at: 0 }) {
        Ok(theirs) => theirs,
        Err(error) => return Some(format!("another reader cannot read the GPT: {error}")),
    };
    let theirs: Vec<_> = theirs
        .partitions()
        .iter()
        .filter(|(_, part)| part.is_used())
        .map(|(index, part)| (*index, part.first_lba, part.last_lba, part.name.clone()))
        .collect();
    let ours = ours.entries.iter();
    let ours: Vec<_> =
        ours.map(|entry| (entry.index, entry.first, entry.last, entry.name.clone())).collect();
    (ours != theirs).then(|| {
        let told = theirs.iter().map(|(index, first, last, name)| {
            format!("{index} \"{}\" (sectors {first} to {last})", name.escape_debug())
        });
        let told =
            if theirs.is_empty() { "none".to_owned() } else { told.collect::<Vec<_>>().join(", ") };
        format!("another reader of the GPT finds other partitions: {told}")
    })
}

/// A disk with a place to read from, as the crate wants it; not to be written.
struct Cursor<'d> {
    disk: &'d Source,
    at: u64,
}

impl fmt::Debug for Cursor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a disk of {} bytes", self.disk.len())
    }
}

impl Read for Cursor<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.disk.len().saturating_sub(self.at)).unwrap_or(usize::MAX);
        let len = buf.len().min(left);
        check_range(self.at, len, self.disk.len())?;
        self.disk.read_at(self.at, &mut buf[..len])?;
        self.at += len as u64;
        Ok(len)
    }
}

impl Seek for Cursor<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.disk.len().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

impl Write for Cursor<'_> {
    fn write(&mut self, _buf: &[u8]) -> io::Result<usize> {
        Err(io::Error::from(io::ErrorKind::PermissionDenied))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::bytes;
    use crate::format::gpt::{self, Entry, Guid};

    fn disk(sector: u32) -> Source {
        let entry = Entry {
            index: 1,
            kind: Guid::HFS_PLUS,
            id: Guid::derive(b"x", "part"),
            name: "Install \u{e9}".into(),
            first: 40,
            last: 99,
            attributes: 0,
        };
        let tables = gpt::tables(sector, 200, Guid::derive(b"x", "disk"), &[entry]).unwrap();
        let mut image = tables.protective;
        image.extend(tables.primary);
        image.resize(usize::try_from(tables.backup_at).unwrap(), 0);
        image.extend(tables.backup);
        bytes(image)
    }

    #[test]
    fn both_readers_agree_on_tables_of_ours() {
        for sector in [512, 4096] {
            let disk = disk(sector);
            let ours = gpt::read(&*disk).unwrap().unwrap();
            assert_eq!(dissent(&disk, &ours), None);
        }
    }

    #[test]
    fn other_partitions_are_a_dissent() {
        let disk = disk(512);
        let mut ours = gpt::read(&*disk).unwrap().unwrap();
        ours.entries[0].last = 98;
        let text = dissent(&disk, &ours).unwrap();
        assert_eq!(
            text,
            "another reader of the GPT finds other partitions: 1 \"Install \u{e9}\" (sectors 40 to 99)"
        );
    }
}
