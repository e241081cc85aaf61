//! Writes what a plan says, proves it, and gives it its name at the very end.

use crate::block::{Error, FileTarget, ReadAt};
use crate::engine::events::{Sink, Stage, Stop};
use crate::engine::manifest;
use crate::engine::output::{self, Noted, NotedStream, Output};
use crate::engine::plan::Plan;
use crate::engine::problem::{Problem, Result};
use crate::engine::progress::Progress;
use crate::engine::prove;
use crate::engine::request::{BuildOptions, Built, Form};
use crate::media::pass::{self, Digests, Options};
use crate::media::write_dmg;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// Bytes that are gathered before a compressed image is written on.
const BUFFER: usize = 1 << 20;

/// Writes what a plan says, proves it and gives it its name.
///
/// # Errors
/// A [`Problem`]; the old output is intact then.
pub fn build(
    plan: &Plan,
    options: &BuildOptions,
    sink: &mut dyn Sink,
    stop: &Stop,
) -> Result<Built> {
    output::check(&options.output, &plan.inputs)?;
    let work = Work {
        plan,
        options,
        threads: threads(options.threads),
        stop,
        progress: &Progress::new(sink),
    };
    let out = Output::create(&options.output)?;
    let digests = work.write(&out)?;
    let proofs = prove::all(&work, &out, &digests)?;
    work.go_on()?;
    plan.inputs.check_unchanged()?;

    work.progress.start(Stage::Commit, "", 0);
    let manifest = manifest_path(&options.output);
    let list = Output::create(&manifest)?;
    let identified = plan.read_inputs(&|_| {}, stop);
    let identified = identified.map_err(|error| Problem::reading("an input", error))?;
    plan.check_lock(identified)?;
    let written = manifest::write(plan, identified, &digests, &mut BufWriter::new(list.file()?));
    written.map_err(|error| match error {
        Error::Io(error) => list.problem(&error),
        other => Problem::reading("an input", other),
    })?;
    work.go_on()?;
    list.keep()?;
    out.keep()?;
    work.progress.finish(Stage::Commit);
    Ok(Built {
        output: options.output.clone(),
        manifest,
        plan: identified.id(),
        bytes: plan.bytes(),
        files: plan
            .laid
            .volume
            .as_ref()
            .map_or(0, |(_, laid)| u64::from(laid.files) + u64::from(laid.folders)),
        proofs: proofs.proofs,
        unproven: proofs.unproven,
    })
}

/// Where an image's manifest is: `FILE.manifest.json` beside it.
#[must_use]
pub fn manifest_path(output: &Path) -> PathBuf {
    let mut name = output.file_name().unwrap_or_default().to_owned();
    name.push(".manifest.json");
    output.with_file_name(name)
}

/// As many as were asked for, or as there are cores.
pub(super) fn threads(asked: usize) -> usize {
    match asked {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        n => n.min(64),
    }
}

/// What all parts of a build need.
pub(super) struct Work<'w, 's> {
    pub(super) plan: &'w Plan,
    pub(super) options: &'w BuildOptions,
    pub(super) threads: usize,
    pub(super) stop: &'w Stop,
    pub(super) progress: &'w Progress<'s>,
}

impl Work<'_, '_> {
    /// Fails when the user wants to stop.
    pub(super) fn go_on(&self) -> Result<()> {
        if self.stop.raised() { Err(Problem::interrupted()) } else { Ok(()) }
    }

    pub(super) fn form(&self) -> Form {
        Form::of(&self.options.output)
    }

    fn write(&self, out: &Output) -> Result<Digests> {
        self.progress.start(
            Stage::Write,
            &self.options.output.display().to_string(),
            self.plan.bytes(),
        );
        let digests = match self.form() {
            Form::Raw => self.write_raw(out),
            Form::Dmg => self.write_compressed(out),
        }?;
        self.progress.finish(Stage::Write);
        Ok(digests)
    }

    fn write_raw(&self, out: &Output) -> Result<Digests> {
        let map = &self.plan.laid.image.map;
        let target =
            FileTarget::new(out.file()?, map.len()).map_err(|error| out.problem(&error))?;
        let mut target = Noted::new(target);
        let result = self.pass(Some(&mut target));
        result.map_err(|error| self.problem(error, target.failed(), out))
    }

    /// Runs over the whole disk: digests it, and writes it when there is a target.
    pub(super) fn pass(&self, target: Option<&mut Noted>) -> Result<Digests, Error> {
        let flag = self.stop.flag();
        let bytes = self.plan.bytes();
        // The inputs are digested beside; until they are, not all is done.
        let limit = || self.plan.identified.get().map_or(bytes - bytes / 100, |_| bytes);
        let progress = |done: u64| self.progress.reach(Stage::Write, done.min(limit()));
        let digest = || self.plan.read_inputs(&|_| {}, self.stop).map(drop);
        let options =
            Options { aside: Some(&digest), ..Options::new(self.threads, &flag, &progress) };
        let target = target.map(|target| target as &mut dyn crate::block::WriteAt);
        pass::run(&self.plan.laid.image.map, target, &options)
    }

    fn write_compressed(&self, out: &Output) -> Result<Digests> {
        let digests = self.pass(None).map_err(|error| self.problem(error, false, out))?;
        let buffered = BufWriter::with_capacity(BUFFER, out.file()?);
        let mut stream = NotedStream { out: buffered, failed: false };
        let what = format!("{}, compressed", self.options.output.display());
        self.progress.start(Stage::Write, &what, self.plan.bytes());
        let mut progress = |more| self.progress.add(Stage::Write, more);
        let written = write_dmg(&self.plan.laid.image, self.threads, &mut stream, &mut progress);
        written.map_err(|error| self.problem(error, stream.failed, out))?;
        Ok(digests)
    }

    /// Whose fault an error of the pass is.
    fn problem(&self, error: Error, output_failed: bool, out: &Output) -> Problem {
        if self.stop.raised() {
            return Problem::interrupted();
        }
        match error {
            Error::Io(error) if output_failed => out.problem(&error),
            other => Problem::reading("an input", other),
        }
    }
}
