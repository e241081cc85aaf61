//! X.509 certificates, and the chains that they make.
//!
//! The `x509-cert` crate parses them, `ring` verifies signatures (RSA with
//! SHA-1, too: Apple's certificates of the Lion years have it). A chain is
//! walked from a signer to an anchor that the caller gives, at a time that the
//! caller gives.
//!
//! Not supported: revocation (what old packages were signed with is in no list
//! any more), name constraints (refused), policies (passed over).
//! Facts: RFC 5280; Apple's certification practice statements for its own
//! extensions, whose numbers begin with 1.2.840.113635.100.

mod chain;
mod key;
mod refusal;
#[cfg(test)]
mod tests;

pub use chain::{Chain, Purpose, walk};
pub use key::{Hash, PublicKey};
pub use refusal::Refusal;
pub(crate) use refusal::date;

use crate::block::{Error, Result};
use crate::format::der as values;
use crate::format::xar::hex;
use der::asn1::ObjectIdentifier;
use der::{Decode, Encode};
use sha2::Digest;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage};

const CERTIFICATE: &str = "certificate";
/// Real ones have two or three KiB.
const MAX_LEN: usize = 16 << 10;

/// A certificate, as far as chains need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    /// The signed part, with its tag.
    signed: Vec<u8>,
    signature_algorithm: String,
    signature: Vec<u8>,
    /// Who it is for.
    pub subject: Name,
    /// Who signed it.
    pub issuer: Name,
    /// The serial number, in hexadecimal digits.
    pub serial: String,
    /// Seconds since 1970 from which it is valid.
    pub not_before: i64,
    /// Seconds since 1970 until which it is valid.
    pub not_after: i64,
    /// Its public key.
    pub key: PublicKey,
    /// Whether it may sign certificates, and how many may follow below.
    ca: bool,
    path_len: Option<u8>,
    usage: Option<KeyUsage>,
    extended: Option<Vec<ObjectIdentifier>>,
    unknown_critical: Option<String>,
    key_id: Option<Vec<u8>>,
}

/// A distinguished name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    der: Vec<u8>,
    /// The common name, or all of the name where there is none.
    pub common: String,
    /// The organization.
    pub organization: Option<String>,
}

impl Certificate {
    /// Parses DER.
    ///
    /// # Errors
    /// `Corrupt`: not DER, not a certificate, or beyond a limit.
    pub fn parse(der: &[u8]) -> Result<Self> {
        let wrong = |error: der::Error| Error::complaint(CERTIFICATE, error, "not a certificate");
        if der.len() > MAX_LEN {
            let rule = "over the limit of 16 KiB";
            return Err(Error::corrupt(CERTIFICATE, "length", der.len(), rule));
        }
        if values::normal(CERTIFICATE, der)? != der {
            let rule = "the same certificate in DER is other bytes";
            return Err(Error::corrupt(CERTIFICATE, "length", der.len(), rule));
        }
        let parsed = x509_cert::Certificate::from_der(der).map_err(wrong)?;
        let tbs = &parsed.tbs_certificate;
        let seconds = |time: &x509_cert::time::Time| {
            // Years of four digits.
            i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
        };
        let mut certificate = Self {
            signed: signed_part(der)?,
            der: der.into(),
            signature_algorithm: parsed.signature_algorithm.oid.to_string(),
            signature: parsed.signature.raw_bytes().into(),
            subject: Name::of(&tbs.subject).map_err(wrong)?,
            issuer: Name::of(&tbs.issuer).map_err(wrong)?,
            serial: hex(tbs.serial_number.as_bytes()),
            not_before: seconds(&tbs.validity.not_before),
            not_after: seconds(&tbs.validity.not_after),
            key: PublicKey::of(&tbs.subject_public_key_info),
            ca: false,
            path_len: None,
            usage: None,
            extended: None,
            unknown_critical: None,
            key_id: None,
        };
        if tbs.signature != parsed.signature_algorithm {
            let rule = "not the algorithm that is signed, too";
            let value = certificate.signature_algorithm;
            return Err(Error::corrupt(CERTIFICATE, "signatureAlgorithm", value, rule));
        }
        for extension in tbs.extensions.iter().flatten() {
            certificate.extension(extension).map_err(wrong)?;
        }
        Ok(certificate)
    }

    fn extension(&mut self, extension: &x509_cert::ext::Extension) -> der::Result<()> {
        let value = extension.extn_value.as_bytes();
        match extension.extn_id.to_string().as_str() {
            "2.5.29.19" => {
                let basic = BasicConstraints::from_der(value)?;
                (self.ca, self.path_len) = (basic.ca, basic.path_len_constraint);
            }
            "2.5.29.15" => self.usage = Some(KeyUsage::from_der(value)?),
            "2.5.29.37" => self.extended = Some(ExtendedKeyUsage::from_der(value)?.0),
            "2.5.29.14" => {
                self.key_id = Some(der::asn1::OctetString::from_der(value)?.into_bytes());
            }
            // Policies; Apple's own marks.
            "2.5.29.32" => {}
            apple if apple.starts_with("1.2.840.113635.100.6.") => {}
            other if extension.critical => self.unknown_critical = Some(other.into()),
            _ => {}
        }
        Ok(())
    }

    /// The whole certificate.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its SHA-256.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex(&sha2::Sha256::digest(&self.der))
    }

    /// Its SHA-1, as Apple's tools show it.
    #[must_use]
    pub fn sha1(&self) -> String {
        hex(&sha1::Sha1::digest(&self.der))
    }

    /// Its subject key identifier.
    pub(crate) fn key_id(&self) -> Option<&[u8]> {
        self.key_id.as_deref()
    }

    /// Whether issuer (in DER) and serial number are these.
    pub(crate) fn is(&self, issuer: &[u8], serial: &[u8]) -> bool {
        self.issuer.der == issuer && self.serial == hex(serial)
    }

    /// Whether the key of `issuer` signed this.
    pub(crate) fn signed_by(&self, issuer: &Self) -> Result<(), Refusal> {
        let hash = Hash::of_signature(&self.signature_algorithm).ok_or_else(|| {
            let algorithm = self.signature_algorithm.clone();
            Refusal::Algorithm { of: self.subject.common.clone(), algorithm }
        })?;
        let right = issuer.key.verify(hash, &self.signed, &self.signature);
        right.map_err(|why| why.of(&self.subject.common, &issuer.subject.common))
    }
}

/// The part of a certificate that is signed.
fn signed_part(der: &[u8]) -> Result<Vec<u8>> {
    let mut rest = der;
    let outer = values::take(CERTIFICATE, &mut rest)?;
    let mut inside = outer.body;
    values::take(CERTIFICATE, &mut inside)?;
    Ok(outer.body[..outer.body.len() - inside.len()].to_vec())
}

impl Name {
    fn of(name: &x509_cert::name::Name) -> der::Result<Self> {
        let (mut common, mut organization) = (None, None);
        for attribute in name.0.iter().flat_map(|relative| relative.0.iter()) {
            let text = || text(&attribute.value);
            match attribute.oid.to_string().as_str() {
                "2.5.4.3" => common = text(),
                "2.5.4.10" => organization = text(),
                _ => {}
            }
        }
        let common = common.unwrap_or_else(|| printable(&name.to_string()));
        Ok(Self { der: name.to_der()?, common, organization })
    }
}

/// A name's text, of any string type.
fn text(value: &der::Any) -> Option<String> {
    use der::Tagged;
    let bytes = value.value();
    let text = match value.tag() {
        der::Tag::BmpString => {
            let units = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units).map(|char| char.unwrap_or('\u{fffd}')).collect()
        }
        _ => String::from_utf8_lossy(bytes).into_owned(),
    };
    Some(printable(&text)).filter(|text| !text.is_empty())
}

/// Names come from a file: no control characters reach a terminal.
fn printable(text: &str) -> String {
    text.chars().filter(|char| !char.is_control()).take(200).collect()
}
