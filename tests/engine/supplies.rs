//! Inputs from a catalog: looked up, fetched, proven, and the same from a lock.

use crate::make::{disk, esd, file, id, plan, problem, request, tree, volume, words};
use lionize::block::{Source, bytes, read_vec};
use lionize::engine::{
    BuildOptions, Outlook, Request, Silent, Stop, Supplies, Verify, build, foresee, prepare,
};
use lionize::format::xar::write::{Body, Builder, Meta};
use lionize::format::xar::{Encoding, Style};
use lionize::source::Opener;
use lionize::source::catalog::{Catalog, Location};
use lionize::source::sample;
use lionize::source::sample::catalog::{Offer, catalog};
use lionize::source::sample::server::{Server, Site};
use lionize::source::store::Store;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A package, signed by the sample's chain or by nobody.
fn package(signed: bool) -> Vec<u8> {
    let mut builder = Builder::new(Style::Sha1, 1_348_099_200);
    let meta = Meta { mode: 0o644, uid: 0, gid: 0, mtime: 0 };
    let payload: Source = bytes(vec![7; 300_000]);
    builder.add(None, "Payload", meta, Body::File(payload, Encoding::Raw));
    if signed {
        builder.sign(1_348_099_200, sample::signer(&Style::Sha1));
    }
    let made = builder.finish().unwrap();
    read_vec(made.as_ref(), 0, usize::try_from(made.len()).unwrap()).unwrap()
}

/// A folder with an installer, and a server with a catalog.
struct Place {
    dir: TempDir,
    server: Server,
}

impl Place {
    fn new(build: &str, package: &[u8]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        file(dir.path(), "esd.img", &esd("10.7.2", build));
        let offers = [
            Offer::new("11C74_ServerEssentials", "ServerEssentials.pkg", package.len() as u64),
            Offer::new("11D50_ServerEssentials", "ServerEssentials.pkg", 7),
        ];
        let catalog = catalog("http://swcdn.apple.com", &offers).unwrap();
        let server = Server::of(site(&catalog, package)).unwrap();
        Self { dir, server }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn request(&self) -> Request {
        let supplies = Supplies {
            store: Some(self.path("store")),
            mirror: Some(self.server.url("")),
            anchors: sample::anchors().unwrap(),
            ..Supplies::default()
        };
        let esd = self.path("esd.img");
        Request { supplies, ..request("lion-server", &[("installer", &esd)]) }
    }
}

fn site(catalog: &Catalog, package: &[u8]) -> Site {
    let lion = "/content/catalogs/others/index-lion-snowleopard-leopard.merged-1.sucatalog";
    let mut site = Site::new().with(lion, catalog.to_bytes().unwrap());
    for product in &catalog.products {
        let location = Location::parse(&product.packages[0].url).unwrap();
        site = site.with(&format!("/{}", location.path()), package);
    }
    site
}

#[test]
fn what_is_missing_is_told_before_it_is_fetched() {
    let place = Place::new("11C74", &package(true));
    let outlook = foresee(&place.request(), &mut Silent, &Stop::new()).unwrap();
    let Outlook::Waiting(waiting) = outlook else { panic!("nothing was fetched") };
    let text = waiting.text();
    for line in [
        "To fetch\n  essentials: ServerEssentials.pkg, 30",
        "    of the product 11C74_ServerEssentials in the lion catalog of 2023-11-02\n",
        "  2. copy essentials to /Packages/ServerEssentials.pkg\n",
        "  3. not done: extract **/Server.app of server-app",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    assert_eq!(waiting.json()["fetch"][0]["from"]["size"], package(true).len());
}

#[test]
fn another_builds_package_is_never_taken_unasked() {
    let place = Place::new("11C75", &package(true));
    assert_eq!(
        problem(&place.request()),
        "the lion catalog has no product 11C75_ServerEssentials\n  \
         the catalog has no ServerEssentials for build 11C75; it has those of 11C74, 11D50; \
         nearest is 11C74\n  \
         hint: check that the installer is whole and of Apple's; to take 11C74's all the same, \
         give --nearest"
    );
    let mut request = place.request();
    request.supplies.nearest = true;
    let outlook = foresee(&request, &mut Silent, &Stop::new()).unwrap();
    let Outlook::Waiting(waiting) = outlook else { panic!("nothing was fetched") };
    assert!(waiting.text().contains("of the product 11C74_ServerEssentials"));
}

#[test]
fn a_product_that_is_not_there_can_be_looked_for() {
    let place = Place::new("11C74", &package(true));
    let text = "schema = 1\nname = \"t\"\ntitle = \"T\"\n[inputs.x]\nkind = \"catalog\"\n\
                catalog = \"lion\"\nproduct = \"zzz\"\npackage = \"x.pkg\"\n[media]\n\
                layout = \"bare\"\n[[step]]\ncopy = { from = \"x\", to = \"/x\" }\n";
    let recipe = file(place.dir.path(), "t.toml", &bytes(text.as_bytes()));
    let wanted = Request { recipe: recipe.to_str().unwrap().into(), ..place.request() };
    assert_eq!(
        problem(&Request { inputs: Vec::new(), ..wanted }),
        "the lion catalog has no product zzz\n  \
         hint: `lionize catalog list --search TEXT` finds products"
    );
}

#[test]
fn what_is_not_proven_is_not_kept() {
    let place = Place::new("11C74", &package(false));
    for _ in 0..2 {
        assert_eq!(
            problem(&place.request()),
            "ServerEssentials.pkg (essentials) is not proven\n  not proven: nobody signed it\n  \
             the recipe demands `trust = \"signature\"`"
        );
    }
    let fetched = || place.server.asked().into_iter().filter(|asked| asked.path.ends_with(".pkg"));
    assert_eq!(fetched().count(), 2, "fetched again, not taken from the store");

    // Signed by a chain that only the sample trusts.
    let place = Place::new("11C74", &package(true));
    let mut request = place.request();
    request.supplies.anchors = Default::default();
    let text = problem(&request);
    assert!(text.starts_with("ServerEssentials.pkg (essentials) is not proven\n"), "{text}");

    // Changed where no checksum of a transfer would show it.
    let mut changed = package(true);
    let last = changed.len() - 1;
    changed[last] ^= 1;
    let place = Place::new("11C74", &changed);
    let text = problem(&place.request());
    assert!(
        text.starts_with("ServerEssentials.pkg (essentials) is not what it should be\n"),
        "{text}"
    );
}

fn made(request: &Request, out: &Path) -> (Vec<u8>, Vec<u8>) {
    let options = BuildOptions { output: out.to_owned(), verify: Verify::Full, threads: 2 };
    let built = build(&plan(request).unwrap(), &options, &mut Silent, &Stop::new()).unwrap();
    assert!(built.proofs.iter().any(|proof| {
        let name = "ServerEssentials.pkg (essentials): proven by ";
        proof.starts_with(name) && proof.contains("the sample's maker's signature")
    }));
    (std::fs::read(out).unwrap(), std::fs::read(built.manifest).unwrap())
}

#[test]
fn the_same_bytes_from_the_network_the_store_and_a_lock() {
    let place = Place::new("11C74", &package(true));
    let mut request = place.request();
    let first = made(&request, &place.path("first.img"));
    let plan = plan(&request).unwrap();
    assert!(
        words(&plan).contains("  proven by the sample's maker's signature"),
        "{}",
        words(&plan)
    );
    let lock = plan.lock(plan.identify(&mut Silent, &Stop::new()).unwrap()).unwrap();
    std::fs::write(place.path("lion.lock"), &lock).unwrap();

    let asked = place.server.asked().len();
    request.supplies.offline = true;
    assert!(made(&request, &place.path("second.img")) == first);
    assert_eq!(place.server.asked().len(), asked);

    // Another store, and no catalog: the lock says all.
    request.supplies.offline = false;
    request.supplies.store = Some(place.path("other store"));
    request.locked = Some(place.path("lion.lock"));
    assert!(made(&request, &place.path("third.img")) == first);
    let new = place.server.asked().split_off(asked);
    let paths: Vec<_> = new.iter().map(|asked| asked.path.clone()).collect();
    assert!(paths.iter().all(|path| path.ends_with("/ServerEssentials.pkg")), "{paths:?}");
}

/// The store's file of these bytes.
fn stored(folder: &Path, sha256: &str) -> Option<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).find_map(|path| {
        if path.is_dir() {
            return stored(&path, sha256);
        }
        let digest = Sha256::digest(std::fs::read(&path).ok()?);
        (digest.iter().map(|b| format!("{b:02x}")).collect::<String>() == sha256).then_some(path)
    })
}

/// The same plan makes the same bytes, whether a package was given or fetched:
/// those that are given are opened first.
#[test]
fn the_same_bytes_whatever_is_given_and_whatever_fetched() {
    let dir = tempfile::tempdir().unwrap();
    let esd = installer(dir.path(), "10.7.5", "11G63");
    let text = "schema = 1\nname = \"t\"\ntitle = \"T\"\n[media]\nlayout = \"bare\"\n\
        [inputs.installer]\nkind = \"installer\"\n\
        [inputs.one]\nkind = \"catalog\"\ncatalog = \"lion\"\n\
        product = \"11G63_ServerEssentials\"\npackage = \"ServerEssentials.pkg\"\ntrust = \"signature\"\n\
        [inputs.two]\nkind = \"catalog\"\ncatalog = \"lion\"\nproduct = \"041-98155\"\n\
        package = \"MacOSXSrvrApp10.7.5.pkg\"\ntrust = \"signature\"\n\
        [[step]]\nrestore = \"installer\"\n\
        [[step]]\ncopy = { from = \"one\", to = \"/Packages/One.pkg\" }\n\
        [[step]]\ncopy = { from = \"two\", to = \"/Packages/Two.pkg\" }\n";
    let recipe = file(dir.path(), "t.toml", &bytes(text.as_bytes()));
    let (_server, fetches) = sampled(recipe.to_str().unwrap(), &[("installer", &esd)], dir.path());
    let make = |request: &Request, name: &str| {
        let out = dir.path().join(name);
        let options = BuildOptions { output: out.clone(), verify: Verify::Quick, threads: 2 };
        let built = build(&plan(request).unwrap(), &options, &mut Silent, &Stop::new()).unwrap();
        (built.plan, std::fs::read(out).unwrap(), std::fs::read(built.manifest).unwrap())
    };
    let (id, fetched, manifest) = make(&fetches, "fetched.img");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    for (number, name) in [(1, "one"), (2, "two")] {
        let input = &manifest["inputs"][number];
        assert_eq!(input["name"], name);
        let sha256 = input["files"][0]["sha256"].as_str().unwrap();
        let given = stored(&dir.path().join("store"), sha256).unwrap();
        let mut gives = fetches.clone();
        gives.inputs.push((name.to_owned(), given));
        let (other, bytes, _) = make(&gives, name);
        assert_eq!(other, id);
        assert!(bytes == fetched, "{name} was given");
    }
}

/// What a plan is to read is not removed by who makes room meanwhile.
#[test]
fn the_store_is_in_use_as_long_as_its_plan() {
    let place = Place::new("11C74", &package(true));
    let request = place.request();
    let plan = plan(&request).unwrap();
    let store = Store::open(request.supplies.store.clone().unwrap()).unwrap();
    let refused = store.prune(0).unwrap_err().sentence;
    assert_eq!(refused, "the store is in use by another process, so nothing was removed");
    drop(plan);
    assert!(store.prune(0).unwrap().removed > 0);
}

#[test]
fn a_lock_takes_nothing_else() {
    let place = Place::new("11C74", &package(true));
    let mut request = place.request();
    let plan = plan(&request).unwrap();
    let lock = plan.lock(plan.identify(&mut Silent, &Stop::new()).unwrap()).unwrap();
    let at = place.path("lion.lock");
    std::fs::write(&at, &lock).unwrap();
    request.locked = Some(at.clone());
    assert_eq!(id(&prepare(&request, &mut Silent, &Stop::new()).unwrap()), id(&plan));

    let other = Request { recipe: "lion".into(), ..request.clone() };
    assert_eq!(
        problem(&other),
        "the lock file is for the recipe lion-server, not lion\n  \
         hint: make a new one with `lionize lock`"
    );
    let mut other = request.clone();
    other.params = vec![("collection".into(), "yes".into())];
    assert_eq!(
        problem(&other),
        "the lock file is for another `collection`: no, not yes\n  \
         hint: make a new one with `lionize lock`"
    );
    let mut esd = std::fs::read(place.path("esd.img")).unwrap();
    esd.push(0);
    std::fs::write(place.path("esd.img"), esd).unwrap();
    let changed = crate::make::plan(&request).unwrap();
    let refused = changed.identify(&mut Silent, &Stop::new()).map(drop).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the inputs are not those of the lock file\n  `installer` has other bytes\n  \
         hint: give the same files, or make a new lock file with `lionize lock`"
    );
    let out = place.path("out.img");
    let options = BuildOptions { output: out.clone(), verify: Verify::Quick, threads: 1 };
    assert!(build(&changed, &options, &mut Silent, &Stop::new()).is_err());
    assert!(!out.exists());
    std::fs::write(&at, lock.replace("format = 3", "format = 1")).unwrap();
    assert_eq!(
        problem(&request),
        format!(
            "cannot read the lock file {}\n  it is for version 1 of what is written; \
             this program writes version 3\n  hint: make it again with `lionize lock`",
            at.display()
        )
    );
}

/// On a disk the size is another, and so the plan's id; what a folder holds
/// besides bytes is in a lock all the same.
#[test]
fn a_lock_for_a_disk_knows_a_folders_links() {
    let dir = tempfile::tempdir().unwrap();
    let text = "schema = 1\nname = \"t\"\ntitle = \"T\"\n[inputs.folder]\nkind = \"folder\"\n\
                [media]\nlayout = \"bare\"\n[media.volume]\nsize = \"8 MiB\"\n[[step]]\n\
                copy = { from = \"folder\", to = \"/Extras\" }\n";
    let recipe = file(dir.path(), "t.toml", &bytes(text.as_bytes()));
    let folder = dir.path().join("folder");
    file(&folder, "a", &bytes(*b"a"));
    let link = folder.join("link");
    std::os::unix::fs::symlink("a", &link).unwrap();
    let mut request = request(recipe.to_str().unwrap(), &[("folder", &folder)]);
    let identify = |request: &Request| {
        let plan = plan(request).unwrap();
        plan.identify(&mut Silent, &Stop::new()).map(|found| plan.lock(found).unwrap())
    };
    let at = dir.path().join("t.lock");
    std::fs::write(&at, identify(&request).unwrap()).unwrap();
    request.locked = Some(at);
    // Sectors of other disks are no other recipe.
    for sector in [512, 4096] {
        (request.target_bytes, request.target_sector) = (Some(64 << 20), Some(sector));
        identify(&request).unwrap();
    }
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("b", &link).unwrap();
    assert_eq!(
        identify(&request).unwrap_err().to_string(),
        "the inputs are not those of the lock file\n  a folder among them has other names, \
         modes or links, or a secret is another\n  \
         hint: give the same files, or make a new lock file with `lionize lock`"
    );
}

/// The sample's site, and a request of one of the recipes that fetch from it.
fn sampled(recipe: &str, inputs: &[(&str, &Path)], dir: &Path) -> (Server, Request) {
    let server = Server::of(sample::lion_server().unwrap()).unwrap();
    let supplies = Supplies {
        store: Some(dir.join("store")),
        mirror: Some(server.url("")),
        anchors: sample::anchors().unwrap(),
        ..Supplies::default()
    };
    (server, Request { supplies, ..request(recipe, inputs) })
}

/// What a recipe's volume holds, built and read again.
fn holds(recipe: &str, inputs: &[(&str, &Path)], dir: &Path) -> Vec<String> {
    let (_server, request) = sampled(recipe, inputs, dir);
    let out = dir.join("out.img");
    let options = BuildOptions { output: out.clone(), verify: Verify::Full, threads: 2 };
    build(&plan(&request).unwrap(), &options, &mut Silent, &Stop::new()).unwrap();
    let opener = Opener::new();
    let volume = opener.enter(&opener.open(&out).unwrap()).unwrap();
    let (tree, root) = volume.node().unwrap().unwrap();
    let line = |id| format!("{:o} {}", tree.node(tree.target(id)).meta.mode, tree.path(id));
    tree.walk(root).map(line).collect()
}

fn installer(dir: &Path, version: &str, build: &str) -> PathBuf {
    file(dir, "esd.img", &esd(version, build))
}

#[test]
fn lion_server_has_the_essentials_and_server_app() {
    let dir = tempfile::tempdir().unwrap();
    let esd = installer(dir.path(), "10.7.5", "11G63");
    let all = holds("lion-server", &[("installer", &esd)], dir.path());
    for line in [
        "100644 /Packages/ServerEssentials.pkg",
        "40755 /Extras/Server.app/Contents/MacOS",
        "100755 /Extras/Server.app/Contents/MacOS/Server",
    ] {
        assert!(all.iter().any(|known| known == line), "{line} {all:#?}");
    }
    assert!(!all.iter().any(|line| line.contains("OSInstall.collection")));

    // Listed, when that is asked for, and where the installer's own package is.
    let (_server, mut request) = sampled("lion-server", &[("installer", &esd)], dir.path());
    request.params = vec![("collection".into(), "yes".into())];
    let refused = plan(&request).map(drop).unwrap_err().to_string();
    assert!(refused.contains("there is no OSInstall.mpkg in /Packages or"), "{refused}");
    let esd = file(dir.path(), "whole.img", &crate::make::whole_esd("10.7.5", "11G63"));
    let (_server, mut request) = sampled("lion-server", &[("installer", &esd)], dir.path());
    request.params = vec![("collection".into(), "yes".into())];
    let text = words(&plan(&request).unwrap());
    let listed = "list /Packages/ServerEssentials.pkg in OSInstall.collection";
    assert!(text.contains(listed), "{text}");
    assert!(text.contains("its signer's certificate ended on 2015"), "{text}");
}

#[test]
fn applications_come_out_of_their_packages() {
    let dir = tempfile::tempdir().unwrap();
    for (recipe, line) in [
        ("server-app", "100755 /Server.app/Contents/MacOS/Server"),
        ("remote-desktop", "100755 /Remote Desktop.app/Contents/MacOS/Remote Desktop"),
        ("server-admin-tools", "100755 /Server/Server Admin.app/Contents/MacOS/Server Admin"),
    ] {
        let all = holds(recipe, &[], dir.path());
        assert!(all.iter().any(|known| known == line), "{recipe} {all:#?}");
    }
}

/// An updater as HP packs them: a script, and an archive behind it.
fn scexe() -> Vec<u8> {
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(
        b"#!/bin/sh\n# a shape sample\nexit 0\n".to_vec(),
        flate2::Compression::default(),
    ));
    for (name, data) in [("README", &b"firmware"[..]), ("TS250R023.bin", &[9; 5000])] {
        let mut header = tar::Header::new_ustar();
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append_data(&mut header, name, data).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

#[test]
fn firmware_and_server_app_lie_beside_the_installer() {
    let dir = tempfile::tempdir().unwrap();
    let esd = installer(dir.path(), "10.7.5", "11G63");
    let updater = dir.path().join("CP020030.scexe");
    std::fs::write(&updater, scexe()).unwrap();
    let all = holds("p2000-firmware", &[("installer", &esd), ("updater", &updater)], dir.path());
    let firmware = "100644 /Extras/P2000/TS250R023.bin";
    assert!(all.iter().any(|line| line == firmware), "{all:#?}");

    let esd = installer(dir.path(), "10.8.5", "12F45");
    let app = dir.path().join("Server.app");
    std::fs::create_dir_all(app.join("Contents")).unwrap();
    std::fs::write(app.join("Contents/Info.plist"), "").unwrap();
    let inputs = [("installer", esd.as_path()), ("server-app", &app)];
    let all = holds("mountain-lion-server", &inputs, dir.path());
    assert!(all.iter().any(|line| line.ends_with(" /Extras/Server.app/Contents/Info.plist")));
}

/// A lock does not tell a secret, and asks for none in particular.
#[test]
fn a_lock_of_a_recipe_with_a_secret_is_taken_again() {
    let dir = tempfile::tempdir().unwrap();
    let image = file(dir.path(), "in.img", &disk(&volume(tree("V", &[]))));
    let text = "schema = 1\nname = \"t\"\ntitle = \"T\"\n[inputs.image]\nkind = \"image\"\n\
                [params.password]\nsecret = true\n[media]\nlayout = \"bare\"\n[[step]]\n\
                restore = \"image\"\n";
    let recipe = file(dir.path(), "t.toml", &bytes(text.as_bytes()));
    let mut request = request(recipe.to_str().unwrap(), &[("image", &image)]);
    let hash = format!("pbkdf2:40000:{}:{}", "01".repeat(32), "02".repeat(128));
    request.params = vec![("password".into(), hash.clone())];
    let plan = prepare(&request, &mut Silent, &Stop::new()).unwrap();
    let lock = plan.lock(plan.identify(&mut Silent, &Stop::new()).unwrap()).unwrap();
    assert!(!lock.contains(&hash) && lock.contains("(not shown)"), "{lock}");
    let at = dir.path().join("t.lock");
    std::fs::write(&at, &lock).unwrap();
    request.locked = Some(at);
    let again = prepare(&request, &mut Silent, &Stop::new()).unwrap();
    assert_eq!(id(&again), id(&plan));
    let lock = again.lock(again.identify(&mut Silent, &Stop::new()).unwrap());
    assert!(lock.is_ok());
}
