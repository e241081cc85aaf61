//! Where a catalog is to come from: Apple by name, a file, an address.

use crate::block::{Error, FileBytes, ReadAt, Result, read_vec};
use crate::source::catalog::named::{self, Named};
use crate::source::catalog::{Catalog, Location};
use crate::source::http::{Fetcher, Watch};
use crate::source::store::{Failure, Snapshot, Store, Wanted};
use std::path::{Path, PathBuf};

/// The most bytes of a file that is read as a catalog.
const MOST: u64 = 32 << 20;

/// Where a catalog is to come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// One of Apple's, by name.
    Named(&'static Named),
    /// A file of this computer.
    File(PathBuf),
    /// An address.
    Address(Location),
}

/// What `--catalog` could not mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoOrigin {
    /// No catalog is called that.
    Name(String),
    /// It is an address that is not plain.
    Address(String),
}

impl Origin {
    /// What a text means: an address has `://`; a file has a separator or ends
    /// as catalogs do; the rest is a name.
    ///
    /// # Errors
    /// [`NoOrigin`] for a name that is not known, and addresses that are not
    /// plain.
    pub fn parse(text: &str) -> Result<Self, NoOrigin> {
        if text.contains("://") {
            let location = Location::parse(text);
            return match location {
                Ok(location) => Ok(Self::Address(location)),
                Err(error) => Err(NoOrigin::Address(error.to_string())),
            };
        }
        let ends = [".sucatalog", ".plist", ".xml", ".gz"];
        if text.contains(['/', '\\']) || ends.iter().any(|end| text.ends_with(end)) {
            return Ok(Self::File(PathBuf::from(text)));
        }
        named::find(text).map(Self::Named).ok_or_else(|| NoOrigin::Name(text.to_owned()))
    }

    /// The name that its snapshots have in the store.
    #[must_use]
    pub fn name(&self) -> String {
        let plain = |text: &str| {
            let fit = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
            let text: String = text.chars().map(|c| if fit(c) { c } else { '-' }).collect();
            // The end of an address says more than its begin.
            text.chars().skip(text.len().saturating_sub(100)).collect()
        };
        match self {
            Self::Named(named) => named.name.clone(),
            Self::File(path) => plain(&path.to_string_lossy()),
            Self::Address(location) => plain(location.as_str()),
        }
    }

    /// Where a mirror keeps it: Apple's path, or a file's name among catalogs.
    #[must_use]
    pub fn path(&self) -> String {
        let path = match self {
            Self::Named(named) => Location::parse(&named.url).ok().map(|it| it.path().to_owned()),
            Self::Address(location) => Some(location.path().to_owned()),
            Self::File(path) => path.file_name().and_then(|name| {
                let url = format!("http://h/content/catalogs/others/{}", name.to_str()?);
                Location::parse(&url).ok().map(|it| it.path().to_owned())
            }),
        };
        let path = path.unwrap_or_else(|| "content/catalogs/others/index.sucatalog".to_owned());
        path.strip_suffix(".gz").map_or_else(|| path.clone(), str::to_owned)
    }

    /// The addresses to ask, best first. Mirrors seldom have packed catalogs.
    fn urls(&self, mirrored: bool) -> Vec<String> {
        match self {
            Self::Named(named) if named.gzip && !mirrored => {
                vec![named.smallest(), named.url.clone()]
            }
            Self::Named(named) => vec![named.url.clone()],
            Self::Address(location) => vec![location.as_str().to_owned()],
            Self::File(_) => Vec::new(),
        }
    }
}

/// Reads a catalog from a file.
///
/// # Errors
/// As [`Catalog::parse`]; `Io` when it cannot be read.
pub fn read_file(path: &Path) -> Result<Catalog> {
    let file = FileBytes::open(path)?;
    let len = file.len();
    if len > MOST {
        return Err(Error::corrupt("catalog", "length", len, "more than 32 MiB"));
    }
    Catalog::parse(&read_vec(&file, 0, usize::try_from(len).unwrap_or(0))?)
}

/// The newest state of a catalog that its server or the store has. What a
/// server sends instead of a catalog never takes its place.
///
/// # Errors
/// As [`Store::refresh`].
pub fn refresh(
    origin: &Origin,
    store: &Store,
    fetcher: &dyn Fetcher,
    watch: &dyn Watch,
) -> Result<Snapshot, Failure> {
    let urls = origin.urls(store.policy().mirror.is_some());
    let check = |data: &[u8]| Catalog::parse(data).map(drop).map_err(|error| error.to_string());
    let wanted = Wanted { name: &origin.name(), urls: &urls, check: &check };
    store.refresh(&wanted, fetcher, watch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_files_and_addresses_are_told_apart() {
        let path = |text| Origin::parse(text).unwrap().path();
        let name = |text| Origin::parse(text).unwrap().name();
        let lion = "content/catalogs/others/index-lion-snowleopard-leopard.merged-1.sucatalog";
        assert_eq!((path("lion").as_str(), name("10.7").as_str()), (lion, "lion"));
        assert_eq!(path("./x"), "content/catalogs/others/x");
        assert_eq!(path("a b.sucatalog"), "content/catalogs/others/index.sucatalog");
        assert_eq!(path("http://h/c/x.sucatalog.gz"), "c/x.sucatalog");
        assert_eq!(name("http://h:1/c/x.sucatalog.gz"), "http---h-1-c-x.sucatalog.gz");
        assert_eq!(Origin::parse("lyon"), Err(NoOrigin::Name("lyon".into())));
        let told = "URL: path is \"http://h/../x\": it has a part `.` or `..`";
        assert_eq!(Origin::parse("http://h/../x"), Err(NoOrigin::Address(told.into())));
    }

    #[test]
    fn packed_addresses_come_first_but_not_on_mirrors() {
        let sierra = Origin::parse("sierra").unwrap();
        assert_eq!(sierra.urls(false).len(), 2);
        assert!(sierra.urls(false)[0].ends_with(".gz") && !sierra.urls(true)[0].ends_with(".gz"));
        assert_eq!(Origin::parse("lion").unwrap().urls(false).len(), 1);
    }
}
