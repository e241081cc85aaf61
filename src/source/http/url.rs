//! Addresses: which are fetched from, how they are told apart, and mirrors.

use crate::source::http::Fault;
use reqwest::Url;
use sha2::{Digest, Sha256};
use std::fmt;

/// The longest address.
const LONGEST: usize = 8192;

/// An `http` or `https` address with a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// [`Fault::Address`] for what is no such address.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let start = || text.chars().take(80).collect::<String>();
        if text.len() > LONGEST {
            return Err(Fault::Address(format!("the address {}... is too long", start())));
        }
        let url = Url::parse(text).map_err(|error| {
            let why = match text.contains("://") {
                true => error.to_string(),
                false => "it does not begin with http:// or https://".to_owned(),
            };
            Fault::Address(format!("`{}` is no address: {why}", start()))
        })?;
        Self::check(url)
    }

    fn check(mut url: Url) -> Result<Self, Fault> {
        url.set_fragment(None);
        if !["http", "https"].contains(&url.scheme()) {
            let scheme = url.scheme();
            return Err(Fault::Address(format!("`{scheme}:` is not http or https")));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(Fault::Address("the address has no host".to_owned()));
        }
        Ok(Self(url))
    }

    /// Where a `Location` leads, seen from here.
    ///
    /// # Errors
    /// [`Fault::Address`] for what is no address.
    pub fn join(&self, location: &str) -> Result<Self, Fault> {
        if location.len() > LONGEST {
            return Err(Fault::Address("a redirect's address is too long".to_owned()));
        }
        let url = self.0.join(location);
        Self::check(url.map_err(|error| {
            Fault::Address(format!("a redirect's address cannot be read: {error}"))
        })?)
    }

    /// Whether nobody on the way can read or change what is sent.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether the host is this computer.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || host.ends_with(".localhost")
            || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// The same with https, where the address leaves that open: plain http
    /// without a port of its own, to another computer.
    #[must_use]
    pub fn secured(&self) -> Option<Self> {
        if self.is_secure() || self.0.port().is_some() || self.is_loopback() {
            return None;
        }
        let mut url = self.0.clone();
        url.set_scheme("https").ok()?;
        Some(Self(url))
    }

    /// Whether both name the same scheme, host and port.
    #[must_use]
    pub fn same_host(&self, other: &Self) -> bool {
        self.0.origin() == other.0.origin()
    }

    /// Whether both are of the same owner, as far as names tell: the same host,
    /// or both at Apple.
    #[must_use]
    pub fn is_of_same_owner(&self, other: &Self) -> bool {
        let apple =
            |address: &Self| address.0.host_str().is_some_and(|host| host.ends_with(".apple.com"));
        self.0.host_str() == other.0.host_str() || (apple(self) && apple(other))
    }

    /// 64 hex digits for the file behind the address, however it is fetched.
    #[must_use]
    pub fn key(&self) -> String {
        let text = self.0.as_str();
        let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
        Sha256::digest(rest).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The last part of the path, for messages.
    #[must_use]
    pub fn name(&self) -> &str {
        let last = self.0.path_segments().and_then(|mut parts| parts.next_back());
        last.filter(|name| !name.is_empty()).unwrap_or(self.0.host_str().unwrap_or_default())
    }

    /// The address as it is sent, with a password that it may have.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// For messages and records: without user and password.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut url = self.0.clone();
        let _ = url.set_username("");
        let _ = url.set_password(None);
        f.write_str(url.as_str())
    }
}

/// Another host that has the same paths, as Apple's own update server and
/// reposado lay them out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror(Address);

impl Mirror {
    /// Reads a mirror's address; a path in it goes before all paths.
    ///
    /// # Errors
    /// [`Fault::Address`] for what is no address, or has a query.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let base = Address::parse(text)?;
        if base.0.query().is_some() {
            return Err(Fault::Address("a mirror's address has no query".to_owned()));
        }
        Ok(Self(base))
    }

    /// Where the mirror has what is at an address.
    #[must_use]
    pub fn of(&self, address: &Address) -> Address {
        let mut url = self.0.0.clone();
        let path = format!("{}{}", self.0.0.path().trim_end_matches('/'), address.0.path());
        url.set_path(&path);
        url.set_query(address.0.query());
        Address(url)
    }
}

impl fmt::Display for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    #[test]
    fn only_http_and_https_are_fetched() {
        let refused = |text: &str| Address::parse(text).unwrap_err().to_string();
        assert_eq!(refused("file:///etc/passwd"), "`file:` is not http or https");
        assert_eq!(
            refused("/content/x.pkg"),
            "`/content/x.pkg` is no address: it does not begin with http:// or https://"
        );
        let long = format!("http://a/{}", "x".repeat(9000));
        assert_eq!(refused(&long), format!("the address {}... is too long", &long[..80]));
        assert_eq!(refused("http://"), "`http://` is no address: empty host");
        let redirect = |to: &str| at("https://a/b").join(to).unwrap_err().to_string();
        assert_eq!(redirect("ftp://c/d"), "`ftp:` is not http or https");
        assert_eq!(redirect(&long), "a redirect's address is too long");
        assert_eq!(redirect("http://"), "a redirect's address cannot be read: empty host");
        assert_eq!(at("https://a/b/c").join("../d?e").unwrap(), at("https://a/d?e"));
    }

    #[test]
    fn https_is_offered_where_the_address_leaves_it_open() {
        let secured = |text: &str| at(text).secured().map(|a| a.to_string());
        assert_eq!(
            secured("http://swcdn.apple.com/a.pkg").as_deref(),
            Some("https://swcdn.apple.com/a.pkg")
        );
        for plain in ["https://a/b", "http://a:8088/b", "http://127.0.0.1/b", "http://[::1]/b"] {
            assert_eq!(secured(plain), None, "{plain}");
        }
        assert!(at("http://localhost/").is_loopback());
        assert!(!at("http://localhost.apple.com/").is_loopback());
    }

    #[test]
    fn a_mirror_keeps_paths_and_queries() {
        let apple = at("http://swcdn.apple.com/content/downloads/a%20b.pkg?x=1");
        let on = |text: &str| Mirror::parse(text).unwrap().of(&apple).to_string();
        assert_eq!(
            on("http://127.0.0.1:8080"),
            "http://127.0.0.1:8080/content/downloads/a%20b.pkg?x=1"
        );
        assert_eq!(on("https://m/swupd/"), "https://m/swupd/content/downloads/a%20b.pkg?x=1");
        assert_eq!(
            Mirror::parse("http://m/?q").unwrap_err().to_string(),
            "a mirror's address has no query"
        );
    }

    #[test]
    fn the_key_knows_no_scheme_and_messages_no_password() {
        assert_eq!(at("http://a/b#c").key(), at("https://a/b").key());
        assert_ne!(at("http://a/b").key(), at("http://a/c").key());
        assert_eq!(at("http://me:secret@a/b").to_string(), "http://a/b");
        assert_eq!((at("http://a/b/c.pkg?d").name(), at("http://a/").name()), ("c.pkg", "a"));
    }
}
