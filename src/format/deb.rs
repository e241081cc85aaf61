//! Debian packages: an `ar` archive whose `data.tar` holds the files.
//!
//! Facts: `deb(5)`, `ar(5)`. Supported are data in xz and in gzip; zstd, which
//! Ubuntu uses, is not.

use crate::block::{Error, Reader, Result, Source, read_vec, slice};
use crate::format::archive::Member;
use crate::format::stream::{Codec, decode, limit_for};
use crate::format::tarball;
use std::io::{BufReader, Read};

const AR: &[u8; 8] = b"!<arch>\n";
const HEADER: usize = 60;
/// A package has three members; some tools add one.
const MOST_MEMBERS: usize = 16;
const DEB: &str = "Debian package";

/// Whether a file begins as a Debian package does.
#[must_use]
pub fn is_deb(head: &[u8]) -> bool {
    head.starts_with(AR) && head.get(8..21) == Some(b"debian-binary")
}

/// Calls `visit` for each file of a package, for as long as it says to go on.
///
/// # Errors
/// `Corrupt` for what is no package, `Unsupported` for data in another form;
/// whatever `visit` returns.
pub fn scan(
    package: &Source,
    visit: &mut dyn FnMut(Member, &mut dyn Read) -> Result<bool>,
) -> Result<()> {
    let (name, data) = data(package)?;
    let codec = match name.as_str() {
        "data.tar.xz" => Codec::Xz,
        "data.tar.gz" => Codec::Gzip,
        other => {
            let hint = "give a package of Debian's own, whose data are in xz";
            let what = "a Debian package in another form";
            return Err(Error::unsupported(what, "its member", other, hint));
        }
    };
    let limit = limit_for(data.len());
    let mut stream = decode(codec, BufReader::new(Reader::new(data)), limit)?;
    tarball::scan(&mut stream, visit)
}

/// The member with the files: its name and bytes.
fn data(package: &Source) -> Result<(String, Source)> {
    // At most 68.
    let head = usize::try_from(package.len().min(68)).unwrap_or(0);
    let head = read_vec(package.as_ref(), 0, head)?;
    if !is_deb(&head) {
        let begin = String::from_utf8_lossy(&head[..head.len().min(8)]).into_owned();
        return Err(Error::corrupt(DEB, "magic", begin, "this is no Debian package"));
    }
    let mut at = AR.len() as u64;
    for _ in 0..MOST_MEMBERS {
        if at + HEADER as u64 > package.len() {
            break;
        }
        let header = read_vec(package.as_ref(), at, HEADER)?;
        let text = |range: std::ops::Range<usize>| {
            String::from_utf8_lossy(&header[range]).trim_end_matches([' ', '/']).to_owned()
        };
        let size = text(48..58);
        let wrong = |rule| Error::corrupt(DEB, "ar_size", size.as_str(), rule).at(at);
        let size: u64 = size.parse().map_err(|_| wrong("not a number"))?;
        if size > package.len() {
            return Err(wrong("more than the file has: it may be cut off"));
        }
        let (name, start) = (text(0..16), at + HEADER as u64);
        if name.starts_with("data.tar") {
            return Ok((name, slice(package, start, size)?));
        }
        // Just compared with a length.
        at = (start + size).next_multiple_of(2);
    }
    Err(Error::corrupt(DEB, "length", package.len(), "no member of it is data.tar"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::bytes;
    use crate::block::saying::{assert_said, said};

    fn member(name: &str, data: &[u8]) -> Vec<u8> {
        let head =
            format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 100_644, data.len());
        assert_eq!(head.len(), HEADER);
        [head.as_bytes(), data, if data.len() % 2 == 1 { b"\n" } else { b"" }].concat()
    }

    fn package(name: &str) -> Source {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(4);
        header.set_mode(0o644);
        tar.append_data(&mut header, "boot/vmlinuz-1", &b"zero"[..]).unwrap();
        let tar = tar.into_inner().unwrap();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut gzip, &tar).unwrap();
        let parts = [
            AR.to_vec(),
            member("debian-binary", b"2.0\n"),
            member("control.tar.xz", b"odd"),
            member(name, &gzip.finish().unwrap()),
        ];
        bytes(parts.concat())
    }

    #[test]
    fn the_files_are_found_behind_other_members() {
        let mut found = Vec::new();
        scan(&package("data.tar.gz"), &mut |member, data| {
            let mut text = String::new();
            data.read_to_string(&mut text)?;
            found.push((String::from_utf8(member.path).unwrap(), text));
            Ok(true)
        })
        .unwrap();
        assert_eq!(found, [("boot/vmlinuz-1".to_owned(), "zero".to_owned())]);
    }

    #[test]
    fn other_forms_and_other_files_are_refused() {
        let mut long = read_vec(package("x").as_ref(), 0, 200).unwrap();
        let with = |size: &[u8; 10]| {
            long[56..66].copy_from_slice(size);
            bytes(long.clone())
        };
        let [odd, long] = [b"12x       ", b"9999999999"].map(with);
        let rows = [
            (
                package("data.tar.zst"),
                "this is a Debian package in another form, which is not supported (its member is \
                 \"data.tar.zst\")\n\
                 hint: give a package of Debian's own, whose data are in xz",
            ),
            (package("nothing"), "Debian package: length is LEN: no member of it is data.tar"),
            (
                bytes(vec![b'0'; 100]),
                "Debian package: magic is \"00000000\": this is no Debian package",
            ),
            (bytes(*b"!<arch>"), "Debian package: magic is \"!<arch>\": this is no Debian package"),
            (odd, "Debian package: ar_size is \"12x\": not a number (at byte 8)"),
            (
                long,
                "Debian package: ar_size is \"9999999999\": more than the file has: it may be \
                 cut off (at byte 8)",
            ),
        ];
        assert_said(rows.map(|(source, text)| {
            let said = said(scan(&source, &mut |_, _| Ok(true)));
            (said, text.replace("LEN", &source.len().to_string()))
        }));
    }
}
