//! `vm`: media tried in machines.

mod check;

use crate::cli::Outcome;
use crate::cli::args::vm::Vm;
use crate::cli::streams::{Streams, Style};

/// `lionize vm`.
pub(super) fn run(command: &Vm, style: Style, streams: &mut Streams<'_>) -> Outcome {
    match command {
        Vm::Check(args) => check::run(args, style, streams),
    }
}
