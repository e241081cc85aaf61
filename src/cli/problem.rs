//! Why a command failed, on the terminal: a sentence, its causes, a hint.

use crate::cli::exit;
use crate::engine::Problem;
use crate::recipe::Mistake;
use crate::report::tame;
use serde_json::{Value, json};
use std::io;

/// How a command ends when it does not end well.
#[derive(Debug)]
pub(super) enum Failure {
    /// A problem to print.
    Problem(Problem),
    /// A problem, and the result as far as there is one. People were shown it.
    Partly(Box<(Problem, Value)>),
    /// The reader of our output went away: nothing to say.
    Pipe,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl Failure {
    /// Standard output could not be written.
    #[must_use]
    pub(super) fn output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::Pipe;
        }
        let kind = crate::engine::ProblemKind::Output;
        Self::Problem(Problem::new(kind, "cannot write to standard output").because(error))
    }
}

/// The text on standard error.
#[must_use]
pub(super) fn text(problem: &Problem, color: bool) -> String {
    let paint = |code: &str, word: &str| {
        if color { format!("\u{1b}[{code}m{word}\u{1b}[0m") } else { word.to_owned() }
    };
    let mut out = format!("{} {}\n", paint("1;31", "error:"), tame(&problem.sentence));
    for cause in &problem.causes {
        for (index, line) in cause.lines().enumerate() {
            let lead = if index == 0 { "  because " } else { "          " };
            out += &format!("{lead}{}\n", tame(line));
        }
        let shown = problem.mistakes.iter().find(|(mistake, _)| mistake.to_string() == *cause);
        for line in shown.iter().filter_map(|(_, shown)| shown.as_ref()).flat_map(|s| s.lines()) {
            out += &format!("    {}\n", tame(line));
        }
    }
    if let Some(hint) = &problem.hint {
        out += &format!("{} {}\n", paint("1;36", "hint:"), tame(hint));
    }
    out
}

/// The last line on standard output in JSON mode.
#[must_use]
pub(super) fn object(problem: &Problem) -> Value {
    let mut object = json!({
        "result": "failed",
        "kind": exit::word(problem.kind),
        "exit": exit::code(problem.kind),
        "error": problem.sentence,
        "causes": problem.causes,
        "hint": problem.hint,
    });
    if !problem.mistakes.is_empty() {
        object["mistakes"] = problem.mistakes.iter().map(|(mistake, _)| told(mistake)).collect();
    }
    object
}

fn told(mistake: &Mistake) -> Value {
    json!({
        "file": mistake.at.file,
        "line": mistake.at.line,
        "column": mistake.at.column,
        "message": mistake.message,
        "suggestion": mistake.suggestion,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_a_sentence_with_causes_and_a_hint() {
        let problem = Problem::bad_input("cannot read a.dmg")
            .because("koly: version is 9: not 4")
            .hint("download it again");
        assert_eq!(
            text(&problem, false),
            "error: cannot read a.dmg\n  because koly: version is 9: not 4\n\
             hint: download it again\n"
        );
        assert_eq!(object(&problem)["exit"], 3);
        assert!(text(&problem, true).starts_with("\u{1b}[1;31merror:\u{1b}[0m "));
    }

    #[test]
    fn a_name_in_a_problem_does_nothing_to_the_terminal() {
        let named = |what: &str| format!("{what} a\u{1b}[2J\u{202e}b\r");
        let problem = Problem::bad_input(named("no")).because(named("in")).hint(named("try"));
        let tame = "a\u{fffd}[2J\u{fffd}b\u{fffd}";
        let said = format!("error: no {tame}\n  because in {tame}\nhint: try {tame}\n");
        assert_eq!(text(&problem, false), said);
    }
}
