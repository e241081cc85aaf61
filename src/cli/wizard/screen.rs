//! The terminal as the wizard sees it: things to say, and three kinds of
//! questions. Behind it is a screen, a line reader, or a test's script.

use crate::report::tame;
use std::io;

/// One thing to choose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Item {
    /// In a line.
    pub(in crate::cli) text: String,
    /// What is to be known of it.
    pub(in crate::cli) about: String,
    /// What it and those after it have in common.
    pub(in crate::cli) heading: Option<String>,
}

impl Item {
    pub(in crate::cli) fn new(text: impl Into<String>, about: impl Into<String>) -> Self {
        Self { text: text.into(), about: about.into(), heading: None }
    }

    /// Below a heading, unless the one before is.
    pub(in crate::cli) fn under(mut self, heading: &str) -> Self {
        self.heading = Some(heading.to_owned());
        self
    }
}

/// A question with answers to choose from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Menu {
    pub(in crate::cli) title: String,
    pub(in crate::cli) items: Vec<Item>,
    /// The one that Enter takes.
    pub(in crate::cli) default: usize,
}

/// A question that is answered in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Prompt {
    pub(in crate::cli) title: String,
    /// What Enter alone answers.
    pub(in crate::cli) default: String,
}

/// What somebody answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Reply<T> {
    /// This.
    Answer(T),
    /// To the question before.
    Back,
    /// To the end, with nothing done.
    Quit,
}

/// Who asks, and is answered.
pub(in crate::cli) trait Screen {
    /// Says something that stays.
    fn say(&mut self, text: &str) -> io::Result<()>;
    /// Asks for one of several.
    fn choose(&mut self, menu: &Menu) -> io::Result<Reply<usize>>;
    /// Asks for any number of several.
    fn pick(&mut self, menu: &Menu) -> io::Result<Reply<Vec<usize>>>;
    /// Asks for words.
    fn line(&mut self, prompt: &Prompt) -> io::Result<Reply<String>>;
    /// Asks for words that nobody else may see, exactly as they are typed.
    fn secret(&mut self, title: &str) -> io::Result<Reply<String>>;
}

/// Breaks a text into lines of at most so many columns, at blanks where there
/// are any. What is indented goes on indented. The lines of a command stay as
/// they are: a shell would take them as several, and blanks count in names.
pub(in crate::cli) fn wrap(text: &str, width: usize) -> Vec<String> {
    let text = tame(text);
    let mut goes_on = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        let is_command = goes_on || line.trim_start().starts_with("lionize ");
        goes_on = is_command && line.ends_with('\\');
        match is_command {
            true => lines.push(line.to_owned()),
            false => lines.extend(wrap_line(line, width.max(8))),
        }
    }
    lines
}

fn wrap_line(line: &str, width: usize) -> Vec<String> {
    let blanks: String = line.chars().take_while(|c| *c == ' ').take(width / 4).collect();
    let mut lines = Vec::new();
    let mut now = blanks.clone();
    // What is an item of a list goes on behind its mark.
    let indent = format!("{blanks}{}", " ".repeat(mark(&line[blanks.len()..])));
    for word in line.split(' ').filter(|word| !word.is_empty()) {
        let room = width.saturating_sub(columns(&now));
        let gap = usize::from(!now.trim().is_empty());
        if gap > 0 && columns(word) + gap > room {
            lines.push(std::mem::replace(&mut now, indent.clone()));
        } else if gap > 0 {
            now.push(' ');
        }
        for c in word.chars() {
            if columns(&now) + columns(c.encode_utf8(&mut [0; 4])) > width {
                lines.push(std::mem::replace(&mut now, indent.clone()));
            }
            now.push(c);
        }
    }
    lines.push(now.trim_end().to_owned());
    lines
}

/// The columns of a list's mark that a text begins with: `- `, or `2. `.
fn mark(text: &str) -> usize {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    match text.get(digits..) {
        Some(rest) if digits > 0 && rest.starts_with(". ") => digits + 2,
        _ if text.starts_with("- ") => 2,
        _ => 0,
    }
}

/// The columns that a text takes.
pub(in crate::cli) fn columns(text: &str) -> usize {
    console::measure_text_width(text)
}

/// A text that takes at most so many columns.
pub(in crate::cli) fn cut(text: &str, width: usize) -> String {
    console::truncate_str(&tame(text), width, "\u{2026}").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_blanks_and_keep_their_indent() {
        assert_eq!(wrap("a bc def ghij", 8), ["a bc def", "ghij"]);
        assert_eq!(wrap("  one two three", 9), ["  one two", "  three"]);
        assert_eq!(wrap(" - one two three", 10), [" - one two", "   three"]);
        assert_eq!(wrap("  2. one two three", 12), ["  2. one two", "     three"]);
        assert_eq!(wrap("10.7 one two", 9), ["10.7 one", "two"]);
        assert_eq!(wrap("123456789012", 10), ["1234567890", "12"]);
        assert_eq!(wrap("", 80), Vec::<String>::new());
        assert_eq!(wrap("a\n\nb", 80), ["a", "", "b"]);
        // Wide characters take two columns each.
        assert_eq!(wrap("\u{65e5}\u{672c}\u{8a9e}\u{65e5}\u{672c}", 8).len(), 2);
    }

    /// Names of volumes and files are somebody else's.
    #[test]
    fn nothing_that_is_shown_moves_the_cursor() {
        assert_eq!(wrap("a\u{1b}[2Jb", 80), ["a\u{fffd}[2Jb"]);
        assert_eq!(cut("\u{202e}abcdefgh\u{1b}", 6), "\u{fffd}abcd\u{2026}");
    }

    #[test]
    fn a_command_is_not_broken() {
        let command = "  lionize build lion --input \\\n      'installer=/a  b/c d.dmg' --output o";
        let text = format!("To do it:\n{command}\nand no more");
        let lines = wrap(&text, 10);
        assert_eq!(lines[..1], ["To do it:"]);
        assert_eq!(lines[1..3].join("\n"), command);
        assert_eq!(lines[3..], ["and no", "more"]);
    }
}
