//! `devices`: every disk of this computer, and why it is or is not offered.

use crate::cli::Outcome;
use crate::cli::streams::{Streams, Style};
use crate::device::guard::{self, Ask, Verdict};
use crate::device::{self, Disk, Kind, Mount};
use crate::report::size;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// What is said where disks are not written to.
const ELSEWHERE: &str = "Disks are listed and written to on Linux only.\n\
    Make an image file instead, and put it on a stick with a program that copies\n\
    images, such as balenaEtcher or Raspberry Pi Imager:\n\
    \x20 lionize build RECIPE --input NAME=PATH --output media.img\n";

/// `lionize devices`.
pub(super) fn run(style: Style, streams: &mut Streams<'_>) -> Outcome {
    if !device::SUPPORTED {
        let object = json!({"result": "devices", "devices": [], "supported": false});
        return streams.told(style, ELSEWHERE, &object);
    }
    let system = device::host();
    let shown: Vec<_> = system.disks.iter().filter(|disk| is_shown(disk)).collect();
    let judged = |disk: &Disk| guard::judge(disk, &system.disks, &Ask::default());
    let text = if shown.is_empty() {
        "there are no disks\n".to_owned()
    } else {
        shown.iter().map(|disk| text(disk, &judged(disk))).collect::<Vec<_>>().join("\n")
    };
    let objects: Vec<_> = shown.iter().map(|disk| object(disk, &judged(disk))).collect();
    let object = json!({"result": "devices", "devices": objects, "supported": true});
    streams.told(style, &text, &object)
}

/// Devices that no one would take for a disk are left out.
pub(super) fn is_shown(disk: &Disk) -> bool {
    match disk.kind {
        Kind::Memory | Kind::Joined => false,
        Kind::Loop | Kind::Network => disk.bytes > 0,
        _ => true,
    }
}

/// As sticks are labelled, and as our other messages count.
pub(super) fn both_sizes(bytes: u64) -> String {
    let tenths = bytes / 100_000_000;
    format!("{}.{} GB ({})", tenths / 10, tenths % 10, size(bytes))
}

/// What a disk is, in one line.
pub(super) fn headline(disk: &Disk) -> String {
    let size = if disk.bytes == 0 { "empty".to_owned() } else { both_sizes(disk.bytes) };
    let removable = if disk.removable { ", removable" } else { "" };
    let bus = disk.bus;
    format!("{}: {}, {size}, {bus}{removable}", disk.path.display(), disk.title())
}

/// What is on a disk, one line each.
pub(super) fn contents(disk: &Disk) -> Vec<String> {
    let contents = &disk.contents;
    let mut lines: Vec<String> = contents.what.iter().map(|what| format!("holds {what}")).collect();
    if contents.what.is_none() && contents.looked && disk.bytes > 0 {
        lines.push("holds nothing that is known".to_owned());
    }
    for found in &contents.found {
        let mut line = format!("partition {}", found.index);
        if found.index == 0 {
            "the volume".clone_into(&mut line);
        }
        let what = found.what.as_deref().unwrap_or("of no kind that is known");
        let _ = write!(line, ": {what}, {}", size(found.bytes));
        for name in [&found.label, &Some(found.name.clone())].into_iter().flatten() {
            if !name.is_empty() {
                let _ = write!(line, ", {name:?}");
            }
        }
        lines.push(line);
    }
    lines
}

fn text(disk: &Disk, verdict: &Verdict) -> String {
    let mut lines = vec![headline(disk)];
    let mut add = |line: String| lines.push(format!("  {line}"));
    if let Some(serial) = &disk.serial {
        add(format!("serial number {serial}"));
    }
    if let Some(id) = &disk.id {
        add(format!("id {id}"));
    }
    if disk.bytes > 0 {
        add(format!("sectors of {} bytes, stored as {}", disk.logical, disk.physical));
    }
    contents(disk).into_iter().for_each(&mut add);
    disk.uses.iter().for_each(|one| add(format!("in use: {one}")));
    if verdict.is_offered() {
        let unmount = verdict.unmount.iter().map(Mount::shown).collect::<Vec<_>>().join(", ");
        let after = if unmount.is_empty() {
            String::new()
        } else {
            format!(", once {unmount} is unmounted")
        };
        add(format!("offered{after}"));
    }
    for reason in &verdict.reasons {
        add(format!("not offered: {reason}"));
    }
    lines.join("\n") + "\n"
}

fn object(disk: &Disk, verdict: &Verdict) -> Value {
    let found = disk.contents.found.iter().map(|found| {
        json!({
            "index": found.index, "name": found.name, "what": found.what,
            "label": found.label, "bytes": found.bytes,
        })
    });
    let reasons = verdict.reasons.iter().map(
        |reason| json!({"rule": reason.rule.word(), "why": reason.why, "hint": reason.rule.hint()}),
    );
    json!({
        "path": disk.path, "name": disk.name, "bus": disk.bus.to_string(),
        "vendor": disk.vendor, "model": disk.model, "serial": disk.serial, "id": disk.id,
        "bytes": disk.bytes, "logical_sector": disk.logical, "physical_sector": disk.physical,
        "external": disk.external, "removable": disk.removable, "read_only": disk.read_only,
        "holds": disk.contents.what, "partitions": found.collect::<Vec<_>>(),
        "uses": disk.uses.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "offered": verdict.is_offered(),
        "unmount": verdict.unmount.iter().map(|mount| &mount.at).collect::<Vec<_>>(),
        "reasons": reasons.collect::<Vec<_>>(),
    })
}
