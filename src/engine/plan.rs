//! A plan: what will be made of what, decided before a byte is written.

use crate::block::ReadAt;
use crate::engine::facts::Facts;
use crate::engine::hash::hex;
use crate::engine::identity::Identity;
use crate::engine::inputs::{Input, Inputs};
use crate::engine::layout::Laid;
use crate::engine::prepare::Done;
use crate::recipe::Recipe;
use crate::source::SystemVersion;
use serde_json::{Value, json};
use std::fmt::Write;

/// Everything decided; writing it is all that is left.
pub struct Plan {
    pub(super) id: String,
    pub(super) recipe: String,
    pub(super) params: Vec<(String, String)>,
    pub(super) date: u64,
    pub(super) inputs: Inputs,
    pub(super) laid: Laid,
    text: String,
    json: Value,
}

impl Plan {
    /// The plan's id: 64 hex digits over recipe, params, inputs and format version.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The bytes of the disk that will be made.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.laid.image.map.len()
    }

    /// The plan for people.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The plan for programs.
    #[must_use]
    pub const fn json(&self) -> &Value {
        &self.json
    }
}

/// Makes the plan of what was prepared, in words and as JSON.
pub(super) fn describe(
    recipe: &Recipe,
    facts: &Facts,
    params: Vec<(String, String)>,
    inputs: Inputs,
    identity: &Identity,
    laid: Laid,
    steps: &[Done],
) -> Plan {
    let notes: Vec<_> = recipe.notes.iter().map(|note| facts.fill_known(note)).collect();
    let json = json!({
        "plan": identity.hex(),
        "recipe": { "name": recipe.name, "title": recipe.title },
        "notes": notes,
        "params": params.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
        "inputs": inputs.0.iter().map(input_json).collect::<Vec<_>>(),
        "steps": steps.iter().map(step_json).collect::<Vec<_>>(),
        "media": media_json(recipe, &laid),
        "date": identity.date,
        "bytes": laid.image.map.len(),
    });
    let mut text = format!("Plan {}\n{}: {}\n", identity.hex(), recipe.name, recipe.title);
    section(&mut text, "Notes", &notes);
    let params_text: Vec<_> =
        params.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    section(&mut text, "Params", &params_text);
    section(&mut text, "Inputs", &inputs.0.iter().flat_map(input_text).collect::<Vec<_>>());
    section(&mut text, "Steps", &steps_text(steps));
    section(&mut text, "Media", &media_text(recipe, &laid));
    Plan {
        id: identity.hex(),
        recipe: recipe.name.clone(),
        params,
        date: identity.date,
        inputs,
        laid,
        text,
        json,
    }
}

fn section(text: &mut String, title: &str, lines: &[String]) {
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

fn input_text(input: &Input) -> Vec<String> {
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
    // A folder's files are summed up: their list is in the manifest.
    if input.digests.len() > 4 {
        lines.push(format!("  {} files", input.digests.len()));
    } else {
        for (path, digests) in &input.digests {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            lines.push(format!("  SHA-256 {} ({name})", hex(digests.sha256)));
        }
    }
    lines.extend(known(input).map(|known| format!("  {known}")));
    lines
}

/// What the list of known images says of an installer.
fn known(input: &Input) -> Option<String> {
    if input.kind != crate::recipe::InputKind::Installer {
        return None;
    }
    let SystemVersion { version, build, .. } = input.version.as_ref()?;
    let known = input.version.as_ref()?.known();
    if known.name.is_empty() {
        return None;
    }
    let sha1 = input.digests.values().filter_map(|digests| digests.sha1.as_ref());
    let same = |digest: &String| known.sha1.contains(digest);
    let listed = sha1.into_iter().any(same);
    let instead = if input.images().is_empty() {
        "and it has no checksums of its own"
    } else {
        "its own checksums are proven while building"
    };
    let mut text = match (listed, known.sha1.len()) {
        (true, _) => format!("its digest is known: an image of {} {version}", known.name),
        (false, 0) => format!("not known: no digest of {version} ({build}) is public; {instead}"),
        (false, n) => {
            format!(
                "not known: its digest is not on record for {version} (which has {n}); {instead}"
            )
        }
    };
    if !known.build && !build.is_empty() && !listed {
        let _ = write!(text, "; the build {build} is not on record either");
    }
    Some(text)
}

fn input_json(input: &Input) -> Value {
    let files: Vec<_> = input
        .digests
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
        "found": input.chain.last().map(|item| item.name.clone()),
        "volume": input.label,
        "system": version,
        "known": known(input),
        "files": files,
    })
}

fn steps_text(steps: &[Done]) -> Vec<String> {
    let line = |(number, step): (usize, &Done)| match &step.skipped {
        Some(why) => format!("{number}. not done: {} ({why})", step.title),
        None => format!("{number}. {}", step.title),
    };
    (1..).zip(steps).map(line).collect()
}

fn step_json(step: &Done) -> Value {
    json!({ "title": step.title, "skipped": step.skipped })
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
