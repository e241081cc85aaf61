//! Patience with a connection: stalls and trickles end, slow lines do not.

use crate::source::http::Fault;
use std::time::Duration;

/// Ends a transfer of which too few bytes came for too long.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    window: Duration,
    least: u64,
    since: Duration,
    bytes: u64,
}

impl Pace {
    /// At least so many bytes are wanted in each window, from `now` on.
    #[must_use]
    pub fn new(window: Duration, least: u64, now: Duration) -> Self {
        Self { window, least, since: now, bytes: 0 }
    }

    /// So many further bytes came (none, if it is only later now).
    ///
    /// # Errors
    /// [`Fault::TooSlow`] at the end of a window with too few bytes.
    pub fn came(&mut self, bytes: u64, now: Duration) -> Result<(), Fault> {
        self.bytes = self.bytes.saturating_add(bytes);
        let took = now.saturating_sub(self.since);
        if took < self.window {
            return Ok(());
        }
        if self.bytes < self.least {
            return Err(Fault::TooSlow { bytes: self.bytes, seconds: took.as_secs() });
        }
        (self.since, self.bytes) = (now, 0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_stall_ends_at_the_window() {
        let mut pace = Pace::new(s(30), 1000, s(5));
        assert_eq!(pace.came(0, s(34)), Ok(()));
        assert_eq!(pace.came(0, s(35)), Err(Fault::TooSlow { bytes: 0, seconds: 30 }));
    }

    #[test]
    fn a_trickle_ends_and_a_slow_line_does_not() {
        let mut pace = Pace::new(s(30), 1000, s(0));
        for second in 1..30 {
            assert_eq!(pace.came(33, s(second)), Ok(()));
        }
        assert_eq!(pace.came(33, s(30)), Err(Fault::TooSlow { bytes: 990, seconds: 30 }));
        let mut pace = Pace::new(s(30), 1000, s(0));
        for second in 1..=300 {
            assert_eq!(pace.came(34, s(second)), Ok(()));
        }
    }
}
