//! `inspect`: what a file is, from the outside in.

mod facts;
mod package;
mod text;
mod volume;

use crate::block::{Error, ReadAt, Source};
use crate::cli::args::Inspect;
use crate::cli::inspect::facts::{Checksums, Facts, Installer, Partition};
use crate::cli::streams::{Streams, Style};
use crate::cli::{Outcome, place};
use crate::engine::{Event, Problem, ProblemKind, Sink, Stage, Stop};
use crate::format::udif::Image;
use crate::format::{detect, partition};
use crate::source::{Item, Opener, Place};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// `lionize inspect`.
pub(super) fn run(args: &Inspect, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let stop = streams.stop.clone();
    let opener = place::opener(&stop).browsing();
    let item = place::open(&opener, &args.path)?;
    let threads = args.threads.unwrap_or_else(cores);
    let mut sink = streams.sink(style);
    let mut facts = if item.is_folder() {
        folder(&item)?
    } else {
        let checks = (!args.no_checksums).then_some(threads);
        file(&opener, &item, checks, &mut sink, &stop)?
    };
    drop(sink);
    facts.installer = installer(&opener, &item, &mut facts.faults);
    let json = serde_json::to_value(&facts).unwrap_or_default();
    let mut object = serde_json::json!({"result": "inspected"});
    if let (Some(object), serde_json::Value::Object(json)) = (object.as_object_mut(), json) {
        object.extend(json);
    }
    let problem = facts.problem();
    streams.ended(style, &text::of(&facts), object, problem)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// A folder of the host, or in a volume: only an installer is worth a look.
fn folder(item: &Item) -> Result<Facts, Problem> {
    let what = match &item.place {
        Place::Node(..) => "a folder in a volume",
        Place::Entry(..) => "a folder in an archive",
        _ => "a folder of this computer",
    };
    let mut facts = Facts { path: item.name.clone(), what: what.into(), ..Facts::default() };
    if let Place::Volume(volume) = &item.place {
        facts.what = "a volume".into();
        facts.bytes = Some(volume.source().len());
        let found = volume::read(volume.source()).map_err(|e| place::reading(&item.name, e))?;
        facts.volume = Some(found);
    }
    Ok(facts)
}

/// A file: what it is by its bytes, and what is in it.
fn file(
    opener: &Opener,
    item: &Item,
    checks: Option<usize>,
    sink: &mut dyn Sink,
    stop: &Stop,
) -> Result<Facts, Problem> {
    let unread = |error: Error| place::reading(&item.name, error);
    let source = item.contents().map_err(unread)?;
    let found = detect::look(source.as_ref()).map_err(unread)?;
    let unknown = match item.name.to_lowercase().ends_with(".dmg") {
        true => "of no kind that is known, and may be cut off: a dmg has a mark at its end",
        false => "of no kind that is known",
    };
    let what = found.as_ref().map_or(unknown, |found| found.format.name());
    let mut facts = Facts {
        path: item.name.clone(),
        what: what.into(),
        bytes: Some(source.len()),
        ..Facts::default()
    };
    let known = opener.images().len();
    // What cannot be entered is told by what it is; images and disks must open.
    let entered = opener.enter(item);
    let image = opener.images().into_iter().nth(known).map(|opened| opened.image);
    let disk: Source = match image {
        Some(image) => {
            facts.what = detect::Format::Udif.name().into();
            facts.disk_bytes = Some(image.len());
            facts.checksums = checksums(&image, checks, sink, stop, &mut facts.faults)?;
            Arc::new(image)
        }
        None => source,
    };
    match found.as_ref().map(|found| found.format) {
        Some(detect::Format::Xar) => package::archive(&disk, checks, sink, &mut facts),
        Some(detect::Format::Chunklist) => package::chunklist(&disk, &mut facts),
        _ => Ok(()),
    }
    .map_err(unread)?;
    if stop.raised() {
        let sentence = "the inspection was interrupted";
        return Err(Problem::new(ProblemKind::Interrupted, sentence));
    }
    if let Ok(Item { place: Place::Entry(archive, _), .. }) = &entered {
        facts.archive = Some(volume::archive(archive));
    }
    let is_disk = found.as_ref().is_some_and(|found| found.is_disk() || found.is_volume());
    if facts.disk_bytes.is_some() || is_disk {
        disk_facts(&disk, &mut facts);
    } else if let Err(error) = entered
        && found.is_some_and(|found| opens(found.format))
    {
        facts.fault("", &error);
    }
    Ok(facts)
}

/// Whether a file of this kind can be entered unless it is damaged.
fn opens(format: detect::Format) -> bool {
    use detect::Format::{Bzip2, Cpio, Gzip, Pbzx, Tar, Udif, Xar, Xz, Zip};
    [Bzip2, Cpio, Gzip, Pbzx, Tar, Udif, Xar, Xz, Zip].contains(&format)
}

/// The partitions of a disk, and the volumes that we can read.
fn disk_facts(disk: &Source, facts: &mut Facts) {
    if facts.disk_bytes.is_some() {
        let inner = detect::look(disk.as_ref()).ok().flatten();
        facts.holds = inner.map(|found| found.format.name().to_owned());
    }
    let parts = match partition::partitions(disk) {
        Ok(parts) => parts,
        Err(error) => return facts.fault("", &error),
    };
    for part in parts {
        let mut told = Partition {
            number: part.index,
            name: part.name.clone(),
            kind: part.kind.to_string(),
            first_byte: part.range.start,
            bytes: part.range.end - part.range.start,
            holds: part.found.as_ref().map(|found| found.format.name().to_owned()),
            volume: None,
        };
        if part.is_hfs_plus() {
            match part.open(disk).and_then(|source| volume::read(&source)) {
                Ok(volume) => told.volume = Some(volume),
                Err(error) if part.index == 0 => facts.fault("", &error),
                Err(error) => facts.fault(&format!("partition {}: ", part.index), &error),
            }
        }
        facts.partitions.push(told);
    }
}

/// Decodes the whole image, unless that is not wanted.
fn checksums(
    image: &Image,
    checks: Option<usize>,
    sink: &mut dyn Sink,
    stop: &Stop,
    faults: &mut Vec<String>,
) -> Result<Option<Checksums>, Problem> {
    let Some(threads) = checks else { return Ok(None) };
    let (stage, total) = (Stage::Verify, image.verify_len());
    sink.send(Event::Started { stage, what: "checksums".into(), total });
    let done = AtomicU64::new(0);
    let count = |bytes| {
        done.fetch_add(bytes, Ordering::Relaxed);
    };
    let verified = std::thread::scope(|scope| {
        let worker = scope.spawn(|| image.verify(threads, &count));
        while !worker.is_finished() {
            std::thread::sleep(std::time::Duration::from_millis(20));
            sink.send(Event::Advanced { stage, done: done.load(Ordering::Relaxed) });
        }
        worker.join()
    });
    sink.send(Event::Finished { stage });
    if stop.raised() {
        let sentence = "the inspection was interrupted";
        return Err(Problem::new(ProblemKind::Interrupted, sentence));
    }
    match verified {
        Ok(Ok(checks)) => Ok(Some(Checksums::of(&checks))),
        Ok(Err(error)) => {
            faults.push(error.to_string());
            Ok(None)
        }
        Err(_) => Err(Problem::ours("checking the image's checksums came to an end of its own")),
    }
}

/// The system that a volume or an app would install.
fn installer(opener: &Opener, item: &Item, faults: &mut Vec<String>) -> Option<Installer> {
    let chain = opener.installer(item).ok();
    let volume = match &chain {
        Some(chain) => chain.last().cloned(),
        None => opener.enter(item).ok().filter(|entered| entered.volume().is_ok()),
    }?;
    match opener.system_version(&volume) {
        Ok(Some(version)) => {
            let steps = chain.iter().flatten().map(|item| item.name.clone());
            Some(Installer::of(&version, chain.is_some(), steps.collect()))
        }
        Ok(None) => None,
        Err(error) => {
            let text = error.to_string();
            // What made the volume unreadable was told of its partition.
            if !faults.iter().any(|fault| text.ends_with(fault.as_str())) {
                faults.push(text);
            }
            None
        }
    }
}
