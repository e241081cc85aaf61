//! Mistakes in a recipe, each with its place, all reported at once.

use crate::recipe::Position;
use std::fmt;

/// Something wrong in a recipe's text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// Where.
    pub at: Position,
    /// What, as the end of a line.
    pub message: String,
    /// The word that was perhaps meant.
    pub suggestion: Option<String>,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.message)?;
        self.suggestion.as_ref().map_or(Ok(()), |word| write!(f, "; did you mean `{word}`?"))
    }
}

/// The line that a mistake is in, with its number, and below it a mark under
/// what is wrong. `None` when the text has no such line.
#[must_use]
pub fn excerpt(text: &str, at: &Position) -> Option<String> {
    /// The most characters of a line that are shown, and those before the mark.
    const WIDTH: usize = 72;
    const BEFORE: usize = 32;
    let line: Vec<char> = text
        .lines()
        .nth(at.line.checked_sub(1)?)?
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let from = at.column.checked_sub(1)?.min(line.len());
    let skipped = if line.len() > WIDTH { from.saturating_sub(BEFORE) } else { 0 };
    let shown: String = line.iter().skip(skipped).take(WIDTH).collect();
    let number = at.line.to_string();
    let (gutter, gap) = (" ".repeat(number.len()), " ".repeat(from - skipped));
    let mark = "^".repeat(word_at(&line[from..]).min(WIDTH - (from - skipped)).max(1));
    Some(format!("{number} | {}\n{gutter} | {gap}{mark}", shown.trim_end()))
}

/// How many characters the word has that begins here: one in quotes, or a
/// bare key or value, or a table's name in brackets.
fn word_at(line: &[char]) -> usize {
    let until = |end: char| line.iter().skip(1).position(|c| *c == end).map_or(1, |at| at + 2);
    match line.first() {
        Some(quote @ ('"' | '\'')) => until(*quote),
        Some('[') => line.iter().rposition(|c| *c == ']').map_or(1, |at| at + 1),
        Some(_) => line.iter().take_while(|c| c.is_alphanumeric() || "_-.+".contains(**c)).count(),
        None => 1,
    }
}

/// The known word that is nearest to one that is not, if any is near.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.into_iter().map(|known| (distance(word, known), known));
    let limit = (word.chars().count() / 3).max(1);
    near.filter(|(far, _)| *far <= limit).min().map(|(_, known)| known)
}

/// The edits (insert, delete, change, swap neighbours) from one word to another.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<_>, Vec<_>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_under_what_is_wrong() {
        let text = "a = 1\n[media]\n\tsector = \"x y\" # so\n";
        let at = |line, column| {
            excerpt(text, &Position { file: String::new(), line, column }).unwrap_or_default()
        };
        assert_eq!(at(1, 5), "1 | a = 1\n  |     ^");
        assert_eq!(at(2, 1), "2 | [media]\n  | ^^^^^^^");
        assert_eq!(at(3, 2), "3 |  sector = \"x y\" # so\n  |  ^^^^^^");
        assert_eq!(at(3, 11), "3 |  sector = \"x y\" # so\n  |           ^^^^^");
        assert_eq!(at(3, 900), format!("3 |  sector = \"x y\" # so\n  | {}^", " ".repeat(20)));
        assert_eq!((at(4, 1), at(0, 1)), (String::new(), String::new()));
        let long = format!("{}wrong{}", "a ".repeat(300), " b".repeat(300));
        let at = Position { file: String::new(), line: 1, column: 601 };
        let shown = excerpt(&long, &at).unwrap();
        assert!(shown.lines().all(|line| line.chars().count() <= 76), "{shown}");
        assert!(shown.ends_with(&format!("\n  | {}^^^^^", " ".repeat(32))), "{shown}");
    }

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        assert_eq!(nearest("lable", ["label", "link"]), Some("label"));
        assert_eq!(nearest("form", ["from", "to"]), Some("from"));
        assert_eq!(nearest("fix", ["from", "to"]), None);
        assert_eq!(distance("", "abc"), 3);
    }
}
