//! The engine: facts, plan, steps, run. It sends events and prints nothing.

mod events;
mod facts;
mod hash;
mod identity;
mod inputs;
mod job;
mod layout;
pub mod load;
mod plan;
mod prepare;
mod problem;
mod request;
mod steps;

pub use events::{Event, Silent, Sink, Stage, Stop};
pub use plan::Plan;
pub use prepare::prepare;
pub use problem::{Problem, ProblemKind, Result};
pub use request::{BuildOptions, Built, Form, Request, Verify};

/// Writes what a plan says, proves it and gives it its name.
///
/// # Errors
/// A [`Problem`]; the old output is intact then.
pub fn build(
    plan: &Plan,
    options: &BuildOptions,
    sink: &mut dyn Sink,
    stop: &Stop,
) -> Result<Built> {
    let _ = (sink, stop);
    Err(Problem::ours(format!("building {} at {:?}", plan.id(), options.output)))
}

/// What a check of a finished file found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// What was proven, one line each.
    pub proofs: Vec<String>,
    /// What could not be proven, one line each.
    pub unproven: Vec<String>,
    /// What is wrong, one line each; the file is good when there are none.
    pub faults: Vec<String>,
}

/// Checks a finished file: partitions, volume, checksums, and its manifest when there is one.
///
/// # Errors
/// A [`Problem`] when it cannot be read at all; faults are in the answer.
pub fn verify(
    path: &std::path::Path,
    threads: usize,
    sink: &mut dyn Sink,
    stop: &Stop,
) -> Result<Verified> {
    let _ = (sink, stop, threads);
    Err(Problem::ours(format!("verifying {} is not part of this commit", path.display())))
}
