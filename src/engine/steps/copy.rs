//! `copy = { from | path, to }`: an input as it is, or what the volume holds.

use crate::engine::job::{Job, own};
use crate::engine::problem::Result;
use crate::engine::steps::Step;
use crate::recipe::Owning;
use crate::volume::VPath;
use crate::volume::tree::Clash;

#[derive(Debug)]
pub(super) struct Copy {
    pub(super) from: Option<String>,
    pub(super) path: Option<VPath>,
    pub(super) to: VPath,
    pub(super) owning: Owning,
    pub(super) replace: bool,
}

impl Step for Copy {
    fn title(&self) -> String {
        match (&self.from, &self.path) {
            (Some(from), _) => format!("copy {from} to {}", self.to),
            (None, Some(path)) => format!("copy {path} to {}", self.to),
            (None, None) => format!("copy nothing to {}", self.to),
        }
    }

    fn input(&self) -> Option<&str> {
        self.from.as_deref()
    }

    fn apply(&self, job: &mut Job<'_>) -> Result<()> {
        let clash = if self.replace { Clash::Replace } else { Clash::Refuse };
        let id = if let Some(from) = &self.from {
            let input = job.input(from)?;
            let item = input.whole()?;
            job.put(&input.opener, &item, &self.to, clash)?
        } else {
            let source = job.need(self.path.as_ref().unwrap_or(&self.to))?;
            let (dir, name) = job.parent(&self.to)?;
            let copied = job.tree_mut()?.copy(source, dir, &name, clash);
            copied.map_err(|error| job.refused(&self.to, &error))?
        };
        own(job.tree_mut()?, id, &self.owning);
        Ok(())
    }
}
