//! Extended attributes: values in the record, in forks, and in forks of many
//! extents (TN1150, "Attributes File"; hfs_format.h for inline data).
//!
//! Small values are held, larger ones are a position in the attributes file
//! and read again when wanted: a million files have a million of them.

use crate::block::{self, Error, Result, Source, Value, bytes};
use crate::volume::Name;
use crate::volume::hfsplus::btree::{ATTRIBUTES, BTree, Visit};
use crate::volume::hfsplus::extents::Blocks;
use crate::volume::hfsplus::header::Header;
use crate::volume::hfsplus::key::{AttributeKey, AttributeKeys, units};
use crate::volume::hfsplus::raw::{ExtentDescriptor, ForkData, attribute_record};
use crate::volume::tree::Xattr;
use std::ops::ControlFlow;
use zerocopy::FromBytes;

/// Longer values are not held in memory.
const HELD: usize = 64;

/// A file's attributes.
pub(crate) type OfFile<'a> = &'a mut dyn FnMut(u32, Vec<Xattr>) -> Result<()>;

/// A value in a fork whose extents may go on in the next records.
struct Pending {
    name: Name,
    blocks: Blocks,
    total: u32,
    len: u64,
}

/// Puts attribute records together, file by file.
struct Reader<'a> {
    volume: &'a Source,
    header: &'a Header,
    file: &'a Source,
    current: u32,
    done: Vec<Xattr>,
    pending: Option<Pending>,
}

/// Hands every file's attributes to `each`, in order of file ids.
///
/// # Errors
/// `Corrupt` for broken records; what `each` returns.
pub(crate) fn all(
    tree: &BTree<AttributeKeys>,
    volume: &Source,
    header: &Header,
    each: OfFile<'_>,
) -> Result<()> {
    let mut reader = Reader::new(tree, volume, header);
    tree.scan(&mut |record| {
        if record.key.file != reader.current {
            reader.finish(each)?;
            reader.current = record.key.file;
        }
        reader.take(&record)
    })?;
    reader.finish(each)
}

/// One file's attributes.
///
/// # Errors
/// `Corrupt` for broken records.
pub(crate) fn of_file(
    tree: &BTree<AttributeKeys>,
    volume: &Source,
    header: &Header,
    file: u32,
) -> Result<Vec<Xattr>> {
    let mut reader = Reader::new(tree, volume, header);
    reader.current = file;
    let first = AttributeKey { file, name: &[], block: 0 };
    tree.scan_from(&first, &mut |record| {
        if record.key.file != file {
            return Ok(ControlFlow::Break(()));
        }
        reader.take(&record).map(ControlFlow::Continue)
    })?;
    let mut found = Vec::new();
    reader.finish(&mut |_, xattrs| {
        found = xattrs;
        Ok(())
    })?;
    Ok(found)
}

impl<'a> Reader<'a> {
    fn new(tree: &'a BTree<AttributeKeys>, volume: &'a Source, header: &'a Header) -> Self {
        let file = tree.file();
        Self { volume, header, file, current: 0, done: Vec::new(), pending: None }
    }

    fn finish(&mut self, each: OfFile<'_>) -> Result<()> {
        self.complete()?;
        let mut xattrs = std::mem::take(&mut self.done);
        if xattrs.is_empty() {
            return Ok(());
        }
        xattrs.shrink_to_fit();
        each(self.current, xattrs)
    }

    /// Makes the pending fork's value, once all of its extents are known.
    fn complete(&mut self) -> Result<()> {
        let Some(Pending { name, blocks, total, len }) = self.pending.take() else {
            return Ok(());
        };
        if blocks.count() != total {
            let rule = "not the number of blocks in its extents";
            return Err(Error::corrupt("attribute fork", "totalBlocks", total, rule));
        }
        let value = blocks.into_source(self.volume, self.header, len)?;
        self.done.push(Xattr { name, value });
        Ok(())
    }

    fn take(&mut self, record: &Visit<'_, AttributeKeys>) -> Result<()> {
        let kind = record.data.first_chunk().map_or(0, |kind| u32::from_be_bytes(*kind));
        if kind != attribute_record::EXTENTS && record.key.block != 0 {
            let rule = "a value begins at block 0";
            return Err(wrong(record, "startBlock", record.key.block.into(), rule));
        }
        match kind {
            attribute_record::INLINE => {
                self.complete()?;
                self.inline(record)
            }
            attribute_record::FORK => {
                self.complete()?;
                self.fork(record)
            }
            attribute_record::EXTENTS => self.extents(record),
            other => {
                let kind = Value::Hex(other.into());
                Err(wrong(record, "recordType", kind, "no type of attribute"))
            }
        }
    }

    fn inline(&mut self, record: &Visit<'_, AttributeKeys>) -> Result<()> {
        const START: usize = 16;
        let len = record.data.get(12..START).and_then(|len| len.first_chunk());
        let len = len.map_or(u32::MAX, |len| u32::from_be_bytes(*len));
        let end = usize::try_from(len).ok().and_then(|len| START.checked_add(len));
        let Some(value) = end.and_then(|end| record.data.get(START..end)) else {
            return Err(wrong(record, "attrSize", len.into(), "longer than its record"));
        };
        let value = if value.len() <= HELD {
            bytes(value)
        } else {
            block::slice(self.file, record.at + START as u64, value.len() as u64)?
        };
        self.done.push(Xattr { name: name(record), value });
        Ok(())
    }

    fn fork(&mut self, record: &Visit<'_, AttributeKeys>) -> Result<()> {
        let fork = record.data.get(8..).map(ForkData::read_from_prefix);
        let Some(Ok((fork, _))) = fork else { return Err(short(record)) };
        let mut blocks = Blocks::default();
        blocks.push(&fork.extents, self.header)?;
        let (total, len) = (fork.totalBlocks.get(), fork.logicalSize.get());
        self.pending = Some(Pending { name: name(record), blocks, total, len });
        Ok(())
    }

    fn extents(&mut self, record: &Visit<'_, AttributeKeys>) -> Result<()> {
        let extents = record.data.get(8..).map(<[ExtentDescriptor; 8]>::read_from_prefix);
        let Some(Ok((extents, _))) = extents else { return Err(short(record)) };
        let follows = |pending: &&mut Pending| {
            pending.blocks.count() == record.key.block
                && pending.name.units().iter().copied().eq(units(record.key.name))
        };
        let Some(pending) = self.pending.as_mut().filter(follows) else {
            let rule = "not where the extents before it end";
            return Err(wrong(record, "startBlock", record.key.block.into(), rule));
        };
        pending.blocks.push(&extents, self.header)
    }
}

fn name(record: &Visit<'_, AttributeKeys>) -> Name {
    Name::from_units(&units(record.key.name).collect::<Vec<_>>())
}

fn short(record: &Visit<'_, AttributeKeys>) -> Error {
    wrong(record, "length", record.data.len().into(), "too short for its type")
}

fn wrong(
    record: &Visit<'_, AttributeKeys>,
    field: &'static str,
    value: Value,
    rule: &'static str,
) -> Error {
    Error::corrupt(ATTRIBUTES.record, field, value, rule).at(record.at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::read_vec;
    use crate::block::saying::{assert_said, said};
    use crate::volume::hfsplus::key::stored;
    use crate::volume::hfsplus::raw::VolumeHeader;
    use zerocopy::IntoBytes;
    use zerocopy::big_endian::U16;

    const FILE: u32 = 20;

    fn header() -> Header {
        Header {
            raw: VolumeHeader::default(),
            block_size: 2,
            total_blocks: 32,
            attributes: 0,
            is_alternate: false,
        }
    }

    /// Inline data begin behind sixteen bytes.
    fn inline(len: u32, data: &[u8]) -> Vec<u8> {
        [&0x10u32.to_be_bytes()[..], &[0; 8], &len.to_be_bytes(), data].concat()
    }

    fn extents(runs: &[(u32, u32)]) -> Vec<ExtentDescriptor> {
        let mut all = vec![ExtentDescriptor::default(); 8];
        for (extent, (start, count)) in all.iter_mut().zip(runs) {
            (extent.startBlock, extent.blockCount) = ((*start).into(), (*count).into());
        }
        all
    }

    fn fork(len: u64, total: u32, runs: &[(u32, u32)]) -> Vec<u8> {
        let numbers = [&len.to_be_bytes()[..], &[0; 4], &total.to_be_bytes()].concat();
        let extents = extents(runs);
        [&0x20u32.to_be_bytes()[..], &[0; 4], &numbers, extents.as_bytes()].concat()
    }

    fn more(runs: &[(u32, u32)]) -> Vec<u8> {
        [&0x30u32.to_be_bytes()[..], &[0; 4], extents(runs).as_bytes()].concat()
    }

    /// Reads records of one file: name, block and data of each.
    fn read(records: &[(&str, u32, Vec<u8>)]) -> Result<Vec<(String, Vec<u8>)>> {
        let names: Vec<Vec<U16>> =
            records.iter().map(|r| stored(&r.0.encode_utf16().collect::<Vec<_>>())).collect();
        // The attributes file is the data of all records, one behind the other.
        let file = bytes(records.iter().flat_map(|r| r.2.clone()).collect::<Vec<_>>());
        let volume = bytes((0..64).collect::<Vec<u8>>());
        let (done, header) = (Vec::new(), header());
        let mut reader = Reader {
            volume: &volume,
            header: &header,
            file: &file,
            current: FILE,
            done,
            pending: None,
        };
        let mut at = 0;
        for ((_, block, data), name) in records.iter().zip(&names) {
            let key = AttributeKey { file: FILE, name, block: *block };
            reader.take(&Visit { key, data, at })?;
            at += data.len() as u64;
        }
        let mut found = Vec::new();
        reader.finish(&mut |file, xattrs| {
            assert_eq!(file, FILE);
            for xattr in xattrs {
                let len = usize::try_from(xattr.value.len()).unwrap();
                found.push((xattr.name.to_string(), read_vec(&*xattr.value, 0, len)?));
            }
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn values_inline_and_in_forks() {
        let long: Vec<u8> = (0..200).collect();
        let eight = [(1, 1), (3, 1), (5, 1), (7, 1), (9, 1), (11, 1), (13, 1), (15, 1)];
        let found = read(&[
            ("a", 0, inline(3, b"xyz!")),
            ("b", 0, inline(200, &long)),
            ("c", 0, fork(3, 2, &[(4, 2)])),
            ("d", 0, fork(19, 10, &eight)),
            ("d", 8, more(&[(20, 2)])),
            ("e", 0, inline(0, b"")),
        ]);
        let values: Vec<_> = found.unwrap().into_iter().map(|(_, value)| value).collect();
        assert_eq!(values[0], b"xyz");
        assert_eq!(values[1], long);
        assert_eq!(values[2], [8, 9, 10]);
        let spread = [2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31, 40, 41, 42];
        assert_eq!(values[3], spread);
        assert_eq!(values[4], b"");
    }

    #[test]
    fn broken_records_are_named() {
        let record = |text: &str| format!("attribute record: {text} (at byte 0)");
        let other = [("a", 0, fork(3, 3, &[(4, 2)])), ("b", 2, more(&[(6, 1)]))];
        let rows = [
            (read(&[("a", 0, vec![0; 20])]), record("recordType is 0x0: no type of attribute")),
            (read(&[("a", 0, vec![])]), record("recordType is 0x0: no type of attribute")),
            (
                read(&[("a", 0, inline(9, b"short"))]),
                record("attrSize is 9: longer than its record"),
            ),
            (
                read(&[("a", 0, inline(u32::MAX, b""))]),
                record("attrSize is 4294967295: longer than its record"),
            ),
            (
                read(&[("a", 1, inline(1, b"x"))]),
                record("startBlock is 1: a value begins at block 0"),
            ),
            (
                read(&[("a", 0, fork(3, 2, &[(4, 2)])[..87].to_vec())]),
                record("length is 87: too short for its type"),
            ),
            (
                read(&[("a", 0, fork(3, 3, &[(4, 2)]))]),
                "attribute fork: totalBlocks is 3: not the number of blocks in its extents".into(),
            ),
            (
                read(&[("a", 0, fork(9, 2, &[(4, 2)]))]),
                "fork data: logicalSize is 9: more bytes than the fork's blocks hold".into(),
            ),
            (
                read(&[("a", 2, more(&[(4, 2)]))]),
                record("startBlock is 2: not where the extents before it end"),
            ),
            (
                read(&other),
                "attribute record: startBlock is 2: not where the extents before it end (at byte \
                 88)"
                .into(),
            ),
        ];
        assert_said(rows.map(|(result, text)| (said(result), text)));
    }
}
