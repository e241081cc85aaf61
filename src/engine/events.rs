//! What the engine tells while it works. It prints nothing itself.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A part of the work, in the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Fetching what the user does not give.
    Fetch,
    /// Opening and hashing the inputs.
    Read,
    /// Applying the recipe's steps to the tree.
    Apply,
    /// Computing every offset.
    LayOut,
    /// Writing the output.
    Write,
    /// Proving the sources' checksums and reading the output back.
    Verify,
    /// Giving the output its name.
    Commit,
}

impl Stage {
    /// A lower-case word for JSON and tests.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Read => "read",
            Self::Apply => "apply",
            Self::LayOut => "lay-out",
            Self::Write => "write",
            Self::Verify => "verify",
            Self::Commit => "commit",
        }
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// What will be made is known; the inputs are not read whole yet.
    Planned {
        /// The bytes of the output.
        bytes: u64,
    },
    /// A stage, or a named part of it, begins.
    Started {
        /// Which stage.
        stage: Stage,
        /// What is worked on, for a line of text; may be empty.
        what: String,
        /// How much there is to do, in bytes; 0 when that is not known.
        total: u64,
    },
    /// So much of what was started is done.
    Advanced {
        /// Which stage.
        stage: Stage,
        /// Bytes done of the total.
        done: u64,
    },
    /// Something that the user should know, and that stops nothing.
    Warned {
        /// A sentence.
        text: String,
    },
    /// What was started is done.
    Finished {
        /// Which stage.
        stage: Stage,
    },
}

/// Where events go.
pub trait Sink: Send {
    /// Takes one event.
    fn send(&mut self, event: Event);
}

/// A sink that keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Sink for Silent {
    fn send(&mut self, _event: Event) {}
}

/// A sink that keeps everything, for tests and summaries.
impl Sink for Vec<Event> {
    fn send(&mut self, event: Event) {
        self.push(event);
    }
}

/// A shared flag that asks all work to stop; clones are the same flag.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// A flag that is not raised.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks all work to stop.
    pub fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether work should stop.
    #[must_use]
    pub fn raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// The flag itself, for a signal handler.
    #[must_use]
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
