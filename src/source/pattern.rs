//! Which paths are meant: `*` is any run of characters in a name, `?` is one,
//! `**` is any folders; all else is itself.
//!
//! A pattern is walked name by name: what it has matched so far is a set of
//! places in it, so that an archive's paths are judged as they come by.

use crate::volume::Name;

/// The most parts of a pattern: its places are bits of a number.
const MAX_PARTS: usize = 62;

/// A path that may stand for several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Name(Name),
    Glob(String),
    Deep,
}

/// How much of a pattern a path has matched: bit `n` for its first `n` parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    places: u64,
    /// The last name was called by its name.
    named: bool,
}

impl Pattern {
    /// Parses a path.
    ///
    /// # Errors
    /// Says why: a `..`, or more than 62 parts.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts = text.split('/').filter(|part| !part.is_empty() && *part != ".");
        let part = |part: &str| match part {
            ".." => Err("a path may not climb with `..`".to_owned()),
            "**" => Ok(Part::Deep),
            // Decomposed, as the names are that it is compared with.
            part if is_glob(part) => Ok(Part::Glob(Name::from_text(part).to_string())),
            part => Ok(Part::Name(Name::from_text(part))),
        };
        let parts = parts.map(part).collect::<Result<Vec<_>, _>>()?;
        if parts.len() > MAX_PARTS {
            return Err(format!("a pattern may have {MAX_PARTS} parts, not {}", parts.len()));
        }
        Ok(Self { parts })
    }

    /// The pattern of one path, whose names stand for themselves.
    pub(super) fn literal(names: &[&str]) -> Self {
        let parts = names.iter().take(MAX_PARTS).map(|name| Part::Name(Name::from_text(name)));
        Self { parts: parts.collect() }
    }

    /// What nothing but the top has matched.
    pub(super) fn start(&self) -> Matched {
        Matched { places: self.close(1), named: false }
    }

    /// What has matched when `name` follows.
    pub(super) fn step(&self, from: Matched, name: &Name) -> Matched {
        let mut to = Matched::default();
        let mut text = None;
        for (index, part) in self.parts.iter().enumerate() {
            if from.places & 1 << index == 0 {
                continue;
            }
            match part {
                Part::Deep => to.places |= 1 << index,
                Part::Name(wanted) if wanted == name => {
                    to.places |= 1 << (index + 1);
                    to.named = true;
                }
                Part::Name(_) => {}
                Part::Glob(glob) => {
                    let text: &String = text.get_or_insert_with(|| name.to_string());
                    if fits(glob.as_bytes(), text.as_bytes()) {
                        to.places |= 1 << (index + 1);
                    }
                }
            }
        }
        // What is below a match is meant with it.
        to.places |= from.places & 1 << self.parts.len();
        to.places = self.close(to.places);
        to
    }

    /// Whether all parts have matched, here or above.
    pub(super) fn is_met(&self, matched: Matched) -> bool {
        matched.places & 1 << self.parts.len() != 0
    }

    /// Whether a container here may hold what is meant.
    pub(super) fn may_lead_on(&self, matched: Matched, name: &Name) -> bool {
        matched.named || matched.is_open() && is_part(&name.to_string())
    }

    /// `**` may stand for no folder at all.
    fn close(&self, mut places: u64) -> u64 {
        for (index, part) in self.parts.iter().enumerate() {
            if *part == Part::Deep && places & 1 << index != 0 {
                places |= 1 << (index + 1);
            }
        }
        places
    }
}

impl Matched {
    /// Whether the last name was called by its name.
    pub(super) const fn was_named(self) -> bool {
        self.named
    }

    /// Whether anything below may still match.
    pub(super) const fn is_open(self) -> bool {
        self.places != 0
    }
}

/// Whether a name in a path stands for several.
#[must_use]
pub fn is_glob(part: &str) -> bool {
    part.contains(['*', '?'])
}

/// Whether a name is one that parts of packages have: `**` goes into these.
pub(super) fn is_part(name: &str) -> bool {
    let ends = |end: &str| {
        let at = name.len().checked_sub(end.len());
        at.and_then(|at| name.get(at..)).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
    };
    name == "Payload"
        || [".pkg", ".mpkg", ".pax.gz", ".tar", ".tar.gz", ".tgz", ".dmg"].into_iter().any(ends)
}

/// Whether a glob stands for a whole name.
fn fits(glob: &[u8], text: &[u8]) -> bool {
    let (mut g, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match glob.get(g) {
            Some(b'*') => {
                star = Some((g, t));
                g += 1;
            }
            Some(b'?') => {
                g += 1;
                t += 1;
                // The rest of a character of several bytes, and its accents.
                while t < text.len() && (text[t] & 0xc0 == 0x80 || is_accent(&text[t..])) {
                    t += 1;
                }
            }
            Some(byte) if *byte == text[t] => (g, t) = (g + 1, t + 1),
            _ => match &mut star {
                Some((at, from)) => {
                    *from += 1;
                    (g, t) = (*at + 1, *from);
                }
                None => return false,
            },
        }
    }
    glob[g..].iter().all(|byte| *byte == b'*')
}

/// Whether text begins with a combining mark: U+0300 to U+036F.
fn is_accent(text: &[u8]) -> bool {
    matches!(text, [0xcc, 0x80..=0xbf, ..] | [0xcd, 0x80..=0xaf, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `met`, `open` (something below may match) or `no`.
    fn found(pattern: &str, path: &str) -> &'static str {
        let pattern = Pattern::parse(pattern).unwrap();
        let names = path.split('/').filter(|name| !name.is_empty()).map(Name::from_text);
        let matched = names.fold(pattern.start(), |at, name| pattern.step(at, &name));
        match (pattern.is_met(matched), matched.is_open()) {
            (true, _) => "met",
            (false, true) => "open",
            (false, false) => "no",
        }
    }

    #[test]
    fn paths_match_themselves_and_what_is_below() {
        assert_eq!(found("a/b", "a"), "open");
        assert_eq!(found("a/b", "a/b"), "met");
        assert_eq!(found("./a//b/", "a/b/c/d"), "met");
        assert_eq!(found("a/b", "a/c"), "no");
        assert_eq!(found("a/b", "x/b"), "no");
        assert_eq!(found("", "a"), "met");
        let refused = |pattern: &str| Pattern::parse(pattern).unwrap_err();
        assert_eq!(refused("a/../b"), "a path may not climb with `..`");
        assert_eq!(refused(&"a/".repeat(63)), "a pattern may have 62 parts, not 63");
    }

    #[test]
    fn stars_stand_for_names_and_folders() {
        assert_eq!(found("**/Server.app", "Server.app"), "met");
        assert_eq!(found("**/Server.app", "Applications/Server.app/Contents"), "met");
        assert_eq!(found("**/Server.app", "Applications/Other.app"), "open");
        assert_eq!(found("*.pkg/Payload", "Sub.pkg/Payload"), "met");
        assert_eq!(found("*.pkg/Payload", "Sub.mpkg/Payload"), "no");
        assert_eq!(found("a/**/b/*c", "a/x/y/b/xyc"), "met");
        assert_eq!(found("a/**", "a"), "met");
        assert_eq!(found("?", "ü"), "met");
        assert_eq!(found("a*b*c", "aXbYbc"), "met");
        assert_eq!(found("a*b*c", "aXbYb"), "no");
    }

    #[test]
    fn containers_are_entered_where_they_are_meant() {
        let pattern = Pattern::parse("**/Server.app").unwrap();
        let lead = |name: &str| {
            let name = Name::from_text(name);
            pattern.may_lead_on(pattern.step(pattern.start(), &name), &name)
        };
        assert!(lead("Payload") && lead("Sub.PKG") && lead("Archive.pax.gz"));
        assert!(!lead("Bom") && !lead("gpkg"));
        let pattern = Pattern::parse("a.bin/x").unwrap();
        let name = Name::from_text("a.bin");
        assert!(pattern.may_lead_on(pattern.step(pattern.start(), &name), &name));
    }
}
