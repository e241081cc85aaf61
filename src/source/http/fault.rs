//! Why an exchange with a server did not work.

use std::fmt;

/// Why there is no answer, or not the one that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The user asked to stop.
    Stopped,
    /// This is no address that we fetch from; why.
    Address(String),
    /// No connection, or no trusted one; why.
    Unreachable(String),
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
            Self::Stopped | Self::Address(_) | Self::Redirect(_) | Self::Unfit(_) => false,
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
