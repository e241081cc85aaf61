//! What a file is, before it is made an input of anything.

use crate::engine::build::threads;
use crate::engine::describe::on_record;
use crate::engine::events::{Sink, Stage, Stop};
use crate::engine::facts::Facts;
use crate::engine::hash;
use crate::engine::inputs::{Input, Inputs, open_one};
use crate::engine::problem::{Problem, Result};
use crate::engine::progress::Progress;
use crate::engine::request::Supplies;
use crate::engine::trust::Judge;
use crate::recipe::{self, InputKind};
use crate::source::known::Known;
use crate::source::{OpenImage, Platform, SystemVersion};
use std::path::Path;

/// A package that all installers have, and that Apple signed.
const SIGNED: &str = "Packages/OSInstall.mpkg";
/// It has some hundred kilobytes.
const MOST: u64 = 64 << 20;

/// When a signer's certificates are valid: from and until, in seconds since 1970.
pub type Window = (i64, i64);

/// What was recognised of a file, by looking at its structures only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recognised {
    /// The system that it holds or installs.
    pub system: Option<SystemVersion>,
    /// What is on record of that system.
    pub known: Known,
    /// The volume's name.
    pub label: Option<String>,
    /// Bytes of the files that it lies in.
    pub bytes: u64,
    /// The Macs that it starts.
    pub platform: Option<Platform>,
    /// When its signer's certificates were valid, if that is over.
    pub clock: Option<Window>,
}

impl Recognised {
    /// What it is: `Mac OS X Lion 10.7.5 (11G63)`; the volume's name where
    /// nothing says more.
    #[must_use]
    pub fn title(&self) -> String {
        let Some(SystemVersion { product, version, build }) = &self.system else {
            return self.label.as_ref().map_or_else(String::new, |label| format!("\"{label}\""));
        };
        let name = if self.known.name.is_empty() { product } else { &self.known.name };
        let build = if build.is_empty() { String::new() } else { format!(" ({build})") };
        format!("{name} {version}{build}")
    }
}

/// Opens a file as an input of a recipe, and says what it is.
///
/// # Errors
/// As a plan with this input.
pub fn recognise(wanted: &recipe::Input, path: &Path, stop: &Stop) -> Result<Recognised> {
    let input = open_one(wanted, path.to_owned(), stop, &mut Facts::default())?;
    let mut found = Recognised {
        known: input.version.as_ref().map(SystemVersion::known).unwrap_or_default(),
        system: input.version.clone(),
        label: input.label.clone(),
        bytes: input.opener.files().iter().map(|file| file.len).sum(),
        ..Recognised::default()
    };
    if input.label.is_some()
        && let Ok(tree) = input.tree()
    {
        // What it does not say is not asked for; a build says what is wrong.
        found.platform = input.opener.platform(&tree).ok().flatten();
    }
    if wanted.kind == InputKind::Installer {
        found.clock = clock(&input);
    }
    Ok(found)
}

/// When the signer of an installer's packages was valid, if that is over.
fn clock(input: &Input) -> Option<Window> {
    let source = input.inside(SIGNED).ok()?.contents().ok()?;
    if source.len() > MOST {
        return None;
    }
    Judge::new(&Supplies::default(), None, 1).ok()?.expired(&source)
}

/// Reads a file whole: proves the checksums in it, and looks for its digest
/// among the known ones. Says what holds, and what is not known.
///
/// # Errors
/// What is wrong with it.
pub fn check(
    wanted: &recipe::Input,
    path: &Path,
    sink: &mut dyn Sink,
    stop: &Stop,
) -> Result<Vec<String>> {
    let input = open_one(wanted, path.to_owned(), stop, &mut Facts::default())?;
    let images = input.images();
    let inputs = Inputs(vec![input]);
    let hashed: Vec<_> = inputs.wanted().into_iter().filter(|wanted| wanted.sha1).collect();
    let total = images.iter().map(OpenImage::verify_len).sum::<u64>()
        + if hashed.is_empty() { 0 } else { inputs.bytes() };
    let progress = Progress::new(sink);
    progress.start(Stage::Read, &format!("all of {}", path.display()), total);
    let tell = |bytes: u64| progress.add(Stage::Read, bytes);
    let fail = |error| match stop.raised() {
        true => Problem::interrupted(),
        false => Problem::reading(path.display().to_string(), error),
    };
    let (mut said, mut absent) = (Vec::new(), Vec::new());
    for image in &images {
        let proof = image.prove(threads(0), &tell).map_err(fail)?;
        absent.extend(proof.absent);
        if stop.raised() {
            return Err(Problem::interrupted());
        }
    }
    match (images.is_empty(), absent.is_empty()) {
        (true, _) => said.push("it has no checksums of its own".to_owned()),
        (false, true) => said.push("UDIF checksums pass".to_owned()),
        (false, false) => {
            said.push("UDIF checksums pass, as far as there are any".to_owned());
            said.extend(absent);
        }
    }
    let digests = hash::files(hashed, &tell, stop).map_err(fail)?;
    progress.finish(Stage::Read);
    let sha1 = digests.values().filter_map(|digests| digests.sha1.as_ref());
    let input = inputs.0.first().filter(|input| input.kind == InputKind::Installer);
    said.extend(input.and_then(|input| on_record(input, sha1, "")));
    Ok(said)
}
