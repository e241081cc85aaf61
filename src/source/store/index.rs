//! Which content an address had, so that the next run needs no network.

use crate::source::http::Address;
use crate::source::store::folder::{Folder, read_small, remove};
use crate::source::store::{Download, Failure, Stored, hex};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A line of the index.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Entry {
    /// The address, without user and password.
    pub(super) url: String,
    /// The content's SHA-256 in hex.
    pub(super) sha256: String,
    pub(super) bytes: u64,
    /// Whether it came by https all the way.
    #[serde(default)]
    pub(super) secure: bool,
}

/// The key of an address with the size and SHA-1 that were asked for.
fn key(address: &Address, download: &Download) -> String {
    let size = download.size.map_or_else(String::new, |size| size.to_string());
    let sha1 = download.sha1.map_or_else(String::new, hex);
    hex(Sha256::digest(format!("{}\n{size}\n{sha1}\n", address.key())))
}

/// The digest of what a download gave before, if it did, and whether by https.
pub(super) fn look(folder: &Folder, download: &Download) -> Option<([u8; 32], bool)> {
    let known = download.urls.iter().find_map(|url| {
        let address = Address::parse(url).ok()?;
        let text = read_small(&folder.index(&key(&address, download)))?;
        let entry: Entry = serde_json::from_slice(&text).ok()?;
        Some((unhex(&entry.sha256)?, entry.secure))
    });
    match download.sha256 {
        None => known,
        Some(wanted) => {
            Some((wanted, known.is_some_and(|(found, secure)| secure && found == wanted)))
        }
    }
}

/// Notes what a download gave, under each of its addresses.
pub(super) fn note(folder: &Folder, download: &Download, stored: &Stored) -> Result<(), Failure> {
    let Stored { sha256, bytes, secure, .. } = *stored;
    for address in download.urls.iter().filter_map(|url| Address::parse(url).ok()) {
        let entry = Entry { url: address.to_string(), sha256: hex(sha256), bytes, secure };
        // Strings and numbers can always be written as JSON.
        let text = serde_json::to_vec(&entry).unwrap_or_default();
        folder.write(&folder.index(&key(&address, download)), &text)?;
    }
    Ok(())
}

/// Forgets what a download gave.
pub(super) fn forget(folder: &Folder, download: &Download) -> Result<(), Failure> {
    let addresses = download.urls.iter().filter_map(|url| Address::parse(url).ok());
    addresses.map(|address| folder.index(&key(&address, download))).try_for_each(|p| remove(&p))
}

/// A digest from 64 hex digits.
pub(super) fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(digest)
}
