//! Why a signature or a chain is refused, as phrases.

use std::fmt;

/// What is wrong, and with whose certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody's certificate came with the signature.
    NoCertificate,
    /// The certificate that the signature names did not come with it.
    NoSigner,
    /// An algorithm that is not known, or too weak.
    Algorithm {
        /// Whose.
        of: String,
        /// Its number or name.
        algorithm: String,
    },
    /// A signature that the signer's key did not make.
    Signature {
        /// What it should sign.
        of: String,
        /// Whose key.
        signer: String,
    },
    /// What is signed is another digest than that of what is here.
    Digest,
    /// A certificate that was not yet valid at the time.
    NotYetValid {
        /// Whose.
        of: String,
        /// The time, in seconds since 1970.
        at: i64,
        /// When it begins.
        from: i64,
    },
    /// A certificate that was not valid any more at the time.
    Expired {
        /// Whose.
        of: String,
        /// The time, in seconds since 1970.
        at: i64,
        /// When it ended.
        until: i64,
    },
    /// A certificate that may not sign others: basicConstraints.
    NotCa(String),
    /// A certificate that may not sign others: keyUsage.
    NoCertSign(String),
    /// A certificate that has more below it than it allows: pathLenConstraint.
    PathLen {
        /// Whose.
        of: String,
        /// How many it allows.
        allowed: u8,
    },
    /// A signer that may not sign, or not this: keyUsage, extKeyUsage.
    Usage(String),
    /// An extension that must be understood, and is not.
    Extension {
        /// Whose.
        of: String,
        /// Its number.
        number: String,
    },
    /// A chain that ends below no anchor.
    NoAnchor {
        /// The last certificate.
        last: String,
        /// Who should have signed it.
        issuer: String,
    },
    /// A chain of more certificates than any real one.
    TooLong,
    /// A structure that cannot be read.
    Unreadable(String),
}

/// A date as people read it.
#[must_use]
pub(crate) fn date(seconds: i64) -> String {
    match time::OffsetDateTime::from_unix_timestamp(seconds) {
        Ok(date) => {
            let (year, month, day) = date.to_calendar_date();
            format!("{year:04}-{:02}-{day:02}", u8::from(month))
        }
        Err(_) => format!("second {seconds}"),
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCertificate => f.write_str("no certificate came with the signature"),
            Self::NoSigner => f.write_str("the signer's certificate did not come with it"),
            Self::Algorithm { of, algorithm } => {
                write!(f, "the algorithm of \"{of}\" ({algorithm}) is not accepted")
            }
            Self::Signature { of, signer } => {
                write!(f, "the key of \"{signer}\" did not sign {of}")
            }
            Self::Digest => {
                f.write_str("what was signed is not what is here: its digest is another")
            }
            Self::NotYetValid { of, at, from } => write!(
                f,
                "the certificate of \"{of}\" was not valid on {}: it begins on {}",
                date(*at),
                date(*from)
            ),
            Self::Expired { of, at, until } => write!(
                f,
                "the certificate of \"{of}\" was not valid on {}: it ended on {}",
                date(*at),
                date(*until)
            ),
            Self::NotCa(of) => {
                write!(f, "\"{of}\" may not sign certificates (basicConstraints)")
            }
            Self::NoCertSign(of) => write!(f, "\"{of}\" may not sign certificates (keyUsage)"),
            Self::PathLen { of, allowed } => write!(
                f,
                "more certificates are below \"{of}\" than the {allowed} that it allows \
                 (pathLenConstraint)"
            ),
            Self::Usage(of) => write!(f, "the certificate of \"{of}\" was made for another use"),
            Self::Extension { of, number } => {
                write!(
                    f,
                    "the certificate of \"{of}\" has a critical extension ({number}) that is not known"
                )
            }
            Self::NoAnchor { last, issuer } if last == issuer => {
                write!(f, "the chain ends at \"{last}\", which nobody vouches for")
            }
            Self::NoAnchor { last, issuer } => write!(
                f,
                "the chain ends at \"{last}\", signed by \"{issuer}\", who is not trusted"
            ),
            Self::TooLong => f.write_str("the chain has more than 8 certificates"),
            Self::Unreadable(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Refusal {}
