//! `extract = { from, path, to }`: what stands at a path inside an input's containers.

use crate::engine::job::{Job, own};
use crate::engine::problem::{Problem, Result};
use crate::engine::steps::Step;
use crate::recipe::Owning;
use crate::volume::VPath;
use crate::volume::tree::Clash;

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
        let item = input
            .inside(&self.path)
            .map_err(|error| Problem::reading(format!("{} of {}", self.path, self.from), error))?;
        let id = job.put(&input.opener, &item, &self.to, clash)?;
        own(job.tree_mut()?, id, &self.owning);
        Ok(())
    }
}
