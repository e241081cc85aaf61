//! What the documents say is so: commands, options, keys, dependencies.

// A failed unwrap is a failed test.
#![allow(clippy::unwrap_used)]

mod book;
mod help;
mod pages;
mod shell;
mod writing;

use clap::CommandFactory;
use lionize::cli::args::Cli;
use lionize::cli::{Streams, exit, run};
use lionize::engine::Stop;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

/// A file of the project.
fn text(path: &str) -> String {
    let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&whole).unwrap_or_else(|error| panic!("{}: {error}", whole.display()))
}

fn lionize(args: &[&str]) -> (u8, String, String) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut streams =
        Streams { stdout: &mut stdout, stderr: &mut stderr, terminal: false, stop: Stop::new() };
    let args = std::iter::once("lionize").chain(args.iter().copied()).map(OsString::from);
    let code = run(args, &mut streams);
    (code, String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// All commands with the arguments that lead to them.
fn commands(of: &clap::Command, above: &[String]) -> Vec<(Vec<String>, clap::Command)> {
    let mut all = vec![(above.to_vec(), of.clone())];
    for command in of.get_subcommands().filter(|command| command.get_name() != "help") {
        let path = [above, &[command.get_name().to_owned()]].concat();
        all.extend(commands(command, &path));
    }
    all
}

#[test]
fn every_command_and_option_is_in_the_reference() {
    let reference = text("docs/commands.md");
    for (path, command) in commands(&Cli::command(), &[]) {
        let name = format!("lionize {}", path.join(" "));
        assert!(reference.contains(name.trim()), "docs/commands.md lacks `{name}`");
        for arg in command.get_arguments() {
            assert!(arg.get_help().is_some(), "{name}: {} has no help", arg.get_id());
            let Some(long) = arg.get_long().filter(|long| *long != "help" && *long != "version")
            else {
                continue;
            };
            assert!(reference.contains(&format!("--{long}")), "docs/commands.md lacks --{long}");
        }
    }
}

#[test]
fn every_exit_code_is_documented() {
    let table = text("docs/exit-codes.md");
    let codes = [
        exit::DONE,
        exit::USAGE,
        exit::BAD_INPUT,
        exit::NETWORK,
        exit::OUTPUT,
        exit::VERIFICATION,
        exit::OURS,
        exit::INTERRUPTED,
    ];
    for code in codes {
        assert!(table.contains(&format!("| {code} |")), "docs/exit-codes.md lacks {code}");
    }
}

/// The words in quotes that stand first in calls which read a recipe's keys.
fn recipe_keys(source: &str) -> BTreeSet<String> {
    let calls = [
        ".text(",
        ".texts(",
        ".need(",
        ".flag(",
        ".path(",
        ".table(",
        ".number(",
        ".word(",
        ".values(",
        ".input(",
        ".get(",
        "size_of(table, ",
        "choice(table, ",
        "choice(&table, ",
        "tables(table, ",
    ];
    let mut keys = BTreeSet::new();
    for call in calls {
        for rest in source.split(call).skip(1) {
            let quoted = rest.strip_prefix('"').and_then(|rest| rest.split('"').next());
            keys.extend(quoted.map(str::to_owned));
        }
    }
    keys
}

#[test]
fn every_recipe_key_is_documented() {
    // Steps that only fixes have are told there.
    let guide = text("docs/recipes.md") + &text("docs/fixes.md");
    let files = ["draft", "steps", "claims"].map(|name| text(&format!("src/recipe/{name}.rs")));
    let source = files.concat();
    let mut keys = recipe_keys(&source);
    keys.extend(["restore", "append", "bless", "label", "mkdir"].map(str::to_owned));
    assert!(keys.len() > 40, "only {keys:?} were found: has the reader changed?");
    let missing: Vec<_> = keys.iter().filter(|key| !guide.contains(&format!("`{key}`"))).collect();
    assert!(missing.is_empty(), "docs/recipes.md lacks {missing:?}");
}

#[test]
fn every_key_of_a_fix_is_documented() {
    let guide = text("docs/fixes.md") + &text("docs/recipes.md");
    let mut keys = recipe_keys(&text("src/recipe/fix.rs"));
    keys.extend(["source", "conflicts", "run", "settings", "always"].map(str::to_owned));
    let missing: Vec<_> = keys.iter().filter(|key| !guide.contains(&format!("`{key}`"))).collect();
    assert!(missing.is_empty(), "docs/fixes.md lacks {missing:?}");
    for id in lionize::recipe::fixes::ids() {
        assert!(guide.contains(&format!("\n## {id}\n")), "docs/fixes.md lacks `{id}`");
    }
    let example = guide.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let text = lionize::recipe::Text { file: "example".into(), text: example.into() };
    assert_eq!(lionize::recipe::fixes::parse(&text).unwrap().id, "quiet-boot");
}

#[test]
fn the_example_recipe_is_right() {
    let guide = text("docs/recipes.md");
    let example = guide.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("example.toml");
    fs::write(&path, example).unwrap();
    let path = path.to_str().unwrap();
    let (code, out, errors) = lionize(&["recipe", "check", path]);
    assert_eq!((code, errors.as_str()), (exit::DONE, ""));
    assert_eq!(out, format!("{path} is right: OS X Lion, with a note on the disk\n"));
}

#[test]
fn every_dependency_has_its_line() {
    let documented = text("docs/dependencies.md");
    let manifest: toml::Table = text("Cargo.toml").parse().unwrap();
    let mut tables = vec![&manifest["dependencies"], &manifest["dev-dependencies"]];
    if let Some(targets) = manifest.get("target").and_then(toml::Value::as_table) {
        tables.extend(targets.values().filter_map(|target| target.get("dependencies")));
    }
    let names: BTreeSet<_> =
        tables.iter().flat_map(|table| table.as_table().unwrap().keys()).collect();
    for name in &names {
        let lines = documented.lines().filter(|line| line.starts_with(&format!("| `{name}` |")));
        assert_eq!(lines.count(), 1, "docs/dependencies.md and `{name}`");
    }
    for line in documented.lines().filter_map(|line| line.strip_prefix("| `")) {
        let name = line.split('`').next().unwrap();
        assert!(names.iter().any(|known| *known == name), "`{name}` is no dependency");
    }
}
