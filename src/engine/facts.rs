//! What is known of the inputs and params, and how it gets into texts.

use crate::engine::problem::{Problem, Result};
use crate::recipe::{Condition, Piece, pieces};
use crate::volume::VPath;
use std::collections::BTreeMap;

/// Facts by what they are of (an input, or `params`) and their name.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts(BTreeMap<(String, String), String>);

impl Facts {
    pub(super) fn set(&mut self, of: &str, fact: &str, value: impl Into<String>) {
        self.0.insert((of.to_owned(), fact.to_owned()), value.into());
    }

    pub(super) fn get(&self, of: &str, fact: &str) -> Option<&str> {
        self.0.get(&(of.to_owned(), fact.to_owned())).map(String::as_str)
    }

    /// A text with its placeholders filled.
    pub(super) fn fill(&self, text: &str) -> Result<String> {
        self.fill_or(text, |of, fact| {
            let other = match fact.strip_suffix("-sha512") {
                Some(pbkdf2) => self.get(of, pbkdf2).map(|_| "PBKDF2, which 10.7 does not take"),
                None => self
                    .get(of, &format!("{fact}-sha512"))
                    .map(|_| "salted SHA-512, which only 10.7 takes"),
            };
            if let Some(other) = other {
                let sentence = format!("`{fact}` is not given as a hash that this system takes");
                return Err(Problem::usage(sentence)
                    .because(format!("the hash given is {other}"))
                    .hint("a Mac locks out whom it cannot check: give a hash of the other kind"));
            }
            let sentence = format!("the recipe asks for {{{of}.{fact}}}, which is not known");
            Err(Problem::bad_input(sentence).because(match fact {
                "product" | "version" | "build" => {
                    format!("`{of}` holds no readable SystemVersion.plist")
                }
                _ => format!("`{of}` was not given"),
            }))
        })
    }

    /// A text with its placeholders filled, or called unknown.
    pub(super) fn fill_known(&self, text: &str) -> String {
        self.fill_or(text, |_, fact| Ok(format!("(unknown {fact})"))).unwrap_or_default()
    }

    fn fill_or(&self, text: &str, or: impl Fn(&str, &str) -> Result<String>) -> Result<String> {
        let piece = |piece: Piece<'_>| match piece {
            Piece::Plain(text) => Ok(text.to_owned()),
            Piece::Hole { of, fact } => match self.get(of, fact) {
                Some(value) => Ok(value.to_owned()),
                None => or(of, fact),
            },
        };
        pieces(text).into_iter().map(piece).collect()
    }

    /// A path with its placeholders filled.
    pub(super) fn path(&self, text: &str) -> Result<VPath> {
        let text = self.fill(text)?;
        VPath::parse(&text)
            .map_err(|why| Problem::bad_input(format!("`{text}` is no path")).because(why))
    }

    /// Whether a condition holds; none always does.
    pub(super) fn hold(&self, condition: Option<&Condition>) -> bool {
        let all = condition.into_iter().flat_map(|condition| &condition.0);
        all.into_iter().all(|one| one.holds(self.get(&one.of, &one.fact)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_of_the_wrong_kind_is_told() {
        let fill = |given: &str, wanted: &str| {
            let mut facts = Facts::default();
            facts.set("params", given, "x".to_owned());
            facts.fill(&format!("{{params.{wanted}}}")).unwrap_err().to_string()
        };
        let hint = "a Mac locks out whom it cannot check: give a hash of the other kind";
        assert_eq!(
            fill("password", "password-sha512"),
            format!(
                "`password-sha512` is not given as a hash that this system takes\n  the hash given is \
                 PBKDF2, which 10.7 does not take\n  hint: {hint}"
            )
        );
        assert_eq!(
            fill("password-sha512", "password"),
            format!(
                "`password` is not given as a hash that this system takes\n  the hash given is salted \
                 SHA-512, which only 10.7 takes\n  hint: {hint}"
            )
        );
    }
}
