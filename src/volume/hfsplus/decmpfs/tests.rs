//! Contents of every type, made here.

use super::*;
use crate::block::saying::{assert_said, said};
use crate::volume::Name;
use std::io::Write;

fn attribute(kind: u32, size: u64, inline: &[u8]) -> Vec<u8> {
    let head = [&MAGIC.to_le_bytes()[..], &kind.to_le_bytes(), &size.to_le_bytes()].concat();
    [&head, inline].concat()
}

fn shown(attribute: Vec<u8>, fork: Option<Vec<u8>>) -> Result<Vec<u8>> {
    let meta = Meta { owner_flags: COMPRESSED, ..Meta::default() };
    let xattrs = [Xattr { name: Name::from_text(NAME), value: bytes(attribute) }];
    let fork = fork.map(bytes);
    let source = plain(&meta, &bytes([]), fork.as_ref(), &xattrs)?;
    let len = usize::try_from(source.len()).unwrap();
    let whole = read_vec(&*source, 0, len)?;
    // In odd pieces, and from the end.
    let mut pieces = vec![0; len];
    for start in (0..len).step_by(40_001).rev() {
        let end = (start + 40_001).min(len);
        source.read_at(start as u64, &mut pieces[start..end])?;
    }
    assert!(whole == pieces, "pieces differ from the whole");
    Ok(whole)
}

fn text(len: usize) -> Vec<u8> {
    (0u32..).flat_map(|n| format!("line {n}\n").into_bytes()).take(len).collect()
}

fn zlib(plain: &[u8]) -> Vec<u8> {
    let mut encoder = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
    let mut out = vec![0; encoder.zlib_compress_bound(plain.len())];
    let len = encoder.zlib_compress(plain, &mut out).unwrap();
    out.truncate(len);
    out
}

fn lzfse(plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    lzfse_rust::encode_bytes(plain, &mut out).unwrap();
    out
}

fn marked(marker: u8, plain: &[u8]) -> Vec<u8> {
    [&[marker], plain].concat()
}

/// A fork of chunks behind a table with room for two more.
fn offsets_fork(chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut at = 4 * (chunks.len() + 3);
    let mut table = Vec::new();
    let mut push = |at: usize| table.write_all(&u32::try_from(at).unwrap().to_le_bytes()).unwrap();
    push(at);
    for chunk in chunks {
        at += chunk.len();
        push(at);
    }
    table.extend([0; 8]);
    [table, chunks.concat()].concat()
}

fn zlib_fork(chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut fork = vec![0; 0x100];
    fork[2] = 1; // data offset 0x100
    fork.extend([0; 4]); // length of the resource
    fork.extend(u32::try_from(chunks.len()).unwrap().to_le_bytes());
    let mut at = 4 + 8 * chunks.len();
    for chunk in chunks {
        fork.extend(u32::try_from(at).unwrap().to_le_bytes());
        fork.extend(u32::try_from(chunk.len()).unwrap().to_le_bytes());
        at += chunk.len();
    }
    [fork, chunks.concat()].concat()
}

fn chunks(plain: &[u8], encode: impl Fn(&[u8]) -> Vec<u8>) -> Vec<Vec<u8>> {
    plain.chunks(0x1_0000).map(encode).collect()
}

#[test]
fn inline_contents() {
    let plain = text(2000);
    let lzvn = lzfse(&plain);
    assert_eq!(&lzvn[..4], b"bvxn");
    // Apple's streams have bytes behind their end.
    let lzvn = [&lzvn[12..lzvn.len() - 4], b"left over"].concat();
    for (kind, stored) in [
        (1, plain.clone()),
        (3, zlib(&plain)),
        (3, marked(0xff, &plain)),
        (7, lzvn),
        (7, marked(0x06, &plain)),
        (9, marked(0xcc, &plain)),
        (11, lzfse(&plain)),
        (11, marked(0xff, &plain)),
    ] {
        assert_eq!(shown(attribute(kind, 2000, &stored), None).unwrap(), plain, "type {kind}");
    }
    assert_eq!(shown(attribute(3, 0, &zlib(b"")), None).unwrap(), b"");
}

#[test]
fn contents_in_the_resource_fork() {
    let plain = text(150_000);
    let mut mixed = chunks(&plain, zlib);
    mixed[1] = marked(0xff, &plain[0x1_0000..0x2_0000]);
    let lzvn = chunks(&plain, |chunk| marked(0x06, chunk));
    for (kind, fork) in [
        (4, zlib_fork(&mixed)),
        (8, offsets_fork(&lzvn)),
        (10, offsets_fork(&chunks(&plain, |chunk| marked(0xcc, chunk)))),
        (12, offsets_fork(&chunks(&plain, lzfse))),
    ] {
        assert!(shown(attribute(kind, 150_000, b""), Some(fork)).unwrap() == plain, "type {kind}");
    }
}

#[test]
fn a_file_without_the_flag_is_plain() {
    let xattrs = [Xattr { name: Name::from_text(NAME), value: bytes(attribute(3, 9, b"")) }];
    let source = plain(&Meta::default(), &bytes(*b"data"), None, &xattrs).unwrap();
    assert_eq!(source.len(), 4);
}

fn refusal(attribute: Vec<u8>, fork: Option<Vec<u8>>) -> String {
    said(shown(attribute, fork))
}

#[test]
fn broken_contents_are_named() {
    let plain = text(150_000);
    let fork = offsets_fork(&chunks(&plain, lzfse));
    let table = "decmpfs chunk table";
    let hint = "hint: on a Mac, copy it with `ditto --nopreserveHFSCompression` first";
    let rows = [
        (
            refusal(vec![0; 9], None),
            "decmpfs header: length is 9: not between 16 bytes and 1 MiB".to_owned(),
        ),
        (refusal(vec![0; 16], None), "decmpfs header: compression_magic is 0x0: not `cmpf`".into()),
        (
            refusal(attribute(4, 1, b""), None),
            "decmpfs header: compression_type is 4: kept in a resource fork, but there is none"
                .into(),
        ),
        (
            refusal(attribute(1, 9, b"short"), None),
            "decmpfs header: uncompressed_size is 9: longer than the attribute".into(),
        ),
        (
            refusal(attribute(3, 1 << 40, b"x"), None),
            "decmpfs header: uncompressed_size is 1099511627776: over the limit of 16 MiB for \
             contents in an attribute"
                .into(),
        ),
        (
            refusal(attribute(3, 9, &zlib(b"other")), None),
            "decmpfs chunk: number is 0: it cannot be unpacked to its size".into(),
        ),
        (
            refusal(attribute(3, 9, b""), None),
            format!("{table}: offset is 16: the chunk is empty, too long or behind the fork's end"),
        ),
        (
            refusal(attribute(12, 9_000_000, b""), Some(fork.clone())),
            format!(
                "{table}: offset is 24: a table too short for the file's size, or too long for \
                 the fork (at byte 0)"
            ),
        ),
        (
            refusal(attribute(12, 150_000, b""), Some(fork[..900].to_vec())),
            format!("{table}: offset is 24: the chunk is empty, too long or behind the fork's end"),
        ),
        (
            refusal(attribute(4, 1, b""), Some(vec![0xff; 9])),
            format!(
                "{table}: count is 0: not the number of chunks that the file's size asks for (at \
                 byte 4294967299)"
            ),
        ),
        (
            refusal(attribute(4, 1, b""), Some([&[0; 4][..], &[1, 0, 0, 0]].concat())),
            format!("{table}: count is 1: a table longer than the fork"),
        ),
        (
            refusal(attribute(13, 1, b""), None),
            format!(
                "this is a file compressed by LZBITMAP, which is not supported (compression_type \
                 is 13)\n{hint}"
            ),
        ),
        (
            refusal(attribute(99, 1, b""), None),
            format!(
                "this is a file compressed in an unknown way, which is not supported \
                 (compression_type is 99)\n{hint}"
            ),
        ),
        (
            refusal(attribute(5, 1, b""), None),
            "this is a file whose contents are not on the volume, which is not supported \
             (compression_type is 5)\nhint: copy it from a Mac that has them"
                .into(),
        ),
    ];
    assert_said(rows);
}
