//! Every command in the documents: the real parser takes it, and what can be
//! run is run, block by block, in a folder with a sample.
//!
//! A block that cannot be run here says why in the line before it: `<!-- not
//! run: writes to a disk -->`.

use crate::shell::{calls, parses};
use crate::text;
use clap::CommandFactory;
use lionize::cli::args::Cli;
use lionize::source::sample;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A fenced block of a document.
struct Block {
    language: String,
    script: String,
    not_run: bool,
}

/// All documents, as paths from the root.
pub(crate) fn pages() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec!["README.md".to_owned(), "CHANGELOG.md".to_owned()];
    let mut folders = vec![PathBuf::from("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).unwrap().map(Result::unwrap) {
            let path = folder.join(entry.file_name());
            if entry.path().is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path.to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    pages.sort();
    pages
}

fn blocks(page: &str) -> Vec<Block> {
    let (mut blocks, mut open, mut before) = (Vec::new(), None::<Block>, "");
    for line in page.lines() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(language), None) => {
                let reason = before.strip_prefix("<!-- not run: ");
                let not_run = reason.is_some_and(|reason| reason.len() > " -->".len());
                open = Some(Block { language: language.into(), script: String::new(), not_run });
            }
            (None, Some(block)) => block.script += &format!("{line}\n"),
            (None, None) => {}
        }
        before = line;
    }
    assert!(open.is_none(), "a block has no end");
    blocks
}

#[test]
fn the_parser_takes_every_command() {
    let mut found = 0;
    for page in pages() {
        for block in blocks(&text(&page)) {
            let calls = calls(&block.script);
            if block.language == "sh" {
                calls.iter().for_each(|call| parses(call, &page));
                found += calls.len();
            }
            let is_call = |line: &str| line.starts_with("lionize ") && !line.contains(": ");
            let loose = block.language == "text" && block.script.lines().any(is_call);
            assert!(!loose, "{page}: commands stand in `text`, not `sh`:\n{}", block.script);
        }
    }
    assert!(found > 20, "only {found} commands");
}

#[test]
fn commands_in_sentences_exist() {
    for page in pages() {
        let text = text(&page);
        for span in text.split('`').skip(1).step_by(2).filter(|span| span.starts_with("lionize ")) {
            let mut command = Cli::command();
            for word in span.split_whitespace().skip(1) {
                if !command.has_subcommands() || !word.starts_with(|c: char| c.is_ascii_lowercase())
                {
                    break;
                }
                for word in word.trim_end_matches(['.', ',']).split('|') {
                    let there = command.find_subcommand(word).is_some();
                    assert!(there || word == "help", "{page}: `{span}`: there is no `{word}`");
                }
                let first = word.split('|').next().unwrap();
                command = command.find_subcommand(first).cloned().unwrap_or_default();
            }
        }
    }
}

/// A folder with what the documents speak of.
fn sandbox() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("InstallESD.dmg");
    sample::write_installer(&mut fs::File::create(&image).unwrap(), 0).unwrap();
    let app = folder.path().join("Install Mac OS X Lion.app/Contents/SharedSupport");
    fs::create_dir_all(&app).unwrap();
    fs::hard_link(&image, app.join("InstallESD.dmg")).unwrap();
    let toml = |page: &str| {
        let first = blocks(&text(page)).into_iter().find(|block| block.language == "toml");
        first.unwrap().script
    };
    let recipe = toml("docs/recipes.md") + &toml("docs/recipes/testing.md");
    fs::write(folder.path().join("my-recipe.toml"), recipe).unwrap();
    folder
}

#[cfg(target_os = "linux")]
#[test]
fn commands_run() {
    let program = Path::new(env!("CARGO_BIN_EXE_lionize"));
    let path = std::env::join_paths(
        std::iter::once(program.parent().unwrap().to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    )
    .unwrap();
    let mut ran = 0;
    for page in pages() {
        let blocks = blocks(&text(&page));
        let mut scripts = blocks.iter().filter(|block| block.language == "sh" && !block.not_run);
        let Some(first) = scripts.next() else { continue };
        let sandbox = sandbox();
        for block in std::iter::once(first).chain(scripts) {
            let mut shell = Command::new("sh");
            shell.args(["-eu", "-c", &block.script]).current_dir(&sandbox).env("PATH", &path);
            shell.env("HOME", sandbox.path()).env("LIONIZE_STORE", sandbox.path().join("store"));
            let output = shell.output().unwrap();
            assert!(
                output.status.success(),
                "{page}: these commands fail; if they cannot be run in a test, say so in the line \
                 before: `<!-- not run: REASON -->`\n{}{}{}",
                block.script,
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr),
            );
            ran += 1;
        }
    }
    assert!(ran > 3, "only {ran} blocks were run");
}
