//! The wizard: questions, and in the end the command that they come to.
//!
//! [`flow`] decides what is asked and knows no terminal; [`screen`] is how it
//! is asked; `ask` and `output` are between them. What is run in the end is
//! what `build` itself parses from the arguments that are printed.

mod ask;
mod fixes;
mod flow;
mod get;
mod host;
mod keys;
mod output;
mod params;
mod plain;
mod rich;
mod saved;
mod screen;
mod summary;
mod target;

use crate::cli::args::Wizard as Args;
use crate::cli::job;
use crate::cli::streams::{Streams, Style};
use crate::cli::wizard::ask::{Asker, Step};
use crate::cli::wizard::fixes::Chosen;
use crate::cli::wizard::flow::{Answer, Answers, Flow, Given, Output, Question};
use crate::cli::wizard::output::{Decision, parsed};
use crate::cli::wizard::screen::Screen;
use crate::cli::wizard::target::Target;
use crate::device;
use crate::engine::{self, Brief, Problem, ProblemKind, load, recognise};
use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

/// A line of the terminal; `None` when it is over, or the user wants to end.
pub(super) fn read_line(stop: &engine::Stop) -> io::Result<Option<String>> {
    plain::read(stop)
}

/// Runs what reads a terminal that shows nothing; `None` once the user wants to end.
pub(super) fn unseen<T: Send + 'static>(
    stop: &engine::Stop,
    read: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<Option<T>> {
    keys::unseen(stop, read)
}

/// How the wizard asks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// Lines and numbers only.
    pub(super) plain: bool,
    pub(super) color: bool,
}

/// `lionize`, and `lionize wizard`.
pub(super) fn run(
    args: &Args,
    look: Look,
    style: Style,
    streams: &mut Streams<'_>,
) -> super::Outcome {
    check_terminal(style, streams)?;
    let flow = Flow::new(preset(args, streams)?);
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    // What a screen reader says is not drawn again: neither is progress.
    let style = Style { plain: look.plain || dumb, ..style };
    let decided = if style.plain {
        let mut lines = plain::Typed(streams.stop.clone());
        let mut screen = plain::Plain::new(Box::new(io::stderr()), &mut lines);
        ask(args, flow, &mut screen, style, streams)?
    } else {
        let stop = streams.stop.clone();
        let screen = rich::Rich::new(Box::new(io::stderr()), look.color, &stop);
        ask(args, flow, &mut screen.map_err(|error| lost(&error))?, style, streams)?
    };
    // The terminal is as it was from here on.
    let Some((answers, args)) = decided else { return Err(ended().into()) };
    let build = parsed(&args)?;
    let after = job::build_and_tell(&build, style, streams)?;
    let brief = Brief { notes: after.notes, clock: after.clock, ..Brief::default() };
    let next = summary::afterwards(&answers, &with_clock(&answers, brief));
    let lines = screen::wrap(&next, 79);
    streams.print(&lines.iter().map(|line| format!("{line}\n")).collect::<String>())
}

/// When the installer's signer was valid counts as well as that of packages.
fn with_clock(answers: &Answers, mut brief: Brief) -> Brief {
    for window in answers.inputs.iter().filter_map(|given| given.found.clock) {
        brief.clock = Some(match brief.clock {
            Some((from, until)) => (from.max(window.0), until.min(window.1)),
            None => window,
        });
    }
    brief.clock = brief.clock.filter(|(from, until)| from < until);
    brief
}

/// Questions need somebody who reads them and answers.
fn check_terminal(style: Style, streams: &Streams<'_>) -> engine::Result<()> {
    let why = if style.json {
        "with --json, programs read what is printed"
    } else if !streams.terminal {
        "standard error is not a terminal"
    } else if !io::stdin().is_terminal() {
        "standard input is not a terminal"
    } else {
        return Ok(());
    };
    let hint = "say it all at once: lionize build RECIPE --input NAME=PATH --output FILE (or \
                --device PATH --device-serial S --yes); `lionize recipe list` names the recipes, \
                `lionize recipe show RECIPE` its inputs, `lionize --help` all commands";
    Err(Problem::usage("the wizard has nobody to ask").because(why).hint(hint))
}

/// An input that is no recipe's.
fn orphan(name: &str) -> Problem {
    Problem::usage(format!("there is no input `{name}`"))
        .hint("say which recipe with --recipe: inputs are a recipe's")
}

/// What the flags answer.
fn preset(args: &Args, streams: &Streams<'_>) -> engine::Result<Answers> {
    let mut flow = Flow::default();
    let making = &args.making;
    let mut given = making.input.clone();
    if let Some(name) = &args.recipe {
        let recipe = load::recipe_with(name, &job::supplies(making)?)?;
        for pair in &making.input {
            let Some(wanted) = recipe.input(&pair.name) else { continue };
            given.retain(|other| other.name != pair.name);
            let path = PathBuf::from(&pair.value);
            let found = recognise(wanted, &path, &streams.stop)?;
            let (name, path) = (pair.name.clone(), Some(path));
            let checked = Vec::new();
            flow.answer(Answer::Input(Box::new(Given { name, path, found, checked })));
        }
        flow.answer(Answer::Recipe(name.clone(), Box::new(recipe)));
    }
    if let Some(pair) = given.first() {
        return Err(orphan(&pair.name));
    }
    for (name, value) in making.set.iter().map(job::param).collect::<engine::Result<Vec<_>>>()? {
        flow.answer(Answer::Param(name, value));
    }
    if let Some(mac) = &making.mac {
        flow.answer(Answer::Mac(Some(mac.clone())));
    }
    // Who asks for nothing to be asked wants none that are not named.
    if !making.fix.is_empty() || args.goal.disk.yes {
        let chosen = making.fix.iter().map(|name| Chosen::named(name));
        flow.answer(Answer::Fixes(chosen.collect::<engine::Result<_>>()?));
    }
    let flags = &args.goal.disk;
    let (serial, id) = (flags.device_serial.clone(), flags.device_id.clone());
    let disk = args.goal.device.clone();
    let disk = disk.map(|path| Output::Disk(Target::named(path, serial, id)));
    if let Some(output) = args.goal.output.clone().map(Output::File).or(disk) {
        flow.answer(Answer::Output(output));
    }
    Ok(flow.answers().clone())
}

/// Answers that somebody wants done, and the command for them.
type Decided = Option<(Answers, Vec<OsString>)>;

/// Asks until all is answered; `None` when the user ends it.
fn ask(
    args: &Args,
    mut flow: Flow,
    screen: &mut dyn Screen,
    style: Style,
    streams: &mut Streams<'_>,
) -> engine::Result<Decided> {
    let mut asker = Asker { screen, streams, style, places: host::places() };
    let passed = args.passed_on();
    loop {
        let answers = flow.answers().clone();
        let command = || {
            let is_disk = matches!(answers.output, Some(Output::Disk(_)));
            [answers.command(), args.passed_on_of_disk(is_disk), passed.clone()].concat()
        };
        let step = match flow.question() {
            Question::Recipe => asker.recipe(),
            Question::Input(input) => asker.input(&input),
            Question::Mac => asker.mac(&answers),
            Question::Param(asked) => asker.param(&asked, &answers),
            Question::Fixes => asker.fixes(&answers),
            Question::Output => asker.output(&answers, &command(), &args.goal.disk),
            Question::Summary => {
                match decide(&mut asker, &answers, &command(), args.goal.disk.yes)? {
                    // Whatever happened while the question stood there.
                    Decision::Begin if gone(&mut asker, &answers)? => Ok(Step::Back),
                    Decision::Begin => return Ok(Some((answers.clone(), command()))),
                    Decision::Quit => Ok(Step::Quit),
                    Decision::Back => Ok(Step::Back),
                    Decision::Again => Ok(Step::Again),
                }
            }
        };
        match step.map_err(|error| lost(&error))? {
            Step::Answer(answer) => flow.answer(answer),
            Step::Again => {}
            Step::Quit => return Ok(None),
            Step::Back => {
                if !flow.back() {
                    let text = "This is the first question. Ctrl-C ends the wizard.";
                    asker.screen.say(text).map_err(|error| lost(&error))?;
                }
            }
        }
        if asker.streams.stop.raised() {
            return Ok(None);
        }
    }
}

/// The summary, once there is a plan; else why there is none.
fn decide(
    asker: &mut Asker<'_, '_>,
    answers: &Answers,
    args: &[OsString],
    yes: bool,
) -> engine::Result<Decision> {
    if gone(asker, answers)? {
        return Ok(Decision::Back);
    }
    asker.say_it_may_last(answers).map_err(|error| lost(&error))?;
    match asker.look(args) {
        Ok(brief) => asker.summary(answers, args, &brief, yes).map_err(|error| lost(&error)),
        Err(problem) if problem.kind == ProblemKind::Interrupted => Ok(Decision::Quit),
        // Without a question behind it there is no way back.
        Err(problem) if yes => Err(problem),
        Err(problem) => {
            asker.tell(&problem).map_err(|error| lost(&error))?;
            asker.stuck().map_err(|error| lost(&error))
        }
    }
}

/// Whether another disk is where the chosen one was: that is said.
fn gone(asker: &mut Asker<'_, '_>, answers: &Answers) -> engine::Result<bool> {
    let Some(Output::Disk(target)) = &answers.output else { return Ok(false) };
    let Some(problem) = target.gone(device::host().disk(&target.path)) else { return Ok(false) };
    asker.tell(&problem).map_err(|error| lost(&error))?;
    Ok(true)
}

fn lost(error: &io::Error) -> Problem {
    Problem::new(ProblemKind::Output, "cannot use the terminal").because(error)
}

fn ended() -> Problem {
    let sentence = "the wizard was ended; nothing was made, and nothing was changed";
    Problem::new(ProblemKind::Interrupted, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_without_a_recipe_says_what_to_give() {
        assert_eq!(
            orphan("installer").to_string(),
            "there is no input `installer`\n  \
             hint: say which recipe with --recipe: inputs are a recipe's"
        );
    }
}
