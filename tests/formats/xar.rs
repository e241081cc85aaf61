//! xar archives: Apple's own as bsdtar reads them, and ours as bsdtar and 7zz do.

use crate::support::image::{open, real, temp};
use crate::support::judge::judge;
use lionize::block::{Source, bytes, read_vec};
use lionize::format::xar::write::{Body, Builder, Meta};
use lionize::format::xar::{Archive, Check, Encoding, Kind, Style};
use std::path::Path;

const META: Meta = Meta { mode: 0o640, uid: 0, gid: 0, mtime: 1_348_099_200 };

fn all(source: &Source) -> Vec<u8> {
    read_vec(source.as_ref(), 0, usize::try_from(source.len()).unwrap()).unwrap()
}

/// The names that bsdtar or 7zz lists, sorted.
fn names(text: &str) -> Vec<String> {
    let mut names: Vec<_> = text.lines().map(|line| line.trim_end_matches('/').into()).collect();
    names.sort();
    names
}

fn paths(archive: &Archive) -> Vec<String> {
    let mut paths: Vec<_> = (0..archive.entries().len()).map(|at| archive.path(at)).collect();
    paths.sort();
    paths
}

/// bsdtar lists the same entries, and holds the same bytes in each file.
fn agrees_with_bsdtar(path: &Path, archive: &Archive) {
    let Some(bsdtar) = judge("bsdtar") else { return };
    let listed = bsdtar.run(["-tf".as_ref(), path.as_os_str()]).ok();
    assert_eq!(names(&String::from_utf8_lossy(&listed.out)), paths(archive));
    for (index, entry) in archive.entries().iter().enumerate() {
        if entry.kind == Kind::File {
            let name = archive.path(index);
            let said = bsdtar.run(["-xOf".as_ref(), path.as_os_str(), name.as_ref()]).ok();
            assert!(said.out == all(&archive.contents(index).unwrap()), "{name}");
        }
    }
}

#[test]
fn real_packages_are_read_and_proven() {
    let Some(real) = real() else { return };
    for (name, entries) in [("relic_dummy.pkg", 5), ("rtrouton_kbox_uninstall.pkg", 4)] {
        let path = real.join(name);
        let archive = Archive::open(open(&path)).unwrap();
        assert_eq!(archive.entries().len(), entries, "{name}");
        assert_eq!(archive.toc_check(), &Check::Passed(Style::Sha1), "{name}");
        let checks = archive.verify_all(&|_| ()).unwrap();
        assert_eq!((checks.passed, checks.absent, checks.not_checked), (4, 0, 0), "{name}");
        assert!(archive.signatures().is_empty());
        agrees_with_bsdtar(&path, &archive);
    }
}

#[test]
fn what_we_write_is_read_by_others() {
    let dir = temp();
    for style in [Style::Sha1, Style::Sha256, Style::Sha512] {
        let mut builder = Builder::new(style.clone(), 1_348_099_200);
        let folder = Meta { mode: 0o755, ..META };
        let sub = builder.add(None, "Sub.pkg", folder, Body::Directory);
        let deep = builder.add(Some(sub), "Ünïcode & <more>", folder, Body::Directory);
        let raw = Body::File(bytes(vec![7; 300_000]), Encoding::Raw);
        let original = builder.add(Some(sub), "Payload", META, raw);
        let text = Body::File(bytes(b"<a/>".repeat(90_000)), Encoding::Zlib);
        builder.add(Some(deep), "PackageInfo", META, text);
        builder.add(None, "again", META, Body::HardLink(original));
        builder.add(None, "link", META, Body::Symlink("Sub.pkg/Payload".into()));
        let source = builder.finish().unwrap();
        let path = dir.path().join(format!("{}.xar", style.name()));
        std::fs::write(&path, all(&source)).unwrap();
        let archive = Archive::open(open(&path)).unwrap();
        assert_eq!(archive.verify_all(&|_| ()).unwrap().passed, 2);
        // bsdtar knows no other checksums of the table.
        if style == Style::Sha1 {
            agrees_with_bsdtar(&path, &archive);
        }
        if let Some(zz) = judge("7zz") {
            let said = zz.run(["t".as_ref(), path.as_os_str()]).ok().text();
            assert!(said.contains("Everything is Ok"), "{said}");
            let args = ["x", "-so", "-txar"].map(AsRef::as_ref);
            let name: &std::ffi::OsStr = "Sub.pkg/Payload".as_ref();
            let said = zz.run(args.into_iter().chain([path.as_os_str(), name])).ok();
            assert!(said.out == vec![7; 300_000]);
        }
    }
}

#[test]
fn a_hundred_thousand_entries_open_in_time() {
    let mut builder = Builder::new(Style::Sha1, 0);
    let content = bytes(*b"x");
    for folder in 0..100 {
        let dir = builder.add(None, &format!("folder {folder}"), META, Body::Directory);
        for file in 0..1000 {
            let body = Body::File(content.clone(), Encoding::Raw);
            builder.add(Some(dir), &format!("a file of some name {file}"), META, body);
        }
    }
    let source = builder.finish().unwrap();
    let start = std::time::Instant::now();
    let archive = Archive::open(source).unwrap();
    println!("opened in {:?}", start.elapsed());
    assert_eq!(archive.entries().len(), 100_100);
}
