//! What makes a plan this plan: its id, and the date that it gives.

use crate::engine::hash::hex;
use crate::engine::inputs::{Input, Inputs};
use crate::engine::request::Request;
use crate::recipe::Recipe;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::Path;

/// Changes whenever the same plan would make other bytes.
pub(super) const FORMAT: u32 = 1;
/// Seconds from 1904, where HFS+ counts from, to 1970.
const HFS_EPOCH: u64 = 2_082_844_800;
/// For plans whose inputs have no date: the day Lion came out, in UTC.
const FALLBACK: u64 = 1_311_120_000;

/// A plan's id and date.
pub(super) struct Identity {
    pub(super) id: [u8; 32],
    /// Seconds since 1970.
    pub(super) date: u64,
}

impl Identity {
    pub(super) fn new(
        recipe: &Recipe,
        params: &[(String, String)],
        inputs: &Inputs,
        request: &Request,
        date: u64,
    ) -> Self {
        // Keys are sorted, so that the text is the same every time.
        let text = json!({
            "format": FORMAT,
            "recipe": serde_json::to_value(recipe).unwrap_or(Value::Null),
            "params": params,
            "inputs": inputs.0.iter().map(input).collect::<Vec<_>>(),
            "target": request.target_bytes,
            "date": date,
        });
        Self { id: Sha256::digest(text.to_string()).into(), date }
    }

    pub(super) fn hex(&self) -> String {
        hex(self.id)
    }
}

/// An input by its contents: where it lies does not matter.
fn input(input: &Input) -> Value {
    let files: Vec<_> = input
        .digests
        .iter()
        .map(|(path, digests)| json!([relative(input, path), hex(digests.sha256)]))
        .collect();
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
