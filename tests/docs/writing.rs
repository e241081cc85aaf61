//! `docs/recipes/writing.md`, done as it says: files written, commands run.

use std::fs;
use std::path::Path;
use std::process::Command;

/// The fenced blocks of a document: what stands behind the fence, and the text.
fn blocks(document: &str) -> Vec<(String, String)> {
    let (mut all, mut open) = (Vec::new(), None::<(String, String)>);
    for line in document.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(info), None) => open = Some((info.to_owned(), String::new())),
            (Some(_), Some(_)) => all.extend(open.take()),
            (None, Some((_, text))) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    all
}

/// A command's words: blanks part them, double quotes keep them together.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words
}

/// Runs a command in a folder; all that it said on standard output.
fn said(dir: &Path, line: &str) -> String {
    let words = words(line);
    assert_eq!(words[0], "lionize", "{line}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_lionize"));
    let ran = command.args(&words[1..]).current_dir(dir).output().unwrap();
    let errors = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{line}: {errors}");
    String::from_utf8(ran.stdout).unwrap()
}

/// Runs a block's commands; the lines behind each are in what it says, in order.
fn run(dir: &Path, block: &str) -> usize {
    let mut commands = 0;
    let mut rest = String::new();
    for line in block.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            rest = said(dir, command);
            commands += 1;
        } else {
            let (at, _) = rest.match_indices(line.trim()).next().unwrap_or_else(|| {
                panic!("`{line}` was not said:\n{rest}");
            });
            rest = rest[at + line.trim().len()..].to_owned();
        }
    }
    commands
}

#[test]
fn writing_a_recipe_goes_as_it_says() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path();
    let mut commands = 0;
    for (info, text) in blocks(&crate::text("docs/recipes/writing.md")) {
        if info == "console" {
            commands += run(dir, &text);
        } else if let Some(name) = info.strip_prefix("toml file=") {
            fs::write(dir.join(name), text).unwrap();
        } else if let Some(name) = info.strip_prefix("toml append=") {
            let before = fs::read_to_string(dir.join(name)).unwrap();
            fs::write(dir.join(name), before + &text).unwrap();
        } else {
            panic!("a block that is not tried: {info}\n{text}");
        }
    }
    assert_eq!(commands, 18);
}
