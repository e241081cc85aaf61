//! A guest with USB sticks, which are pulled out and plugged in again by
//! QEMU's monitor (QMP) while the guest works.

use crate::support::guest::{Guest, Job, answer, turn};
use crate::support::image::temp;
use crate::support::judge::Said;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::MutexGuard;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long QEMU may take to do what it is told.
const SOON: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// A stick: its serial number, and the file that holds its bytes.
#[derive(Clone, Copy)]
pub(crate) struct Stick<'a> {
    pub(crate) serial: &'a str,
    pub(crate) file: &'a Path,
}

/// A guest that works.
pub(crate) struct Running {
    machine: Child,
    monitor: BufReader<UnixStream>,
    dir: tempfile::TempDir,
    end: Instant,
    _turn: MutexGuard<'static, ()>,
}

impl Running {
    /// Starts a guest with these sticks plugged in; it may run for so long.
    pub(crate) fn start(
        guest: &Guest,
        job: &Job<'_>,
        sticks: &[Stick<'_>],
        limit: Duration,
    ) -> Self {
        let (dir, turn) = (temp(), turn());
        let (socket, console) = (dir.path().join("qmp"), dir.path().join("console"));
        let mut command = guest.command(job, dir.path());
        command.arg("-qmp").arg(format!("unix:{},server=on,wait=off", socket.display()));
        command.args(["-device", "qemu-xhci,id=xhci"]);
        for Stick { serial, file } in sticks {
            // `-blockdev`, since what `-drive` makes goes with its device.
            let node = format!("driver=raw,node-name={serial},file.driver=file");
            command.arg("-blockdev").arg(format!("{node},file.filename={}", file.display()));
            command.arg("-device").arg(plugged(serial).to_string());
        }
        let out = File::create(&console).unwrap();
        command.stdin(Stdio::null()).stderr(out.try_clone().unwrap()).stdout(out);
        let end = Instant::now() + limit;
        let machine = command.spawn().unwrap();
        let stream = until(end.min(Instant::now() + SOON), || UnixStream::connect(&socket).ok());
        let stream = stream.unwrap_or_else(|| panic!("no monitor: {}", read(&console)));
        stream.set_read_timeout(Some(SOON)).unwrap();
        let monitor = BufReader::new(stream);
        let mut running = Self { machine, monitor, dir, end, _turn: turn };
        running.line(|line| line["QMP"].is_object());
        running.tell(&json!({"execute": "qmp_capabilities"}));
        running
    }

    /// Waits until the guest says this line on its console.
    #[track_caller]
    pub(crate) fn hears(&mut self, line: &str) {
        let console = self.dir.path().join("console");
        let (machine, end) = (&mut self.machine, self.end);
        let said = until(end, || {
            let text = read(&console);
            if text.lines().any(|said| said.trim_end() == line) {
                return Some(true);
            }
            // Whatever it said to the end was read before.
            let is_over = machine.try_wait().unwrap().is_some();
            is_over.then(|| read(&console).lines().any(|said| said.trim_end() == line))
        });
        assert_eq!(said, Some(true), "the guest does not say {line}: {}", read(&console));
    }

    /// Pulls a stick out.
    pub(crate) fn pull(&mut self, serial: &str) {
        self.tell(&json!({"execute": "device_del", "arguments": {"id": serial}}));
        let is_gone =
            |line: &Value| line["event"] == "DEVICE_DELETED" && line["data"]["device"] == serial;
        self.line(is_gone);
    }

    /// Plugs it in again.
    pub(crate) fn plug(&mut self, serial: &str) {
        self.tell(&json!({"execute": "device_add", "arguments": plugged(serial)}));
    }

    /// Waits for its end; what its script said.
    #[track_caller]
    pub(crate) fn end(mut self) -> Said {
        let machine = &mut self.machine;
        let status = until(self.end, || machine.try_wait().unwrap());
        let console = read(&self.dir.path().join("console"));
        assert!(status.is_some(), "the guest still runs:\n{console}");
        answer(self.dir.path()).unwrap_or_else(|| panic!("the guest left no answer:\n{console}"))
    }

    fn tell(&mut self, command: &Value) {
        let mut stream = self.monitor.get_ref();
        stream.write_all(format!("{command}\n").as_bytes()).unwrap();
        self.line(|line| {
            assert!(line["error"].is_null(), "{command}: {line}");
            !line["return"].is_null()
        });
    }

    /// Reads until a line is the one.
    fn line(&mut self, mut is_it: impl FnMut(&Value) -> bool) {
        loop {
            let mut text = String::new();
            assert!(self.monitor.read_line(&mut text).unwrap() > 0, "the monitor ended");
            if is_it(&serde_json::from_str(&text).unwrap()) {
                return;
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.machine.kill();
        let _ = self.machine.wait();
    }
}

fn plugged(serial: &str) -> Value {
    json!({
        "driver": "usb-storage", "id": serial, "bus": "xhci.0", "drive": serial,
        "serial": serial, "removable": true,
    })
}

fn read(path: &PathBuf) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}

fn until<T>(end: Instant, mut found: impl FnMut() -> Option<T>) -> Option<T> {
    loop {
        match found() {
            None if Instant::now() < end => sleep(PAUSE),
            other => return other,
        }
    }
}
