//! `catalog`: what Apple's software update catalogs offer, and where it lies.

mod check;
mod fetch;
mod list;
mod mirror;
mod open;
pub(super) mod place;
mod show;

use crate::cli::Outcome;
use crate::cli::args::catalog::Catalog as Command;
use crate::cli::streams::{Streams, Style};

pub(super) fn run(command: &Command, style: Style, streams: &mut Streams<'_>) -> Outcome {
    match command {
        Command::Names => list::names(style, streams),
        Command::List(args) => list::products(args, style, streams),
        Command::Show(args) => show::run(args, style, streams),
        Command::Check(args) => check::run(args, style, streams),
        Command::Fetch(args) => fetch::run(args, style, streams),
        Command::Mirror(args) => mirror::run(args, style, streams),
    }
}
