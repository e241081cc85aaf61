//! Recipes from an address: `https://HOST/PATH#sha256=HEX`.
//!
//! A recipe decides what is written, so it is taken only with its digest.

use crate::engine::hash::unhex;
use crate::engine::load::MOST;
use crate::engine::problem::{Problem, Result};
use crate::engine::request::Supplies;
use crate::recipe::Text;
use crate::source::http::{Client, Mirror, Settings};
use crate::source::store::{Download, Policy, Store, place};

/// Whether this is meant as an address.
pub(super) fn is_one(name: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| name.starts_with(scheme))
}

/// The text at an address, out of the store when that has it.
pub(super) fn text(name: &str, supplies: &Supplies) -> Result<Text> {
    let (url, sha256) = parts(name)?;
    let download = Download { sha256: Some(sha256), most: MOST, ..Download::new(url) };
    let store = place(supplies.store.as_deref()).and_then(Store::open).map_err(Problem::from)?;
    // A mirror has Apple's paths, not this one.
    let mirror: Option<Mirror> = None;
    let policy = Policy { offline: supplies.offline, mirror, ..store.policy().clone() };
    let client = Client::new(Settings::default());
    let stored = store.with_policy(policy).fetch(&download, &client, &())?;
    let text = std::fs::read_to_string(&stored.path).map_err(|error| {
        Problem::bad_input(format!("cannot read the recipe {url}")).because(error)
    })?;
    Ok(Text { file: url.to_owned(), text })
}

/// Address and digest.
fn parts(name: &str) -> Result<(&str, [u8; 32])> {
    let (url, fragment) = name.split_once('#').unwrap_or((name, ""));
    let hint = format!("write it as {url}#sha256=HEX; `sha256sum FILE` tells it of a copy");
    match fragment.strip_prefix("sha256=") {
        Some(digits) => match unhex(digits) {
            Some(digest) => Ok((url, digest)),
            None => {
                let sentence = format!("the digest of the recipe {url} is no SHA-256");
                Err(Problem::usage(sentence)
                    .because(format!("it is `{digits}`, not 64 hex digits")))
            }
        },
        None => Err(Problem::usage(format!("the recipe {url} comes without its digest"))
            .because("whoever answers at that address would decide what is written")
            .hint(hint)),
    }
}
