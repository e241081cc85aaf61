//! Distributions: the XML that ties packages to a product, in a product
//! archive (`Distribution`), a metapackage, or beside a catalog (`*.dist`, one
//! a language).
//!
//! Scripts are counted and never run: what a check would answer is unknown
//! here. Elements that are not known are passed over.
//! Facts: Apple's "Distribution Definition XML Schema Reference"; the `.dist`
//! files of Apple's catalogs, whose texts are in `<localization>`.

mod parts;
#[cfg(test)]
mod tests;

pub use parts::{Choice, Line, OsVersion, PkgRef};

use crate::block::{Error, Result};
use crate::format::element::Element;
use std::collections::{BTreeMap, HashSet};

const DIST: &str = "distribution";

/// A parsed distribution.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    /// `minSpecVersion`, as it stands there.
    pub spec: Option<String>,
    /// The title; a key of the texts is looked up.
    pub title: Option<String>,
    /// `<product>`: identifier and version.
    pub product: Option<(Option<String>, Option<String>)>,
    /// Version and build of the system that this updates or installs, where
    /// the texts, an `auxinfo` or the scripts' constants say so.
    pub os_version: Option<String>,
    /// The build that belongs to it.
    pub os_build: Option<String>,
    /// The attributes of `<options>`, in order.
    pub options: Vec<(String, String)>,
    /// The choices, by the order of the document.
    pub choices: Vec<Choice>,
    /// What is shown of them, and how it nests.
    pub outline: Vec<Line>,
    /// The packages.
    pub packages: Vec<PkgRef>,
    /// Whether a script checks the volume.
    pub volume_check: bool,
    /// Whether a script checks the computer.
    pub installation_check: bool,
    /// The systems that it takes; none where it does not say.
    pub allowed: Vec<OsVersion>,
    /// Bytes of all its scripts: they are never run.
    pub script_bytes: u64,
    /// The texts of its localization: the document's language, or English.
    pub texts: BTreeMap<String, String>,
}

impl Distribution {
    /// Parses a document.
    ///
    /// # Errors
    /// `Corrupt`: not XML, another document, a reference without its target.
    pub fn parse(data: &[u8]) -> Result<Self> {
        let root = Element::parse(DIST, data)?;
        let known = ["installer-gui-script", "installer-script"];
        if !known.contains(&root.name.as_str()) {
            return Err(Error::corrupt(
                DIST,
                "root element",
                root.name,
                "not an installer's script",
            ));
        }
        let texts = parts::texts(&root);
        let said = |text: &str| texts.get(text.trim()).cloned();
        let title = root.child("title").map(|title| title.text.trim().to_owned());
        let title = title.filter(|title| !title.is_empty());
        let title = title.map(|title| said(&title).unwrap_or(title));
        let checks = |name| root.child(name).is_some_and(parts::has_script);
        let (os_version, os_build) = parts::system(&root, &texts);
        let found = Self {
            spec: root.attribute("minSpecVersion").map(ToOwned::to_owned),
            title: title.or_else(|| texts.get("SU_TITLE").cloned()),
            product: root.child("product").map(|product| {
                let own = |name: &str| product.attribute(name).map(ToOwned::to_owned);
                (own("id"), own("version"))
            }),
            os_version,
            os_build,
            options: root.all("options").flat_map(|all| all.attributes.clone()).collect(),
            choices: root.all("choice").map(parts::choice).collect::<Result<_>>()?,
            outline: root.all("choices-outline").flat_map(parts::lines).collect(),
            packages: parts::packages(&root)?,
            volume_check: checks("volume-check"),
            installation_check: checks("installation-check"),
            allowed: parts::allowed(&root),
            script_bytes: parts::script_bytes(&root),
            texts,
        };
        found.check()?;
        Ok(found)
    }

    /// Every line of the outline has its choice.
    fn check(&self) -> Result<()> {
        let known: HashSet<&str> = self.choices.iter().map(|choice| choice.id.as_str()).collect();
        match self.outline.iter().find(|line| !known.contains(line.choice.as_str())) {
            Some(line) => {
                let rule = "a line of the outline without its choice";
                Err(Error::corrupt(DIST, "line", line.choice.as_str(), rule))
            }
            None => Ok(()),
        }
    }

    /// Whether it says that a system may have it: `true`, too, where it does
    /// not name systems. Versions are compared number by number.
    #[must_use]
    pub fn allows(&self, version: &str) -> bool {
        self.allowed.is_empty() || self.allowed.iter().any(|allowed| allowed.takes(version))
    }
}
