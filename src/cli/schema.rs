//! `schema`: what programs may rely on, as JSON Schema.

use crate::cli::Outcome;
use crate::cli::args::schema::Schema;
use crate::cli::streams::{Streams, Style};
use crate::engine::Problem;
use crate::recipe;
use serde_json::{Value, json};

/// Of every line of `--json`. Written by hand; the tests hold each line that
/// they see to it.
const EVENTS: &str = include_str!("../../schemas/events.json");

/// `lionize schema`.
pub(super) fn run(which: Schema, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let text = match which {
        Schema::Events => EVENTS,
        Schema::Recipe => recipe::SCHEMA,
        Schema::Fix => recipe::FIX_SCHEMA,
    };
    print(text, style, streams)
}

/// Prints a schema as it stands, or as a result.
pub(super) fn print(text: &str, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let schema: Value = serde_json::from_str(text)
        .map_err(|error| Problem::ours("our own schema is no JSON").because(error))?;
    streams.result(style, text, &json!({"result": "schema", "schema": schema}))
}

/// The judge of the tests, for results that need a disk.
#[cfg(test)]
pub(super) use crate::recipe::judge;
