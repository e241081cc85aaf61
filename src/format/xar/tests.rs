//! Archives of our own making, whole and broken.

use super::write::{Body, Builder, Meta, Signer, Signing};
use super::{Archive, Check, Encoding, Kind, Style};
use crate::block::{Error, Source, bytes, read_vec};

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

fn field(result: Result<impl Sized, Error>) -> (&'static str, &'static str) {
    match result {
        Err(Error::Corrupt(corrupt)) => (corrupt.structure, corrupt.field),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was taken"),
    }
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
    assert_eq!(field(flip(60)).0, "xar table of contents");
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
    assert_eq!(field(raw.verify(index, &|_| ())), ("xar entry", "extracted-checksum"));
    let error = raw.verify_all(&|_| ()).unwrap_err();
    assert!(error.to_string().starts_with("Sub.pkg/Payload: xar entry: "), "{error}");
    let zlib = flip(good.len() - 9).unwrap();
    let index = zlib.find("Sub.pkg/PackageInfo").unwrap();
    assert_eq!(field(zlib.contents(index)), ("xar entry", "archived-checksum"));
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
                assert_eq!(field(outcome), ("xar entry", "size"));
            }
        }
        let cut = toc.replace(&format!("<length>{len}<"), "<length>9<");
        assert_eq!(field(open([with_toc(&cut), stored].concat()).contents(0)).0, "xar entry");
    }
}

#[test]
fn each_broken_element_is_named() {
    let toc = |toc: &str| field(Archive::open(bytes(with_toc(toc)))).1;
    let data = |data: &str| toc(&format!("<file><name>a</name><data>{data}</data></file>"));
    assert_eq!(toc("<file id='1'/>"), "name");
    assert_eq!(toc("<file><name></name></file>"), "name");
    assert_eq!(toc("<file><name enctype='base64'>?</name></file>"), "name");
    assert_eq!(toc(&format!("<file><name>{}</name></file>", "a".repeat(4097))), "name");
    assert_eq!(toc("<file><name>a</name><mode>0999</mode></file>"), "mode");
    assert_eq!(toc("<file><name>a</name><uid>root</uid></file>"), "uid");
    assert_eq!(toc("<file id='1'><name>a</name><file id='1'/></file>"), "file id");
    assert_eq!(toc("<file id='1'><name>a</name><type link='2'>hardlink</type></file>"), "link");
    assert_eq!(toc("<file id='1'><name>a</name><type link='1'>hardlink</type></file>"), "link");
    assert_eq!(data("<offset>-1</offset>"), "offset");
    assert_eq!(data("<size>1</size>"), "size");
    assert_eq!(data("<offset>0</offset><length>2</length>"), "length");
    assert_eq!(data("<offset>1</offset><length>1</length>"), "offset");
    assert_eq!(data("<offset>18446744073709551615</offset><length>1</length>"), "offset");
    assert_eq!(data("<offset>0</offset><length>1</length><size>2</size>"), "size");
    let bomb = "<offset>0</offset><length>1</length><size>9999999</size>";
    assert_eq!(data(&format!("{bomb}<encoding style='application/x-gzip'/>")), "size");
    assert_eq!(data("<archived-checksum style='sha1'>00</archived-checksum>"), "checksum");
    assert_eq!(data("<archived-checksum style='x'>0g</archived-checksum>"), "checksum");
    assert_eq!(
        toc("<signature style='RSA'><offset>1</offset><size>1</size></signature>"),
        "signature offset"
    );
    assert_eq!(toc(&"<signature/>".repeat(9)), "signatures");
    let certificate = "<X509Certificate>?</X509Certificate>";
    let certificate = format!("<KeyInfo><X509Data>{certificate}</X509Data></KeyInfo>");
    assert_eq!(toc(&format!("<signature>{certificate}</signature>")), "X509Certificate");
    assert_eq!(
        toc("<checksum style='sha1'><offset>0</offset><size>20</size></checksum>"),
        "checksum style"
    );
    let mut other = sample(Style::Sha1);
    for number in [0, 2] {
        other[27] = number;
        assert_eq!(field(Archive::open(bytes(other.clone()))).1, "checksum style");
    }
    assert_eq!(toc("<file><name>&name;</name></file>"), "entity");
    assert_eq!(toc(&"<file>".repeat(300)), "nesting");
}

#[test]
fn a_table_is_as_long_as_the_header_says() {
    let plain = b"<xar><toc/></xar>";
    for wrong in [plain.len() as u64 - 1, plain.len() as u64 + 1] {
        let opened = Archive::open(bytes(with_plain(plain, wrong)));
        assert_eq!(field(opened), ("xar header", "toc_length_uncompressed"));
    }
    let mut broken = with_plain(plain, plain.len() as u64);
    broken[30] ^= 0xff;
    assert_eq!(field(Archive::open(bytes(broken))), ("xar table of contents", "zlib stream"));
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
