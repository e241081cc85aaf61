//! `link = { path, to, hard }`: a symbolic link, or one more name of a file.

use crate::engine::job::Job;
use crate::engine::problem::{Problem, Result};
use crate::engine::steps::Step;
use crate::volume::VPath;

#[derive(Debug)]
pub(super) struct Link {
    pub(super) path: VPath,
    pub(super) to: String,
    pub(super) hard: bool,
}

impl Step for Link {
    fn title(&self) -> String {
        let kind = if self.hard { "hard-link" } else { "link" };
        format!("{kind} {} to {}", self.path, self.to)
    }

    fn apply(&self, job: &mut Job<'_>) -> Result<()> {
        let date = job.date;
        let (dir, name) = job.parent(&self.path)?;
        let made = if self.hard {
            let to = VPath::parse(&self.to).map_err(Problem::bad_input)?;
            let of = job.need(&to)?;
            job.tree_mut()?.add_name(dir, name, of)
        } else {
            job.tree_mut()?.add_symlink(dir, name, &self.to, date)
        };
        made.map(drop).map_err(|error| job.refused(&self.path, &error))
    }
}
