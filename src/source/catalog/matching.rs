//! Which product belongs to a build of the system.
//!
//! Apple keeps `ServerEssentials.pkg` for each build apart: its product's key is
//! the build, `_` and the package's name. Builds match by equality, suffix
//! letter included: 11D50, 11D50b, 11D50d and 11D2515 are four. Another build's
//! package is never taken unasked.

use crate::source::catalog::{Catalog, Package, Product};
use std::cmp::Ordering;
use std::fmt;

/// The product that belongs to a build.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match<'a> {
    /// The build that the product is for.
    pub build: &'a str,
    /// The product.
    pub product: &'a Product,
    /// Its package.
    pub package: &'a Package,
}

/// No product belongs to the build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoMatch {
    /// What was looked for, such as `ServerEssentials`.
    pub name: String,
    /// The build that has none.
    pub build: String,
    /// The builds that have one, oldest first.
    pub offered: Vec<String>,
    /// The nearest of them, when one is of the same release.
    pub nearest: Option<String>,
}

/// The product of exactly this build.
///
/// # Errors
/// [`NoMatch`] with the builds that the catalog offers.
pub fn exact<'a>(catalog: &'a Catalog, name: &str, build: &str) -> Result<Match<'a>, NoMatch> {
    let all = offers(catalog, name);
    if let Some(found) = all.iter().find(|offer| offer.build == build) {
        return Ok(*found);
    }
    let offered = all.iter().map(|offer| offer.build.to_owned()).collect();
    let near = near(&all, build).map(|offer| offer.build.to_owned());
    Err(NoMatch { name: name.to_owned(), build: build.to_owned(), offered, nearest: near })
}

/// The product of this build, or of the build nearest to it in the same
/// release. Only for users who asked for that: it may not work.
///
/// # Errors
/// [`NoMatch`] when none is near.
pub fn nearest<'a>(catalog: &'a Catalog, name: &str, build: &str) -> Result<Match<'a>, NoMatch> {
    exact(catalog, name, build).or_else(|none| near(&offers(catalog, name), build).ok_or(none))
}

/// All products for a build that have the package, oldest build first.
#[must_use]
pub fn offers<'a>(catalog: &'a Catalog, name: &str) -> Vec<Match<'a>> {
    let file = format!("{name}.pkg");
    let offer = |product: &'a Product| {
        let build = product.id.strip_suffix(name)?.strip_suffix('_')?;
        let package = product.package(&file)?;
        Build::parse(build).map(|_| Match { build, product, package })
    };
    let mut all: Vec<_> = catalog.products.iter().filter_map(offer).collect();
    all.sort_by(|a, b| order(a.build, b.build));
    all
}

/// Builds in the order of their release; what is no build comes first.
fn order(a: &str, b: &str) -> Ordering {
    Build::parse(a).cmp(&Build::parse(b))
}

/// A build such as `11D2515` or `11G63b`, in the order of release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Build {
    /// The release: 11 is Lion.
    major: u32,
    /// The update, from A for the first.
    minor: char,
    /// Numbers from 1000 are for machines that are new.
    machine: bool,
    number: u32,
    suffix: Option<char>,
}

impl Build {
    fn parse(text: &str) -> Option<Self> {
        let letter = text.find(|c: char| c.is_ascii_uppercase())?;
        let (major, rest) = text.split_at(letter);
        let minor = rest.chars().next()?;
        let digits = &rest[1..];
        let suffix = digits.chars().last().filter(char::is_ascii_lowercase);
        let digits = suffix.and_then(|suffix| digits.strip_suffix(suffix)).unwrap_or(digits);
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !plain(major) || !plain(digits) {
            return None;
        }
        let number = digits.parse().ok()?;
        Some(Self { major: major.parse().ok()?, minor, machine: number >= 1000, number, suffix })
    }

    /// How far off another build is; the same update counts most.
    fn distance(self, other: Self) -> (u32, bool, u32, u32, bool) {
        let letter = |suffix: Option<char>| suffix.map_or(0, u32::from);
        (
            u32::from(self.minor).abs_diff(u32::from(other.minor)),
            self.machine != other.machine,
            self.number.abs_diff(other.number),
            letter(self.suffix).abs_diff(letter(other.suffix)),
            // Of two that are as near, the older.
            other > self,
        )
    }
}

fn near<'a>(all: &[Match<'a>], build: &str) -> Option<Match<'a>> {
    let wanted = Build::parse(build)?;
    let same = all.iter().filter_map(|offer| Some((*offer, Build::parse(offer.build)?)));
    let same = same.filter(|(_, build)| build.major == wanted.major);
    same.min_by_key(|(_, build)| wanted.distance(*build)).map(|(offer, _)| offer)
}

impl fmt::Display for NoMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let build = self.build.escape_debug();
        write!(f, "the catalog has no {} for build {build}; ", self.name)?;
        if self.offered.is_empty() {
            return write!(f, "it has none at all");
        }
        write!(f, "it has those of {}", self.offered.join(", "))?;
        match &self.nearest {
            Some(near) => write!(f, "; nearest is {near}"),
            None => write!(f, "; none of them is of the same release"),
        }
    }
}

impl std::error::Error for NoMatch {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::catalog::facts;

    fn catalog(ids: &[&str]) -> Catalog {
        let package = Package {
            url: "http://h/content/x/ServerEssentials.pkg".into(),
            size: 1,
            ..Package::default()
        };
        let product = |id: &&str| Product {
            id: (*id).to_owned(),
            packages: vec![package.clone()],
            ..Product::default()
        };
        Catalog { products: ids.iter().map(product).collect(), ..Catalog::default() }
    }

    fn lion() -> Catalog {
        let builds = facts::all().essentials.iter().rev();
        let ids: Vec<_> = builds.map(|it| format!("{}_ServerEssentials", it.build)).collect();
        let ids: Vec<_> = ids.iter().map(String::as_str).collect();
        let mut all = catalog(&ids);
        all.products.extend(catalog(&["11E53_ServerAdminTools", "041-98155"]).products);
        all
    }

    #[test]
    fn every_build_has_its_own() {
        let lion = lion();
        for known in &facts::all().essentials {
            let found = exact(&lion, "ServerEssentials", &known.build).unwrap();
            assert_eq!(found.product.id, format!("{}_ServerEssentials", known.build));
        }
        let order: Vec<_> = offers(&lion, "ServerEssentials").iter().map(|it| it.build).collect();
        let known: Vec<_> = facts::all().essentials.iter().map(|it| it.build.as_str()).collect();
        assert_eq!(order, known);
    }

    #[test]
    fn a_wrong_build_is_refused_and_the_nearest_named() {
        let lion = lion();
        for (build, near) in [
            ("11D50a", Some("11D50b")),
            ("11D50c", Some("11D50b")),
            ("11D51", Some("11D50")),
            ("11d50", None),
            ("11D2516", Some("11D2515")),
            ("11D2514", Some("11D2515")),
            ("11G63c", Some("11G63b")),
            ("11G60", Some("11G63")),
            ("11G2", Some("11G56")),
            ("11F1", Some("11E53")),
            ("11A512", Some("11A511")),
            ("11C75", Some("11C74")),
            ("11C2003", Some("11C2002")),
            ("12F45", None),
            ("11G63 ", None),
            ("11G63\u{661}", None),
            ("11G99999999999", None),
            ("", None),
            ("G", None),
        ] {
            let none = exact(&lion, "ServerEssentials", build).unwrap_err();
            assert_eq!(none.nearest.as_deref(), near, "{build}");
            let found = nearest(&lion, "ServerEssentials", build);
            assert_eq!(found.ok().map(|found| found.build), near, "{build}");
        }
    }

    #[test]
    fn the_refusal_says_what_there_is() {
        let few = catalog(&["11G63b_ServerEssentials", "11G63_ServerEssentials"]);
        let told = |build| exact(&few, "ServerEssentials", build).unwrap_err().to_string();
        assert_eq!(
            told("11G56"),
            "the catalog has no ServerEssentials for build 11G56; it has those of 11G63, 11G63b; \
             nearest is 11G63"
        );
        assert_eq!(
            told("12F45"),
            "the catalog has no ServerEssentials for build 12F45; it has those of 11G63, 11G63b; \
             none of them is of the same release"
        );
        let none = exact(&catalog(&[]), "ServerEssentials", "11G63").unwrap_err();
        assert_eq!(
            none.to_string(),
            "the catalog has no ServerEssentials for build 11G63; it has none at all"
        );
    }
}
