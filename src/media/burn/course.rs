//! The order of the whole work, in one place.

use crate::block::{Bypass, Medium, Source};
use crate::media::burn::{Job, Log, Result, Trouble, clear, commit, probe, view, write};
use crate::media::pass::{Digests, Options};
use std::ops::Range;

/// A part of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Old tables are cleared, and the disk's size is tried.
    Clear,
    /// Everything but the headers is written.
    Write,
    /// What was written is proven.
    Prove,
    /// The headers are written.
    Commit,
}

/// Proves what is on the disk: it is shown as it will be, with what was sent.
pub type Prove<'a> = &'a mut dyn FnMut(&Source, Bypass, &Digests) -> Result<()>;

/// How a disk is written.
pub struct Course<'a> {
    /// Where old partitions are.
    pub old: &'a [Range<u64>],
    /// How far an earlier run came; none for a new work.
    pub before: Option<u64>,
    /// Another number each time, for the marks that try the size.
    pub salt: u64,
    /// Where it is recorded how far the work is.
    pub log: &'a mut dyn Log,
    /// What is to be proven before the headers are written.
    pub prove: Prove<'a>,
    /// Told when a part begins.
    pub phase: &'a mut dyn FnMut(Phase),
}

/// Writes and proves a whole disk. Unless this succeeds, nothing starts from it.
///
/// # Errors
/// [`Trouble`]; the disk has no table then, unless [`Trouble::Undone`] says so.
pub fn run(
    medium: &mut dyn Medium,
    job: &Job,
    course: &mut Course<'_>,
    options: &Options<'_>,
) -> Result<Digests> {
    (course.phase)(Phase::Clear);
    clear(medium, job, course.old)?;
    if course.before.is_none() {
        probe(medium, course.salt)?;
        course.log.written(0).map_err(Trouble::Medium)?;
    }
    (course.phase)(Phase::Write);
    let digests = write(medium, job, course.before.unwrap_or(0), course.log, options)?;
    (course.phase)(Phase::Prove);
    let (seen, how) = view(medium, job)?;
    (course.prove)(&seen, how, &digests)?;
    drop(seen);
    (course.phase)(Phase::Commit);
    commit(medium, job)?;
    // A system that does not look again sees the old table until it is told.
    let _ = medium.announce();
    Ok(digests)
}
