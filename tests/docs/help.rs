//! Help, manual pages and completions: what each command says of itself.

use crate::shell::{calls, parses};
use crate::{commands, lionize};
use clap::CommandFactory;
use lionize::cli::args::Cli;
use lionize::cli::exit;
use std::fs;

#[test]
fn help_fits_into_80_columns() {
    for (path, _) in commands(&Cli::command(), &[]) {
        for flag in ["--help", "-h"] {
            let args: Vec<&str> = path.iter().map(String::as_str).chain([flag]).collect();
            let (code, help, errors) = lionize(&args);
            assert_eq!((code, errors.as_str()), (exit::DONE, ""), "{args:?}");
            for line in help.lines() {
                assert!(line.chars().count() <= 80, "{args:?}: {line}");
            }
        }
    }
}

#[test]
fn every_command_has_examples_that_the_parser_takes() {
    for (path, command) in commands(&Cli::command(), &[]) {
        let name = format!("lionize {}", path.join(" "));
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let Some(text) = help.strip_prefix("Examples:\n") else {
            panic!("`{name}` has no `after_help` that begins with `Examples:`");
        };
        let text = text.split("\n\n").next().unwrap();
        let calls = calls(text);
        let lines = text.lines().filter(|line| line.contains("lionize ")).count();
        assert!(calls.len() == lines && lines > 0, "{name}: {text}");
        for call in calls {
            parses(&call, &name);
            assert_eq!(call[1..=path.len()], path, "{name}: an example of another command");
        }
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let temp = tempfile::tempdir().unwrap();
    let to = temp.path().join("man1");
    let (code, _, errors) = lionize(&["man", "--to", to.to_str().unwrap()]);
    assert_eq!((code, errors.as_str()), (exit::DONE, ""));
    let all = commands(&Cli::command(), &[]);
    assert_eq!(fs::read_dir(&to).unwrap().count(), all.len());
    for (path, command) in all {
        let name = std::iter::once("lionize").chain(path.iter().map(String::as_str));
        let page = to.join(format!("{}.1", name.collect::<Vec<_>>().join("-")));
        let page = fs::read_to_string(page).unwrap();
        let args: Vec<&str> = ["man"].into_iter().chain(path.iter().map(String::as_str)).collect();
        assert_eq!(lionize(&args), (exit::DONE, page.clone(), String::new()));
        for part in
            ["NAME", "SYNOPSIS", "DESCRIPTION", "EXAMPLES", "\"EXIT STATUS\"", "\"SEE ALSO\""]
        {
            let there = page.lines().any(|line| line == format!(".SH {part}"));
            assert!(there || part == "\"SEE ALSO\"", "{path:?} lacks {part}:\n{page}");
        }
        for arg in command.get_arguments().filter_map(clap::Arg::get_long) {
            let option = format!("\\-\\-{}", arg.replace('-', "\\-"));
            assert!(page.contains(&option), "{path:?} lacks {option}:\n{page}");
        }
    }
}

#[test]
fn pages_of_commands_that_are_not_there_are_refused() {
    let (code, out, errors) = lionize(&["man", "catalog", "lsit"]);
    assert_eq!((code, out.as_str()), (exit::USAGE, ""));
    assert_eq!(
        errors,
        "error: there is no command `lionize catalog lsit`\n\
         hint: `lionize --help` lists all commands\n"
    );
}

#[test]
fn every_shell_is_told_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let (code, text, errors) = lionize(&["completions", shell]);
        assert_eq!((code, errors.as_str()), (exit::DONE, ""));
        for (path, _) in commands(&Cli::command(), &[]) {
            let last = path.last().map_or("lionize", String::as_str);
            assert!(text.contains(last), "{shell}: {path:?}");
        }
        assert_eq!(lionize(&["completions", shell]).1, text);
    }
}
