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
        ProblemKind::Output | ProblemKind::Device => OUTPUT,
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
        ProblemKind::Output => "output",
        ProblemKind::Device => "device",
        ProblemKind::Verification => "verification",
        ProblemKind::Interrupted => "interrupted",
        ProblemKind::Ours => "ours",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{problem, schema::judge};
    use crate::engine::Problem;

    #[test]
    fn every_kind_is_in_the_schema_and_in_the_guide() {
        let guide = include_str!("../../docs/exit-codes.md");
        for kind in [
            ProblemKind::Usage,
            ProblemKind::BadInput,
            ProblemKind::Network,
            ProblemKind::Output,
            ProblemKind::Device,
            ProblemKind::Verification,
            ProblemKind::Interrupted,
            ProblemKind::Ours,
        ] {
            let object = problem::object(&Problem::new(kind, "it failed"));
            judge::events().holds(&object.to_string());
            let row = format!("| {} | `{}` |", code(kind), word(kind));
            assert!(guide.contains(&row), "docs/exit-codes.md lacks {row}");
        }
    }
}
