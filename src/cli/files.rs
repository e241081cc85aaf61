//! `ls`, `cat` and `extract`.

use crate::block::{Source, read_vec};
use crate::cli::Outcome;
use crate::cli::args::{Cat, Extract, Ls};
use crate::cli::extract::{Extraction, Summary, Tarring};
use crate::cli::listing::{self, Entry};
use crate::cli::names::{escaped, escaped_path, escaped_text};
use crate::cli::problem::Failure;
use crate::cli::streams::{Streams, Style};
use crate::cli::{host, place};
use crate::engine::{Problem, ProblemKind};
use crate::source::{Item, Opener, Place};
use crate::volume::hfsplus::decmpfs;
use crate::volume::{NodeId, Tree};
use serde_json::json;
use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Bytes that `cat` reads at a time.
const CHUNK: u64 = 1 << 20;

/// `lionize ls`.
pub(super) fn ls(args: &Ls, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let opener = kept(place::opener(&streams.stop), args.appledouble_files).browsing();
    let found = place::find(&opener, &args.path)?;
    let several = found.len() > 1;
    let mut lister = Lister { args, style, streams, entries: 0 };
    for item in found {
        // Of several, files are shown, and folders with what is in them.
        let item = if several { item } else { place::enter(&opener, item)? };
        if several && !style.json && (item.is_folder() || args.long) {
            lister.streams.print(&format!("{}:\n", escaped_text(&item.name)))?;
        } else if several && !style.json {
            lister.streams.print(&format!("{}\n", escaped_text(&item.name)))?;
            lister.entries += 1;
            continue;
        }
        lister.item(&opener, item)?;
    }
    let entries = lister.entries;
    if style.json {
        streams.object(&json!({"result": "listed", "entries": entries}))?;
    }
    Ok(())
}

struct Lister<'a, 's> {
    args: &'a Ls,
    style: Style,
    streams: &'a mut Streams<'s>,
    entries: usize,
}

/// An opener that shows `._NAME` files of archives, if they are wanted.
fn kept(opener: Opener, as_files: bool) -> Opener {
    if as_files { opener.keeping_appledouble() } else { opener }
}

impl Lister<'_, '_> {
    fn item(&mut self, opener: &Opener, item: Item) -> Outcome {
        match item.node().map_err(|error| place::reading(&item.name, error))? {
            Some((tree, id)) if tree.is_dir(id) => self.folders(&tree, id),
            Some((tree, id)) => {
                let folder = tree.path(id).split_last().map(|(folder, _)| folder);
                let folder = folder.map_or_else(|| "/".into(), |folder| escaped_path(&folder));
                self.show(&folder, &[Entry::of(&tree, id)])
            }
            None => self.outside(opener, item),
        }
    }

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
            self.heading(&path, &mut first)?;
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

    /// What is in no volume: the host's folders, and disks of several parts.
    fn outside(&mut self, opener: &Opener, top: Item) -> Outcome {
        let mut todo = vec![top];
        let mut first = true;
        while let Some(item) = todo.pop() {
            if self.streams.stop.raised() {
                return Err(interrupted("listing"));
            }
            if let Place::Folder(path) = &item.place {
                let (entries, below) = host::folder(path)?;
                self.heading(&item.name, &mut first)?;
                self.show(&item.name, &entries)?;
                let below = below.into_iter().rev().filter(|_| self.args.recursive);
                let open = |path: PathBuf| place::open(opener, &path);
                todo.extend(below.map(open).collect::<Result<Vec<_>, _>>()?);
                continue;
            }
            if !item.is_folder() {
                self.show("", &[place::entry(&item)])?;
                continue;
            }
            let children = item.children(opener);
            let children = children.map_err(|error| place::reading(&item.name, error))?;
            self.heading(&item.name, &mut first)?;
            self.show(&item.name, &children.iter().map(place::entry).collect::<Vec<_>>())?;
        }
        Ok(())
    }

    fn heading(&mut self, path: &str, first: &mut bool) -> Outcome {
        if self.args.recursive && !self.style.json {
            let gap = if *first { "" } else { "\n" };
            self.streams.print(&format!("{gap}{path}:\n"))?;
        }
        *first = false;
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

/// `lionize cat`: the contents are all that standard output gets.
pub(super) fn cat(args: &Cat, style: Style, streams: &mut Streams<'_>) -> Outcome {
    not_json("a file", style)?;
    let opener = kept(place::opener(&streams.stop), args.appledouble_files);
    let item = place::open(&opener, &args.path)?;
    let name = item.name.clone();
    if item.is_folder() {
        let problem = Problem::bad_input(format!("{name} is a folder"));
        return Err(problem.hint("`lionize ls` shows what is in it").into());
    }
    let source = match item.node().map_err(|error| place::reading(&name, error))? {
        Some((tree, id)) => decmpfs::contents(&tree, id),
        None => item.contents(),
    };
    copy_out(&name, &source.map_err(|error| place::reading(&name, error))?, streams)
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

/// `lionize extract`. A file of the host that is an image gives what is in
/// it; a file in an image gives itself, unless its path ends with `/`.
pub(super) fn extract(args: &Extract, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let stop = streams.stop.clone();
    let opener = kept(place::opener(&stop), args.appledouble_files);
    let mut items = Vec::new();
    for path in &args.paths {
        items.extend(to_extract(&opener, path)?);
    }
    match (&args.to, &args.tar) {
        (_, Some(file)) => to_tar(args, file, &opener, &items, style, streams),
        (Some(to), None) => {
            let mut extraction = Extraction::below(to, args.appledouble, &stop)?;
            for item in &items {
                take(&opener, item, &mut extraction)?;
            }
            let summary = extraction.finish()?;
            let quiet = if style.quiet { String::new() } else { summary.text(to) };
            streams.ended(style, &quiet, summary.json(to), missing(to, summary.missing()))
        }
        (None, None) => Err(Problem::usage("give a folder with --to, or a file with --tar").into()),
    }
}

/// What takes files and folders out of images.
trait Taker {
    fn tree(&mut self, tree: &Tree, from: NodeId) -> Result<(), Problem>;
    fn file(&mut self, name: &str, source: &Source) -> Result<(), Problem>;
    fn summary(&mut self) -> &mut Summary;
}

impl Taker for Extraction<'_> {
    fn tree(&mut self, tree: &Tree, from: NodeId) -> Result<(), Problem> {
        Extraction::tree(self, tree, from)
    }

    fn file(&mut self, name: &str, source: &Source) -> Result<(), Problem> {
        Extraction::file(self, name, source)
    }

    fn summary(&mut self) -> &mut Summary {
        Extraction::summary(self)
    }
}

impl<W: Write> Taker for Tarring<'_, W> {
    fn tree(&mut self, tree: &Tree, from: NodeId) -> Result<(), Problem> {
        Tarring::tree(self, tree, from)
    }

    fn file(&mut self, name: &str, source: &Source) -> Result<(), Problem> {
        Tarring::file(self, name, source)
    }

    fn summary(&mut self) -> &mut Summary {
        Tarring::summary(self)
    }
}

fn take(opener: &Opener, item: &Item, taker: &mut dyn Taker) -> Result<(), Problem> {
    let unread = |error| place::reading(&item.name, error);
    match &item.place {
        Place::Volume(_) | Place::Node(..) | Place::Entry(..) => {
            let (tree, id) = item.as_tree(opener, 0).map_err(unread)?;
            taker.tree(&tree, id)?;
            if let Place::Entry(archive, id) = &item.place {
                taker.summary().left_out_of(archive, *id);
            }
            Ok(())
        }
        _ => taker.file(place::name_of(item), &item.contents().map_err(unread)?),
    }
}

/// `--tar`: a file that appears whole or not at all, or standard output, which
/// then gets nothing else.
fn to_tar(
    args: &Extract,
    file: &Path,
    opener: &Opener,
    items: &[Item],
    style: Style,
    streams: &mut Streams<'_>,
) -> Outcome {
    let stop = streams.stop.clone();
    if file.as_os_str() == "-" {
        not_json("an archive", style)?;
        let out = std::io::BufWriter::with_capacity(256 << 10, &mut *streams.stdout);
        let mut tar = Tarring::new(out, file, args.appledouble, &stop);
        items.iter().try_for_each(|item| take(opener, item, &mut tar))?;
        let (_, summary) = tar.finish()?;
        if !style.quiet {
            let text = summary.text(Path::new("standard output"));
            streams.stderr.write_all(text.as_bytes()).map_err(|error| Failure::output(&error))?;
        }
        return missing(file, summary.missing()).map_or(Ok(()), |problem| Err(problem.into()));
    }
    let refused = |error: &std::io::Error| Problem::writing(file, error);
    if file.symlink_metadata().is_ok() {
        let problem =
            Problem::new(ProblemKind::Output, format!("{} exists already", file.display()));
        return Err(problem.hint("give another file with --tar; nothing is ever replaced").into());
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let temp = tempfile::Builder::new()
        .prefix(".lionize-")
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .map_err(|error| refused(&error))?;
    let out = std::io::BufWriter::with_capacity(256 << 10, temp);
    let mut tar = Tarring::new(out, file, args.appledouble, &stop);
    items.iter().try_for_each(|item| take(opener, item, &mut tar))?;
    let (out, summary) = tar.finish()?;
    let temp = out.into_inner().map_err(|error| refused(error.error()))?;
    temp.persist_noclobber(file).map_err(|error| refused(&error.error))?;
    let quiet = if style.quiet { String::new() } else { summary.text(file) };
    streams.ended(style, &quiet, summary.json(file), missing(file, summary.missing()))
}

fn to_extract(opener: &Opener, path: &Path) -> Result<Vec<Item>, Problem> {
    let ends = path.as_os_str().as_encoded_bytes().ends_with(b"/");
    let found = place::find(opener, path)?.into_iter();
    found.map(|item| entered(opener, item, ends)).collect()
}

/// What is in an item, if that is what is wanted.
fn entered(opener: &Opener, item: Item, ends: bool) -> Result<Item, Problem> {
    let item = match &item.place {
        Place::Node(..) | Place::Entry(..) if !ends => item,
        _ => place::enter(opener, item)?,
    };
    if let Place::Folder(_) = item.place {
        let problem = Problem::usage(format!("{} is a folder of this computer", item.name));
        return Err(problem.hint("name an image, or a path in one"));
    }
    if let Place::Disk(_) = item.place {
        item.volume().map_err(|error| place::reading(&item.name, error))?;
    }
    Ok(item)
}

/// Whatever was asked for and is not there makes the command fail.
fn missing(to: &Path, causes: Vec<String>) -> Option<Problem> {
    if causes.is_empty() {
        return None;
    }
    let sentence = format!("not everything could be made in {}", to.display());
    let mut problem = Problem::bad_input(sentence).hint("all else is there, and whole");
    problem.causes = causes;
    Some(problem)
}

/// Standard output has either objects or a file's contents.
fn not_json(what: &str, style: Style) -> Result<(), Problem> {
    if !style.json {
        return Ok(());
    }
    let sentence = format!("{what} goes to standard output, where `--json` has objects only");
    Err(Problem::usage(sentence).hint("leave `--json` out, or use `lionize extract --to DIR`"))
}

fn interrupted(what: &str) -> Failure {
    Problem::new(ProblemKind::Interrupted, format!("the {what} was interrupted")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_and_the_rest_is_whole() {
        let problem = missing(Path::new("/to"), vec!["a: no such name here".to_owned()]).unwrap();
        assert_eq!(
            problem.to_string(),
            "not everything could be made in /to\n  a: no such name here\n  \
             hint: all else is there, and whole"
        );
        assert!(missing(Path::new("/to"), Vec::new()).is_none());
    }
}
