//! A program's standard output, piece by piece.

use crate::engine::events::Stop;
use std::io::{self, Read};
use std::process::{Child, Command, Stdio};

const PIECE: usize = 64 << 10;
/// The most that is kept of what a program complains.
const COMPLAINT: u64 = 4096;

/// How a program ended.
pub(super) struct Ended {
    pub(super) success: bool,
    /// The beginning of its standard error.
    pub(super) complaint: String,
}

/// Runs a program whose output goes to `take`. It is ended when the user
/// wants to stop.
pub(super) fn run(
    command: &mut Command,
    take: &mut dyn FnMut(&[u8]),
    stop: &Stop,
) -> io::Result<Ended> {
    // Words in English, and bytes of names as they are.
    command.env("LC_ALL", "C.UTF-8");
    let pipes = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Guard(pipes.spawn()?);
    let errors = child.0.stderr.take();
    let listener = std::thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(mut errors) = errors {
            // What cannot be read is not told; the rest is let go.
            let _ = errors.by_ref().take(COMPLAINT).read_to_end(&mut text);
            let _ = io::copy(&mut errors, &mut io::sink());
        }
        String::from_utf8_lossy(&text).into_owned()
    });
    let mut buf = vec![0; PIECE];
    let mut out = child.0.stdout.take();
    while let Some(out) = &mut out {
        if stop.raised() {
            return Err(io::Error::from(io::ErrorKind::Interrupted));
        }
        match out.read(&mut buf) {
            Ok(0) => break,
            Ok(len) => take(&buf[..len]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let success = child.0.wait()?.success();
    let complaint = listener.join().unwrap_or_default();
    Ok(Ended { success, complaint })
}

/// The same for a short answer.
pub(super) fn ask(command: &mut Command, stop: &Stop) -> io::Result<(String, Ended)> {
    let mut said = Vec::new();
    let mut keep = |piece: &[u8]| {
        let room = PIECE.saturating_sub(said.len());
        said.extend_from_slice(&piece[..piece.len().min(room)]);
    };
    let ended = run(command, &mut keep, stop)?;
    Ok((String::from_utf8_lossy(&said).into_owned(), ended))
}

/// A child that does not outlive us.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        // One that has ended is no longer there to be killed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
