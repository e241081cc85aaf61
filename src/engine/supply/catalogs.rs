//! Catalogs by name, from a file or from their server, and what they offer.

use crate::engine::problem::{Problem, Result};
use crate::engine::supply::fetch::Watcher;
use crate::engine::supply::{Pin, Supply};
use crate::recipe::CatalogEntry;
use crate::source::catalog::matching::{self, Match};
use crate::source::catalog::origin::{self, NoOrigin, Origin};
use crate::source::catalog::{Catalog, Package, Product, day, named};
use std::collections::BTreeMap;

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
        let origin = Origin::parse(instead.map_or(name, |(_, place)| place)).map_err(nowhere)?;
        let path = match &origin {
            Origin::File(path) => path.clone(),
            _ => {
                let watcher = Watcher::new(self.progress, self.stop);
                origin::refresh(&origin, self.store()?, self.fetcher(), &watcher)?.path
            }
        };
        let what = format!("the catalog {}", path.display());
        origin::read_file(&path).map_err(|error| Problem::reading(what, error))
    }
}

fn nowhere(why: NoOrigin) -> Problem {
    match why {
        NoOrigin::Name(name) => {
            let names = named::all().iter().map(|known| known.name.as_str());
            Problem::usage(format!("no catalog is called `{name}`")).near(&name, names)
        }
        NoOrigin::Address(why) => Problem::usage("the catalog's address cannot be used")
            .because(why)
            .hint("give one that begins with http:// or https://, or a catalog's name or file"),
    }
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
            None => problem
                .near(product, catalog.products.iter().map(|known| known.id.as_str()))
                .hint("`lionize catalog list --search TEXT` finds products"),
        });
    };
    let names = || found.packages.iter().map(Package::name);
    found.package(package).map(|package| (found, package)).ok_or_else(|| {
        let sentence = format!("the product {product} has no package {package}");
        let has = names().collect::<Vec<_>>().join(", ");
        Problem::bad_input(sentence).because(format!("it has {has}")).near(package, names())
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
