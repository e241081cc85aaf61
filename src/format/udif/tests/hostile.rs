//! Broken images: exact errors by field, and no harm by any flip or cut.

use super::sample::{Parts, image, noise, refusal, source, take_apart, text};
use crate::block::saying::{assert_said, said};
use crate::block::{ReadAt, bytes, read_vec};
use crate::format::udif::list::{self, Listed};
use crate::format::udif::plist::Blkx;
use crate::format::udif::raw::{self, Mish, Run};
use crate::format::udif::table::Table;
use crate::format::udif::{Image, Section, rsrc, write};
use zerocopy::{FromBytes, FromZeros, IntoBytes};

/// A small image with a zlib, a zero and a raw run, each in a table.
fn small() -> Vec<u8> {
    let disk = [text(2048), vec![0; 1024], noise(512, 3)].concat();
    let ends = [(0, 2048), (2048, 3072), (3072, 3584)];
    let sections = ends.map(|(start, end)| Section::new("a", "x", start..end));
    let mut out = Vec::new();
    write(&*bytes(disk), &sections, 1, &mut out, &mut |_| ()).unwrap();
    out
}

/// Opens, reads and verifies; the result is never longer than the file says.
fn try_all(file: Vec<u8>) -> bool {
    let Ok(image) = Image::open(source(file)) else { return false };
    assert!(image.len() <= 3584, "{}", image.len());
    let len = usize::try_from(image.len()).unwrap();
    let read = read_vec(&image, 0, len).is_ok();
    image.verify(1, &|_| ()).is_ok() && read
}

#[test]
fn every_cut_is_refused() {
    let file = small();
    assert!(try_all(file.clone()));
    assert!((0..file.len()).all(|len| !try_all(file[..len].to_vec())));
}

#[test]
fn every_flip_is_survived() {
    let file = small();
    let mut accepted = 0;
    for at in 0..file.len() {
        for flip in [1, 0x80, 0xff] {
            let mut broken = file.clone();
            broken[at] ^= flip;
            accepted += usize::from(try_all(broken));
        }
    }
    // Names, white space, reserved fields and the second list are not checked.
    assert!(accepted < file.len() * 3 * 9 / 10, "{accepted} of {}", file.len() * 3);
}

/// A run; only its place in the data fork is made up.
fn run(kind: u32, at: u64, sectors: u64) -> Run {
    let len = if kind == raw::RAW { sectors * 512 } else { 0 };
    let (sector_number, sector_count) = (at.into(), sectors.into());
    let kind = kind.into();
    let (comment, compressed_offset, compressed_length) = (0.into(), 0.into(), len.into());
    Run { kind, comment, sector_number, sector_count, compressed_offset, compressed_length }
}

/// What is said of an image whose last table, of two zero sectors and one raw
/// one, was changed.
fn with_table(change: impl FnOnce(&mut Mish, &mut Vec<Run>)) -> String {
    let disk = [text(2048), noise(1536, 3)].concat();
    let sections = [Section::new("a", "x", 0..2048), Section::new("b", "x", 2048..3584)];
    let mut file = Vec::new();
    write(&*bytes(disk), &sections, 1, &mut file, &mut |_| ()).unwrap();
    let mut parts: Parts = take_apart(&file);
    let mut tables = parts.blkx();
    let (mut mish, _) = Mish::read_from_prefix(&tables[1].data).unwrap();
    let mut runs = vec![run(raw::ZERO, 0, 2), run(raw::RAW, 2, 1), run(raw::TERMINATOR, 3, 0)];
    mish.run_count = 3.into();
    change(&mut mish, &mut runs);
    tables[1].data = [mish.as_bytes(), runs.as_bytes()].concat();
    let listed = tables.into_iter().map(|t| Listed { name: t.name, mish: t.data });
    parts.list = list::write(&listed.collect::<Vec<_>>()).into_bytes();
    parts.koly.xml_length = (parts.list.len() as u64).into();
    refusal(parts.join())
}

/// What each change of the last table makes of it.
type Row = (fn(&mut Mish, &mut Vec<Run>), &'static str);

#[test]
fn one_error_a_broken_field_of_a_table() {
    let rows: [Row; 7] = [
        (|m, _| m.signature = *b"xism", "mish: Signature is 0x7869736d: not \"mish\""),
        (
            |m, _| m.version = 2.into(),
            "this is a disk image with a block table of another version, which is not supported \
             (Version is 2)\n\
             hint: on a Mac: hdiutil convert IMAGE -format UDZO -o PLAIN.dmg",
        ),
        (
            |m, _| m.sector_number = 3.into(),
            "mish: SectorNumber is 3: overlaps the partition before it",
        ),
        (
            |m, _| m.sector_count = u64::MAX.into(),
            "mish: SectorCount is 18446744073709551615: ends behind any disk",
        ),
        (|m, _| m.sector_count = 4.into(), "mish: SectorCount is 4: more than its runs cover"),
        (
            |m, _| m.run_count = u32::MAX.into(),
            "mish: NumberBlockChunks is 4294967295: more than the table holds",
        ),
        (
            |m, _| m.sector_number = 5.into(),
            "koly: SectorCount is 7: not what the block tables cover",
        ),
    ];
    assert_said(rows.map(|(change, text)| (with_table(change), text)));
    let short = said(Table::parse(String::new(), &[0; 203], 0));
    assert_eq!(short, "mish: length is 203: less than the 204 bytes of its head");
}

#[test]
fn one_error_a_broken_field_of_a_run() {
    let rows: [Row; 9] = [
        (
            |_, r| r[1].sector_number = 1.into(),
            "run: SectorNumber is 1: overlaps the run before it, or is out of order",
        ),
        (
            |_, r| r[1].sector_number = 9.into(),
            "run: SectorNumber is 9: leaves a gap behind the run before it",
        ),
        (|_, r| r.swap(0, 1), "run: SectorNumber is 2: leaves a gap behind the run before it"),
        (
            |_, r| r[0].sector_count = u64::MAX.into(),
            "run: SectorCount is 18446744073709551615: ends behind its table",
        ),
        (
            |_, r| r[1].compressed_offset = u64::MAX.into(),
            "run: CompressedOffset is 18446744073709551615: behind the data fork's end with \
             CompressedLength added",
        ),
        (
            |_, r| r[1].compressed_length = 511.into(),
            "run: CompressedLength is 511: not 512 for each of its sectors",
        ),
        (
            |_, r| r[0].kind = u32::MAX.into(),
            "run: EntryType is 0xffffffff: the end of the table, and runs follow it",
        ),
        (
            |_, r| r[1].kind = 0x8000_0009.into(),
            "this is a disk image with runs of an unknown kind, which is not supported \
             (EntryType is 0x80000009)\n\
             hint: on a Mac: hdiutil convert IMAGE -format UDZO -o PLAIN.dmg",
        ),
        (
            |m, r| {
                m.sector_count = 65538.into();
                r[0].kind = raw::ZLIB.into();
                r[0].sector_count = 65537.into();
            },
            "run: SectorCount is 65537: more than the 65536 that a compressed run may have",
        ),
    ];
    assert_said(rows.map(|(change, text)| (with_table(change), text)));
    let mut long = run(raw::ZLIB, 0, 1);
    long.compressed_length = 66561.into();
    let mut mish = Mish::new_zeroed();
    (mish.signature, mish.version) = (raw::MISH, 1.into());
    (mish.sector_count, mish.run_count) = (1.into(), 1.into());
    let table = [mish.as_bytes(), long.as_bytes()].concat();
    let says = said(Table::parse(String::new(), &table, 1 << 20));
    assert_eq!(says, "run: CompressedLength is 66561: far more than its sectors need");
}

#[test]
fn one_error_a_broken_field_of_the_trailer() {
    type Change = fn(&mut Parts);
    let rows: [(Change, &str); 13] = [
        (
            |p| p.koly.signature[3] += 1,
            "koly: Signature is 0x6b6f6c7a: no trailer at either end of the file",
        ),
        (
            |p| p.koly.version = 5.into(),
            "this is a UDIF image of another version, which is not supported (Version is 5)\n\
             hint: on a Mac: hdiutil convert IMAGE -format UDZO -o PLAIN.dmg",
        ),
        (
            |p| p.koly.data_fork_length = (1 << 40).into(),
            "koly: DataForkLength is 1099511627776: ends behind the file (at byte KOLY)",
        ),
        (
            |p| p.koly.rsrc_fork_length = (1 << 40).into(),
            "koly: RsrcForkLength is 1099511627776: ends behind the file (at byte KOLY)",
        ),
        (
            |p| p.koly.xml_length = u64::MAX.into(),
            "koly: XMLLength is 18446744073709551615: ends behind the file (at byte KOLY)",
        ),
        (
            |p| p.koly.sector_count = u64::MAX.into(),
            "koly: SectorCount is 18446744073709551615: more than a disk can have (at byte KOLY)",
        ),
        (|p| p.koly.xml_length = 0.into(), "koly: RsrcForkLength is 0: there are no block tables"),
        (|p| p.list[0] = 0xff, "XML property list: byte is 0xff: not UTF-8 (at byte 0)"),
        (
            |p| p.fork[..8].copy_from_slice(b"encrcdsa"),
            "this is an encrypted disk image, which is not supported \
             (signature is \"encrcdsa\")\n\
             hint: on a Mac: hdiutil convert IMAGE -format UDZO -o PLAIN.dmg",
        ),
        (
            |p| p.fork[..4].copy_from_slice(b"sprs"),
            "this is a sparse disk image, which is not supported (signature is \"sprs\")\n\
             hint: on a Mac: hdiutil convert IMAGE -format UDZO -o PLAIN.dmg",
        ),
        (
            |p| {
                p.list = vec![b' '; (32 << 20) + 1];
                p.koly.xml_length = ((32 << 20) + 1).into();
            },
            "koly: XMLLength is 33554433: more than 32 MiB",
        ),
        (
            |p| {
                // One table, said to be at the same place again and again.
                p.koly.rsrc_fork_offset = p.koly.xml_offset;
                p.list = overlapping(&p.blkx()[0]);
                p.koly.rsrc_fork_length = (p.list.len() as u64).into();
                p.koly.xml_length = 0.into();
            },
            "koly: RsrcForkLength is 647: less than its block tables",
        ),
        (
            |p| p.koly.sector_count = 9.into(),
            "koly: SectorCount is 9: not what the block tables cover",
        ),
    ];
    assert_said(rows.map(|(change, expected)| {
        let mut parts = take_apart(&image(&text(4096)));
        change(&mut parts);
        let koly = (parts.fork.len() + parts.list.len()).to_string();
        (refusal(parts.join()), expected.replace("KOLY", &koly))
    }));
    let short = "koly: the file's length is 4: less than the 512 of a trailer alone";
    assert_eq!(refusal(b"koly".to_vec()), short);
}

/// A resource fork that names the same table five times.
fn overlapping(blkx: &Blkx) -> Vec<u8> {
    let all: Vec<_> =
        (0..5).map(|_| Blkx { name: String::new(), data: blkx.data.clone() }).collect();
    let fork = rsrc::write(&all);
    let (one, len) = (4 + blkx.data.len(), fork.len());
    // The map stands behind the data; its references are moved to the first.
    let mut short = [&fork[..256 + one], &fork[256 + 5 * one..]].concat();
    let map = u32::try_from(256 + one).unwrap().to_be_bytes();
    short[4..8].copy_from_slice(&map);
    let list = short.len() - (len - 256 - 5 * one) + 28 + 10;
    (0..5).for_each(|n| short[list + 12 * n + 5..list + 12 * n + 8].fill(0));
    short
}
