//! Events as lines of text, for logs and pipes.

use crate::engine::{Event, Sink};
use crate::report::State;
use std::io::Write;
use std::time::Instant;

/// Prints a line when a stage begins and when something is warned of.
pub struct Plain<'a> {
    out: &'a mut (dyn Write + Send),
    began: Instant,
    state: State,
    quiet: bool,
    last: String,
}

impl<'a> Plain<'a> {
    /// Prints to `out` (standard error); when `quiet`, only warnings.
    pub fn new(out: &'a mut (dyn Write + Send), quiet: bool) -> Self {
        Self { out, began: Instant::now(), state: State::default(), quiet, last: String::new() }
    }
}

impl Sink for Plain<'_> {
    fn send(&mut self, event: Event) {
        self.state.apply(self.began.elapsed(), &event);
        let line = match &event {
            Event::Warned { text } => format!("warning: {text}"),
            Event::Started { .. } if !self.quiet => match &self.state.current {
                // What is begun again with a known total is not worth another line.
                Some(current) if current.title() != self.last => current.title(),
                _ => return,
            },
            _ => return,
        };
        self.last.clone_from(&line);
        // A log that cannot be written must not stop the work.
        let _ = writeln!(self.out, "{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Stage;

    #[test]
    fn stages_and_warnings_are_lines() {
        let events = [
            Event::Started { stage: Stage::Read, what: "a.dmg".into(), total: 0 },
            Event::Started { stage: Stage::Read, what: "a.dmg".into(), total: 9 },
            Event::Advanced { stage: Stage::Read, done: 9 },
            Event::Warned { text: "no checksum of the data fork".into() },
            Event::Finished { stage: Stage::Read },
        ];
        let print = |quiet| {
            let mut out = Vec::new();
            let mut sink = Plain::new(&mut out, quiet);
            events.iter().cloned().for_each(|event| sink.send(event));
            String::from_utf8(out).unwrap()
        };
        assert_eq!(print(false), "reading a.dmg\nwarning: no checksum of the data fork\n");
        assert_eq!(print(true), "warning: no checksum of the data fork\n");
    }
}
