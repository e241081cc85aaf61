//! The command. See `lionize --help`.

use lionize::cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main().into()
}
