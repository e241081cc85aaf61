//! Broken images: exact errors by field, and no harm by any flip or cut.

use super::sample::{Parts, image, noise, refusal, source, take_apart, text};
use crate::block::{ReadAt, bytes, read_vec};
use crate::format::udif::list::{self, Listed};
use crate::format::udif::raw::{self, Mish, Run};
use crate::format::udif::{Image, Section, write};
use zerocopy::{FromBytes, IntoBytes};

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

#[test]
fn one_error_a_broken_field_of_a_table() {
    let says = |expected: &str, change: fn(&mut Mish, &mut Vec<Run>)| {
        assert_eq!(with_table(change), expected);
    };
    says("mish: Signature is 0x7869736d: not \"mish\"", |m, _| m.signature = *b"xism");
    says(
        "this is a block table of another version, which is not supported (Version is 2)",
        |m, _| m.version = 2.into(),
    );
    says("mish: SectorNumber is 3: overlaps the partition before it", |m, _| {
        m.sector_number = 3.into();
    });
    says("mish: SectorCount is 18446744073709551615: ends behind any disk", |m, _| {
        m.sector_count = u64::MAX.into();
    });
    says("mish: SectorCount is 4: more than its runs cover", |m, _| m.sector_count = 4.into());
    says("mish: NumberBlockChunks is 4294967295: more than the table holds", |m, _| {
        m.run_count = u32::MAX.into();
    });
    says("koly: SectorCount is 7: not what the block tables cover", |m, _| {
        m.sector_number = 5.into();
    });
}

#[test]
fn one_error_a_broken_field_of_a_run() {
    let says = |expected: &str, change: fn(&mut Vec<Run>)| {
        assert_eq!(with_table(|_, runs| change(runs)), expected);
    };
    let order = "overlaps the run before it, or is out of order";
    says(&format!("run: SectorNumber is 1: {order}"), |r| r[1].sector_number = 1.into());
    says("run: SectorNumber is 9: leaves a gap behind the run before it", |r| {
        r[1].sector_number = 9.into();
    });
    says("run: SectorNumber is 2: leaves a gap behind the run before it", |r| r.swap(0, 1));
    says("run: SectorCount is 18446744073709551615: ends behind its table", |r| {
        r[0].sector_count = u64::MAX.into();
    });
    says("run: CompressedOffset is 18446744073709551615: ends behind the data fork", |r| {
        r[1].compressed_offset = u64::MAX.into();
    });
    says("run: CompressedLength is 511: not that of its sectors", |r| {
        r[1].compressed_length = 511.into();
    });
    says("run: EntryType is 0xffffffff: not the last", |r| r[0].kind = u32::MAX.into());
    let unknown = "this is a disk image with runs of an unknown kind, which is not supported";
    says(&format!("{unknown} (EntryType is 0x80000009)"), |r| r[1].kind = 0x8000_0009.into());
}

#[test]
fn compressed_runs_are_bounded() {
    let says = with_table(|mish, runs| {
        mish.sector_count = 65538.into();
        runs[0].kind = 0x8000_0005.into();
        runs[0].sector_count = 65537.into();
    });
    let rule = "more than the 65536 that a compressed run may have";
    assert_eq!(says, format!("run: SectorCount is 65537: {rule}"));
}

#[test]
fn one_error_a_broken_field_of_the_trailer() {
    let says = |expected: &str, change: fn(&mut Parts)| {
        let mut parts = take_apart(&image(&text(4096)));
        change(&mut parts);
        let said = refusal(parts.join());
        assert!(said.starts_with(expected), "{said}");
    };
    says("koly: Signature is 0x6b6f6c7a: no trailer at either end", |p| p.koly.signature[3] += 1);
    says("this is a UDIF image of another version", |p| p.koly.version = 5.into());
    says("koly: DataForkLength is 1099511627776: ends behind the file", |p| {
        p.koly.data_fork_length = (1 << 40).into();
    });
    says("koly: XMLLength is 18446744073709551615: ends behind the file", |p| {
        p.koly.xml_length = u64::MAX.into();
    });
    says("koly: SectorCount is 18446744073709551615: more than can be", |p| {
        p.koly.sector_count = u64::MAX.into();
    });
    says("XML property list: byte is 0: not UTF-8", |p| p.list[0] = 0xff);
    says("this is an encrypted disk image", |p| p.fork[..8].copy_from_slice(b"encrcdsa"));
    assert_eq!(refusal(b"koly".to_vec()), "koly: Signature is 4: the file is too short for one");
}
