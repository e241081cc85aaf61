//! `write = { to, text, mode, … }`: a small file of the recipe's own.

use crate::block::bytes;
use crate::engine::job::{Job, own};
use crate::engine::problem::{Problem, Result};
use crate::engine::steps::{Effect, Step};
use crate::recipe::Owning;
use crate::volume::{Body, Meta, VPath};

#[derive(Debug)]
pub(super) struct Write {
    pub(super) to: VPath,
    pub(super) text: String,
    pub(super) owning: Owning,
    pub(super) replace: bool,
}

impl Step for Write {
    fn title(&self) -> String {
        format!("write {} ({} bytes)", self.to, self.text.len())
    }

    fn effect(&self, job: &mut Job<'_>) -> Result<Effect> {
        if let Some(id) = job.find(&self.to)?
            && (!self.replace || job.read(id)? == self.text.as_bytes())
        {
            return Ok(Effect::Already);
        }
        self.apply(job).map(|()| Effect::Changed)
    }

    fn apply(&self, job: &mut Job<'_>) -> Result<()> {
        let date = job.date;
        let id = match job.find(&self.to)? {
            Some(_) if !self.replace => {
                return Err(Problem::bad_input(format!("{} exists already", self.to))
                    .hint("to write over it, say `replace = true`"));
            }
            Some(id) => {
                job.store(&self.to, self.text.clone().into_bytes())?;
                id
            }
            None => {
                let (dir, name) = job.parent(&self.to)?;
                let body = Body::File { data: bytes(self.text.as_bytes()), rsrc: None };
                let meta = Meta::new(Meta::FILE | 0o644, date);
                let added = job.tree_mut()?.add(dir, name, meta, body);
                added.map_err(|error| job.refused(&self.to, &error))?
            }
        };
        own(job.tree_mut()?, id, &self.owning);
        Ok(())
    }
}
