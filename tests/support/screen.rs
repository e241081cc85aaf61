//! The command on a pseudo-terminal of 80 columns and 24 rows, as one sees it.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// So long a screen may take to show something, on a machine with other work.
const PATIENCE: Duration = Duration::from_secs(120);

/// A terminal with the command on it.
pub(crate) struct Pty {
    screen: vt100::Parser,
    /// All that was printed, as it came.
    pub(crate) printed: String,
    /// Whether what comes are results, whose lines have any length.
    results: bool,
    bytes: Receiver<Vec<u8>>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
}

impl Pty {
    /// Runs the command in a folder, with that folder as home.
    pub(crate) fn run(folder: &Path, args: &[&str]) -> Self {
        Self::run_with(folder, args, &[])
    }

    /// The same with more variables.
    pub(crate) fn run_with(folder: &Path, args: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lionize"));
        command.args(args).current_dir(folder).env("HOME", folder);
        command.envs(variables.iter().copied());
        Self::of(&command)
    }

    /// Runs a command that is a process's.
    pub(crate) fn of(command: &Command) -> Self {
        let mut builder = CommandBuilder::new(command.get_program());
        builder.args(command.get_args());
        if let Some(folder) = command.get_current_dir() {
            builder.cwd(folder);
        }
        builder.env("TERM", "xterm-256color");
        builder.env_remove("NO_COLOR");
        for (key, value) in command.get_envs() {
            if let Some(value) = value {
                builder.env(key, value);
            }
        }
        Self::spawn(builder)
    }

    pub(crate) fn spawn(command: CommandBuilder) -> Self {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut output = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let (send, bytes) = channel();
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut piece) {
                if send.send(piece[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let size = |n| NonZero::new(n).unwrap();
        let screen = vt100::Parser::new(size(24), size(80), 1000);
        let (printed, results) = (String::new(), false);
        Self { screen, printed, results, bytes, keys, child, master: pair.master }
    }

    /// The screen as text.
    pub(crate) fn text(&self) -> String {
        self.screen.screen().rows(0, 80).collect::<Vec<_>>().join("\n").trim_end().to_owned()
    }

    /// Takes what comes; false at the end.
    fn take(&mut self, wait: Duration) -> Result<(), RecvTimeoutError> {
        let piece = self.bytes.recv_timeout(wait)?;
        self.screen.process(&piece);
        self.printed += &String::from_utf8_lossy(&piece);
        // A line that a terminal had to break was too long. (indicatif fills lines
        // with blanks instead of ending them.)
        let screen = self.screen.screen();
        for (row, text) in (0..24).zip(screen.rows(0, 80)) {
            let full = text.chars().nth(79).is_some_and(|last| last != ' ');
            assert!(!full || self.results, "row {row} is full:\n{}", self.text());
        }
        Ok(())
    }

    /// Waits until the screen shows this.
    #[track_caller]
    pub(crate) fn sees(&mut self, wanted: &str) -> &mut Self {
        let began = Instant::now();
        while !self.text().contains(wanted) {
            let left = PATIENCE.saturating_sub(began.elapsed());
            if let Err(error) = self.take(left) {
                panic!("`{wanted}` is not there ({error}):\n{}", self.text());
            }
        }
        self
    }

    /// Waits until this is the question that is asked.
    #[track_caller]
    pub(crate) fn asks(&mut self, question: &str) -> &mut Self {
        let began = Instant::now();
        while !asked(&self.text(), question) {
            let left = PATIENCE.saturating_sub(began.elapsed());
            if let Err(error) = self.take(left) {
                panic!("`{question}` is not asked ({error}):\n{}", self.text());
            }
        }
        self
    }

    /// Waits until this was printed, however long ago.
    #[track_caller]
    pub(crate) fn prints(&mut self, wanted: &str) -> &mut Self {
        let began = Instant::now();
        while !self.printed.contains(wanted) {
            let left = PATIENCE.saturating_sub(began.elapsed());
            if let Err(error) = self.take(left) {
                panic!("`{wanted}` is not printed ({error}):\n{}", self.printed);
            }
        }
        self.printed = self.printed.split(wanted).skip(1).collect::<Vec<_>>().join(wanted);
        self
    }

    /// Whether the cursor is seen.
    pub(crate) fn has_cursor(&self) -> bool {
        !self.screen.screen().hide_cursor()
    }

    /// Whether anything that was printed has a colour, or is bold or dim.
    pub(crate) fn is_painted(&self) -> bool {
        self.printed.split("\u{1b}[").skip(1).any(|rest| {
            rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m')
        })
    }

    /// What comes from now on are results.
    pub(crate) fn results(&mut self) -> &mut Self {
        self.results = true;
        self
    }

    /// Types keys.
    pub(crate) fn types(&mut self, keys: &str) -> &mut Self {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
        self
    }

    /// Whether the terminal shows what is typed.
    pub(crate) fn echoes(&self) -> bool {
        let echo = rustix::termios::LocalModes::ECHO.bits();
        self.master.get_termios().unwrap().local_flags.bits() & echo != 0
    }

    /// Waits until what is typed is not shown.
    #[track_caller]
    pub(crate) fn hides(&mut self) -> &mut Self {
        let began = Instant::now();
        while self.echoes() {
            assert!(began.elapsed() < PATIENCE, "it is shown:\n{}", self.text());
            // Nothing tells when that changes.
            let _ = self.take(Duration::from_millis(5));
        }
        self
    }

    /// Moves down until the cursor is at this item, and takes it.
    #[track_caller]
    pub(crate) fn picks(&mut self, item: &str) -> &mut Self {
        self.goes_to(item).types("\r")
    }

    /// Moves down until the cursor is at this item.
    #[track_caller]
    fn goes_to(&mut self, item: &str) -> &mut Self {
        let at = format!("> {item}");
        for _ in 0..40 {
            if self.text().contains(&at) {
                return self;
            }
            let before = cursor(&self.text());
            self.types("\u{1b}[B");
            // A screen comes in pieces: the key has worked when the cursor is elsewhere.
            while cursor(&self.text()).is_none_or(|now| Some(&now) == before.as_ref()) {
                assert!(self.take(PATIENCE).is_ok(), "{}", self.text());
            }
        }
        panic!("`{item}` is not to be chosen:\n{}", self.text());
    }

    /// Moves down to this item of several, and marks it.
    #[track_caller]
    pub(crate) fn marks(&mut self, item: &str) -> &mut Self {
        self.goes_to(&format!("[ ] {item}")).types(" ").sees(&format!("> [x] {item}"))
    }

    /// Waits for the end; the exit code.
    pub(crate) fn ends(&mut self) -> u32 {
        let began = Instant::now();
        loop {
            match self.take(PATIENCE.saturating_sub(began.elapsed())) {
                Ok(()) => {}
                Err(RecvTimeoutError::Disconnected) => break,
                Err(error) => panic!("it does not end ({error}):\n{}", self.text()),
            }
        }
        self.child.wait().unwrap().exit_code()
    }
}

/// The line in which the cursor of the last question is.
fn cursor(screen: &str) -> Option<String> {
    screen.lines().rev().find(|line| line.starts_with("> ")).map(|line| line.trim_end().to_owned())
}

/// Whether a question is the last on a screen, and drawn to its end: what was
/// answered has its answer in the same line.
fn asked(screen: &str, question: &str) -> bool {
    let lines: Vec<_> = screen.lines().map(str::trim_end).collect();
    let Some(at) = lines.iter().rposition(|line| *line == question) else { return false };
    let rest = &lines[at + 1..];
    let other = |line: &&str| line.ends_with('?') && !line.starts_with([' ', '>']);
    rest.last().is_some_and(|last| last.ends_with("ends all")) && !rest.iter().any(other)
}
