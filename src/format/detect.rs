//! What some bytes are, by their first and last ones.
//!
//! A pure function: no container is opened, so "looks like" is all that is
//! said. Not supported: NDIF and DiskCopy 6 images, whose marks are in a
//! resource fork. Facts: each format's own specification; TN1150 for HFS Plus;
//! Apple File System Reference; for disk images, what `hdiutil` makes.

use crate::block::{Error, ReadAt, Result, Value, read_vec};
use crate::format::mbr;
use std::fmt;

/// How many of the first bytes [`detect`] looks at.
pub const HEAD: usize = 36 << 10;
/// How many of the last bytes [`detect`] looks at.
pub const TAIL: usize = 4096;

macro_rules! formats {
    ($($(#[$doc:meta])* $variant:ident => $name:literal,)*) => {
        /// A format that is recognised; not all of them are supported.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Format { $($(#[$doc])* $variant,)* }

        impl Format {
            /// Every format.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name with an article, as in `this is {name}`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

formats! {
    /// UDIF, whatever its codec.
    Udif => "an Apple disk image (UDIF)",
    /// An encrypted image, version 1 or 2.
    Encrypted => "an encrypted Apple disk image",
    /// A sparse image in one file.
    SparseImage => "a sparse disk image",
    /// The `Info.plist` of a sparse bundle.
    SparseBundle => "a sparse bundle",
    /// DiskCopy 4.2.
    DiskCopy42 => "a DiskCopy 4.2 image",
    /// A disk with a GUID partition table.
    Gpt => "a disk with a GUID partition table",
    /// A disk with an Apple partition map.
    Apm => "a disk with an Apple partition map",
    /// A disk with a master boot record.
    Mbr => "a disk with a master boot record",
    /// HFS Plus.
    HfsPlus => "an HFS+ volume",
    /// HFSX.
    Hfsx => "an HFSX volume",
    /// HFS Plus inside of HFS standard.
    HfsWrapper => "an HFS+ volume in an HFS wrapper",
    /// HFS standard.
    Hfs => "an HFS standard volume",
    /// An APFS container.
    Apfs => "an APFS container",
    /// A Core Storage physical volume (FileVault 2, Fusion).
    CoreStorage => "a Core Storage volume",
    /// FAT12, FAT16 or FAT32.
    Fat => "a FAT volume",
    /// exFAT.
    ExFat => "an exFAT volume",
    /// NTFS.
    Ntfs => "an NTFS volume",
    /// ISO 9660.
    Iso9660 => "an ISO 9660 volume",
    /// UDF without ISO 9660.
    Udf => "a UDF volume",
    /// xar, so flat packages and `.xip` too.
    Xar => "a xar archive",
    /// xz.
    Xz => "an xz file",
    /// gzip.
    Gzip => "a gzip file",
    /// bzip2.
    Bzip2 => "a bzip2 file",
    /// Zstandard.
    Zstd => "a zstd file",
    /// zip.
    Zip => "a zip archive",
    /// 7z.
    SevenZip => "a 7z archive",
    /// rar.
    Rar => "a rar archive",
    /// tar.
    Tar => "a tar archive",
    /// cpio, either text form.
    Cpio => "a cpio archive",
    /// pbzx, the payload of newer packages.
    Pbzx => "a pbzx stream",
    /// A bill of materials, a package's list of files.
    Bom => "a bill of materials",
    /// A chunklist.
    Chunklist => "a chunklist",
    /// A property list in XML.
    PlistXml => "an XML property list",
    /// A binary property list.
    PlistBinary => "a binary property list",
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A format, and what it was known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The format.
    pub format: Format,
    /// The field, by its specification's name.
    pub field: &'static str,
    /// What the field holds.
    pub value: Value,
    /// Where it is.
    pub at: u64,
}

impl Found {
    /// The refusal of this format by its name, with the field as the reason.
    #[must_use]
    pub fn refuse(&self, hint: &'static str) -> Error {
        Error::unsupported(self.format.name(), self.field, self.value.clone(), hint)
    }

    /// Whether a whole disk or volume is here, which may be of another kind
    /// than HFS+.
    #[must_use]
    pub fn is_volume(&self) -> bool {
        use Format::{
            Apfs, CoreStorage, ExFat, Fat, Hfs, HfsPlus, HfsWrapper, Hfsx, Iso9660, Ntfs, Udf,
        };
        [Apfs, CoreStorage, ExFat, Fat, Hfs, HfsPlus, HfsWrapper, Hfsx, Iso9660, Ntfs, Udf]
            .contains(&self.format)
    }

    /// Whether it is a disk with a partition table.
    #[must_use]
    pub fn is_disk(&self) -> bool {
        [Format::Gpt, Format::Apm, Format::Mbr].contains(&self.format)
    }
}

/// Looks at both ends of a source.
///
/// # Errors
/// Whatever reading reports.
pub fn look(from: &dyn ReadAt) -> Result<Option<Found>> {
    let len = from.len();
    // Both are at most HEAD.
    let size = |most: usize| usize::try_from(len.min(most as u64)).unwrap_or(most);
    let head = read_vec(from, 0, size(HEAD))?;
    let tail = read_vec(from, len - size(TAIL) as u64, size(TAIL))?;
    Ok(detect(&head, &tail, len))
}

/// What `len` bytes are that begin with `head` and end with `tail`.
#[must_use]
pub fn detect(head: &[u8], tail: &[u8], len: u64) -> Option<Found> {
    let ends = Ends { head, tail, len };
    image(&ends)
        .or_else(|| stream(&ends))
        .or_else(|| map(&ends))
        .or_else(|| volume(&ends))
        .or_else(|| boot_sector(&ends))
        .or_else(|| optical(&ends))
        .or_else(|| rest(&ends))
}

struct Ends<'a> {
    head: &'a [u8],
    tail: &'a [u8],
    len: u64,
}

impl Ends<'_> {
    /// The format, if these bytes are at this offset of the head.
    fn known(&self, format: Format, field: &'static str, at: usize, magic: &[u8]) -> Option<Found> {
        let here = self.head.get(at..)?;
        here.starts_with(magic).then(|| found(format, field, magic, at as u64))
    }

    /// The same, counted from the end.
    fn ends(
        &self,
        format: Format,
        field: &'static str,
        back: usize,
        magic: &[u8],
    ) -> Option<Found> {
        let at = self.tail.len().checked_sub(back)?;
        let place = self.len - back as u64;
        self.tail[at..].starts_with(magic).then(|| found(format, field, magic, place))
    }

    fn word(&self, at: usize) -> Option<u16> {
        let bytes = self.head.get(at..at + 2)?;
        Some(u16::from_be_bytes([bytes[0], bytes[1]]))
    }
}

fn found(format: Format, field: &'static str, magic: &[u8], at: u64) -> Found {
    let plain = magic.iter().all(|&b| b == b' ' || b.is_ascii_graphic());
    let value = if plain {
        Value::Text(String::from_utf8_lossy(magic).into_owned())
    } else {
        Value::Hex(magic.iter().take(8).fold(0, |number, &b| number << 8 | u64::from(b)))
    };
    Found { format, field, value, at }
}

fn image(ends: &Ends<'_>) -> Option<Found> {
    // `koly`, version 4, 512 bytes.
    let koly = b"koly\0\0\0\x04\0\0\x02\0";
    let name = |found: Found| Found { value: "koly".into(), ..found };
    ends.ends(Format::Udif, "Signature", 512, koly)
        .or_else(|| ends.known(Format::Udif, "Signature", 0, koly))
        .map(name)
        .or_else(|| ends.known(Format::Encrypted, "magic", 0, b"encrcdsa"))
        .or_else(|| ends.ends(Format::Encrypted, "magic", 8, b"cdsaencr"))
        .or_else(|| ends.known(Format::SparseImage, "magic", 0, b"sprs"))
}

fn stream(ends: &Ends<'_>) -> Option<Found> {
    let table: [(Format, &'static str, &[u8]); 17] = [
        (Format::Xar, "magic", b"xar!"),
        (Format::Xz, "magic", b"\xfd7zXZ\0"),
        (Format::Gzip, "ID1", b"\x1f\x8b\x08"),
        (Format::Bzip2, "magic", b"BZh"),
        (Format::Zstd, "Magic_Number", b"\x28\xb5\x2f\xfd"),
        (Format::Zip, "signature", b"PK\x03\x04"),
        (Format::Zip, "signature", b"PK\x05\x06"),
        (Format::SevenZip, "Signature", b"7z\xbc\xaf\x27\x1c"),
        (Format::Rar, "signature", b"Rar!\x1a\x07"),
        (Format::Pbzx, "magic", b"pbzx"),
        (Format::Bom, "magic", b"BOMStore"),
        (Format::Chunklist, "magic", b"CNKL"),
        (Format::Cpio, "c_magic", b"070707"),
        (Format::Cpio, "c_magic", b"070701"),
        (Format::PlistBinary, "magic", b"bplist0"),
        (Format::PlistXml, "declaration", b"<?xml"),
        (Format::PlistXml, "element", b"<plist"),
    ];
    let found =
        table.iter().find_map(|(format, field, magic)| ends.known(*format, field, 0, magic))?;
    let bundle = b"com.apple.diskimage.sparsebundle";
    if found.format == Format::PlistXml && ends.head.windows(bundle.len()).any(|w| w == bundle) {
        let value = Value::Text(String::from_utf8_lossy(bundle).into_owned());
        let (format, field) = (Format::SparseBundle, "diskimage-bundle-type");
        return Some(Found { format, field, value, at: 0 });
    }
    Some(found)
}

fn map(ends: &Ends<'_>) -> Option<Found> {
    ends.known(Format::Gpt, "Signature", 512, b"EFI PART")
        .or_else(|| ends.known(Format::Gpt, "Signature", 4096, b"EFI PART"))
        .or_else(|| ends.known(Format::Apm, "pmSig", 512, b"PM\0\0\0\0"))
        .or_else(|| ends.known(Format::Apm, "pmSig", 2048, b"PM\0\0\0\0"))
}

fn volume(ends: &Ends<'_>) -> Option<Found> {
    let embedded = || ends.known(Format::HfsWrapper, "drEmbedSigWord", 1024 + 0x7c, b"H+");
    let hfs = || ends.known(Format::Hfs, "drSigWord", 1024, b"BD");
    ends.known(Format::Apfs, "nx_magic", 32, b"NXSB")
        .or_else(|| ends.known(Format::HfsPlus, "signature", 1024, b"H+\0\x04"))
        .or_else(|| ends.known(Format::Hfsx, "signature", 1024, b"HX\0\x05"))
        .map(|found| match found.format {
            Format::HfsPlus => Found { value: "H+".into(), ..found },
            Format::Hfsx => Found { value: "HX".into(), ..found },
            _ => found,
        })
        // Other versions: no writer made any, but a reader shall say so.
        .or_else(|| ends.known(Format::HfsPlus, "signature", 1024, b"H+"))
        .or_else(|| ends.known(Format::Hfsx, "signature", 1024, b"HX"))
        .or_else(|| hfs().and_then(|hfs| embedded().or(Some(hfs))))
        .or_else(|| core_storage(ends))
}

/// `CS` alone is little; with version 1 before it and sensible sizes behind
/// it, no other sector 0 is known to match.
fn core_storage(ends: &Ends<'_>) -> Option<Found> {
    let version = ends.head.get(8..10)? == [1, 0];
    let found = ends.known(Format::CoreStorage, "signature", 88, b"CS")?;
    version.then_some(found)
}

fn boot_sector(ends: &Ends<'_>) -> Option<Found> {
    if ends.word(510) != Some(0x55aa) {
        return None;
    }
    ends.known(Format::Ntfs, "OEM ID", 3, b"NTFS    ")
        .or_else(|| ends.known(Format::ExFat, "FileSystemName", 3, b"EXFAT   "))
        .or_else(|| fat(ends))
}

/// The fields that every FAT has, and no master boot record has all of.
fn fat(ends: &Ends<'_>) -> Option<Found> {
    let b = ends.head;
    let jump = b[0] == 0xeb && b[2] == 0x90 || b[0] == 0xe9;
    let sector = u16::from_le_bytes([b[11], b[12]]);
    let sectors = sector.is_power_of_two() && (512..=4096).contains(&sector);
    let reserved = u16::from_le_bytes([b[14], b[15]]) != 0;
    let media = b[21] == 0xf0 || b[21] >= 0xf8;
    let counts = b[13].is_power_of_two() && (1..=2).contains(&b[16]);
    let all = jump && sectors && reserved && media && counts;
    let value = Value::Number(sector.into());
    all.then_some(Found { format: Format::Fat, field: "BPB_BytsPerSec", value, at: 11 })
}

fn optical(ends: &Ends<'_>) -> Option<Found> {
    ends.known(Format::Iso9660, "Standard Identifier", 32_769, b"CD001")
        .or_else(|| ends.known(Format::Udf, "Standard Identifier", 32_769, b"BEA01"))
}

/// What is told by less, or by what may be left over from before.
fn rest(ends: &Ends<'_>) -> Option<Found> {
    if mbr::is_mbr(ends.head) {
        return Some(found(Format::Mbr, "Signature", &[0x55, 0xaa], 510));
    }
    ends.ends(Format::Gpt, "Signature", 512, b"EFI PART")
        .or_else(|| ends.ends(Format::Gpt, "Signature", 4096, b"EFI PART"))
        .or_else(|| ends.known(Format::Tar, "magic", 257, b"ustar"))
        .or_else(|| disk_copy(ends))
}

/// A name of at most 63 bytes, sizes that add up to the file's, and 0x0100.
fn disk_copy(ends: &Ends<'_>) -> Option<Found> {
    let size = |at: usize| {
        let bytes = ends.head.get(at..at + 4)?;
        Some(u64::from(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])))
    };
    let sizes = size(64)? + size(68)? + 84;
    let found = ends.known(Format::DiskCopy42, "private", 82, &[1, 0])?;
    (ends.head[0] < 64 && sizes == ends.len).then_some(found)
}

#[cfg(test)]
mod tests;
