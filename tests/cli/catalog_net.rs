//! `lionize catalog` with a server on this computer, and with the store after it.

use crate::support::{Ran, lionize};
use lionize::cli::exit;
use lionize::source::catalog::Catalog;
use lionize::source::sample::catalog::{Offer, catalog, small_files};
use lionize::source::sample::server::{Server, Site};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

const PATH: &str = "/content/catalogs/others/index-lion-snowleopard-leopard.merged-1.sucatalog";

/// A catalog as Apple's servers have it: its addresses are of other hosts.
pub(crate) fn offered() -> Catalog {
    let offers = [
        Offer::new("11G63_ServerEssentials", "ServerEssentials.pkg", 3000).in_subfolder(),
        Offer::new("041-98155", "Combo.pkg", 20).and("App.pkg", 30),
    ];
    catalog("http://swcdn.invalid", &offers).unwrap()
}

/// A mirror of all that, but for files whose path has this in it.
pub(crate) fn serve(catalog: &Catalog, without: &str) -> Server {
    let mut site = Site::new().with(PATH, catalog.to_bytes().unwrap());
    for (path, data) in small_files(catalog).unwrap() {
        site = site.with(&format!("/{path}"), data);
    }
    for package in catalog.products.iter().flat_map(|it| &it.packages) {
        let path = format!("/{}", package.location().unwrap().path());
        if without.is_empty() || !path.contains(without) {
            site = site.with(&path, vec![7; usize::try_from(package.size).unwrap()]);
        }
    }
    Server::of(site).unwrap()
}

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Runs a catalog command with the store here.
    fn run(&self, mirror: Option<&Server>, args: &[&str]) -> Ran {
        let mut all: Vec<OsString> = vec!["catalog".into()];
        all.extend(args.iter().map(OsString::from));
        all.extend(["--store".into(), self.at("store").into()]);
        match mirror {
            Some(server) => all.extend(["--mirror".into(), server.url("").into()]),
            None => all.push("--offline".into()),
        }
        lionize(all)
    }
}

fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    let mut names: Vec<_> = found
        .iter()
        .map(|path| path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_catalog_by_name_is_kept_for_runs_without_a_network() {
    let (place, catalog) = (Place::new(), offered());
    let server = serve(&catalog, "");
    let list = ["list", "--search", "essentials"];
    let line = "11G63_ServerEssentials  2012-03-20  2.9 KiB    ServerEssentials.pkg\n";
    let line = line.replace("2.9 KiB    ", "  2.9 KiB  ");
    let ran = place.run(None, &list);
    assert_eq!((ran.code, ran.text()), (exit::NETWORK, ""), "{ran:?}");
    assert!(ran.errors.contains("the store has no snapshot of lion"), "{ran:?}");
    let ran = place.run(Some(&server), &list);
    assert_eq!((ran.code, ran.text()), (exit::DONE, line.as_str()), "{ran:?}");
    let again = place.run(Some(&server), &list);
    assert_eq!((again.code, again.text()), (exit::DONE, line.as_str()), "{again:?}");
    let asked = server.asked();
    let condition = asked.last().unwrap().header("if-none-match");
    assert!(condition.is_some(), "the second run asks whether it changed: {asked:?}");
    drop(server);
    let offline = place.run(None, &list);
    assert_eq!((offline.code, offline.text()), (exit::DONE, line.as_str()), "{offline:?}");
}

#[test]
fn an_error_page_never_takes_a_catalogs_place() {
    let place = Place::new();
    let server = Server::of(Site::new().with(PATH, *b"<html>down</html>")).unwrap();
    let ran = place.run(Some(&server), &["list"]);
    assert_eq!((ran.code, ran.text()), (exit::NETWORK, ""), "{ran:?}");
    assert!(ran.errors.contains("what the server sent is not right"), "{ran:?}");
}

#[test]
fn packages_are_fetched_and_nothing_is_replaced() {
    let (place, catalog) = (Place::new(), offered());
    let server = serve(&catalog, "");
    let to = place.at("to");
    let to_text = to.to_str().unwrap();
    let fetch = |more: &[&str]| {
        place.run(
            Some(&server),
            &[&["--quiet", "fetch", "041-98155", "--to", to_text], more].concat(),
        )
    };
    let ran = fetch(&["--package", "App.pkg"]);
    assert_eq!(ran.code, exit::DONE, "{ran:?}");
    assert!(ran.text().starts_with(&format!("fetched {to_text}/App.pkg (30 bytes)\n")), "{ran:?}");
    assert!(ran.errors.starts_with("warning: App.pkg: not proven: no digest"), "{ran:?}");
    assert_eq!(files(&to), ["App.pkg"]);
    assert_eq!(fetch(&[]).code, exit::DONE, "what is there already is no hindrance");
    assert_eq!(files(&to), ["App.pkg", "Combo.pkg"]);
    fs::write(to.join("App.pkg"), [8; 30]).unwrap();
    let ran = fetch(&[]);
    assert_eq!(ran.code, exit::OUTPUT, "{ran:?}");
    assert!(ran.errors.contains("App.pkg exists already, with other contents\n"), "{ran:?}");
    assert_eq!(fs::read(to.join("App.pkg")).unwrap(), [8; 30]);
    let ran = fetch(&["--package", "Ap.pkg"]);
    assert_eq!(ran.code, exit::BAD_INPUT);
    assert!(ran.errors.contains(
        "has no package Ap.pkg\n  because it has Combo.pkg, App.pkg\n\
                                 hint: did you mean `App.pkg`?\n"
    ));
}

#[test]
fn a_mirror_has_the_subfolders_and_its_own_addresses() {
    let (place, catalog) = (Place::new(), offered());
    let server = serve(&catalog, "");
    let to = place.at("www");
    let to_text = to.to_str().unwrap();
    let mirror = |more: &[&str]| {
        let args = ["--quiet", "mirror", "--to", to_text, "--base", "http://server:8088/"];
        place.run(Some(&server), &[&args, more].concat())
    };
    let ran = mirror(&["--product", "11G63_ServerEssentials"]);
    assert_eq!(ran.code, exit::DONE, "{ran:?}");
    let text = format!(
        "mirrored 1 product to {to_text}\n  6 files fetched (5.5 KiB), 0 there already\n  \
         {to_text}{PATH} with 1 product, at http://server:8088\n"
    );
    let size = ran.text().split('(').nth(1).unwrap().split(')').next().unwrap();
    assert_eq!(ran.text(), text.replace("5.5 KiB", size));
    let there = files(&to);
    assert_eq!(there.len(), 7, "{there:?}");
    let dists = there.iter().filter(|path| path.contains("/ServerEssentials.dst/"));
    assert_eq!(dists.count(), 3, "{there:?}");
    let read = |path: &str| Catalog::parse(&fs::read(to.join(&path[1..])).unwrap()).unwrap();
    assert!(read(PATH).products[0].urls().all(|(_, url)| url.starts_with("http://server:8088/c")));
    let before = server.asked().len();
    let again = mirror(&["--product", "11G63_ServerEssentials"]);
    assert!(again.text().contains("  0 files fetched (0 bytes), 6 there already\n"), "{again:?}");
    assert_eq!(server.asked().len(), before + 1, "only the catalog is asked for again");
    let all = mirror(&[]);
    assert!(all.text().contains(" with 2 products, "), "{all:?}");
    assert_eq!(read(PATH).products.len(), 2);
    // What it has made serves as a mirror in turn.
    let served = files(&to).into_iter().fold(Site::new(), |site, path| {
        let data = fs::read(to.join(&path)).unwrap();
        site.with(&format!("/{path}"), data)
    });
    let (second, other) = (Server::of(served).unwrap(), Place::new());
    let ran = other.run(Some(&second), &["show", "11G63_ServerEssentials", "--json"]);
    assert_eq!(ran.code, exit::DONE, "{ran:?}");
}

#[test]
fn what_a_mirror_lacks_is_named_and_comes_with_the_next_run() {
    let (place, catalog) = (Place::new(), offered());
    let broken = serve(&catalog, "Combo.pkg");
    let to = place.at("www");
    let to_text = to.to_str().unwrap();
    let ran = place.run(Some(&broken), &["--quiet", "mirror", "--to", to_text]);
    assert_eq!((ran.code, ran.text()), (exit::NETWORK, ""), "{ran:?}");
    assert!(ran.errors.contains("error: the mirror lacks 1 entry\n"), "{ran:?}");
    assert!(ran.errors.contains("Combo.pkg could not be fetched"), "{ran:?}");
    let read = || Catalog::parse(&fs::read(to.join(&PATH[1..])).unwrap()).unwrap();
    assert_eq!(read().products.len(), 1, "a product that is not whole is not listed");
    let whole = serve(&catalog, "");
    let ran = place.run(Some(&whole), &["--quiet", "mirror", "--to", to_text]);
    assert!(ran.text().contains("\n  1 file fetched (20 bytes), 13 there already\n"), "{ran:?}");
    assert_eq!(read().products.len(), 2);
}

#[test]
fn a_hostile_catalog_writes_nothing_outside() {
    let (place, mut catalog) = (Place::new(), offered());
    let outside = "http://swcdn.invalid/content/../../outside";
    catalog.products[0].distributions[0].1 = outside.into();
    catalog.products[1].server_metadata = None;
    let path = place.at("hostile.sucatalog");
    fs::write(&path, catalog.to_bytes().unwrap()).unwrap();
    let server = serve(&offered(), "");
    let to = place.at("deep/www");
    let args = ["--quiet", "mirror", "--catalog", path.to_str().unwrap(), "--to"];
    let ran = place.run(Some(&server), &[&args[..], &[to.to_str().unwrap()]].concat());
    assert_eq!((ran.code, ran.text()), (exit::BAD_INPUT, ""), "{ran:?}");
    let told = format!(
        "  because a product is left out\n          product 11G63_ServerEssentials: URL: path is \
         \"{outside}\": it has a part `.` or `..`\n"
    );
    assert!(ran.errors.contains(&told), "{ran:?}");
    assert!(!place.at("deep/outside").exists() && !place.at("outside").exists());
    assert!(files(&to).iter().all(|path| !path.contains("ServerEssentials")), "{:?}", files(&to));
    let left = place.run(
        Some(&server),
        &[
            "mirror",
            "--script",
            "--catalog",
            path.to_str().unwrap(),
            "--product",
            "11G63_ServerEssentials",
        ],
    );
    assert_eq!((left.code, left.text()), (exit::BAD_INPUT, ""), "{left:?}");
}
