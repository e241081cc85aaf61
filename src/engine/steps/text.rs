//! What steps share that edit lines of text files.

use crate::engine::job::Job;
use crate::engine::problem::{Problem, Result};
use crate::engine::steps::Effect;
use crate::engine::steps::glob::files;

/// A file's text as a step would have it.
pub(super) struct Edited {
    pub(super) new: Vec<u8>,
    /// How many places were changed.
    pub(super) hits: usize,
    /// Whether what the step makes was there before.
    pub(super) done: bool,
}

/// Edits all files that a pattern names.
pub(super) fn edit_files(
    job: &mut Job<'_>,
    pattern: &str,
    what: &str,
    edit: impl Fn(&[u8]) -> Edited,
) -> Result<Effect> {
    let files = files(job.tree()?, pattern);
    if files.is_empty() {
        return Ok(Effect::Missing(format!("no file is named like {pattern}")));
    }
    let (mut changed, mut done) = (false, false);
    for id in files {
        let old = job.read(id)?;
        let edited = edit(&old);
        done |= edited.done || edited.hits > 0;
        if edited.new != old {
            let path = job.tree()?.path(id);
            job.store(&path, edited.new)?;
            changed = true;
        }
    }
    Ok(match (changed, done) {
        (true, _) => Effect::Changed,
        (false, true) => Effect::Already,
        (false, false) => Effect::Missing(format!("{what} was found nowhere in {pattern}")),
    })
}

/// For a recipe, an edit that finds nothing is a problem, unless it may.
pub(super) fn needed(effect: Effect, optional: bool, path: &str, job: &Job<'_>) -> Result<()> {
    let Effect::Missing(_) = effect else { return Ok(()) };
    if optional {
        return Ok(());
    }
    if files(job.tree()?, path).is_empty() {
        return Err(Problem::bad_input(format!("no file is named like {path}")));
    }
    let sentence = format!("nothing to replace was found in {path}");
    Err(Problem::bad_input(sentence).hint("if it may be missing, say `optional = true`"))
}

/// How a text ends its lines.
pub(super) fn line_end(text: &[u8]) -> &'static [u8] {
    let first = text.iter().position(|byte| *byte == b'\n');
    match first {
        Some(at) if text[..at].ends_with(b"\r") => b"\r\n",
        _ => b"\n",
    }
}
