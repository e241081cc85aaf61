//! Small files of the system below a folder: `/`, or what a test recorded.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// More than any of these files has; a bound for what is read.
const MOST: u64 = 4 << 20;

/// The folder that stands for `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root(PathBuf);

impl Root {
    /// This computer's own.
    #[must_use]
    pub fn host() -> Self {
        Self(PathBuf::from("/"))
    }

    /// A recorded one.
    #[must_use]
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// Where a path from `/` on is really.
    pub(super) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.0.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// A path of this root as the system names it.
    pub(super) fn name(&self, path: &Path) -> PathBuf {
        let base = std::fs::canonicalize(&self.0).unwrap_or_else(|_| self.0.clone());
        let inside = path.strip_prefix(&base).or_else(|_| path.strip_prefix(&self.0));
        Path::new("/").join(inside.unwrap_or(path))
    }

    /// A file's text; `None` when it cannot be read.
    pub(super) fn text(&self, path: impl AsRef<Path>) -> Option<String> {
        text(&self.path(path))
    }

    /// The names in a folder, sorted; none when it cannot be read.
    pub(super) fn names(&self, path: impl AsRef<Path>) -> Vec<String> {
        names(&self.path(path))
    }
}

/// A small file's text, without white space and NULs around it.
pub(super) fn text(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MOST).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    Some(text.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned())
}

/// Text as a terminal takes it, whoever made it up: blanks in the place of
/// control characters, and of those that turn the direction of text.
pub(super) fn plain(text: &str) -> String {
    let turns = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if c.is_control() || turns(c) { ' ' } else { c }).collect()
}

/// The same, without what is empty.
pub(super) fn word(path: &Path) -> Option<String> {
    text(path).filter(|text| !text.is_empty())
}

/// A number in a file of its own.
pub(super) fn number(path: &Path) -> Option<u64> {
    text(path)?.parse().ok()
}

/// The names in a folder, sorted.
pub(super) fn names(path: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let mut names: Vec<_> =
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}
