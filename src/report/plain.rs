//! Events as lines of text, for logs and pipes.

use crate::engine::{Event, Sink};
use crate::report::{State, tame};
use std::io::Write;
use std::time::{Duration, Instant};

/// So often a stage that lasts says how far it is.
const EVERY: Duration = Duration::from_secs(10);

/// Prints a line when a stage begins, every ten seconds while it lasts, and when
/// something is warned of.
pub struct Plain<'a> {
    out: &'a mut (dyn Write + Send),
    began: Instant,
    lines: Lines,
}

/// The lines, without a clock.
struct Lines {
    state: State,
    quiet: bool,
    last: String,
    /// When the last line came.
    since: Duration,
}

impl<'a> Plain<'a> {
    /// Prints to `out` (standard error); when `quiet`, only warnings.
    pub fn new(out: &'a mut (dyn Write + Send), quiet: bool) -> Self {
        Self { out, began: Instant::now(), lines: Lines::new(quiet) }
    }
}

impl Lines {
    fn new(quiet: bool) -> Self {
        Self { state: State::default(), quiet, last: String::new(), since: Duration::ZERO }
    }

    /// The line for an event at a time, if there is one.
    fn line(&mut self, now: Duration, event: &Event) -> Option<String> {
        self.state.apply(now, event);
        if let Event::Warned { text } = event {
            return Some(format!("warning: {}", tame(text)));
        }
        let current = self.state.current.as_ref().filter(|_| !self.quiet)?;
        let title = current.title();
        match event {
            // What is begun again with a known total is not worth another line.
            Event::Started { .. } if title != self.last => {
                (self.last, self.since) = (title.clone(), now);
                Some(title)
            }
            Event::Advanced { .. } if now.saturating_sub(self.since) >= EVERY => {
                self.since = now;
                let share = current.percent().map(|share| format!("{share}%, "));
                Some(format!("{title}: {}{}", share.unwrap_or_default(), current.numbers(now)))
            }
            _ => None,
        }
    }
}

impl Sink for Plain<'_> {
    fn send(&mut self, event: Event) {
        if let Some(line) = self.lines.line(self.began.elapsed(), &event) {
            // A log that cannot be written must not stop the work.
            let _ = writeln!(self.out, "{line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Stage;

    #[test]
    fn stages_and_warnings_are_lines() {
        let events = [
            Event::Started { stage: Stage::Read, what: "a\r.dmg".into(), total: 0 },
            Event::Started { stage: Stage::Read, what: "a\r.dmg".into(), total: 9 },
            Event::Advanced { stage: Stage::Read, done: 9 },
            Event::Warned { text: "no checksum of the \u{1b}[2Jdata fork".into() },
            Event::Finished { stage: Stage::Read },
        ];
        let print = |quiet| {
            let mut out = Vec::new();
            let mut sink = Plain::new(&mut out, quiet);
            events.iter().cloned().for_each(|event| sink.send(event));
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            print(false),
            "reading a\u{fffd}.dmg\nwarning: no checksum of the \u{fffd}[2Jdata fork\n"
        );
        assert_eq!(print(true), "warning: no checksum of the \u{fffd}[2Jdata fork\n");
    }

    #[test]
    fn what_lasts_says_how_far_it_is_every_ten_seconds() {
        let (stage, what) = (Stage::Write, "o.img".to_owned());
        let mut lines = Lines::new(false);
        let mut said = Vec::new();
        let mut send = |second: u64, event: &Event| {
            said.extend(lines.line(Duration::from_secs(second), event));
        };
        send(100, &Event::Started { stage, what, total: 60 << 20 });
        for second in 1..=60 {
            send(100 + second, &Event::Advanced { stage, done: second << 20 });
        }
        send(165, &Event::Finished { stage });
        assert_eq!(
            said,
            [
                "writing o.img",
                "writing o.img: 16%, 10.0 MiB of 60.0 MiB, 1.0 MiB/s, 50 s left",
                "writing o.img: 33%, 20.0 MiB of 60.0 MiB, 1.0 MiB/s, 40 s left",
                "writing o.img: 50%, 30.0 MiB of 60.0 MiB, 1.0 MiB/s, 30 s left",
                "writing o.img: 66%, 40.0 MiB of 60.0 MiB, 1.0 MiB/s, 20 s left",
                "writing o.img: 83%, 50.0 MiB of 60.0 MiB, 1.0 MiB/s, 10 s left",
                // All bytes are sent, and it has not ended.
                "writing o.img: 99%, 60.0 MiB of 60.0 MiB, 1.0 MiB/s, 0.0 s left",
            ]
        );
    }
}
