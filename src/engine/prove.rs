//! Proof before an output gets its name: the sources' checksums, and that what
//! was written is a disk with the volume that was meant.

use crate::block::{Direct, Error, Map, Source, slice};
use crate::engine::build::Work;
use crate::engine::events::{Event, Stage};
use crate::engine::output::Output;
use crate::engine::problem::{Problem, ProblemKind, Result};
use crate::engine::request::{Form, Verify};
use crate::media::pass::{self, Digests, Options};
use crate::media::read_back::{Sent, read_back};
use crate::source::{OpenImage, Opener, Proof, tables};
use crate::volume::hfsplus::check::{self, check};
use std::sync::Arc;

/// The most faults that a message lists.
const LISTED: usize = 10;

/// What was proven, and what could not be.
#[derive(Default)]
pub(super) struct Proofs {
    pub(super) proofs: Vec<String>,
    pub(super) unproven: Vec<String>,
}

/// Proves everything; fails with the first thing that is wrong.
pub(super) fn all(work: &Work<'_, '_>, out: &Output, digests: &Digests) -> Result<Proofs> {
    let mut proofs = Proofs::default();
    sources(work, &mut proofs)?;
    let what = work.options.output.display().to_string();
    work.progress.start(Stage::Verify, &what, 0);
    let disk = written_disk(work, out)?;
    structures(work, &disk, &mut proofs)?;
    if work.options.verify == Verify::Full {
        full(work, out, &disk, digests, &mut proofs)?;
    }
    work.progress.finish(Stage::Verify);
    Ok(proofs)
}

/// Proves the checksums of all images that were read from.
pub(super) fn sources(work: &Work<'_, '_>, proofs: &mut Proofs) -> Result<()> {
    for input in &work.plan.inputs.0 {
        if let Some(verdict) = &input.verdict {
            let told = format!("{}: {}", input.describe(), verdict.answer());
            match verdict.is_proven() {
                true => proofs.proofs.push(told),
                false => proofs.unproven.push(told),
            }
        }
        for image in input.images() {
            source(work, &image, proofs)?;
        }
    }
    work.go_on()
}

pub(super) fn wrong(sentence: impl Into<String>) -> Problem {
    Problem::new(ProblemKind::Verification, sentence)
}

/// What was written is not what was meant: the place, or we, are at fault.
fn not_kept(sentence: &str) -> Problem {
    wrong(sentence).hint("try another disk or folder; if it happens there, too, please report it")
}

/// A checksum in what was read is another.
pub(super) fn not_as_it_should(name: &str, error: Error) -> Problem {
    wrong(format!("{name} does not hold what it should"))
        .because(error)
        .hint("the file is damaged; get it again")
}

/// Proves the checksums of an image that was read from.
fn source(work: &Work<'_, '_>, image: &OpenImage, proofs: &mut Proofs) -> Result<()> {
    work.go_on()?;
    work.progress.start(Stage::Verify, &image.name, image.verify_len());
    let progress = |more| work.progress.add(Stage::Verify, more);
    let found = image.prove(work.threads, &progress).map_err(|error| match error {
        Error::Corrupt(_) => not_as_it_should(&image.name, error),
        other => Problem::reading(&image.name, other),
    })?;
    tell(&image.name, &found, proofs);
    work.progress.finish(Stage::Verify);
    Ok(())
}

/// What an image's checksums prove, in words.
pub(super) fn tell(name: &str, found: &Proof, proofs: &mut Proofs) {
    if !found.passed.is_empty() {
        proofs.proofs.push(format!("{name}: checksums of {} are right", found.passed.join(", ")));
    }
    for missing in &found.absent {
        proofs.unproven.push(format!("{name}: {missing}"));
    }
}

/// The disk in the output as a reader finds it.
fn written_disk(work: &Work<'_, '_>, out: &Output) -> Result<Source> {
    let opener = Opener::new();
    let open = || match work.form() {
        Form::Raw => opener.open(out.temp_path())?.contents(),
        Form::Dmg => opener.disk(&opener.open(out.temp_path())?),
    };
    open().map_err(|error| not_kept("the output cannot be read").because(error))
}

/// Checks both tables and the volume.
pub(super) fn structures(work: &Work<'_, '_>, disk: &Source, proofs: &mut Proofs) -> Result<()> {
    let image = &work.plan.laid.image;
    let failed = |error: Error| not_kept("the output is not a disk").because(error);
    let found = tables(disk).map_err(failed)?;
    if !found.faults.is_empty() {
        let mut problem = not_kept("the output's partition tables are wrong");
        problem.causes = found.faults;
        return Err(problem);
    }
    if found.gpt {
        proofs.proofs.push("both copies of the partition table agree".to_owned());
    }
    let range = image.volume();
    let volume = slice(disk, range.start, range.end - range.start).map_err(|e| failed(e.into()))?;
    let strict = work.plan.laid.volume.is_some();
    let options = check::Options { findings: LISTED, strict };
    let report = check(&volume, &options).map_err(failed)?;
    if report.corrupt > 0 || !report.complete {
        let found = report.findings.iter().map(ToString::to_string).collect::<Vec<_>>();
        if strict {
            let mut problem = not_kept("the volume that was written is not sound");
            problem.causes = found;
            return Err(problem);
        }
        // Block for block, faults and all, is what was asked for.
        for fault in found {
            let text = format!("the volume has a fault, as its source has: {fault}");
            work.progress.send(Event::Warned { text });
        }
        proofs.unproven.push("the volume has faults, which its source has, too".to_owned());
        return Ok(());
    }
    let counts = format!("{} files and {} folders", report.files, report.folders);
    proofs.proofs.push(format!("the volume is sound: {counts}"));
    Ok(())
}

/// Reads everything back and compares.
fn full(
    work: &Work<'_, '_>,
    out: &Output,
    disk: &Source,
    digests: &Digests,
    proofs: &mut Proofs,
) -> Result<()> {
    let flag = work.stop.flag();
    let what = work.options.output.display().to_string();
    work.progress.start(Stage::Verify, &format!("{what}, read back"), disk.len());
    let progress = |done| work.progress.reach(Stage::Verify, done);
    let options = Options::new(work.threads, &flag, &progress);
    out.file()?.sync_all().map_err(|error| out.problem(&error))?;
    let failed = |error: Error| {
        if work.stop.raised() {
            return Problem::interrupted();
        }
        not_kept("the output cannot be read back").because(error)
    };
    let faults: Vec<String> = match work.form() {
        Form::Raw => {
            let direct = Direct::open(out.temp_path()).map_err(|error| failed(error.into()))?;
            let target: Source = Arc::new(direct);
            let range = work.plan.laid.image.volume();
            let volume = work.plan.laid.volume.as_ref();
            let volume = volume.map(|(tree, laid)| (&**tree, laid, range));
            let sent = Sent { volume, digests };
            let faults = read_back(&target, &sent, &options).map_err(failed)?;
            faults.iter().take(LISTED).map(ToString::to_string).collect()
        }
        Form::Dmg => {
            let mut map = Map::new(disk.len());
            map.push(0, Arc::clone(disk), None);
            let seen = pass::run(&map, None, &options).map_err(failed)?;
            let same = seen.units == digests.units;
            (!same)
                .then(|| "the disk in the image is not what was written".to_owned())
                .into_iter()
                .collect()
        }
    };
    if !faults.is_empty() {
        let mut problem = not_kept("what was written is not what can be read");
        problem.causes = faults;
        return Err(problem);
    }
    proofs.proofs.push("every byte was read back".to_owned());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_as_it_was_meant_says_what_to_do() {
        assert_eq!(
            not_kept("the volume that was written is damaged").to_string(),
            "the volume that was written is damaged\n  \
             hint: try another disk or folder; if it happens there, too, please report it"
        );
        let error = Error::corrupt("mish", "CheckSum", 1u32, "another sum");
        assert_eq!(
            not_as_it_should("a.dmg", error).to_string(),
            "a.dmg does not hold what it should\n  mish: CheckSum is 1: another sum\n  \
             hint: the file is damaged; get it again"
        );
    }
}
