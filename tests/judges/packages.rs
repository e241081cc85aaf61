//! Packages that Apple's tools made, and archives that other programs made,
//! against readers of other authors.

use crate::support::image::{real, temp};
use crate::support::judge::{Judge, judge};
use lionize::block::{Source, bytes, read_vec};
use lionize::format::bom;
use lionize::source::{Item, Opener};
use lionize::volume::{Kind, Tree};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Seconds between 1904 and 1970.
const EPOCH_1904: u64 = 2_082_844_800;

fn all(source: &Source) -> Vec<u8> {
    read_vec(source.as_ref(), 0, source.len() as usize).unwrap()
}

fn enter(path: &Path) -> Item {
    let opener = Opener::new().keeping_appledouble();
    opener.enter(&opener.resolve(path).unwrap()).unwrap()
}

/// Paths of files and links, without `./`, sorted.
fn paths(tree: &Tree) -> Vec<String> {
    let files = tree.walk(tree.root()).filter(|id| tree.kind(*id) != Kind::Dir);
    let mut paths: Vec<_> =
        files.map(|id| tree.path(id).to_string().trim_start_matches('/').to_owned()).collect();
    paths.sort();
    paths
}

/// The same as bsdtar lists it; of some archives it does not mark folders.
fn told(bsdtar: &Judge, archive: &Path, ours: &Tree) -> Vec<String> {
    let said = bsdtar.run(["-tf".as_ref(), archive.as_os_str()]).ok();
    let text = String::from_utf8(said.out).unwrap();
    let is_folder = |line: &str| {
        let path = lionize::volume::VPath::parse(line).unwrap();
        ours.lookup(&path).is_some_and(|id| ours.is_dir(id))
    };
    let files = text.lines().filter(|line| !is_folder(line));
    let mut files: Vec<_> = files.map(|line| line.trim_start_matches("./").to_owned()).collect();
    files.sort();
    files
}

/// Compares all files of an archive, byte by byte; folders as bsdtar unpacks them.
fn agrees(bsdtar: &Judge, archive: &Path, ours: &Tree) {
    let temp = temp();
    bsdtar.run(["-xf".as_ref(), archive.as_os_str(), "-C".as_ref(), temp.path().as_os_str()]).ok();
    let mut count = 0;
    for id in ours.walk(ours.root()).skip(1) {
        let there = temp.path().join(ours.path(id).to_string().trim_start_matches('/'));
        match ours.kind(id) {
            Kind::Dir => assert!(there.is_dir(), "{}", there.display()),
            Kind::Symlink => {
                let target = all(&lionize::source::contents(ours, id).unwrap());
                assert_eq!(fs::read_link(&there).unwrap().to_str().unwrap().as_bytes(), target);
            }
            _ => {
                let data = all(&lionize::source::contents(ours, id).unwrap());
                assert!(fs::read(&there).unwrap() == data, "{}", there.display());
                let date = fs::metadata(&there).unwrap().modified().unwrap();
                let date = date.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
                let node = ours.node(ours.target(id));
                assert_eq!(u64::from(node.meta.modified), date + EPOCH_1904);
            }
        }
        count += 1;
    }
    println!("{} agrees in {count} entries", archive.display());
}

#[test]
fn real_packages_agree_with_bsdtar() {
    let (Some(real), Some(bsdtar)) = (real(), judge("bsdtar")) else { return };
    for name in ["relic_dummy.pkg", "rtrouton_kbox_uninstall.pkg"] {
        let package = real.join(name);
        if !package.exists() {
            println!("not judged: no {name}");
            continue;
        }
        let (_, tree) = enter(&package).node().unwrap().map(|(tree, id)| (id, tree)).unwrap();
        assert_eq!(paths(&tree), told(&bsdtar, &package, &tree));
        let temp = temp();
        for inner in paths(&tree) {
            let part = inner.rsplit('/').next().unwrap();
            let out = bsdtar.run(["-xOf".as_ref(), package.as_os_str(), inner.as_ref()]).ok().out;
            let id = tree.lookup(&lionize::volume::VPath::parse(&inner).unwrap()).unwrap();
            assert!(all(&lionize::source::contents(&tree, id).unwrap()) == out, "{inner}");
            if ["Payload", "Scripts"].contains(&part) {
                let file = temp.path().join(part);
                fs::write(&file, out).unwrap();
                let ours = enter(&package.join(&inner)).node().unwrap().unwrap().0;
                assert_eq!(paths(&ours), told(&bsdtar, &file, &ours), "{name}: {inner}");
                agrees(&bsdtar, &file, &ours);
            }
        }
    }
}

/// Our lines for what `list_bom.py` prints.
fn listed(entries: &[bom::Entry]) -> String {
    let line = |entry: &bom::Entry| {
        let bom::Entry { mode, uid, gid, size, mtime, path, .. } = entry;
        format!("{mode:o} {uid} {gid} {size} {mtime} {}", String::from_utf8_lossy(path))
    };
    let mut lines: Vec<_> = entries.iter().map(line).collect();
    lines.sort();
    lines.join("\n")
}

fn python(bom: &Path) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judges/list_bom.py");
    let said = Command::new("python3").arg(script).arg(bom).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8(said.stdout).unwrap().trim_end().to_owned()
}

#[test]
fn bills_of_materials_agree_with_another_reader() {
    if judge("python3").is_none() {
        return;
    }
    let temp = temp();
    let made = temp.path().join("ours");
    let entry = |path: &str, mode| bom::Entry { path: path.into(), mode, ..Default::default() };
    let mut entries = vec![entry(".", 0o041_775)];
    entries.extend((0..70_000).map(|n| entry(&format!("./{n}"), 0o100_644)));
    fs::write(&made, bom::write(&entries).unwrap()).unwrap();
    assert!(python(&made) == listed(&entries));
    let Some(real) = real() else { return };
    let theirs = |name: &str, path: &Path, file: Vec<u8>| {
        fs::write(path, &file).unwrap();
        let found = bom::read(bytes(file)).unwrap();
        assert!(found.len() > 1, "{name}");
        assert_eq!(python(path), listed(&found), "{name}");
    };
    let bom = real.join("indygreg_python-applications.bom");
    if bom.exists() {
        theirs("a Bom of mkbom's", &temp.path().join("Bom"), fs::read(bom).unwrap());
    }
    for name in ["relic_dummy.pkg", "rtrouton_kbox_uninstall.pkg"] {
        let opener = Opener::new();
        for item in opener.find(&real.join(name).join("**/Bom")).unwrap_or_default() {
            let file = all(&item.contents().unwrap());
            if name.starts_with("relic") {
                theirs(name, &temp.path().join("inner"), file);
            }
        }
    }
}

#[test]
fn archives_of_bsdtar_are_folders() {
    let Some(bsdtar) = judge("bsdtar") else { return };
    let temp = temp();
    let from = temp.path().join("from");
    fs::create_dir_all(from.join("Applications/Server.app")).unwrap();
    fs::write(from.join("Applications/Server.app/run"), vec![7; 300_000]).unwrap();
    fs::write(from.join("note"), "text").unwrap();
    fs::hard_link(from.join("note"), from.join("again")).unwrap();
    std::os::unix::fs::symlink("note", from.join("link")).unwrap();
    let forms = ["odc", "newc", "ustar", "pax", "gnutar"];
    for (form, filter) in forms.iter().zip(["-z", "-j", "-J", "-z", "-J"]) {
        for filter in [Some(filter), None] {
            let path = temp.path().join(format!("{form}{}", filter.unwrap_or_default()));
            let mut command = bsdtar.command();
            command.args(["-cf"]).arg(&path).args(["--format", form]).args(filter);
            let made = command.arg("-C").arg(&from).arg(".").output().unwrap();
            assert!(made.status.success(), "{made:?}");
            let tree = enter(&path).node().unwrap().unwrap().0;
            let wanted = ["Applications/Server.app/run", "again", "link", "note"];
            assert_eq!(paths(&tree), wanted, "{form} {filter:?}");
            agrees(&bsdtar, &path, &tree);
            let again = tree.lookup(&lionize::volume::VPath::parse("again").unwrap()).unwrap();
            assert_eq!(tree.names_of(again), 2, "{form} {filter:?}");
        }
    }
}

#[test]
fn tar_archives_of_ours_are_read_by_bsdtar() {
    let Some(bsdtar) = judge("bsdtar") else { return };
    let temp = temp();
    let image = temp.path().join("InstallESD.dmg");
    let mut file = fs::File::create(&image).unwrap();
    lionize::source::sample::write_installer(&mut file, 0).unwrap();
    let (tar, out) = (temp.path().join("out.tar"), temp.path().join("out"));
    let made = Command::new(env!("CARGO_BIN_EXE_lionize"))
        .args(["extract", "--quiet", "--tar"])
        .arg(&tar)
        .arg(image.join("Library/Shape Sample"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    fs::create_dir(&out).unwrap();
    // A Mac's attributes have names that other hosts do not take.
    let args = ["--no-xattrs".as_ref(), "-xf".as_ref(), tar.as_os_str(), "-C".as_ref()];
    bsdtar.run(args.into_iter().chain([out.as_os_str()])).ok();
    let opener = Opener::new();
    let item = opener.resolve(&image.join("Library/Shape Sample")).unwrap();
    let (tree, top) = item.node().unwrap().unwrap();
    let above = tree.path(top).to_string().rsplit_once('/').unwrap().0.to_owned();
    let files = tree.walk(top).filter(|id| tree.kind(*id) == Kind::File);
    let mut count = 0;
    for id in files {
        let path = tree.path(id).to_string();
        let path = out.join(path.strip_prefix(&above).unwrap().trim_start_matches('/'));
        let data = all(&lionize::source::contents(&tree, id).unwrap());
        assert!(fs::read(&path).unwrap() == data, "{}", path.display());
        count += 1;
    }
    assert!(count > 10, "{count}");
}
