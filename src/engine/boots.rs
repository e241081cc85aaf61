//! Whether media boot: those of a plan before they are built, or those of an image.

use crate::block::Source;
use crate::engine::events::{Sink, Stage, Stop};
use crate::engine::plan::Plan;
use crate::engine::problem::{Problem, Result};
use crate::engine::progress::Progress;
use crate::source::Opener;
use crate::vm::{self, Checked, Options};
use std::path::Path;
use std::sync::Arc;

/// Starts the media that a plan would make, which are written nowhere.
///
/// # Errors
/// A [`Problem`] when nothing could be tried; verdicts are in the answer.
pub fn boot_plan(
    plan: &Plan,
    options: &Options,
    sink: &mut dyn Sink,
    stop: &Stop,
) -> Result<Checked> {
    let disk: Source = Arc::new(plan.laid.image.map.clone());
    boot(&disk, options, sink, stop)
}

/// Starts an image, raw or an Apple disk image; it is only read.
///
/// # Errors
/// As [`boot_plan`], and when there is no such image.
pub fn boot_image(
    path: &Path,
    options: &Options,
    sink: &mut dyn Sink,
    stop: &Stop,
) -> Result<Checked> {
    let opener = Opener::new();
    let open = || opener.disk(&opener.resolve(path)?);
    let disk = open().map_err(|error| Problem::reading(path.display(), error))?;
    boot(&disk, options, sink, stop)
}

fn boot(disk: &Source, options: &Options, sink: &mut dyn Sink, stop: &Stop) -> Result<Checked> {
    let progress = Progress::new(sink);
    progress.start(Stage::Verify, "machines that start the media", 0);
    let mut tell = |what: &str| progress.start(Stage::Verify, what, 0);
    let checked = vm::check(disk, options, &stop.flag(), &mut tell)?;
    checked.notes.iter().for_each(|note| progress.warn(note));
    progress.finish(Stage::Verify);
    Ok(checked)
}
