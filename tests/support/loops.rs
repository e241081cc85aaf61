//! Loop devices that a test makes for itself, and takes away again.

use crate::support::judge::{absent, find, note, run};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Says why something was not judged by a loop device. No package brings them,
/// so only a machine that has them, and lets us, must judge.
#[track_caller]
pub(crate) fn without(why: &str) {
    let may = Path::new("/dev/loop-control").exists() && std::fs::metadata("/proc/1/cwd").is_ok();
    if may { absent("a loop device", why) } else { println!("not judged by a loop device: {why}") }
}

/// A loop device over a file of the test's; detached when dropped.
pub(crate) struct Loop {
    path: PathBuf,
}

impl Loop {
    /// Attaches a file; says why when this machine does not let us.
    pub(crate) fn new(file: &Path, sector: u32) -> Result<Self, String> {
        if !Path::new("/dev/loop-control").exists() {
            return Err("this machine has no loop devices".to_owned());
        }
        let program = find("losetup").ok_or("losetup is not installed")?;
        let mut command = Command::new(program);
        command.args(["--find", "--show", "--sector-size", &sector.to_string()]).arg(file);
        let said = run(&mut command, Duration::from_secs(20));
        if said.code != 0 {
            return Err(said.text().trim().to_owned());
        }
        note("a loop device");
        let path = String::from_utf8_lossy(&said.out).trim().to_owned();
        // Anything else would not be ours to touch.
        assert!(path.starts_with("/dev/loop"), "losetup answered {path}");
        Ok(Self { path: path.into() })
    }

    /// Its path below `/dev`.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        if let Some(program) = find("losetup") {
            let mut command = Command::new(program);
            run(command.arg("--detach").arg(&self.path), Duration::from_secs(20));
        }
    }
}
