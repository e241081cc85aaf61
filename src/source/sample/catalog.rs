//! A software update catalog of the real one's shape, with made-up contents.

use crate::block::{Error, Result};
use crate::source::catalog::{Base, Catalog, Location, Package, Product, facts};
use plist::{Date, Dictionary, Value};
use std::io;

/// Languages as old products name them: some by name, some by code.
const NAMED: [&str; 3] = ["English", "Japanese", "no"];
/// And as a few name them all.
const CODED: [&str; 3] = ["de", "en", "ja"];

/// A product to offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    id: String,
    posted: String,
    packages: Vec<(String, u64, Option<String>)>,
    subfolder: bool,
    metadata: bool,
    coded: bool,
    ramped: bool,
}

impl Offer {
    /// A product with one package of this name and size.
    #[must_use]
    pub fn new(id: &str, name: &str, size: u64) -> Self {
        Self {
            id: id.to_owned(),
            posted: "2012-03-20".to_owned(),
            packages: vec![(name.to_owned(), size, None)],
            subfolder: false,
            metadata: true,
            coded: false,
            ramped: false,
        }
    }

    /// The day it was posted, such as `2012-03-20`.
    #[must_use]
    pub fn posted(mut self, day: &str) -> Self {
        day.clone_into(&mut self.posted);
        self
    }

    /// One package more.
    #[must_use]
    pub fn and(mut self, name: &str, size: u64) -> Self {
        self.packages.push((name.to_owned(), size, None));
        self
    }

    /// The last package's digest: 40 hexadecimal digits.
    #[must_use]
    pub fn digest(mut self, digest: &str) -> Self {
        if let Some((_, _, last)) = self.packages.last_mut() {
            *last = Some(digest.to_owned());
        }
        self
    }

    /// Distributions lie one folder deeper than packages, as 11G63's do.
    #[must_use]
    pub fn in_subfolder(mut self) -> Self {
        self.subfolder = true;
        self
    }
}

/// A catalog of these products, all below one host, such as
/// `http://127.0.0.1:8080`. Folders follow from ids and are otherwise made up.
///
/// # Errors
/// `Corrupt` when the host or a name cannot be part of a URL.
pub fn catalog(base: &str, offers: &[Offer]) -> Result<Catalog> {
    let base = Base::parse(base)?;
    let products = offers.iter().map(|offer| product(&base, offer)).collect::<Result<_>>()?;
    Ok(Catalog {
        version: Some(2),
        post_url: Some(String::new()),
        date: Date::from_xml_format("2023-11-02T19:41:35Z").ok(),
        products,
        ..Catalog::default()
    })
}

/// What the real Lion catalog offers to servers: all 25 builds' essentials with
/// their sizes, 11G63's distributions in a folder of their own, the server
/// updates and the admin tools; and a product of each odd kind.
#[must_use]
pub fn lion_offers() -> Vec<Offer> {
    let essentials = facts::all().essentials.iter().map(|known| {
        let id = format!("{}_ServerEssentials", known.build);
        let mut offer = Offer::new(&id, "ServerEssentials.pkg", known.size).posted(&known.posted);
        offer.packages[0].2.clone_from(&known.digest);
        offer.subfolder = known.build == "11G63";
        offer
    });
    let others = facts::all().product.iter().map(|known| {
        let package = |it: &facts::KnownPackage| (it.name.clone(), it.size, it.digest.clone());
        let mut offer = Offer::new(&known.id, "", 0).posted(&known.posted);
        offer.packages = known.packages.iter().map(package).collect();
        offer.subfolder = known.id.starts_with("041-9");
        offer
    });
    let mut old = Offer::new("061-1955", "DVDPlayerUpdate.tar", 1_853_440).posted("2005-07-07");
    old.metadata = false;
    let mut ramped = Offer::new("zzz041-0002", "Ramped.pkg", 20_000).posted("2021-01-05");
    (ramped.ramped, ramped.coded) = (true, true);
    essentials.chain(others).chain([old, ramped]).collect()
}

/// The small files of a catalog: distributions and metadata, by their paths
/// below the host.
///
/// # Errors
/// `Corrupt` when a URL is not plain.
pub fn small_files(catalog: &Catalog) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    for product in &catalog.products {
        for (language, url) in &product.distributions {
            let text = distribution(product, language);
            files.push((Location::parse(url)?.path().to_owned(), text.into_bytes()));
        }
        if let Some(url) = &product.server_metadata {
            files.push((Location::parse(url)?.path().to_owned(), server_metadata(product)?));
        }
        for url in product.packages.iter().filter_map(|package| package.metadata.as_ref()) {
            let text = b"<pkg-info/>\n".to_vec();
            files.push((Location::parse(url)?.path().to_owned(), text));
        }
    }
    Ok(files)
}

fn product(base: &Base, offer: &Offer) -> Result<Product> {
    let folder = format!("content/downloads/{}", folder(&offer.id));
    let first = offer.packages.first().map_or("", |(name, _, _)| name.as_str());
    let stem = first.rsplit_once('.').map_or(first, |(stem, _)| stem);
    let at = |path: String| {
        let url = format!("{}/{path}", base.as_str());
        Location::parse(&url).map(|_| url)
    };
    let package = |(name, size, digest): &(String, u64, Option<String>)| {
        let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
        let metadata = offer.metadata.then(|| at(format!("{folder}/{stem}.pkm"))).transpose()?;
        let url = at(format!("{folder}/{name}"))?;
        Ok(Package { url, size: *size, digest: digest.clone(), metadata, ..Package::default() })
    };
    let below = if offer.subfolder { format!("{folder}/{stem}.dst") } else { folder.clone() };
    let part = part(&offer.id);
    let languages = if offer.coded { CODED } else { NAMED };
    let dist =
        |language: &str| Ok((language.to_owned(), at(format!("{below}/{part}.{language}.dist"))?));
    Ok(Product {
        id: offer.id.clone(),
        posted: Date::from_xml_format(&format!("{}T17:17:39Z", offer.posted)).ok(),
        state: offer.ramped.then(|| "ramped".to_owned()),
        server_metadata: offer.metadata.then(|| at(format!("{folder}/{stem}.smd"))).transpose()?,
        packages: offer.packages.iter().map(package).collect::<Result<_>>()?,
        distributions: languages.into_iter().map(dist).collect::<Result<_>>()?,
        ..Product::default()
    })
}

/// A part number, as distributions are named by: unlike the id.
fn part(id: &str) -> String {
    let hash = blake3::hash(id.as_bytes());
    format!("041-{:05}", u16::from_be_bytes([hash.as_bytes()[0], hash.as_bytes()[1]]))
}

/// `03/53/041-12345-A_7FPOFBJ98P/` and 34 letters and digits.
fn folder(id: &str) -> String {
    let hash = blake3::hash(id.as_bytes());
    let bytes = hash.as_bytes();
    let letters = |set: &[u8], range: std::ops::Range<usize>| {
        let pick = |at: usize| char::from(set[usize::from(bytes[at % 32]) % set.len()]);
        range.map(pick).collect::<String>()
    };
    let upper = letters(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", 4..14);
    let lower = letters(b"0123456789abcdefghijklmnopqrstuvwxyz", 14..48);
    format!("{:02}/{:02}/{}-A_{upper}/{lower}", bytes[2] % 64, bytes[3] % 64, part(id))
}

/// A title for a product: its id, as real ones have no better rule.
fn title(product: &Product) -> String {
    format!("Sample {}", product.id)
}

fn distribution(product: &Product, language: &str) -> String {
    let packages = product
        .packages
        .iter()
        .map(|package| format!("    <pkg-ref id=\"sample\">{}</pkg-ref>\n", package.name()));
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<installer-gui-script minSpecVersion=\"1\">\n    \
         <title>SU_TITLE</title>\n    <options hostArchitectures=\"x86_64\"/>\n{}    \
         <localization>\n        <strings language=\"{language}\"><![CDATA[\n\
         \"SU_TITLE\" = \"{}\";\n\"SU_VERS\" = \"10.7.5\";\n]]></strings>\n    \
         </localization>\n</installer-gui-script>\n",
        packages.collect::<String>(),
        title(product),
    )
}

fn server_metadata(product: &Product) -> Result<Vec<u8>> {
    let text = |text: String| Value::String(text);
    let english: Dictionary = [("title".to_owned(), text(title(product)))].into_iter().collect();
    let languages: Dictionary =
        [("English".to_owned(), Value::Dictionary(english))].into_iter().collect();
    let all: Dictionary = [
        ("CFBundleShortVersionString".to_owned(), text("10.7.5".to_owned())),
        ("localization".to_owned(), Value::Dictionary(languages)),
    ]
    .into_iter()
    .collect();
    let mut out = Vec::new();
    let written = Value::Dictionary(all).to_writer_xml(&mut out);
    written.map_err(|error| Error::Io(io::Error::other(error)))?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::catalog::matching;
    use std::collections::BTreeSet;

    #[test]
    fn it_has_the_shape_of_the_real_one() {
        let catalog = catalog("http://127.0.0.1:8088", &lion_offers()).unwrap();
        let again = Catalog::parse(&catalog.to_bytes().unwrap()).unwrap();
        assert_eq!(again, catalog);
        for known in &facts::all().essentials {
            let found = matching::exact(&catalog, "ServerEssentials", &known.build).unwrap();
            assert_eq!((found.package.size, &found.package.digest), (known.size, &known.digest));
            assert!(!found.package.url.contains(&known.build), "{}", found.package.url);
        }
        assert_eq!(matching::offers(&catalog, "ServerEssentials").len(), 25);
        let moved = catalog.product("11G63_ServerEssentials").unwrap();
        let dist = Location::parse(moved.distribution().unwrap()).unwrap();
        let package = moved.packages[0].location().unwrap();
        assert_eq!(dist.folder(), format!("{}/ServerEssentials.dst", package.folder()));
        let files = small_files(&catalog).unwrap();
        let paths: BTreeSet<_> = files.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths.len(), files.len());
        assert!(paths.contains(dist.path()));
    }

    #[test]
    fn hosts_and_names_that_are_no_url_are_refused() {
        assert!(catalog("ftp://h", &[]).is_err());
        assert!(catalog("http://h", &[Offer::new("a", "../b", 1)]).is_err());
        let offer = Offer::new("a", "b.pkg", 1).and("c.pkg", 2).digest("00").in_subfolder();
        let catalog = catalog("http://h", &[offer]).unwrap();
        assert_eq!(catalog.package("a", "c.pkg").unwrap().digest.as_deref(), Some("00"));
    }
}
