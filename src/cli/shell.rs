//! Words as a shell takes them.

use crate::cli::names::is_unseen;
use std::ffi::OsStr;

/// A word in quotes, where it needs them. What is not Unicode is shown as
/// well as it can be, and does not survive. What a terminal would not show is
/// written in numbers (`$'...'`, which the shells of today know).
pub(super) fn quoted(word: &OsStr) -> String {
    let text = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=,:@".contains(c);
    // To zsh, `=ls` is the path of `ls`.
    if !text.is_empty() && !text.starts_with('=') && text.chars().all(plain) {
        text.into_owned()
    } else if text.chars().any(is_unseen) {
        format!("$'{}'", text.chars().map(numbered).collect::<String>())
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// A character between `$'` and `'`.
fn numbered(c: char) -> String {
    match c {
        '\'' | '\\' => format!("\\{c}"),
        c if is_unseen(c) => {
            c.encode_utf8(&mut [0; 4]).bytes().fold(String::new(), |text, byte| {
                // Always three digits: what follows may be one, too.
                text + &format!("\\{byte:03o}")
            })
        }
        c => c.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(quoted("a/b-1.img".as_ref()), "a/b-1.img");
        assert_eq!(quoted("it's here".as_ref()), "'it'\\''s here'");
        assert_eq!(quoted("".as_ref()), "''");
        assert_eq!(quoted("=ls".as_ref()), "'=ls'");
    }

    #[test]
    fn nothing_in_a_word_moves_the_cursor() {
        assert_eq!(quoted("a\u{1b}1'\\\n".as_ref()), r"$'a\0331\'\\\012'");
        assert_eq!(quoted("\u{202e}b\u{9b}".as_ref()), r"$'\342\200\256b\302\233'");
    }
}
