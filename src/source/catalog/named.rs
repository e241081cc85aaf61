//! Apple's catalogs by name: `images/catalogs.toml`.

use serde::Deserialize;
use std::sync::LazyLock;

const TEXT: &str = include_str!("../../../images/catalogs.toml");

// The file is part of the program, and a test reads it.
static NAMED: LazyLock<Vec<Named>> =
    LazyLock::new(|| toml::from_str(TEXT).map(|file: File| file.catalog).unwrap_or_default());

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    catalog: Vec<Named>,
}

/// A catalog of Apple's.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// The name: `lion`, `10.13`, `26`.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// The newest system it is for.
    pub system: String,
    /// Where it lies.
    pub url: String,
    /// Where a catalog of this system alone lies.
    pub alone: Option<String>,
    /// Whether the same URL with `.gz` behind it is served, too.
    #[serde(default)]
    pub gzip: bool,
}

impl Named {
    /// Where it lies packed, or plain when it does not.
    #[must_use]
    pub fn smallest(&self) -> String {
        if self.gzip { format!("{}.gz", self.url) } else { self.url.clone() }
    }
}

/// All, oldest first.
#[must_use]
pub fn all() -> &'static [Named] {
    &NAMED
}

/// The catalog of this name or alias.
#[must_use]
pub fn find(name: &str) -> Option<&'static Named> {
    NAMED.iter().find(|known| known.name == name || known.aliases.iter().any(|it| it == name))
}

/// The catalog of a system's version, such as `10.7.3` or `11.6`.
#[must_use]
pub fn of_version(version: &str) -> Option<&'static Named> {
    let mut parts = version.split('.');
    let major = parts.next()?;
    match (major, parts.next()) {
        ("10", Some(minor)) => find(&format!("10.{minor}")),
        _ => find(major),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::catalog::Location;
    use std::collections::BTreeSet;

    #[test]
    fn the_file_is_right() {
        let file: File = toml::from_str(TEXT).unwrap();
        let mut names = BTreeSet::new();
        let mut urls = BTreeSet::new();
        for named in &file.catalog {
            for name in named.aliases.iter().chain([&named.name]) {
                assert!(names.insert(name.clone()), "{name} twice");
            }
            for url in named.alone.iter().chain([&named.url]) {
                assert!(urls.insert(url.clone()), "{url} twice");
                let location = Location::parse(url).unwrap();
                assert!(!location.is_plain() && location.name().ends_with("-1.sucatalog"), "{url}");
                assert!(location.path().starts_with("content/catalogs/"), "{url}");
            }
        }
        assert_eq!(file.catalog.len(), 19);
    }

    #[test]
    fn every_generation_has_a_name() {
        for (name, ends) in [
            ("leopard", "/index-leopard.merged-1.sucatalog"),
            ("snow-leopard", "/index-leopard-snowleopard.merged-1.sucatalog"),
            ("lion", "/index-lion-snowleopard-leopard.merged-1.sucatalog"),
            ("10.8", "/index-mountainlion-lion-snowleopard-leopard.merged-1.sucatalog"),
        ] {
            assert!(find(name).unwrap().smallest().ends_with(ends), "{name}");
        }
        let releases = (9..16).map(|minor| format!("10.{minor}"));
        for name in releases.chain([11, 12, 13, 14, 15, 26].map(|major| major.to_string())) {
            assert_eq!(of_version(&format!("{name}.1")).unwrap().name, name);
        }
        assert!(find("big-sur").unwrap().smallest().contains("/index-10.16-10.15-"));
        assert!(find("26").unwrap().smallest().ends_with("leopard.merged-1.sucatalog.gz"));
        assert_eq!(of_version("10.7").unwrap().name, "lion");
        assert_eq!((find("10.3"), of_version("9.2"), of_version("")), (None, None, None));
    }
}
