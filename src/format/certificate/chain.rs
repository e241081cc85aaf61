//! The walk from a signer to an anchor.

use crate::format::certificate::{Certificate, Refusal};

/// Real chains have three.
const MAX_CHAIN: usize = 8;

/// What the signer's certificate must be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Signing packages.
    Package,
    /// Stating times.
    Timestamp,
}

/// A chain that holds: the signer first, the anchor last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Its certificates.
    pub certificates: Vec<Certificate>,
}

impl Chain {
    /// The signer.
    #[must_use]
    pub fn signer(&self) -> &Certificate {
        // A chain is only made by `walk`, which begins with the signer.
        &self.certificates[0]
    }

    /// From when to when all of its certificates are valid; `None` when that
    /// is never.
    #[must_use]
    pub fn window(&self) -> Option<(i64, i64)> {
        let from = self.certificates.iter().map(|certificate| certificate.not_before).max()?;
        let until = self.certificates.iter().map(|certificate| certificate.not_after).min()?;
        (from <= until).then_some((from, until))
    }
}

/// Walks from `signer` through `others` to one of the `anchors`, at a time in
/// seconds since 1970.
///
/// # Errors
/// The first thing that is wrong, from the signer upwards.
pub fn walk(
    signer: &Certificate,
    others: &[Certificate],
    anchors: &[Certificate],
    purpose: Purpose,
    at: i64,
) -> Result<Chain, Refusal> {
    check_signer(signer, purpose)?;
    check_each(signer, at)?;
    let mut certificates = vec![signer.clone()];
    loop {
        // It begins with one and only grows.
        let last = &certificates[certificates.len() - 1];
        if anchors.iter().any(|anchor| anchor.der() == last.der()) {
            return Ok(Chain { certificates });
        }
        if certificates.len() == MAX_CHAIN {
            return Err(Refusal::TooLong);
        }
        let next = issuer(last, &certificates, others, anchors)?.clone();
        // Of those below, the signer does not count.
        check_issuer(&next, certificates.len() - 1)?;
        check_each(&next, at)?;
        certificates.push(next);
    }
}

/// Who signed `last`: an anchor, or another that is not in the chain yet.
fn issuer<'a>(
    last: &Certificate,
    chain: &[Certificate],
    others: &'a [Certificate],
    anchors: &'a [Certificate],
) -> Result<&'a Certificate, Refusal> {
    let nobody = || Refusal::NoAnchor {
        last: last.subject.common.clone(),
        issuer: last.issuer.common.clone(),
    };
    if last.subject.der == last.issuer.der {
        return Err(nobody());
    }
    let mut refusal = None;
    for candidate in anchors.iter().chain(others) {
        if candidate.subject.der != last.issuer.der || chain.contains(candidate) {
            continue;
        }
        match last.signed_by(candidate) {
            Ok(()) => return Ok(candidate),
            Err(why) => drop(refusal.get_or_insert(why)),
        }
    }
    Err(refusal.unwrap_or_else(nobody))
}

fn check_signer(signer: &Certificate, purpose: Purpose) -> Result<(), Refusal> {
    let refuse = || Err(Refusal::Usage(signer.subject.common.clone()));
    if signer.usage.as_ref().is_some_and(|u| !u.digital_signature() && !u.non_repudiation()) {
        return refuse();
    }
    let fits = |number: &str| match purpose {
        // anyExtendedKeyUsage, code signing, Apple's own uses.
        Purpose::Package => {
            ["2.5.29.37.0", "1.3.6.1.5.5.7.3.3"].contains(&number)
                || number.starts_with("1.2.840.113635.100.4.")
        }
        Purpose::Timestamp => number == "1.3.6.1.5.5.7.3.8",
    };
    match &signer.extended {
        Some(uses) if !uses.iter().any(|number| fits(&number.to_string())) => refuse(),
        None if purpose == Purpose::Timestamp => refuse(),
        _ => Ok(()),
    }
}

/// What every certificate of a chain must be.
fn check_each(certificate: &Certificate, at: i64) -> Result<(), Refusal> {
    let of = || certificate.subject.common.clone();
    if let Some(number) = &certificate.unknown_critical {
        return Err(Refusal::Extension { of: of(), number: number.clone() });
    }
    if at < certificate.not_before {
        return Err(Refusal::NotYetValid { of: of(), at, from: certificate.not_before });
    }
    if at > certificate.not_after {
        return Err(Refusal::Expired { of: of(), at, until: certificate.not_after });
    }
    Ok(())
}

/// What a certificate that signs others must be, with so many authorities below.
fn check_issuer(issuer: &Certificate, below: usize) -> Result<(), Refusal> {
    let of = || issuer.subject.common.clone();
    if !issuer.ca {
        return Err(Refusal::NotCa(of()));
    }
    if issuer.usage.as_ref().is_some_and(|usage| !usage.key_cert_sign()) {
        return Err(Refusal::NoCertSign(of()));
    }
    match issuer.path_len {
        Some(allowed) if below > usize::from(allowed) => {
            Err(Refusal::PathLen { of: of(), allowed })
        }
        _ => Ok(()),
    }
}
