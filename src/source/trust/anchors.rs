//! Who is trusted: roots as facts, and whose software is the owner's own.

use crate::block::Result;
use crate::format::certificate::{Certificate, Chain};

/// Apple's roots, as it publishes them.
const APPLE_ROOTS: [&[u8]; 4] = [
    include_bytes!("../../../images/roots/AppleIncRootCertificate.cer"),
    include_bytes!("../../../images/roots/AppleComputerRootCertificate.cer"),
    include_bytes!("../../../images/roots/AppleRootCA-G2.cer"),
    include_bytes!("../../../images/roots/AppleRootCA-G3.cer"),
];

/// The authorities that certify only Apple's own signers; and where one also
/// certifies others, the signer that is Apple's.
const APPLE_MAKERS: [(&str, Option<&str>); 3] = [
    ("Apple Software Update Certification Authority", None),
    ("Apple Code Signing Certification Authority", None),
    (
        "Apple Worldwide Developer Relations Certification Authority",
        Some("Apple Mac OS Application Signing"),
    ),
];

/// Apple's key for recovery images ("EFI ROM key 1"): its RSA modulus.
const APPLE_CHUNKLIST_KEY: &[u8; 256] = include_bytes!("../../../images/roots/chunklist.modulus");

/// A root that is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Its certificate.
    pub root: Certificate,
    /// Whose it is.
    pub owner: String,
    /// Authorities below it (by common name) that sign only the owner's own
    /// software, or only by the signer that is named.
    pub makers: Vec<(String, Option<String>)>,
}

/// A key that is trusted to sign chunk lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListKey {
    /// Its RSA modulus, the highest byte first.
    pub modulus: Vec<u8>,
    /// Whose it is.
    pub owner: String,
}

/// All that is trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchors {
    /// The roots.
    pub roots: Vec<Anchor>,
    /// The keys that sign chunk lists.
    pub chunklist_keys: Vec<ListKey>,
}

impl Anchors {
    /// Apple's.
    ///
    /// # Errors
    /// None but a mistake in our own copies.
    pub fn apple() -> Result<Self> {
        let makers = APPLE_MAKERS
            .map(|(authority, signer)| (authority.to_owned(), signer.map(ToOwned::to_owned)));
        let roots = APPLE_ROOTS.iter().map(|der| {
            let root = Certificate::parse(der)?;
            Ok(Anchor { root, owner: "Apple".into(), makers: makers.to_vec() })
        });
        let roots = roots.collect::<Result<_>>()?;
        let key = ListKey { modulus: APPLE_CHUNKLIST_KEY.to_vec(), owner: "Apple".into() };
        Ok(Self { roots, chunklist_keys: vec![key] })
    }

    /// These, and others.
    #[must_use]
    pub fn with(mut self, others: Self) -> Self {
        self.roots.extend(others.roots);
        self.chunklist_keys.extend(others.chunklist_keys);
        self
    }

    /// The moduli of the keys that sign chunk lists, in their order.
    #[must_use]
    pub fn moduli(&self) -> Vec<&[u8]> {
        self.chunklist_keys.iter().map(|key| key.modulus.as_slice()).collect()
    }

    /// The roots' certificates.
    pub(super) fn certificates(&self) -> Vec<Certificate> {
        self.roots.iter().map(|anchor| anchor.root.clone()).collect()
    }

    /// Whose software a chain signs: the anchor's owner, and whether it is the
    /// owner's own.
    pub(super) fn owner(&self, chain: &Chain) -> Option<(&str, bool)> {
        let root = chain.certificates.last()?;
        let anchor = self.roots.iter().find(|anchor| anchor.root.der() == root.der())?;
        let signer = &chain.signer().subject.common;
        let own = chain.certificates.get(1).is_some_and(|authority| {
            anchor.makers.iter().any(|(name, only)| {
                *name == authority.subject.common && only.as_ref().is_none_or(|only| only == signer)
            })
        });
        Some((&anchor.owner, own))
    }
}
