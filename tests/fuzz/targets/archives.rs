//! Archives, and what is in packages: alone, and as folders.

use crate::targets::script::Script;
use lionize::block::{ReadAt, Source, bytes, read_vec};
use lionize::format::archive::Member;
use lionize::format::{appledouble, bom, cpio, pbzx, scexe};
use lionize::source::{Item, Opener};
use lionize::volume::Body;
use std::io::{Read, Write};
use std::ops::Range;
use std::sync::LazyLock;

/// The most bytes that a target unpacks.
const MOST: u64 = 1 << 20;

struct Seed {
    bytes: Vec<u8>,
    hot: Vec<Range<usize>>,
}

impl Seed {
    fn new(bytes: Vec<u8>, hot: usize) -> Self {
        let end = bytes.len().min(hot);
        Self { bytes, hot: std::iter::once(0..end).collect() }
    }
}

/// An input: bit 0 of the first byte takes the rest as it is, others pick the
/// seed that the script edits.
fn input(data: &[u8], seeds: &[Seed]) -> Vec<u8> {
    let mut script = Script::new(data);
    let how = script.byte();
    if how & 1 == 1 {
        return script.rest().to_vec();
    }
    let seed = &seeds[usize::from(how >> 1) % seeds.len()];
    let mut bytes = seed.bytes.clone();
    script.edit(&mut bytes, &seed.hot);
    bytes
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    writer.write_all(data).expect("memory takes all");
    writer.finish().expect("memory takes all")
}

fn double() -> Vec<u8> {
    let xattrs = [("com.example".to_owned(), b"value".to_vec())];
    let rsrc = Some(bytes(*b"fork"));
    let contents = appledouble::Contents { finder: [7; 32], xattrs: &xattrs, rsrc };
    let map = appledouble::encode(&contents).expect("it fits");
    read_vec(&map, 0, usize::try_from(map.len()).expect("it is small")).expect("memory reads")
}

fn odc() -> Vec<u8> {
    let mut writer = cpio::Writer::new(Vec::new());
    let double = double();
    let entries: [(&str, u16, &[u8]); 6] = [
        (".", 0o040_755, b""),
        ("./a", 0o100_644, b"hello"),
        ("./._a", 0o100_644, &double),
        ("./l", 0o120_755, b"a"),
        ("./d/e", 0o100_600, b"deep"),
        ("./n", 0o020_666, b""),
    ];
    for (path, mode, data) in entries {
        let size = data.len() as u64;
        let member = Member { path: path.into(), mode, size, ..Member::default() };
        writer.add(&member, &mut &*data).expect("it fits");
    }
    writer.finish().expect("memory takes all")
}

fn newc() -> Vec<u8> {
    let mut out = Vec::new();
    for (name, data) in [("a\0", "hello\0\0\0"), ("TRAILER!!!\0", "")] {
        let fields = [7, 0o100_644, 0, 0, 2, 9, data.len(), 0, 0, 0, 0, name.len(), 0];
        out.extend(b"070701");
        fields.iter().for_each(|field| out.extend(format!("{field:08x}").bytes()));
        out.extend(name.bytes());
        out.resize(out.len().next_multiple_of(4), 0);
        out.extend(data.bytes());
    }
    out
}

fn tarball() -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for path in ["a", &"long/".repeat(40)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(5);
        header.set_mode(0o644);
        builder.append_data(&mut header, format!("{path}x"), &b"hello"[..]).expect("it fits");
    }
    builder.into_inner().expect("memory takes all")
}

fn chunks() -> Vec<u8> {
    let data = odc();
    let options = lzma_rust2::XzOptions::with_preset(0);
    let mut xz = lzma_rust2::XzWriter::new(Vec::new(), options).expect("a preset");
    xz.write_all(&data[..512]).expect("memory takes all");
    let xz = xz.finish().expect("memory takes all");
    let mut out = pbzx::MAGIC.to_vec();
    out.extend(512u64.to_be_bytes());
    let chunks = [(512, &xz[..]), (data.len() - 512, &data[512..])];
    for (len, stored) in chunks {
        out.extend((len as u64).to_be_bytes());
        out.extend((stored.len() as u64).to_be_bytes());
        out.extend(stored);
    }
    out
}

fn bill() -> Vec<u8> {
    let entry = |path: &str, mode| bom::Entry { path: path.into(), mode, ..Default::default() };
    let mut entries = vec![entry(".", 0o040_755), entry("./d", 0o040_755)];
    entries.extend((0..300).map(|n| entry(&format!("./d/{n}"), 0o100_644)));
    entries.push(bom::Entry { link: b"d".to_vec(), ..entry("./l", 0o120_755) });
    bom::write(&entries).expect("it fits")
}

fn updater() -> Vec<u8> {
    let mut out = b"#!/bin/sh\nexit 0\n".to_vec();
    out.extend(gzip(&tarball()));
    out
}

fn zipped() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for name in ["a/b", "a/._b"] {
        zip.start_file(name, options).expect("a new name");
        zip.write_all(&[7; 300]).expect("memory takes all");
    }
    zip.finish().expect("memory takes all").into_inner()
}

fn drain(mut from: impl Read) {
    let _ = std::io::copy(&mut from.by_ref().take(MOST), &mut std::io::sink());
}

pub(super) fn cpio(data: &[u8]) {
    static SEEDS: LazyLock<Vec<Seed>> =
        LazyLock::new(|| vec![Seed::new(odc(), 700), Seed::new(newc(), 300)]);
    let input = input(data, &SEEDS);
    let mut reader = cpio::Reader::new(&input[..]);
    while let Ok(Some(_)) = reader.next_member() {
        drain(&mut reader);
    }
}

pub(super) fn pbzx(data: &[u8]) {
    static SEEDS: LazyLock<Vec<Seed>> = LazyLock::new(|| vec![Seed::new(chunks(), 200)]);
    if let Ok(decoder) = pbzx::Decoder::new(&input(data, &SEEDS)[..]) {
        drain(decoder);
    }
}

pub(super) fn bom(data: &[u8]) {
    static SEEDS: LazyLock<Vec<Seed>> = LazyLock::new(|| {
        let bytes = bill();
        let len = bytes.len();
        // The header; the blocks of paths; nodes, variables and the index.
        vec![Seed { bytes, hot: vec![0..32, 512..1200, len - 20_000..len] }]
    });
    let _ = bom::read(bytes(input(data, &SEEDS)));
}

pub(super) fn appledouble(data: &[u8]) {
    static SEEDS: LazyLock<Vec<Seed>> = LazyLock::new(|| vec![Seed::new(double(), 200)]);
    if let Ok(decoded) = appledouble::decode(&bytes(input(data, &SEEDS))) {
        decoded.xattrs.iter().for_each(|(_, value)| read_some(value));
        decoded.rsrc.iter().for_each(read_some);
    }
}

pub(super) fn scexe(data: &[u8]) {
    static SEEDS: LazyLock<Vec<Seed>> = LazyLock::new(|| vec![Seed::new(updater(), 800)]);
    let _ = scexe::find(&bytes(input(data, &SEEDS)));
}

fn read_some(source: &Source) {
    let len = usize::try_from(source.len()).unwrap_or(usize::MAX).min(1 << 16);
    let _ = read_vec(source.as_ref(), 0, len);
}

pub(super) fn folders(data: &[u8]) {
    static SEEDS: LazyLock<Vec<Seed>> = LazyLock::new(|| {
        let all = [odc(), newc(), tarball(), chunks(), bill(), updater(), zipped(), gzip(&odc())];
        all.into_iter().map(|bytes| Seed::new(bytes, 1200)).collect()
    });
    let opener = Opener::new();
    let item = Item::of_bytes("x.gz", bytes(input(data, &SEEDS)));
    let _ = opener.find_inside(&item, "**/e");
    let Ok(inside) = opener.enter(&item) else { return };
    let Ok(Some((tree, _))) = inside.node() else { return };
    for id in tree.ids().take(1000) {
        let node = tree.node(id);
        if let Body::File { data, rsrc } = &node.body {
            read_some(data);
            rsrc.iter().for_each(read_some);
        }
        node.xattrs.iter().for_each(|xattr| read_some(&xattr.value));
    }
}
