//! The command as a process: real streams, real signals.

use crate::cli::{Environment, Streams, exit, logging, problem, run_in};
use crate::engine::{Problem, Stop};
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
    // A bar that moves and lines of a log would write over each other.
    let terminal = !logging::start() && io::stderr().is_terminal();
    let (mut stdout, mut stderr) = (io::stdout(), io::stderr());
    let mut streams = Streams { stdout: &mut stdout, stderr: &mut stderr, terminal, stop };
    let (args, environment) = (std::env::args_os(), Environment::of_process());
    catch_unwind(AssertUnwindSafe(|| run_in(&environment, args, &mut streams)))
        .unwrap_or_else(|_| fault(std::env::args_os().any(|arg| arg == "--json"), &mut streams))
}

/// A panic is our fault; programs get a result all the same.
fn fault(json: bool, streams: &mut Streams<'_>) -> u8 {
    let sentence = "this is a fault of Lionize, not yours; please report it with the above";
    let problem = Problem::ours(sentence);
    if json {
        let _ = streams.object(&problem::object(&problem));
        let _ = streams.stdout.flush();
    }
    let _ = streams.stderr.write_all(problem::text(&problem, false).as_bytes());
    exit::OURS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_with_a_result_too() {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut streams = Streams {
            stdout: &mut stdout,
            stderr: &mut stderr,
            terminal: false,
            stop: Stop::new(),
        };
        assert_eq!(fault(true, &mut streams), exit::OURS);
        crate::cli::schema::judge::events().holds(std::str::from_utf8(&stdout).unwrap());
        assert!(stderr.starts_with(b"error: this is a fault of Lionize"));
    }
}
