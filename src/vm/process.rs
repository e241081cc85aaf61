//! Programs of the host, run to their end or to the end of their time.

use crate::vm::failure::{Failure, Result};
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Between two looks at a program.
pub(super) const PAUSE: Duration = Duration::from_millis(20);
/// The most of what a program complains that is told.
const MOST_SAID: usize = 2000;

/// A child that does not outlive its value; on Linux, nor the thread that
/// started it, however that ends.
pub(super) struct Child(pub(super) std::process::Child);

impl Child {
    /// Starts a program.
    pub(super) fn start(command: &mut Command) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        crate::device::end_with_us(command);
        command.spawn().map(Self)
    }
}

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
    let fail = |error: io::Error| Failure::host(format!("{name} cannot be run"), &error);
    let log = folder.join("complaint");
    let file = std::fs::File::create(&log).map_err(fail)?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
    let mut child = Child::start(command).map_err(fail)?;
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::{Child, Command, Stdio};
    use std::fs::OpenOptions;
    use std::io::{BufRead, BufReader, Read, Write};

    /// Where the stand-in waits for a line.
    const FIFO: &str = "LIONIZE_TEST_FIFO";

    #[test]
    #[ignore = "the process that the next test kills"]
    fn one_that_runs_a_stand_in() {
        let fifo = std::env::var(FIFO).unwrap();
        // Opened both ways, so that it waits in `read`.
        let script = "exec 3<>\"$0\"; echo ready; read line <&3; echo survived";
        let mut command = Command::new("/bin/sh");
        let mut child = Child::start(command.args(["-c", script, &fifo])).unwrap();
        child.0.wait().unwrap();
    }

    #[test]
    fn a_program_ends_with_a_process_that_is_killed() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        rustix::fs::mkfifoat(
            rustix::fs::CWD,
            &fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        )
        .unwrap();
        let mut parent = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "vm::process::tests::one_that_runs_a_stand_in", "--ignored"])
            .arg("--nocapture")
            .env(FIFO, &fifo)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(parent.stdout.take().unwrap());
        let mut line = String::new();
        while !line.ends_with("ready\n") {
            line.clear();
            assert_ne!(said.read_line(&mut line).unwrap(), 0, "the stand-in did not start");
        }
        parent.kill().unwrap();
        // Once it is gone, so is the stand-in, or it would read this and say so.
        parent.wait().unwrap();
        OpenOptions::new().read(true).write(true).open(&fifo).unwrap().write_all(b"\n").unwrap();
        let mut rest = String::new();
        said.read_to_string(&mut rest).unwrap();
        assert!(!rest.contains("survived"), "{rest}");
    }
}
