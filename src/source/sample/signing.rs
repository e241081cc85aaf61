//! A chain that signs samples, and is trusted by nobody else: its root, an
//! authority, a signer whose certificate ended in 2015 as Apple's did, and the
//! signer's key, which is public.

use crate::block::{Error, Result};
use crate::format::certificate::Certificate;
use crate::format::xar::Style;
use crate::format::xar::write::{Signer, Signing};
use crate::source::sample::rsa;
use crate::source::trust::{Anchor, Anchors};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use std::io;

/// The signer's key, in PKCS #8. It signs nothing but samples.
pub(super) const KEY: &[u8] = include_bytes!("../../../images/sample/signing/signer.key");
const ROOT: &[u8] = include_bytes!("../../../images/sample/signing/root.cer");
const AUTHORITY: &[u8] = include_bytes!("../../../images/sample/signing/ca.cer");
const SIGNER: &[u8] = include_bytes!("../../../images/sample/signing/signer.cer");

/// The sample's root: for the demo and the tests, which trust it beside Apple's.
///
/// # Errors
/// None but a mistake of the sample's own.
pub fn anchors() -> Result<Anchors> {
    let authority = Certificate::parse(AUTHORITY)?.subject.common;
    let root = Certificate::parse(ROOT)?;
    let makers = vec![(authority, None)];
    let roots = vec![Anchor { root, owner: "the sample's maker".into(), makers }];
    Ok(Anchors { roots, chunklist_keys: Vec::new() })
}

/// The sample's signature of an archive whose checksums have this style: SHA-1
/// as of old, or SHA-256.
#[must_use]
pub fn signer(style: &Style) -> Signer {
    let style = style.clone();
    let sign = move |signing: &Signing<'_>| match style {
        Style::Sha1 => rsa::sign_sha1(KEY, signing.table),
        _ => sign_sha256(signing.table),
    };
    Signer {
        style: "RSA",
        extended: false,
        size: 256,
        certificates: vec![SIGNER.to_vec(), AUTHORITY.to_vec(), ROOT.to_vec()],
        sign: Box::new(sign),
    }
}

fn sign_sha256(message: &[u8]) -> Result<Vec<u8>> {
    let failed = |why: String| Error::Io(io::Error::other(why));
    let key = RsaKeyPair::from_pkcs8(KEY).map_err(|why| failed(why.to_string()))?;
    let mut made = vec![0; key.public().modulus_len()];
    // The padding is a fixed one: no chance is in the signature.
    let signed = key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut made);
    signed.map_err(|why| failed(why.to_string()))?;
    Ok(made)
}
