//! What the manifest beside an image says of the inputs that it was made of.

use crate::engine::build::manifest_path;
use crate::engine::problem::{Problem, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

/// The part of a manifest that claims may ask for.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::engine) struct Recorded {
    #[serde(default)]
    pub(in crate::engine) recipe: String,
    #[serde(default)]
    pub(in crate::engine) params: BTreeMap<String, String>,
    #[serde(default)]
    pub(in crate::engine) inputs: Vec<Input>,
}

/// An input that an image was made of.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::engine) struct Input {
    pub(in crate::engine) name: String,
    pub(in crate::engine) kind: String,
    pub(in crate::engine) files: Vec<Named>,
    pub(in crate::engine) system: Option<System>,
}

/// A file of an input.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::engine) struct Named {
    pub(in crate::engine) name: String,
    pub(in crate::engine) sha256: String,
}

/// The system that an input holds.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::engine) struct System {
    pub(in crate::engine) product: String,
    pub(in crate::engine) version: String,
    pub(in crate::engine) build: String,
}

impl Input {
    /// Its facts, by name.
    pub(in crate::engine) fn facts(&self) -> Vec<(&'static str, &str)> {
        let mut facts = vec![("given", "yes")];
        facts.extend(self.files.first().map(|file| ("file", file.name.as_str())));
        facts.extend(self.system.iter().flat_map(|system| {
            let System { product, version, build } = system;
            [("product", product.as_str()), ("version", version), ("build", build)]
        }));
        facts
    }

    /// The digest of what `copy` stores, where that is the file itself.
    pub(in crate::engine) fn digest(&self) -> Option<&str> {
        let whole = matches!(self.kind.as_str(), "file" | "catalog" | "zip");
        let file = self.files.first().filter(|_| whole && self.files.len() == 1);
        file.map(|file| file.sha256.as_str())
    }
}

/// Reads the manifest beside an image; None where there is none.
pub(super) fn read(image: &Path) -> Result<Option<Recorded>> {
    let path = manifest_path(image);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(&path, &error)),
    };
    let read: serde_json::Result<Recorded> = serde_json::from_reader(BufReader::new(file));
    read.map(Some).map_err(|error| unreadable(&path, &error.into()))
}

fn unreadable(path: &Path, error: &io::Error) -> Problem {
    Problem::bad_input(format!("cannot read the manifest {}", path.display())).because(error)
}
