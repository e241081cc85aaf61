//! `mkdir = "/path"`: a folder and those above it.

use crate::engine::job::{Job, own};
use crate::engine::problem::Result;
use crate::engine::steps::{Effect, Step};
use crate::recipe::Owning;
use crate::volume::VPath;

#[derive(Debug)]
pub(super) struct Mkdir {
    pub(super) path: VPath,
    pub(super) owning: Owning,
}

impl Step for Mkdir {
    fn title(&self) -> String {
        format!("make the folder {}", self.path)
    }

    fn effect(&self, job: &mut Job<'_>) -> Result<Effect> {
        let there = job.find(&self.path)?.is_some();
        self.apply(job)?;
        Ok(if there { Effect::Already } else { Effect::Changed })
    }

    fn apply(&self, job: &mut Job<'_>) -> Result<()> {
        let date = job.date;
        let made = job.tree_mut()?.ensure_dir(&self.path, date);
        let id = made.map_err(|error| job.refused(&self.path, &error))?;
        own(job.tree_mut()?, id, &self.owning);
        Ok(())
    }
}
