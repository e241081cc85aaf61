//! Packages that we make, by readers of other authors: bsdtar, 7-Zip, xar,
//! and for bills of materials the `apple-bom` crate.

use crate::support::guest::cache;
use crate::support::image::temp;
use crate::support::judge::{Judge, absent, find, judge};
use apple_bom::ParsedBom;
use lionize::block::{Source, bytes, read_vec};
use lionize::format::bom::Sum;
use lionize::format::xar::Style;
use lionize::source::package::{Component, Making, Product, component, empty, product};
use lionize::volume::{Body, Meta, Name, Tree, VPath};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// 20 September 2012, 00:00 UTC, as Unix and as HFS+ count.
const DATE: u32 = 1_348_099_200;
const HFS_DATE: u32 = DATE + 2_082_844_800;
const SCRIPT: &[u8] = b"#!/bin/sh\necho \"$3\"\nexit 0\n";
const LARGE: usize = 3_000_000;

/// Path, mode with its type, owner, group, contents.
const FILES: [(&str, u16, u32, u32, &[u8]); 5] = [
    ("/Library/LaunchDaemons/a & b.plist", 0o100_644, 0, 0, b"<plist/>"),
    ("/usr/sbin/tool", 0o104_755, 27, 80, b"a program"),
    ("/usr/sbin/link", 0o120_755, 0, 0, b"tool"),
    ("/private/empty", 0o100_600, 501, 20, b""),
    ("/private/lo\u{308}we", 0o100_640, 4_000, 4_000, b"a name that is not ASCII"),
];

fn payload() -> Tree {
    let mut tree = empty(DATE);
    for (path, mode, owner, group, data) in FILES {
        let id = add(&mut tree, path, mode, bytes(data));
        let meta = tree.meta_mut(id);
        (meta.owner, meta.group) = (owner, group);
    }
    add(&mut tree, "/private/large", 0o100_644, bytes(large()));
    let body = Body::File { data: bytes(*b"two names"), rsrc: None };
    let meta = Meta::new(Meta::FILE | 0o644, HFS_DATE);
    let inode = tree.add_inode(meta.clone(), body).unwrap();
    let folder = tree.lookup(&VPath::parse("/private").unwrap()).unwrap();
    for name in ["one", "two"] {
        tree.add_link(folder, Name::from_text(name), meta.clone(), inode).unwrap();
    }
    tree
}

/// Bytes that do not become nothing when they are compressed.
fn large() -> Vec<u8> {
    let next = |n: &mut u32| {
        *n = n.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        n.to_be_bytes()[0] & 0x3f
    };
    let mut n = 1;
    (0..LARGE).map(|_| next(&mut n)).collect()
}

fn add(tree: &mut Tree, path: &str, mode: u16, data: Source) -> lionize::volume::NodeId {
    let path = VPath::parse(path).unwrap();
    let (dir, name) = path.split_last().unwrap();
    let dir = tree.ensure_dir(&dir, HFS_DATE).unwrap();
    let meta = Meta::new(mode, HFS_DATE);
    tree.add(dir, name.clone(), meta, Body::File { data, rsrc: None }).unwrap()
}

fn written(dir: &Path, name: &str, style: Style) -> std::path::PathBuf {
    let tree = payload();
    let scripts: [(&str, &[u8]); 1] = [("postinstall", SCRIPT)];
    let part = Component {
        identifier: "org.example.all",
        version: "1.0",
        location: Some("/"),
        payload: &tree,
        scripts: &scripts,
    };
    let making = Making { style, date: DATE };
    let made = match name.starts_with("product") {
        true => product(&Product { title: "A & B", components: &[part] }, &making).unwrap(),
        false => component(&part, &making).unwrap(),
    };
    let path = dir.join(name);
    let len = usize::try_from(made.len()).unwrap();
    fs::write(&path, read_vec(made.as_ref(), 0, len).unwrap()).unwrap();
    path
}

/// Each form and kind of checksum, and the folder in it that has the component.
fn packages(dir: &Path) -> Vec<(std::path::PathBuf, &'static str)> {
    let mut all = Vec::new();
    for (form, folder) in [("component", ""), ("product", "org.example.all.pkg/")] {
        for style in [Style::Sha1, Style::Sha256] {
            let name = format!("{form}-{}.pkg", style.name());
            all.push((written(dir, &name, style), folder));
        }
    }
    all
}

/// Those that bsdtar knows: with SHA-1.
fn with_sha1(dir: &Path) -> Vec<(std::path::PathBuf, &'static str)> {
    let mut all = packages(dir);
    all.retain(|(package, _)| package.to_string_lossy().contains("sha1"));
    all
}

const PARTS: [&str; 4] = ["Bom", "Payload", "Scripts", "PackageInfo"];

/// bsdtar unpacks the archive, and the payload with its modes, owners and links.
#[test]
fn bsdtar_unpacks_what_we_packed() {
    let Some(bsdtar) = judge("bsdtar") else { return };
    let temp = temp();
    for (package, folder) in with_sha1(temp.path()) {
        let listed = bsdtar.run(["-tf".as_ref(), package.as_os_str()]).ok();
        let listed = String::from_utf8(listed.out).unwrap();
        for part in PARTS {
            let path = format!("{folder}{part}");
            assert!(listed.lines().any(|line| line == path), "{path} in {listed}");
        }
        let payload =
            bsdtar.run(["-xOf".as_ref(), package.as_os_str(), format!("{folder}Payload").as_ref()]);
        let file = temp.path().join("Payload");
        fs::write(&file, payload.ok().out).unwrap();
        let said = bsdtar.run(["--numeric-owner".as_ref(), "-tvf".as_ref(), file.as_os_str()]).ok();
        assert_listed(&String::from_utf8(said.out).unwrap());
        let out = temp.path().join("out");
        fs::create_dir(&out).unwrap();
        bsdtar.run(["-xf".as_ref(), file.as_os_str(), "-C".as_ref(), out.as_os_str()]).ok();
        for (path, mode, _, _, data) in FILES {
            let path = out.join(&path[1..]);
            match mode & 0o170_000 {
                0o120_000 => assert_eq!(fs::read_link(path).unwrap().to_str().unwrap(), "tool"),
                _ => assert_eq!(fs::read(path).unwrap(), data),
            }
        }
        assert!(fs::read(out.join("private/large")).unwrap() == large());
        assert_eq!(fs::read(out.join("private/two")).unwrap(), b"two names");
        fs::remove_dir_all(&out).unwrap();
        let scripts =
            bsdtar.run(["-xOf".as_ref(), package.as_os_str(), format!("{folder}Scripts").as_ref()]);
        fs::write(&file, scripts.ok().out).unwrap();
        let script = bsdtar.run(["-xOf".as_ref(), file.as_os_str(), "./postinstall".as_ref()]).ok();
        assert_eq!(script.out, SCRIPT);
    }
}

/// Modes, owners and sizes in bsdtar's list.
fn assert_listed(listed: &str) {
    for line in [
        "-rwsr-xr-x  1 27     80          9 Sep 20  2012 ./usr/sbin/tool",
        "-rw-------  1 501    20          0 Sep 20  2012 ./private/empty",
        "-rw-r-----  1 4000   4000       24 Sep 20  2012 ./private/lo\u{308}we",
        "-rw-r--r--  2 0      0           9 Sep 20  2012 ./private/one",
        "lrwxr-xr-x  1 0      0           4 Sep 20  2012 ./usr/sbin/link -> tool",
        "drwxr-xr-x  1 0      0           0 Sep 20  2012 ./Library/LaunchDaemons",
    ] {
        assert!(listed.lines().any(|found| found == line), "no `{line}` in\n{listed}");
    }
}

/// 7-Zip tests the archives: it knows both kinds of checksums.
#[test]
fn seven_zip_tests_what_we_packed() {
    let Some(seven_zip) = judge("7zz") else { return };
    let temp = temp();
    for (package, _) in packages(temp.path()) {
        let said = seven_zip.run(["t".as_ref(), package.as_os_str()]).ok().text();
        assert!(said.contains("Everything is Ok"), "{said}");
        // A byte of the heap is another: found by the checksum of what it is in.
        let mut data = fs::read(&package).unwrap();
        let last = data.len() - 5_000;
        data[last] ^= 1;
        let broken = temp.path().join("broken.pkg");
        fs::write(&broken, data).unwrap();
        assert_ne!(seven_zip.run(["t".as_ref(), broken.as_os_str()]).code, 0);
    }
}

/// The program that defined the format, where it is at hand.
fn xar() -> Option<Judge> {
    let kept = cache().join("xar/xar");
    let program = find("xar").or_else(|| kept.is_file().then_some(kept));
    if program.is_none() {
        absent("xar", "it is not installed");
    }
    program.map(|program| Judge::at("xar", &program))
}

/// xar lists and unpacks them, and checks their checksums.
#[test]
fn xar_unpacks_what_we_packed() {
    let Some(xar) = xar() else { return };
    let temp = temp();
    for (package, folder) in packages(temp.path()) {
        let listed = xar.run(["-tvf".as_ref(), package.as_os_str()]).ok().text();
        for part in PARTS {
            let path = format!("{folder}{part}");
            let line = listed.lines().find(|line| line.ends_with(&path));
            let line = line.unwrap_or_else(|| panic!("{path} in {listed}"));
            assert!(line.starts_with("-rw-r--r--"), "{line}");
            assert!(line.contains("2012-09-20 00:00:00"), "{line}");
        }
        let out = temp.path().join("out");
        fs::create_dir(&out).unwrap();
        let args = ["-xf".as_ref(), package.as_os_str(), "-C".as_ref(), out.as_os_str()];
        let said = xar.run(args).ok().text();
        assert!(!said.to_lowercase().contains("checksum"), "{said}");
        let info = fs::read_to_string(out.join(folder).join("PackageInfo")).unwrap();
        assert!(info.contains("<postinstall file=\"./postinstall\"/>"), "{info}");
        fs::remove_dir_all(&out).unwrap();
    }
}

/// Modes, owners, sizes, dates and checksums of the bill of materials.
#[test]
fn another_reader_agrees_with_the_bill() {
    let Some(bsdtar) = judge("bsdtar") else { return };
    let temp = temp();
    for (package, folder) in with_sha1(temp.path()) {
        let bom =
            bsdtar.run(["-xOf".as_ref(), package.as_os_str(), format!("{folder}Bom").as_ref()]);
        let bom = bom.ok().out;
        let parsed = ParsedBom::parse(&bom).unwrap();
        let paths = parsed.paths().unwrap();
        let paths: BTreeMap<_, _> =
            paths.iter().map(|path| (path.path().to_owned(), path)).collect();
        for (path, mode, owner, group, data) in FILES {
            let found = paths.get(&format!(".{path}")).unwrap_or_else(|| panic!("no {path}"));
            assert_eq!(found.file_mode(), mode, "{path}");
            assert_eq!((found.user_id(), found.group_id()), (owner, group), "{path}");
            assert_eq!(found.size(), data.len(), "{path}");
            assert_eq!(found.modified_time().timestamp(), i64::from(DATE), "{path}");
            assert_eq!(found.crc32(), Some(cksum(data)), "{path}");
        }
        assert_eq!(paths["./usr/sbin/link"].link_name(), Some("tool"));
        assert_eq!(paths["./private/large"].size(), LARGE);
        // Root, five folders, five files, the large one, two names.
        assert_eq!(paths.len(), 1 + 5 + 5 + 1 + 2, "{:?}", paths.keys());
    }
}

fn cksum(data: &[u8]) -> u32 {
    let mut sum = Sum::default();
    sum.update(data);
    sum.finish()
}
