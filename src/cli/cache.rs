//! `cache list`, `cache verify` and `cache prune`.

use crate::cli::Outcome;
use crate::cli::args::cache::{Cache, Prune, Which};
use crate::cli::streams::{Streams, Style, View};
use crate::engine::{Event, Problem, ProblemKind, Sink, Stage, Stop};
use crate::recipe;
use crate::report::{count, size};
use crate::source::http::Watch;
use crate::source::store::{Checked, Kept, Listing, Store, UnfinishedPart, place};
use serde_json::{Value, json};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;
use time::OffsetDateTime;

pub(super) fn run(command: &Cache, style: Style, streams: &mut Streams<'_>) -> Outcome {
    match command {
        Cache::List(which) => list(&open(which)?, style, streams),
        Cache::Verify(which) => verify(&open(which)?, style, streams),
        Cache::Prune(args) => prune(args, style, streams),
    }
}

fn open(which: &Which) -> Result<Store, Problem> {
    Ok(Store::open(place(which.store.as_deref())?)?)
}

fn list(store: &Store, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let listing = store.list().map_err(Problem::from)?;
    let json = json!({
        "result": "listed",
        "store": store.path().display().to_string(),
        "bytes": listing.bytes(),
        "files": listing.contents.iter().map(kept_json).collect::<Vec<_>>(),
        "unfinished": listing.parts.iter().map(part_json).collect::<Vec<_>>(),
    });
    streams.told(style, &list_text(store, &listing), &json)
}

fn list_text(store: &Store, listing: &Listing) -> String {
    let mut text = String::new();
    for kept in &listing.contents {
        let names = if kept.names.is_empty() { "-".to_owned() } else { kept.names.join(" ") };
        let (bytes, used) = (size(kept.bytes), day(kept.used));
        text += &format!("{bytes:>10}  {used}  {names}\n{:24}sha256 {}\n", "", kept.sha256);
    }
    for part in &listing.parts {
        let of = part.total.map_or_else(String::new, |total| format!(" of {}", size(total)));
        let (bytes, used) = (size(part.bytes), day(part.used));
        text += &format!("{bytes:>10}  {used}  {}\n{:24}unfinished{of}\n", part.url, "");
    }
    let (files, parts) = (listing.contents.len() as u64, listing.parts.len() as u64);
    let unfinished = if parts > 0 {
        format!(" and {}", count(parts, "unfinished download"))
    } else {
        String::new()
    };
    let all = size(listing.bytes());
    text + &format!("{}{unfinished}, {all}, in {}\n", count(files, "file"), store.path().display())
}

fn verify(store: &Store, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let stop = streams.stop.clone();
    let checked = {
        let checking = Checking::new(streams.sink(style), stop);
        let checked = store.verify(&checking).map_err(Problem::from)?;
        checking.finish();
        checked
    };
    if !checked.rotten.is_empty() {
        return Err(rotten(&checked).into());
    }
    let strange: Vec<_> = checked.strange.iter().map(|path| path.display().to_string()).collect();
    let mut text = format!(
        "{}, {}: all as they were fetched\n",
        count(checked.right, "file"),
        size(checked.bytes)
    );
    for path in &strange {
        text += &format!("not the store's, left alone: {path}\n");
    }
    let json = json!({
        "result": "verified",
        "files": checked.right,
        "bytes": checked.bytes,
        "strange": strange,
    });
    streams.told(style, &text, &json)
}

/// What was dropped is gone already; that it had to be is the news.
fn rotten(checked: &Checked) -> Problem {
    let count = count(checked.rotten.len() as u64, "file");
    let sentence = format!("{count} in the store had been damaged since the fetch, and went");
    let mut problem = Problem::new(ProblemKind::Verification, sentence);
    for kept in &checked.rotten {
        let name = kept.names.first().unwrap_or(&kept.sha256);
        problem = problem.because(format!("{name} ({})", size(kept.bytes)));
    }
    problem.hint("the next command that needs them fetches them again; look after the disk")
}

fn prune(args: &Prune, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let to = recipe::size(&args.to).ok_or_else(|| {
        Problem::usage(format!("`{}` is no size", args.to)).hint("give one like `20 GB` or `0`")
    })?;
    let pruned = open(&args.which)?.prune(to).map_err(Problem::from)?;
    let text = format!(
        "{} removed, {}; {} left\n",
        count(pruned.removed, "file"),
        size(pruned.freed),
        size(pruned.left)
    );
    let json = json!({
        "result": "pruned",
        "removed": pruned.removed,
        "freed": pruned.freed,
        "left": pruned.left,
    });
    streams.told(style, &text, &json)
}

fn kept_json(kept: &Kept) -> Value {
    json!({
        "sha256": kept.sha256,
        "bytes": kept.bytes,
        "used": day(kept.used),
        "names": kept.names,
    })
}

fn part_json(part: &UnfinishedPart) -> Value {
    json!({
        "url": part.url,
        "bytes": part.bytes,
        "total": part.total,
        "used": day(part.used),
    })
}

fn day(date: SystemTime) -> String {
    let date = OffsetDateTime::from(date).date();
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}

/// Tells a view how far the check is.
struct Checking<'a> {
    told: Mutex<(View<'a>, u64)>,
    stop: Stop,
}

impl<'a> Checking<'a> {
    fn new(view: View<'a>, stop: Stop) -> Self {
        Self { told: Mutex::new((view, 0)), stop }
    }

    fn send(&self, event: impl FnOnce(&mut u64) -> Event) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let event = event(&mut told.1);
        told.0.send(event);
    }

    fn finish(&self) {
        self.send(|_| Event::Finished { stage: Stage::Verify });
    }
}

impl Watch for Checking<'_> {
    fn started(&self, what: &str, _done: u64, total: Option<u64>) {
        let (what, total) = (what.to_owned(), total.unwrap_or(0));
        self.send(|_| Event::Started { stage: Stage::Verify, what, total });
    }

    fn advanced(&self, bytes: u64) {
        self.send(|done| {
            *done += bytes;
            Event::Advanced { stage: Stage::Verify, done: *done }
        });
    }

    fn stopped(&self) -> bool {
        self.stop.raised()
    }
}
