//! Patterns: `*` is any run of characters, `?` is one, `**` is any folders.

use crate::volume::{NodeId, Tree};

/// Matches a whole text; gives what each `*` and `?` stood for (the shortest
/// that does), or nothing.
pub(super) fn captures<'t>(pattern: &str, text: &'t [u8]) -> Option<Vec<&'t [u8]>> {
    let pattern = pattern.as_bytes();
    let mut spans: Vec<(usize, usize)> = Vec::new();
    let (mut p, mut t) = (0, 0);
    // Where to go on when it does not fit: behind the last star, whose run grows by one.
    let mut last_star: Option<(usize, usize)> = None;
    loop {
        match pattern.get(p) {
            Some(b'*') => {
                spans.push((t, t));
                p += 1;
                last_star = Some((p, spans.len()));
                continue;
            }
            Some(b'?') if t < text.len() => {
                let len = character(&text[t..]);
                spans.push((t, t + len));
                (p, t) = (p + 1, t + len);
                continue;
            }
            Some(byte) if text.get(t) == Some(byte) => {
                (p, t) = (p + 1, t + 1);
                continue;
            }
            None if t == text.len() => break,
            _ => {}
        }
        let (behind, count) = last_star?;
        spans.truncate(count);
        // A star was pushed before its place was noted.
        let star = spans.last_mut()?;
        if star.1 >= text.len() {
            return None;
        }
        star.1 += character(&text[star.1..]);
        (p, t) = (behind, star.1);
    }
    Some(spans.into_iter().map(|(from, to)| &text[from..to]).collect())
}

/// The bytes of the character that a text begins with (1 where it is not UTF-8).
fn character(text: &[u8]) -> usize {
    let len = match text.first() {
        Some(0xc0..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf7) => 4,
        _ => 1,
    };
    if text.len() >= len && text[1..len].iter().all(|byte| byte & 0xc0 == 0x80) { len } else { 1 }
}

/// The files that a pattern of paths names, in the order of the tree.
pub(super) fn files(tree: &Tree, pattern: &str) -> Vec<NodeId> {
    let parts: Vec<_> = pattern.split('/').filter(|part| !part.is_empty()).collect();
    let mut found = vec![tree.root()];
    for part in parts {
        let mut next = Vec::new();
        for dir in found {
            if part == "**" {
                next.extend(tree.walk(dir).filter(|id| tree.is_dir(*id)));
            } else {
                let fits = |id: &&NodeId| fits(tree, part, **id);
                next.extend(tree.children(dir).iter().filter(fits));
            }
        }
        let mut seen = std::collections::HashSet::new();
        next.retain(|id| seen.insert(*id));
        found = next;
    }
    found.retain(|id| tree.kind(*id) == crate::volume::Kind::File);
    found
}

fn fits(tree: &Tree, part: &str, id: NodeId) -> bool {
    let name = &tree.node(id).name;
    if !part.contains(['*', '?']) {
        let wanted = crate::volume::Name::from_text(part);
        return tree.case().compare(wanted.units(), name.units()).is_eq();
    }
    captures(part, name.to_string().as_bytes()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(pattern: &str, text: &str) -> Option<Vec<String>> {
        let found = captures(pattern, text.as_bytes())?;
        Some(found.iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect())
    }

    #[test]
    fn stars_take_the_shortest_run() {
        let some = |parts: &[&str]| Some(parts.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(parts("abc", "abc"), some(&[]));
        assert_eq!(parts("a*c", "abbc"), some(&["bb"]));
        assert_eq!(parts("*.c*", "a.b.conf"), some(&["a.b", "onf"]));
        assert_eq!(parts("?b", "üb"), some(&["ü"]));
        assert_eq!(parts("*", ""), some(&[""]));
        assert_eq!(parts("", "a"), None);
        assert_eq!(parts("a?", "a"), None);
        assert_eq!(parts("*a*b", "xaxc"), None);
        let long = "a".repeat(5000);
        assert_eq!(parts("*a*a*a*a*a*a*b", &long), None);
    }
}
