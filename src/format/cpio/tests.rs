//! Archives made here, whole and broken.

use super::*;
use crate::block::Error;
use crate::block::saying::{assert_said, said};
use crate::format::archive::{Identity, Member, Shape, scan};
use std::io::Read;

fn member(path: &str, mode: u16, size: u64) -> Member {
    let (uid, gid, mtime) = (501, 20, 1_348_099_200);
    Member { path: path.into(), mode, uid, gid, mtime, size, ..Member::default() }
}

fn archive() -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    writer.add(&member(".", 0o040_755, 0), &mut &b""[..]).unwrap();
    writer.add(&member("./a", 0o104_755, 5), &mut &b"hello"[..]).unwrap();
    writer.add(&member("./l", 0o120_755, 1), &mut &b"a"[..]).unwrap();
    writer.finish().unwrap()
}

/// An entry of the SVR4 form.
fn newc(magic: &str, name: &str, mode: u16, data: &[u8], sum: u32) -> Vec<u8> {
    let len = name.len() + 1;
    let fields = [7, u32::from(mode), 501, 20, 2, 99, u32::try_from(data.len()).unwrap()];
    let mut out = magic.to_owned();
    let behind = [1, 2, 3, 4, u32::try_from(len).unwrap(), sum];
    fields.iter().chain(&behind).for_each(|n| out += &format!("{n:08X}"));
    let mut out = out.into_bytes();
    out.extend(name.bytes());
    out.push(0);
    out.resize(out.len().next_multiple_of(4), 0);
    out.extend(data);
    out.resize(out.len().next_multiple_of(4), 0);
    out
}

fn read(archive: &[u8]) -> Result<Vec<(Member, Vec<u8>)>, Error> {
    let mut reader = Reader::new(archive);
    let mut found = Vec::new();
    while let Some(member) = reader.next_member()? {
        let mut data = Vec::new();
        reader.read_to_end(&mut data)?;
        found.push((member, data));
    }
    Ok(found)
}

#[test]
fn what_is_written_is_read() {
    let archive = archive();
    assert_eq!(archive.len() % 512, 0);
    assert_eq!(&archive[..12], b"070707000000");
    let found = read(&archive).unwrap();
    let names: Vec<_> = found.iter().map(|(member, _)| member.to_string()).collect();
    assert_eq!(names, [".", "./a", "./l"]);
    let (file, data) = &found[1];
    assert_eq!((file.mode, file.uid, file.gid, file.mtime), (0o104_755, 501, 20, 1_348_099_200));
    assert_eq!(data, b"hello");
    assert_eq!(&archive[usize::try_from(file.at).unwrap()..][..5], b"hello");
    assert_eq!(file.identity, Some(Identity { device: 0, inode: 2, links: 1 }));
    // Nothing read: the data is skipped.
    let mut reader = Reader::new(&archive[..]);
    let mut count = 0;
    while reader.next_member().unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, 3);
}

#[test]
fn the_newer_form_is_padded_and_summed() {
    let mut archive = newc("070701", "dir/name", 0o100_644, b"data!", 0);
    archive.extend(newc("070702", "x", 0o100_600, b"\x01\x02", 3));
    archive.extend(newc("070701", "TRAILER!!!", 0, b"", 0));
    let found = read(&archive).unwrap();
    assert_eq!(found[0].0.identity, Some(Identity { device: 1 << 32 | 2, inode: 7, links: 2 }));
    assert_eq!((found[0].0.device, found[0].1.as_slice()), (3 << 24 | 4, &b"data!"[..]));
    assert_eq!(found[1].0.to_string(), "x");
    let wrong = newc("070702", "x", 0o100_600, b"\x01\x02", 4);
    let text = "cpio header: c_check is 4: not the sum of the file's bytes";
    assert_eq!(said(read(&wrong)), text);
    let mut odd = newc("070701", "x", 0o100_600, b"", 0);
    odd[6] = b'g';
    let text = "cpio header: c_ino is \"g0000007\": not a hex number (at byte 0)";
    assert_eq!(said(read(&odd)), text);
}

#[test]
fn a_mode_without_a_type_is_a_file() {
    let mut writer = Writer::new(Vec::new());
    writer.add(&member("a", 0o644, 0), &mut &b""[..]).unwrap();
    let archive = writer.finish().unwrap();
    assert_eq!(read(&archive).unwrap()[0].0.mode, 0o100_644);
}

#[test]
fn broken_fields_are_named() {
    let archive = archive();
    let with = |at: usize, bytes: &[u8]| {
        let mut archive = archive.clone();
        archive[at..at + bytes.len()].copy_from_slice(bytes);
        archive
    };
    let rows = [
        (
            with(0, b"070708"),
            "cpio header: c_magic is \"070708\": neither 070707 nor 070701 (at byte 0)",
        ),
        (with(18, b"00075x"), "cpio header: c_mode is \"00075x\": not an octal number (at byte 0)"),
        (with(59, b"000000"), "cpio header: c_namesize is 0: not a path's length (at byte 0)"),
        (with(59, b"777777"), "cpio header: c_namesize is 262143: not a path's length (at byte 0)"),
        (
            with(77, b"x"),
            "cpio header: c_name is \".\": its only NUL is not its last byte (at byte 0)",
        ),
        (
            with(65, b"77777777777"),
            "cpio archive: length is 512: it ends before its trailer: it may be cut off",
        ),
        (
            archive[..archive.len() - 512].to_vec(),
            "cpio archive: length is 0: it ends before its trailer: it may be cut off",
        ),
        (Vec::new(), "cpio archive: length is 0: it ends before its trailer: it may be cut off"),
    ];
    assert_said(rows.map(|(archive, text)| (said(read(&archive)), text)));
    let long = newc("070701", "l", 0o120_777, &[b'a'; 16_385], 0);
    let mut visit = |_, _: &mut dyn Read| Ok(true);
    let long = scan(Shape::Cpio, &mut &long[..], &mut visit);
    let text = "cpio header: c_filesize is 16385: longer than a link's target can be (at byte 112)";
    assert_eq!(said(long), text);
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut writer = Writer::new(Vec::new());
    let refused = writer.add(&member("a", 0o100_644, 1 << 33), &mut std::io::empty());
    let text = "8589934592 does not fit into 11 octal digits of a cpio header";
    assert_eq!(refused.unwrap_err().to_string(), text);
    let short = writer.add(&member("a", 0o100_644, 2), &mut &b"1"[..]);
    assert_eq!(short.unwrap_err().to_string(), "it ended after 1 of 2 bytes");
}
