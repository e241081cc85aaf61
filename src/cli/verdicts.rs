//! What became of a recipe's claims: for people, for programs, for pipelines.

use crate::cli::Outcome as Ending;
use crate::cli::streams::{Streams, Style};
use crate::engine::{Judges, OURS, Outcome, Problem, ProblemKind, Tested, Verdict};
use crate::report::count;
use crate::report::junit::{self, Case};
use serde_json::{Value, json};

/// Prints all results. What failed is a problem, and so is what could not be
/// judged where it had to be.
pub(super) fn tell(
    recipe: &str,
    about: &str,
    tested: &Tested,
    judges: Judges,
    style: Style,
    streams: &mut Streams<'_>,
) -> Ending {
    if style.json {
        for outcome in &tested.outcomes {
            streams.object(&item(outcome))?;
        }
    }
    let [passed, failed, skipped, not_run] = numbers(tested).map(|(number, _)| number);
    let result = json!({
        "result": "tested",
        "recipe": recipe,
        "about": about,
        "passed": passed,
        "failed": failed,
        "skipped": skipped,
        "not_run": not_run,
        "foreign": tested.foreign,
        "unjudged": tested.unjudged,
    });
    streams.ended(style, &text(recipe, about, tested), result, problem(tested, judges))
}

/// One object a claim.
fn item(outcome: &Outcome) -> Value {
    let Outcome { at, claim, verdict, judges } = outcome;
    let mut object = json!({
        "item": "test",
        "verdict": word(verdict),
        "claim": claim,
        "file": at.file,
        "line": at.line,
        "column": at.column,
        "judges": judges,
    });
    match verdict {
        Verdict::Failed { by, wanted, found } => {
            object["by"] = json!(by);
            object["wanted"] = json!(wanted);
            object["found"] = json!(found);
        }
        Verdict::Skipped(why) | Verdict::NotRun(why) => object["why"] = json!(why),
        Verdict::Passed => {}
    }
    object
}

const fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Failed { .. } => "failed",
        Verdict::Skipped(_) => "skipped",
        Verdict::NotRun(_) => "not run",
    }
}

/// How many came out how, in the order in which that is told.
fn numbers(tested: &Tested) -> [(usize, &'static str); 4] {
    [
        (tested.count(|verdict| *verdict == Verdict::Passed), "passed"),
        (tested.count(|verdict| matches!(verdict, Verdict::Failed { .. })), "failed"),
        (tested.count(|verdict| matches!(verdict, Verdict::Skipped(_))), "skipped"),
        (tested.count(|verdict| matches!(verdict, Verdict::NotRun(_))), "not run"),
    ]
}

fn text(recipe: &str, about: &str, tested: &Tested) -> String {
    let mut text = format!("{recipe}: {about}\n");
    let place = |outcome: &Outcome| format!("{}:{}", outcome.at.file, outcome.at.line);
    let width = tested.outcomes.iter().map(|outcome| place(outcome).chars().count()).max();
    let width = width.unwrap_or(0);
    for outcome in &tested.outcomes {
        let (place, claim) = (place(outcome), &outcome.claim);
        text += &format!("{:8} {place:width$}  {claim}", word(&outcome.verdict));
        match &outcome.verdict {
            Verdict::Passed => text += &started(outcome),
            Verdict::Failed { wanted, found, .. } => {
                text += &format!("\n           wanted {wanted}\n           found  {found}");
                text += &match by(&outcome.verdict) {
                    Some(by) => format!(", says {by}\n"),
                    None => "\n".to_owned(),
                };
            }
            Verdict::Skipped(why) | Verdict::NotRun(why) => text += &format!(" ({why})\n"),
        }
    }
    let numbers = numbers(tested).into_iter().filter(|(number, _)| *number > 0);
    let numbers: Vec<_> = numbers.map(|(number, word)| format!("{number} {word}")).collect();
    let tests = count(tested.outcomes.len() as u64, "test");
    text += &format!("{tests}: {}\n", numbers.join(", "));
    text + &judged(tested)
}

/// The end of a line: through what the media started, if they were to start.
fn started(outcome: &Outcome) -> String {
    match outcome.judges.contains(&OURS) || outcome.judges.is_empty() {
        true => "\n".to_owned(),
        false => format!(" (through {})\n", outcome.judges.join(", ")),
    }
}

/// Who failed a claim, when that was not our own reader.
fn by(verdict: &Verdict) -> Option<&'static str> {
    match verdict {
        Verdict::Failed { by, .. } if *by != OURS => Some(by),
        _ => None,
    }
}

fn judged(tested: &Tested) -> String {
    let second = |name: &&str| tested.outcomes.iter().any(|one| one.judges.contains(name));
    match (tested.foreign.filter(|name| second(name)), &tested.unjudged) {
        (Some(name), _) => {
            let number = tested.outcomes.iter().filter(|one| one.judges.contains(&name)).count();
            let tests = count(number as u64, "test");
            format!("judged by our own reader, and {tests} by {name} as well\n")
        }
        (None, Some(why)) => format!("not judged by a reader of other authors: {why}\n"),
        (None, None) => "judged by our own reader; no other could see any of it\n".to_owned(),
    }
}

/// Why the command fails, if it does.
fn problem(tested: &Tested, judges: Judges) -> Option<Problem> {
    let [_, (failed, _), _, (not_run, _)] = numbers(tested);
    let all = tested.outcomes.len();
    if failed > 0 {
        let sentence = format!("{failed} of {} failed", count(all as u64, "test"));
        let mut problem = Problem::new(ProblemKind::Verification, sentence);
        problem.causes = tested.outcomes.iter().filter_map(failure).collect();
        return Some(problem);
    }
    if judges != Judges::Required {
        return None;
    }
    let kind = ProblemKind::Verification;
    if let Some(why) = &tested.unjudged {
        let sentence = "no reader of other authors judged, and one is required";
        return Some(Problem::new(kind, sentence).because(why));
    }
    let sentence = format!("{not_run} of {} could not be judged", count(all as u64, "test"));
    let why = |outcome: &Outcome| match &outcome.verdict {
        Verdict::NotRun(why) => Some(format!("{}: {}: {why}", outcome.at, outcome.claim)),
        _ => None,
    };
    let mut problem = Problem::new(kind, sentence);
    problem.causes = tested.outcomes.iter().filter_map(why).collect();
    (not_run > 0).then_some(problem)
}

/// A claim that failed, in one line.
fn failure(outcome: &Outcome) -> Option<String> {
    let Verdict::Failed { wanted, found, .. } = &outcome.verdict else { return None };
    let says = by(&outcome.verdict).map_or_else(String::new, |by| format!(", says {by}"));
    Some(format!("{}: {}: wanted {wanted}; found {found}{says}", outcome.at, outcome.claim))
}

/// All results as JUnit's XML.
pub(super) fn junit(recipe: &str, tested: &Tested) -> String {
    let suite = format!("lionize test {recipe}");
    let case = |outcome: &Outcome| {
        let Outcome { at, claim, verdict, judges } = outcome;
        let result = match verdict {
            Verdict::Passed => junit::Result::Passed,
            Verdict::Failed { by, wanted, found } => {
                let message = format!("wanted {wanted}; found {found}");
                let more = format!("{at}: {claim}\nwanted {wanted}\nfound  {found}\nsays   {by}");
                junit::Result::Failed(message, more)
            }
            Verdict::Skipped(why) | Verdict::NotRun(why) => junit::Result::Skipped(why.clone()),
        };
        let output = match judges.is_empty() {
            true => String::new(),
            false => format!("judged by {}", judges.join(", ")),
        };
        let at = Some((at.file.clone(), at.line));
        let (name, class) = (claim.clone(), recipe.to_owned());
        Case { name, class, at, took: None, result, output }
    };
    let cases: Vec<_> = tested.outcomes.iter().map(case).collect();
    junit::suite(&suite, &cases)
}
