//! How often, and when, a server is asked again.

use crate::source::http::{Clock, Fault, Watch};
use crate::source::store::Patience;
use std::time::Duration;

/// How long to sleep before asking whether to stop.
const TICK: Duration = Duration::from_millis(200);

/// The attempts at one address.
pub(super) struct Attempts<'a> {
    patience: &'a Patience,
    clock: &'a dyn Clock,
    watch: &'a dyn Watch,
    in_a_row: u32,
    in_all: u32,
}

impl<'a> Attempts<'a> {
    pub(super) fn new(patience: &'a Patience, clock: &'a dyn Clock, watch: &'a dyn Watch) -> Self {
        Self { patience, clock, watch, in_a_row: 0, in_all: 0 }
    }

    /// Takes note of a failure, and waits before the next attempt.
    ///
    /// # Errors
    /// The fault, when there should be no further attempt.
    pub(super) fn failed(
        &mut self,
        fault: Fault,
        wait: Option<Duration>,
        progress: bool,
    ) -> Result<(), Fault> {
        self.count(progress);
        if !fault.may_pass() || self.are_over() {
            return Err(fault);
        }
        let doubled = self.patience.wait.saturating_mul(1 << self.in_a_row.clamp(1, 16) >> 1);
        self.sleep(wait.unwrap_or(doubled).min(self.patience.longest))
    }

    /// Takes note that what we had was of no use.
    ///
    /// # Errors
    /// A fault with the reason, when that happened too often.
    pub(super) fn anew(&mut self, why: &str) -> Result<(), Fault> {
        self.count(false);
        if self.are_over() { Err(Fault::Wrong(format!("{why}, again and again"))) } else { Ok(()) }
    }

    fn count(&mut self, progress: bool) {
        self.in_all += 1;
        self.in_a_row = if progress { 1 } else { self.in_a_row + 1 };
    }

    fn are_over(&self) -> bool {
        self.in_a_row >= self.patience.tries || self.in_all >= self.patience.failures
    }

    fn sleep(&self, time: Duration) -> Result<(), Fault> {
        let mut left = time;
        while !left.is_zero() {
            if self.watch.stopped() {
                return Err(Fault::Stopped);
            }
            let step = left.min(TICK);
            self.clock.sleep(step);
            left -= step;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::time::SystemTime;

    /// A clock whose sleeps take no time and are summed up.
    #[derive(Debug, Default)]
    struct Slept(Mutex<Duration>);

    impl Clock for Slept {
        fn now(&self) -> Duration {
            *self.0.lock().unwrap()
        }

        fn sleep(&self, time: Duration) {
            *self.0.lock().unwrap() += time;
        }

        fn date(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH
        }
    }

    #[test]
    fn waits_double_and_end() {
        let (patience, clock) = (Patience::default(), Slept::default());
        let mut attempts = Attempts::new(&patience, &clock, &());
        let mut waits = Vec::new();
        let end = loop {
            let before = clock.now();
            if let Err(fault) = attempts.failed(Fault::Status(503), None, false) {
                break fault;
            }
            waits.push((clock.now() - before).as_secs());
        };
        assert_eq!((waits, end), (vec![1, 2, 4, 8], Fault::Status(503)));
    }

    #[test]
    fn a_server_may_ask_for_more_time_but_not_for_all() {
        let (patience, clock) = (Patience::default(), Slept::default());
        let mut attempts = Attempts::new(&patience, &clock, &());
        attempts.failed(Fault::Status(503), Some(Duration::from_secs(7)), false).unwrap();
        assert_eq!(clock.now().as_secs(), 7);
        attempts.failed(Fault::Status(503), Some(Duration::from_secs(1 << 40)), false).unwrap();
        assert_eq!(clock.now().as_secs(), 67);
    }

    #[test]
    fn progress_begins_the_count_anew_but_not_for_ever() {
        let (patience, clock) = (Patience::default(), Slept::default());
        let mut attempts = Attempts::new(&patience, &clock, &());
        let lost = || Fault::Lost("reset".into());
        let count = (0..).take_while(|_| attempts.failed(lost(), None, true).is_ok()).count();
        assert_eq!(count, 99);
        assert_eq!(attempts.failed(Fault::Status(404), None, true), Err(Fault::Status(404)));
    }
}
