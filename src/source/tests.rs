//! Containers as folders, on volumes and disks that the tests make.

use crate::block::{Error, Map, Source, bytes, read_vec};
use crate::format::gpt::{self, Guid};
use crate::format::xar::Style;
use crate::source::package::{self, Product};
use crate::source::{Item, Opener, Place};
use crate::volume::hfsplus::{Params, Size, lay_out};
use crate::volume::{Body, Case, Meta, Name, Tree, VPath};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const DATE: u32 = 3_400_000_000;

/// A volume with these files.
pub(super) fn volume(label: &str, files: &[(&str, Source)]) -> Source {
    let mut tree = Tree::new(Name::from_text(label), Case::Folded, DATE);
    for (path, data) in files {
        let (dir, name) = VPath::parse(path)
            .map(|path| path.split_last().map(|(dir, name)| (dir, name.clone())).unwrap())
            .unwrap();
        let dir = tree.ensure_dir(&dir, DATE).unwrap();
        let body = Body::File { data: Arc::clone(data), rsrc: None };
        tree.add(dir, name, Meta::new(Meta::FILE | 0o644, DATE), body).unwrap();
    }
    let params = Params::new(Size::Fit { free: 1 << 20 }, DATE);
    Arc::new(lay_out(&Arc::new(tree), &params).unwrap().map)
}

/// A GPT disk of these volumes.
pub(super) fn disk(volumes: &[(&str, Source)]) -> Source {
    let mut entries = Vec::new();
    let mut at = 2048;
    for (index, (name, volume)) in (1..).zip(volumes) {
        let sectors = volume.len().div_ceil(512);
        entries.push(gpt::Entry {
            index,
            kind: Guid::HFS_PLUS,
            id: Guid::derive(b"test", name),
            name: (*name).to_owned(),
            first: at,
            last: at + sectors - 1,
            attributes: 0,
        });
        at += sectors.next_multiple_of(8);
    }
    let sectors = at + 2048;
    let tables = gpt::tables(512, sectors, Guid::derive(b"test", "disk"), &entries).unwrap();
    let mut map = Map::new(sectors * 512);
    map.push(0, bytes(tables.protective), None);
    map.push(512, bytes(tables.primary), None);
    for (entry, (_, volume)) in entries.iter().zip(volumes) {
        map.push(entry.first * 512, Arc::clone(volume), None);
    }
    map.push(tables.backup_at, bytes(tables.backup), None);
    Arc::new(map)
}

/// A source as a file of the host.
pub(super) fn file(dir: &Path, name: &str, source: &Source) -> PathBuf {
    let path = dir.join(name);
    let len = usize::try_from(source.len()).unwrap();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, read_vec(source.as_ref(), 0, len).unwrap()).unwrap();
    path
}

fn text(item: &Item) -> String {
    let source = item.contents().unwrap();
    String::from_utf8(read_vec(source.as_ref(), 0, usize::try_from(source.len()).unwrap()).unwrap())
        .unwrap()
}

/// An error and its hint.
fn told(error: &Error) -> String {
    match error.hint() {
        "" => error.to_string(),
        hint => format!("{error}\n  hint: {hint}"),
    }
}

fn error(opener: &Opener, path: &Path) -> String {
    match opener.resolve(path).and_then(|item| opener.enter(&item)?.volume().map(drop)) {
        Ok(()) => "nothing".into(),
        Err(error) => error.to_string(),
    }
}

const PLIST: &[u8] = br#"<plist version="1.0"><dict><key>ProductName</key><string>Mac OS X</string>
<key>ProductVersion</key><string>10.7.5</string>
<key>ProductBuildVersion</key><string>11G63</string></dict></plist>"#;

fn esd() -> Source {
    let base = volume("Base", &[("/usr/inner", bytes(*b"deep"))]);
    let files = [
        ("/BaseSystem.dmg", disk(&[("b", base)])),
        ("/Packages/a.pkg", bytes(*b"pkg")),
        ("/System/Library/CoreServices/SystemVersion.plist", bytes(PLIST)),
    ];
    disk(&[("disk image", volume("Mac OS X Install ESD", &files))])
}

#[test]
fn paths_lead_into_containers() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), "esd.img", &esd());
    let opener = Opener::new();
    let inner = opener.resolve(&path.join("BaseSystem.dmg/usr/inner")).unwrap();
    assert_eq!(text(&inner), "deep");
    assert!(inner.name.ends_with("esd.img/BaseSystem.dmg/usr/inner"));
    let root = opener.enter(&opener.open(&path).unwrap()).unwrap();
    let names: Vec<_> = root.children(&opener).unwrap().iter().map(|i| i.name.clone()).collect();
    assert_eq!(names.len(), 3);
    assert!(names[0].ends_with("/BaseSystem.dmg"));
    assert!(
        error(&opener, &path.join("nix"))
            .ends_with(&format!("there is no `nix` in {}", path.display()))
    );
    assert!(error(&opener, &dir.path().join("none/x")).contains("No such file"));
    assert!(error(&opener, &path.join("Packages/../x")).contains("may not climb"));
    assert_eq!(opener.changed(), None);
    std::fs::write(&path, "other").unwrap();
    assert_eq!(opener.changed(), Some(path));
}

#[test]
fn of_several_volumes_one_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let one = volume("One", &[("/a", bytes(*b"1"))]);
    let two = volume("Two", &[("/a", bytes(*b"2"))]);
    let path = file(dir.path(), "two.img", &disk(&[("first", one), ("second", two)]));
    let opener = Opener::new();
    assert_eq!(text(&opener.resolve(&path.join("second/a")).unwrap()), "2");
    assert_eq!(text(&opener.resolve(&path.join("1/a")).unwrap()), "1");
    let several = opener.resolve(&path).and_then(|item| opener.enter(&item)?.volume());
    assert_eq!(
        told(&several.map(drop).unwrap_err()),
        format!(
            "{}: this is a disk with several HFS+ volumes, which is not supported \
             (the list of them is \"1 (first), 2 (second)\")\n  \
             hint: name one of them behind the image, as in IMAGE.dmg/2",
            path.display()
        )
    );
    assert_eq!(error(&opener, &path.join("2")), "nothing");
}

#[test]
fn installers_are_peeled_until_found() {
    let dir = tempfile::tempdir().unwrap();
    let inside = "Install Mac OS X Lion.app/Contents/SharedSupport/InstallESD.dmg";
    file(dir.path(), inside, &esd());
    let app = volume("Lion", &[(&format!("/{inside}"), esd())]);
    let outer = file(dir.path(), "InstallMacOSX.dmg", &app);
    let bare = file(dir.path(), "InstallESD.img", &esd());
    for path in [dir.path().join("Install Mac OS X Lion.app"), outer, bare] {
        let opener = Opener::new();
        let chain = opener.installer(&opener.open(&path).unwrap()).unwrap();
        let volume = chain.last().unwrap();
        assert!(matches!(volume.place, Place::Volume(_)));
        let version = opener.system_version(volume).unwrap().unwrap();
        assert_eq!((version.version.as_str(), version.build.as_str()), ("10.7.5", "11G63"));
        assert_eq!(version.known().sha1.len(), 1);
    }
}

#[test]
fn what_holds_no_installer_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |name: &str, path: &str, data: Source| {
        let image = file(dir.path(), name, &volume("V", &[(path, data)]));
        let opener = Opener::new();
        let error = opener.installer(&opener.open(&image).unwrap()).map(drop).unwrap_err();
        told(&error).replace(&format!("{}/", dir.path().display()), "")
    };
    let broken = refused("a.img", "/Install.pkg", bytes(*b"xar!"));
    assert!(broken.contains("/Install.pkg: xar header"), "{broken}");
    let inside = "Contents/SharedSupport";
    let big_sur = format!("/Install macOS Big Sur.app/{inside}/SharedSupport.dmg");
    assert_eq!(
        refused("b.img", &big_sur, bytes(*b"x")),
        "this is an installer of macOS 11 or later, which is not supported \
         (its image is \"SharedSupport.dmg\")\n  hint: recipes are built in for 10.7 to 10.12"
    );
    let high_sierra = format!("/Install macOS High Sierra.app/{inside}/BaseSystem.dmg");
    assert_eq!(
        refused("c.img", &high_sierra, bytes(*b"x")),
        "this is an installer of macOS 10.13 to 10.15, which is not supported \
         (its image is \"BaseSystem.dmg\")\n  hint: recipes are built in for 10.7 to 10.12"
    );
    assert_eq!(
        refused("d.img", "/a", bytes(*b"x")),
        "this is no installer (its path is \"d.img\")\n  \
         hint: give the installer's app, its InstallESD.dmg, or InstallMacOSX.dmg"
    );
    let mut nested = esd();
    for _ in 0..10 {
        nested = disk(&[("x", volume("V", &[("/InstallESD.dmg", nested)]))]);
    }
    let deep = refused("f.img", "/InstallESD.dmg", nested);
    assert_eq!(deep, "this is no installer (its depth is 8)\n  hint: give InstallESD.dmg");
    let making = package::Making { style: Style::Sha1, date: DATE };
    let package = package::product(&Product { title: "T", components: &[] }, &making).unwrap();
    assert_eq!(
        refused("e.img", "/a.pkg", package),
        "this is a package without an InstallESD.dmg, which is not supported \
         (its path is \"e.img/a.pkg\")\n  \
         hint: give the installer's app, its InstallESD.dmg, or InstallMacOSX.dmg"
    );
}

#[test]
fn nesting_has_a_bound() {
    let dir = tempfile::tempdir().unwrap();
    let mut source = volume("V", &[("/a", bytes(*b"x"))]);
    let mut path = String::new();
    for _ in 0..8 {
        source = volume("V", &[("/in.img", source)]);
        path += "in.img/";
    }
    let file = file(dir.path(), "deep.img", &source);
    let opener = Opener::new();
    let deepest = opener.resolve(&file.join(&path)).and_then(|item| opener.enter(&item));
    let name = format!("{}/{}", file.display(), path.trim_end_matches('/'));
    assert_eq!(
        told(&deepest.map(drop).unwrap_err()),
        format!(
            "{name}: this is a container in too many others, which is not supported \
             (its depth is 9)\n  hint: extract the inner one first"
        )
    );
}

#[test]
fn what_is_no_volume_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let bundle = "<plist><string>com.apple.diskimage.sparsebundle</string></plist>";
    std::fs::create_dir(dir.path().join("x.sparsebundle")).unwrap();
    std::fs::write(dir.path().join("x.sparsebundle/Info.plist"), bundle).unwrap();
    let refused = |path: &Path| {
        let opener = Opener::new();
        let entered = opener.resolve(path).and_then(|item| opener.enter(&item)?.volume());
        told(&entered.map(drop).unwrap_err())
    };
    let cases: [(&str, &[u8], &str); 5] = [
        (
            "b.7z",
            b"7z\xbc\xaf\x27\x1crest",
            "a 7z archive, which is not supported (Signature is 0x377abcaf271c)\n  hint: unpack it first",
        ),
        (
            "c.rar",
            b"Rar!\x1a\x07rest",
            "a rar archive, which is not supported (signature is 0x526172211a07)\n  hint: unpack it first",
        ),
        (
            "d.txt",
            b"hello",
            "neither a disk image nor a volume that is known (its length is 5)\n  \
             hint: give a dmg, an iso, a disk or a volume",
        ),
        (
            "d.dmg",
            b"hello",
            "neither a disk image nor a volume that is known (its length is 5)\n  \
             hint: a dmg has a mark at its end, and this one has none: it may be cut off",
        ),
        (
            "e.sparseimage",
            b"sprsrest",
            "a sparse disk image, which is not supported (magic is \"sprs\")\n  hint: on a Mac: hdiutil convert IMAGE -format UDZO -o PLAIN.dmg",
        ),
    ];
    for (name, content, says) in cases {
        let path = file(dir.path(), name, &bytes(content));
        assert_eq!(refused(&path), format!("{}: this is {says}", path.display()));
    }
    let bundle = dir.path().join("x.sparsebundle");
    assert_eq!(
        refused(&bundle),
        format!(
            "{}: this is a sparse bundle, which is not supported (diskimage-bundle-type is \
             \"com.apple.diskimage.sparsebundle\")\n  \
             hint: on a Mac: hdiutil convert IMAGE -format UDZO -o PLAIN.dmg",
            bundle.display()
        )
    );
    let other = file(dir.path(), "other.img", &disk(&[("other", bytes(vec![0x11; 4096]))]));
    assert_eq!(
        refused(&other),
        format!(
            "{}: this is a partition of an unknown kind, which is not supported (its type is \
             \"Apple HFS+\")\n  hint: only HFS+ volumes are read here",
            other.display()
        )
    );
    let empty = file(dir.path(), "empty.img", &disk(&[]));
    assert_eq!(
        refused(&empty),
        format!(
            "{}: this is an empty disk, which is not supported (the number of its partitions is 0)",
            empty.display()
        )
    );
    let item = Opener::new().open(&dir.path().join("d.txt")).unwrap();
    let name = &item.name;
    assert_eq!(
        told(&item.volume().map(drop).unwrap_err()),
        format!(
            "{name}: this is no volume (its path is \"{name}\")\n  \
             hint: give a disk image, a disk or a volume"
        )
    );
}

/// What a folder of this computer cannot give.
#[cfg(unix)]
#[test]
fn what_a_folder_cannot_give_is_refused_by_name() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let refused = |make: &dyn Fn(&Path), all: bool| {
        let dir = tempfile::tempdir().unwrap();
        make(dir.path());
        let opener = Opener::new();
        let item = opener.open(dir.path()).unwrap();
        let made = if all { item.as_tree(&opener, DATE).map(drop) } else { plain(&opener, &item) };
        told(&made.unwrap_err()).replace(&format!("{}/", dir.path().display()), "")
    };
    let plain_link = |dir: &Path| std::os::unix::fs::symlink("a", dir.join("link")).unwrap();
    assert_eq!(
        refused(&plain_link, false),
        "this is a link in a folder of plain files, which is not supported \
         (its path is \"link\")\n  hint: give its target instead"
    );
    let socket = |dir: &Path| drop(std::os::unix::net::UnixListener::bind(dir.join("s")).unwrap());
    let dir = "this is a device, pipe or socket of this computer, which is not supported";
    let found = refused(&socket, true);
    assert_eq!(found, format!("{dir} (its path is \"s\")\n  hint: give files and folders"));
    // Three units each, as HFS+ has them.
    let long = "\u{390}".repeat(127);
    assert_eq!(
        refused(&|dir| std::fs::write(dir.join(&long), "").unwrap(), true),
        format!(
            "{long}: this is a name that is too long for HFS+, which is not supported \
             (its length is 381)\n  hint: rename it"
        )
    );
    let latin = |dir: &Path| std::fs::write(dir.join(OsStr::from_bytes(b"\xe4")), "").unwrap();
    assert_eq!(
        refused(&latin, true),
        "this is a name that is not text, which is not supported (the name is \"\u{fffd}\")\n  \
         hint: rename it"
    );
}

#[test]
fn what_an_archive_of_plain_files_may_not_hold() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |names: &[String]| {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let stored = zip::write::SimpleFileOptions::default();
        let stored = stored.compression_method(zip::CompressionMethod::Stored);
        names.iter().for_each(|name| zip.start_file(name, stored).unwrap());
        let path = dir.path().join("a.zip");
        std::fs::write(&path, zip.finish().unwrap().into_inner()).unwrap();
        let opener = Opener::new();
        let error = plain(&opener, &opener.open(&path).unwrap()).unwrap_err();
        told(&error).replace(&format!("{}/", dir.path().display()), "")
    };
    assert_eq!(
        refused(&["../x".to_owned()]),
        "a.zip: zip archive: file name is \"../x\": climbs with `..`"
    );
    let many: Vec<_> = (0..65_537).map(|number| number.to_string()).collect();
    assert_eq!(
        refused(&many),
        "a.zip: this is a zip archive of that size, which is not supported \
         (the number of its files is 65537)\n  \
         hint: give a folder with the files that are needed"
    );
}

fn plain(opener: &Opener, item: &Item) -> crate::block::Result<()> {
    crate::source::plain_files(opener, item).map(drop)
}
