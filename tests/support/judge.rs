//! Finding judges, and running them with a time limit.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a judge may take when nothing else is said.
const LIMIT: Duration = Duration::from_secs(120);

/// What a program said.
#[derive(Debug)]
pub(crate) struct Said {
    /// The exit code; -1 when it was ended by a signal.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) out: Vec<u8>,
    /// Standard error.
    pub(crate) err: Vec<u8>,
}

impl Said {
    /// Both streams as text, for messages and searches.
    pub(crate) fn text(&self) -> String {
        format!("{}{}", String::from_utf8_lossy(&self.out), String::from_utf8_lossy(&self.err))
    }

    /// Panics with all that was said unless the exit code is 0.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert!(self.code == 0, "exit code {}:\n{}", self.code, self.text());
        self
    }
}

/// A program that judges what we made.
#[derive(Clone, Debug)]
pub(crate) struct Judge {
    name: &'static str,
    program: PathBuf,
}

/// Whether an absent judge is a failure.
pub(crate) fn required() -> bool {
    std::env::var_os("LIONIZE_JUDGES").is_some_and(|value| value == "required")
}

/// Says that something was not judged, or fails where judges are required.
#[track_caller]
pub(crate) fn absent(who: &str, why: &str) {
    assert!(!required(), "not judged by {who}: {why}");
    println!("not judged by {who}: {why}");
}

/// Finds a judge by its program's name; `None` (and a line) when it is absent.
#[track_caller]
pub(crate) fn judge(name: &'static str) -> Option<Judge> {
    let program = find(name);
    if program.is_none() {
        absent(name, "it is not installed");
    }
    Some(Judge { name, program: program? })
}

/// Finds a program on the path and among the administrator's programs.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let extra = ["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from);
    let mut folders = std::env::split_paths(&path).chain(extra);
    folders.find_map(|dir| Some(dir.join(name)).filter(|program| program.is_file()))
}

impl Judge {
    /// A judge by the path of its program.
    pub(crate) fn at(name: &'static str, program: &Path) -> Self {
        Self { name, program: program.into() }
    }

    /// A command to add arguments to.
    pub(crate) fn command(&self) -> Command {
        note(self.name);
        Command::new(&self.program)
    }

    /// Runs it with these arguments, for two minutes at most.
    #[track_caller]
    pub(crate) fn run(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Said {
        run(self.command().args(args), LIMIT)
    }
}

/// Adds a line to the list of judges that ran, where one is kept.
pub(crate) fn note(name: &str) {
    if let Some(path) = std::env::var_os("LIONIZE_JUDGES_LOG") {
        let file = OpenOptions::new().create(true).append(true).open(path);
        let _ = file.and_then(|mut file| writeln!(file, "{name}"));
    }
}

/// Tells at its end how long a test with machines took.
pub(crate) struct Clock(Instant);

/// Starts the clock of a test with machines.
pub(crate) fn clock() -> Clock {
    Clock(Instant::now())
}

impl Drop for Clock {
    fn drop(&mut self) {
        // Not by `eprintln`, which is only shown of tests that fail.
        let thread = std::thread::current();
        let (test, took) = (thread.name().unwrap_or("a test"), self.0.elapsed().as_secs());
        let _ = writeln!(std::io::stderr(), "machines: {took} s in {test}");
    }
}

/// Runs a command to its end, or kills it at the limit and fails.
#[track_caller]
pub(crate) fn run(command: &mut Command, limit: Duration) -> Said {
    // Files, not pipes: a pipe that nobody reads would stop the program.
    let (out, err) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    command.stdin(Stdio::null()).stdout(out.try_clone().unwrap()).stderr(err.try_clone().unwrap());
    let mut child = command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > limit {
            let _ = child.kill();
            let _ = child.wait();
            let said = Said { code: -1, out: whole(out), err: whole(err) };
            panic!("{command:?} was still running after {limit:?}:\n{}", said.text());
        }
        sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    };
    Said { code: status.code().unwrap_or(-1), out: whole(out), err: whole(err) }
}

fn whole(mut file: File) -> Vec<u8> {
    let mut bytes = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Fails unless Apple's own checker finds nothing wrong with a volume image.
#[track_caller]
pub(crate) fn assert_fsck_clean(volume: &Path) {
    if let Some(complaint) = fsck_complaint(volume) {
        panic!("fsck.hfsplus on {}:\n{complaint}", volume.display());
    }
}

/// What Apple's own checker finds wrong with a volume image; `None` also when it is absent.
#[track_caller]
pub(crate) fn fsck_complaint(volume: &Path) -> Option<String> {
    let judge = judge("fsck.hfsplus")?;
    // A million files take it minutes.
    let said = run(judge.command().arg("-fn").arg(volume), 10 * LIMIT);
    let text = said.text();
    let clean = said.code == 0 && text.contains("appears to be OK");
    (!clean).then_some(text)
}
