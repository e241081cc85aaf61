//! What the user gives, and what must prove it.

use super::Condition;
use serde::Serialize;

/// What an input must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputKind {
    /// Any image or volume of HFS+.
    Image,
    /// An installer: peeled until it is found.
    Installer,
    /// Any file, taken as it is.
    File,
    /// A folder.
    Folder,
    /// A zip archive.
    Zip,
    /// A package of a software update catalog.
    Catalog,
}

impl InputKind {
    /// All kinds, with their words.
    pub const ALL: [(&'static str, Self); 6] = [
        ("image", Self::Image),
        ("installer", Self::Installer),
        ("file", Self::File),
        ("folder", Self::Folder),
        ("zip", Self::Zip),
        ("catalog", Self::Catalog),
    ];

    /// The word in a recipe.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }
}

/// Something the user gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Input {
    /// Its name in `--input NAME=PATH`.
    pub name: String,
    /// What it must be.
    pub kind: InputKind,
    /// The system versions allowed, such as `10.7` for 10.7.x; any when empty.
    pub release: Vec<String>,
    /// The question to ask for it.
    pub ask: String,
    /// Whether it may be left out.
    pub optional: bool,
    /// It is only wanted when this holds.
    pub when: Option<Condition>,
    /// Where a catalog has it.
    pub entry: Option<CatalogEntry>,
    /// The least that must prove it.
    pub trust: Option<Demand>,
}

/// A package of a product in a software update catalog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CatalogEntry {
    /// The catalog's name, such as `lion`.
    pub catalog: String,
    /// The product's id, with placeholders.
    pub product: String,
    /// The package's file name.
    pub package: String,
}

/// What must prove an input, for a build to be made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Demand {
    /// Nothing: only what contradicts is refused.
    None,
    /// Checksums of its own, all right.
    Checksum,
    /// A digest on record, or a signature.
    Digest,
    /// A signature that leads to a known root.
    Signature,
}

impl Demand {
    /// All demands, with their words.
    pub const ALL: [(&'static str, Self); 4] = [
        ("none", Self::None),
        ("checksum", Self::Checksum),
        ("digest", Self::Digest),
        ("signature", Self::Signature),
    ];

    /// The word in a recipe.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, demand)| *demand == self).map_or("", |(word, _)| word)
    }
}
