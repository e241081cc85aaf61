//! `move = { from, to, replace }`.

use crate::engine::job::Job;
use crate::engine::problem::Result;
use crate::engine::steps::{Effect, Step};
use crate::volume::VPath;

#[derive(Debug)]
pub(super) struct Move {
    pub(super) from: VPath,
    pub(super) to: VPath,
    pub(super) replace: bool,
}

impl Step for Move {
    fn title(&self) -> String {
        format!("move {} to {}", self.from, self.to)
    }

    fn effect(&self, job: &mut Job<'_>) -> Result<Effect> {
        match (job.find(&self.from)?, job.find(&self.to)?) {
            (None, Some(_)) => Ok(Effect::Already),
            (None, None) => Ok(Effect::Missing(format!("there is no {}", self.from))),
            _ => self.apply(job).map(|()| Effect::Changed),
        }
    }

    fn apply(&self, job: &mut Job<'_>) -> Result<()> {
        let id = job.need(&self.from)?;
        let (dir, name) = job.parent(&self.to)?;
        let tree = job.tree_mut()?;
        let old = tree.child(dir, &name).filter(|old| self.replace && *old != id);
        let vacancy = old.map(|old| tree.make_room(old)).transpose();
        let vacancy = vacancy.map_err(|error| job.refused(&self.to, &error))?;
        let moved = job.tree_mut()?.rename(id, dir, name);
        moved.map_err(|error| job.refused(&self.to, &error))?;
        if let Some(vacancy) = vacancy {
            job.tree_mut()?.hand_on(&vacancy, id);
        }
        Ok(())
    }
}
