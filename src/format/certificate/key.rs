//! Public keys, and the signatures that they verify.

use crate::format::certificate::Refusal;
use der::Encode;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_cert::spki::SubjectPublicKeyInfoOwned;

/// What is signed: a digest of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-1: for what was signed before 2017.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// The hash of a signature algorithm's number.
    pub(crate) fn of_signature(number: &str) -> Option<Self> {
        Some(match number {
            "1.2.840.113549.1.1.5" => Self::Sha1,
            "1.2.840.113549.1.1.11" | "1.2.840.10045.4.3.2" => Self::Sha256,
            "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" => Self::Sha384,
            "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" => Self::Sha512,
            _ => return None,
        })
    }

    /// The hash of a digest algorithm's number.
    pub(crate) fn of_digest(number: &str) -> Option<Self> {
        Some(match number {
            "1.3.14.3.2.26" => Self::Sha1,
            "2.16.840.1.101.3.4.2.1" => Self::Sha256,
            "2.16.840.1.101.3.4.2.2" => Self::Sha384,
            "2.16.840.1.101.3.4.2.3" => Self::Sha512,
            _ => return None,
        })
    }

    /// The digest of a message.
    pub(crate) fn digest(self, message: &[u8]) -> Vec<u8> {
        use sha2::Digest;
        match self {
            Self::Sha1 => sha1::Sha1::digest(message).to_vec(),
            Self::Sha256 => sha2::Sha256::digest(message).to_vec(),
            Self::Sha384 => sha2::Sha384::digest(message).to_vec(),
            Self::Sha512 => sha2::Sha512::digest(message).to_vec(),
        }
    }
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// RSA, as PKCS #1 encodes it.
    Rsa(Vec<u8>),
    /// A point of P-256.
    P256(Vec<u8>),
    /// A point of P-384.
    P384(Vec<u8>),
    /// Of a kind that is not known, by its number.
    Other(String),
}

/// Why a signature is not one of a key.
pub(crate) enum Why {
    Wrong,
    Key(String),
}

impl Why {
    /// The refusal of something signed, or not, by somebody.
    pub(crate) fn of(self, what: &str, signer: &str) -> Refusal {
        let (of, signer) = (what.to_owned(), signer.to_owned());
        match self {
            Self::Wrong => Refusal::Signature { of, signer },
            Self::Key(algorithm) => Refusal::Algorithm { of: signer, algorithm },
        }
    }
}

impl PublicKey {
    pub(super) fn of(info: &SubjectPublicKeyInfoOwned) -> Self {
        let bits = info.subject_public_key.raw_bytes().to_vec();
        let number = info.algorithm.oid.to_string();
        let curve = info.algorithm.parameters.as_ref().and_then(|any| any.to_der().ok());
        match (number.as_str(), curve.as_deref()) {
            ("1.2.840.113549.1.1.1", _) => Self::Rsa(bits),
            // OBJECT IDENTIFIER 1.2.840.10045.3.1.7 and 1.3.132.0.34.
            ("1.2.840.10045.2.1", Some(b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07")) => {
                Self::P256(bits)
            }
            ("1.2.840.10045.2.1", Some(b"\x06\x05\x2b\x81\x04\x00\x22")) => Self::P384(bits),
            _ => Self::Other(number),
        }
    }

    /// Whether this key signed a message.
    pub(crate) fn verify(&self, hash: Hash, message: &[u8], signed: &[u8]) -> Result<(), Why> {
        let unknown = || Why::Key(format!("{self:?} with {hash:?}").chars().take(40).collect());
        let (algorithm, key): (&'static dyn VerificationAlgorithm, _) = match (self, hash) {
            (Self::Rsa(key), Hash::Sha1) => {
                (&signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, key)
            }
            (Self::Rsa(key), Hash::Sha256) => {
                (&signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, key)
            }
            (Self::Rsa(key), Hash::Sha384) => (&signature::RSA_PKCS1_2048_8192_SHA384, key),
            (Self::Rsa(key), Hash::Sha512) => {
                (&signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, key)
            }
            (Self::P256(key), Hash::Sha256) => (&signature::ECDSA_P256_SHA256_ASN1, key),
            (Self::P256(key), Hash::Sha384) => (&signature::ECDSA_P256_SHA384_ASN1, key),
            (Self::P384(key), Hash::Sha256) => (&signature::ECDSA_P384_SHA256_ASN1, key),
            (Self::P384(key), Hash::Sha384) => (&signature::ECDSA_P384_SHA384_ASN1, key),
            (Self::Other(number), _) => return Err(Why::Key(number.clone())),
            _ => return Err(unknown()),
        };
        UnparsedPublicKey::new(algorithm, key).verify(message, signed).map_err(|_| Why::Wrong)
    }
}
