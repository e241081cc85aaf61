//! One image with a run of every kind, comments among them.

use super::sample::{open, source, text};
use crate::block::{ReadAt, read_vec};
use crate::format::udif::list::{self, Listed};
use crate::format::udif::raw::{self, Koly, Mish, Run};
use crate::format::udif::{Check, Decodes, Image, crc};
use std::io::Write;
use zerocopy::{FromZeros, IntoBytes};

/// 1024 bytes of `xz line 0` and so on, as Python's lzma stores them.
const XZ: &str = "\
    fd377a585a0000016922de36020021010c0000008f98419ce003ff00955d003c1e8005c1e016323c0a337867\
    87f8a2d4df1f89bcb041f01e77c1404cb96a66f2808057e6cf0a8afb3de8638405a378d0fcdfc919c6219ba3\
    bd7680b84051ffb3d2ddd417885e9caef06848bd8264cdf80c66615045642488aab12a3086bea5cc72ced32c\
    00cd44783c288eb39e267eab4aa8e67ae396407800c530c644cb0dfb71558125cb5f4cf853a89cd0102597ce\
    077b064000000000cb3446770001ad0180080000de18fdb83e300d8b020000000001595a\
    ";

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let byte = |d: &[u8]| u8::from_str_radix(str::from_utf8(d).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// Kind, stored bytes and decoded bytes of one run of each codec.
fn runs() -> Vec<(u32, Vec<u8>, Vec<u8>)> {
    let lines = text(1024);
    let xz: String = (0..200).map(|n| format!("xz line {n}\n")).collect();
    let adc = lines.chunks(128).flat_map(|literal| [&[0xff], literal].concat()).collect();
    let mut zlib = vec![0; 1024];
    let level = libdeflater::CompressionLvl::best();
    let len = libdeflater::Compressor::new(level).zlib_compress(&lines, &mut zlib).unwrap();
    zlib.truncate(len);
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    bzip2.write_all(&lines).unwrap();
    let mut lzfse = Vec::new();
    lzfse_rust::encode_bytes(&lines, &mut lzfse).unwrap();
    vec![
        (raw::COMMENT, vec![], vec![]),
        (raw::ADC, adc, lines.clone()),
        (raw::ZLIB, zlib, lines.clone()),
        (raw::ZERO, vec![], vec![0; 1024]),
        (raw::BZIP2, bzip2.finish().unwrap(), lines.clone()),
        (raw::LZFSE, lzfse, lines.clone()),
        (raw::IGNORE, vec![], vec![0; 1024]),
        (raw::LZMA, unhex(XZ), xz.into_bytes()[..1024].to_vec()),
        (raw::RAW, lines.clone(), lines),
        (raw::COMMENT, vec![], vec![]),
    ]
}

fn checksum(crc: u32) -> raw::Checksum {
    let mut sum = raw::Checksum::new_zeroed();
    (sum.kind, sum.bits) = (raw::CHECKSUM_CRC32.into(), 32.into());
    sum.data[0] = crc.into();
    sum
}

/// The image, and the disk that it holds.
fn image() -> (Vec<u8>, Vec<u8>) {
    let (mut fork, mut disk, mut counted, mut table) = (vec![], vec![], vec![], vec![]);
    for (kind, stored, decoded) in runs() {
        table.push(Run {
            kind: kind.into(),
            comment: u32::from_be_bytes(*b"+beg").into(),
            sector_number: (disk.len() as u64 / 512).into(),
            sector_count: (decoded.len() as u64 / 512).into(),
            compressed_offset: (fork.len() as u64).into(),
            compressed_length: (stored.len() as u64).into(),
        });
        fork.extend(stored);
        if kind != raw::IGNORE {
            counted.extend(&decoded);
        }
        disk.extend(decoded);
    }
    let mut mish = Mish::new_zeroed();
    mish.signature = raw::MISH;
    mish.version = 1.into();
    mish.sector_count = (disk.len() as u64 / 512).into();
    mish.checksum = checksum(crc::of(&counted));
    mish.run_count = u32::try_from(table.len()).unwrap().into();
    let mish = [mish.as_bytes(), table.as_bytes()].concat();
    let list = list::write(&[Listed { name: "all (Apple_HFS : 0)".into(), mish }]);
    let mut koly = Koly::new_zeroed();
    koly.signature = raw::KOLY;
    (koly.version, koly.header_size) = (4.into(), 512.into());
    koly.data_fork_length = (fork.len() as u64).into();
    koly.data_checksum = checksum(crc::of(&fork));
    koly.xml_offset = koly.data_fork_length;
    koly.xml_length = (list.len() as u64).into();
    ([&*fork, list.as_bytes(), koly.as_bytes()].concat(), disk)
}

#[test]
fn a_run_of_every_kind() {
    let (file, disk) = image();
    let image = open(file);
    for at in (0..disk.len()).step_by(100) {
        let len = (disk.len() - at).min(3000);
        assert!(read_vec(&image, at as u64, len).unwrap() == disk[at..at + len], "{at}");
    }
    let checks = image.verify(1, &|_| ()).unwrap();
    assert_eq!((checks.data_fork, checks.master), (Check::Passed, Check::Absent));
    assert_eq!(checks.partitions, [Check::Passed]);
    // Read whole at first, so not kept; then in parts.
    let Decodes { chunks, most, .. } = image.decodes();
    assert!(chunks == 5 && most <= 2, "{:?}", image.decodes());
}

/// A flip of a stored byte is noticed by the codec or by the checksums.
#[test]
fn every_flip_of_every_codec_is_noticed() {
    let (file, disk) = image();
    let fork: usize = runs().iter().map(|(_, stored, _)| stored.len()).sum();
    for at in 0..fork {
        for flip in [1, 0x10, 0x80, 0xff] {
            let mut broken = file.clone();
            broken[at] ^= flip;
            let image = Image::open(source(broken)).unwrap();
            let _ = image.read_at(0, &mut vec![0; disk.len()]);
            assert!(image.verify(1, &|_| ()).is_err(), "{at}");
        }
    }
}
