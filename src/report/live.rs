//! Events as a line that moves, for terminals.

use crate::engine::{Event, Sink};
use crate::report::fold::shorten;
use crate::report::{State, duration, fold, size, tame};
use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// Columns of a title at least.
const LEAST: usize = 16;
/// Columns at the end of a line that are left free: what a terminal shows of Ctrl-C
/// (`^C`) stands there, and goes with the line.
const FREE: u16 = 3;

/// How often the bar is drawn again.
const TICK: Duration = Duration::from_millis(100);

/// A line on the standard error; one stays for each stage that took a while.
pub struct Live {
    bar: ProgressBar,
    /// Columns of a line.
    line: usize,
    began: Instant,
    state: State,
}

impl Live {
    /// A bar on the terminal.
    #[must_use]
    pub fn new() -> Self {
        let term = Narrow(Term::buffered_stderr());
        Self::on(ProgressDrawTarget::term_like_with_hz(Box::new(term), 10))
    }

    fn on(target: ProgressDrawTarget) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let line = usize::from(columns());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}  {wide_msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(TICK);
        Self { bar, line, began: Instant::now(), state: State::default() }
    }

    /// Numbers are never cut, so that the title makes room for them.
    fn show(&self, now: Duration) {
        if let Some(current) = &self.state.current {
            // The bar is full when it has ended, and not before.
            let most = current.total.saturating_sub(current.total.div_ceil(100));
            self.bar.set_length(current.total);
            self.bar.set_position(current.done.min(most));
            let share = current.percent().map(|share| format!("{share}%, "));
            let numbers = share.unwrap_or_default() + &current.numbers(now);
            let room = self.line.saturating_sub(numbers.len() + 4).max(LEAST);
            self.bar.set_prefix(shorten(&current.title(), room));
            self.bar.set_message(numbers);
        }
    }
}

impl Live {
    /// Says something that stays, above the line that moves.
    fn say(&self, text: &str) {
        let text = fold(text, self.line) + "\n";
        // A terminal that went away must not stop the work.
        self.bar.suspend(|| drop(io::stderr().write_all(text.as_bytes())));
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
        // What has ended did all of it, whatever was told last.
        let all = self.state.current.as_ref().map_or(0, |current| current.done.max(current.total));
        let done = if all > 0 { format!("{} in ", size(all)) } else { String::new() };
        let took = self.state.apply(now, &event);
        match event {
            Event::Started { .. } | Event::Advanced { .. } => self.show(now),
            Event::Warned { text } => self.say(&format!("warning: {}", tame(&text))),
            Event::Finished { .. } => {
                if let (Some(title), Some(took)) = (title, took) {
                    let title = shorten(&title, self.line.saturating_sub(40).max(LEAST));
                    self.say(&format!("{title}: {done}{}", duration(took)));
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

/// Columns of the terminal that lines take.
fn columns() -> u16 {
    Term::stderr().size().1.max(40) - FREE
}

/// A terminal that ends before its last columns.
#[derive(Debug)]
struct Narrow(Term);

impl TermLike for Narrow {
    fn width(&self) -> u16 {
        columns()
    }

    fn height(&self) -> u16 {
        self.0.size().0
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.0.flush()
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
        assert_eq!(live.bar.message(), "25%, 1.0 KiB of 4.0 KiB");
        live.send(Event::Advanced { stage, done: 5000 });
        assert_eq!(live.bar.position(), 4055, "it is not full before it has ended");
        live.send(Event::Finished { stage });
        assert_eq!(live.state.current, None);
    }
}
