//! Events as a bar that moves, for terminals.

use crate::engine::{Event, Sink};
use crate::report::{State, duration};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::{Duration, Instant};

/// How often the bar is drawn again.
const TICK: Duration = Duration::from_millis(100);

/// A bar on the standard error; a line stays for each stage that took a while.
pub struct Live {
    bar: ProgressBar,
    began: Instant,
    state: State,
}

impl Live {
    /// A bar on the terminal.
    #[must_use]
    pub fn new() -> Self {
        Self::on(ProgressDrawTarget::stderr_with_hz(10))
    }

    fn on(target: ProgressDrawTarget) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), target);
        bar.enable_steady_tick(TICK);
        Self { bar, began: Instant::now(), state: State::default() }
    }

    fn style(&self) {
        let known = self.state.current.as_ref().is_some_and(|current| current.total > 0);
        let template = if known {
            "{spinner} {prefix} [{bar:24}] {percent:>3}%  {wide_msg}"
        } else {
            "{spinner} {prefix}  {wide_msg}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style.progress_chars("=> "));
        }
    }

    fn show(&self, now: Duration) {
        if let Some(current) = &self.state.current {
            self.bar.set_length(current.total);
            self.bar.set_position(current.done);
            self.bar.set_message(current.numbers(now));
        }
    }
}

impl Default for Live {
    fn default() -> Self {
        Self::new()
    }
}

impl Sink for Live {
    fn send(&mut self, event: Event) {
        let now = self.began.elapsed();
        let title = self.state.current.as_ref().map(|current| current.title());
        let took = self.state.apply(now, &event);
        match event {
            Event::Started { .. } => {
                let title = self.state.current.as_ref().map(|current| current.title());
                self.bar.set_prefix(title.unwrap_or_default());
                self.style();
                self.show(now);
            }
            Event::Advanced { .. } => self.show(now),
            Event::Warned { text } => self.bar.println(format!("warning: {text}")),
            Event::Finished { .. } => {
                if let (Some(title), Some(took)) = (title, took) {
                    self.bar.println(format!("{title}: {}", duration(took)));
                }
            }
            Event::Planned { .. } => {}
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Stage;

    #[test]
    fn the_bar_follows_the_state() {
        let mut live = Live::on(ProgressDrawTarget::hidden());
        let stage = Stage::Write;
        live.send(Event::Started { stage, what: "o.img".into(), total: 4096 });
        live.send(Event::Advanced { stage, done: 1024 });
        assert_eq!(live.bar.prefix(), "writing o.img");
        assert_eq!((live.bar.position(), live.bar.length()), (1024, Some(4096)));
        assert_eq!(live.bar.message(), "1.0 KiB of 4.0 KiB");
        live.send(Event::Finished { stage });
        assert_eq!(live.state.current, None);
    }
}
