//! Keys, one at a time and unseen, until Ctrl-C.

use crate::engine::Stop;
use console::{Key, Term};
use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// The keyboard; nothing that is typed is shown while it is held.
pub(super) struct Keys {
    term: Term,
    stop: Stop,
    _quiet: Quiet,
}

impl Keys {
    pub(super) fn new(stop: &Stop) -> io::Result<Self> {
        Ok(Self { term: Term::stderr(), stop: stop.clone(), _quiet: Quiet::keys()? })
    }

    /// Forgets what was typed before a question stands there: it is no answer to it.
    pub(super) fn forget(&self) {
        #[cfg(unix)]
        {
            use rustix::termios::{QueueSelector, tcflush};
            // What cannot be forgotten is read.
            let _ = tcflush(io::stdin(), QueueSelector::IFlush);
        }
    }

    /// The next key; `None` once the user wants to end.
    pub(super) fn read(&mut self) -> io::Result<Option<Key>> {
        if !wait(&self.stop)? {
            return Ok(None);
        }
        match self.term.read_key_raw() {
            Ok(Key::CtrlC | Key::Char('\u{3}' | '\u{4}')) => {
                self.stop.raise();
                Ok(None)
            }
            Ok(key) => Ok(Some(key)),
            // The terminal went away.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Waits until there is something to read; false when it is time to end.
#[cfg(unix)]
pub(super) fn wait(stop: &Stop) -> io::Result<bool> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    // A signal that comes just before the wait is heard of after this long.
    let most = Timespec { tv_sec: 0, tv_nsec: 250_000_000 };
    let stdin = io::stdin();
    loop {
        if stop.raised() {
            return Ok(false);
        }
        let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut fds, Some(&most)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            Ok(_) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(not(unix))]
pub(super) fn wait(stop: &Stop) -> io::Result<bool> {
    Ok(!stop.raised())
}

/// Runs what reads lines and hides them meanwhile; `None` once the user wants to
/// end, though it still reads.
pub(super) fn unseen<T: Send + 'static>(
    stop: &Stop,
    read: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<Option<T>> {
    // It hides what is typed; no signal wakes it, so what it hid is shown again here.
    let _before = Quiet::kept()?;
    let (done, heard) = mpsc::channel();
    // Whoever waits may be gone by then.
    std::thread::spawn(move || drop(done.send(read())));
    loop {
        match heard.recv_timeout(Duration::from_millis(100)) {
            Ok(read) if !stop.raised() => return read.map(Some),
            Ok(_) => return Ok(None),
            Err(RecvTimeoutError::Timeout) if stop.raised() => return Ok(None),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(io::Error::other("the question was lost"));
            }
        }
    }
}

/// A terminal that does not echo, and does so again when this ends.
pub(super) struct Quiet {
    #[cfg(unix)]
    before: rustix::termios::Termios,
}

impl Quiet {
    /// Keys, as they come. Ctrl-C still is a signal while nothing is asked.
    #[cfg(unix)]
    fn keys() -> io::Result<Self> {
        use rustix::termios::LocalModes;
        Self::with(|modes| modes.remove(LocalModes::ECHO | LocalModes::ICANON))
    }

    /// Lines, of which only the end is seen.
    #[cfg(unix)]
    pub(super) fn line() -> io::Result<Self> {
        use rustix::termios::LocalModes;
        Self::with(|modes| {
            modes.remove(LocalModes::ECHO);
            modes.insert(LocalModes::ECHONL);
        })
    }

    /// As it is, whatever is done to it until this ends.
    #[cfg(unix)]
    fn kept() -> io::Result<Self> {
        Self::with(|_| {})
    }

    #[cfg(unix)]
    fn with(change: impl Fn(&mut rustix::termios::LocalModes)) -> io::Result<Self> {
        use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        change(&mut quiet.local_modes);
        tcsetattr(io::stdin(), OptionalActions::Now, &quiet)?;
        Ok(Self { before })
    }

    #[cfg(not(unix))]
    #[allow(clippy::unnecessary_wraps, reason = "as on other systems")]
    fn keys() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    #[allow(clippy::unnecessary_wraps, reason = "as on other systems")]
    fn kept() -> io::Result<Self> {
        Ok(Self {})
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        #[cfg(unix)]
        {
            use rustix::termios::{OptionalActions, tcsetattr};
            // There is nobody to tell, nor anything else to do.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
        }
    }
}
