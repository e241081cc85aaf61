//! A plan in words, and as JSON.

use crate::block::ReadAt;
use crate::engine::changes::Changes;
use crate::engine::hash::hex;
use crate::engine::identity::Identified;
use crate::engine::inputs::Input;
use crate::engine::layout::Laid;
use crate::engine::mac::Suited;
use crate::engine::plan::Plan;
use crate::engine::prepare::Done;
use crate::engine::supply::{Fetched, Pin};
use crate::engine::trust::remarks;
use crate::recipe::Recipe;
use crate::source::SystemVersion;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The plan for people.
pub(super) fn text(plan: &Plan, identified: &Identified) -> String {
    let Plan { recipe, params, notes, steps, inputs, laid, .. } = plan;
    let mut text = format!("Plan {}\n{}: {}\n", identified.id(), recipe.name, recipe.title);
    section(&mut text, "Notes", notes);
    let params: Vec<_> = params.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    section(&mut text, "Params", &params);
    let lines = inputs.0.iter().flat_map(|input| input_text(input, identified));
    section(&mut text, "Inputs", &lines.collect::<Vec<_>>());
    section(&mut text, "Steps", &steps_text(steps));
    let changes = plan.changes.iter().flat_map(Changes::text);
    section(&mut text, "Changes", &changes.collect::<Vec<_>>());
    section(&mut text, "Media", &media_text(recipe, laid));
    section(&mut text, "Mac", &plan.mac.iter().map(Suited::line).collect::<Vec<_>>());
    text
}

/// The plan for programs.
pub(super) fn json(plan: &Plan, identified: &Identified) -> Value {
    let Plan { recipe, params, notes, steps, inputs, laid, identity, mac, .. } = plan;
    json!({
        "plan": identified.id(),
        "recipe": { "name": recipe.name, "title": recipe.title },
        "notes": notes,
        "params": params.iter().cloned().collect::<BTreeMap<_, _>>(),
        "inputs": inputs.0.iter().map(|input| input_json(input, identified)).collect::<Vec<_>>(),
        "steps": steps.iter().map(step_json).collect::<Vec<_>>(),
        "changes": plan.changes.as_ref().map(Changes::json),
        "media": media_json(recipe, laid),
        "mac": mac.as_ref().map(Suited::json),
        "date": identity.date,
        "bytes": plan.bytes(),
    })
}

pub(super) fn section(text: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    *text += &format!("\n{title}\n");
    for line in lines {
        *text += &format!("  {line}\n");
    }
}

/// A number with commas, as in `5,200,000`.
pub(super) fn commas(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What is known of an input before it is read whole.
pub(super) fn input_facts(input: &Input) -> Vec<String> {
    if let Some(Fetched { pin, .. }) = &input.fetched {
        let Pin { catalog, dated, product, package, url, .. } = pin;
        return vec![
            format!("{}: {package}", input.name),
            format!("  of the product {product} in the {catalog} catalog of {dated}"),
            format!("  {url}"),
        ];
    }
    let mut lines = vec![format!("{}: {}", input.name, input.path.display())];
    let given = input.path.display().to_string();
    let inner = input.chain.last().map(|item| item.name.as_str()).unwrap_or_default();
    if let Some(inside) = inner.strip_prefix(&given).filter(|inside| !inside.is_empty()) {
        lines.push(format!("  found in it: {}", inside.trim_start_matches('/')));
    }
    if let Some(label) = &input.label {
        let system = input.version.as_ref().map_or_else(String::new, |version| {
            format!(" with {} {} ({})", version.product, version.version, version.build)
        });
        lines.push(format!("  the volume \"{label}\"{system}"));
    }
    lines
}

fn input_text(input: &Input, identified: &Identified) -> Vec<String> {
    let digests = identified.of(input);
    let mut lines = input_facts(input);
    // A folder's files are summed up: their list is in the manifest.
    if digests.len() > 4 {
        lines.push(format!("  {} files", digests.len()));
    } else {
        for (path, digests) in digests {
            let name = input.file_name(&path);
            lines.push(format!("  SHA-256 {} ({name})", hex(digests.sha256)));
        }
    }
    lines.extend(known(input, identified).map(|known| format!("  {known}")));
    lines.extend(trusted(input).into_iter().map(|line| format!("  {line}")));
    lines
}

/// What proves an input, as far as it was judged.
fn trusted(input: &Input) -> Vec<String> {
    let Some(verdict) = &input.verdict else { return Vec::new() };
    std::iter::once(verdict.answer()).chain(remarks(verdict).map(str::to_owned)).collect()
}

/// What the list of known images says of an installer.
fn known(input: &Input, identified: &Identified) -> Option<String> {
    if input.kind != crate::recipe::InputKind::Installer {
        return None;
    }
    let digests = identified.of(input);
    let instead = if input.images().is_empty() {
        "; and it has no checksums of its own"
    } else {
        "; its own checksums are proven while building"
    };
    on_record(input, digests.values().filter_map(|digests| digests.sha1.as_ref()), instead)
}

/// The same, by the digests of its files; and what else there is where none is known.
pub(super) fn on_record<'d>(
    input: &Input,
    sha1: impl IntoIterator<Item = &'d String>,
    instead: &str,
) -> Option<String> {
    let SystemVersion { version, build, .. } = input.version.as_ref()?;
    let known = input.version.as_ref()?.known();
    if known.name.is_empty() {
        return None;
    }
    let same = |digest: &String| known.sha1.contains(digest);
    let listed = sha1.into_iter().any(same);
    let mut text = match (listed, known.sha1.len()) {
        (true, _) => format!("its digest is known: an image of {} {version}", known.name),
        (false, 0) => format!("not known: no digest of {version} ({build}) is public{instead}"),
        (false, n) => {
            format!("not known: its digest is not on record for {version} (which has {n}){instead}")
        }
    };
    if !known.build && !build.is_empty() && !listed {
        let _ = write!(text, "; the build {build} is not on record either");
    }
    Some(text)
}

fn input_json(input: &Input, identified: &Identified) -> Value {
    let files: Vec<_> = identified
        .of(input)
        .iter()
        .map(|(path, digests)| {
            json!({ "path": path.display().to_string(), "sha256": hex(digests.sha256), "sha1": digests.sha1 })
        })
        .collect();
    let version = input.version.as_ref().map(|version| {
        json!({ "product": version.product, "version": version.version, "build": version.build })
    });
    json!({
        "name": input.name,
        "kind": input.kind.word(),
        "path": input.path.display().to_string(),
        "from": input.fetched.as_ref().map(|fetched| &fetched.pin),
        "found": input.chain.last().map(|item| item.name.clone()),
        "volume": input.label,
        "system": version,
        "known": known(input, identified),
        "trust": input.verdict.as_ref().map(|verdict| json!({
            "proven": verdict.is_proven(),
            "level": verdict.level().name(),
            "layers": verdict.layers.iter().map(|layer| json!({
                "kind": layer.kind.name(), "state": layer.state.name(), "text": layer.text,
            })).collect::<Vec<_>>(),
        })),
        "files": files,
    })
}

fn steps_text(steps: &[Done]) -> Vec<String> {
    let lines = |(number, step): (usize, &Done)| {
        let first = match &step.skipped {
            Some(why) => format!("{number}. not done: {} ({why})", step.title),
            None => format!("{number}. {}", step.title),
        };
        let told = step.told.iter().map(|told| format!("   {told}"));
        std::iter::once(first).chain(told).collect::<Vec<_>>()
    };
    (1..).zip(steps).flat_map(lines).collect()
}

fn step_json(step: &Done) -> Value {
    json!({ "title": step.title, "skipped": step.skipped, "told": step.told })
}

fn media_text(recipe: &Recipe, laid: &Laid) -> Vec<String> {
    let bytes = commas(laid.image.map.len());
    let (layout, sector) = (recipe.media.layout.word(), laid.image.sector);
    let mut lines = vec![format!("{bytes} bytes, {layout} layout, sectors of {sector} bytes")];
    for part in &laid.image.parts {
        let (at, len) = (commas(part.range.start), commas(part.range.end - part.range.start));
        lines.push(format!("  {len} bytes at {at}: {}", part.name));
    }
    let Some((tree, volume)) = &laid.volume else {
        lines.push("the volume is restored block for block".to_owned());
        return lines;
    };
    let case = match tree.case() {
        crate::volume::Case::Folded => "HFS+",
        crate::volume::Case::Sensitive => "HFSX, case-sensitive",
    };
    let (block, label) = (volume.block_size, &laid.label);
    lines.push(format!("the volume \"{label}\": {case}, blocks of {block} bytes"));
    let free = commas(u64::from(volume.free_blocks) * u64::from(block));
    let (files, folders) = (commas(volume.files.into()), commas(volume.folders.into()));
    lines.push(format!("  {files} files, {folders} folders, {free} bytes free"));
    lines.push(match (tree.facts.boot_file, tree.facts.blessed_folder) {
        (Some(file), _) => format!("  starts from {}", tree.path(file)),
        (None, Some(folder)) => format!("  starts from the folder {}", tree.path(folder)),
        (None, None) => "  nothing is blessed: a Mac will not start from it".to_owned(),
    });
    lines
}

fn media_json(recipe: &Recipe, laid: &Laid) -> Value {
    let parts: Vec<_> = laid
        .image
        .parts
        .iter()
        .map(|part| {
            json!({ "name": part.name, "at": part.range.start, "bytes": part.range.end - part.range.start })
        })
        .collect();
    let volume = laid.volume.as_ref().map(|(tree, volume)| {
        let path = |id: crate::volume::NodeId| tree.path(id).to_string();
        json!({
            "case_sensitive": tree.case() == crate::volume::Case::Sensitive,
            "block_size": volume.block_size,
            "files": volume.files,
            "folders": volume.folders,
            "free": u64::from(volume.free_blocks) * u64::from(volume.block_size),
            "blessed": tree.facts.blessed_folder.map(path),
            "boot_file": tree.facts.boot_file.map(path),
        })
    });
    json!({
        "layout": recipe.media.layout.word(),
        "sector": laid.image.sector,
        "label": laid.label,
        "partitions": parts,
        "volume": volume,
    })
}
