//! `append = { path, line, create }`: a line once, at the end of a text file.

use crate::engine::job::Job;
use crate::engine::problem::Result;
use crate::engine::steps::Step;
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

    fn apply(&self, job: &mut Job<'_>) -> Result<()> {
        let mut text = match job.find(&self.path)? {
            None if self.create => Vec::new(),
            _ => job.read(job.need(&self.path)?)?,
        };
        let line = self.line.as_bytes();
        if text.split(|byte| *byte == b'\n').any(|known| known == line) {
            return Ok(());
        }
        if text.last().is_some_and(|last| *last != b'\n') {
            text.push(b'\n');
        }
        text.extend_from_slice(line);
        text.push(b'\n');
        job.store(&self.path, text)
    }
}
