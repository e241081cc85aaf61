//! Words as a shell takes them.

use std::ffi::OsStr;

/// A word in quotes, where it needs them. What is not Unicode is shown as
/// well as it can be, and does not survive.
pub(super) fn quoted(word: &OsStr) -> String {
    let text = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=,:@".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
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
    }
}
