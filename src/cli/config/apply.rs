//! Settings as the defaults of the options that they are named after.

use crate::cli::args::package::Package;
use crate::cli::args::vm::Vm;
use crate::cli::args::{Cli, Command, Pair};
use crate::cli::config::Settings;
use clap::builder::ArgPredicate;
use std::ffi::OsString;

/// A command line whose options have the settings as their defaults.
pub(in crate::cli) fn defaults(mut command: clap::Command, settings: &Settings) -> clap::Command {
    let has =
        |command: &clap::Command, id: &str| command.get_arguments().any(|arg| arg.get_id() == id);
    for key in ["store", "offline", "mirror", "threads", "color"] {
        let value = settings.get(key).and_then(|setting| setting.values.first());
        if let Some(value) = value.filter(|_| has(&command, key)) {
            let value = value.clone();
            command = command.mut_arg(key, |arg| arg.default_value(value).hide_default_value(true));
        }
    }
    // Of files only: that a disk is proven less is said each time, or not at all.
    let verify = settings.get("verify").and_then(|setting| setting.values.first());
    if let Some(value) = verify.filter(|_| has(&command, "verify") && has(&command, "output")) {
        let value = value.clone();
        command = command.mut_arg("verify", |arg| {
            arg.default_value_if("output", ArgPredicate::IsPresent, value)
        });
    }
    let below: Vec<String> =
        command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    below.iter().fold(command, |command, name| {
        command.mut_subcommand(name, |below| defaults(below, settings))
    })
}

/// Adds the places of catalogs that the command line does not give.
pub(in crate::cli) fn catalogs(cli: &mut Cli, settings: &Settings) {
    let Some(places) = settings.get("catalogs") else { return };
    let mut places = places.values.iter().filter_map(|pair| pair.split_once('='));
    let Some(command) = &mut cli.command else { return };
    if let Command::Catalog(command) = command {
        let Some(which) = command.which_mut() else { return };
        if let Some((_, place)) = places.find(|(name, _)| *name == which.catalog) {
            place.clone_into(&mut which.catalog);
        }
        return;
    }
    let Some(given) = given(command) else { return };
    for (name, place) in places {
        if !given.iter().any(|pair| pair.name == name) {
            given.push(Pair { name: name.to_owned(), value: OsString::from(place) });
        }
    }
}

/// The catalogs that are given to a command which makes something by a recipe.
fn given(command: &mut Command) -> Option<&mut Vec<Pair>> {
    match command {
        Command::Build(args) => Some(&mut args.job.making.catalog),
        Command::Plan(args) => Some(&mut args.job.making.catalog),
        Command::Lock(args) => Some(&mut args.job.making.catalog),
        // Samples have a catalog of their own.
        Command::Test(args) if !args.takes_samples() => Some(&mut args.job.making.catalog),
        Command::Vm(Vm::Check(args)) => Some(&mut args.job.making.catalog),
        Command::Package(Package::Build(args)) => Some(&mut args.catalog),
        Command::Wizard(args) => Some(&mut args.making.catalog),
        _ => None,
    }
}
