//! Where a command reads and prints, and how it is asked to stop.

use crate::cli::problem::Failure;
use crate::engine::{Event, Problem, Sink, Stop};
use crate::report::{Json, Live, Plain, fold};
use serde_json::Value;
use std::io::{self, IsTerminal, Write};

/// The streams of one run.
pub struct Streams<'a> {
    /// Standard output: results.
    pub stdout: &'a mut (dyn Write + Send),
    /// Standard error: progress, warnings, problems.
    pub stderr: &'a mut (dyn Write + Send),
    /// Whether standard error is a terminal.
    pub terminal: bool,
    /// Raised by Ctrl-C.
    pub stop: Stop,
}

/// How a command prints.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub(super) json: bool,
    pub(super) quiet: bool,
    /// For screen readers: nothing is drawn again.
    pub(super) plain: bool,
}

impl Streams<'_> {
    /// Prints a result on standard output.
    pub(super) fn print(&mut self, text: &str) -> Result<(), Failure> {
        self.stdout.write_all(text.as_bytes()).map_err(|error| Failure::output(&error))
    }

    /// Prints an object on a line of its own.
    pub(super) fn object(&mut self, value: &Value) -> Result<(), Failure> {
        self.print(&format!("{value}\n"))
    }

    /// Prints a result that somebody may copy, such as a script: as it is.
    pub(super) fn result(&mut self, style: Style, text: &str, json: &Value) -> Result<(), Failure> {
        if style.json { self.object(json) } else { self.print(text) }
    }

    /// Prints a result in sentences and lists: on a terminal, in lines that fit.
    pub(super) fn told(&mut self, style: Style, text: &str, json: &Value) -> Result<(), Failure> {
        if style.json { self.object(json) } else { self.say(text) }
    }

    /// Prints sentences and lists, on a terminal in lines that fit.
    pub(super) fn say(&mut self, text: &str) -> Result<(), Failure> {
        match self.width(console::Term::stdout(), io::stdout().is_terminal()) {
            Some(width) => self.print(&fold(text, width)),
            None => self.print(text),
        }
    }

    /// Says what went wrong, in lines that fit a terminal.
    pub(super) fn complain(&mut self, text: &str) {
        let width = self.width(console::Term::stderr(), true);
        let text = width.map_or_else(|| text.to_owned(), |width| fold(text, width));
        // Where nobody can be told, the exit code still says it.
        let _ = self.stderr.write_all(text.as_bytes());
    }

    /// The columns of a terminal but the last; none where there is no terminal.
    fn width(&self, term: console::Term, is_one: bool) -> Option<usize> {
        let columns = usize::from(term.size().1);
        (self.terminal && is_one).then(|| columns.max(41) - 1)
    }

    /// Prints a result; with a problem, that is how the command ends, and
    /// programs are told the result with it: they get one result, the last line.
    pub(super) fn ended(
        &mut self,
        style: Style,
        text: &str,
        json: Value,
        problem: Option<Problem>,
    ) -> Result<(), Failure> {
        match problem {
            None => self.told(style, text, &json),
            Some(problem) if style.json => Err(Failure::Partly(Box::new((problem, json)))),
            Some(problem) => self.told(style, text, &json).and(Err(problem.into())),
        }
    }

    /// Where the engine's events go.
    pub(super) fn sink(&mut self, style: Style) -> View<'_> {
        if style.json {
            View::Json(Json::new(self.stdout))
        } else if self.terminal && !style.quiet && !style.plain {
            View::Live(Live::new())
        } else {
            View::Plain(Plain::new(self.stderr, style.quiet))
        }
    }
}

/// One of the views.
pub(super) enum View<'a> {
    Json(Json<'a>),
    Live(Live),
    Plain(Plain<'a>),
}

impl Sink for View<'_> {
    fn send(&mut self, event: Event) {
        match self {
            Self::Json(view) => view.send(event),
            Self::Live(view) => view.send(event),
            Self::Plain(view) => view.send(event),
        }
    }
}
