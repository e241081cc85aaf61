//! The time, so that a test needs none.

use std::fmt::Debug;
use std::time::{Duration, Instant, SystemTime};

/// Tells the time and waits.
pub trait Clock: Debug + Send + Sync {
    /// Time since some moment before; it never goes back.
    fn now(&self) -> Duration;

    /// Returns after so long.
    fn sleep(&self, time: Duration);

    /// The date.
    fn date(&self) -> SystemTime;
}

/// The computer's clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }

    fn date(&self) -> SystemTime {
        SystemTime::now()
    }
}
