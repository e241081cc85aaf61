//! The command as a process: real streams, real signals.

use crate::cli::{Streams, exit, run};
use crate::engine::Stop;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::io::{self, IsTerminal};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Runs the command of this process.
///
/// The first Ctrl-C asks the work to stop, which removes what is unfinished;
/// the second ends the process at once.
#[must_use]
pub fn main() -> u8 {
    let stop = Stop::new();
    for signal in [SIGINT, SIGTERM] {
        let flag = stop.flag();
        let code = i32::from(exit::INTERRUPTED);
        // Without handlers a signal still ends the process, only less tidily.
        let _ = signal_hook::flag::register_conditional_shutdown(signal, code, Arc::clone(&flag));
        let _ = signal_hook::flag::register(signal, flag);
    }
    let terminal = io::stderr().is_terminal();
    let (mut stdout, mut stderr) = (io::stdout(), io::stderr());
    let mut streams = Streams { stdout: &mut stdout, stderr: &mut stderr, terminal, stop };
    let args = std::env::args_os();
    catch_unwind(AssertUnwindSafe(|| run(args, &mut streams))).unwrap_or_else(|_| {
        eprintln!("error: this is a fault of Lionize, not yours; please report it with the above");
        exit::OURS
    })
}
