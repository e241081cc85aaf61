//! URLs of catalogs, as far as files may be named after them.
//!
//! A catalog is hostile: its paths become files below a mirror's folder. So
//! only plain paths are taken. Refused by name: other schemes, users, queries,
//! fragments, percent escapes, backslashes, control characters, empty parts,
//! `.` and `..`, and names that a host gives a meaning.

use crate::block::{Error, Result};
use std::fmt;

/// A URL whose path is plain.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    text: String,
    /// Where the path begins: at its first `/`.
    path: usize,
}

impl Location {
    /// Takes a URL apart.
    ///
    /// # Errors
    /// `Corrupt` when it is not plain, with the part that is not.
    pub fn parse(url: &str) -> Result<Self> {
        let path = host_end(url)?;
        let parts = url[path..].strip_prefix('/').unwrap_or_default();
        if parts.is_empty() {
            return Err(refused("path", url, "empty"));
        }
        if parts.len() > MAX_PATH {
            return Err(refused("path", url, "longer than 1,000 bytes"));
        }
        parts.split('/').try_for_each(|part| check_part(part, url))?;
        Ok(Self { text: url.to_owned(), path })
    }

    /// The URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The path without its first `/`: where the file lies in a mirror.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.text[self.path + 1..]
    }

    /// The path's folder, without slashes around; empty at the top.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.path().rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The file's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path().rsplit('/').next().unwrap_or_default()
    }

    /// Whether it is fetched over plain http.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.text.starts_with("http:")
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Another host that has the same paths, such as `http://server:8088`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base(String);

impl Base {
    /// Takes a mirror's URL, with or without a path and a slash at its end.
    ///
    /// # Errors
    /// `Corrupt` when it is not plain.
    pub fn parse(url: &str) -> Result<Self> {
        let trimmed = url.trim_end_matches('/');
        if host_end(trimmed)? < trimmed.len() {
            Location::parse(trimmed)?;
        }
        Ok(Self(trimmed.to_owned()))
    }

    /// The same path on this host.
    #[must_use]
    pub fn join(&self, location: &Location) -> String {
        format!("{}/{}", self.0, location.path())
    }

    /// The base without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Far more than real ones have, and little enough for every host.
const MAX_PATH: usize = 1_000;
const MAX_NAME: usize = 200;

fn refused(field: &'static str, value: &str, rule: &'static str) -> Error {
    let shown: String = value.chars().take(300).collect();
    Error::corrupt("URL", field, shown, rule)
}

/// Where the host ends and the path begins.
fn host_end(url: &str) -> Result<usize> {
    let scheme = ["http://", "https://"].into_iter().find(|scheme| url.starts_with(scheme));
    let Some(scheme) = scheme else {
        return Err(refused("scheme", url, "neither http:// nor https://"));
    };
    let rest = &url[scheme.len()..];
    let host = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    if host.is_empty() || !host.chars().all(allowed) || host.starts_with(':') {
        return Err(refused("host", url, "not a plain name or address"));
    }
    Ok(scheme.len() + host.len())
}

fn check_part(part: &str, url: &str) -> Result<()> {
    let wrong = |rule| Err(refused("path", url, rule));
    if part.is_empty() {
        return wrong("it has an empty part");
    }
    if part == "." || part == ".." {
        return wrong("it has a part `.` or `..`");
    }
    if part.len() > MAX_NAME {
        return wrong("it has a part longer than 200 bytes");
    }
    match part.chars().find(|c| !(c.is_ascii_alphanumeric() || "._-+()=,~@!".contains(*c))) {
        Some('%') => return wrong("it has a percent escape"),
        Some('\\') => return wrong("it has a backslash"),
        Some('?') => return wrong("it has a query"),
        Some('#') => return wrong("it has a fragment"),
        Some(c) if c.is_control() => return wrong("it has a control character"),
        Some(_) => return wrong("it has a character that no file name should have"),
        None => {}
    }
    if part.ends_with('.') {
        return wrong("it has a part with a dot at its end");
    }
    if is_reserved(part) {
        return wrong("it has a name that Windows gives a meaning");
    }
    Ok(())
}

/// `CON`, `NUL`, `COM1` and the like, also with an extension.
fn is_reserved(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let numbered = |name: &str| {
        let digit = stem.strip_prefix(name);
        digit.is_some_and(|digit| digit.len() == 1 && digit.as_bytes()[0].is_ascii_digit())
    };
    ["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str()) || numbered("COM") || numbered("LPT")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(url: &str) -> String {
        match Location::parse(url) {
            Err(Error::Corrupt(corrupt)) => format!("{}: {}", corrupt.field, corrupt.rule),
            other => panic!("{url}: {other:?}"),
        }
    }

    #[test]
    fn a_real_url_is_taken_apart() {
        let url = "http://swcdn.apple.com/content/downloads/57/11/061-27787-A_7F/x/A.dst/a.b.dist";
        let location = Location::parse(url).unwrap();
        assert_eq!(location.path(), "content/downloads/57/11/061-27787-A_7F/x/A.dst/a.b.dist");
        assert_eq!(location.folder(), "content/downloads/57/11/061-27787-A_7F/x/A.dst");
        assert_eq!((location.name(), location.is_plain()), ("a.b.dist", true));
        assert_eq!(Location::parse("https://[::1]:80/a").unwrap().name(), "a");
        assert_eq!(Location::parse("https://h/a").unwrap().folder(), "");
        let base = Base::parse("http://127.0.0.1:8088/").unwrap();
        assert_eq!(
            base.join(&Location::parse("https://h/a/b").unwrap()),
            "http://127.0.0.1:8088/a/b"
        );
        assert!(Base::parse("http://h/sus/").is_ok());
    }

    #[test]
    fn hostile_urls_are_refused_by_name() {
        let scheme = "scheme: neither http:// nor https://";
        let host = "host: not a plain name or address";
        for (url, told) in [
            ("file:///etc/passwd", scheme),
            ("HTTP://h/a", scheme),
            ("/etc/passwd", scheme),
            ("", scheme),
            ("http:///etc/passwd", host),
            ("http://user@h/a", host),
            ("http://h\\a", "path: empty"),
            ("http://:80/a", host),
            ("http://h", "path: empty"),
            ("http://h/", "path: empty"),
            ("http://h?/../a", "path: empty"),
            ("http://h//etc/passwd", "path: it has an empty part"),
            ("http://h/a/", "path: it has an empty part"),
            ("http://h/a/../../b", "path: it has a part `.` or `..`"),
            ("http://h/./b", "path: it has a part `.` or `..`"),
            ("http://h/a/%2e%2e/b", "path: it has a percent escape"),
            ("http://h/a%2fb", "path: it has a percent escape"),
            ("http://h/a%00", "path: it has a percent escape"),
            ("http://h/a\\..\\b", "path: it has a backslash"),
            ("http://h/a?b", "path: it has a query"),
            ("http://h/a#b", "path: it has a fragment"),
            ("http://h/a\0b", "path: it has a control character"),
            ("http://h/a\nb", "path: it has a control character"),
            ("http://h/C:/a", "path: it has a character that no file name should have"),
            ("http://h/a\u{202e}b", "path: it has a character that no file name should have"),
            ("http://h/'a", "path: it has a character that no file name should have"),
            ("http://h/a./b", "path: it has a part with a dot at its end"),
            ("http://h/.. /b", "path: it has a character that no file name should have"),
            ("http://h/nul.txt", "path: it has a name that Windows gives a meaning"),
            ("http://h/com1", "path: it has a name that Windows gives a meaning"),
        ] {
            assert_eq!(rule(url), told, "{url:?}");
        }
        let long = format!("http://h/{}", "a".repeat(201));
        assert_eq!(rule(&long), "path: it has a part longer than 200 bytes");
        let long = format!("http://h/{}", "a/".repeat(600));
        assert_eq!(rule(&long), "path: longer than 1,000 bytes");
        assert!(Base::parse("http://h/../x").is_err());
        assert!(Base::parse("ftp://h").is_err());
    }
}
