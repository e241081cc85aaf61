//! Recipes of 10.8 to 10.12 and the unattended ones, on shape samples: plans as
//! text, what the media hold, and an image in them that was packed again.

use crate::make::{id, plan, problem, request, words};
use lionize::block::{Source, bytes, read_vec};
use lionize::engine::{BuildOptions, Request, Silent, Stop, Verify, build};
use lionize::format::partition::partitions;
use lionize::source::sample::{Shape, write_image};
use lionize::source::{Item, Opener, contents};
use lionize::volume::hfsplus::check::{Options, check};
use lionize::volume::{Kind, Tree, VPath};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// The sample's `InstallESD.dmg` of a release, made once.
pub(crate) fn sample(dir: &Path, release: &str) -> PathBuf {
    static MADE: Mutex<BTreeMap<String, Arc<Vec<u8>>>> = Mutex::new(BTreeMap::new());
    let make = || {
        let mut image = Vec::new();
        write_image(Shape::of(release).unwrap(), &mut image, 0).unwrap();
        Arc::new(image)
    };
    let image = Arc::clone(MADE.lock().unwrap().entry(release.into()).or_insert_with(make));
    let path = dir.join("InstallESD.dmg");
    std::fs::write(&path, &*image).unwrap();
    path
}

/// The steps and what stands behind them, of a plan's text.
fn text(request: &Request, dir: &Path) -> String {
    let plan = plan(request).unwrap();
    let text = words(&plan).replace(&format!("{}/", dir.display()), "");
    let text = text.replace(&id(&plan), "ID");
    let is_digest = |word: &str| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let words = text.split(' ').map(|word| if is_digest(word) { "DIGEST" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// Builds an image; its volume's tree.
fn made(request: &Request, output: &Path, threads: usize) -> Arc<Tree> {
    let output_path = output.to_path_buf();
    let options = BuildOptions { output: output_path, verify: Verify::Full, threads };
    let request = Request { threads, ..request.clone() };
    build(&plan(&request).unwrap(), &options, &mut Silent, &Stop::new()).unwrap();
    let opener = Opener::new();
    let item = opener.enter(&opener.open(output).unwrap()).unwrap();
    item.volume().unwrap().tree().unwrap()
}

pub(crate) fn path(text: &str) -> VPath {
    VPath::parse(text).unwrap()
}

fn read(tree: &Tree, at: &str) -> Vec<u8> {
    let id = tree.lookup(&path(at)).unwrap_or_else(|| panic!("there is no {at}"));
    let source = contents(tree, id).unwrap();
    read_vec(source.as_ref(), 0, usize::try_from(source.len()).unwrap()).unwrap()
}

fn text_of(tree: &Tree, at: &str) -> String {
    String::from_utf8(read(tree, at)).unwrap()
}

/// What is in the sample at a path.
fn given(esd: &Path, at: &str) -> Vec<u8> {
    let opener = Opener::new();
    let source = opener.resolve(&esd.join(at)).unwrap().contents().unwrap();
    read_vec(source.as_ref(), 0, usize::try_from(source.len()).unwrap()).unwrap()
}

#[test]
fn plans() {
    let dir = tempfile::tempdir().unwrap();
    let mut all = String::new();
    for (recipe, release) in [
        ("mountain-lion", "10.8"),
        ("mavericks", "10.9"),
        ("yosemite", "10.10"),
        ("el-capitan", "10.11"),
        ("sierra", "10.12"),
        ("lion-unattended", "10.7"),
        ("mavericks-unattended", "10.9"),
    ] {
        let esd = sample(dir.path(), release);
        all += &text(&request(recipe, &[("installer", &esd)]), dir.path());
        all += "\n";
    }
    let wanted = include_str!("plans.txt");
    assert!(all == wanted, "{all}");
}

#[test]
fn each_takes_its_own_release_only() {
    let dir = tempfile::tempdir().unwrap();
    let esd = sample(dir.path(), "10.10");
    for (recipe, takes) in [("mavericks", "10.9"), ("sierra", "10.12"), ("lion", "10.7, 10.8")] {
        assert_eq!(
            problem(&request(recipe, &[("installer", &esd)])),
            format!(
                "{} (installer) is Mac OS X 10.10.5 (14F27)\n  the recipe takes {takes}",
                esd.display()
            )
        );
    }
}

#[test]
fn the_base_system_is_the_volume_with_the_packages_in_it() {
    for (recipe, release, kernel) in [
        ("mavericks", "10.9", "/System/Library/Caches/com.apple.kext.caches/Startup/kernelcache"),
        ("sierra", "10.12", "/System/Library/PrelinkedKernels/prelinkedkernel"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let esd = sample(dir.path(), release);
        let request = request(recipe, &[("installer", &esd)]);
        let tree = made(&request, &dir.path().join("out.img"), 2);
        assert_eq!(tree.node(tree.root()).name.to_string(), "OS X Base System");
        let packages = tree.lookup(&path("/System/Installation/Packages")).unwrap();
        assert_eq!(tree.kind(packages), Kind::Dir, "a folder in place of the link");
        assert_eq!(tree.children(packages).len(), 10);
        for name in ["OSInstall.mpkg", "Essentials.pkg"] {
            let packages = format!("/System/Installation/Packages/{name}");
            assert!(read(&tree, &packages) == given(&esd, &format!("Packages/{name}")), "{name}");
        }
        for name in ["BaseSystem.dmg", "BaseSystem.chunklist"] {
            assert!(read(&tree, &format!("/{name}")) == given(&esd, name), "{name}");
        }
        let base = given(&esd, &format!("BaseSystem.dmg{kernel}"));
        assert!(read(&tree, kernel) == base, "{kernel}");
        let boot = tree.facts.boot_file.unwrap();
        assert_eq!(tree.path(boot).to_string(), "/System/Library/CoreServices/boot.efi");
        let folder = tree.lookup(&path("/System/Library/CoreServices"));
        assert_eq!((tree.facts.blessed_folder, tree.facts.osx_folder), (folder, folder));
        let more = tree.lookup(&path("/usr/bin/more")).unwrap();
        assert_eq!(tree.names_of(tree.target(more)), 2, "hard links survive");
    }
}

/// Where an installer that asks nothing is told so.
fn automation(tree: &Tree, packages: &str) -> String {
    text_of(tree, &format!("{packages}/Extras/minstallconfig.xml"))
}

#[test]
fn mavericks_that_asks_nothing_has_its_lists_and_the_script() {
    let dir = tempfile::tempdir().unwrap();
    let esd = sample(dir.path(), "10.9");
    let choices = dir.path().join("choices");
    std::fs::write(&choices, "<plist version=\"1.0\"><array/></plist>\n").unwrap();
    let inputs = [("installer", esd.as_path()), ("choices", choices.as_path())];
    let mut request = request("mavericks-unattended", &inputs);
    request.params = vec![("volume".into(), "It's <new>".into())];
    let tree = made(&request, &dir.path().join("out.img"), 2);
    let packages = "/System/Installation/Packages";
    let list = automation(&tree, packages);
    for (key, value) in [
        ("InstallType", "automated"),
        ("Language", "en"),
        ("Package", "/System/Installation/Packages/OSInstall.collection"),
        ("Target", "/Volumes/It&apos;s &lt;new&gt;"),
        ("TargetName", "It&apos;s &lt;new&gt;"),
        ("ChoiceChanges", "MacOSXInstaller.choiceChanges"),
    ] {
        let entry = format!("<key>{key}</key>\n\t<string>{value}</string>");
        assert!(list.contains(&entry), "{key}\n{list}");
    }
    let collection = text_of(&tree, &format!("{packages}/OSInstall.collection"));
    assert_eq!(collection.matches("/OSInstall.mpkg</string>").count(), 2);
    let copied = format!("{packages}/Extras/MacOSXInstaller.choiceChanges");
    assert!(text_of(&tree, &copied).contains("<array/>"));
    let script = tree.lookup(&path("/private/etc/rc.cdrom.local")).unwrap();
    let meta = &tree.node(script).meta;
    assert_eq!((meta.mode, meta.owner, meta.group), (0o100_755, 0, 0));
    assert!(text_of(&tree, "/private/etc/rc.cdrom.local").contains("\nIt's <new>\nNAME\n"));
}

#[test]
fn lions_image_is_packed_again_around_the_script() {
    let mut images = Vec::new();
    for threads in [1, 3] {
        let dir = tempfile::tempdir().unwrap();
        let esd = sample(dir.path(), "10.7");
        let request = request("lion-unattended", &[("installer", &esd)]);
        let tree = made(&request, &dir.path().join("out.img"), threads);
        assert!(automation(&tree, "/Packages").contains("<string>Macintosh HD</string>"));
        let before = given(&esd, "BaseSystem.dmg");
        let after = read(&tree, "/BaseSystem.dmg");
        assert!(before != after, "the image was packed again");
        let (old, new) = (Inner::open(before), Inner::open(after.clone()));
        assert_eq!(old.kinds, new.kinds, "and divided as before");
        assert_eq!(old.volume.len(), new.volume.len(), "there was room enough");
        assert_eq!(new.script(), Some((0o100_755, 0, 0)));
        assert_eq!(old.script(), None);
        assert_eq!(new.paths(), old.paths() + 1);
        new.is_sound();
        images.push(after);
    }
    assert!(images[0] == images[1], "the same bytes, whatever the threads");
}

/// A recipe that extends Lion's.
fn lion_with(dir: &Path, more: &str) -> String {
    let path = dir.join("recipe.toml");
    let head = "schema = 1\nextends = \"lion\"\nname = \"t\"\ntitle = \"T\"\n";
    std::fs::write(&path, format!("{head}{more}")).unwrap();
    path.display().to_string()
}

#[test]
fn an_image_that_gets_too_full_grows_with_its_disk() {
    let dir = tempfile::tempdir().unwrap();
    let esd = sample(dir.path(), "10.8");
    let big = dir.path().join("big");
    std::fs::write(&big, vec![7; 3 << 20]).unwrap();
    let recipe = lion_with(
        dir.path(),
        "[inputs.big]\nkind = \"file\"\n\
         [[step]]\nin = \"/BaseSystem.dmg\"\ncopy = { from = \"big\", to = \"/big\" }\n\
         [[step]]\nin = \"/BaseSystem.dmg\"\nwrite = { to = \"/small\", text = \"s\" }\n\
         [[step]]\nwrite = { to = \"/between\", text = \"b\" }\n\
         [[step]]\nin = \"/BaseSystem.dmg\"\nmove = { from = \"/small\", to = \"/less\" }\n",
    );
    let request = request(&recipe, &[("installer", &esd), ("big", &big)]);
    let told = text(&request, dir.path());
    assert!(told.contains("2. in /BaseSystem.dmg: copy big to /big\n"), "{told}");
    assert!(told.contains("and its volume grew by "), "{told}");
    assert_eq!(told.matches("/BaseSystem.dmg is packed again: ").count(), 2, "{told}");
    let tree = made(&request, &dir.path().join("out.img"), 2);
    assert_eq!(text_of(&tree, "/between"), "b");
    let (old, new) =
        (Inner::open(given(&esd, "BaseSystem.dmg")), Inner::open(read(&tree, "/BaseSystem.dmg")));
    assert_eq!(old.kinds, new.kinds);
    assert!(new.volume.len() > old.volume.len());
    assert!(read(&new.tree, "/big") == vec![7; 3 << 20]);
    assert_eq!(text_of(&new.tree, "/less"), "s");
    assert_eq!(new.tree.facts.volume_id, old.tree.facts.volume_id);
    new.is_sound();
}

#[test]
fn what_is_no_image_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let esd = sample(dir.path(), "10.7");
    for (path, why) in [
        ("/Nothing.dmg", "there is no /Nothing.dmg in the volume"),
        ("/mach_kernel", "cannot read /mach_kernel"),
        ("/Packages", "cannot read /Packages"),
    ] {
        let recipe =
            lion_with(dir.path(), &format!("[[step]]\nin = \"{path}\"\nmkdir = \"/new\"\n"));
        let said = problem(&request(&recipe, &[("installer", &esd)]));
        assert!(said.starts_with("step 2 (") && said.contains(why), "{said}");
    }
    for (step, why) in [
        ("in = \"/a.dmg\"\nrestore = \"installer\"", "not one in an image"),
        ("in = \"a.dmg\"\nmkdir = \"/new\"", "must begin with `/`"),
        ("restore = { from = \"installer\", path = \"a\", verbatim = true }", "own volume"),
    ] {
        let recipe = lion_with(dir.path(), &format!("[[step]]\n{step}\n"));
        let said = problem(&request(&recipe, &[("installer", &esd)]));
        assert!(said.contains(why), "{said}");
    }
}

/// An image in an image.
struct Inner {
    kinds: Vec<String>,
    volume: Source,
    tree: Arc<Tree>,
}

impl Inner {
    fn open(image: Vec<u8>) -> Self {
        let opener = Opener::new();
        let item = Item::of_bytes("BaseSystem.dmg", bytes(image));
        let disk = opener.disk(&item).unwrap();
        for image in opener.images() {
            assert!(image.prove(1, &|_| {}).unwrap().absent.is_empty());
        }
        let parts = partitions(&disk).unwrap();
        let kinds = parts.iter().map(|part| format!("{} {}", part.kind, part.name)).collect();
        let volume = parts.iter().find(|part| part.is_hfs_plus()).unwrap().open(&disk).unwrap();
        let tree = opener.enter(&item).unwrap().volume().unwrap().tree().unwrap();
        Self { kinds, volume, tree }
    }

    fn is_sound(&self) {
        let found = check(&self.volume, &Options { strict: true, ..Options::default() }).unwrap();
        assert!(found.findings.is_empty() && found.complete, "{:?}", found.findings);
    }

    /// Mode, owner and group of the script.
    fn script(&self) -> Option<(u16, u32, u32)> {
        let id = self.tree.lookup(&path("/private/etc/rc.cdrom.local"))?;
        let meta = &self.tree.node(id).meta;
        Some((meta.mode, meta.owner, meta.group))
    }

    fn paths(&self) -> usize {
        self.tree.walk(self.tree.root()).count()
    }
}
