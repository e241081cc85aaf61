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
    fn near_words_are_found_and_far_ones_are_not() {
        assert_eq!(nearest("lable", ["label", "link"]), Some("label"));
        assert_eq!(nearest("form", ["from", "to"]), Some("from"));
        assert_eq!(nearest("fix", ["from", "to"]), None);
        assert_eq!(distance("", "abc"), 3);
    }
}
