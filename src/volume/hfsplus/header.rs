//! The volume header: which volume this is, and whether it can be one.
//!
//! Facts: TN1150, "Volume Header" and "HFS Wrapper"; "Inside Macintosh:
//! Files", "Master Directory Blocks". Not supported, and refused by name: HFS
//! standard, APFS, FAT, exFAT, NTFS.

use crate::block::{self, Error, Result, Source, Value, read_vec};
use crate::volume::hfsplus::raw::{self, VolumeHeader};
use zerocopy::FromBytes;

const HEADER: &str = "volume header";
/// What helps where a volume is not read here.
pub(super) const COPY: &str = "on an old Mac, copy its files to a new HFS Plus volume";
/// Where the volume header is, and how far the alternate's end is from its own.
const OFFSET: u64 = 1024;
const SIZE: usize = size_of::<VolumeHeader>();

/// A volume header whose geometry has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Every field as stored.
    pub raw: VolumeHeader,
    /// Bytes of an allocation block: a power of two from 512.
    pub block_size: u32,
    /// Allocation blocks; all lie inside the volume's bytes.
    pub total_blocks: u32,
    /// `attributes`; see [`raw::attributes`].
    pub attributes: u32,
    /// Whether the primary header is damaged and this is the alternate.
    pub is_alternate: bool,
}

impl Header {
    /// Whether the signature is HFSX's, whose catalog says how it compares.
    #[must_use]
    pub fn is_hfsx(&self) -> bool {
        self.raw.signature.get() == raw::SIGNATURE_HFSX
    }

    /// Whether the volume says it has a journal.
    #[must_use]
    pub const fn is_journaled(&self) -> bool {
        self.attributes & raw::attributes::JOURNALED != 0
    }

    /// Whether the volume was unmounted cleanly.
    #[must_use]
    pub const fn is_unmounted(&self) -> bool {
        self.attributes & raw::attributes::UNMOUNTED != 0
    }

    /// Checks a header against a volume of `len` bytes.
    fn check(raw: VolumeHeader, len: u64) -> Result<Self> {
        let signature = raw.signature.get();
        let version = match signature {
            raw::SIGNATURE_HFS_PLUS => 4,
            raw::SIGNATURE_HFSX => 5,
            other => {
                let rule = "neither `H+` nor `HX`: not an HFS Plus volume";
                return Err(Error::corrupt(HEADER, "signature", Value::Hex(other.into()), rule));
            }
        };
        if raw.version.get() != version {
            let what = "an HFS Plus volume of an unknown version";
            return Err(Error::unsupported(what, "version", raw.version.get(), COPY));
        }
        let block_size = raw.blockSize.get();
        if !block_size.is_power_of_two() || block_size < 512 {
            let rule = "not a power of two of at least 512";
            return Err(Error::corrupt(HEADER, "blockSize", block_size, rule));
        }
        let total_blocks = raw.totalBlocks.get();
        let ends = u64::from(total_blocks) * u64::from(block_size);
        if total_blocks == 0 || ends > len {
            let truncated = "the volume is truncated: there are bytes for fewer blocks";
            let rule = if ends > len { truncated } else { "a volume has at least one" };
            return Err(Error::corrupt(HEADER, "totalBlocks", total_blocks, rule));
        }
        let attributes = raw.attributes.get();
        Ok(Self { raw, block_size, total_blocks, attributes, is_alternate: false })
    }
}

/// Finds the volume in `source`, which may be an HFS wrapper around it: its
/// bytes, and where they begin.
///
/// # Errors
/// `Unsupported` for other file systems; `Corrupt` for a broken header whose
/// alternate is broken, too.
pub(crate) fn locate(source: &Source) -> Result<(Source, u64, Header)> {
    match signature(source)? {
        raw::SIGNATURE_HFS => {
            let (inner, start) = unwrap(source)?;
            let header = read(&inner)?;
            Ok((inner, start, header))
        }
        _ => Ok((source.clone(), 0, read(source)?)),
    }
}

/// Reads the header, or the alternate where the primary is damaged.
///
/// # Errors
/// As [`locate`]; the error is the primary's.
pub(crate) fn read(source: &Source) -> Result<Header> {
    let bytes = header_bytes(source, OFFSET)?;
    let error = match parse(&bytes, source.len()) {
        Ok(header) => return Ok(header),
        Err(error) => error.at(OFFSET),
    };
    let known = [raw::SIGNATURE_HFS_PLUS, raw::SIGNATURE_HFSX].contains(&word(&bytes, 0));
    let wiped = bytes.iter().all(|byte| *byte == 0);
    if !matches!(error, Error::Corrupt(_)) {
        return Err(error);
    }
    // A stick may still have an old volume's alternate behind a new one's end.
    if !known && let Some(refusal) = foreign(source)? {
        return Err(refusal);
    }
    if !(known || wiped) {
        return Err(error);
    }
    let Some(at) = source.len().checked_sub(OFFSET) else { return Err(error) };
    let header = header_bytes(source, at).and_then(|bytes| parse(&bytes, source.len()));
    header.map(|header| Header { is_alternate: true, ..header }).map_err(|_| error)
}

fn parse(bytes: &[u8], len: u64) -> Result<Header> {
    // `header_bytes` returns as many bytes as a header has.
    let raw = VolumeHeader::read_from_bytes(bytes).unwrap_or_default();
    Header::check(raw, len)
}

fn header_bytes(source: &Source, at: u64) -> Result<Vec<u8>> {
    let len = source.len();
    if at.checked_add(SIZE as u64).is_none_or(|end| end > len) {
        return Err(Error::corrupt(HEADER, "length", len, "too short for a volume header"));
    }
    Ok(read_vec(&**source, at, SIZE)?)
}

fn signature(source: &Source) -> Result<u16> {
    Ok(word(&header_bytes(source, OFFSET)?, 0))
}

/// A big-endian number of a buffer that is known to hold it.
fn word(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

/// The HFS Plus volume that an HFS wrapper embeds (`drEmbedExtent`).
fn unwrap(source: &Source) -> Result<(Source, u64)> {
    const MDB: &str = "master directory block";
    let mdb = header_bytes(source, OFFSET)?;
    if word(&mdb, 0x7c) != raw::SIGNATURE_HFS_PLUS {
        let what = "an HFS standard volume";
        let value = Value::Hex(raw::SIGNATURE_HFS.into());
        return Err(Error::unsupported(what, "drSigWord", value, COPY));
    }
    let unit = u32::from_be_bytes([mdb[0x14], mdb[0x15], mdb[0x16], mdb[0x17]]);
    if unit == 0 || unit % 512 != 0 {
        return Err(Error::corrupt(MDB, "drAlBlkSiz", unit, "not a multiple of 512").at(OFFSET));
    }
    let first = u64::from(word(&mdb, 0x1c)) * 512;
    let start = first + u64::from(word(&mdb, 0x7e)) * u64::from(unit);
    let len = u64::from(word(&mdb, 0x80)) * u64::from(unit);
    let inner = block::slice(source, start, len).map_err(|_| {
        let rule = "the embedded volume ends behind the last byte";
        Error::corrupt(MDB, "drEmbedExtent", word(&mdb, 0x80), rule).at(OFFSET)
    })?;
    Ok((inner, start))
}

/// The refusal of another file system that is known by name.
fn foreign(source: &Source) -> Result<Option<Error>> {
    let len = usize::try_from(source.len().min(1536)).unwrap_or(1536);
    let head = read_vec(&**source, 0, len)?;
    let holds = |at: usize, magic: &[u8]| head.get(at..at + magic.len()) == Some(magic);
    let no = |what, field, magic: &str| {
        Ok(Some(Error::unsupported(what, field, magic, "only HFS+ volumes are read here")))
    };
    if holds(32, b"NXSB") {
        return no("an APFS container", "nx_magic", "NXSB");
    }
    if holds(3, b"NTFS    ") {
        return no("an NTFS volume", "OEM id", "NTFS");
    }
    if holds(3, b"EXFAT   ") {
        return no("an exFAT volume", "FileSystemName", "EXFAT");
    }
    for (at, magic) in [(54, "FAT12   "), (54, "FAT16   "), (82, "FAT32   ")] {
        if holds(at, magic.as_bytes()) && holds(510, &[0x55, 0xaa]) {
            return no("a FAT volume", "BS_FilSysType", magic.trim_end());
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::bytes;
    use crate::block::saying::{assert_said, said};
    use zerocopy::IntoBytes;

    fn good() -> VolumeHeader {
        VolumeHeader {
            signature: raw::SIGNATURE_HFS_PLUS.into(),
            version: 4.into(),
            blockSize: 512.into(),
            totalBlocks: 16.into(),
            ..VolumeHeader::default()
        }
    }

    fn volume(primary: &VolumeHeader, alternate: &VolumeHeader) -> Source {
        let mut image = vec![0; 8192];
        image[1024..1536].copy_from_slice(primary.as_bytes());
        image[7168..7680].copy_from_slice(alternate.as_bytes());
        bytes(image)
    }

    fn refusal(change: impl Fn(&mut VolumeHeader)) -> String {
        let mut raw = good();
        change(&mut raw);
        said(locate(&volume(&raw, &raw)))
    }

    #[test]
    fn each_broken_field_is_named() {
        assert!(locate(&volume(&good(), &good())).is_ok());
        assert_eq!(
            refusal(|raw| raw.signature = 0x4a2b.into()),
            "volume header: signature is 0x4a2b: neither `H+` nor `HX`: not an HFS Plus volume \
             (at byte 1024)"
        );
        assert_eq!(
            refusal(|raw| raw.version = 5.into()),
            "this is an HFS Plus volume of an unknown version, which is not supported \
             (version is 5)\nhint: on an old Mac, copy its files to a new HFS Plus volume"
        );
        let header = |text: String| format!("volume header: {text} (at byte 1024)");
        assert_said([0u32, 256, 4095].map(|size| {
            let text = format!("blockSize is {size}: not a power of two of at least 512");
            (refusal(|raw| raw.blockSize = size.into()), header(text))
        }));
        let truncated = "the volume is truncated: there are bytes for fewer blocks";
        let rows = [(0u32, "a volume has at least one"), (17, truncated), (u32::MAX, truncated)];
        assert_said(rows.map(|(blocks, rule)| {
            let text = format!("totalBlocks is {blocks}: {rule}");
            (refusal(|raw| raw.totalBlocks = blocks.into()), header(text))
        }));
    }

    #[test]
    fn a_damaged_header_is_read_from_the_alternate() {
        let broken = VolumeHeader { blockSize: 3.into(), ..good() };
        let (_, _, header) = locate(&volume(&broken, &good())).unwrap();
        assert!(header.is_alternate);
        let (_, _, header) = locate(&volume(&VolumeHeader::default(), &good())).unwrap();
        assert!(header.is_alternate);
        let foreign = VolumeHeader { signature: 0xeb3c.into(), ..good() };
        assert!(locate(&volume(&foreign, &good())).is_err());
    }

    #[test]
    fn other_file_systems_are_refused_by_name() {
        let named = |at: usize, magic: &[u8]| {
            let mut image = vec![0x11; 4096];
            image[at..at + magic.len()].copy_from_slice(magic);
            image[510..512].copy_from_slice(&[0x55, 0xaa]);
            said(locate(&bytes(image)))
        };
        let foreign = |what: &str, field: &str| {
            format!(
                "this is {what}, which is not supported ({field})\n\
                 hint: only HFS+ volumes are read here"
            )
        };
        assert_said([
            (named(32, b"NXSB"), foreign("an APFS container", "nx_magic is \"NXSB\"")),
            (named(3, b"NTFS    "), foreign("an NTFS volume", "OEM id is \"NTFS\"")),
            (named(3, b"EXFAT   "), foreign("an exFAT volume", "FileSystemName is \"EXFAT\"")),
            (named(54, b"FAT12   "), foreign("a FAT volume", "BS_FilSysType is \"FAT12\"")),
            (named(82, b"FAT32   "), foreign("a FAT volume", "BS_FilSysType is \"FAT32\"")),
            (
                named(1024, b"BD"),
                "this is an HFS standard volume, which is not supported (drSigWord is 0x4244)\n\
                 hint: on an old Mac, copy its files to a new HFS Plus volume"
                    .into(),
            ),
            (
                named(3, b"what"),
                "volume header: signature is 0x1111: neither `H+` nor `HX`: not an HFS Plus \
                 volume (at byte 1024)"
                    .into(),
            ),
        ]);
    }

    #[test]
    fn a_wrapper_leads_to_the_volume_in_it() {
        let mut image = vec![0; 1024 + 8192 + 1536];
        image[1024..1026].copy_from_slice(b"BD");
        image[1024 + 0x14..1024 + 0x18].copy_from_slice(&1024u32.to_be_bytes());
        image[1024 + 0x1c..1024 + 0x1e].copy_from_slice(&3u16.to_be_bytes());
        image[1024 + 0x7c..1024 + 0x7e].copy_from_slice(b"H+");
        image[1024 + 0x7e..1024 + 0x80].copy_from_slice(&1u16.to_be_bytes());
        image[1024 + 0x80..1024 + 0x82].copy_from_slice(&8u16.to_be_bytes());
        image[2560 + 1024..2560 + 1536].copy_from_slice(good().as_bytes());
        let (inner, start, header) = locate(&bytes(image.clone())).unwrap();
        assert_eq!((inner.len(), start, header.total_blocks), (8192, 2560, 16));
        image[1024 + 0x80] = 0x7f;
        let cut = said(locate(&bytes(image.clone())));
        image[1024 + 0x17] = 1;
        assert_said([
            (
                cut,
                "master directory block: drEmbedExtent is 32520: the embedded volume ends behind \
                 the last byte (at byte 1024)",
            ),
            (
                said(locate(&bytes(image))),
                "master directory block: drAlBlkSiz is 1025: not a multiple of 512 (at byte 1024)",
            ),
        ]);
    }

    #[test]
    fn a_slice_of_a_volume_is_truncated() {
        let text = "volume header: length is 100: too short for a volume header";
        assert_eq!(said(locate(&bytes(vec![0; 100]))), text);
    }
}
