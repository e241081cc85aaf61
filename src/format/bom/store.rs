//! The store below: numbered blocks, and names for some of them.

use crate::block::{Error, Result, Source, Value, read_vec};
use crate::format::bom::{BOM, LSBOM, MAGIC};
use std::cell::Cell;

/// The header's length, most of which is not used.
pub(super) const HEADER: u64 = 512;
/// More blocks than this are not believed.
const MAX_BLOCKS: u64 = 4 << 20;
/// Longer blocks than this are not read.
const MAX_BLOCK: u32 = 1 << 20;
/// More bytes of blocks than this, all together, are not read: what is listed
/// could be the same MiB again and again. Real ones have some 100 MiB at most.
const MAX_READ: u64 = 512 << 20;
/// More named blocks than this are not believed; known are five.
const MAX_NAMED: u32 = 256;

/// An open store.
pub(super) struct Store {
    source: Source,
    blocks: Vec<(u32, u32)>,
    named: Vec<(String, u32)>,
    /// The bytes of blocks that were read so far.
    read: Cell<u64>,
}

impl Store {
    /// Reads the header and both tables.
    pub(super) fn open(source: Source) -> Result<Self> {
        if source.len() < HEADER {
            return Err(Error::corrupt(BOM, "length", source.len(), "shorter than its header"));
        }
        let head = read_vec(source.as_ref(), 0, 32)?;
        if head[..8] != *MAGIC {
            let text = String::from_utf8_lossy(&head[..8]).into_owned();
            return Err(Error::corrupt(BOM, "magic", text, "not `BOMStore`"));
        }
        let word = |at| word(&head, at);
        if word(8) != 1 {
            return Err(Error::corrupt(BOM, "version", word(8), "not 1"));
        }
        let (index_at, index_len) = (word(16), word(20));
        let (vars_at, vars_len) = (word(24), word(28));
        let index = part(&source, "index", index_at, index_len)?;
        let blocks = blocks(&index)?;
        let vars = part(&source, "variables", vars_at, vars_len.min(MAX_BLOCK))?;
        let named = named(&vars)?;
        Ok(Self { source, blocks, named, read: Cell::new(0) })
    }

    /// A block by its number.
    pub(super) fn block(&self, number: u32) -> Result<Vec<u8>> {
        let place = usize::try_from(number).ok().and_then(|number| self.blocks.get(number));
        let Some((at, len)) = place.copied().filter(|(at, _)| number > 0 && *at > 0) else {
            return Err(Error::corrupt(BOM, "block number", number, "there is no such block"));
        };
        if len > MAX_BLOCK {
            return Err(Error::corrupt(BOM, "block length", len, "more than 1 MiB"));
        }
        self.read.set(self.read.get() + u64::from(len));
        if self.read.get() > MAX_READ {
            let what = "a bill of materials with longer blocks than is allowed";
            return Err(Error::unsupported(what, "the limit in bytes", MAX_READ, LSBOM));
        }
        part(&self.source, "block", at, len)
    }

    /// The number of a named block.
    pub(super) fn named(&self, name: &'static str) -> Result<u32> {
        let found = self.named.iter().find(|(named, _)| named == name);
        found
            .map(|(_, number)| *number)
            .ok_or_else(|| Error::corrupt(BOM, "variables", name, "there is no block of this name"))
    }
}

fn blocks(index: &[u8]) -> Result<Vec<(u32, u32)>> {
    let count = u64::from(word(index, 0));
    let fits = count.saturating_mul(8).saturating_add(4) <= index.len() as u64;
    if count > MAX_BLOCKS || !fits {
        return Err(Error::corrupt(BOM, "number of blocks", count, "more than the index holds"));
    }
    let pairs = index.get(4..).unwrap_or_default().chunks_exact(8);
    let pairs = pairs.map(|pair| (word(pair, 0), word(pair, 4)));
    // Just checked against a limit that fits.
    Ok(pairs.take(usize::try_from(count).unwrap_or(0)).collect())
}

fn named(vars: &[u8]) -> Result<Vec<(String, u32)>> {
    let count = word(vars, 0);
    let broken =
        || Error::corrupt(BOM, "number of variables", count, "more than there is room for");
    if count > MAX_NAMED {
        return Err(broken());
    }
    let mut at = 4;
    let one = |_| {
        let len = usize::from(*vars.get(at + 4)?);
        let name = vars.get(at + 5..at + 5 + len)?;
        let number = word(vars, at);
        at += 5 + len;
        Some((String::from_utf8_lossy(name).into_owned(), number))
    };
    (0..count).map(one).collect::<Option<_>>().ok_or_else(broken)
}

fn part(source: &Source, field: &'static str, at: u32, len: u32) -> Result<Vec<u8>> {
    let end = u64::from(at) + u64::from(len);
    if end > source.len() {
        let rule = "behind the file's end with its length added";
        return Err(Error::corrupt(BOM, field, Value::Number(at.into()), rule));
    }
    // Both ends are inside of the file.
    Ok(read_vec(source.as_ref(), at.into(), usize::try_from(len).unwrap_or(0))?)
}

/// A number at an offset; 0 behind the end.
pub(super) fn word(bytes: &[u8], at: usize) -> u32 {
    let bytes = bytes.get(at..at + 4).unwrap_or(&[0; 4]);
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// The same for 16 bits.
pub(super) fn half(bytes: &[u8], at: usize) -> u16 {
    let bytes = bytes.get(at..at + 2).unwrap_or(&[0; 2]);
    u16::from_be_bytes([bytes[0], bytes[1]])
}
