//! Fetching over HTTP: a small trait, and the client behind it.
//!
//! [`Fetcher`] does one exchange. What makes a download of it (redirects,
//! resuming, patience, proof) is `follow` here and the [store] above, so all
//! of it is tested with fetchers that touch no network.
//!
//! Not supported: HTTP/2 (Apple's servers are known for oddities with it),
//! uploads, authentication other than in the URL.
//!
//! [store]: crate::source::store

mod client;
mod clock;
mod fault;
mod follow;
mod pace;
mod url;
mod watch;

pub use client::{Client, Settings};
pub use clock::{Clock, SystemClock};
pub use fault::Fault;
pub use follow::{Followed, follow};
pub use pace::Pace;
pub use url::{Address, Mirror};
pub use watch::Watch;

use std::fmt;
use std::io::Read;

/// What is asked of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Where: an `http` or `https` address.
    pub url: String,
    /// Header fields, in order.
    pub headers: Vec<(String, String)>,
    /// What is sent with a POST; without it this is a GET.
    pub body: Option<Vec<u8>>,
}

impl Request {
    /// A GET of an address.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), headers: Vec::new(), body: None }
    }

    /// A POST to an address.
    #[must_use]
    pub fn post(url: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self { url: url.into(), headers: Vec::new(), body: Some(body.into()) }
    }

    /// Adds a header field.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// What a server answered; its body is still on the way.
pub struct Response {
    /// The status, such as 200.
    pub status: u16,
    /// Header fields, in order; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The bytes as they come, transfer codings undone. A read that fails with
    /// `TimedOut` only says that nothing came yet, and may be tried again.
    pub body: Box<dyn Read + Send>,
}

impl Response {
    /// The first header field of this name (in lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All header fields of this name (in lower case).
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let found = self.headers.iter().filter(move |(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

/// Something that does one exchange with a server.
pub trait Fetcher: Send + Sync {
    /// Sends a request, and returns when the answer's head is there. Redirects
    /// are answers like any other.
    ///
    /// # Errors
    /// A [`Fault`] when there is no answer; `Stopped` when `watch` says so.
    fn get(&self, request: &Request, watch: &dyn Watch) -> Result<Response, Fault>;
}
