//! Archives of our own making, whole and broken.

use super::write::{Body, Builder, Meta, Signer, Signing};
use super::{Archive, Check, Encoding, Kind, Style};
use crate::block::saying::{assert_said, said};
use crate::block::{Source, bytes, read_vec};

const META: Meta = Meta { mode: 0o644, uid: 0, gid: 20, mtime: 1_348_099_200 };

fn all(source: &Source) -> Vec<u8> {
    read_vec(source.as_ref(), 0, usize::try_from(source.len()).unwrap()).unwrap()
}

/// A folder, files of both kinds, links, and a reserved signature.
fn sample(style: Style) -> Vec<u8> {
    let mut builder = Builder::new(style, 1_348_099_200);
    let folder = Meta { mode: 0o755, ..META };
    let sub = builder.add(None, "Sub.pkg", folder, Body::Directory);
    let payload = Body::File(bytes(*b"not compressed"), Encoding::Raw);
    let payload = builder.add(Some(sub), "Payload", META, payload);
    let long = bytes(b"<lion/>".repeat(500_000));
    builder.add(Some(sub), "PackageInfo", META, Body::File(long, Encoding::Zlib));
    builder.add(None, "again & again", META, Body::HardLink(payload));
    builder.add(None, "link", META, Body::Symlink("Sub.pkg/Payload".into()));
    builder.add(None, "empty", META, Body::File(bytes([]), Encoding::Raw));
    let sign = Box::new(|signing: &Signing<'_>| Ok([b"signed ", signing.checksum].concat()));
    let certificates = vec![vec![1, 2, 3]];
    let signer = Signer { style: "RSA", extended: false, size: 100, certificates, sign };
    builder.sign(1_348_099_201, signer);
    all(&builder.finish().unwrap())
}

fn open(data: Vec<u8>) -> Archive {
    Archive::open(bytes(data)).unwrap()
}

/// An archive with this table, whose heap is one byte.
fn with_toc(toc: &str) -> Vec<u8> {
    let toc = format!("<xar><toc>{toc}</toc></xar>");
    with_plain(toc.as_bytes(), toc.len() as u64)
}

fn with_plain(toc: &[u8], plain: u64) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, toc).unwrap();
    let stored = encoder.finish().unwrap();
    let mut out = b"xar!\0\x1c\0\x01".to_vec();
    out.extend((stored.len() as u64).to_be_bytes());
    out.extend(plain.to_be_bytes());
    out.extend([0; 4]);
    out.extend(stored);
    out.push(b'x');
    out
}

#[test]
fn what_is_written_is_read() {
    for style in [Style::Sha1, Style::Sha256, Style::Sha512] {
        let archive = open(sample(style.clone()));
        assert_eq!(archive.toc_check(), &Check::Passed(style.clone()));
        let paths: Vec<_> = (0..archive.entries().len()).map(|index| archive.path(index)).collect();
        let expected =
            ["Sub.pkg", "Sub.pkg/Payload", "Sub.pkg/PackageInfo", "again & again", "link", "empty"];
        assert_eq!(paths, expected);
        let at = |path| archive.find(path).unwrap();
        assert_eq!(archive.find("Sub.pkg/Payload/x"), None);
        let payload = &archive.entries()[at("Sub.pkg/Payload")];
        assert_eq!((payload.mode, payload.uid, payload.gid), (Some(0o644), Some(0), Some(20)));
        assert_eq!((payload.mtime, payload.size()), (Some(1_348_099_200), 14));
        assert_eq!(archive.entries()[at("again & again")].kind, Kind::HardLink(1));
        assert_eq!(archive.entries()[at("link")].kind, Kind::Symlink("Sub.pkg/Payload".into()));
        for path in ["Sub.pkg/Payload", "again & again"] {
            assert_eq!(all(&archive.contents(at(path)).unwrap()), b"not compressed");
        }
        let info = archive.contents(at("Sub.pkg/PackageInfo")).unwrap();
        assert_eq!(all(&info), b"<lion/>".repeat(500_000));
        assert_eq!(read_vec(info.as_ref(), (1 << 20) - 3, 7).unwrap(), b"lion/><");
        assert!(info.read_at(3_499_999, &mut [0; 2]).is_err());
        assert!(archive.contents(at("empty")).unwrap().is_empty());
        assert!(archive.contents(at("Sub.pkg")).is_err());
        assert!(archive.contents(at("link")).is_err());
        let checks = archive.verify_all(&|_| ()).unwrap();
        assert_eq!((checks.passed, checks.absent, checks.not_checked), (2, 0, 0));
        let signature = &archive.signatures()[0];
        let sum = &archive.toc_checksum().unwrap().value;
        let made = [b"signed ".as_slice(), sum].concat();
        assert!(archive.signature_bytes(signature).unwrap().starts_with(&made));
        assert_eq!(signature.certificates, [[1, 2, 3]]);
        assert_eq!(archive.signed(), Some(1_348_099_201));
        assert_eq!(archive.created(), Some("2012-09-20T00:00:00"));
        assert_eq!(sample(style.clone()), sample(style));
    }
}

#[test]
fn a_wrong_bit_is_found_wherever_it_is() {
    let good = sample(Style::Sha1);
    let find = |what: &[u8]| good.windows(what.len()).position(|w| w == what).unwrap();
    let flip = |at: usize| {
        let mut data = good.clone();
        data[at] ^= 1;
        Archive::open(bytes(data))
    };
    assert!(said(flip(60)).starts_with("xar table of contents: "));
    let raw = flip(find(b"not compressed")).unwrap();
    let index = raw.find("again & again").unwrap();
    let source = raw.contents(index).unwrap();
    assert!(source.read_at(2, &mut [0; 4]).is_ok(), "a part is not judged");
    let mut first = [0; 10];
    source.read_at(0, &mut first).unwrap();
    let error = source.read_at(10, &mut [0; 4]).unwrap_err();
    let expected = "xar entry: extracted-checksum is \
                    \"sha1 86eeab932c6ba5286148e61799a67b3e350d5f48\": \
                    not the checksum of what is there";
    assert_eq!(error.to_string(), expected);
    assert_eq!(said(raw.verify(index, &|_| ())), expected);
    assert_eq!(said(raw.verify_all(&|_| ())), format!("Sub.pkg/Payload: {expected}"));
    let zlib = flip(good.len() - 9).unwrap();
    let index = zlib.find("Sub.pkg/PackageInfo").unwrap();
    let stated = zlib.entries()[index].data.as_ref().unwrap().archived.as_ref().unwrap();
    let stated = super::hex(&stated.value);
    let text = format!(
        "xar entry: archived-checksum is \"sha1 {stated}\": not the checksum of what is there"
    );
    assert_eq!(said(zlib.contents(index)), text);
}

#[test]
fn every_encoding_is_decoded() {
    // printf 'lion lion lion lion\n' | bzip2, | xz, | xz --format=lzma; zlib by python3.
    let stored = [
        (
            "application/x-bzip2",
            "425a6839314159265359af4b22b3000005d100001040000025a00020aa0d03008436b78e3c5dc914e14242bd2c8acc",
        ),
        (
            "application/x-xz",
            "fd377a585a000004e6d6b446020021010c0000008f98419ce00013000c5d00361a4a4402a16bdb396d00000008457ef42c862ef000012814fccf01671fb6f37d010000000004595a",
        ),
        ("application/x-gzip", "789ccbc9cccf53c84121b8004ebe0733"),
    ];
    for (style, digits) in stored {
        let stored = super::digest::unhex(digits).unwrap();
        let len = stored.len();
        let toc = format!(
            "<file id='1'><name>a</name><data><offset>1</offset><length>{len}</length>\
             <size>20</size><encoding style='{style}'/></data></file>"
        );
        let archive = open([with_toc(&toc), stored.clone()].concat());
        assert_eq!(all(&archive.contents(0).unwrap()), b"lion lion lion lion\n", "{style}");
        for (size, fails) in [(19, true), (21, true), (20, false)] {
            let toc = toc.replace("<size>20<", &format!("<size>{size}<"));
            let archive = open([with_toc(&toc), stored.clone()].concat());
            let outcome = archive.contents(0);
            assert_eq!(outcome.is_err(), fails, "{style} {size}");
            if fails {
                let rule = "not the number of bytes that it holds";
                assert_eq!(said(outcome), format!("xar entry: size is {size}: {rule}"));
            }
        }
        let cut = toc.replace(&format!("<length>{len}<"), "<length>9<");
        let cut = said(open([with_toc(&cut), stored].concat()).contents(0));
        let text = "xar entry: the decoder's complaint is ";
        assert!(cut.starts_with(text) && cut.ends_with(": it cannot be unpacked"), "{cut}");
    }
}

#[test]
fn each_broken_element_is_named() {
    let file = |inside: &str| format!("<file><name>a</name>{inside}</file>");
    let data = |inside: &str| file(&format!("<data>{inside}</data>"));
    let linked =
        |id: &str| format!("<file id='1'><name>a</name><type link='{id}'>hardlink</type></file>");
    let signed = |certificates: &str| {
        format!("<signature><KeyInfo><X509Data>{certificates}</X509Data></KeyInfo></signature>")
    };
    let long = "a".repeat(4097);
    let table = |toc: String, text: &str| (toc, format!("xar table of contents: {text}"));
    let entry = |toc: String, text: &str| (toc, format!("xar entry: {text}"));
    let bomb = "<offset>0</offset><length>1</length><size>9999999</size>";
    let digits = "not the hexadecimal digits of its style";
    let rows = [
        table("<file id='1'/>".into(), "name is \"\": a file without a name"),
        table("<file><name></name></file>".into(), "name is \"\": an empty name"),
        table("<file><name enctype='base64'>?</name></file>".into(), "name is \"?\": not base64"),
        table(
            format!("<file><name>{long}</name></file>"),
            &format!("name is \"{}\": over the limit of 4096 bytes", "a".repeat(40)),
        ),
        table(
            file(&format!("<link>{long}</link>")),
            &format!("link is \"{}\": over the limit of 4096 bytes", "a".repeat(40)),
        ),
        table(file("<mode>0999</mode>"), "mode is \"0999\": not a number of its kind"),
        table(file("<uid>root</uid>"), "uid is \"root\": not a number of its kind"),
        table(file("<gid>-9999999999</gid>"), "gid is \"-9999999999\": not a number of its kind"),
        table(
            "<file id='1'><name>a</name><file id='1'/></file>".into(),
            "file id is 1: given to two files",
        ),
        table(linked("x"), "link is \"x\": not a number of its kind"),
        table(linked("2"), "link is 2: a hard link to something that is no file of the archive"),
        table(linked("1"), "link is 1: a hard link to something that is no file of the archive"),
        table(data("<offset>-1</offset>"), "offset is \"-1\": not a number of its kind"),
        table(data("<size>1</size>"), "size is 1: data without an offset or a length"),
        entry(
            data("<offset>0</offset><length>2</length>"),
            "length is 2: more than the archive has: it may be cut off",
        ),
        entry(
            data("<offset>1</offset><length>1</length>"),
            "offset is 1: behind the heap's end with length added: the archive may be cut off",
        ),
        entry(
            data("<offset>0</offset><length>1</length><size>2</size>"),
            "size is 2: not the length of what is stored as it is",
        ),
        entry(
            data(&format!("{bomb}<encoding style='application/x-gzip'/>")),
            "size is 9999999: over the limit of what so few stored bytes may become",
        ),
        table(
            data("<archived-checksum style='sha1'>00</archived-checksum>"),
            &format!("checksum is \"00\": {digits}"),
        ),
        table(
            data("<archived-checksum style='x'>0g</archived-checksum>"),
            &format!("checksum is \"0g\": {digits}"),
        ),
        table(
            "<signature style='RSA'><offset>1</offset><size>1</size></signature>".into(),
            "signature offset is 1: behind the heap's end with its size added",
        ),
        table("<signature/>".repeat(9), "signatures is 9: over the limit of 8"),
        table(
            signed("<X509Certificate>?</X509Certificate>"),
            "X509Certificate is \"?\": not base64",
        ),
        table(
            signed(&"<X509Certificate>AAAA</X509Certificate>".repeat(17)),
            "X509Certificate is 17: over the limit of 16",
        ),
        table(
            "<checksum style='sha1'><offset>0</offset><size>20</size></checksum>".into(),
            "checksum style is \"sha1 (header: none)\": not the algorithm that the header names",
        ),
        table(
            "<file><name>&name;</name></file>".into(),
            "entity is \"name\": an entity other than XML's own five",
        ),
        table("<file>".repeat(300), "nesting is 257: deeper than 256 elements"),
    ];
    assert_said(rows.map(|(toc, text)| (said(Archive::open(bytes(with_toc(&toc)))), text)));
    let mut other = sample(Style::Sha1);
    for (number, name) in [(0, "none"), (2, "md5")] {
        other[27] = number;
        let text = format!(
            "xar table of contents: checksum style is \"sha1 (header: {name})\": not the \
             algorithm that the header names"
        );
        assert_eq!(said(Archive::open(bytes(other.clone()))), text);
    }
}

/// The table's own checksum, in an archive whose header says SHA-1.
#[test]
fn the_tables_checksum_has_a_place_and_a_length() {
    let with = |size: u64, offset: u64| {
        let mut made = with_toc(&format!(
            "<checksum style='sha1'><offset>{offset}</offset><size>{size}</size></checksum>"
        ));
        made[27] = 1;
        made.extend([7; 20]);
        said(Archive::open(bytes(made)))
    };
    let digits = "07".repeat(20);
    assert_said(
        [
            (with(21, 0), "checksum size is 21: not the length of its style".to_owned()),
            (with(20, 2), "checksum offset is 2: behind the heap's end with its size added".into()),
            (with(20, 1), format!("checksum is \"sha1 {digits}\": not the checksum of the table")),
        ]
        .map(|(said, text)| (said, format!("xar table of contents: {text}"))),
    );
}

#[test]
fn what_cannot_be_made_is_said() {
    let builder = |style, encoding| {
        let mut builder = Builder::new(style, 0);
        builder.add(None, "a", META, Body::File(bytes(*b"hello"), encoding));
        builder
    };
    let sign = Box::new(|_: &Signing<'_>| Ok(vec![0; 101]));
    let mut signed = builder(Style::Sha1, Encoding::Raw);
    signed.sign(0, Signer { style: "RSA", extended: false, size: 100, certificates: vec![], sign });
    assert_said([
        (
            said(builder(Style::Md5, Encoding::Raw).finish()),
            "this is a checksum that cannot be made, which is not supported (style is \"md5\")\n\
             hint: use sha1 or sha256",
        ),
        (
            said(builder(Style::Sha1, Encoding::Xz).finish()),
            "this is an entry that is too long, or to be stored in another way than raw or zlib, \
             which is not supported (its length is 5)",
        ),
        (
            said(signed.finish()),
            "xar table of contents: signature size is 101: more bytes than were reserved for it",
        ),
    ]);
}

#[test]
fn what_cannot_be_given_is_said() {
    let data = |style: &str| {
        let data = format!(
            "<offset>0</offset><length>1</length><size>1</size><encoding style='{style}'/>"
        );
        let archive = open(with_toc(&format!("<file><name>a</name><data>{data}</data></file>")));
        said(archive.contents(0))
    };
    let huge = "<signature style='RSA'><offset>0</offset><size>1048577</size></signature>";
    let mut huge = with_toc(huge);
    huge.resize(huge.len() + (1 << 20), 0);
    let huge = open(huge);
    let fifo = open(with_toc("<file><name>a</name><type>fifo</type></file>"));
    let rows = [
        (
            data("application/x-odd"),
            "this is an entry in an encoding that is not known, which is not supported (encoding \
             is \"application/x-odd\")\nhint: on a Mac: xar -xf ARCHIVE",
        ),
        (
            data("application/x-gzip"),
            "xar entry: the decoder's complaint is \"incomplete deflate stream\": it cannot be unpacked",
        ),
        (
            said(huge.signature_bytes(&huge.signatures()[0])),
            "xar table of contents: signature size is 1048577: more than the limit of 1 MiB",
        ),
        (said(fifo.contents(0)), "a is no file"),
    ];
    assert_said(rows);
    let text = "the folder of temporary files has no room for what has to be unpacked: make some, \
                or set TMPDIR to another folder";
    assert_eq!(super::contents::no_room().to_string(), text);
}

#[test]
fn a_table_is_as_long_as_the_header_says() {
    let plain = b"<xar><toc/></xar>";
    let mut broken = with_plain(plain, plain.len() as u64);
    broken[30] ^= 0xff;
    let opened = |data: Vec<u8>| said(Archive::open(bytes(data)));
    assert_said([
        (
            opened(with_plain(plain, 16)),
            "xar header: toc_length_uncompressed is 16: less than the number of bytes in the table",
        ),
        (
            opened(with_plain(plain, 18)),
            "xar header: toc_length_uncompressed is 18: not the number of bytes in the table",
        ),
        (
            opened(broken),
            "xar table of contents: the decoder's complaint is \"corrupt deflate stream\": it cannot be \
             unpacked",
        ),
    ]);
}

#[test]
fn what_old_and_odd_archives_hold_is_taken() {
    let toc = "<creation-time>x</creation-time><x>y<z/></x><file id='a'><name enctype='base64'>\
               TGlvbg==</name><type>fifo</type><mode>0104755</mode><uid>-2</uid>\
               <mtime>2021-07-06T16:06:04</mtime><FinderCreateTime><time>1901-1868345713-01</time>\
               </FinderCreateTime><ea id='0'><name>com.apple.x</name><offset>0</offset>\
               <length>1</length><size>1</size></ea></file><file><name>n</name>\
               <mtime>never</mtime><data><size>0</size></data></file>";
    let archive = open(with_toc(toc));
    let entry = &archive.entries()[0];
    assert_eq!((entry.name.as_ref(), &entry.kind), ("Lion", &Kind::Other("fifo".into())));
    assert_eq!((entry.mode, entry.uid), (Some(0o4755), Some(0xffff_fffe)));
    assert_eq!((entry.mtime, archive.entries()[1].mtime), (Some(1_625_587_564), None));
    assert_eq!(all(&archive.attribute(0, 0).unwrap()), b"x");
    assert_eq!((archive.toc_check(), archive.signed()), (&Check::Absent, None));
    assert_eq!(archive.verify_all(&|_| ()).unwrap().absent, 1);
}
