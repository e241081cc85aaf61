//! Archives made here, as folders.

use crate::block::{Error, Source, bytes, read_vec};
use crate::format::appledouble::{Contents, encode};
use crate::format::archive::{Identity, Member};
use crate::format::cpio::Writer;
use crate::source::{Item, Opener, Place};
use crate::volume::{Body, Meta, Name, Tree, VPath};
use std::io::Write;
use std::path::{Path, PathBuf};

const DATE: u64 = 1_348_099_200;

fn member(path: &str, mode: u16) -> Member {
    Member { path: path.into(), mode, uid: 501, gid: 80, mtime: DATE, ..Member::default() }
}

/// A cpio archive of these members.
fn cpio(members: &[(Member, &[u8])]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    for (member, data) in members {
        let member = Member { size: data.len() as u64, ..member.clone() };
        writer.add(&member, &mut &**data).unwrap();
    }
    writer.finish().unwrap()
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(data).unwrap();
    writer.finish().unwrap()
}

fn all(source: &Source) -> Vec<u8> {
    read_vec(source.as_ref(), 0, usize::try_from(source.len()).unwrap()).unwrap()
}

fn payload() -> Vec<u8> {
    let file = Member::FILE;
    let linked = |path, device| Member {
        identity: Some(Identity { device, inode: 9, links: 2 }),
        ..member(path, file | 0o755)
    };
    let rsrc = Some(bytes(*b"fork"));
    let xattrs = [("com.example".to_owned(), b"value".to_vec())];
    let double = encode(&Contents { finder: [7; 32], xattrs: &xattrs, rsrc }).unwrap();
    let double = all(&(std::sync::Arc::new(double) as Source));
    cpio(&[
        (member(".", Member::DIR | 0o775), b""),
        (member("./Applications", Member::DIR | 0o775), b""),
        (member("./Applications/Server.app/run", file | 0o4755), b"program"),
        (member("./Applications/Server.app/link", Member::SYMLINK | 0o755), b"run"),
        (linked("./Applications/Server.app/one", 0), b""),
        (linked("./Applications/Server.app/two", 0), b"both"),
        (member("./Applications/._Server.app", file | 0o644), &double),
        (member("./._single", file | 0o644), &double),
        (member("./dev", 0o020_666), b""),
        (member("./other", file | 0o600), b"other"),
        (member("./other", file | 0o640), b"again"),
        (member("../out", file | 0o644), b"x"),
        (member("./other/below", file | 0o644), b"x"),
        (member(&format!("./{}", "n".repeat(256)), file | 0o644), b"x"),
    ])
}

fn write(dir: &Path, name: &str, data: &[u8]) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, data).unwrap();
    path
}

fn tree(item: &Item) -> std::sync::Arc<Tree> {
    item.node().unwrap().unwrap().0
}

fn paths(tree: &Tree) -> Vec<String> {
    tree.walk(tree.root()).skip(1).map(|id| tree.path(id).to_string()).collect()
}

fn read(opener: &Opener, path: &Path) -> String {
    let item = opener.resolve(path).unwrap();
    String::from_utf8(all(&item.contents().unwrap())).unwrap()
}

#[test]
fn a_payload_is_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    for (name, data) in [("Payload", gzip(&payload())), ("plain.cpio", payload())] {
        let opener = Opener::new();
        let path = write(dir.path(), name, &data);
        let item = opener.enter(&opener.open(&path).unwrap()).unwrap();
        let tree = tree(&item);
        assert_eq!(
            paths(&tree),
            [
                "/._single",
                "/Applications",
                "/Applications/Server.app",
                "/Applications/Server.app/link",
                "/Applications/Server.app/one",
                "/Applications/Server.app/run",
                "/Applications/Server.app/two",
                "/dev",
                "/other"
            ]
        );
        let node = |path: &str| tree.lookup(&VPath::parse(path).unwrap()).unwrap();
        let meta = |path: &str| tree.node(tree.target(node(path))).meta.clone();
        assert_eq!(meta("/Applications/Server.app/run").mode, 0o104_755);
        let date = u32::try_from(DATE + 2_082_844_800).unwrap();
        let run = meta("/Applications/Server.app/run");
        assert_eq!((run.owner, run.group, run.modified), (501, 80, date));
        assert_eq!(meta("/dev").mode, 0o020_666);
        assert_eq!(meta("/other").mode, 0o100_640);
        assert_eq!(meta("/Applications/Server.app").mode, Meta::DIR | 0o755);
        assert_eq!(meta("/Applications/Server.app").finder, [7; 32]);
        let app = &tree.node(node("/Applications/Server.app")).xattrs;
        assert_eq!(
            (&app[0].name, all(&app[0].value)),
            (&Name::from_text("com.example"), b"value".to_vec())
        );
        let (one, two) =
            (node("/Applications/Server.app/one"), node("/Applications/Server.app/two"));
        assert_eq!(tree.target(one), tree.target(two));
        assert_eq!(tree.names_of(one), 2);
        let Place::Entry(archive, _) = &item.place else { panic!() };
        let why: Vec<_> = archive.left_out().iter().map(|(_, why)| why.as_str()).collect();
        assert_eq!(
            why,
            [
                "would lead out of its folder",
                "is in what is no folder",
                "has a name of over 255 units"
            ]
        );
        assert_eq!(read(&opener, &path.join("Applications/Server.app/run")), "program");
        assert_eq!(read(&opener, &path.join("Applications/Server.app/one")), "both");
        assert_eq!(read(&opener, &path.join("Applications/Server.app/two")), "both");
        assert_eq!(read(&opener, &path.join("Applications/Server.app/link")), "run");
        assert_eq!(read(&opener, &path.join("other")), "again");
    }
}

#[test]
fn appledouble_members_may_be_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = write(dir.path(), "Payload", &gzip(&payload()));
    let opener = Opener::new().keeping_appledouble();
    let item = opener.enter(&opener.open(&path).unwrap()).unwrap();
    assert!(paths(&tree(&item)).contains(&"/Applications/._Server.app".to_owned()));
    let merged = Opener::new();
    let item = merged.resolve(&path.join("Applications/Server.app")).unwrap();
    let (tree, id) = item.as_tree(&merged, 0).unwrap();
    assert_eq!(tree.node(id).xattrs.len(), 1);
}

#[test]
fn a_known_way_in_costs_one_pass() {
    let dir = tempfile::tempdir().unwrap();
    let path = write(dir.path(), "Payload", &gzip(&payload()));
    let opener = Opener::new();
    let app = opener.resolve(&path.join("Applications/Server.app")).unwrap();
    let other = opener.resolve(&path.join("other")).unwrap();
    // With the file gone, only what was spooled can be read.
    std::fs::File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
    let (tree, top) = app.as_tree(&opener, 0).unwrap();
    let run = tree.child(top, &Name::from_text("run")).unwrap();
    let Body::File { data, .. } = &tree.node(run).body else { panic!() };
    assert_eq!(all(data), b"program");
    assert!(read_vec(other.contents().unwrap().as_ref(), 0, 1).is_err());
}

#[test]
fn browsing_reads_nothing_ahead() {
    let dir = tempfile::tempdir().unwrap();
    let path = write(dir.path(), "Payload", &gzip(&payload()));
    let opener = Opener::new().browsing();
    let run = opener.resolve(&path.join("Applications/Server.app/run")).unwrap();
    assert_eq!(all(&run.contents().unwrap()), b"program");
    let app = opener.resolve(&path.join("Applications/Server.app")).unwrap();
    std::fs::File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
    let two = opener.inside(&app, "two").unwrap();
    assert!(read_vec(two.contents().unwrap().as_ref(), 0, 1).is_err());
}

#[test]
fn archives_nest_and_patterns_find() {
    let dir = tempfile::tempdir().unwrap();
    let inner = gzip(&payload());
    let mut tar = tar::Builder::new(Vec::new());
    for (path, data) in [("Sub.pkg/Payload", &inner), ("Sub.pkg/Bom", &vec![1; 30])] {
        let mut header = tar::Header::new_ustar();
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, &data[..]).unwrap();
    }
    let tar = gzip(&tar.into_inner().unwrap());
    let path = write(dir.path(), "Combo.tar.gz", &tar);
    let opener = Opener::new();
    let run = "Applications/Server.app/run";
    assert_eq!(read(&opener, &path.join("Sub.pkg/Payload").join(run)), "program");
    let found = |pattern: &str| -> Vec<String> {
        let opener = Opener::new();
        let found = opener.find(&path.join(pattern)).unwrap();
        let base = format!("{}/", path.display());
        found.iter().map(|item| item.name.replace(&base, "")).collect()
    };
    assert_eq!(found("**/Server.app"), ["Sub.pkg/Payload/Applications/Server.app"]);
    assert_eq!(found("*/Payload/**/r?n"), [format!("Sub.pkg/Payload/{run}")]);
    assert_eq!(found("Sub.pkg/*"), ["Sub.pkg/Bom", "Sub.pkg/Payload"]);
    let text = match Opener::new().find(&path.join("**/nix")) {
        Err(Error::Io(error)) => error.to_string(),
        _ => panic!(),
    };
    assert!(text.ends_with("Combo.tar.gz matches `**/nix`"), "{text}");
}

#[test]
fn a_compressed_file_is_what_is_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let text = write(dir.path(), "note.txt.gz", &gzip(b"hello"));
    let opener = Opener::new();
    assert_eq!(read(&opener, &text.join("note.txt")), "hello");
    let volume = crate::source::tests::volume("V", &[("/a", bytes(*b"deep"))]);
    let disk = write(dir.path(), "disk.img.gz", &gzip(&all(&volume)));
    assert_eq!(read(&opener, &disk.join("a")), "deep");
    let twice = write(dir.path(), "twice.gz", &gzip(&gzip(&payload())));
    assert_eq!(read(&opener, &twice.join("other")), "again");
}

/// Inode numbers have six octal digits: on a large disk, two have one.
#[test]
fn names_of_one_number_and_other_bytes_are_other_files() {
    let dir = tempfile::tempdir().unwrap();
    let named = |path| Member {
        identity: Some(Identity { device: 0, inode: 9, links: 2 }),
        ..member(path, Member::FILE | 0o644)
    };
    let data = cpio(&[
        (named("a1"), b"one"),
        (named("b1"), b"two"),
        (named("a2"), b"one"),
        (named("b2"), b"two"),
    ]);
    for (name, data) in [("Payload", gzip(&data)), ("plain.cpio", data)] {
        let opener = Opener::new();
        let path = write(dir.path(), name, &data);
        let tree = tree(&opener.enter(&opener.open(&path).unwrap()).unwrap());
        let node = |path: &str| tree.lookup(&VPath::parse(path).unwrap()).unwrap();
        for (file, text) in [("a1", "one"), ("b1", "two"), ("a2", "one"), ("b2", "two")] {
            assert_eq!(read(&opener, &path.join(file)), text, "{name}/{file}");
            assert_eq!(tree.names_of(node(file)), 2, "{name}/{file}");
        }
        assert_eq!(tree.target(node("a1")), tree.target(node("a2")));
        assert_eq!(tree.target(node("b1")), tree.target(node("b2")));
    }
}

#[test]
fn what_stands_beside_a_second_name_is_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let named = |path| Member {
        identity: Some(Identity { device: 0, inode: 9, links: 2 }),
        ..member(path, Member::FILE | 0o644)
    };
    let rsrc = Some(bytes(*b"fork"));
    let double = encode(&Contents { finder: [7; 32], xattrs: &[], rsrc }).unwrap();
    let double = all(&(std::sync::Arc::new(double) as Source));
    let beside = member("._two", Member::FILE | 0o644);
    let data = cpio(&[(named("one"), b"both"), (named("two"), b"both"), (beside, &double)]);
    let opener = Opener::new();
    let path = write(dir.path(), "Payload", &gzip(&data));
    let tree = tree(&opener.enter(&opener.open(&path).unwrap()).unwrap());
    assert_eq!(paths(&tree), ["/one", "/two"]);
    let two = tree.target(tree.lookup(&VPath::parse("/two").unwrap()).unwrap());
    let Body::File { rsrc: Some(rsrc), .. } = &tree.node(two).body else { panic!("no fork") };
    assert_eq!(all(rsrc), b"fork");
    assert_eq!(tree.node(two).meta.finder, [7; 32]);
}

#[test]
fn zip_archives_are_folders() {
    let dir = tempfile::tempdir().unwrap();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    let stored = options.compression_method(zip::CompressionMethod::Stored);
    for (name, options) in [("a/deflated", options.unix_permissions(0o755)), ("a/stored", stored)] {
        zip.start_file(name, options).unwrap();
        zip.write_all(name.repeat(1000).as_bytes()).unwrap();
    }
    zip.add_symlink("link", "a/stored", options).unwrap();
    let path = write(dir.path(), "x.zip", &zip.finish().unwrap().into_inner());
    let opener = Opener::new();
    assert_eq!(read(&opener, &path.join("a/deflated")), "a/deflated".repeat(1000));
    assert_eq!(read(&opener, &path.join("a/stored")), "a/stored".repeat(1000));
    assert_eq!(read(&opener, &path.join("link")), "a/stored");
    let mode = |name: &str| {
        let item = opener.resolve(&path.join(name)).unwrap();
        let (tree, id) = item.node().unwrap().unwrap();
        tree.node(id).meta.mode
    };
    assert_eq!((mode("a/deflated"), mode("link") & Meta::TYPE), (0o100_755, Meta::SYMLINK));
}

#[test]
fn stored_files_of_a_zip_are_proven_by_their_checksums() {
    let dir = tempfile::tempdir().unwrap();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for method in [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated] {
        zip.start_file(format!("{method}"), options.compression_method(method)).unwrap();
        zip.write_all(&b"plain ".repeat(500_000)).unwrap();
    }
    let mut data = zip.finish().unwrap().into_inner();
    // A bit of a byte that lies far behind what is read first.
    data[2_900_000] ^= 1;
    let path = write(dir.path(), "x.zip", &data);
    let first = |name: &str| {
        let item = Opener::new().resolve(&path.join(name)).unwrap();
        read_vec(item.contents().unwrap().as_ref(), 0, 6)
    };
    let error = first("Stored").unwrap_err().to_string();
    let ends = ": not that of the stored bytes";
    assert!(error.starts_with("zip archive: CRC-32 is 0x") && error.ends_with(ends), "{error}");
    assert_eq!(first("Deflated").unwrap(), b"plain ");
}

#[test]
fn broken_archives_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let whole = gzip(&payload());
    let error = |name: &str, data: &[u8]| {
        let path = write(dir.path(), name, data);
        let opener = Opener::new();
        let item = opener.open(&path).unwrap();
        opener.enter(&item).map(drop).unwrap_err().to_string()
    };
    let cut = error("cut", &whole[..whole.len() - 20]);
    let says = "cut: gzip stream: the decoder's complaint is";
    assert!(cut.contains(says), "{cut}");
    let mut flipped = whole.clone();
    let at = flipped.len() - 5;
    flipped[at] ^= 1;
    let wrong = error("sum", &flipped);
    assert!(
        wrong.contains(
            "gzip stream: the decoder's complaint is \"corrupt gzip stream does not have a \
             matching checksum\": it cannot be unpacked"
        ),
        "{wrong}"
    );
    let short = payload();
    let short = error("short", &gzip(&short[..short.len() - 512]));
    assert!(short.contains("cpio archive: length is"), "{short}");
    let zip = error("x.zip", b"PK\x03\x04");
    assert!(
        zip.ends_with("zip archive: its fault is \"Could not find EOCD\": it cannot be read"),
        "{zip}"
    );
    let mut nested = payload();
    for _ in 0..9 {
        nested = gzip(&nested);
    }
    let deep = error("deep.gz", &nested);
    assert!(deep.contains("a container in too many others"), "{deep}");
}

#[test]
fn stopping_ends_the_pass() {
    let dir = tempfile::tempdir().unwrap();
    let path = write(dir.path(), "Payload", &gzip(&payload()));
    let opener = Opener::new().until(std::sync::Arc::new(|| true));
    let item = opener.open(&path).unwrap();
    let error = opener.enter(&item).map(drop).unwrap_err().to_string();
    assert!(error.ends_with("the reading was interrupted"), "{error}");
}

/// A xar archive with this table of contents and heap.
fn xar(toc: &str, heap: &[u8]) -> Vec<u8> {
    let toc = format!("<xar><toc>{toc}</toc></xar>");
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    zlib.write_all(toc.as_bytes()).unwrap();
    let stored = zlib.finish().unwrap();
    let mut out = b"xar!\0\x1c\0\x01".to_vec();
    out.extend((stored.len() as u64).to_be_bytes());
    out.extend((toc.len() as u64).to_be_bytes());
    out.extend([0; 4]);
    [out, stored, heap.to_vec()].concat()
}

/// Many attributes that are one and the same MiB of the archive, and folders
/// whose names add up.
#[test]
fn a_small_archive_does_not_fill_the_memory() {
    let dir = tempfile::tempdir().unwrap();
    let mib = 1 << 20;
    let attribute = format!(
        "<ea><name>a</name><offset>0</offset><length>{mib}</length><size>{mib}</size>\
         <encoding style=\"application/octet-stream\"/></ea>"
    );
    let file = format!("<file><name>x</name><type>file</type>{}</file>", attribute.repeat(40));
    let folder = format!("<file><name>{}</name><type>directory</type>", "n".repeat(4000));
    let deep = folder.repeat(100) + &"</file>".repeat(100);
    let archive = xar(&(file.repeat(5) + &deep), &vec![7; mib]);
    let path = write(dir.path(), "x.pkg", &archive);
    let opener = Opener::new();
    let item = opener.enter(&opener.open(&path).unwrap()).unwrap();
    let Place::Entry(archive, _) = &item.place else { panic!() };
    let left_out = archive.left_out();
    let unread = left_out.iter().filter(|(_, why)| why == "is an attribute that cannot be read");
    assert!(unread.count() >= 200 - 64);
    assert!(left_out.iter().any(|(_, why)| why == "has too long a path"));
    let longest = left_out.iter().map(|(path, _)| path.len()).max();
    assert!(longest < Some(20 << 10), "{longest:?}");
}

#[test]
fn attributes_of_a_stream_have_a_limit() {
    let dir = tempfile::tempdir().unwrap();
    let mut tar = tar::Builder::new(Vec::new());
    let value = vec![7; (1 << 20) - 100];
    for number in 0..70 {
        if number > 0 {
            tar.append_pax_extensions([("SCHILY.xattr.a", &value[..])]).unwrap();
        }
        let mut header = tar::Header::new_ustar();
        header.set_size(0);
        header.set_mode(0o644);
        tar.append_data(&mut header, "file", &[][..]).unwrap();
    }
    let path = write(dir.path(), "x.tar", &tar.into_inner().unwrap());
    let opener = Opener::new();
    let error = opener.enter(&opener.open(&path).unwrap()).map(drop).unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "{}: this is an archive of more attributes and links than is allowed, which is not \
             supported (the limit in bytes is 67108864)",
            path.display()
        )
    );
}

#[test]
fn what_a_zip_says_it_unpacks_to_has_a_limit() {
    let dir = tempfile::tempdir().unwrap();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("a", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(&[7; 1000]).unwrap();
    let mut data = zip.finish().unwrap().into_inner();
    for (magic, field) in [(b"PK\x03\x04", 22), (b"PK\x01\x02", 24)] {
        let at = data.windows(4).position(|window| window == magic).unwrap() + field;
        data[at..at + 4].copy_from_slice(&(3_u32 << 30).to_le_bytes());
    }
    let path = write(dir.path(), "x.zip", &data);
    let item = Opener::new().resolve(&path.join("a")).unwrap();
    let error = Error::from(read_vec(item.contents().unwrap().as_ref(), 0, 1).unwrap_err());
    let Error::Unsupported(what) = &error else { panic!("{error}") };
    assert_eq!(what.what, "a file in a zip archive that unpacks to far too much");
    assert_eq!(what.hint, "unpack it with another program, if it is to be trusted");
}

/// What a reader leaves out of an archive, and why.
fn left_out(name: &str, data: &[u8]) -> Vec<(String, String)> {
    let dir = tempfile::tempdir().unwrap();
    let path = write(dir.path(), name, data);
    let opener = Opener::new();
    let item = opener.enter(&opener.open(&path).unwrap()).unwrap();
    let Place::Entry(archive, _) = &item.place else { panic!() };
    archive.left_out().to_vec()
}

#[test]
fn what_is_left_out_is_told() {
    let mut tar = tar::Builder::new(Vec::new());
    let mut add = |kind: tar::EntryType, path: &str, to: Option<&str>| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        header.set_mode(0o644);
        match to {
            Some(to) => tar.append_link(&mut header, path, to).unwrap(),
            None => tar.append_data(&mut header, path, &[][..]).unwrap(),
        }
    };
    use tar::EntryType::{Directory, Link, Regular};
    add(Regular, "a", None);
    add(Link, "b", Some("a"));
    add(Regular, "a", None);
    add(Directory, "a", None);
    add(Link, "c", Some("none"));
    let deep = "d/".repeat(512) + "e";
    add(Regular, &deep, None);
    let told: Vec<_> = left_out("x.tar", &tar.into_inner().unwrap());
    let told: Vec<_> = told.iter().map(|(path, why)| (path.as_str(), why.as_str())).collect();
    assert_eq!(
        told,
        [
            ("a", "comes twice, and has other names"),
            ("a", "comes twice, as a folder and as a file"),
            ("c", "is a hard link to what is not there"),
            (deep.as_str(), "is too deep in folders"),
        ]
    );
    let many: Vec<_> =
        (0..1002).map(|number| (member(&format!("../{number}"), Member::FILE), &b""[..])).collect();
    let told = left_out("x.cpio", &cpio(&many));
    assert_eq!(told.len(), 1001);
    assert_eq!(told[1000], ("more members".to_owned(), "were left out".to_owned()));
}

#[test]
fn what_a_zip_has_that_is_not_read_is_told() {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default();
    let stored = stored.compression_method(zip::CompressionMethod::Stored);
    for name in ["secret", "packed"] {
        zip.start_file(name, stored).unwrap();
        zip.write_all(b"data").unwrap();
    }
    let mut data = zip.finish().unwrap().into_inner();
    let central: Vec<_> =
        (0..data.len() - 4).filter(|at| data[*at..].starts_with(b"PK\x01\x02")).collect();
    let local: Vec<_> =
        (0..data.len() - 4).filter(|at| data[*at..].starts_with(b"PK\x03\x04")).collect();
    // The flag of encryption; a method that is bzip2's.
    data[central[0] + 8] |= 1;
    data[local[0] + 6] |= 1;
    data[central[1] + 10] = 12;
    data[local[1] + 8] = 12;
    let told = left_out("x.zip", &data);
    let told: Vec<_> = told.iter().map(|(path, why)| (path.as_str(), why.as_str())).collect();
    assert_eq!(
        told,
        [("secret", "is encrypted"), ("packed", "is compressed in a way that is not read")]
    );
}

#[test]
fn names_have_a_limit() {
    let name = "n".repeat(250);
    let members: Vec<_> = (0..33_600)
        .map(|number| (member(&format!("{name}{number:05}"), Member::FILE), &b""[..]))
        .collect();
    let dir = tempfile::tempdir().unwrap();
    let path = write(dir.path(), "x.cpio", &cpio(&members));
    let opener = Opener::new();
    let error = opener.enter(&opener.open(&path).unwrap()).map(drop).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{}: this is an archive of longer names than is allowed, which is not supported \
             (the limit in bytes is 16777216)",
            path.display()
        )
    );
    let Error::Unsupported(what) = &error else { panic!("{error}") };
    assert_eq!(what.hint, "unpack it with another program, if it is to be trusted");
}
