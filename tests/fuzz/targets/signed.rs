//! Packages, what they describe themselves with, chunk lists, signatures.

use lionize::block::{bytes, read_vec};
use lionize::format::certificate::Certificate;
use lionize::format::chunklist::Chunklist;
use lionize::format::cms::Message;
use lionize::format::distribution::Distribution;
use lionize::format::pkginfo::PackageInfo;
use lionize::format::xar::Archive;
use lionize::source::sample::{Package, anchors, package_bytes};
use lionize::source::trust::{Anchors, Claims, judge};
use std::io::{Read, Write};
use std::sync::LazyLock;

static PACKAGE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let package = Package {
        identifier: "org.example.lion",
        version: "1",
        location: "/",
        files: &[("usr/bin/lion", 0o755, b"a program")],
        scripts: &[("postinstall", b"#!/bin/sh\n")],
        signed: true,
    };
    package_bytes(&package).expect("a valid package")
});

static ANCHORS: LazyLock<Anchors> = LazyLock::new(|| anchors().expect("a valid chain"));

/// Edits the archive, or its table of contents before that is stored again.
pub(super) fn xar(data: &[u8]) {
    let (Some((first, rest)), true) = (data.split_first(), data.len() > 1) else { return };
    let mut image = PACKAGE.clone();
    if first & 2 == 0 {
        edit(&mut image, rest);
    } else {
        image = with_table(rest);
    }
    if let Ok(archive) = Archive::open(bytes(image.clone())) {
        for index in 0..archive.entries().len() {
            drop(archive.path(index));
            if let Ok(source) = archive.contents(index) {
                let len = source.len().min(1 << 16);
                drop(read_vec(source.as_ref(), 0, usize::try_from(len).expect("small")));
            }
        }
    }
    let verdict = judge(&bytes(image), &Claims::new(&ANCHORS), &|_| ());
    verdict.map(|verdict| drop(verdict.answer())).unwrap_or_default();
}

/// The archive with an edited table, its lengths right and its checksum wrong
/// unless the table says that there is none.
fn with_table(rest: &[u8]) -> Vec<u8> {
    let len = |at: usize| PACKAGE[at..at + 8].iter().fold(0, |n, b| n << 8 | usize::from(*b));
    let end = 28 + len(8);
    let mut table = Vec::new();
    let mut decoder = flate2::read::ZlibDecoder::new(&PACKAGE[28..end]);
    decoder.read_to_end(&mut table).expect("our own table");
    let text = String::from_utf8(table).expect("our own table");
    let from = text.find("<checksum").expect("its checksum");
    let to = text.find("</checksum>").expect("its checksum") + "</checksum>".len();
    let mut table = [&text[..from], &text[to..]].concat().into_bytes();
    edit_text(&mut table, rest);
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&table).expect("memory takes all");
    let stored = encoder.finish().expect("memory takes all");
    let mut image = PACKAGE[..28].to_vec();
    image[8..16].copy_from_slice(&(stored.len() as u64).to_be_bytes());
    image[16..24].copy_from_slice(&(table.len() as u64).to_be_bytes());
    image[24..28].fill(0);
    image.extend(stored);
    image.extend(&PACKAGE[end..]);
    image
}

/// Five bytes an edit: where, how, and what.
fn edit(data: &mut Vec<u8>, script: &[u8]) {
    for step in script.chunks_exact(5) {
        let at = usize::from(step[0]) << 8 | usize::from(step[1]);
        let at = at % data.len().max(1);
        match step[2] % 4 {
            0 => data[at] = step[3],
            1 => data[at] ^= 1 << (step[3] & 7),
            2 => drop(data.splice(at..at, [step[3], step[4]])),
            _ => {
                let end = (at + usize::from(step[3]) + 1).min(data.len());
                data.drain(at..end);
            }
        }
        if data.is_empty() {
            data.push(0);
        }
    }
}

/// The same, but every second edit is one of a number's digits: the text stays
/// well-formed, and says something else.
fn edit_text(text: &mut Vec<u8>, script: &[u8]) {
    for step in script.chunks_exact(5) {
        if step[2] & 0x80 == 0 {
            edit(text, step);
            continue;
        }
        let at = (usize::from(step[0]) << 8 | usize::from(step[1])) % text.len();
        let Some(found) = text[at..].iter().position(u8::is_ascii_digit) else { continue };
        let (at, digit) = (at + found, b'0' + step[3] % 10);
        if step[2] & 1 == 0 {
            text[at] = digit;
        } else {
            text.splice(at..at, std::iter::repeat_n(digit, 1 + usize::from(step[4]) % 20));
        }
    }
}

const DISTRIBUTION: &[u8] = br##"<?xml version="1.0" encoding="utf-8"?>
<installer-gui-script minSpecVersion="1">
<title>SU_TITLE</title>
<options customize="never" hostArchitectures="i386,x86_64"/>
<installation-check script="check(1)"/>
<volume-check script="check(2)"><allowed-os-versions>
<os-version min="10.7" before="10.8"/></allowed-os-versions></volume-check>
<script>function check(n) { return n &lt; 3; }</script>
<choices-outline><line choice="su"><line choice="inner"/></line></choices-outline>
<choice id="su" suDisabledGroupID="lion" title="SU_TITLE" versStr="10.7.5">
<pkg-ref id="org.example.lion" installKBytes="17" version="10.7.5" auth="Root">#lion.pkg</pkg-ref>
</choice>
<choice id="inner"><pkg-ref id="org.example.lion"/></choice>
<localization><strings language="en"><![CDATA["SU_TITLE" = "Lion \"1\"";]]></strings></localization>
</installer-gui-script>
"##;

const INFO: &[u8] = br#"<pkg-info format-version="2" identifier="org.example.lion"
 version="10.7.5" install-location="/" auth="root">
<payload numberOfFiles="4" installKBytes="17"/>
<bundle path="./Lion.app" id="org.example.app" CFBundleVersion="1"/>
<scripts><preinstall file="./preinstall"/><postinstall file="./postinstall"/></scripts>
</pkg-info>
"#;

/// Parses a text that begins with `<` as it is, or an edited distribution or
/// `PackageInfo`.
pub(super) fn distribution(data: &[u8]) {
    let mut text = data.to_vec();
    if let Some((first, rest)) = data.split_first()
        && *first != b'<'
    {
        text = if first & 2 == 0 { DISTRIBUTION.into() } else { INFO.into() };
        edit_text(&mut text, rest);
    }
    if let Ok(found) = Distribution::parse(&text) {
        drop((found.allows("10.7.5"), format!("{found:?}")));
    }
    if let Ok(found) = PackageInfo::parse(&text) {
        drop(format!("{found:?}"));
    }
}

/// Edits a chunk list, and compares an image with it.
pub(super) fn chunklist(data: &[u8]) {
    let mut list = b"CNKL\x24\0\0\0\x01\x01\x02\0".to_vec();
    for number in [2_u64, 0x24, 0x24 + 72] {
        list.extend(number.to_le_bytes());
    }
    for _ in 0..2 {
        list.extend(16_u32.to_le_bytes());
        list.extend([7; 32]);
    }
    list.extend([9; 32]);
    edit(&mut list, data);
    if let Ok(list) = Chunklist::parse(&list) {
        drop(list.verify(&vec![0; 32], &|_| ()));
        drop(list.verify_signature(&[&[0xff; 256]]));
    }
}

const MESSAGE: &[u8] = include_bytes!("../../../src/format/certificate/samples/stamped.cms");
const CERTIFICATE: &[u8] = include_bytes!("../../../images/sample/signing/signer.cer");

/// Edits a message with a timestamp, or a certificate.
pub(super) fn cms(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    if first & 2 == 2 {
        let mut certificate = CERTIFICATE.to_vec();
        edit(&mut certificate, rest);
        drop(Certificate::parse(&certificate));
        return;
    }
    let mut message = MESSAGE.to_vec();
    edit(&mut message, rest);
    let roots: Vec<_> = ANCHORS.roots.iter().map(|anchor| anchor.root.clone()).collect();
    if let Ok(message) = Message::parse(&message)
        && let Ok(signed) = message.verify(Some(b"a table checksum 20b"))
    {
        drop(signed.timestamp(&roots));
    }
}
