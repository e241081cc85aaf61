//! `ls`, `cat` and `extract`.

use crate::block::{Source, read_vec};
use crate::cli::args::{Cat, Extract, Ls};
use crate::cli::extract::Extraction;
use crate::cli::listing::{self, Entry};
use crate::cli::names::{escaped, escaped_path};
use crate::cli::place::{self, Place};
use crate::cli::problem::Failure;
use crate::cli::streams::{Streams, Style};
use crate::cli::{Outcome, contents};
use crate::engine::{Problem, ProblemKind};
use crate::volume::{NodeId, Tree};
use serde_json::json;
use std::collections::HashSet;
use std::path::Path;

/// Bytes that `cat` reads at a time.
const CHUNK: u64 = 1 << 20;

/// `lionize ls`.
pub(super) fn ls(args: &Ls, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let place = place::open(&args.path)?;
    let mut lister = Lister { args, style, streams, entries: 0 };
    match &place {
        Place::Node { tree, id } if tree.is_dir(*id) => lister.folders(tree, *id)?,
        Place::Node { tree, id } => {
            let folder = tree.path(*id).split_last().map(|(folder, _)| folder);
            let folder = folder.map_or_else(|| "/".into(), |folder| escaped_path(&folder));
            lister.show(&folder, &[Entry::of(tree, *id)])?;
        }
        Place::File { name, source } => lister.show("", &[Entry::plain(name, source.len())])?,
    }
    let entries = lister.entries;
    if style.json {
        streams.object(&json!({"result": "listed", "entries": entries}))
    } else {
        Ok(())
    }
}

struct Lister<'a, 's> {
    args: &'a Ls,
    style: Style,
    streams: &'a mut Streams<'s>,
    entries: usize,
}

impl Lister<'_, '_> {
    /// A folder, and with `-R` those below. A folder with several names is
    /// listed once: its links may lead in circles.
    fn folders(&mut self, tree: &Tree, top: NodeId) -> Outcome {
        let mut seen = HashSet::new();
        let mut todo = vec![(top, escaped_path(&tree.path(top)))];
        let mut first = true;
        while let Some((dir, path)) = todo.pop() {
            if self.streams.stop.raised() {
                return Err(interrupted("listing"));
            }
            if !seen.insert(tree.target(dir)) {
                continue;
            }
            if self.args.recursive && !self.style.json {
                let gap = if first { "" } else { "\n" };
                self.streams.print(&format!("{gap}{path}:\n"))?;
            }
            first = false;
            let children = tree.children(dir);
            let entries: Vec<_> = children.iter().map(|id| Entry::of(tree, *id)).collect();
            self.show(&path, &entries)?;
            if self.args.recursive {
                let below = children.iter().rev().filter(|id| tree.is_dir(**id));
                let base = path.trim_end_matches('/');
                let named = |id: &NodeId| format!("{base}/{}", escaped(&tree.node(*id).name));
                todo.extend(below.map(|id| (*id, named(id))));
            }
        }
        Ok(())
    }

    fn show(&mut self, folder: &str, entries: &[Entry]) -> Outcome {
        self.entries += entries.len();
        let text = if self.style.json {
            entries
                .iter()
                .fold(String::new(), |text, entry| text + &entry.json(folder).to_string() + "\n")
        } else if self.args.long {
            listing::long(entries)
        } else {
            listing::short(entries)
        };
        self.streams.print(&text)
    }
}

/// `lionize cat`. With `--json`, the result goes to standard error's side of
/// things: the contents are all that standard output gets.
pub(super) fn cat(args: &Cat, streams: &mut Streams<'_>) -> Outcome {
    let name = args.path.display().to_string();
    let source = match place::open(&args.path)? {
        Place::Node { tree, id } if tree.is_dir(id) => {
            let hint = format!("list it with `lionize ls {name}`");
            return Err(Problem::bad_input(format!("{name} is a folder")).hint(hint).into());
        }
        Place::Node { tree, id } => {
            contents::of(&tree, id).map_err(|error| Problem::reading(&name, error))?
        }
        Place::File { source, .. } => source,
    };
    copy_out(&name, &source, streams)
}

fn copy_out(name: &str, source: &Source, streams: &mut Streams<'_>) -> Outcome {
    let mut at = 0;
    while at < source.len() {
        if streams.stop.raised() {
            return Err(interrupted("reading"));
        }
        let len = CHUNK.min(source.len() - at);
        // At most a chunk, which is a usize everywhere.
        let buf = read_vec(source.as_ref(), at, usize::try_from(len).unwrap_or(0));
        let buf = buf.map_err(|error| Problem::reading(name, error.into()))?;
        streams.stdout.write_all(&buf).map_err(|error| Failure::output(&error))?;
        at += len;
    }
    Ok(())
}

/// `lionize extract`.
pub(super) fn extract(args: &Extract, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let places = args.paths.iter().map(|path| place::open(path)).collect::<Result<Vec<_>, _>>()?;
    let stop = streams.stop.clone();
    let mut extraction = Extraction::below(&args.to, args.appledouble, &stop)?;
    for place in &places {
        match place {
            Place::Node { tree, id } => extraction.tree(tree, *id)?,
            Place::File { name, source } => extraction.file(name, source)?,
        }
    }
    let summary = extraction.finish()?;
    let quiet = if style.quiet { String::new() } else { summary.text(&args.to) };
    streams.result(style, &quiet, &summary.json(&args.to))?;
    missing(&args.to, summary.missing())
}

/// Whatever was asked for and is not there makes the command fail.
fn missing(to: &Path, causes: Vec<String>) -> Outcome {
    if causes.is_empty() {
        return Ok(());
    }
    let sentence = format!("not everything could be made in {}", to.display());
    let mut problem = Problem::bad_input(sentence).hint("all else is there, and whole");
    problem.causes = causes;
    Err(problem.into())
}

fn interrupted(what: &str) -> Failure {
    Problem::new(ProblemKind::Interrupted, format!("the {what} was interrupted")).into()
}
