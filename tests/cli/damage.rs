//! What is said of damaged files, word for word: the sentence, why, and a hint.

use crate::support::{Ran, lionize, sample};
use lionize::block::bytes;
use lionize::format::xar::{Archive, hex};
use std::fs;
use std::path::Path;

/// A byte of the first compressed run, which is at 219.
const RUN: usize = 300;

/// What a command says of a file of these bytes, with `FILE` for its path.
fn says(words: &[&str], name: &str, data: &[u8]) -> (u8, String) {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join(name);
    fs::write(&path, data).unwrap();
    let shown = path.to_str().unwrap();
    let words = words.iter().map(|word| word.replace("FILE", shown));
    let output = temp.path().join("out.img").display().to_string();
    let Ran { code, errors, .. } =
        lionize(words.map(|word| word.replace("OUT", &output)).chain(["--quiet".into()]));
    assert!(!Path::new(&output).exists());
    (code, errors.replace(shown, "FILE"))
}

/// The sample's image after a change.
fn image(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut data = fs::read(sample()).unwrap();
    change(&mut data);
    data
}

/// A command, a file, the exit code, and what it says.
type Row<'a> = (&'a [&'a str], &'a [u8], u8, &'a str);

#[track_caller]
fn all_say(rows: &[Row<'_>], name: &str) {
    for (words, data, code, text) in rows {
        assert_eq!(says(words, name, data), (*code, (*text).to_owned()), "{words:?}");
    }
}

const BUILD: [&str; 6] = ["build", "lion", "--input", "installer=FILE", "--output", "OUT"];

#[test]
fn a_damaged_image_is_told_by_every_command() {
    let flipped = image(|data| data[RUN] ^= 1);
    let cut = image(|data| data.truncate(1_500_000));
    let len = image(|_| ()).len();
    let length = image(|data| data[len - 512 + 224] = 0xff);
    let version = image(|data| data[len - 512 + 7] = 5);
    let encrypted = image(|data| data[..8].copy_from_slice(b"encrcdsa"));
    let koly = (len - 512).to_string();
    let rows: [Row<'_>; 11] = [
        (
            &["inspect", "FILE"],
            &flipped,
            3,
            "error: FILE is damaged\n  \
             because run: EntryType is 0x80000005: its zlib data cannot be decoded \
             (at byte 219)\nhint: get it again\n",
        ),
        (
            &["verify", "FILE"],
            &flipped,
            6,
            "error: FILE is not right\n  \
             because FILE: run: EntryType is 0x80000005: its zlib data cannot be decoded \
             (at byte 219)\nhint: make it again, or get it again\n",
        ),
        (
            &["ls", "FILE"],
            &flipped,
            3,
            "error: cannot read FILE\n  \
             because FILE: run: EntryType is 0x80000005: its zlib data cannot be decoded \
             (at byte 219)\nhint: the file is damaged; get it again\n",
        ),
        (
            &BUILD,
            &flipped,
            3,
            "error: cannot read FILE (installer)\n  \
             because FILE: run: EntryType is 0x80000005: its zlib data cannot be decoded \
             (at byte 219)\nhint: the file is damaged; get it again\n",
        ),
        (
            &["verify", "FILE"],
            &cut,
            3,
            "error: cannot read FILE\n  \
             because FILE: this is neither a disk image nor a volume that is known (its length is \
             1500000)\n\
             hint: a dmg has a mark at its end, and this one has none: it may be cut off\n",
        ),
        (
            &BUILD,
            &cut,
            3,
            "error: cannot read FILE (installer)\n  \
             because FILE: this is neither a disk image nor a volume that is known (its length is \
             1500000)\n\
             hint: a dmg has a mark at its end, and this one has none: it may be cut off\n",
        ),
        (
            &["inspect", "FILE"],
            &length,
            3,
            "error: FILE is damaged\n  \
             because FILE: koly: XMLLength is 18374686479671LEN: ends behind the file \
             (at byte KOLY)\nhint: get it again\n",
        ),
        (
            &["ls", "FILE"],
            &length,
            3,
            "error: cannot read FILE\n  \
             because FILE: koly: XMLLength is 18374686479671LEN: ends behind the file \
             (at byte KOLY)\nhint: the file is damaged; get it again\n",
        ),
        (
            &["ls", "FILE"],
            &version,
            3,
            "error: cannot read FILE\n  \
             because FILE: this is a UDIF image of another version, which is not supported \
             (Version is 5)\nhint: on a Mac: hdiutil convert IMAGE -format UDZO -o PLAIN.dmg\n",
        ),
        (
            &BUILD,
            &encrypted,
            3,
            "error: cannot read FILE (installer)\n  \
             because FILE: this is an encrypted disk image, which is not supported (signature is \
             \"encrcdsa\")\n\
             hint: on a Mac: hdiutil convert IMAGE -format UDZO -o PLAIN.dmg\n",
        ),
        (&["inspect", "FILE"], &cut, 0, ""),
    ];
    let xml = u64::from_be_bytes(length[len - 512 + 224..len - 512 + 232].try_into().unwrap());
    let rows = rows.map(|(words, data, code, text)| {
        let text = text.replace("18374686479671LEN", &xml.to_string()).replace("KOLY", &koly);
        (words, data, code, text)
    });
    let rows: Vec<_> = rows.iter().map(|(w, d, c, text)| (*w, *d, *c, text.as_str())).collect();
    all_say(&rows, "InstallESD.dmg");
}

#[test]
fn an_image_that_was_cut_off_is_told() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("cut.dmg");
    fs::write(&path, image(|data| data.truncate(1 << 20))).unwrap();
    let path = path.to_str().unwrap();
    let text = format!(
        "{path}: of no kind that is known, and may be cut off: a dmg has a mark at its end, 1.0 MiB\n"
    );
    lionize(["inspect", path]).is(0, &text, "");
}

#[test]
fn a_damaged_package_is_told() {
    let package = lionize(["cat", &crate::support::inside("/Packages/BSD.pkg")]).out;
    let with = |change: fn(&mut Vec<u8>)| {
        let mut data = package.clone();
        change(&mut data);
        data
    };
    let rows: [Row<'_>; 6] = [
        (
            &["inspect", "FILE"],
            &with(|data| data.truncate(900)),
            3,
            "error: FILE is damaged\n  \
             because FILE: xar header: toc_length_compressed is TOC: behind the archive's end: it \
             may be cut off\nhint: get it again\n",
        ),
        (
            &["ls", "FILE"],
            &with(|data| data.truncate(data.len() - 1000)),
            3,
            "error: cannot read FILE\n  \
             because FILE: xar entry: length is PAYLOAD: more than the archive has: it may be cut \
             off\nhint: the file is damaged; get it again\n",
        ),
        (
            &["ls", "FILE"],
            &with(|data| data[60] ^= 1),
            3,
            "error: cannot read FILE\n  \
             because FILE: xar table of contents: the decoder's complaint is \"corrupt deflate \
             stream\": it cannot be unpacked\nhint: the file is damaged; get it again\n",
        ),
        (
            &["inspect", "FILE"],
            &with(|data| data[7] = 2),
            3,
            "error: cannot read FILE\n  \
             because FILE: this is a xar archive of another version, which is not supported \
             (version is 2)\nhint: on a Mac: xar -xf ARCHIVE\n",
        ),
        (
            &["ls", "FILE"],
            &with(|data| data[7] = 2),
            3,
            "error: cannot read FILE\n  \
             because FILE: this is a xar archive of another version, which is not supported \
             (version is 2)\nhint: on a Mac: xar -xf ARCHIVE\n",
        ),
        (
            &["cat", "FILE/PackageInfo"],
            &with(|data| *data.last_mut().unwrap() ^= 1),
            3,
            "error: cannot read FILE/PackageInfo\n  \
             because FILE/PackageInfo: xar entry: archived-checksum is \"sha1 SUM\": not the checksum of \
             what is there\nhint: the file is damaged; get it again\n",
        ),
    ];
    let archive = Archive::open(bytes(package.clone())).unwrap();
    let data = |name: &str| {
        let at = archive.find(name).unwrap();
        archive.entries()[at].data.clone().unwrap()
    };
    let toc = u64::from_be_bytes(package[8..16].try_into().unwrap()).to_string();
    let payload = data("Payload").length.to_string();
    let sum = hex(&data("PackageInfo").archived.unwrap().value);
    let rows = rows.map(|(words, data, code, text)| {
        let text = text.replace("TOC", &toc).replace("PAYLOAD", &payload).replace("SUM", &sum);
        (words, data, code, text)
    });
    let rows: Vec<_> = rows.iter().map(|(w, d, c, text)| (*w, *d, *c, text.as_str())).collect();
    all_say(&rows, "BSD.pkg");
}

#[test]
fn a_damaged_archive_is_told() {
    let mut cpio = lionize::format::cpio::Writer::new(Vec::new());
    let member = lionize::format::archive::Member {
        path: b"./hello".to_vec(),
        mode: 0o100_644,
        size: 5,
        ..Default::default()
    };
    cpio.add(&member, &mut &b"hello"[..]).unwrap();
    let cpio = cpio.finish().unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, &cpio).unwrap();
    let mut gzip = gzip.finish().unwrap();
    let at = gzip.len() - 5;
    gzip[at] ^= 1;
    let mut name = cpio.clone();
    name[20] = b'x';
    let rows: [Row<'_>; 3] = [
        (
            &["ls", "FILE"],
            &cpio[..100],
            3,
            "error: cannot read FILE\n  \
             because FILE: cpio archive: length is 95: it ends before its trailer: it may be cut \
             off (at byte 89)\nhint: the file is damaged; get it again\n",
        ),
        (
            &["ls", "FILE"],
            &gzip,
            3,
            "error: cannot read FILE\n  \
             because FILE: gzip stream: the decoder's complaint is \"corrupt gzip stream does not \
             have a matching checksum\": it cannot be unpacked\n\
             hint: the file is damaged; get it again\n",
        ),
        (
            &["inspect", "FILE"],
            &name,
            3,
            "error: FILE is damaged\n  \
             because FILE: cpio header: c_mode is \"10x644\": not an octal number (at byte 0)\n\
             hint: get it again\n",
        ),
    ];
    all_say(&rows, "a.cpio");
}
