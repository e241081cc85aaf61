//! `man` and `completions`: manual pages and what shells complete, made of the
//! same definitions as the help. The same program always makes the same bytes:
//! pages have no date.

use crate::cli::Outcome;
use crate::cli::args::{Cli, Completions, Man, Shell};
use crate::cli::streams::{Streams, Style};
use crate::engine::Problem;
use clap::{Command, CommandFactory};
use clap_complete::{Shell as Generator, generate};
use clap_mangen::Man as Page;
use clap_mangen::roff::{Inline, Roff, bold, line_break, roman};
use serde_json::json;
use std::fs;
use std::io;
use std::path::Path;

/// `lionize completions`.
pub(super) fn completions(args: &Completions, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let generator = match args.shell {
        Shell::Bash => Generator::Bash,
        Shell::Zsh => Generator::Zsh,
        Shell::Fish => Generator::Fish,
        Shell::Powershell => Generator::PowerShell,
    };
    let mut text = Vec::new();
    generate(generator, &mut Cli::command(), "lionize", &mut text);
    let text = String::from_utf8_lossy(&text);
    let json = json!({"result": "completions", "shell": generator.to_string(), "text": text});
    streams.result(style, &text, &json)
}

/// `lionize man`.
pub(super) fn man(args: &Man, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let root = commands();
    if let Some(to) = &args.to {
        return all(&root, to, style, streams);
    }
    let mut command = &root;
    for (depth, word) in args.command.iter().enumerate() {
        let words = args.command[..=depth].join(" ");
        command = command.find_subcommand(word).ok_or_else(|| {
            Problem::usage(format!("there is no command `lionize {words}`"))
                .hint("`lionize --help` lists all commands")
        })?;
    }
    let text = page(command, &root).map_err(|error| Problem::ours("no page").because(error))?;
    streams.result(style, &text, &json!({"result": "manual", "text": text}))
}

/// All commands, each with its whole name and the options of all.
fn commands() -> Command {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    root
}

fn all(root: &Command, to: &Path, style: Style, streams: &mut Streams<'_>) -> Outcome {
    fs::create_dir_all(to).map_err(|error| Problem::writing(to, &error))?;
    let mut names = Vec::new();
    let mut left = vec![root];
    while let Some(command) = left.pop() {
        left.extend(command.get_subcommands());
        let name = format!("{}.1", name(command));
        let path = to.join(&name);
        page(command, root)
            .and_then(|text| fs::write(&path, text))
            .map_err(|error| Problem::writing(&path, &error))?;
        names.push(name);
    }
    names.sort();
    let text = format!("{} pages in {}\n", names.len(), to.display());
    streams.told(style, &text, &json!({"result": "manual", "to": to, "pages": names}))
}

/// `lionize-catalog-list`.
fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

/// The page of one command.
fn page(command: &Command, root: &Command) -> io::Result<String> {
    let page = Page::new(command.clone());
    let version = root.get_version().unwrap_or_default();
    // `Page` would leave an empty date out, and the version would take its place.
    let title = name(command).to_uppercase();
    let mut out = format!(".TH {title} 1 \"\" \"lionize {version}\" Lionize\n").into_bytes();
    page.render_name_section(&mut out)?;
    page.render_synopsis_section(&mut out)?;
    page.render_description_section(&mut out)?;
    if command.has_subcommands() {
        page.render_subcommands_section(&mut out)?;
    }
    page.render_options_section(&mut out)?;
    rest(command, root).to_writer(&mut out)?;
    String::from_utf8(out).map(|page| tidy(&page)).map_err(io::Error::other)
}

/// Without what readers of roff warn of: blanks at lines' ends, and breaks
/// beside an empty line, which breaks anyway.
fn tidy(page: &str) -> String {
    let lines: Vec<&str> = page.lines().map(str::trim_end).collect();
    let is_empty = |index: usize| lines.get(index).is_some_and(|line| line.is_empty());
    let mut out = String::new();
    for (index, line) in lines.iter().enumerate() {
        let beside = is_empty(index + 1) || index.checked_sub(1).is_some_and(is_empty);
        if !(beside && *line == ".br") {
            out += if line.is_empty() { ".sp" } else { line };
            out.push('\n');
        }
    }
    out
}

/// Examples, exit codes, and where to read on.
fn rest(command: &Command, root: &Command) -> Roff {
    let mut roff = Roff::new();
    let help = |command: &Command| command.get_after_help().map(ToString::to_string);
    for part in help(command).unwrap_or_default().split("\n\n") {
        if let Some(examples) = part.strip_prefix("Examples:\n") {
            roff.control("SH", ["EXAMPLES"]);
            roff.control("nf", []);
            let lines = examples.lines().map(|line| line.strip_prefix("  ").unwrap_or(line));
            lines.for_each(|line| _ = roff.text([roman(line)]));
            roff.control("fi", []);
        }
    }
    let codes = help(root).unwrap_or_default();
    if let Some((_, codes)) = codes.split_once("Exit codes: ") {
        roff.control("SH", ["EXIT STATUS"]);
        roff.text([roman(codes.replace('\n', " "))]);
    }
    let below = command.get_subcommands().map(name);
    let above = (name(command) != name(root)).then(|| name(root));
    let others: Vec<&str> = above.into_iter().chain(below).collect();
    if !others.is_empty() {
        roff.control("SH", ["SEE ALSO"]);
        roff.text(others.iter().enumerate().flat_map(reference).collect::<Vec<Inline>>());
    }
    roff
}

fn reference((index, name): (usize, &&str)) -> Vec<Inline> {
    let mut parts = if index == 0 { Vec::new() } else { vec![roman(","), line_break()] };
    parts.extend([bold(*name), roman("(1)")]);
    parts
}
