//! `append = { path, line, create }`: a line once, at the end of a text file.

use crate::engine::job::Job;
use crate::engine::problem::Result;
use crate::engine::steps::text::line_end;
use crate::engine::steps::{Effect, Step};
use crate::volume::VPath;

#[derive(Debug)]
pub(super) struct Append {
    pub(super) path: VPath,
    pub(super) line: String,
    pub(super) create: bool,
}

impl Step for Append {
    fn title(&self) -> String {
        format!("append `{}` to {}, once", self.line, self.path)
    }

    fn effect(&self, job: &mut Job<'_>) -> Result<Effect> {
        let mut text = match job.find(&self.path)? {
            None if self.create => Vec::new(),
            None => return Ok(Effect::Missing(format!("there is no {}", self.path))),
            Some(id) => job.read(id)?,
        };
        let line = self.line.as_bytes();
        let plain = |known: &[u8]| known.strip_suffix(b"\r").unwrap_or(known) == line;
        if text.split(|byte| *byte == b'\n').any(plain) {
            return Ok(Effect::Already);
        }
        let end = line_end(&text);
        if text.last().is_some_and(|last| *last != b'\n') {
            text.extend_from_slice(end);
        }
        text.extend_from_slice(line);
        text.extend_from_slice(end);
        job.store(&self.path, text)?;
        Ok(Effect::Changed)
    }

    fn apply(&self, job: &mut Job<'_>) -> Result<()> {
        if !self.create {
            job.need(&self.path)?;
        }
        self.effect(job).map(drop)
    }
}
