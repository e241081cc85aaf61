//! Catalogs by name, from a file or from their server, and what they offer.

use crate::block::{Error, FileBytes, ReadAt, read_vec};
use crate::engine::problem::{Problem, Result};
use crate::engine::supply::fetch::Watcher;
use crate::engine::supply::{Pin, Supply};
use crate::recipe::CatalogEntry;
use crate::source::catalog::matching::{self, Match};
use crate::source::catalog::{Catalog, Package, Product, day, named};
use crate::source::store::Wanted;
use std::collections::BTreeMap;
use std::path::Path;

/// The most bytes of a catalog: fifteen times the largest.
const MOST: u64 = 64 << 20;

/// The catalogs that were opened, by name.
#[derive(Default)]
pub(super) struct Catalogs(BTreeMap<String, Catalog>);

impl Supply<'_, '_> {
    /// What a catalog has for a product's id and a package's name.
    pub(super) fn look_up(&mut self, entry: &CatalogEntry, product: &str) -> Result<Pin> {
        if !self.catalogs.0.contains_key(&entry.catalog) {
            let catalog = self.open_catalog(&entry.catalog)?;
            self.catalogs.0.insert(entry.catalog.clone(), catalog);
        }
        let none = || Problem::ours("a catalog that was not opened");
        let catalog = self.catalogs.0.get(&entry.catalog).ok_or_else(none)?;
        let found = match find(catalog, entry, product) {
            Ok(found) => found,
            Err(problem) if self.options.nearest => {
                let near = nearest(catalog, entry, product).ok_or(problem)?;
                let text = format!(
                    "the catalog has nothing for {product}; the nearest, {}, is taken as you asked: \
                     it is made for another build and may not work",
                    near.0.id
                );
                self.progress.warn(text);
                near
            }
            Err(problem) => return Err(problem),
        };
        let (product, package) = found;
        Ok(Pin {
            catalog: entry.catalog.clone(),
            dated: catalog.date.map(day).unwrap_or_default(),
            product: product.id.clone(),
            package: package.name().to_owned(),
            url: package.location()?.as_str().to_owned(),
            size: package.size,
            digest: package.sha1()?,
            sha256: None,
        })
    }

    fn open_catalog(&self, name: &str) -> Result<Catalog> {
        let instead = self.options.catalogs.iter().find(|(known, _)| known == name);
        let url = match instead {
            Some((_, place)) if !is_url(place) => return from_file(Path::new(place)),
            Some((_, place)) => place.clone(),
            None => named(name)?,
        };
        let stored = instead.map_or_else(|| name.to_owned(), |(_, url)| as_name(url));
        let check = |data: &[u8]| match Catalog::parse(data) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        };
        let wanted = Wanted { name: &stored, urls: &[url], check: &check };
        let watcher = Watcher::new(self.progress, self.stop);
        let snapshot = self.store()?.refresh(&wanted, self.fetcher(), &watcher)?;
        from_file(&snapshot.path)
    }
}

fn named(name: &str) -> Result<String> {
    let found = named::find(name).ok_or_else(|| {
        let names = named::all().iter().map(|known| known.name.as_str());
        Problem::usage(format!("no catalog is called `{name}`")).near(name, names)
    })?;
    Ok(found.smallest())
}

fn is_url(place: &str) -> bool {
    place.starts_with("http://") || place.starts_with("https://")
}

/// A name for the snapshots of a catalog at an address.
fn as_name(url: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '-' };
    let text: String = url.chars().map(plain).collect();
    // The end of an address says more than its begin.
    text.chars().skip(text.len().saturating_sub(100)).collect()
}

fn from_file(path: &Path) -> Result<Catalog> {
    let name = path.display();
    let fail = |error: Error| Problem::reading(format!("the catalog {name}"), error);
    let file = FileBytes::open(path).map_err(|error| fail(error.into()))?;
    let len = file.len();
    if len > MOST {
        return Err(fail(Error::corrupt("catalog", "length", len, "too long to be one")));
    }
    let data = read_vec(&file, 0, usize::try_from(len).unwrap_or(0));
    Catalog::parse(&data.map_err(|error| fail(error.into()))?).map_err(fail)
}

/// The product of this id and its package of this name.
fn find<'c>(
    catalog: &'c Catalog,
    entry: &CatalogEntry,
    product: &str,
) -> Result<(&'c Product, &'c Package)> {
    let CatalogEntry { catalog: name, package, .. } = entry;
    let Some(found) = catalog.product(product) else {
        let problem = Problem::bad_input(format!("the {name} catalog has no product {product}"));
        return Err(match build_of(entry, product) {
            Some((build, of)) => match matching::exact(catalog, of, build) {
                Err(none) => {
                    let hint = none.nearest.as_ref().map(|near| {
                        format!(
                            "check that the installer is whole and of Apple's; \
                             to take {near}'s all the same, give --nearest"
                        )
                    });
                    let problem = problem.because(&none);
                    hint.map_or_else(|| problem.clone(), |hint| problem.clone().hint(hint))
                }
                Ok(_) => problem,
            },
            None => problem,
        });
    };
    let names = || found.packages.iter().map(Package::name);
    found.package(package).map(|package| (found, package)).ok_or_else(|| {
        let sentence = format!("the product {product} has no package {package}");
        let has = names().collect::<Vec<_>>().join(", ");
        Problem::bad_input(sentence).because(format!("it has {has}"))
    })
}

fn nearest<'c>(
    catalog: &'c Catalog,
    entry: &CatalogEntry,
    product: &str,
) -> Option<(&'c Product, &'c Package)> {
    let (build, name) = build_of(entry, product)?;
    let Match { product, package, .. } = matching::nearest(catalog, name, build).ok()?;
    Some((product, package))
}

/// `11G63_ServerEssentials` for `ServerEssentials.pkg` is that of a build.
fn build_of<'e>(entry: &'e CatalogEntry, product: &'e str) -> Option<(&'e str, &'e str)> {
    let name = entry.package.strip_suffix(".pkg")?;
    let build = product.strip_suffix(name)?.strip_suffix('_')?;
    Some((build, name))
}
