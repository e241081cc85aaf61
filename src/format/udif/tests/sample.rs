//! Disks and images for tests.

use crate::block::saying::said;
use crate::block::{Source, bytes};
use crate::format::udif::plist::{self, Blkx};
use crate::format::udif::raw::Koly;
use crate::format::udif::{Image, Section, write};
use zerocopy::{FromBytes, IntoBytes};

/// Bytes that do not compress.
pub(super) fn noise(len: usize, mut seed: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(len + 8);
    while out.len() < len {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        out.extend(seed.to_le_bytes());
    }
    out.truncate(len);
    out
}

/// Bytes that compress well.
pub(super) fn text(len: usize) -> Vec<u8> {
    (0u32..).flat_map(|n| format!("line {n} of it\n").into_bytes()).take(len).collect()
}

/// A disk of some chunks: text, noise, zeros, a mix, and an odd end.
pub(super) fn disk() -> Vec<u8> {
    const CHUNK: usize = 512 << 10;
    let mut disk = text(CHUNK);
    disk.extend(noise(CHUNK, 1));
    disk.extend(vec![0; 2 * CHUNK]);
    disk.extend(noise(CHUNK / 2, 2));
    disk.extend(text(CHUNK));
    disk.extend(vec![0; CHUNK / 2]);
    disk.extend(text(1536));
    disk
}

/// The image of a disk in two partitions.
pub(super) fn image(disk: &[u8]) -> Vec<u8> {
    let half = (disk.len() / 1024 * 512) as u64;
    let sections = [
        Section::new("first & best", "Apple_HFS", 512..half),
        Section::new("second", "Apple_HFS", half..disk.len() as u64),
    ];
    let mut out = Vec::new();
    write(&*bytes(disk), &sections, 2, &mut out, &mut |_| ()).unwrap();
    out
}

/// An image in parts that a test can put together again.
pub(super) struct Parts {
    pub(super) fork: Vec<u8>,
    pub(super) list: Vec<u8>,
    pub(super) koly: Koly,
}

pub(super) fn take_apart(image: &[u8]) -> Parts {
    let (rest, koly) = image.split_at(image.len() - 512);
    let koly = Koly::read_from_bytes(koly).unwrap();
    let (fork, list) = rest.split_at(usize::try_from(koly.xml_offset.get()).unwrap());
    Parts { fork: fork.into(), list: list.into(), koly }
}

impl Parts {
    pub(super) fn blkx(&self) -> Vec<Blkx> {
        let mut found = Vec::new();
        plist::read(&self.list, &mut |blkx| {
            found.push(blkx);
            Ok(())
        })
        .unwrap();
        found
    }

    /// Fork, list and trailer, as images mostly are.
    pub(super) fn join(&self) -> Vec<u8> {
        [&self.fork, &self.list, self.koly.as_bytes()].concat()
    }
}

pub(super) fn source(file: Vec<u8>) -> Source {
    bytes(file)
}

pub(super) fn open(file: Vec<u8>) -> Image {
    Image::open(source(file)).unwrap()
}

/// What opening a file says.
pub(super) fn refusal(file: Vec<u8>) -> String {
    said(Image::open(source(file)))
}
