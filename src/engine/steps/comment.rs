//! `comment = { path, contains, mark }`: a mark before lines.

use crate::engine::facts::Facts;
use crate::engine::job::Job;
use crate::engine::problem::{Problem, Result};
use crate::engine::steps::text::{Edited, edit_files, needed};
use crate::engine::steps::{Effect, Step};

#[derive(Debug)]
pub(super) struct Comment {
    path: String,
    contains: String,
    mark: String,
    optional: bool,
}

impl Comment {
    pub(super) fn resolve(
        path: &str,
        contains: &str,
        mark: &str,
        optional: bool,
        facts: &Facts,
    ) -> Result<Self> {
        let (path, filled) = (facts.fill(path)?, facts.fill(contains)?);
        if filled.is_empty() {
            // The recipe's own text is not empty: that is refused when it is read.
            return Err(Problem::usage("the step `comment` would look for nothing")
                .because(format!("its `contains`, {contains}, is filled with an empty text")));
        }
        Ok(Self { path, contains: filled, mark: mark.to_owned(), optional })
    }
}

impl Step for Comment {
    fn title(&self) -> String {
        format!("put `{}` before lines with `{}` in {}", self.mark, self.contains, self.path)
    }

    fn effect(&self, job: &mut Job<'_>) -> Result<Effect> {
        let what = format!("a line with `{}`", self.contains);
        edit_files(job, &self.path, &what, |old| self.edit(old))
    }

    fn apply(&self, job: &mut Job<'_>) -> Result<()> {
        needed(self.effect(job)?, self.optional, &self.path, job)
    }
}

impl Comment {
    fn edit(&self, old: &[u8]) -> Edited {
        let (contains, mark) = (self.contains.as_bytes(), self.mark.as_bytes());
        let (mut hits, mut done) = (0, false);
        let lines = old.split(|byte| *byte == b'\n').map(|line| {
            if !line.windows(contains.len()).any(|window| window == contains) {
                return line.to_vec();
            }
            if line.trim_ascii_start().starts_with(mark) {
                done = true;
                return line.to_vec();
            }
            hits += 1;
            [mark, line].concat()
        });
        let new = lines.collect::<Vec<_>>().join(&b'\n');
        Edited { new, hits, done }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_that_are_not_comments_get_the_mark() {
        let step = Comment {
            path: String::new(),
            contains: "x.so".into(),
            mark: "#".into(),
            optional: false,
        };
        let edited = step.edit(b"Load x.so\r\n  Load x.so\n #x.so\n<IfModule x.c>");
        assert_eq!(edited.new, b"#Load x.so\r\n#  Load x.so\n #x.so\n<IfModule x.c>");
        assert_eq!((edited.hits, edited.done), (2, true));
        assert_eq!(step.edit(&edited.new).hits, 0);
    }
}
