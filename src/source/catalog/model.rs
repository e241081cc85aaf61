//! What a catalog says, as types.

use crate::block::{Error, Result};
use crate::source::catalog::{Location, read, unpack, write};
use plist::{Date, Dictionary};

/// A software update catalog.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    /// `CatalogVersion`: 2 in all that are known.
    pub version: Option<i64>,
    /// `ApplePostURL`, which is empty in those that are known.
    pub post_url: Option<String>,
    /// `IndexDate`: when Apple made it.
    pub date: Option<Date>,
    /// The products, in the list's order.
    pub products: Vec<Product>,
    /// Keys that an XML list gives twice in one dictionary; the last one holds.
    pub repeated: Vec<String>,
    /// Keys that are not known.
    pub rest: Dictionary,
}

/// A product: packages, and distributions that say how to install them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Product {
    /// Its key, such as `11D50_ServerEssentials`.
    pub id: String,
    /// `PostDate`.
    pub posted: Option<Date>,
    /// `State`: `ramped` is a staged roll-out.
    pub state: Option<String>,
    /// `DeferredSUEnablementDate`.
    pub deferred: Option<Date>,
    /// `ServerMetadataURL`: an `.smd` for update servers.
    pub server_metadata: Option<String>,
    /// `Packages`.
    pub packages: Vec<Package>,
    /// `Distributions`: languages by name or by code, and URLs.
    pub distributions: Vec<(String, String)>,
    /// `ExtendedMetaInfo`.
    pub extended: Option<Dictionary>,
    /// Keys that are not known.
    pub rest: Dictionary,
}

/// A file of a product.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Package {
    /// `URL`.
    pub url: String,
    /// `Size` in bytes.
    pub size: u64,
    /// `Digest`: 40 hexadecimal digits. Apple does not say of which bytes.
    pub digest: Option<String>,
    /// `MetadataURL`: a `.pkm`.
    pub metadata: Option<String>,
    /// `IntegrityDataURL` and `IntegrityDataSize`.
    pub integrity: Option<Integrity>,
    /// Keys that are not known.
    pub rest: Dictionary,
}

/// Where a package's chunk list lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Integrity {
    /// `IntegrityDataURL`.
    pub url: String,
    /// `IntegrityDataSize`.
    pub size: Option<u64>,
}

impl Catalog {
    /// Reads a catalog, also one that a server packed with gzip.
    ///
    /// # Errors
    /// `Corrupt`: no property list, or one that breaks a catalog's rules; it
    /// names the product and the key.
    pub fn parse(data: &[u8]) -> Result<Self> {
        read::catalog(&unpack::plain(data)?)
    }

    /// The catalog as an XML property list.
    ///
    /// # Errors
    /// `Io` when it cannot be written down.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        write::catalog(self)
    }

    /// The product of this id.
    #[must_use]
    pub fn product(&self, id: &str) -> Option<&Product> {
        self.products.iter().find(|product| product.id == id)
    }

    /// The package of this file name in the product of this id.
    #[must_use]
    pub fn package(&self, product: &str, name: &str) -> Option<&Package> {
        self.product(product)?.package(name)
    }
}

impl Product {
    /// The package of this file name.
    #[must_use]
    pub fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name() == name)
    }

    /// The distribution in English, or in the first language there is.
    #[must_use]
    pub fn distribution(&self) -> Option<&str> {
        let english = |wanted: &str| self.distributions.iter().find(|(name, _)| name == wanted);
        let found = english("English").or_else(|| english("en"));
        found.or(self.distributions.first()).map(|(_, url)| url.as_str())
    }

    /// Every URL of the product with the key it stands under.
    pub fn urls(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let metadata = self.server_metadata.iter().map(|url| ("ServerMetadataURL", url.as_str()));
        let packages = self.packages.iter().flat_map(Package::urls);
        let dists = self.distributions.iter().map(|(_, url)| ("Distributions", url.as_str()));
        metadata.chain(packages).chain(dists)
    }

    /// All packages' bytes together.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.packages.iter().fold(0, |sum, package| sum.saturating_add(package.size))
    }
}

impl Package {
    /// The file's name: the last part of its URL.
    #[must_use]
    pub fn name(&self) -> &str {
        let path = self.url.split(['?', '#']).next().unwrap_or_default();
        path.rsplit('/').next().unwrap_or_default()
    }

    /// Where it lies.
    ///
    /// # Errors
    /// `Corrupt` when the URL is none that may be fetched or mirrored.
    pub fn location(&self) -> Result<Location> {
        Location::parse(&self.url)
    }

    /// The digest when it has SHA-1's form, in lower case.
    ///
    /// # Errors
    /// `Corrupt` when there is one of another form.
    pub fn sha1(&self) -> Result<Option<String>> {
        let Some(digest) = &self.digest else { return Ok(None) };
        if digest.len() == 40 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Some(digest.to_ascii_lowercase()));
        }
        Err(Error::corrupt("package", "Digest", digest.as_str(), "not 40 hexadecimal digits")
            .in_file(&self.url))
    }

    fn urls(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let integrity = self.integrity.as_ref().map(|data| ("IntegrityDataURL", data.url.as_str()));
        let metadata = self.metadata.as_ref().map(|url| ("MetadataURL", url.as_str()));
        std::iter::once(("URL", self.url.as_str())).chain(metadata).chain(integrity)
    }
}

/// A date's day, such as `2012-03-20`.
#[must_use]
pub fn day(date: Date) -> String {
    let text = date.to_xml_format();
    text.split('T').next().unwrap_or_default().to_owned()
}
