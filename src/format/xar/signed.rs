//! Who signed an archive, and when.
//!
//! A `signature` in the style `RSA` is one of the table of contents, by the
//! table checksum's algorithm; one in the style `CMS` is a message without
//! content about the checksum's bytes. So a checksum of a kind that is not
//! checked ties neither to the table, and every signature over it is refused.

use crate::block::{Error, Result, read_vec};
use crate::format::certificate::{Certificate, Chain, Hash, Purpose, Refusal, walk};
use crate::format::cms;
use crate::format::xar::archive::Archive;
use crate::format::xar::{Check, Signature, Style};

/// A signature that holds, with its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The signer's chain, up to an anchor.
    pub chain: Chain,
    /// When it was signed, in seconds since 1970.
    pub at: i64,
    /// How that time is known.
    pub basis: Basis,
    /// Why there is a timestamp that was not believed.
    pub bad_timestamp: Option<Refusal>,
}

/// How the time of a signature is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis {
    /// By a timestamp of this authority, whose chain holds.
    Timestamp(String),
    /// The signer says so: no proof.
    Claimed,
    /// Nobody says: the begin of the signer's certificate is taken for it.
    Unstated,
}

impl Archive {
    /// Verifies a signature, and walks its chain to one of the anchors.
    ///
    /// # Errors
    /// What reading reports; the inner one says why the signature is refused.
    pub fn verify_signature(
        &self,
        signature: &Signature,
        anchors: &[Certificate],
    ) -> Result<Result<Verified, Refusal>> {
        let made = self.signature_bytes(signature)?;
        let hash = match self.signed_hash() {
            Ok(hash) => hash,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let style = signature.style.to_ascii_uppercase();
        match style.as_str() {
            "RSA" => self.verify_rsa(signature, hash, &made, anchors),
            "CMS" => Ok(self.verify_cms(&made, anchors)),
            _ => Ok(Err(Refusal::Algorithm {
                of: "the signature".into(),
                algorithm: signature.style.chars().take(40).collect(),
            })),
        }
    }

    /// The algorithm of the table's checksum, which was found right on opening.
    fn signed_hash(&self) -> Result<Hash, Refusal> {
        match self.toc_check() {
            Check::Passed(Style::Sha1) => Ok(Hash::Sha1),
            Check::Passed(Style::Sha256) => Ok(Hash::Sha256),
            Check::Passed(Style::Sha512) => Ok(Hash::Sha512),
            Check::Passed(other) | Check::NotChecked(other) => Err(not_tied(other.name())),
            Check::Absent => Err(not_tied("none")),
        }
    }

    fn verify_rsa(
        &self,
        signature: &Signature,
        hash: Hash,
        made: &[u8],
        anchors: &[Certificate],
    ) -> Result<Result<Verified, Refusal>> {
        let parsed = signature.certificates.iter().map(|der| Certificate::parse(der)).collect();
        let parsed: Vec<Certificate> = match parsed {
            Ok(parsed) => parsed,
            Err(error) => return Ok(Err(unreadable(&error))),
        };
        let Some((signer, others)) = parsed.split_first() else {
            return Ok(Err(Refusal::NoCertificate));
        };
        let table = self.stored_toc();
        // At most 64 MiB, as the header was checked.
        let len = usize::try_from(table.len()).unwrap_or(0);
        let table = read_vec(table.as_ref(), 0, len)?;
        let right = signer.key.verify(hash, &table, made);
        if let Err(why) = right {
            return Ok(Err(why.of("the table of contents", &signer.subject.common)));
        }
        Ok(self.walk(signer, others, anchors, None))
    }

    fn verify_cms(&self, made: &[u8], anchors: &[Certificate]) -> Result<Verified, Refusal> {
        let checksum = self.toc_checksum().ok_or(Refusal::Digest)?;
        let message = cms::Message::parse(made).map_err(|error| unreadable(&error))?;
        let signed = message.verify(Some(&checksum.value))?;
        match signed.timestamp(anchors) {
            Some(Ok((at, authority))) => {
                let chain = walk(&signed.signer, &signed.others, anchors, Purpose::Package, at)?;
                let basis = Basis::Timestamp(authority.signer().subject.common.clone());
                Ok(Verified { chain, at, basis, bad_timestamp: None })
            }
            Some(Err(why)) => {
                let mut verified =
                    self.walk(&signed.signer, &signed.others, anchors, signed.claimed)?;
                verified.bad_timestamp = Some(why);
                Ok(verified)
            }
            None => self.walk(&signed.signer, &signed.others, anchors, signed.claimed),
        }
    }

    /// Walks the chain at the time that the signature or the table claims.
    fn walk(
        &self,
        signer: &Certificate,
        others: &[Certificate],
        anchors: &[Certificate],
        claimed: Option<i64>,
    ) -> Result<Verified, Refusal> {
        let (at, basis) = match claimed.or_else(|| self.signed()) {
            Some(at) => (at, Basis::Claimed),
            None => (signer.not_before, Basis::Unstated),
        };
        let chain = walk(signer, others, anchors, Purpose::Package, at)?;
        Ok(Verified { chain, at, basis, bad_timestamp: None })
    }
}

/// Refuses a signature over a table whose checksum is of a kind that is not checked.
fn not_tied(style: &str) -> Refusal {
    Refusal::Algorithm { of: "the table of contents' checksum".into(), algorithm: style.into() }
}

fn unreadable(error: &Error) -> Refusal {
    Refusal::Unreadable(error.to_string())
}
