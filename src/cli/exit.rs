//! Exit codes: few, and each means one thing (`docs/exit-codes.md`).

use crate::engine::ProblemKind;

/// Done.
pub const DONE: u8 = 0;
/// The command line or the recipe is wrong.
pub const USAGE: u8 = 2;
/// A file is missing, damaged, or not what is asked for.
pub const BAD_INPUT: u8 = 3;
/// A download failed.
pub const NETWORK: u8 = 4;
/// The output or device could not be written.
pub const OUTPUT: u8 = 5;
/// What was written is not what was meant.
pub const VERIFICATION: u8 = 6;
/// A bug of ours.
pub const OURS: u8 = 70;
/// Stopped by the user.
pub const INTERRUPTED: u8 = 130;

/// The exit code of a kind of problem.
#[must_use]
pub const fn code(kind: ProblemKind) -> u8 {
    match kind {
        ProblemKind::Usage => USAGE,
        ProblemKind::BadInput => BAD_INPUT,
        ProblemKind::Network => NETWORK,
        ProblemKind::Device => OUTPUT,
        ProblemKind::Verification => VERIFICATION,
        ProblemKind::Interrupted => INTERRUPTED,
        ProblemKind::Ours => OURS,
    }
}

/// A word for the kind, in JSON.
#[must_use]
pub const fn word(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::Usage => "usage",
        ProblemKind::BadInput => "bad-input",
        ProblemKind::Network => "network",
        ProblemKind::Device => "output",
        ProblemKind::Verification => "verification",
        ProblemKind::Interrupted => "interrupted",
        ProblemKind::Ours => "ours",
    }
}
