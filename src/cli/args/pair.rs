//! `NAME=VALUE` on the command line.

use std::ffi::{OsStr, OsString};

/// `NAME=VALUE`, where the value may be any path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Before the first `=`.
    pub name: String,
    /// Behind it.
    pub value: OsString,
}

impl Pair {
    pub(super) fn parser() -> PairParser {
        PairParser
    }

    fn parse(text: &OsStr) -> Option<Self> {
        let bytes = text.as_encoded_bytes();
        let at = bytes.iter().position(|byte| *byte == b'=')?;
        let name = std::str::from_utf8(&bytes[..at]).ok().filter(|name| !name.is_empty())?;
        Some(Self { name: name.to_owned(), value: behind(text, at + 1)? })
    }
}

/// The rest of a text behind an ASCII character.
#[cfg(unix)]
fn behind(text: &OsStr, at: usize) -> Option<OsString> {
    use std::os::unix::ffi::OsStrExt;
    Some(OsStr::from_bytes(&text.as_bytes()[at..]).to_owned())
}

#[cfg(not(unix))]
fn behind(text: &OsStr, at: usize) -> Option<OsString> {
    text.to_str().map(|text| text[at..].into())
}

/// Parses [`Pair`]s for clap, paths that are not Unicode included.
#[derive(Clone, Copy, Debug)]
pub struct PairParser;

impl clap::builder::TypedValueParser for PairParser {
    type Value = Pair;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, clap::Error> {
        Pair::parse(value).ok_or_else(|| {
            let name = arg.map_or_else(String::new, ToString::to_string);
            let text = format!("`{}` for `{name}` has no name before a `=`", value.display());
            clap::Error::raw(clap::error::ErrorKind::ValueValidation, text).with_cmd(command)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_equals_sign_divides() {
        let pair = Pair::parse(OsStr::new("image=/a=b/c.dmg")).unwrap();
        assert_eq!((pair.name.as_str(), pair.value.to_str()), ("image", Some("/a=b/c.dmg")));
        assert_eq!(Pair::parse(OsStr::new("/a.dmg")), None);
        assert_eq!(Pair::parse(OsStr::new("=x")), None);
    }
}
