//! Programs of the host, run to their end or to the end of their time.

use crate::vm::failure::{Failure, Result};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Between two looks at a program.
pub(super) const PAUSE: Duration = Duration::from_millis(20);
/// The most of what a program complains that is told.
const MOST_SAID: usize = 2000;

/// A child that does not outlive its value.
pub(super) struct Child(pub(super) std::process::Child);

impl Drop for Child {
    fn drop(&mut self) {
        // It may be gone; then there is nothing to end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a program wrote into a file, the end of it where that is long.
pub(super) fn complaint(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).trim().to_owned();
    let skip = text.chars().count().saturating_sub(MOST_SAID);
    text.chars().skip(skip).collect()
}

/// Runs a program that must end well; what it complains goes into a folder.
pub(super) fn run(
    command: &mut Command,
    folder: &Path,
    limit: Duration,
    stop: &AtomicBool,
) -> Result<()> {
    let name = command.get_program().display().to_string();
    let fail = |error: std::io::Error| Failure::host(format!("{name} cannot be run"), &error);
    let log = folder.join("complaint");
    let file = std::fs::File::create(&log).map_err(fail)?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
    let mut child = Child(command.spawn().map_err(fail)?);
    let start = Instant::now();
    let why = loop {
        match child.0.try_wait().map_err(fail)? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => break status.to_string(),
            None if stop.load(Ordering::Relaxed) => return Err(Failure::interrupted()),
            None if start.elapsed() > limit => {
                break format!("it still ran after {} s", limit.as_secs());
            }
            None => sleep(PAUSE),
        }
    };
    let failure = Failure::missing(format!("{name} did not do its work"), "install it again");
    Err(failure.because(why).because(complaint(&log)))
}
