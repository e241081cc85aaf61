//! What a machine says on its serial line, without the moves of the cursor.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The most that is listened to.
const MOST: u64 = 4 << 20;

/// A serial line that QEMU writes to a file.
pub(super) struct Serial {
    path: PathBuf,
    len: u64,
    text: String,
}

impl Serial {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), len: 0, text: String::new() }
    }

    /// What was said so far.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Listens again; says whether there was more.
    pub(super) fn listen(&mut self) -> bool {
        let read = || -> io::Result<Vec<u8>> {
            let file = File::open(&self.path)?;
            let mut bytes = Vec::new();
            if file.metadata()?.len().min(MOST) > self.len {
                file.take(MOST).read_to_end(&mut bytes)?;
            }
            Ok(bytes)
        };
        // Before the machine runs there is no file.
        let bytes = read().unwrap_or_default();
        let more = bytes.len() as u64 > self.len;
        if more {
            self.len = bytes.len() as u64;
            self.text = plain(&bytes);
        }
        more
    }
}

/// Text without control sequences (ECMA-48), each of which ends a line.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let (mut out, mut chars) = (String::with_capacity(text.len()), text.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' if chars.peek() == Some(&'[') => {
                chars.next();
                while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {}
                out.push('\n');
            }
            '\r' | '\u{1b}' => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_of_the_cursor_are_left_out() {
        let said = b"\x1b[01;01H@@ one\r\n\x1b[37m\x1b[40mtwo\x1b[=3h\x1b";
        let lines: Vec<_> = plain(said).lines().map(str::to_owned).collect();
        assert_eq!(lines, ["", "@@ one", "", "", "two", ""][..lines.len()]);
        assert!(lines.contains(&"@@ one".to_owned()) && lines.contains(&"two".to_owned()));
    }
}
