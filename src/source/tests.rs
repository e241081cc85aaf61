//! Containers as folders, on volumes and disks that the tests make.

use crate::block::{Map, Source, bytes, read_vec};
use crate::format::gpt::{self, Guid};
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
    assert_eq!(
        error(&opener, &path),
        format!(
            "{}: this is a disk with several HFS+ volumes, which is not supported \
             (their numbers is \"1 (first), 2 (second)\")",
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
    let refused = |name: &str, files: &[(&str, Source)]| {
        let path = file(dir.path(), name, &volume("V", files));
        let opener = Opener::new();
        opener.installer(&opener.open(&path).unwrap()).map(drop).unwrap_err().to_string()
    };
    let broken = refused("a.img", &[("/Install.pkg", bytes(*b"xar!"))]);
    assert!(broken.contains("/Install.pkg: xar header"), "{broken}");
    let big_sur = "/Install macOS Big Sur.app/Contents/SharedSupport/SharedSupport.dmg";
    assert!(
        refused("b.img", &[(big_sur, bytes(*b"x"))])
            .starts_with("this is an installer of macOS 11 or later")
    );
    assert!(refused("c.img", &[("/a", bytes(*b"x"))]).starts_with("this is no installer"));
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
    let found = error(&Opener::new(), &file.join(&path));
    assert!(found.contains("a container in too many others"), "{found}");
}

#[test]
fn what_is_no_volume_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let bundle = "<plist><string>com.apple.diskimage.sparsebundle</string></plist>";
    std::fs::create_dir(dir.path().join("x.sparsebundle")).unwrap();
    std::fs::write(dir.path().join("x.sparsebundle/Info.plist"), bundle).unwrap();
    let cases: [(&str, &[u8], &str); 4] = [
        ("b.7z", b"7z\xbc\xaf\x27\x1crest", "a 7z archive"),
        ("c.rar", b"Rar!\x1a\x07rest", "a rar archive"),
        ("d.txt", b"hello", "neither a disk image nor a volume that is known"),
        ("e.sparseimage", b"sprsrest", "a sparse disk image"),
    ];
    for (name, content, what) in cases {
        let path = file(dir.path(), name, &bytes(content));
        let found = error(&Opener::new(), &path);
        assert!(found.contains(&format!("this is {what},")), "{found}");
    }
    let found = error(&Opener::new(), &dir.path().join("x.sparsebundle"));
    assert!(found.contains("this is a sparse bundle,"), "{found}");
}
