//! Runs the command and keeps what it prints.

use crate::schema;
use lionize::cli::{Streams, run};
use lionize::engine::Stop;
use lionize::source::sample;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// What one run did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: u8,
    pub(crate) out: Vec<u8>,
    pub(crate) errors: String,
}

impl Ran {
    /// Standard output as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.out).unwrap()
    }

    /// Checks code, standard output and standard error at once.
    #[track_caller]
    pub(crate) fn is(&self, code: u8, out: &str, errors: &str) {
        let found = (self.code, self.text(), self.errors.as_str());
        assert_eq!(found, (code, out, errors));
    }

    /// The objects that were printed, one a line.
    pub(crate) fn objects(&self) -> Vec<serde_json::Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Runs the command with these arguments.
pub(crate) fn lionize<A: Into<OsString>>(args: impl IntoIterator<Item = A>) -> Ran {
    stopped(Stop::new(), args)
}

/// Runs it with a flag that tells it to stop.
pub(crate) fn stopped<A: Into<OsString>>(stop: Stop, args: impl IntoIterator<Item = A>) -> Ran {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut streams = Streams { stdout: &mut stdout, stderr: &mut stderr, terminal: false, stop };
    let args: Vec<OsString> = args.into_iter().map(Into::into).collect();
    let json = args.iter().any(|arg| arg == "--json") && !args.iter().any(|arg| arg == "--help");
    let code = run(std::iter::once("lionize".into()).chain(args), &mut streams);
    if json {
        // Whatever a test is about, the contract is kept in it.
        schema::events().holds(std::str::from_utf8(&stdout).unwrap());
    }
    Ran { code, out: stdout, errors: String::from_utf8(stderr).unwrap() }
}

/// The shape sample's InstallESD.dmg, made once.
pub(crate) fn sample() -> &'static Path {
    static SAMPLE: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let make = || {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("InstallESD.dmg");
        let mut file = std::fs::File::create(&path).unwrap();
        sample::write_installer(&mut file, 0).unwrap();
        (folder, path)
    };
    &SAMPLE.get_or_init(make).1
}

/// A path below the sample, as an argument.
pub(crate) fn inside(path: &str) -> String {
    format!("{}{path}", sample().display())
}
