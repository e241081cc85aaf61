//! What makes a plan this plan: its id, and the date that it gives.

use crate::block::Error;
use crate::engine::hash::{self, Digests, Found, hex};
use crate::engine::inputs::{Input, Inputs};
use crate::engine::request::Request;
use crate::recipe::Recipe;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Changes whenever the same plan would make other bytes.
pub(super) const FORMAT: u32 = 3;
/// Seconds from 1904, where HFS+ counts from, to 1970.
const HFS_EPOCH: u64 = 2_082_844_800;
/// For plans whose inputs have no date: the day Lion came out, in UTC.
pub(super) const FALLBACK: u64 = 1_311_120_000;

/// A plan's date, and what its id is made of.
pub(super) struct Identity {
    /// What numbers on the disk derive from: as the id, but over the ends of
    /// the inputs' files only, so that it is known before all of them is read.
    pub(super) seed: [u8; 32],
    /// Seconds since 1970.
    pub(super) date: u64,
    /// All but the inputs' contents.
    basis: Value,
    /// The same without what only a disk decides: what lock files know.
    anywhere: Value,
}

/// The sectors that a recipe says, whatever the disk has.
#[derive(Clone, Copy)]
pub(super) struct Sector(pub(super) u32);

impl Sector {
    /// The recipe as it was read.
    pub(super) fn of(self, recipe: &Recipe) -> Recipe {
        let mut read = recipe.clone();
        read.media.sector = self.0;
        read
    }
}

/// A plan's id, and the digests of its inputs' files.
pub struct Identified {
    id: [u8; 32],
    digests: Found,
}

impl Identified {
    /// The plan's id: 64 hex digits over recipe, params, inputs and format version.
    #[must_use]
    pub fn id(&self) -> String {
        hex(self.id)
    }

    /// The digests of an input's files, by path.
    pub(super) fn of(&self, input: &Input) -> BTreeMap<PathBuf, &Digests> {
        let files = input.opener.files().into_iter();
        files.filter_map(|file| Some((file.path.clone(), self.digests.get(&file.path)?))).collect()
    }
}

impl Identity {
    pub(super) fn new(
        recipe: &Recipe,
        params: &[(String, String)],
        inputs: &Inputs,
        request: &Request,
        read: Sector,
        date: u64,
    ) -> Result<Self, Error> {
        let basis = |recipe: &Recipe, target: Option<u64>| {
            json!({
                "format": FORMAT,
                "recipe": serde_json::to_value(recipe.decisive()).unwrap_or(Value::Null),
                "params": params,
                "target": target,
                "date": date,
            })
        };
        let anywhere = basis(&read.of(recipe), None);
        let basis = basis(recipe, request.target_bytes);
        let mut sketches = BTreeMap::new();
        for file in inputs.0.iter().flat_map(|input| input.opener.files()) {
            let sketch = hash::sketch(&file.path)?;
            sketches.insert(file.path, sketch);
        }
        let seed = over(&basis, inputs, |path| sketches.get(path).copied());
        Ok(Self { seed, date, basis, anywhere })
    }

    /// The id that the plan has where its size is not a disk's: a lock's.
    pub(super) fn anywhere(&self, inputs: &Inputs, identified: &Identified) -> String {
        let digest = |path: &Path| identified.digests.get(path).map(|digests| digests.sha256);
        hex(over(&self.anywhere, inputs, digest))
    }

    /// The plan's id, once its inputs were read.
    pub(super) fn identified(&self, inputs: &Inputs, digests: Found) -> Identified {
        let id = over(&self.basis, inputs, |path| digests.get(path).map(|digests| digests.sha256));
        Identified { id, digests }
    }
}

/// A digest over what a plan is made of, with one of each file.
fn over(basis: &Value, inputs: &Inputs, digest: impl Fn(&Path) -> Option<[u8; 32]>) -> [u8; 32] {
    let inputs: Vec<_> = inputs.0.iter().map(|one| input(one, &digest)).collect();
    // Keys are sorted, so that the text is the same every time.
    Sha256::digest(json!([basis, inputs]).to_string()).into()
}

/// An input by its contents: where it lies does not matter.
fn input(input: &Input, digest: &impl Fn(&Path) -> Option<[u8; 32]>) -> Value {
    let paths: BTreeSet<_> = input.opener.files().into_iter().map(|file| file.path).collect();
    let files: Vec<_> =
        paths.iter().map(|path| json!([relative(input, path), digest(path).map(hex)])).collect();
    let inside = input.chain.iter().map(|item| relative(input, Path::new(&item.name)));
    json!([input.name, files, inside.collect::<Vec<_>>(), input.listing])
}

/// A path below what was given; its name, for what was given itself.
fn relative(input: &Input, path: &Path) -> String {
    match path.strip_prefix(&input.path) {
        Ok(rest) => rest.to_string_lossy().into_owned(),
        Err(_) => String::new(),
    }
}

/// The newest date of a volume among the inputs, in seconds since 1970.
pub(super) fn newest(inputs: &Inputs) -> u64 {
    let dates = inputs.0.iter().filter_map(|input| input.date);
    let newest = dates.max().map(|date| u64::from(date).saturating_sub(HFS_EPOCH));
    newest.filter(|date| *date > 0).unwrap_or(FALLBACK)
}

/// A date as HFS+ counts; what lies outside becomes the nearest inside.
pub(super) fn hfs_date(date: u64) -> u32 {
    u32::try_from(date.saturating_add(HFS_EPOCH)).unwrap_or(u32::MAX)
}
