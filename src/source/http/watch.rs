//! Who watches a download, and may stop it.

/// Is told how a download goes. `()` watches nothing and never stops.
pub trait Watch: Sync {
    /// So many further bytes are there.
    fn advanced(&self, bytes: u64) {
        let _ = bytes;
    }

    /// Whether the work should stop. What came so far is kept.
    fn stopped(&self) -> bool {
        false
    }

    /// A transfer begins: of what, how many bytes of it are there already, how
    /// many it has if that is known. Said again when it begins anew.
    fn started(&self, what: &str, done: u64, total: Option<u64>) {
        let _ = (what, done, total);
    }

    /// Something that the user should know, and that stops nothing: a sentence.
    fn warned(&self, text: &str) {
        let _ = text;
    }
}

impl Watch for () {}
