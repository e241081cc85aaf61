//! Writing an image: zlib in chunks, in one pass, with every checksum.

use crate::block::{Content, Error, Result};
use crate::format::udif::codec::Kind;
use crate::format::udif::crc;
use crate::format::udif::list::{self, Listed};
use crate::format::udif::pack::{self, CHUNK, Packed, Piece};
use crate::format::udif::raw;
use crate::format::udif::sections::{Named, Section, name_all};
use std::io::Write;
use zerocopy::{FromZeros, IntoBytes};

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Bytes of the image file.
    pub len: u64,
    /// Bytes of its data fork.
    pub data_fork: u64,
}

/// Writes a disk as a compressed image (`UDZO`).
///
/// Space between the sections becomes free space sections of its own. The
/// bytes depend on the disk and the sections, not on `threads`. `progress` is
/// called with the number of further bytes of the disk that are written.
///
/// # Errors
/// What the disk or `out` report; `Corrupt` for sections that overlap, leave
/// the disk, or are not whole sectors of 512.
pub fn write(
    disk: &dyn Content,
    sections: &[Section],
    threads: usize,
    out: &mut dyn Write,
    progress: &mut dyn FnMut(u64),
) -> Result<Written> {
    let named = name_all(sections, disk.len())?;
    let pieces = pack::cut(disk, &named);
    let mut fork = Fork::new(&named);
    pack::pack_all(disk, &pieces, threads, &mut |piece, packed| {
        out.write_all(&packed.stored)?;
        fork.add(piece, &packed);
        progress((piece.sectors.end - piece.sectors.start) * 512);
        Ok(())
    })?;
    let (tables, master) = fork.tables(&named)?;
    let xml = list::write(&tables);
    let koly = trailer(&fork, master, xml.len() as u64, disk.len() / 512);
    out.write_all(xml.as_bytes())?;
    out.write_all(koly.as_bytes())?;
    out.flush()?;
    Ok(Written { len: fork.len + xml.len() as u64 + 512, data_fork: fork.len })
}

/// The data fork as far as it is written.
struct Fork {
    len: u64,
    crc: u32,
    tables: Vec<Runs>,
}

/// The runs of one section, and the CRC of its bytes.
#[derive(Clone, Default)]
struct Runs {
    crc: u32,
    runs: Vec<raw::Run>,
}

impl Fork {
    fn new(sections: &[Named]) -> Self {
        Self { len: 0, crc: 0, tables: vec![Runs::default(); sections.len()] }
    }

    /// Adds a packed piece; neighbouring zeros become one run.
    fn add(&mut self, piece: &Piece, packed: &Packed) {
        let sectors = piece.sectors.end - piece.sectors.start;
        let table = &mut self.tables[piece.section];
        table.crc = crc::join(table.crc, packed.crc, sectors * 512);
        let last = table.runs.last_mut();
        let first = last.as_ref().map_or(0, |run| run.sector_number.get() + run.sector_count.get());
        if let Some(run) = last.filter(|run| packed.kind == Kind::Zero && run.kind == raw::ZERO) {
            run.sector_count += sectors;
            return;
        }
        let len = packed.stored.len() as u64;
        table.runs.push(raw::Run {
            kind: packed.kind.entry_type().into(),
            comment: 0.into(),
            sector_number: first.into(),
            sector_count: sectors.into(),
            compressed_offset: if len == 0 { 0 } else { self.len }.into(),
            compressed_length: len.into(),
        });
        self.crc = crc::join(self.crc, packed.stored_crc, len);
        self.len += len;
    }

    /// The block tables, and the CRC of their CRCs.
    fn tables(&self, sections: &[Named]) -> Result<(Vec<Listed>, u32)> {
        let mut tables = Vec::with_capacity(sections.len());
        let mut crcs = Vec::new();
        for ((table, named), number) in self.tables.iter().zip(sections).zip(0u32..) {
            let mish = mish(table, named, number)?;
            tables.push(Listed { name: named.name.clone(), mish });
            crcs.extend(table.crc.to_be_bytes());
        }
        Ok((tables, crc::of(&crcs)))
    }
}

fn mish(table: &Runs, named: &Named, number: u32) -> Result<Vec<u8>> {
    let sectors = named.sectors.end - named.sectors.start;
    let count = table.runs.len() + 1;
    let count = u32::try_from(count).map_err(|_| {
        Error::corrupt("mish", "NumberBlockChunks", count, "more than a table holds")
    })?;
    let mut mish = raw::Mish::new_zeroed();
    mish.signature = raw::MISH;
    mish.version = 1.into();
    mish.sector_number = named.sectors.start.into();
    mish.sector_count = sectors.into();
    mish.buffers_needed = BUFFERS.into();
    mish.block_descriptors = number.into();
    mish.checksum = checksum(table.crc);
    mish.run_count = count.into();
    let mut end = raw::Run::new_zeroed();
    end.kind = raw::TERMINATOR.into();
    end.sector_number = sectors.into();
    Ok([mish.as_bytes(), table.runs.as_bytes(), end.as_bytes()].concat())
}

/// Sectors that a reader must have room for: a chunk's, and 8 as hdiutil adds.
const BUFFERS: u32 = 1032;
const _: () = assert!(BUFFERS as u64 == CHUNK + 8);

fn checksum(crc: u32) -> raw::Checksum {
    let mut checksum = raw::Checksum::new_zeroed();
    checksum.kind = raw::CHECKSUM_CRC32.into();
    checksum.bits = 32.into();
    checksum.data[0] = crc.into();
    checksum
}

fn trailer(fork: &Fork, master: u32, xml: u64, sectors: u64) -> raw::Koly {
    let mut koly = raw::Koly::new_zeroed();
    koly.signature = raw::KOLY;
    koly.version = 4.into();
    koly.header_size = 512.into();
    // Flattened: all in one file's data fork.
    koly.flags = 1.into();
    koly.data_fork_length = fork.len.into();
    koly.segment_number = 1.into();
    koly.segment_count = 1.into();
    // Any number that no other image has; the same for the same image.
    let id = blake3::hash(&[fork.crc.to_be_bytes(), master.to_be_bytes()].concat());
    koly.segment_id.copy_from_slice(&id.as_bytes()[..16]);
    koly.data_checksum = checksum(fork.crc);
    koly.xml_offset = fork.len.into();
    koly.xml_length = xml.into();
    koly.master_checksum = checksum(master);
    koly.image_variant = 1.into();
    koly.sector_count = sectors.into();
    koly
}
