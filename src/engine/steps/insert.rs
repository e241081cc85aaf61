//! `insert = { path, after, line }`: a line behind others.

use crate::engine::job::Job;
use crate::engine::problem::Result;
use crate::engine::steps::glob::captures;
use crate::engine::steps::text::{Edited, edit_files, needed};
use crate::engine::steps::{Effect, Step};

#[derive(Debug)]
pub(super) struct Insert {
    pub(super) path: String,
    pub(super) after: String,
    pub(super) line: String,
    pub(super) optional: bool,
}

impl Step for Insert {
    fn title(&self) -> String {
        format!("put `{}` behind lines like `{}` in {}", self.line, self.after, self.path)
    }

    fn effect(&self, job: &mut Job<'_>) -> Result<Effect> {
        let what = format!("a line like `{}`", self.after);
        edit_files(job, &self.path, &what, |old| self.edit(old))
    }

    fn apply(&self, job: &mut Job<'_>) -> Result<()> {
        needed(self.effect(job)?, self.optional, &self.path, job)
    }
}

impl Insert {
    fn edit(&self, old: &[u8]) -> Edited {
        let line = self.line.as_bytes();
        if old.split(|byte| *byte == b'\n').any(|known| known.trim_ascii() == line) {
            return Edited { new: old.to_vec(), hits: 0, done: true };
        }
        let (mut new, mut hits) = (Vec::with_capacity(old.len()), 0);
        for known in old.split_inclusive(|byte| *byte == b'\n') {
            new.extend_from_slice(known);
            if captures(&self.after, known.trim_ascii()).is_none() {
                continue;
            }
            hits += 1;
            let end: &[u8] = if known.ends_with(b"\r\n") { b"\r\n" } else { b"\n" };
            if !known.ends_with(b"\n") {
                new.extend_from_slice(end);
            }
            let indent = known.len() - known.trim_ascii_start().len();
            new.extend_from_slice(&known[..indent]);
            new.extend_from_slice(line);
            new.extend_from_slice(end);
        }
        Edited { new, hits, done: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_indented_as_the_one_before() {
        let step = Insert {
            path: String::new(),
            after: "b(*);".into(),
            line: "c;".into(),
            optional: false,
        };
        let edited = step.edit(b"a\r\n\tb(1);\r\nb(2);");
        assert_eq!(edited.new, b"a\r\n\tb(1);\r\n\tc;\r\nb(2);\nc;\n");
        assert!(step.edit(&edited.new).done);
    }
}
