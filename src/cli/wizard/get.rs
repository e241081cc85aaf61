//! How to get an installer that one does not have.

use crate::source::known;

/// What is known of where Apple has the installers of these releases.
pub(super) fn text(releases: &[String]) -> String {
    let mut text = String::new();
    for release in releases {
        let known = known::of(release, "");
        for offer in &known.offered {
            text += &format!("{} {}, from Apple:\n", known.name, offer.version);
            text += &address(&offer.url);
        }
    }
    if !text.is_empty() {
        text += "These addresses were published by Apple in 2021; nobody checked today that\n\
                 they still are. Fetch one with a browser, then look again.\n";
    }
    if releases.iter().any(|release| matches!(release.as_str(), "10.7" | "10.8" | "10.9")) {
        text += "A Mac of that time gets its own from Apple's recovery server; here with\n\
                 \x20 lionize fetch installer --board-id ID --serial SERIAL --rom HEX --to DIR\n";
    }
    text + "A Mac that downloaded it has \"Install ....app\" in /Applications. It is Apple's:\n\
            mind its licence, and get it from nobody else."
}

/// An address on two lines, broken before the last part: whole, it would wrap.
fn address(url: &str) -> String {
    let mut line = String::from("  ");
    let mut text = String::new();
    for part in url.split_inclusive('/') {
        if line.len() + part.len() > 78 {
            text += &line;
            text += "\n";
            line = String::from("    ");
        }
        line += part;
    }
    text + &line + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_fit_and_lose_nothing() {
        let text = text(&["10.7".to_owned(), "10.8".to_owned()]);
        assert!(text.lines().all(|line| line.len() < 80), "{text}");
        let joined: String = text.split_whitespace().collect();
        for known in ["10.7", "10.8"].map(|release| known::of(release, "")) {
            assert!(joined.contains(&known.offered[0].url));
        }
    }
}
