//! `lionize catalog` on a sample catalog of the real one's shape.

use crate::support::lionize;
use lionize::cli::exit;
use lionize::source::catalog::{Catalog, facts};
use lionize::source::sample::catalog::{Offer, catalog, lion_offers};
use std::fs;
use std::path::Path;

const HOST: &str = "http://127.0.0.1:8088";

fn write(folder: &Path, catalog: &Catalog) -> String {
    let path = folder.join("sample.sucatalog");
    fs::write(&path, catalog.to_bytes().unwrap()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A catalog in a folder that goes with the value.
fn sample(offers: &[Offer]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), &catalog(HOST, offers).unwrap());
    (folder, path)
}

fn two() -> [Offer; 2] {
    [
        Offer::new("11G63_ServerEssentials", "ServerEssentials.pkg", 220_615_037)
            .posted("2019-10-22")
            .in_subfolder(),
        Offer::new("041-98155", "MacOSXServerUpdCombo10.7.5.pkg", 68_559_686)
            .and("MacOSXSrvrApp10.7.5.pkg", 18_307_959)
            .digest("6fa299f4d56b33a669a575f1a2410730c5694cfb")
            .posted("2019-10-14"),
    ]
}

#[test]
fn products_are_listed_by_day_and_found_by_words() {
    let (_folder, path) = sample(&two());
    let list = |more: &[&str]| lionize([&["catalog", "list", "--catalog", &path], more].concat());
    let combo = "041-98155               2019-10-14   82.8 MiB  MacOSXServerUpdCombo10.7.5.pkg, \
                 MacOSXSrvrApp10.7.5.pkg\n";
    let essentials = "11G63_ServerEssentials  2019-10-22  210.4 MiB  ServerEssentials.pkg\n";
    list(&[]).is(exit::DONE, &format!("{combo}{essentials}"), "");
    list(&["--since", "2019-10-15"]).is(exit::DONE, essentials, "");
    list(&["--search", "SRVRAPP"]).is(exit::DONE, &combo.replace("               ", "  "), "");
    list(&["--search", "nothing"]).is(exit::DONE, "", "");
    list(&["--since", "yesterday"]).is(
        exit::USAGE,
        "",
        "error: `--since yesterday` is no day\nhint: write it as 2019-10-01\n",
    );
    let objects = list(&["--json", "--search", "Essentials"]).objects();
    assert_eq!(objects[0]["product"], "11G63_ServerEssentials");
    assert_eq!(objects[0]["packages"][0]["size"], 220_615_037);
    assert_eq!(
        (&objects[1]["result"], &objects[1]["products"], &objects[1]["of"]),
        (&"listed".into(), &1.into(), &2.into())
    );
}

#[test]
fn a_product_is_shown_whole() {
    let (_folder, path) = sample(&two());
    let show = |id: &str| lionize(["catalog", "show", id, "--catalog", &path]);
    let ran = show("041-98155");
    let read = Catalog::parse(&fs::read(&path).unwrap()).unwrap();
    let product = read.product("041-98155").unwrap();
    let (server, dist) =
        (product.server_metadata.as_ref().unwrap(), product.distribution().unwrap());
    let [combo, app] = &product.packages[..] else { panic!() };
    ran.is(
        exit::DONE,
        &format!(
            "041-98155\n  is         Lion Server 10.7.5 combo update; MacOSXSrvrApp10.7.5.pkg is \
             Server.app; the catalog has it for no earlier 10.7\n  posted     \
             2019-10-14T17:17:39Z\n  metadata   {server}\n  dist       {dist}\n  languages  3: \
             English, Japanese, no\n  MacOSXServerUpdCombo10.7.5.pkg\n    size      68559686 (65.4 \
             MiB)\n    url       {}\n    metadata  {}\n  MacOSXSrvrApp10.7.5.pkg\n    size      \
             18307959 (17.5 MiB)\n    url       {}\n    digest    \
             6fa299f4d56b33a669a575f1a2410730c5694cfb\n    metadata  {}\n",
            combo.url,
            combo.metadata.as_ref().unwrap(),
            app.url,
            app.metadata.as_ref().unwrap(),
        ),
        "",
    );
    show("11G63_ServerEssential").is(
        exit::BAD_INPUT,
        "",
        &format!(
            "error: the catalog {path} has no product 11G63_ServerEssential\n\
             hint: did you mean `11G63_ServerEssentials`?\n"
        ),
    );
    let json = lionize(["--json", "catalog", "show", "041-98155", "--catalog", &path]).objects();
    assert_eq!(json[0]["packages"][1]["digest"], "6fa299f4d56b33a669a575f1a2410730c5694cfb");
    assert_eq!(json[0]["distributions"]["English"], dist);
}

#[test]
fn a_title_comes_from_a_distribution_beside_the_catalog() {
    let (folder, path) = sample(&two());
    let read = Catalog::parse(&fs::read(&path).unwrap()).unwrap();
    for (path, text) in lionize::source::sample::catalog::small_files(&read).unwrap() {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let ran = lionize(["catalog", "show", "11G63_ServerEssentials", "--catalog", &path]);
    assert!(
        ran.text().contains("\n  title      Sample 11G63_ServerEssentials 10.7.5\n"),
        "{ran:?}"
    );
}

#[test]
fn every_build_of_the_sample_is_listed() {
    let (_folder, path) = sample(&lion_offers());
    let ran = lionize(["catalog", "list", "--catalog", &path, "--search", "_ServerEssentials"]);
    assert_eq!((ran.code, ran.text().lines().count()), (exit::DONE, 25), "{ran:?}");
    for known in &facts::all().essentials {
        assert!(ran.text().contains(&format!("{}_ServerEssentials ", known.build)), "{known:?}");
    }
}

#[test]
fn a_check_tells_notes_and_fails_on_faults() {
    let (folder, path) = sample(&two()[..1]);
    let check = |path: &str| lionize(["catalog", "check", "--catalog", path]);
    check(&path).is(
        exit::DONE,
        "note: held by size and signature alone, as they come by http and without a digest: 1 of 1 \
         packages\n\
         note: 11G63_ServerEssentials: 3 files lie in the subfolder ServerEssentials.dst: \
         an update server says \"possible security violation\" until the folder is there\n\
         1 product, 1 package: no faults, 2 notes\n",
        "",
    );
    let mut read = Catalog::parse(&fs::read(&path).unwrap()).unwrap();
    read.products[0].server_metadata = Some("http://h/content/../x.smd".into());
    read.products[0].packages.clear();
    let path = write(folder.path(), &read);
    check(&path).is(
        exit::BAD_INPUT,
        "fault: 11G63_ServerEssentials: it has no packages: no longer available, and no \
         replacement\n\
         fault: 11G63_ServerEssentials: ServerMetadataURL: URL: path is \
         \"http://h/content/../x.smd\": it has a part `.` or `..`\n\
         note: 11G63_ServerEssentials: on record it has a package ServerEssentials.pkg; here it \
         has none\n",
        &format!("error: the catalog {path} has 2 faults\n"),
    );
    let objects = lionize(["--json", "catalog", "check", "--catalog", &path]).objects();
    assert_eq!(
        (&objects[0]["level"], &objects[0]["kind"]),
        (&"fault".into(), &"no-packages".into())
    );
    assert_eq!((&objects[3]["result"], objects.len()), (&"failed".into(), 4));
}

#[test]
fn a_script_makes_the_folders_of_products_that_need_them() {
    let (_folder, path) = sample(&two());
    let ran = lionize(["catalog", "mirror", "--script", "--catalog", &path, "--root", "/it's"]);
    assert_eq!((ran.code, ran.errors.as_str()), (exit::DONE, ""));
    let begin = "#!/bin/sh\n# Makes the folders of 1 product on an update server. Run it there as \
                 root.\nset -eu\nroot='/it'\\''s'\ncd -- \"$root\"\nmkdir -p -- 'content/downloads/";
    assert!(ran.text().starts_with(begin), "{ran:?}");
    assert_eq!(ran.text().matches("ServerEssentials.dst'\n").count(), 2, "{ran:?}");
    let one =
        lionize(["catalog", "mirror", "--script", "--catalog", &path, "--product", "041-98155"]);
    assert!(one.text().contains("mkdir -p -- ") && !one.text().contains(".dst"), "{one:?}");
}

#[test]
fn catalogs_that_are_none_are_refused() {
    lionize(["catalog", "list", "--catalog", "lyon"]).is(
        exit::USAGE,
        "",
        "error: no catalog is called `lyon`\nhint: did you mean `lion`?\n",
    );
    lionize(["catalog", "list", "--catalog", "ftp://h/x"]).is(
        exit::USAGE,
        "",
        "error: the catalog's address cannot be used\n  because URL: scheme is \"ftp://h/x\": \
         neither http:// nor https://\nhint: give one that begins with http:// or https://, or a \
         catalog's name or file\n",
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sucatalog");
    fs::write(&path, "<html></html>").unwrap();
    let path = path.to_str().unwrap();
    let ran = lionize(["catalog", "list", "--catalog", path]);
    assert_eq!((ran.code, ran.text()), (exit::BAD_INPUT, ""));
    assert!(ran.errors.starts_with(&format!("error: cannot read the catalog {path}\n  because ")));
    let ran = lionize(["catalog", "list", "--catalog", "./not/there"]);
    assert_eq!(ran.code, exit::BAD_INPUT);
    let ran = lionize(["catalog", "names"]);
    assert!(ran.text().contains("lion           Mac OS X Lion (also 10.7)\n"), "{ran:?}");
}
