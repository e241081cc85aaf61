//! `catalog mirror`: products below a folder as Apple's update server has them.

use crate::cli::Outcome;
use crate::cli::args::catalog::Mirror;
use crate::cli::catalog::open::{Opened, open};
use crate::cli::catalog::place::{download, link};
use crate::cli::job::temporary;
use crate::cli::network::{self, Watching};
use crate::cli::streams::{Streams, Style};
use crate::engine::{Problem, ProblemKind, Stop};
use crate::report::{count, size};
use crate::source::catalog::layout::{self, File};
use crate::source::catalog::{Base, Product};
use crate::source::http::{Client, Fetcher, Settings, Watch};
use crate::source::store::Store;
use serde_json::json;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Problems that are printed one by one.
const MOST_TOLD: usize = 20;

pub(super) fn run(args: &Mirror, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let base = args.base.as_deref().map(Base::parse).transpose();
    let base = base.map_err(|why| {
        let problem = Problem::usage("the base's address cannot be used").because(why);
        problem.hint("give one like --base http://server:8088")
    })?;
    let opened = open(&args.which, style, streams)?;
    match (&args.to, args.script) {
        (Some(to), false) => mirror(&opened, args, to, base.as_ref(), style, streams),
        _ => script(&opened, args, style, streams),
    }
}

/// The products that were named; else all, or those of the catalog that this
/// is about.
fn chosen<'o>(
    opened: &'o Opened,
    ids: &[String],
    otherwise: impl Fn(&Product) -> bool,
) -> Result<Vec<&'o Product>, Problem> {
    if ids.is_empty() {
        return Ok(opened.catalog.products.iter().filter(|it| otherwise(it)).collect());
    }
    ids.iter().map(|id| opened.product(id)).collect()
}

fn script(opened: &Opened, args: &Mirror, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let products = chosen(opened, &args.product, layout::has_subfolder)?;
    let text = layout::script(&products, &args.root).map_err(Problem::from)?;
    let ids: Vec<_> = products.iter().map(|it| it.id.as_str()).collect();
    streams.result(style, &text, &json!({"result": "script", "products": ids, "script": text}))
}

/// What was done, by all threads.
#[derive(Default)]
struct Done {
    fetched: u64,
    bytes: u64,
    kept: u64,
    insecure: u64,
    failed: Vec<Problem>,
}

fn mirror(
    opened: &Opened,
    args: &Mirror,
    to: &Path,
    base: Option<&Base>,
    style: Style,
    streams: &mut Streams<'_>,
) -> Outcome {
    let products = chosen(opened, &args.product, |_| true)?;
    let mut done = Done::default();
    let mut files = Vec::new();
    for product in &products {
        match layout::files(product) {
            Ok(found) => files.extend(found),
            Err(error) => {
                done.failed.push(Problem::bad_input("a product is left out").because(error));
            }
        }
    }
    let done = fetch(args, to, &files, done, style, streams)?;
    let (path, listed) = write_catalog(opened, to, base)?;
    if !done.failed.is_empty() {
        return Err(lacking(done.failed).into());
    }
    let text = format!(
        "mirrored {} to {}\n  {} fetched ({}), {} there already\n  {} with {}{}\n",
        count(u64::try_from(products.len()).unwrap_or(u64::MAX), "product"),
        to.display(),
        count(done.fetched, "file"),
        size(done.bytes),
        done.kept,
        path,
        count(u64::try_from(listed).unwrap_or(u64::MAX), "product"),
        base.map(|base| format!(", at {}", base.as_str())).unwrap_or_default(),
    );
    let result = json!({"result": "mirrored", "products": products.len(), "fetched": done.fetched,
                        "bytes": done.bytes, "kept": done.kept, "insecure": done.insecure,
                        "catalog": path, "listed": listed, "base": base.map(Base::as_str)});
    streams.told(style, &text, &result)
}

/// Fetches what is missing into the store, and gives it its names.
fn fetch(
    args: &Mirror,
    to: &Path,
    files: &[File],
    done: Done,
    style: Style,
    streams: &mut Streams<'_>,
) -> Result<Done, Problem> {
    let store = network::store(&args.which.network)?;
    let (stop, client) = (streams.stop.clone(), Client::new(Settings::default()));
    let watching = Watching::new(streams.sink(style), stop.clone());
    let job = Job { to, store: &store, fetcher: &client, watching: &watching, stop: &stop };
    let done = job.run(files, done)?;
    if done.insecure > 0 {
        let files = count(done.insecure, "file");
        watching.warned(&format!("{files} came without TLS: nothing but their sizes proves them"));
    }
    Ok(done)
}

/// What the mirror lacks, as one problem.
fn lacking(failed: Vec<Problem>) -> Problem {
    let kind = failed.first().map_or(ProblemKind::Network, |it| it.kind);
    let entries = count(u64::try_from(failed.len()).unwrap_or(u64::MAX), "entry");
    let mut problem = Problem::new(kind, format!("the mirror lacks {entries}"));
    let more = failed.len().saturating_sub(MOST_TOLD);
    for it in failed.into_iter().take(MOST_TOLD) {
        let causes = it.causes.join("\n");
        problem = problem.because(format!("{}\n{causes}", it.sentence).trim_end());
    }
    if more > 0 {
        problem = problem.because(format!("and {more} more"));
    }
    problem.hint("run it again: what is there is kept")
}

/// A mirror that is being filled.
struct Job<'a> {
    to: &'a Path,
    store: &'a Store,
    fetcher: &'a dyn Fetcher,
    watching: &'a Watching<'a>,
    stop: &'a Stop,
}

impl Job<'_> {
    /// Fetches what is missing, several files at a time.
    fn run(&self, files: &[File], done: Done) -> Result<Done, Problem> {
        let missing: Vec<_> = files.iter().filter(|file| !is_there(self.to, file)).collect();
        let kept = u64::try_from(files.len() - missing.len()).unwrap_or(u64::MAX);
        let total = missing.iter().filter_map(|file| file.size).fold(0, u64::saturating_add);
        let what = count(u64::try_from(missing.len()).unwrap_or(u64::MAX), "file");
        self.watching.expect(&what, total);
        let (queue, done) = (Mutex::new(missing.into_iter()), Mutex::new(Done { kept, ..done }));
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        let ended = std::thread::scope(|scope| {
            let work = || -> Result<(), Problem> {
                while let Some(file) = next() {
                    let one = self.one(file);
                    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                    match one {
                        Ok((bytes, secure)) => {
                            done.fetched += 1;
                            done.bytes = done.bytes.saturating_add(bytes);
                            done.insecure += u64::from(!secure);
                        }
                        Err(problem) if problem.kind == ProblemKind::Network => {
                            done.failed.push(problem);
                        }
                        Err(problem) => {
                            // The other threads find nothing more to do.
                            queue.lock().unwrap_or_else(PoisonError::into_inner).by_ref().count();
                            return Err(problem);
                        }
                    }
                }
                Ok(())
            };
            let threads: Vec<_> =
                (0..self.store.policy().parallel.max(1)).map(|_| scope.spawn(work)).collect();
            let stopped = || Err(Problem::ours("a thread that fetches stopped"));
            let ended = threads.into_iter().map(|it| it.join().unwrap_or_else(|_| stopped()));
            ended.collect::<Vec<_>>().into_iter().collect::<Result<(), _>>()
        });
        ended?;
        self.watching.finish();
        Ok(done.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Fetches a file and gives it its name; how many bytes, and whether by TLS.
    fn one(&self, file: &File) -> Result<(u64, bool), Problem> {
        let download = download(&file.location, file.size, self.store);
        let stored = self.store.fetch(&download, self.fetcher, self.watching)?;
        link(&stored.path, &self.to.join(file.location.path()), self.stop)?;
        Ok((stored.bytes, stored.secure))
    }
}

/// Whether a file is there, with the size that it must have.
fn is_there(to: &Path, file: &File) -> bool {
    let meta = std::fs::symlink_metadata(to.join(file.location.path()));
    meta.is_ok_and(|meta| {
        meta.is_file() && file.size.map_or(meta.len() > 0, |size| meta.len() == size)
    })
}

/// Writes the catalog of all products that are whole there, also of those that
/// earlier runs brought. Answers its path in the mirror, and how many they are.
fn write_catalog(
    opened: &Opened,
    to: &Path,
    base: Option<&Base>,
) -> Result<(String, usize), Problem> {
    let whole = |product: &&Product| {
        let files = layout::files(product);
        files.is_ok_and(|files| files.iter().all(|file| is_there(to, file)))
    };
    let ids: BTreeSet<_> =
        opened.catalog.products.iter().filter(whole).map(|it| it.id.as_str()).collect();
    let catalog = layout::rewritten(&opened.catalog, &ids, base)?.to_bytes()?;
    let path = to.join(opened.origin.path());
    let failed = |error: std::io::Error| Problem::writing(&path, &error);
    let folder = path.parent().unwrap_or(to);
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut temp = temporary(folder).map_err(failed)?;
    temp.write_all(&catalog).map_err(failed)?;
    temp.persist(&path).map_err(|error| failed(error.error))?;
    Ok((path.display().to_string(), ids.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_mirror_lacks_is_told_at_once() {
        let one = Problem::new(ProblemKind::Network, "a.pkg could not be fetched").because("404");
        let problem = lacking(vec![one; 22]);
        assert_eq!(problem.sentence, "the mirror lacks 22 entries");
        assert_eq!(problem.causes[0], "a.pkg could not be fetched\n404");
        assert_eq!(problem.causes[20], "and 2 more");
        assert_eq!(problem.hint.unwrap(), "run it again: what is there is kept");
    }
}
