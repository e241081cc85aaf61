//! `extract = { from, path, to }`: what stands at a path inside an input's containers.

use crate::engine::job::{Job, own};
use crate::engine::problem::{Problem, Result};
use crate::engine::steps::Step;
use crate::recipe::Owning;
use crate::source::Item;
use crate::volume::VPath;
use crate::volume::tree::Clash;

/// The most matches that a message lists.
const LISTED: usize = 5;

#[derive(Debug)]
pub(super) struct Extract {
    pub(super) from: String,
    pub(super) path: String,
    pub(super) to: VPath,
    pub(super) owning: Owning,
    pub(super) replace: bool,
}

impl Step for Extract {
    fn title(&self) -> String {
        format!("extract {} of {} to {}", self.path, self.from, self.to)
    }

    fn input(&self) -> Option<&str> {
        Some(&self.from)
    }

    fn apply(&self, job: &mut Job<'_>) -> Result<()> {
        let clash = if self.replace { Clash::Replace } else { Clash::Refuse };
        let input = job.input(&self.from)?;
        let fail = |error| Problem::reading(format!("{} of {}", self.path, self.from), error);
        let mut found = input.find(&self.path).map_err(fail)?;
        let item = match (found.pop(), found.is_empty()) {
            (Some(item), true) => item,
            (last, _) => return Err(several(&self.path, found.into_iter().chain(last))),
        };
        let id = job.put(&input.opener, &item, &self.to, clash)?;
        own(job.tree_mut()?, id, &self.owning);
        Ok(())
    }
}

/// A pattern that does not say which one is meant.
fn several(path: &str, found: impl Iterator<Item = Item>) -> Problem {
    let problem = Problem::bad_input(format!("`{path}` matches several files or folders"));
    let problem = found.take(LISTED).fold(problem, |problem, item| problem.because(item.name));
    problem.hint("write a path that names one of them")
}
