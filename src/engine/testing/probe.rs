//! What is looked for in bytes that stream past, whoever reads them.

use crate::engine::hash::hex;
use sha2::{Digest, Sha256};

/// A digest or a search, while bytes come in.
pub(super) enum Probe {
    Digest(Box<Sha256>),
    Search {
        text: Vec<u8>,
        /// The end of what came, shorter than the text.
        tail: Vec<u8>,
        met: bool,
        bytes: u64,
    },
}

impl Probe {
    pub(super) fn digest() -> Self {
        Self::Digest(Box::new(Sha256::new()))
    }

    pub(super) fn search(text: &str) -> Self {
        let (text, tail) = (text.as_bytes().to_vec(), Vec::new());
        Self::Search { text, tail, met: false, bytes: 0 }
    }

    pub(super) fn take(&mut self, piece: &[u8]) {
        match self {
            Self::Digest(sha256) => sha256.update(piece),
            Self::Search { text, tail, met, bytes } => {
                *bytes += piece.len() as u64;
                if *met || text.is_empty() {
                    *met = true;
                    return;
                }
                let head = &piece[..piece.len().min(text.len() - 1)];
                tail.extend_from_slice(head);
                *met = has(tail, text) || has(piece, text);
                if piece.len() >= text.len() {
                    tail.clear();
                    tail.extend_from_slice(&piece[piece.len() - (text.len() - 1)..]);
                } else {
                    let keep = tail.len().min(text.len() - 1);
                    tail.drain(..tail.len() - keep);
                }
            }
        }
    }

    /// What was found: the digest's digits; for a search, what it says of the
    /// text it did not find.
    pub(super) fn finish(self) -> Answer {
        match self {
            Self::Digest(sha256) => Answer::Digest(hex(sha256.finalize())),
            Self::Search { met, bytes, .. } => Answer::Met { met, bytes },
        }
    }
}

/// What a probe found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Digest(String),
    Met { met: bool, bytes: u64 },
}

fn has(bytes: &[u8], text: &[u8]) -> bool {
    // Whoever looks for one byte finds it by the same way.
    let Some((first, rest)) = text.split_first() else { return true };
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| byte == first) {
        let after = from + at + 1;
        if bytes[after..].starts_with(rest) {
            return true;
        }
        from = after;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(text: &str, pieces: &[&str]) -> bool {
        let mut probe = Probe::search(text);
        pieces.iter().for_each(|piece| probe.take(piece.as_bytes()));
        matches!(probe.finish(), Answer::Met { met: true, .. })
    }

    #[test]
    fn a_text_is_found_however_the_bytes_come() {
        for text in ["lion", "n", "aab", "lionlio"] {
            let whole = format!("xxaa{text}yy");
            for size in 1..=whole.len() {
                let pieces: Vec<_> = whole
                    .as_bytes()
                    .chunks(size)
                    .map(|p| std::str::from_utf8(p).unwrap())
                    .collect();
                assert!(met(text, &pieces), "{text} in {pieces:?}");
                assert!(!met(&format!("{text}Z"), &pieces), "{text}Z in {pieces:?}");
            }
        }
        assert!(!met("ab", &["a", "", "c", "b"]));
    }
}
