//! `vm check`: does it boot, by readers of other authors.

use crate::cli::args::vm::Check;
use crate::cli::problem::Failure;
use crate::cli::streams::{Streams, Style};
use crate::cli::{Outcome, job};
use crate::engine::{self, Problem, ProblemKind};
use crate::report::duration;
use crate::report::junit::{self, Case, suite};
use crate::vm::{Checked, Host, Loader, Options, Trial, Verdict};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// `lionize vm check`.
pub(super) fn run(args: &Check, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let options = Options {
        loader: args.loader.map(crate::cli::args::vm::Loader::loader),
        wish: args.how.accel.wish(),
        limit: Duration::from_secs(args.how.limit.into()),
        keep: args.how.keep.clone(),
        ..Options::new(Host::here())
    };
    let stop = streams.stop.clone();
    let mut sink = streams.sink(style);
    let name = args.job.recipe.as_str();
    let checked = if is_image(name) {
        engine::boot_image(Path::new(name), &options, &mut sink, &stop)?
    } else {
        let plan = engine::prepare(&job::request(&args.job, None, &stop)?, &mut sink, &stop)?;
        plan.check_mac(&mut sink)?;
        engine::boot_plan(&plan, &options, &mut sink, &stop)?
    };
    drop(sink);
    if let Some(path) = &args.junit {
        let xml = suite(&format!("lionize vm check {name}"), &cases(name, &checked));
        std::fs::write(path, xml).map_err(|error| Problem::writing(path, &error))?;
    }
    conclude(name, &checked, style, streams)
}

/// A recipe's file says so, and so does the name of a built-in one.
fn is_image(name: &str) -> bool {
    let is_file = |ext: &str| name.to_lowercase().ends_with(ext);
    !is_file(".toml") && (name.contains(['/', '.']) || Path::new(name).exists())
}

/// Tells what boots; what does not is a failure with a cause for each loader.
fn conclude(name: &str, checked: &Checked, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let json = result(checked);
    if checked.boots() {
        return streams.told(style, &text(name, checked), &json);
    }
    Err(Failure::Partly(Box::new((failed(name, &checked.trials), json))))
}

fn failed(name: &str, trials: &[Trial]) -> Problem {
    let mut problem = Problem::new(ProblemKind::Verification, format!("{name} does not boot"));
    problem.causes = trials.iter().map(line).collect();
    let kept = trials.iter().flat_map(|trial| &trial.kept);
    let kept: Vec<_> = kept.map(|path| path.display().to_string()).collect();
    if kept.is_empty() {
        return problem;
    }
    problem.hint(format!("what was said is in {}", kept.join(", ")))
}

fn line(trial: &Trial) -> String {
    format!("{}: {} ({})", trial.loader.name(), trial.verdict, duration(trial.took))
}

fn text(name: &str, checked: &Checked) -> String {
    let with = checked.accel.map_or_else(String::new, |accel| format!(", by {}", accel.word()));
    let mut text = format!("{name} boots\n");
    for trial in &checked.trials {
        text += &format!("  {}{with}\n", line(trial));
    }
    let label = checked.subject.label.as_deref().unwrap_or_default();
    text += &format!("found by them: the volume \"{label}\"\n  {}\n", checked.subject.boot_file);
    let by_grub = checked.trials.iter().any(|trial| trial.loader == Loader::Grub);
    for wanted in &checked.subject.wanted {
        let read = match (by_grub, wanted.sha256.is_some()) {
            (true, true) => ", read whole by GRUB",
            (true, false) => "",
            (false, _) => ", found by our own reader only",
        };
        text += &format!("  {} ({}{read})\n", wanted.path, wanted.what);
    }
    text + "started by them: a probe in place of boot.efi, and nothing of Apple's\n"
}

fn result(checked: &Checked) -> Value {
    let trial = |trial: &Trial| {
        json!({
            "loader": trial.loader.word(),
            "verdict": trial.verdict.word(),
            "says": trial.verdict.to_string(),
            "seconds": trial.took.as_secs_f64(),
            "kept": trial.kept.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
        })
    };
    json!({
        "result": "tried",
        "boots": checked.boots(),
        "accel": checked.accel.map(crate::vm::Accel::word),
        "volume": checked.subject.label,
        "boot_file": checked.subject.boot_file,
        "wanted": checked.subject.wanted.iter().map(|wanted| &wanted.path).collect::<Vec<_>>(),
        "notes": checked.notes,
        "trials": checked.trials.iter().map(trial).collect::<Vec<_>>(),
    })
}

fn cases(name: &str, checked: &Checked) -> Vec<Case> {
    let case = |trial: &Trial| Case {
        name: format!("boots through {}", trial.loader.name()),
        class: name.to_owned(),
        at: None,
        took: Some(trial.took),
        result: match &trial.verdict {
            Verdict::Boots => junit::Result::Passed,
            other => junit::Result::Failed(other.to_string(), String::new()),
        },
        output: String::new(),
    };
    checked.trials.iter().map(case).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_dot_or_a_slash_is_an_image() {
        assert!(is_image("out.img"));
        assert!(is_image("./out"));
        assert!(is_image("Installers/InstallESD.dmg"));
        assert!(!is_image("lion"));
        assert!(!is_image("./mine.toml"));
    }

    #[test]
    fn what_does_not_boot_says_why_and_where_the_logs_are() {
        let verdict = Verdict::Refused("boot.efi has 2 bytes, fewer than a program".to_owned());
        let kept = vec!["/tmp/x/serial.log".into()];
        let trial = Trial { loader: Loader::Grub, verdict, took: Duration::from_secs(7), kept };
        assert_eq!(
            failed("stick.img", &[trial]).to_string(),
            "stick.img does not boot\n  GRUB: boot.efi cannot be started: \
             boot.efi has 2 bytes, fewer than a program (7.0 s)\n  \
             hint: what was said is in /tmp/x/serial.log"
        );
    }
}
