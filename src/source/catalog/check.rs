//! What is wrong with a catalog, or makes trouble on an update server.
//!
//! Apple's own update server (10.6) refuses products whose files lie in a
//! folder it did not make ("Product file URL contains possible security
//! violation"), and complains of products without a version ("Missing version
//! string") and without packages ("no longer available and has no
//! replacement").

use crate::source::catalog::{Catalog, Location, Package, Product, facts};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

/// States that are known: a staged roll-out.
const STATES: [&str; 1] = ["ramped"];

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The catalog contradicts itself, or cannot be mirrored as it is.
    Fault,
    /// To be known; real catalogs have such.
    Note,
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How grave it is.
    pub level: Level,
    /// The product it is about, unless it is the whole catalog.
    pub product: Option<String>,
    /// A word for the kind, such as `subfolder`.
    pub kind: &'static str,
    /// What is so, in words.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(product) = &self.product {
            write!(f, "{}: ", product.escape_debug())?;
        }
        write!(f, "{}", self.text)
    }
}

/// Everything found, the whole catalog's first, then product by product.
#[must_use]
pub fn check(catalog: &Catalog) -> Vec<Finding> {
    let mut found = Findings { product: None, all: Vec::new() };
    whole(catalog, &mut found);
    for product in &catalog.products {
        found.product = Some(product.id.clone());
        one(product, &mut found);
    }
    downgrades(catalog, &mut found);
    shared(catalog, &mut found);
    found.all
}

struct Findings {
    product: Option<String>,
    all: Vec<Finding>,
}

impl Findings {
    fn fault(&mut self, kind: &'static str, text: impl Into<String>) {
        self.push(Level::Fault, kind, text.into());
    }

    fn note(&mut self, kind: &'static str, text: impl Into<String>) {
        self.push(Level::Note, kind, text.into());
    }

    fn push(&mut self, level: Level, kind: &'static str, text: String) {
        self.all.push(Finding { level, product: self.product.clone(), kind, text });
    }
}

fn whole(catalog: &Catalog, found: &mut Findings) {
    match catalog.version {
        Some(2) => {}
        Some(other) => found.note("version", format!("CatalogVersion is {other}, not 2")),
        None => found.note("version", "CatalogVersion is missing"),
    }
    if catalog.date.is_none() {
        found.note("date", "IndexDate is missing");
    }
    if catalog.products.is_empty() {
        found.fault("empty", "there are no products");
    }
    for key in &catalog.repeated {
        let text = format!(
            "the key {} stands twice in a dictionary; the last one holds",
            key.escape_debug()
        );
        found.fault("repeated", text);
    }
    unknown_keys("the catalog", catalog.rest.keys(), found);
    let packages = || catalog.products.iter().flat_map(|product| &product.packages);
    let bare = |it: &&Package| it.digest.is_none() && it.url.starts_with("http:");
    let count = packages().filter(bare).count();
    if count > 0 {
        let of = packages().count();
        let text = format!(
            "held by size and signature alone, as they come by http and without a digest: {count} \
             of {of} packages"
        );
        found.note("http", text);
    }
}

/// What comes by plain http, of a kind that most others offer by https.
fn downgrades(catalog: &Catalog, found: &mut Findings) {
    let urls = || catalog.products.iter().flat_map(|it| it.urls().map(move |url| (it, url)));
    for key in ["URL", "MetadataURL", "IntegrityDataURL", "ServerMetadataURL", "Distributions"] {
        let of = || urls().filter(|(_, (other, _))| *other == key);
        let plain = || of().filter(|(_, (_, url))| url.starts_with("http:"));
        let (all, http) = (of().count(), plain().count());
        if http * 2 >= all {
            continue;
        }
        for (product, (_, url)) in plain() {
            found.product = Some(product.id.clone());
            let text = format!("{key} is by http, where most are by https: {}", url.escape_debug());
            found.note("downgrade", text);
        }
    }
}

fn one(product: &Product, found: &mut Findings) {
    if product.packages.is_empty() {
        found.fault("no-packages", "it has no packages: no longer available, and no replacement");
    }
    if product.distributions.is_empty() {
        found.fault("no-distributions", "it has no distributions: nothing says how to install it");
    }
    if product.server_metadata.is_none() {
        let text = "it has no ServerMetadataURL: update servers say \"Missing version string\"";
        found.note("no-version", text);
    }
    if product.posted.is_none() {
        found.note("no-date", "PostDate is missing");
    }
    if let Some(state) = product.state.as_deref().filter(|state| !STATES.contains(state)) {
        found.note("state", format!("its State is {state:?}, which is not known"));
    }
    for (language, _) in &product.distributions {
        if !is_language(language) {
            found.note("language", format!("a distribution has the language {language:?}"));
        }
    }
    let names = product.packages.iter().map(Package::name);
    let mut seen = BTreeSet::new();
    for name in names.filter(|name| !seen.insert(*name)) {
        found.fault("repeated", format!("two packages are called {}", name.escape_debug()));
    }
    product.packages.iter().for_each(|it| package(it, found));
    unknown_keys("the product", product.rest.keys(), found);
    locations(product, found);
    known(product, found);
}

fn package(package: &Package, found: &mut Findings) {
    let name = package.name().escape_debug();
    if package.size == 0 {
        found.fault("size", format!("{name} has no bytes"));
    }
    if package.sha1().is_err() {
        let digest = package.digest.as_deref().unwrap_or_default();
        found.fault(
            "digest",
            format!("the digest of {name} is {digest:?}: not 40 hexadecimal digits"),
        );
    }
    unknown_keys(&format!("the package {name}"), package.rest.keys(), found);
}

fn unknown_keys<'a>(of: &str, keys: impl Iterator<Item = &'a String>, found: &mut Findings) {
    for key in keys {
        found.note("key", format!("{of} has the key {key:?}, which is not known"));
    }
}

/// A name such as `English`, or a code such as `pt_PT` or `es_419`.
fn is_language(text: &str) -> bool {
    text.len() >= 2 && text.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// Where the product's files lie: all beside its first package, or deeper.
fn locations(product: &Product, found: &mut Findings) {
    let mut folders: BTreeMap<String, usize> = BTreeMap::new();
    for (key, url) in product.urls() {
        match Location::parse(url) {
            Ok(location) => *folders.entry(location.folder().to_owned()).or_default() += 1,
            Err(error) => found.fault("url", format!("{key}: {error}")),
        }
    }
    let first = product.packages.first().and_then(|it| it.location().ok());
    let Some(home) = first.map(|location| location.folder().to_owned()) else { return };
    for (folder, files) in folders {
        let Some(below) = folder.strip_prefix(&home) else {
            found.note("folder", format!("{} elsewhere: in {folder}", lie(files)));
            continue;
        };
        if let Some(below) = below.strip_prefix('/') {
            let text = format!(
                "{} in the subfolder {below}: an update server says \"possible security \
                 violation\" until the folder is there",
                lie(files)
            );
            found.note("subfolder", text);
        }
    }
}

fn lie(files: usize) -> String {
    if files == 1 { "1 file lies".to_owned() } else { format!("{files} files lie") }
}

/// Whether it is what is on record.
fn known(product: &Product, found: &mut Findings) {
    let mut differs = |name: &str, size: u64, digest: Option<&String>| {
        let Some(package) = product.package(name) else {
            found.note("record", format!("on record it has a package {name}; here it has none"));
            return;
        };
        if package.size != size {
            let text = format!("{name} has {} bytes; on record are {size}", package.size);
            found.note("record", text);
        }
        if let (Some(here), Some(known)) = (&package.digest, digest)
            && !here.eq_ignore_ascii_case(known)
        {
            found.note("record", format!("{name} has another digest than on record"));
        }
    };
    let build = product.id.strip_suffix("_ServerEssentials");
    if let Some(known) = build.and_then(facts::essentials) {
        differs("ServerEssentials.pkg", known.size, known.digest.as_ref());
    }
    for package in facts::product(&product.id).iter().flat_map(|known| &known.packages) {
        differs(&package.name, package.size, package.digest.as_ref());
    }
}

/// Files that several entries name, or that could not lie in one folder.
fn shared(catalog: &Catalog, found: &mut Findings) {
    let mut places: HashMap<String, (&str, Location)> = HashMap::new();
    let mut folders = BTreeSet::new();
    for product in &catalog.products {
        found.product = Some(product.id.clone());
        for (_, url) in product.urls() {
            let Ok(location) = Location::parse(url) else { continue };
            folders.insert(location.folder().to_ascii_lowercase());
            match places.get(&location.path().to_ascii_lowercase()) {
                Some((other, before)) => {
                    let other = if *other == product.id { "itself" } else { *other };
                    clash(&location, before, other, found);
                }
                None => {
                    let place = location.path().to_ascii_lowercase();
                    places.insert(place, (&product.id, location));
                }
            }
        }
    }
    let below = |place: &String| {
        let inner = format!("{place}/");
        let next = folders.range(inner.clone()..).next();
        folders.contains(place) || next.is_some_and(|folder| folder.starts_with(&inner))
    };
    let mut both: Vec<_> = places.iter().filter(|(place, _)| below(place)).collect();
    both.sort();
    for (_, (product, location)) in both {
        found.product = Some((*product).to_owned());
        let text = format!("{} is a file here and a folder elsewhere", location.path());
        found.fault("clash", text);
    }
}

fn clash(here: &Location, before: &Location, other: &str, found: &mut Findings) {
    let other = other.escape_debug();
    if here == before {
        found.note("shared", format!("{} is named by {other}, too", here.path()));
    } else if here.path() == before.path() {
        found.fault("clash", format!("{} is named by {other} on another host", here.path()));
    } else {
        let text = format!("{} and {} of {other} differ only in case", here.path(), before.path());
        found.fault("clash", text);
    }
}
