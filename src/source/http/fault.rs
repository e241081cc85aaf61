//! Why an exchange with a server did not work.

use std::fmt;
use std::io;

/// Why there is no answer, or not the one that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The user asked to stop.
    Stopped,
    /// This is no address that we fetch from; why.
    Address(String),
    /// No connection; why.
    Unreachable(String),
    /// Who answers is not proven to be the server; why.
    Untrusted(&'static str),
    /// The connection was lost, or what came is no HTTP; why.
    Lost(String),
    /// Too few bytes for too long.
    TooSlow {
        /// How many bytes came.
        bytes: u64,
        /// In how many seconds.
        seconds: u64,
    },
    /// The server's answer is of no use: its status.
    Status(u16),
    /// The server redirects in a way that we do not follow; why.
    Redirect(String),
    /// What the server has is not what is wanted, and will not be later; why.
    Unfit(String),
    /// The answer contradicts the request, or itself; how.
    Wrong(String),
}

impl Fault {
    /// Whether the same request may work a little later.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Lost(_) | Self::TooSlow { .. } | Self::Wrong(_) => true,
            Self::Status(status) => matches!(status, 408 | 425 | 429 | 500..=599),
            Self::Stopped
            | Self::Untrusted(_)
            | Self::Address(_)
            | Self::Redirect(_)
            | Self::Unfit(_) => false,
        }
    }

    /// What reading an answer reports; a fault that is in it stays itself.
    pub(in crate::source) fn of_reading(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(fault) => fault,
            Err(error) => Self::Lost(error.to_string()),
        }
    }

    /// What the user can do about it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Unreachable(_) | Self::Lost(_) | Self::TooSlow { .. } | Self::Stopped => {
                "check the connection (and a proxy) and run it again"
            }
            Self::Untrusted(_) => {
                "check this computer's date; if it is right, try another network, since something \
                 answers in the server's place"
            }
            Self::Status(408 | 425 | 429 | 500..=599) => "run it again later",
            Self::Status(401 | 407) => {
                "give name and password in the address (a proxy's is in HTTPS_PROXY), as in \
                 http://NAME:PASSWORD@SERVER/"
            }
            Self::Status(_) => "another server may have it, or give the file itself",
            Self::Address(_) => "correct the address; it begins with http:// or https://",
            Self::Redirect(_) | Self::Unfit(_) | Self::Wrong(_) => {
                "try another network or another server, or give the file itself"
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str("the work was interrupted"),
            Self::Address(why) | Self::Redirect(why) | Self::Wrong(why) | Self::Unfit(why) => {
                f.write_str(why)
            }
            Self::Unreachable(why) => write!(f, "there is no connection: {why}"),
            Self::Untrusted(why) => f.write_str(why),
            Self::Lost(why) => write!(f, "the connection was lost: {why}"),
            Self::TooSlow { bytes, seconds } => {
                write!(f, "only {bytes} bytes came in {seconds} seconds")
            }
            Self::Status(status) => {
                write!(f, "the server answered {status}{}", words(*status))
            }
        }
    }
}

impl std::error::Error for Fault {}

fn words(status: u16) -> &'static str {
    match status {
        401 | 407 => " (it wants a password)",
        403 => " (it refuses)",
        404 | 410 => " (it has no such file)",
        429 => " (too many requests)",
        500..=599 => " (it is in trouble)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const CONNECTION: &str = "check the connection (and a proxy) and run it again";
    const OTHER: &str = "try another network or another server, or give the file itself";

    /// A new fault is to be in the table below.
    const fn number(fault: &Fault) -> u8 {
        match fault {
            Fault::Stopped => 0,
            Fault::Address(_) => 1,
            Fault::Unreachable(_) => 2,
            Fault::Untrusted(_) => 3,
            Fault::Lost(_) => 4,
            Fault::TooSlow { .. } => 5,
            Fault::Status(_) => 6,
            Fault::Redirect(_) => 7,
            Fault::Unfit(_) => 8,
            Fault::Wrong(_) => 9,
        }
    }

    #[test]
    fn each_fault_says_why_and_what_to_do() {
        let all = [
            (Fault::Stopped, "the work was interrupted", CONNECTION),
            (
                Fault::Address("`x` is no address".into()),
                "`x` is no address",
                "correct the address; it begins with http:// or https://",
            ),
            (Fault::Unreachable("refused".into()), "there is no connection: refused", CONNECTION),
            (
                Fault::Untrusted("the certificate is another server's"),
                "the certificate is another server's",
                "check this computer's date; if it is right, try another network, since \
                 something answers in the server's place",
            ),
            (Fault::Lost("reset".into()), "the connection was lost: reset", CONNECTION),
            (
                Fault::TooSlow { bytes: 7, seconds: 60 },
                "only 7 bytes came in 60 seconds",
                CONNECTION,
            ),
            (Fault::Redirect("a circle".into()), "a circle", OTHER),
            (Fault::Unfit("other bytes".into()), "other bytes", OTHER),
            (Fault::Wrong("nonsense".into()), "nonsense", OTHER),
        ];
        let mut seen = BTreeSet::from([number(&Fault::Status(0))]);
        for (fault, says, hint) in all {
            assert_eq!((fault.to_string().as_str(), fault.hint()), (says, hint));
            seen.insert(number(&fault));
        }
        assert_eq!(seen.len(), 10);
    }

    #[test]
    fn each_status_says_what_it_means() {
        let password = "give name and password in the address (a proxy's is in HTTPS_PROXY), as \
                        in http://NAME:PASSWORD@SERVER/";
        let missing = "another server may have it, or give the file itself";
        for (status, says, hint) in [
            (401, "the server answered 401 (it wants a password)", password),
            (403, "the server answered 403 (it refuses)", missing),
            (404, "the server answered 404 (it has no such file)", missing),
            (418, "the server answered 418", missing),
            (429, "the server answered 429 (too many requests)", "run it again later"),
            (503, "the server answered 503 (it is in trouble)", "run it again later"),
        ] {
            let fault = Fault::Status(status);
            assert_eq!((fault.to_string().as_str(), fault.hint()), (says, hint));
        }
    }

    #[test]
    fn what_ends_an_answer_is_said_once() {
        let lost = Fault::Lost("reset".into());
        assert_eq!(Fault::of_reading(io::Error::other(lost.clone())), lost);
        assert_eq!(Fault::of_reading(io::Error::other("reset")), lost);
    }
}
