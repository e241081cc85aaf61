//! The header: where the table of contents is, and how it is digested.

use crate::block::{Error, ReadAt, Result, Value, read_vec};
use crate::format::xar::{Style, XAR};

pub(super) const HEADER: &str = "xar header";
/// The header without a name of an algorithm.
pub(super) const LEN: u16 = 28;
/// A compressed table longer than this is refused: 200,000 files need some 10 MiB.
const MAX_TOC: u64 = 64 << 20;
/// The same, decoded.
const MAX_PLAIN_TOC: u64 = 512 << 20;

/// Where the table of contents and the heap are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// `size`: the offset of the table.
    pub(super) size: u16,
    /// `toc_length_compressed`.
    pub(super) toc: u64,
    /// `toc_length_uncompressed`.
    pub(super) plain_toc: u64,
    /// `cksum_alg`, or the name behind the header; `None` for no checksum.
    pub(super) checksum: Option<Style>,
}

impl Header {
    /// The offset of the heap.
    pub(super) fn heap(&self) -> u64 {
        u64::from(self.size) + self.toc
    }

    /// Reads the header, and checks it against the archive's length.
    pub(super) fn read(from: &dyn ReadAt) -> Result<Self> {
        if from.len() < u64::from(LEN) {
            return Err(Error::corrupt(HEADER, "length", from.len(), "shorter than the header"));
        }
        let raw = read_vec(from, 0, usize::from(LEN))?;
        let header = Self::parse(&raw, from)?;
        let fits = |end: u64| end <= from.len();
        if !fits(header.heap()) {
            let rule = "behind the archive's end: it may be cut off";
            return Err(Error::corrupt(HEADER, "toc_length_compressed", header.toc, rule));
        }
        Ok(header)
    }

    fn parse(raw: &[u8], from: &dyn ReadAt) -> Result<Self> {
        let word = |at: usize| u16::from_be_bytes([raw[at], raw[at + 1]]);
        let long = |at: usize| u64::from_be_bytes(std::array::from_fn(|i| raw[at + i]));
        if raw[..4] != *b"xar!" {
            let magic = raw[..4].iter().fold(0, |number, b| number << 8 | u64::from(*b));
            return Err(Error::corrupt(HEADER, "magic", Value::Hex(magic), "not `xar!`"));
        }
        let (size, version) = (word(4), word(6));
        let (toc, plain_toc) = (long(8), long(16));
        if size < LEN || u64::from(size) > from.len() {
            return Err(Error::corrupt(
                HEADER,
                "size",
                size,
                "less than 28, or behind the archive's end",
            ));
        }
        if version != 1 {
            let what = "a xar archive of another version";
            return Err(Error::unsupported(what, "version", version, XAR));
        }
        for (field, value, most, rule) in [
            ("toc_length_compressed", toc, MAX_TOC, "more than the limit of 64 MiB"),
            ("toc_length_uncompressed", plain_toc, MAX_PLAIN_TOC, "more than the limit of 512 MiB"),
        ] {
            if value > most || value == 0 {
                let rule = if value == 0 { "no table of contents" } else { rule };
                return Err(Error::corrupt(HEADER, field, value, rule));
            }
        }
        let algorithm = word(24);
        let algorithm = u32::from(algorithm) << 16 | u32::from(word(26));
        let checksum = style(algorithm, size, from)?;
        Ok(Self { size, toc, plain_toc, checksum })
    }
}

/// The algorithm of the table's checksum. 3 is SHA-256 where no name follows
/// (Apple's), and otherwise the one that is named.
fn style(algorithm: u32, size: u16, from: &dyn ReadAt) -> Result<Option<Style>> {
    Ok(match algorithm {
        0 => None,
        1 => Some(Style::Sha1),
        2 => Some(Style::Md5),
        3 if size > LEN => {
            let name = read_vec(from, LEN.into(), usize::from(size - LEN))?;
            let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
            let name = String::from_utf8_lossy(name).into_owned();
            (name != "none").then(|| Style::named(&name))
        }
        3 => Some(Style::Sha256),
        4 => Some(Style::Sha512),
        other => {
            let rule = "not an algorithm that is known";
            return Err(Error::corrupt(HEADER, "cksum_alg", other, rule));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::saying::{assert_said, said};

    fn raw(size: u16, toc: u64, plain: u64, algorithm: u32) -> Vec<u8> {
        let mut raw = b"xar!".to_vec();
        raw.extend(size.to_be_bytes());
        raw.extend(1u16.to_be_bytes());
        raw.extend(toc.to_be_bytes());
        raw.extend(plain.to_be_bytes());
        raw.extend(algorithm.to_be_bytes());
        raw.extend(b"sha512\0\0");
        raw.resize(100, 0);
        raw
    }

    #[test]
    fn algorithms_are_numbers_or_names() {
        let style = |size, number| Header::read(&raw(size, 9, 9, number)).unwrap().checksum;
        assert_eq!(style(28, 0), None);
        assert_eq!(style(28, 1), Some(Style::Sha1));
        assert_eq!(style(28, 2), Some(Style::Md5));
        assert_eq!(style(28, 3), Some(Style::Sha256));
        assert_eq!(style(28, 4), Some(Style::Sha512));
        assert_eq!(style(36, 3), Some(Style::Sha512));
        assert_eq!(Header::read(&raw(36, 9, 9, 3)).unwrap().heap(), 45);
    }

    #[test]
    fn each_broken_field_is_named() {
        let cut = "behind the archive's end: it may be cut off";
        let rows = [
            (b"xar!".to_vec(), "length is 4: shorter than the header".to_owned()),
            ([b"xar?", &raw(28, 9, 9, 0)[4..]].concat(), "magic is 0x7861723f: not `xar!`".into()),
            (raw(27, 9, 9, 0), "size is 27: less than 28, or behind the archive's end".into()),
            (raw(200, 9, 9, 0), "size is 200: less than 28, or behind the archive's end".into()),
            (raw(28, 0, 9, 0), "toc_length_compressed is 0: no table of contents".into()),
            (raw(28, 9, 0, 0), "toc_length_uncompressed is 0: no table of contents".into()),
            (raw(28, 73, 9, 0), format!("toc_length_compressed is 73: {cut}")),
            (
                raw(28, 67_108_865, 9, 0),
                "toc_length_compressed is 67108865: more than the limit of 64 MiB".into(),
            ),
            (
                raw(28, 9, 536_870_913, 0),
                "toc_length_uncompressed is 536870913: more than the limit of 512 MiB".into(),
            ),
            (raw(28, 9, 9, 5), "cksum_alg is 5: not an algorithm that is known".into()),
        ];
        assert_said(
            rows.map(|(raw, text)| (said(Header::read(&raw)), format!("xar header: {text}"))),
        );
        let mut newer = raw(28, 9, 9, 0);
        newer[7] = 2;
        let text = "this is a xar archive of another version, which is not supported (version \
                    is 2)\nhint: on a Mac: xar -xf ARCHIVE";
        assert_eq!(said(Header::read(&newer)), text);
    }
}
