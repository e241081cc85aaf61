//! `remove = "/path"`: a file, or a folder with all in it.

use crate::engine::job::Job;
use crate::engine::problem::Result;
use crate::engine::steps::Step;
use crate::volume::VPath;

#[derive(Debug)]
pub(super) struct Remove {
    pub(super) path: VPath,
    pub(super) optional: bool,
}

impl Step for Remove {
    fn title(&self) -> String {
        let perhaps = if self.optional { ", if it is there" } else { "" };
        format!("remove {}{perhaps}", self.path)
    }

    fn apply(&self, job: &mut Job<'_>) -> Result<()> {
        if self.optional && job.find(&self.path)?.is_none() {
            return Ok(());
        }
        let id = job.need(&self.path)?;
        let removed = job.tree_mut()?.remove(id);
        removed.map_err(|error| job.refused(&self.path, &error))
    }
}
