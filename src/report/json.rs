//! Events as JSON, one object a line.

use crate::engine::{Event, Sink};
use serde_json::{Value, json};
use std::io::{self, Write};

/// Prints each event as an object; the last line of a command is its result.
///
/// A `Planned` event and the progress within a stage are printed too, the
/// latter at most once for each percent.
pub struct Json<'a> {
    out: &'a mut (dyn Write + Send),
    total: u64,
    percent: Option<u64>,
    failed: Option<io::Error>,
}

impl<'a> Json<'a> {
    /// Prints to `out` (standard output).
    pub fn new(out: &'a mut (dyn Write + Send)) -> Self {
        Self { out, total: 0, percent: None, failed: None }
    }

    /// Prints a line.
    ///
    /// # Errors
    /// The first failure, of an event's line or of this one.
    pub fn line(&mut self, value: &Value) -> io::Result<()> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        writeln!(self.out, "{value}")
    }

    /// Whether so much is worth a line.
    fn worth(&mut self, done: u64) -> bool {
        let share = u128::from(done) * 100 / u128::from(self.total).max(1);
        let share = u64::try_from(share).unwrap_or(u64::MAX);
        self.total > 0 && self.percent.replace(share) != Some(share)
    }
}

impl Sink for Json<'_> {
    fn send(&mut self, event: Event) {
        let value = match event {
            Event::Planned { bytes } => json!({"event": "planned", "bytes": bytes}),
            Event::Started { stage, what, total } => {
                (self.total, self.percent) = (total, None);
                let stage = stage.word();
                json!({"event": "started", "stage": stage, "what": what, "total": total})
            }
            Event::Advanced { stage, done } => {
                if !self.worth(done) {
                    return;
                }
                json!({"event": "advanced", "stage": stage.word(), "done": done})
            }
            Event::Warned { text } => json!({"event": "warned", "text": text}),
            Event::Finished { stage } => json!({"event": "finished", "stage": stage.word()}),
        };
        if self.failed.is_none() {
            self.failed = writeln!(self.out, "{value}").err();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Stage;

    #[test]
    fn events_are_objects_and_progress_is_thinned() {
        let mut out = Vec::new();
        let mut sink = Json::new(&mut out);
        let stage = Stage::Write;
        sink.send(Event::Started { stage, what: "o".into(), total: 1000 });
        for done in [1, 5, 20] {
            sink.send(Event::Advanced { stage, done });
        }
        sink.send(Event::Finished { stage });
        sink.line(&json!({"result": "built"})).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            concat!(
                r#"{"event":"started","stage":"write","total":1000,"what":"o"}"#,
                "\n",
                r#"{"done":1,"event":"advanced","stage":"write"}"#,
                "\n",
                r#"{"done":20,"event":"advanced","stage":"write"}"#,
                "\n",
                r#"{"event":"finished","stage":"write"}"#,
                "\n",
                r#"{"result":"built"}"#,
                "\n"
            )
        );
    }
}
