//! `restore = { from, path, verbatim }`: begin with an input's volume.

use crate::engine::job::{Contents, Job};
use crate::engine::problem::{Problem, Result};
use crate::engine::steps::Step;

#[derive(Debug)]
pub(super) struct Restore {
    pub(super) from: String,
    pub(super) path: Option<String>,
    pub(super) verbatim: bool,
}

impl Step for Restore {
    fn title(&self) -> String {
        if self.verbatim {
            return format!("restore the volume of {}, block for block", self.from);
        }
        match &self.path {
            Some(path) => format!("restore the volume of {path} in {}", self.from),
            None => format!("restore the volume of {}", self.from),
        }
    }

    fn input(&self) -> Option<&str> {
        Some(&self.from)
    }

    fn apply(&self, job: &mut Job<'_>) -> Result<()> {
        let input = job.input(&self.from)?;
        let fail = |error| Problem::reading(input.describe(), error);
        job.contents = if self.verbatim {
            Contents::Verbatim(input.partition().map_err(fail)?)
        } else if let Some(path) = &self.path {
            let (tree, notes) = input.tree_in(path).map_err(fail)?;
            job.notes.extend(notes);
            Contents::Tree(tree)
        } else {
            Contents::Tree(input.tree().map_err(fail)?)
        };
        Ok(())
    }
}
