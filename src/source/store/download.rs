//! What is to be fetched, under which rules, and what came of it.

use crate::source::http::{Address, Mirror};
use crate::source::store::hex;
use std::path::PathBuf;
use std::time::Duration;

/// The most bytes of a file whose size nobody said: more than any installer.
const MOST: u64 = 64 << 30;
/// The most bytes of a file that a signature alone holds.
const SMALL: u64 = 16 << 20;

/// A file to fetch, and how it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// Where it is, best first. Where Apple gives plain http, https is tried
    /// before.
    pub urls: Vec<String>,
    /// Its size.
    pub size: Option<u64>,
    /// Its SHA-256.
    pub sha256: Option<[u8; 32]>,
    /// Its SHA-1.
    pub sha1: Option<[u8; 20]>,
    /// The caller proves a signature or a chunklist in it afterwards, and
    /// refuses the file (with [`Store::forget`]) when that fails. With a size,
    /// or a small limit to it, this allows plain http.
    ///
    /// [`Store::forget`]: crate::source::store::Store::forget
    pub signed: bool,
    /// The user named the server and takes what it has: plain http is allowed,
    /// though nothing proves the file.
    pub unproven: bool,
    /// The most bytes that are taken when the size is not known.
    pub most: u64,
    /// A cookie that the server wants; it goes to no other host, and no mirror.
    pub cookie: Option<String>,
}

impl Download {
    /// A file of which only its address is known: by https alone.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            urls: vec![url.into()],
            size: None,
            sha256: None,
            sha1: None,
            signed: false,
            unproven: false,
            most: MOST,
            cookie: None,
        }
    }

    /// Whether the file may come without TLS.
    #[must_use]
    pub fn is_held(&self) -> bool {
        let signed = self.signed && (self.size.is_some() || self.most <= SMALL);
        self.unproven || self.has_digest() || signed
    }

    /// Whether a digest of the file is known.
    #[must_use]
    pub fn has_digest(&self) -> bool {
        self.sha256.is_some() || self.sha1.is_some()
    }

    /// Its name, for messages.
    #[must_use]
    pub fn name(&self) -> String {
        let address = self.urls.first().and_then(|url| Address::parse(url).ok());
        let by_digest = || self.sha256.map_or_else(|| "a file".to_owned(), hex);
        address.map_or_else(by_digest, |address| address.name().to_owned())
    }
}

/// Where a stored file came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// It was in the store.
    Store,
    /// It was fetched now.
    Network {
        /// From where, after redirects.
        url: String,
        /// Whether by https all the way.
        secure: bool,
        /// How many bytes had come before, by runs that did not finish.
        resumed: u64,
    },
}

/// A file in the store, whole, with the size and digests that were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Where it is. It is not to be changed.
    pub path: PathBuf,
    /// Its SHA-256, computed just now.
    pub sha256: [u8; 32],
    /// Its size.
    pub bytes: u64,
    /// Where it came from.
    pub came: Came,
    /// Whether it came by https all the way, now or when it was fetched; where
    /// that is not known, it did not.
    pub secure: bool,
}

/// The rules of all fetching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Nothing is fetched: what is not in the store is missing.
    pub offline: bool,
    /// Everything is fetched from here instead.
    pub mirror: Option<Mirror>,
    /// The most transfers at a time.
    pub parallel: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self { offline: false, mirror: None, parallel: 4 }
    }
}

/// How much is borne with servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// In each of these spans ...
    pub window: Duration,
    /// ... at least so many bytes must come.
    pub least: u64,
    /// How often in a row a transfer may fail without bringing a byte.
    pub tries: u32,
    /// How often it may fail at all.
    pub failures: u32,
    /// The first wait behind a failure; each further one is twice as long.
    pub wait: Duration,
    /// The longest wait, also when a server asks for more.
    pub longest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(30),
            least: 30 << 10,
            tries: 5,
            failures: 100,
            wait: Duration::from_secs(1),
            longest: Duration::from_secs(60),
        }
    }
}
