//! Wrong command lines: as clap says it to people, and the same as an object.

use crate::cli::args::Color;
use crate::cli::streams::Streams;
use crate::cli::{exit, problem, wants_color};
use crate::engine::Problem;
use clap::ValueEnum;
use std::ffi::OsString;
use std::io::{self, IsTerminal};

/// Help and version on standard output; mistakes on standard error.
pub(super) fn tell(error: &clap::Error, args: &[OsString], streams: &mut Streams<'_>) -> u8 {
    let given = |flag: &str| args.iter().any(|arg| arg == flag);
    let rendered = error.render();
    // Help goes to standard output, which may be a file.
    let terminal = streams.terminal && (error.use_stderr() || io::stdout().is_terminal());
    let text = if !given("--plain") && wants_color(color(args), terminal) {
        rendered.ansi().to_string()
    } else {
        rendered.to_string()
    };
    if !error.use_stderr() {
        let _ = streams.stdout.write_all(text.as_bytes());
        return exit::DONE;
    }
    if given("--json") {
        // The exit code says it too, should nobody listen any more.
        let _ = streams.object(&problem::object(&mistake(error)));
        let _ = streams.stdout.flush();
    }
    streams.complain(&text);
    exit::USAGE
}

/// The sentence of a mistake, what it lists, and its tip or else the usage.
pub(super) fn mistake(error: &clap::Error) -> Problem {
    let text = error.render().to_string();
    let mut parts = text.trim().split("\n\n").map(str::trim);
    let mut lines = parts.next().unwrap_or_default().lines();
    let first = lines.next().unwrap_or_default();
    let first = first.strip_prefix("error: ").unwrap_or(first);
    let mut problem = Problem::usage(first.trim_end_matches(':'));
    problem.causes = lines.map(|line| line.trim().to_owned()).collect();
    let mut hints: Vec<String> = Vec::new();
    for part in parts {
        let tips = part.lines().filter_map(|line| line.trim().strip_prefix("tip: "));
        hints.extend(tips.map(str::to_owned));
        if hints.is_empty()
            && let Some(usage) = part.strip_prefix("Usage: ")
        {
            hints.push(format!("the command is {}", one_line(usage)));
        }
    }
    if hints.is_empty() {
        hints.push("`--help` behind the command says what it takes".to_owned());
    }
    problem.hint(hints.join("; "))
}

/// What is said of colours on a command line that is wrong elsewhere.
fn color(args: &[OsString]) -> Color {
    let mut words = args.iter().filter_map(|arg| arg.to_str());
    while let Some(word) = words.next() {
        let value = match word.split_once('=') {
            Some(("--color", value)) => Some(value),
            _ if word == "--color" => words.next(),
            _ => None,
        };
        if let Some(Ok(color)) = value.map(|value| Color::from_str(value, false)) {
            return color;
        }
    }
    Color::Auto
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
