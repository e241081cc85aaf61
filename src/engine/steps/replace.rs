//! `replace = { path, find | line, with }`: text in files.

use crate::engine::facts::Facts;
use crate::engine::job::Job;
use crate::engine::problem::Result;
use crate::engine::steps::glob::captures;
use crate::engine::steps::text::{Edited, edit_files, needed};
use crate::engine::steps::{Effect, Step};
use crate::recipe::Find;

#[derive(Debug)]
pub(super) struct Replace {
    path: String,
    find: Find,
    with: String,
    optional: bool,
}

impl Replace {
    pub(super) fn resolve(
        path: &str,
        find: &Find,
        with: &str,
        optional: bool,
        facts: &Facts,
    ) -> Result<Self> {
        let find = match find {
            Find::Text(text) => Find::Text(facts.fill(text)?),
            Find::Line(line) => Find::Line(facts.fill(line)?),
        };
        let (path, with) = (facts.fill(path)?, facts.fill(with)?);
        Ok(Self { path, find, with, optional })
    }
}

impl Step for Replace {
    fn title(&self) -> String {
        let what = match &self.find {
            Find::Text(text) => format!("`{text}`"),
            Find::Line(line) => format!("lines like `{line}`"),
        };
        format!("replace {what} by `{}` in {}", self.with, self.path)
    }

    fn effect(&self, job: &mut Job<'_>) -> Result<Effect> {
        edit_files(job, &self.path, &self.with_words(), |old| {
            let (new, count) = match &self.find {
                Find::Text(find) => replace_text(old, find.as_bytes(), self.with.as_bytes()),
                Find::Line(line) => replace_lines(old, line, &self.with),
            };
            Edited { new, hits: count, done: count == 0 && self.is_done(old) }
        })
    }

    fn apply(&self, job: &mut Job<'_>) -> Result<()> {
        needed(self.effect(job)?, self.optional, &self.path, job)
    }
}

impl Replace {
    fn with_words(&self) -> String {
        match &self.find {
            Find::Text(text) => format!("`{text}`"),
            Find::Line(line) => format!("a line like `{line}`"),
        }
    }

    /// Whether what it would put there is there.
    fn is_done(&self, old: &[u8]) -> bool {
        match &self.find {
            Find::Text(_) => {
                let with = self.with.as_bytes();
                !with.is_empty() && old.windows(with.len()).any(|window| window == with)
            }
            Find::Line(_) => {
                let pattern = result_pattern(&self.with);
                old.split(|byte| *byte == b'\n').any(|line| fits(&pattern, line.trim_ascii()))
            }
        }
    }
}

/// What lines look like that a replacement made: `$1` may have been anything.
pub(in crate::engine) fn result_pattern(with: &str) -> String {
    let mut pattern = String::new();
    let mut chars = with.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('$', Some('$')) => pattern.extend(chars.next()),
            ('$', Some('0'..='9')) => {
                chars.next();
                pattern.push('*');
            }
            _ => pattern.push(c),
        }
    }
    pattern
}

fn fits(pattern: &str, line: &[u8]) -> bool {
    captures(pattern, line).is_some()
}

fn replace_text(old: &[u8], find: &[u8], with: &[u8]) -> (Vec<u8>, usize) {
    let (mut new, mut count, mut at) = (Vec::with_capacity(old.len()), 0, 0);
    while at < old.len() {
        if !find.is_empty() && old[at..].starts_with(find) {
            new.extend_from_slice(with);
            (at, count) = (at + find.len(), count + 1);
        } else {
            new.push(old[at]);
            at += 1;
        }
    }
    (new, count)
}

fn replace_lines(old: &[u8], pattern: &str, with: &str) -> (Vec<u8>, usize) {
    let mut count = 0;
    let lines = old.split(|byte| *byte == b'\n').map(|line| {
        let inner = line.trim_ascii();
        let Some(parts) = captures(pattern, inner) else { return line.to_vec() };
        count += 1;
        let start = line.len() - line.trim_ascii_start().len();
        let end = start + inner.len();
        [&line[..start], &fill(with, inner, &parts), &line[end..]].concat()
    });
    let new = lines.collect::<Vec<_>>().join(&b'\n');
    (new, count)
}

/// `$0` is the line, `$1` to `$9` what the wildcards stood for, `$$` a dollar.
fn fill(with: &str, line: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut filled = Vec::new();
    let mut bytes = with.bytes().peekable();
    while let Some(byte) = bytes.next() {
        let part = match (byte, bytes.peek()) {
            (b'$', Some(b'$')) => Some(&b"$"[..]),
            (b'$', Some(b'0')) => Some(line),
            (b'$', Some(digit @ b'1'..=b'9')) => {
                Some(parts.get(usize::from(digit - b'1')).copied().unwrap_or_default())
            }
            _ => None,
        };
        match part {
            Some(part) => {
                bytes.next();
                filled.extend_from_slice(part);
            }
            None => filled.push(byte),
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_lines() {
        assert_eq!(replace_text(b"aXbXX", b"X", b"yy"), (b"ayybyyyy".to_vec(), 3));
        let old = b"LoadModule a mod_x.so\r\n  LoadModule b mod_x.so\n#LoadModule mod_x.so\n";
        let (new, count) = replace_lines(old, "LoadModule*mod_x.so", "#$0 $1$$");
        assert_eq!(count, 2);
        assert_eq!(
            String::from_utf8(new).unwrap(),
            "#LoadModule a mod_x.so  a $\r\n  #LoadModule b mod_x.so  b $\n#LoadModule mod_x.so\n"
        );
    }
}
