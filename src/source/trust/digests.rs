//! Digests of whole inputs, made at most once.

use crate::block::{Result, Source, read_vec};
use crate::format::xar::hex;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// The digests of an input that are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digests {
    /// SHA-256.
    pub sha256: Option<[u8; 32]>,
    /// SHA-1.
    pub sha1: Option<[u8; 20]>,
}

/// Which digests are needed.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) sha256: bool,
    pub(super) sha1: bool,
}

impl Digests {
    /// Makes what is wanted and not known, in one pass.
    pub(super) fn complete(
        &self,
        source: &Source,
        wanted: Wanted,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<Self> {
        const PIECE: u64 = 1 << 20;
        let mut sha256 = (wanted.sha256 && self.sha256.is_none()).then(Sha256::new);
        let mut sha1 = (wanted.sha1 && self.sha1.is_none()).then(Sha1::new);
        let mut at = 0;
        while at < source.len() && (sha256.is_some() || sha1.is_some()) {
            // At most a mebibyte.
            let len = usize::try_from((source.len() - at).min(PIECE)).unwrap_or(0);
            let piece = read_vec(source.as_ref(), at, len)?;
            sha256.iter_mut().for_each(|digest| digest.update(&piece));
            sha1.iter_mut().for_each(|digest| digest.update(&piece));
            at += len as u64;
            progress(len as u64);
        }
        Ok(Self {
            sha256: self.sha256.or_else(|| sha256.map(|digest| digest.finalize().into())),
            sha1: self.sha1.or_else(|| sha1.map(|digest| digest.finalize().into())),
        })
    }

    /// The strongest one, for messages.
    pub(super) fn text(&self) -> Option<String> {
        let sha256 = self.sha256.map(|made| format!("SHA-256 {}", hex(&made)));
        sha256.or_else(|| self.sha1.map(|made| format!("SHA-1 {}", hex(&made))))
    }
}
