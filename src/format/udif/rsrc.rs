//! The binary resource fork, where old images keep their block tables.
//!
//! Facts from "Inside Macintosh: More Macintosh Toolbox", "Resource Manager
//! Reference", "Resource File Format". Only `blkx` resources are looked at.

use crate::block::{Error, Result};
use crate::format::udif::plist::Blkx;

const BLKX: &[u8] = b"blkx";

/// Bytes at an offset of the fork; `field` is blamed when they are not there.
struct Fork<'a>(&'a [u8]);

impl<'a> Fork<'a> {
    fn bytes(&self, at: u64, len: u64, field: &'static str) -> Result<&'a [u8]> {
        let range = at.checked_add(len).and_then(|end| {
            let (at, end) = (usize::try_from(at).ok()?, usize::try_from(end).ok()?);
            self.0.get(at..end)
        });
        range.ok_or_else(|| Error::corrupt("resource fork", field, at, "outside the fork"))
    }

    fn u16(&self, at: u64, field: &'static str) -> Result<u64> {
        let bytes = self.bytes(at, 2, field)?;
        Ok(u64::from(bytes[0]) << 8 | u64::from(bytes[1]))
    }

    fn u32(&self, at: u64, field: &'static str) -> Result<u64> {
        Ok(self.u16(at, field)? << 16 | self.u16(at + 2, field)?)
    }
}

/// Calls `each` with every `blkx` resource, in order.
pub(crate) fn read(fork: &[u8], each: &mut dyn FnMut(Blkx) -> Result<()>) -> Result<()> {
    let fork = Fork(fork);
    let data = fork.u32(0, "resource data offset")?;
    let map = fork.u32(4, "resource map offset")?;
    let types = map + fork.u16(map + 24, "type list offset")?;
    let names = map + fork.u16(map + 26, "name list offset")?;
    // Both counts are stored less one; an empty list holds 0xffff.
    let kinds = (fork.u16(types, "number of types")? + 1) & 0xffff;
    for kind in (0..kinds).map(|i| types + 2 + 8 * i) {
        if fork.bytes(kind, 4, "type")? != BLKX {
            continue;
        }
        let count = fork.u16(kind + 4, "number of resources")? + 1;
        let list = types + fork.u16(kind + 6, "reference list offset")?;
        for reference in (0..count).map(|i| list + 12 * i) {
            each(resource(&fork, reference, data, names)?)?;
        }
    }
    Ok(())
}

fn resource(fork: &Fork<'_>, reference: u64, data: u64, names: u64) -> Result<Blkx> {
    let name = match fork.u16(reference + 2, "name offset")? {
        0xffff => String::new(),
        at => {
            let len = fork.bytes(names + at, 1, "name")?[0];
            let name = fork.bytes(names + at + 1, len.into(), "name")?;
            String::from_utf8_lossy(name).into_owned()
        }
    };
    // The highest byte holds the attributes.
    let at = data + (fork.u32(reference + 4, "data offset")? & 0x00ff_ffff);
    let len = fork.u32(at, "data length")?;
    Ok(Blkx { name, data: fork.bytes(at + 4, len, "data length")?.to_vec() })
}

/// A resource fork of `blkx` resources; what [`read`] reads.
#[cfg(test)]
pub(crate) fn write(resources: &[Blkx]) -> Vec<u8> {
    let (mut data, mut names, mut list) = (Vec::new(), Vec::new(), Vec::new());
    for (blkx, id) in resources.iter().zip(-1i16..) {
        list.extend(id.to_be_bytes());
        list.extend(u16::try_from(names.len()).unwrap().to_be_bytes());
        list.extend((0x5000_0000 | u32::try_from(data.len()).unwrap()).to_be_bytes());
        list.extend([0; 4]);
        data.extend(u32::try_from(blkx.data.len()).unwrap().to_be_bytes());
        data.extend(&blkx.data);
        names.push(u8::try_from(blkx.name.len()).unwrap());
        names.extend(blkx.name.as_bytes());
    }
    let number = |n: usize| u32::try_from(n).unwrap().to_be_bytes();
    let short = |n: usize| u16::try_from(n).unwrap().to_be_bytes();
    let map_len = 28 + 10 + list.len() + names.len();
    let head =
        [number(256), number(256 + data.len()), number(data.len()), number(map_len)].concat();
    let mut fork = head.clone();
    fork.resize(256, 0);
    fork.extend(data);
    fork.extend(head);
    fork.extend([0; 8]);
    fork.extend([short(28), short(38 + list.len()), short(0)].concat());
    fork.extend(BLKX);
    fork.extend([short(resources.len() - 1), short(10)].concat());
    fork.extend(list);
    fork.extend(names);
    fork
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::saying::{assert_said, said};

    /// One `blkx` resource: its data at 256, the map at 264, the list of types
    /// at 292, the reference at 302, the name at 314.
    #[test]
    fn what_lies_outside_is_named() {
        let good = write(&[Blkx { name: "a".into(), data: b"mish".into() }]);
        assert_eq!(good.len(), 316);
        let cut = |len: usize| good[..len].to_vec();
        let with = |at: usize, bytes: &[u8]| {
            let mut fork = good.clone();
            fork[at..at + bytes.len()].copy_from_slice(bytes);
            fork
        };
        let rows = [
            (cut(3), "resource data offset is 2"),
            (cut(7), "resource map offset is 6"),
            (with(4, &[0, 1, 0, 0]), "type list offset is 65560"),
            (cut(291), "name list offset is 290"),
            (with(288, &[0xff, 0xff]), "number of types is 65799"),
            (cut(297), "type is 294"),
            (cut(299), "number of resources is 298"),
            (cut(301), "reference list offset is 300"),
            (cut(305), "name offset is 304"),
            (cut(314), "name is 314"),
            (cut(315), "name is 315"),
            (with(0, &[0, 1, 0, 0]), "data length is 65536"),
            (with(256, &[1]), "data length is 260"),
        ];
        assert_said(rows.map(|(fork, text)| {
            (said(all(&fork)), format!("resource fork: {text}: outside the fork"))
        }));
        let reference = said(all(&with(300, &[0x20, 0])));
        assert_eq!(reference, "resource fork: name offset is 8486: outside the fork");
    }

    fn all(fork: &[u8]) -> Result<Vec<Blkx>> {
        let mut found = Vec::new();
        read(fork, &mut |blkx| {
            found.push(blkx);
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn resources_come_back() {
        let blkx = |name: &str, data: &[u8]| Blkx { name: name.into(), data: data.into() };
        let written = [blkx("whole disk (Apple_HFS : 0)", b"mish..."), blkx("", b"second")];
        let fork = write(&written);
        assert_eq!(all(&fork).unwrap(), written);
        for len in 0..fork.len() {
            assert!(all(&fork[..len]).is_err(), "{len}");
        }
    }

    #[test]
    fn other_types_and_no_types_are_nothing() {
        let mut fork = write(&[Blkx { name: "a".into(), data: b"mish".into() }]);
        let types = 256 + 8 + 28;
        fork[types + 2] = b'p';
        assert_eq!(all(&fork).unwrap(), []);
        fork[types..types + 2].fill(0xff);
        assert_eq!(all(&fork).unwrap(), []);
    }
}
