//! Apple's own catalogs, where they are at hand: counted by Python's plistlib,
//! matched with every build on record.

use crate::support::image::real;
use crate::support::judge::judge;
use lionize::source::catalog::{Catalog, facts, matching};
use std::path::PathBuf;

const COUNT: &str = r"
import plistlib, sys
with open(sys.argv[1], 'rb') as file:
    catalog = plistlib.load(file)
products = catalog['Products']
packages = [p for product in products.values() for p in product.get('Packages', [])]
has = lambda key: sum(key in package for package in packages)
dists = [d for product in products.values() for d in product.get('Distributions', {}).values()]
print(catalog['IndexDate'].isoformat() + 'Z', len(products), len(packages),
      sum(p['Size'] for p in packages), has('Digest'), has('MetadataURL'),
      has('IntegrityDataURL'), sum('State' in p for p in products.values()),
      sum('ExtendedMetaInfo' in p for p in products.values()),
      sum('ServerMetadataURL' in p for p in products.values()),
      len(dists), sum(len(d) for d in dists))
";

fn catalogs() -> Vec<(PathBuf, Catalog)> {
    let Some(folder) = real() else { return Vec::new() };
    let files = std::fs::read_dir(folder.join("catalogs")).unwrap();
    let paths = files.map(|entry| entry.unwrap().path());
    let read = |path: PathBuf| {
        let parsed = Catalog::parse(&std::fs::read(&path).unwrap());
        let catalog = parsed.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path, catalog)
    };
    paths.filter(|path| path.extension().is_some_and(|ext| ext == "sucatalog")).map(read).collect()
}

fn counts(catalog: &Catalog) -> String {
    let products = || catalog.products.iter();
    let packages = || products().flat_map(|product| &product.packages);
    let dists = || products().flat_map(|product| &product.distributions);
    let numbers = [
        products().count(),
        packages().count(),
        packages().map(|package| usize::try_from(package.size).unwrap()).sum(),
        packages().filter(|package| package.digest.is_some()).count(),
        packages().filter(|package| package.metadata.is_some()).count(),
        packages().filter(|package| package.integrity.is_some()).count(),
        products().filter(|product| product.state.is_some()).count(),
        products().filter(|product| product.extended.is_some()).count(),
        products().filter(|product| product.server_metadata.is_some()).count(),
        dists().count(),
        dists().map(|(_, url)| url.chars().count()).sum(),
    ];
    let numbers = numbers.map(|number| number.to_string()).join(" ");
    format!("{} {numbers}", catalog.date.unwrap().to_xml_format())
}

#[test]
fn plistlib_counts_the_same() {
    let Some(python) = judge("python3") else { return };
    for (path, catalog) in catalogs() {
        let said = python.run(["-c".as_ref(), COUNT.as_ref(), path.as_os_str()]).ok();
        assert_eq!(counts(&catalog), said.text().trim(), "{}", path.display());
        assert_eq!(catalog.repeated, Vec::<String>::new());
        let temp = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(temp.path(), catalog.to_bytes().unwrap()).unwrap();
        let said = python.run(["-c".as_ref(), COUNT.as_ref(), temp.path().as_os_str()]).ok();
        assert_eq!(counts(&catalog), said.text().trim(), "{} written again", path.display());
    }
}

#[test]
fn every_known_key_and_url_of_a_real_catalog_is_taken() {
    for (path, catalog) in catalogs() {
        assert!(catalog.rest.is_empty(), "{}", path.display());
        for product in &catalog.products {
            assert!(product.rest.is_empty(), "{}: {:?}", product.id, product.rest);
            for package in &product.packages {
                assert!(package.rest.is_empty(), "{}: {:?}", product.id, package.rest);
                package.sha1().unwrap();
            }
            for (key, url) in product.urls() {
                let location = lionize::source::catalog::Location::parse(url);
                assert!(location.is_ok(), "{} {key}: {location:?}", product.id);
            }
        }
    }
}

#[test]
fn all_builds_of_lion_find_their_own_essentials() {
    let lion =
        catalogs().into_iter().find(|(path, _)| path.to_string_lossy().contains("index-lion"));
    let Some((_, lion)) = lion else { return };
    let known = &facts::all().essentials;
    assert_eq!(matching::offers(&lion, "ServerEssentials").len(), known.len());
    for known in known {
        let found = matching::exact(&lion, "ServerEssentials", &known.build).unwrap();
        assert_eq!(found.product.id, format!("{}_ServerEssentials", known.build));
        assert_eq!((found.package.size, &found.package.digest), (known.size, &known.digest));
        assert!(found.package.location().unwrap().is_plain());
    }
    let known_products = facts::all().product.iter();
    for (known, package) in known_products.flat_map(|it| it.packages.iter().map(move |p| (it, p))) {
        let found = lion.package(&known.id, &package.name).unwrap();
        assert_eq!((found.size, &found.digest), (package.size, &package.digest), "{}", known.id);
    }
    // 11G63 was posted again: its distributions moved to a folder of their own.
    let moved = matching::exact(&lion, "ServerEssentials", "11G63").unwrap();
    let dist = moved.product.distribution().unwrap();
    assert!(dist.ends_with("/ServerEssentials.dst/061-27787.English.dist"), "{dist}");
    assert!(!moved.package.url.contains(".dst/") && !moved.package.url.contains("11G63"));
    let none = matching::exact(&lion, "ServerEssentials", "11G64").unwrap_err();
    assert_eq!(none.nearest.as_deref(), Some("11G63"));
    assert!(none.to_string().ends_with("11G56, 11G63, 11G63b; nearest is 11G63"), "{none}");
}
