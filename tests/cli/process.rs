//! The command as a process: signals, real pipes, a full device.

#[cfg(unix)]
use crate::screen::Pty;
use crate::support::lionize;
use lionize::cli::{Streams, exit, run};
use lionize::engine::Stop;
use std::io::{self, Read, Write};
use std::process::{Command, Stdio};

/// A device without room.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::new(io::ErrorKind::StorageFull, "No space left on device"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn results_that_cannot_be_written_are_a_failure() {
    let mut errors = Vec::new();
    let mut streams =
        Streams { stdout: &mut Full, stderr: &mut errors, terminal: false, stop: Stop::new() };
    let args = ["lionize", "recipe", "list"].map(Into::into);
    assert_eq!(run(args, &mut streams), exit::OUTPUT);
    assert_eq!(
        String::from_utf8(errors).unwrap(),
        "error: cannot write to standard output\n  because No space left on device\n"
    );
}

#[test]
fn colours_are_for_those_who_want_them() {
    let ran = lionize(["--color", "always", "recipe", "show", "loin"]);
    assert_eq!(
        ran.errors,
        "\u{1b}[1;31merror:\u{1b}[0m there is no recipe `loin`\n\
         \u{1b}[1;36mhint:\u{1b}[0m did you mean `lion`?\n"
    );
    assert!(!lionize(["recipe", "show", "loin"]).errors.contains('\u{1b}'));
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_with_130() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("long.bin");
    std::fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    for signal in ["-INT", "-TERM"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_lionize"))
            .arg("cat")
            .arg(&path)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = child.stdout.take().unwrap();
        // It runs, and has its handlers, once it has printed something.
        out.read_exact(&mut [0; 4096]).unwrap();
        let id = child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        io::copy(&mut out, &mut io::sink()).unwrap();
        let mut errors = String::new();
        child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(i32::from(exit::INTERRUPTED)));
        assert_eq!(errors, "error: the reading was interrupted\n");
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_is_no_failure() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("long.bin");
    std::fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_lionize"))
        .arg("cat")
        .arg(&path)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0; 4096]).unwrap();
    drop(out);
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!((child.wait().unwrap().code(), errors.as_str()), (Some(0), ""));
}

/// A disk with a file that takes minutes to read.
#[cfg(unix)]
const LARGE: &str = r#"
schema = 1
name = "large"
title = "A large file"

[inputs.large]
kind = "file"

[media]
layout = "bare"

[media.volume]
name = "Large"

[[step]]
copy = { from = "large", to = "/Large.bin" }
"#;

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_nothing_of_the_progress_but_says_so() {
    let temp = tempfile::tempdir().unwrap();
    std::fs::write(temp.path().join("large.toml"), LARGE).unwrap();
    std::fs::File::create(temp.path().join("large.bin")).unwrap().set_len(64 << 30).unwrap();
    let args = ["build", "./large.toml", "-i", "large=large.bin", "-o", "large.img"];
    for _ in 0..3 {
        let mut pty = Pty::run(temp.path(), &args);
        pty.sees("writing large.img  0%").types("\u{3}");
        assert_eq!(pty.ends(), u32::from(exit::INTERRUPTED), "{}", pty.text());
        let text = pty.text();
        assert_eq!(
            text.lines().last(),
            Some("error: the work was interrupted; nothing was left behind"),
            "{text}"
        );
        assert!(!text.contains('%') && !text.contains("^C") && pty.has_cursor(), "{text}");
        assert!(!temp.path().join("large.img").exists());
        assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 2, "{text}");
    }
}
