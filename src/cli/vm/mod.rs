//! `vm`: media tried in machines.

mod check;
mod guest;
mod run;

use crate::cli::Outcome;
use crate::cli::args::vm::Vm;
use crate::cli::streams::{Streams, Style};

/// `lionize vm`.
pub(super) fn run(command: &Vm, style: Style, streams: &mut Streams<'_>) -> Outcome {
    match command {
        Vm::Check(args) => check::run(args, style, streams),
        Vm::Guest(args) => guest::run(args, style, streams),
        Vm::Run(args) => run::run(args, style, streams),
    }
}
