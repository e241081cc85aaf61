//! `run` and `settings`: only on a Mac that runs, so by scripts alone.

use crate::engine::job::Job;
use crate::engine::problem::Result;
use crate::engine::steps::{Effect, Step};

#[derive(Debug)]
pub(super) struct Running {
    pub(super) what: String,
}

impl Step for Running {
    fn title(&self) -> String {
        format!("{}, on a Mac that runs", self.what)
    }

    fn effect(&self, _: &mut Job<'_>) -> Result<Effect> {
        Ok(Effect::Later)
    }

    fn apply(&self, _: &mut Job<'_>) -> Result<()> {
        Ok(())
    }
}
