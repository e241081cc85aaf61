//! Signed messages (CMS, PKCS #7), and the timestamps that they carry.
//!
//! The `cms` crate parses what was brought into DER before. Of several signers
//! the first is judged. Not supported: what a message says of revocation.
//! Facts: RFC 5652; for timestamps RFC 3161.

use crate::block::{Error, Result};
use crate::format::certificate::{Certificate, Chain, Hash, Purpose, Refusal, walk};
use crate::format::der as values;
use cms::cert::CertificateChoices;
use cms::content_info::ContentInfo;
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use der::asn1::{ObjectIdentifier, OctetString};
use der::{Decode, Encode};

const CMS: &str = "CMS signature";
const TOKEN: &str = "timestamp";
/// Apple's have some ten KiB.
const MAX_LEN: usize = 256 << 10;

const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
const SIGNING_TIME: &str = "1.2.840.113549.1.9.5";
const TIMESTAMP_TOKEN: &str = "1.2.840.113549.1.9.16.2.14";
const TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";

/// A parsed message.
pub struct Message {
    data: SignedData,
    certificates: Vec<Certificate>,
}

/// A message whose signature is one of its signer's key.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The signer's certificate.
    pub signer: Certificate,
    /// The other certificates in the message.
    pub others: Vec<Certificate>,
    /// When the signer says that it signed, in seconds since 1970.
    pub claimed: Option<i64>,
    /// What the message itself holds.
    content: Vec<u8>,
    signature: Vec<u8>,
    token: Option<Vec<u8>>,
}

fn wrong(error: der::Error) -> Error {
    Error::complaint(CMS, error, "not signed data")
}

impl Message {
    /// Parses a message, BER or DER; zeros may follow it.
    ///
    /// # Errors
    /// `Corrupt`: no signed data, or beyond a limit.
    pub fn parse(data: &[u8]) -> Result<Self> {
        if data.len() > MAX_LEN {
            return Err(Error::corrupt(CMS, "length", data.len(), "over the limit of 256 KiB"));
        }
        let data = values::normal(CMS, data)?;
        let outer = ContentInfo::from_der(&data).map_err(wrong)?;
        if outer.content_type.to_string() != SIGNED_DATA {
            let rule = "not that of signed data";
            let kind = outer.content_type.to_string();
            return Err(Error::corrupt(CMS, "contentType", kind, rule));
        }
        let data: SignedData = outer.content.decode_as().map_err(wrong)?;
        let mut certificates = Vec::new();
        for choice in data.certificates.iter().flat_map(|set| set.0.iter()) {
            // Other kinds of certificates sign nothing here.
            if let CertificateChoices::Certificate(certificate) = choice {
                let der = certificate.to_der().map_err(wrong)?;
                certificates.push(Certificate::parse(&der)?);
            }
        }
        Ok(Self { data, certificates })
    }

    /// Verifies the signature of `content`, or of what the message itself holds.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn verify(self, content: Option<&[u8]>) -> Result<Signed, Refusal> {
        let Some(info) = self.data.signer_infos.0.iter().next() else {
            return Err(Refusal::NoSigner);
        };
        let held = self.data.encap_content_info.econtent.as_ref();
        let held = held.and_then(|any| any.decode_as::<OctetString>().ok());
        let held = held.map_or_else(Vec::new, OctetString::into_bytes);
        let content = content.unwrap_or(&held);
        let signer = self.signer(&info.sid)?;
        let digest = info.digest_alg.oid.to_string();
        let hash = Hash::of_digest(&digest).ok_or_else(|| Refusal::Algorithm {
            of: signer.subject.common.clone(),
            algorithm: digest,
        })?;
        let signed = self.signed_bytes(info, hash, content)?;
        let signature = info.signature.as_bytes().to_vec();
        let right = signer.key.verify(hash, &signed, &signature);
        right.map_err(|why| why.of("the message", &signer.subject.common))?;
        let others = self.certificates.iter().filter(|other| *other != signer).cloned();
        Ok(Signed {
            others: others.collect(),
            signer: signer.clone(),
            claimed: signing_time(info),
            token: token(info),
            content: held,
            signature,
        })
    }

    fn signer(&self, id: &SignerIdentifier) -> Result<&Certificate, Refusal> {
        if self.certificates.is_empty() {
            return Err(Refusal::NoCertificate);
        }
        let found = match id {
            SignerIdentifier::IssuerAndSerialNumber(id) => {
                let issuer = id.issuer.to_der().unwrap_or_default();
                let serial = id.serial_number.as_bytes();
                self.certificates.iter().find(|other| other.is(&issuer, serial))
            }
            SignerIdentifier::SubjectKeyIdentifier(id) => {
                let id = id.0.as_bytes();
                self.certificates.iter().find(|other| other.key_id() == Some(id))
            }
        };
        found.ok_or(Refusal::NoSigner)
    }

    /// What the signer signed: its attributes, or the content.
    fn signed_bytes(
        &self,
        info: &SignerInfo,
        hash: Hash,
        content: &[u8],
    ) -> Result<Vec<u8>, Refusal> {
        let Some(attributes) = &info.signed_attrs else { return Ok(content.to_vec()) };
        let stated: Option<OctetString> = attribute(info, MESSAGE_DIGEST);
        let kind: Option<ObjectIdentifier> = attribute(info, CONTENT_TYPE);
        let same_kind = kind == Some(self.data.encap_content_info.econtent_type);
        if !same_kind || stated.is_none_or(|stated| stated.as_bytes() != hash.digest(content)) {
            return Err(Refusal::Digest);
        }
        attributes.to_der().map_err(|error| Refusal::Unreadable(error.to_string()))
    }
}

/// The only value of a signed attribute.
fn attribute<T: for<'a> Decode<'a>>(info: &SignerInfo, number: &str) -> Option<T> {
    let mut found = info.signed_attrs.iter().flat_map(|all| all.iter());
    let attribute = found.find(|attribute| attribute.oid.to_string() == number)?;
    let value = attribute.values.iter().next()?;
    T::from_der(&value.to_der().ok()?).ok()
}

fn signing_time(info: &SignerInfo) -> Option<i64> {
    let time: x509_cert::time::Time = attribute(info, SIGNING_TIME)?;
    i64::try_from(time.to_unix_duration().as_secs()).ok()
}

fn token(info: &SignerInfo) -> Option<Vec<u8>> {
    let mut found = info.unsigned_attrs.iter().flat_map(|all| all.iter());
    let attribute = found.find(|attribute| attribute.oid.to_string() == TIMESTAMP_TOKEN)?;
    attribute.values.iter().next()?.to_der().ok()
}

impl Signed {
    /// What the timestamp proves, if there is one: the time, and who says so.
    ///
    /// # Errors
    /// Why the timestamp is refused.
    pub fn timestamp(&self, anchors: &[Certificate]) -> Option<Result<(i64, Chain), Refusal>> {
        let token = self.token.as_ref()?;
        Some(timestamp(token, &self.signature, anchors))
    }
}

fn timestamp(
    token: &[u8],
    stamped: &[u8],
    anchors: &[Certificate],
) -> Result<(i64, Chain), Refusal> {
    let unreadable = |error: Error| Refusal::Unreadable(error.to_string());
    let message = Message::parse(token).map_err(unreadable)?;
    if message.data.encap_content_info.econtent_type.to_string() != TST_INFO {
        return Err(Refusal::Unreadable("the timestamp is of another kind".into()));
    }
    let signed = message.verify(None)?;
    let info = TimeInfo::parse(&signed.content).map_err(unreadable)?;
    let hash = Hash::of_digest(&info.algorithm).ok_or_else(|| Refusal::Algorithm {
        of: signed.signer.subject.common.clone(),
        algorithm: info.algorithm,
    })?;
    if hash.digest(stamped) != info.digest {
        return Err(Refusal::Digest);
    }
    let chain = walk(&signed.signer, &signed.others, anchors, Purpose::Timestamp, info.time)?;
    Ok((info.time, chain))
}

/// What a timestamp states.
struct TimeInfo {
    algorithm: String,
    digest: Vec<u8>,
    time: i64,
}

impl TimeInfo {
    /// `TSTInfo`: version, policy, messageImprint, serialNumber, genTime.
    fn parse(data: &[u8]) -> Result<Self> {
        let broken =
            |field| Error::corrupt(TOKEN, "field", field, "not what a timestamp has there");
        let mut rest = data;
        let outer = values::values(TOKEN, values::take(TOKEN, &mut rest)?.body)?;
        let tags: Vec<u8> = outer.iter().take(5).map(|value| value.tag).collect();
        if tags != [0x02, 0x06, 0x30, 0x02, 0x18] {
            return Err(broken("TSTInfo"));
        }
        let imprint = values::values(TOKEN, outer[2].body)?;
        let [algorithm, digest] = &imprint[..] else { return Err(broken("messageImprint")) };
        let mut algorithm = algorithm.body;
        let algorithm = values::take(TOKEN, &mut algorithm)?;
        let algorithm = ObjectIdentifier::from_bytes(algorithm.body);
        let algorithm = algorithm.map_err(|_| broken("hashAlgorithm"))?.to_string();
        let time = str::from_utf8(outer[4].body).ok().and_then(generalized_time);
        let time = time.ok_or_else(|| broken("genTime"))?;
        Ok(Self { algorithm, digest: digest.body.to_vec(), time })
    }
}

/// `YYYYMMDDhhmmss[.fraction]Z` in seconds since 1970.
fn generalized_time(text: &str) -> Option<i64> {
    let text = text.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() != 14 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let number = |at: std::ops::Range<usize>| whole[at].parse::<u8>().ok();
    let month = time::Month::try_from(number(4..6)?).ok()?;
    let date = time::Date::from_calendar_date(whole[..4].parse().ok()?, month, number(6..8)?);
    let time = time::Time::from_hms(number(8..10)?, number(10..12)?, number(12..14)?).ok()?;
    Some(date.ok()?.with_time(time).assume_utc().unix_timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::saying::{assert_said, said};

    /// A value of DER with what is in it.
    fn value(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let body = parts.concat();
        [&[tag, u8::try_from(body.len()).unwrap()], &body[..]].concat()
    }

    #[test]
    fn each_broken_part_of_a_timestamp_is_named() {
        let sha1 = value(0x30, &[&[0x06, 5, 0x2b, 0x0e, 3, 2, 0x1a]]);
        let info = |imprint: &[u8], time: &[u8]| {
            let parts = [&[2, 1, 1][..], &[6, 1, 0x2a], imprint, &[2, 1, 7], &value(0x18, &[time])];
            value(0x30, &parts)
        };
        let good = value(0x30, &[&sha1, &[4, 1, 9]]);
        let made = TimeInfo::parse(&info(&good, b"20120920000000Z")).unwrap();
        assert_eq!((made.time, &made.digest[..]), (1_348_099_200, &[9][..]));
        let number = value(0x30, &[&value(0x30, &[&[0x06, 0]]), &[4, 1, 9]]);
        let rows = [
            (value(0x30, &[&[2, 1, 1]]), "TSTInfo"),
            (info(&value(0x30, &[&sha1]), b"20120920000000Z"), "messageImprint"),
            (info(&number, b"20120920000000Z"), "hashAlgorithm"),
            (info(&good, b"yesterday"), "genTime"),
        ];
        assert_said(rows.map(|(data, field)| {
            let rule = "not what a timestamp has there";
            (said(TimeInfo::parse(&data)), format!("timestamp: field is \"{field}\": {rule}"))
        }));
    }
}
