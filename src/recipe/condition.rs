//! Conditions: `installer.version >= 10.7.4 and params.server == yes`.

use crate::recipe::text::is_word;
use crate::recipe::{Comparison, Condition, Operator};
use std::cmp::Ordering;

/// Longer ones first, so that `<=` is not read as `<`.
const OPERATORS: [(&str, Operator); 6] = [
    ("==", Operator::Equal),
    ("!=", Operator::Unequal),
    ("<=", Operator::AtMost),
    (">=", Operator::AtLeast),
    ("<", Operator::Less),
    (">", Operator::More),
];

/// Parses a condition, or says what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Condition, String> {
    text.split(" and ").map(|part| comparison(part.trim())).collect::<Result<_, _>>().map(Condition)
}

fn comparison(text: &str) -> Result<Comparison, String> {
    let found = OPERATORS.iter().filter_map(|(sign, by)| Some((text.find(sign)?, sign, *by)));
    let Some((at, sign, by)) = found.min_by_key(|(at, sign, _)| (*at, 2 - sign.len())) else {
        return Err(format!(
            "`{text}` is no comparison; write one like `installer.version == 10.7.5`"
        ));
    };
    let (left, value) = (text[..at].trim(), text[at + sign.len()..].trim());
    let Some((of, fact)) = left.split_once('.').filter(|(a, b)| is_word(a) && is_word(b)) else {
        return Err(format!("`{left}` is no fact; write one like `installer.version`"));
    };
    let value = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
    if value.is_empty() || value.contains(['=', '<', '>', '"']) {
        return Err(format!("`{text}` compares with nothing that is a word or a version"));
    }
    Ok(Comparison { of: of.into(), fact: fact.into(), by, value: value.into() })
}

impl Comparison {
    /// Whether it holds for this fact. What is not known equals nothing.
    #[must_use]
    pub fn holds(&self, fact: Option<&str>) -> bool {
        let order = fact.map(|fact| compare(fact, &self.value));
        match self.by {
            Operator::Equal => order == Some(Ordering::Equal),
            Operator::Unequal => order != Some(Ordering::Equal),
            Operator::Less => order == Some(Ordering::Less),
            Operator::AtMost => order.is_some_and(Ordering::is_le),
            Operator::More => order == Some(Ordering::Greater),
            Operator::AtLeast => order.is_some_and(Ordering::is_ge),
        }
    }
}

/// Compares by numbers where both are versions (`10.7` is `10.7.0`), else as text.
fn compare(a: &str, b: &str) -> Ordering {
    let version = |text: &str| -> Option<Vec<u32>> {
        text.split('.').map(|part| part.parse().ok()).collect()
    };
    match (version(a), version(b)) {
        (Some(mut a), Some(mut b)) => {
            let len = a.len().max(b.len());
            a.resize(len, 0);
            b.resize(len, 0);
            a.cmp(&b)
        }
        _ => a.cmp(b),
    }
}

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, comparison) in self.0.iter().enumerate() {
            let Comparison { of, fact, by, value } = comparison;
            let sign = OPERATORS.iter().find(|(_, known)| known == by).map_or("", |(sign, _)| sign);
            let and = if index > 0 { " and " } else { "" };
            write!(f, "{and}{of}.{fact} {sign} {value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(text: &str, fact: Option<&str>) -> bool {
        parse(text).unwrap().0[0].holds(fact)
    }

    #[test]
    fn versions_compare_by_numbers() {
        assert!(holds("i.version >= 10.7.4", Some("10.10")));
        assert!(holds("i.version == 10.7", Some("10.7.0")));
        assert!(!holds("i.version < 10.7.5", Some("10.7.5")));
        assert!(holds("i.build == 11G63b", Some("11G63b")));
        assert!(!holds("i.build == 11G63", Some("11G63b")));
        assert!(holds("i.build != 11G63", None));
        assert!(!holds("i.version <= 99", None));
        assert_eq!(
            parse("i.version>=10.7 and params.x==\"a b\"").unwrap().to_string(),
            "i.version >= 10.7 and params.x == a b"
        );
    }

    #[test]
    fn mistakes_say_what_to_write() {
        let error = |text| parse(text).unwrap_err();
        assert_eq!(
            error("10.7"),
            "`10.7` is no comparison; write one like `installer.version == 10.7.5`"
        );
        assert_eq!(
            error("version == 1"),
            "`version` is no fact; write one like `installer.version`"
        );
        assert_eq!(error("a.b == "), "`a.b ==` compares with nothing that is a word or a version");
        assert_eq!(
            error("a.b === c"),
            "`a.b === c` compares with nothing that is a word or a version"
        );
    }
}
