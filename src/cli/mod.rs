//! The command: arguments in, words and an exit code out.
//!
//! [`run`] touches nothing global but the clock and the environment's
//! `SOURCE_DATE_EPOCH` and `NO_COLOR`, so tests call it as often as they like.
//! [`run_in`] also takes the settings of an [`Environment`].

pub mod args;
mod burn;
mod cache;
mod catalog;
mod config;
mod demo;
mod devices;
mod disk;
pub mod exit;
mod extract;
mod fetch;
mod files;
mod fixes;
mod host;
mod inspect;
mod job;
mod listing;
mod logging;
mod manual;
mod names;
mod network;
mod package;
mod place;
mod problem;
mod process;
mod recipes;
mod sample;
mod schema;
mod shell;
mod streams;
mod test;
mod usage;
mod verdicts;
mod vm;
mod wizard;

pub use config::Environment;
pub use process::main;
pub use streams::Streams;

use crate::cli::args::{Cli, Color, Command};
use crate::cli::config::Settings;
use crate::cli::problem::Failure;
use crate::cli::streams::Style;
use crate::engine::Problem;
use clap::{CommandFactory, FromArgMatches};
use serde_json::Value;
use std::ffi::OsString;

/// How a command ends.
type Outcome = Result<(), Failure>;

/// Runs the command with these arguments (the first is the program's name),
/// whatever is set elsewhere.
pub fn run(args: impl IntoIterator<Item = OsString>, streams: &mut Streams<'_>) -> u8 {
    run_in(&Environment::default(), args, streams)
}

/// The same with the settings of an environment.
pub fn run_in(
    environment: &Environment,
    args: impl IntoIterator<Item = OsString>,
    streams: &mut Streams<'_>,
) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    let settings = Settings::read(environment);
    let mut command = Cli::command();
    if let Ok(settings) = &settings {
        command = config::defaults(command, settings);
    }
    match parse(&mut command, &args) {
        Ok(mut cli) => {
            let color = colored(&cli, streams);
            let outcome = match settings {
                Ok(settings) => {
                    config::catalogs(&mut cli, &settings);
                    dispatch(&cli, &settings, streams)
                }
                Err(problem) => Err(problem.into()),
            };
            conclude(outcome, cli.global.json, color, streams)
        }
        Err(error) => usage::tell(&error, &args, streams),
    }
}

/// A command line; nothing is the wizard, whose options have settings as defaults, too.
fn parse(command: &mut clap::Command, args: &[OsString]) -> Result<Cli, clap::Error> {
    let mut parse = |args: &[OsString]| {
        command
            .try_get_matches_from_mut(args)
            .and_then(|matches| Cli::from_arg_matches(&matches))
            .map_err(|error| error.format(command))
    };
    let cli = parse(args)?;
    match cli.command {
        Some(_) => Ok(cli),
        None => parse(&[args, &["wizard".into()]].concat()),
    }
}

/// Whether what is said to people may be in colours.
fn colored(cli: &Cli, streams: &Streams<'_>) -> bool {
    !cli.global.plain && wants_color(cli.global.color, streams.terminal)
}

fn wants_color(color: Color, terminal: bool) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
    }
}

fn dispatch(cli: &Cli, settings: &Settings, streams: &mut Streams<'_>) -> Outcome {
    let plain = cli.global.plain;
    let style = Style { json: cli.global.json, quiet: cli.global.quiet, plain };
    let color = colored(cli, streams);
    let asked = |args: &args::Wizard, streams: &mut Streams<'_>| {
        wizard::run(args, wizard::Look { plain, color }, style, streams)
    };
    let Some(command) = &cli.command else {
        return asked(&args::Wizard::default(), streams);
    };
    match command {
        Command::Wizard(args) => asked(args, streams),
        Command::Build(args) => job::build(args, style, streams),
        Command::Plan(args) => job::plan(args, style, streams),
        Command::Lock(args) => job::lock(args, style, streams),
        Command::Verify(args) => job::verify(args, style, streams),
        Command::Inspect(args) => inspect::run(args, style, streams),
        Command::Ls(args) => files::ls(args, style, streams),
        Command::Cat(args) => files::cat(args, style, streams),
        Command::Fetch(command) => fetch::run(command, style, streams),
        Command::Cache(command) => cache::run(command, style, streams),
        Command::Catalog(command) => catalog::run(command, style, streams),
        Command::Sample(args) => sample::run(args, style, streams),
        Command::Test(args) => test::run(args, style, streams),
        Command::Demo(args) => demo::run(args, style, streams),
        Command::Write(args) => burn::write(args, style, streams),
        Command::Erase(args) => burn::erase(args, style, streams),
        Command::Devices => devices::run(style, streams),
        Command::Fix(command) => fixes::run(command, style, streams),
        Command::Package(command) => package::run(command, style, streams),
        Command::Recipe(command) => recipes::run(command, style, streams),
        Command::Man(args) => manual::man(args, style, streams),
        Command::Completions(args) => manual::completions(args, style, streams),
        Command::Extract(args) => files::extract(args, style, streams),
        Command::Config => config::show(settings, style, streams),
        Command::Schema(which) => schema::run(*which, style, streams),
        Command::Vm(command) => vm::run(command, style, streams),
    }
}

/// Prints what went wrong, and flushes what did not.
fn conclude(outcome: Outcome, json: bool, color: bool, streams: &mut Streams<'_>) -> u8 {
    let flushed = streams.stdout.flush().map_err(|error| Failure::output(&error));
    match outcome.and(flushed) {
        Ok(()) | Err(Failure::Pipe) => exit::DONE,
        Err(Failure::Problem(problem)) => {
            fail(&problem, json.then(|| problem::object(&problem)), color, streams)
        }
        Err(Failure::Partly(partly)) => {
            let (problem, partial) = *partly;
            let mut object = problem::object(&problem);
            object["partial"] = partial;
            fail(&problem, json.then_some(object), color, streams)
        }
    }
}

fn fail(problem: &Problem, object: Option<Value>, color: bool, streams: &mut Streams<'_>) -> u8 {
    if let Some(object) = object {
        // The exit code says it too, should nobody listen any more.
        let _ = streams.object(&object);
        let _ = streams.stdout.flush();
    }
    streams.complain(&problem::text(problem, color));
    exit::code(problem.kind)
}
