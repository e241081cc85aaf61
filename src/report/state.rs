//! What is going on, folded from events. No clock: the time is passed in.

use crate::engine::{Event, Stage};
use crate::report::words::{duration, size, tame};
use std::time::Duration;

/// A rate is one of the last while: what was there before, as of a download that
/// goes on, was not fetched now.
const WHILE: Duration = Duration::from_secs(5);

/// Before this much time a rate would be noise.
const SETTLED: Duration = Duration::from_millis(500);

/// The state of a job after the events so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The plan's id and the bytes it will make, once it is known.
    pub planned: Option<u64>,
    /// What is being done now.
    pub current: Option<Current>,
    /// What was warned of.
    pub warnings: Vec<String>,
}

/// A stage that has begun and not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Current {
    /// Which.
    pub stage: Stage,
    /// What is worked on; may be empty.
    pub what: String,
    /// Bytes to do; 0 when unknown.
    pub total: u64,
    /// Bytes done.
    pub done: u64,
    /// When it began.
    pub since: Duration,
    /// When how much was done, lately and a while before.
    marks: [(Duration, u64); 2],
}

impl State {
    /// Takes an event that came at `now`, counted from the job's start. Answers
    /// how long the stage took that it ends.
    pub fn apply(&mut self, now: Duration, event: &Event) -> Option<Duration> {
        match event {
            Event::Planned { bytes } => self.planned = Some(*bytes),
            Event::Started { stage, what, total } => {
                let (stage, what, total) = (*stage, what.clone(), *total);
                let marks = [(now, 0); 2];
                self.current = Some(Current { stage, what, total, done: 0, since: now, marks });
            }
            Event::Advanced { stage, done } => {
                if let Some(current) = self.current.as_mut().filter(|c| c.stage == *stage) {
                    // Threads report out of order; progress does not go back.
                    current.done = current.done.max(*done);
                    current.mark(now);
                }
            }
            Event::Warned { text } => self.warnings.push(text.clone()),
            Event::Finished { stage } => {
                let ended = self.current.take_if(|current| current.stage == *stage);
                return ended.map(|current| now.saturating_sub(current.since));
            }
        }
        None
    }
}

impl Current {
    /// What is being done, in words.
    #[must_use]
    pub fn title(&self) -> String {
        let (verb, thing) = match self.stage {
            Stage::Fetch => ("fetching", "what is missing"),
            Stage::Read => ("reading", "the inputs"),
            Stage::Apply => ("applying", "the steps"),
            Stage::LayOut => ("laying out", "the disk"),
            Stage::Write => ("writing", "the output"),
            Stage::Verify => ("verifying", "the output"),
            // A disk has its name already; its tables are what was withheld.
            Stage::Commit if !self.what.is_empty() => ("writing the tables of", ""),
            Stage::Commit => ("naming", "the output"),
        };
        let what = if self.what.is_empty() { thing } else { self.what.as_str() };
        format!("{verb} {}", tame(what))
    }

    fn mark(&mut self, now: Duration) {
        if now.saturating_sub(self.marks[0].0) >= WHILE {
            self.marks = [(now, self.done), self.marks[0]];
        }
    }

    /// Bytes a second lately, once that means something.
    #[must_use]
    pub fn rate(&self, now: Duration) -> Option<u64> {
        let (then, before) = self.marks[1];
        let (spent, done) = (now.saturating_sub(then), self.done.saturating_sub(before));
        (spent >= SETTLED && done > 0).then(|| {
            let rate = u128::from(done) * 1000 / spent.as_millis();
            u64::try_from(rate).unwrap_or(u64::MAX)
        })
    }

    /// The time that is left at this rate.
    #[must_use]
    pub fn left(&self, now: Duration) -> Option<Duration> {
        let rate = self.rate(now).filter(|rate| *rate > 0)?;
        let rest = self.total.checked_sub(self.done).filter(|_| self.total > 0)?;
        Some(Duration::from_secs(rest.div_ceil(rate)))
    }

    /// Percent done, when the total is known. What has not ended is never all done.
    #[must_use]
    pub fn percent(&self) -> Option<u64> {
        let share = u128::from(self.done) * 100 / u128::from(self.total).max(1);
        (self.total > 0).then(|| u64::try_from(share).map_or(99, |share| share.min(99)))
    }

    /// Numbers behind the title: done, total, rate, time left.
    #[must_use]
    pub fn numbers(&self, now: Duration) -> String {
        let mut parts = Vec::new();
        match (self.total, self.done) {
            (0, 0) => {}
            (0, done) => parts.push(size(done)),
            (total, done) => {
                parts.push(format!("{} of {}", size(done.min(total)), size(total)));
            }
        }
        parts.extend(self.rate(now).map(|rate| format!("{}/s", size(rate))));
        parts.extend(self.left(now).map(|left| format!("{} left", duration(left))));
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    fn writing(total: u64, done: u64) -> State {
        let mut state = State::default();
        let what = "out.img".to_owned();
        state.apply(seconds(10), &Event::Started { stage: Stage::Write, what, total });
        state.apply(seconds(11), &Event::Advanced { stage: Stage::Write, done });
        state
    }

    #[test]
    fn rates_and_times_follow_from_what_was_done() {
        let current = writing(4096, 1024).current.unwrap();
        assert_eq!(current.title(), "writing out.img");
        assert_eq!(current.percent(), Some(25));
        assert_eq!(current.rate(seconds(11)), Some(1024));
        assert_eq!(current.left(seconds(11)), Some(seconds(3)));
        assert_eq!(current.numbers(seconds(11)), "1.0 KiB of 4.0 KiB, 1.0 KiB/s, 3.0 s left");
        assert_eq!(current.numbers(seconds(10)), "1.0 KiB of 4.0 KiB");
    }

    #[test]
    fn without_a_total_there_is_no_share() {
        let current = writing(0, 2048).current.unwrap();
        assert_eq!((current.percent(), current.left(seconds(12))), (None, None));
        assert_eq!(current.numbers(seconds(12)), "2.0 KiB, 1.0 KiB/s");
    }

    #[test]
    fn progress_never_goes_back_nor_over() {
        let mut state = writing(100, 90);
        state.apply(seconds(12), &Event::Advanced { stage: Stage::Write, done: 10 });
        state.apply(seconds(12), &Event::Advanced { stage: Stage::Verify, done: 99 });
        assert_eq!(state.current.as_ref().unwrap().percent(), Some(90));
        state.apply(seconds(13), &Event::Advanced { stage: Stage::Write, done: u64::MAX });
        assert_eq!(state.current.as_ref().unwrap().percent(), Some(99));
        assert_eq!(state.current.as_ref().unwrap().left(seconds(14)), None);
    }

    #[test]
    fn what_was_there_before_is_no_rate() {
        // A download goes on at 900 of 1000 bytes, and gets 1 byte a second.
        let mut state = writing(1000, 900);
        for second in 12..40 {
            let done = 900 + second - 11;
            state.apply(seconds(second), &Event::Advanced { stage: Stage::Write, done });
        }
        let current = state.current.unwrap();
        assert_eq!(
            (current.rate(seconds(39)), current.left(seconds(39))),
            (Some(1), Some(seconds(72)))
        );
    }

    #[test]
    fn a_stage_ends_with_the_time_it_took() {
        let mut state = writing(1, 1);
        assert_eq!(state.apply(seconds(12), &Event::Finished { stage: Stage::Read }), None);
        let took = state.apply(seconds(12), &Event::Finished { stage: Stage::Write });
        assert_eq!((took, state.current), (Some(seconds(2)), None));
    }
}
