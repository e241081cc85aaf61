//! QEMU's own line to its user: events, and the picture on its screen.
//!
//! Facts: QEMU's "QMP protocol specification"; JSON, one object a line.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// The longest line that is listened to.
const MOST: u64 = 64 << 10;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The line to one machine.
pub(super) struct Qmp {
    to: ChildStdin,
    from: Receiver<Value>,
    /// Whether the machine stopped by itself, as after an error of KVM's.
    stopped: bool,
}

impl Qmp {
    /// Takes over both ends of a machine that was started with `-qmp stdio`.
    pub(super) fn new(mut to: ChildStdin, from: ChildStdout) -> Self {
        let (send, receive) = channel();
        std::thread::spawn(move || {
            let mut from = BufReader::new(from);
            loop {
                let mut line = Vec::new();
                match from.by_ref().take(MOST).read_until(b'\n', &mut line) {
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                }
                if let Ok(value) = serde_json::from_slice(&line)
                    && send.send(value).is_err()
                {
                    return;
                }
            }
        });
        // A machine that does not listen has ended; its exit code tells.
        let _ = writeln!(to, "{}", json!({"execute": "qmp_capabilities"}));
        Self { to, from: receive, stopped: false }
    }

    /// Whether the machine has stopped by itself since.
    pub(super) fn has_stopped(&mut self) -> bool {
        while let Ok(value) = self.from.try_recv() {
            self.note(&value);
        }
        self.stopped
    }

    fn note(&mut self, value: &Value) {
        self.stopped |= value["event"] == "STOP";
    }

    /// Keeps the picture on the screen as a PNG file; says whether it could.
    pub(super) fn picture(&mut self, path: &Path) -> bool {
        let Some(name) = path.to_str() else { return false };
        let arguments = json!({"filename": name, "format": "png"});
        self.ask(&json!({"execute": "screendump", "arguments": arguments, "id": "picture"}))
    }

    fn ask(&mut self, command: &Value) -> bool {
        if writeln!(self.to, "{command}").is_err() {
            return false;
        }
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.from.recv_timeout(left) {
                Ok(value) if value["id"] == command["id"] => return value.get("return").is_some(),
                Ok(value) => self.note(&value),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return false,
            }
        }
    }
}
