//! tar archives, through the `tar` crate: its header parser and its way from
//! member to member. Its unpacking is never used, and long names are read
//! here, because it would take any length of them into memory.
//!
//! Read: the old form, ustar, GNU long names, pax. Not supported: GNU sparse
//! files; pax sizes of over 8 GiB. Facts: POSIX.1-2017 (pax), GNU tar's manual.

use crate::block::{Error, Result};
use crate::format::archive::{MAX_PATH, Member};
use std::io::{self, Read};
use tar::{EntryType, Header, PaxExtensions};

/// The longest pax header that is believed.
const MAX_PAX: u64 = 1 << 20;
/// What errors call it.
const TAR: &str = "tar header";

/// Whether bytes begin with a header whose checksum is right.
#[must_use]
pub fn is_tar(head: &[u8]) -> bool {
    let Some(head) = head.get(..512) else { return false };
    let header = Header::from_byte_slice(head);
    let sum = |head: &[u8]| head.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    let found = sum(&head[..148]) + sum(&head[156..]) + 8 * u32::from(b' ');
    head[0] != 0 && header.cksum().is_ok_and(|wanted| wanted == found)
}

/// What long forms say of the member that follows them.
#[derive(Default)]
struct Ahead {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    pax: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Calls `visit` for each member, with its data to read, for as long as it
/// says to go on.
///
/// # Errors
/// `Corrupt` for what is no archive; whatever `visit` returns.
pub fn scan(
    stream: &mut dyn Read,
    visit: &mut dyn FnMut(Member, &mut dyn Read) -> Result<bool>,
) -> Result<()> {
    let mut archive = tar::Archive::new(stream);
    let mut ahead = Ahead::default();
    for entry in archive.entries().map_err(told)?.raw(true) {
        let mut entry = entry.map_err(told)?;
        let (at, len) = (entry.raw_file_position(), entry.size());
        match entry.header().entry_type() {
            EntryType::GNULongName => ahead.path = Some(text(&mut entry, len, MAX_PATH as u64)?),
            EntryType::GNULongLink => ahead.link = Some(text(&mut entry, len, MAX_PATH as u64)?),
            EntryType::XHeader => ahead.pax = pax(&text(&mut entry, len, MAX_PAX)?)?,
            EntryType::XGlobalHeader => {}
            EntryType::GNUSparse => {
                let hint = "unpack it with another program first";
                let what = "a sparse file in a tar archive";
                return Err(Error::unsupported(what, "typeflag", "S", hint));
            }
            kind => {
                let ahead = std::mem::take(&mut ahead);
                let member = member(entry.header(), kind, ahead, at)?;
                if !visit(member, &mut entry)? {
                    break;
                }
            }
        }
    }
    Ok(())
}

/// What a member's header and the long forms before it say.
fn member(header: &Header, kind: EntryType, ahead: Ahead, at: u64) -> Result<Member> {
    let broken = |error| told(error).at(at);
    // Many writers leave fields blank that they have nothing for.
    let or_none = |field: io::Result<u64>| field.unwrap_or(0);
    let mut member = Member {
        path: ahead.path.unwrap_or_else(|| header.path_bytes().into_owned()),
        uid: low(or_none(header.uid())),
        gid: low(or_none(header.gid())),
        mtime: or_none(header.mtime()),
        size: header.entry_size().map_err(broken)?,
        at,
        ..Member::default()
    };
    let mut link = ahead.link.or_else(|| header.link_name_bytes().map(|link| link.into_owned()));
    for (key, value) in ahead.pax {
        if key == b"linkpath" {
            link = Some(value);
        } else {
            set(&mut member, &key, value)?;
        }
    }
    let old_folder = kind.is_file() && member.path.ends_with(b"/");
    let bits = match kind {
        EntryType::Directory => Member::DIR,
        EntryType::Symlink => Member::SYMLINK,
        EntryType::Char => 0o020_000,
        EntryType::Block => 0o060_000,
        EntryType::Fifo => 0o010_000,
        _ if old_folder => Member::DIR,
        _ => Member::FILE,
    };
    let mode = header.mode().map_err(broken)? & 0o7777;
    member.mode = bits | u16::try_from(mode).unwrap_or(0);
    let (major, minor) = (header.device_major(), header.device_minor());
    if let (0o020_000 | 0o060_000, Ok(Some(major)), Ok(Some(minor))) = (bits, major, minor) {
        member.device = major << 24 | minor;
    }
    match kind {
        EntryType::Symlink => member.symlink = Some(link.unwrap_or_default()),
        EntryType::Link => member.hard_link = Some(link.unwrap_or_default()),
        _ => {}
    }
    Ok(member)
}

/// Lets a pax record override a header's field.
fn set(member: &mut Member, key: &[u8], value: Vec<u8>) -> Result<()> {
    let number = || -> Option<u64> {
        // Times may have a fraction.
        let text = std::str::from_utf8(&value).ok()?.split('.').next()?;
        text.parse().ok()
    };
    match key {
        b"path" => member.path = value,
        b"mtime" => member.mtime = number().unwrap_or(member.mtime),
        b"uid" => member.uid = number().map_or(member.uid, low),
        b"gid" => member.gid = number().map_or(member.gid, low),
        b"size" if number() != Some(member.size) => {
            let what = "a tar archive with a file of over 8 GiB";
            let hint = "unpack it with another program first";
            return Err(Error::unsupported(what, "size", number().unwrap_or(0), hint));
        }
        _ => {
            let name = key.strip_prefix(b"SCHILY.xattr.");
            if let Some(name) = name.and_then(|name| std::str::from_utf8(name).ok()) {
                member.xattrs.push((name.to_owned(), value));
            }
        }
    }
    Ok(())
}

/// The records of a pax header.
fn pax(data: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let records = PaxExtensions::new(data).map(|record| {
        let record = record.map_err(told)?;
        Ok((record.key_bytes().to_vec(), record.value_bytes().to_vec()))
    });
    records.collect()
}

/// A long name, without the NUL that may end it.
fn text(from: &mut dyn Read, len: u64, most: u64) -> Result<Vec<u8>> {
    let mut data = Vec::new();
    if len > most {
        return Err(Error::corrupt(TAR, "size", len, "longer than a name can be"));
    }
    from.take(len).read_to_end(&mut data).map_err(told)?;
    if data.last() == Some(&0) {
        data.pop();
    }
    Ok(data)
}

fn low(value: u64) -> u32 {
    u32::try_from(value & u64::from(u32::MAX)).unwrap_or(0)
}

/// The crate's errors in our words; those of the medium and ours stay.
fn told(error: io::Error) -> Error {
    let theirs =
        error.raw_os_error().is_none() && !error.get_ref().is_some_and(|inner| inner.is::<Error>());
    if theirs {
        Error::complaint("tar archive", error, "it cannot be read")
    } else {
        // The crate wraps what it passes on, but never in an error of ours.
        Error::from(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::saying::{assert_said, said};

    fn header(kind: EntryType, size: u64) -> Header {
        let mut header = Header::new_ustar();
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_mode(0o4755);
        header.set_uid(501);
        header.set_gid(20);
        header.set_mtime(99);
        header
    }

    fn archive() -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        let mut add = |kind, path: &str, data: &[u8]| {
            let mut header = header(kind, data.len() as u64);
            builder.append_data(&mut header, path, data).unwrap();
        };
        add(EntryType::Directory, "dir/", b"");
        add(EntryType::Regular, "dir/file", b"hello");
        add(EntryType::Regular, &format!("dir/{}", "n".repeat(300)), b"x");
        let mut link = header(EntryType::Symlink, 0);
        builder.append_link(&mut link, "dir/link", "file").unwrap();
        let mut link = header(EntryType::Link, 0);
        builder.append_link(&mut link, "again", "dir/file").unwrap();
        let records = [("mtime", &b"7.5"[..]), ("SCHILY.xattr.a.b", b"value")];
        builder.append_pax_extensions(records).unwrap();
        builder.append_data(&mut header(EntryType::Regular, 1), "pax", &b"p"[..]).unwrap();
        builder.into_inner().unwrap()
    }

    fn read(archive: &[u8]) -> Result<Vec<(Member, Vec<u8>)>> {
        let mut found = Vec::new();
        scan(&mut &archive[..], &mut |member, data| {
            let mut bytes = Vec::new();
            data.read_to_end(&mut bytes)?;
            found.push((member, bytes));
            Ok(true)
        })?;
        Ok(found)
    }

    #[test]
    fn members_of_all_kinds_are_told() {
        let archive = archive();
        assert!(is_tar(&archive));
        assert!(!is_tar(&archive[1..]));
        let found = read(&archive).unwrap();
        assert_eq!(found.len(), 6);
        let (file, data) = &found[1];
        assert_eq!((file.to_string().as_str(), file.mode), ("dir/file", 0o104_755));
        assert_eq!((file.uid, file.gid, file.mtime, file.size), (501, 20, 99, 5));
        assert_eq!(data, b"hello");
        assert_eq!(&archive[usize::try_from(file.at).unwrap()..][..5], b"hello");
        assert_eq!(found[0].0.kind(), Member::DIR);
        assert_eq!(found[2].0.path.len(), 304);
        assert_eq!(found[3].0.symlink.as_deref(), Some(&b"file"[..]));
        assert_eq!(found[4].0.hard_link.as_deref(), Some(&b"dir/file"[..]));
        assert_eq!(found[5].0.mtime, 7);
        assert_eq!(found[5].0.xattrs, [("a.b".to_owned(), b"value".to_vec())]);
    }

    #[test]
    fn broken_and_huge_fields_are_named() {
        let mut broken = archive();
        broken[600] ^= 1;
        let broken = said(read(&broken));
        let (begin, end) = ("tar archive: the decoder's complaint is \"", "\": it cannot be read");
        assert!(broken.starts_with(begin) && broken.ends_with(end), "{broken}");
        let with = |kind, data: &[u8]| {
            let mut builder = tar::Builder::new(Vec::new());
            let mut header = header(kind, data.len() as u64);
            header.set_path("a").unwrap();
            header.set_cksum();
            builder.append(&header, data).unwrap();
            builder.into_inner().unwrap()
        };
        let mut sized = tar::Builder::new(Vec::new());
        sized.append_pax_extensions([("size", &b"9999999999"[..])]).unwrap();
        sized.append_data(&mut header(EntryType::Regular, 1), "pax", &b"p"[..]).unwrap();
        let name = vec![b'n'; MAX_PATH + 1];
        let rows = [
            (
                with(EntryType::GNULongName, &name),
                "tar header: size is 16385: longer than a name can be",
            ),
            (
                with(EntryType::XHeader, &vec![b'n'; (1 << 20) + 1]),
                "tar header: size is 1048577: longer than a name can be",
            ),
            (
                with(EntryType::GNUSparse, b""),
                "this is a sparse file in a tar archive, which is not supported (typeflag is \
                 \"S\")\nhint: unpack it with another program first",
            ),
            (
                sized.into_inner().unwrap(),
                "this is a tar archive with a file of over 8 GiB, which is not supported (size is \
                 9999999999)\nhint: unpack it with another program first",
            ),
        ];
        assert_said(rows.map(|(archive, text)| (said(read(&archive)), text)));
    }
}
