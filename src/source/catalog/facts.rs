//! What Apple's Lion catalog is known to offer to servers: `images/servers.toml`.
//!
//! Facts to compare a catalog with and to name what it lacks; nothing is
//! fetched by them.

use serde::Deserialize;
use std::sync::LazyLock;

const TEXT: &str = include_str!("../../../images/servers.toml");

// The file is part of the program, and a test reads it.
static FACTS: LazyLock<Facts> = LazyLock::new(|| toml::from_str(TEXT).unwrap_or_default());

/// All that is known.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The name of the catalog that was read.
    pub catalog: String,
    /// Its date.
    pub date: String,
    /// Every build's `ServerEssentials.pkg`, oldest build first.
    pub essentials: Vec<Essentials>,
    /// Other products that recipes take packages from.
    pub product: Vec<Known>,
}

/// The `ServerEssentials.pkg` of a build of Lion.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Essentials {
    /// The build, with its suffix letter: `11D50` and `11D50b` are two.
    pub build: String,
    /// The version, such as `10.7.3`.
    pub version: String,
    /// The day it was posted.
    pub posted: String,
    /// The package's bytes.
    pub size: u64,
    /// The catalog's `Digest`, where there is one.
    pub digest: Option<String>,
}

/// A product on record.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// Its key in the catalog.
    pub id: String,
    /// What it is, in our words.
    pub title: String,
    /// The day it was posted.
    pub posted: String,
    /// What else is to be known.
    pub note: Option<String>,
    /// Its packages, by name.
    pub packages: Vec<KnownPackage>,
}

/// A package on record.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct KnownPackage {
    /// Its file name.
    pub name: String,
    /// Its bytes.
    pub size: u64,
    /// The catalog's `Digest`, where there is one.
    pub digest: Option<String>,
}

/// All that is known.
#[must_use]
pub fn all() -> &'static Facts {
    &FACTS
}

/// The `ServerEssentials.pkg` of this build, by equality.
#[must_use]
pub fn essentials(build: &str) -> Option<&'static Essentials> {
    FACTS.essentials.iter().find(|known| known.build == build)
}

/// The product of this id.
#[must_use]
pub fn product(id: &str) -> Option<&'static Known> {
    FACTS.product.iter().find(|known| known.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::known;

    #[test]
    fn the_file_is_right() {
        let facts: Facts = toml::from_str(TEXT).unwrap();
        assert_eq!(facts.essentials.len(), 25);
        for known in &facts.essentials {
            assert!(known::of(&known.version, &known.build).build, "{known:?}");
            assert!(known.size > 190_000_000, "{known:?}");
        }
        assert_eq!(essentials("11D50b").unwrap().size, 219_750_133);
        assert_eq!(essentials("11D50c"), None);
        let server = product("041-98155").unwrap();
        assert!(server.packages.iter().any(|it| it.name == "MacOSXSrvrApp10.7.5.pkg"));
    }
}
