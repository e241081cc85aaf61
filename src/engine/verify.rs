//! Checks a finished file: its checksums, partitions, volume, and manifest.

use crate::block::{Bypass, Direct, Error, Map, Origin, Source, slice};
use crate::engine::build::{manifest_path, threads};
use crate::engine::events::{Sink, Stage, Stop};
use crate::engine::hash;
use crate::engine::listed::{ForkDigest, Listed};
use crate::engine::manifest::{Manifest, Paths, describe, unit_hex};
use crate::engine::problem::{Problem, Result};
use crate::engine::progress::Progress;
use crate::engine::prove::{Proofs, tell};
use crate::media::pass::{self, Options, UNIT};
use crate::source::{Item, Opener, tables};
use crate::volume::hfsplus::Volume;
use crate::volume::hfsplus::check::{self, check};
use crate::volume::{Body, NodeId, Tree};
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// The most findings of one kind that are listed.
const LISTED: usize = 20;

/// What helps where a disk holds nothing that is known.
const NO_TABLE: &str = "a disk that is empty, or whose writing did not end, is like that: run the \
                        command that writes it again";

/// What a check of a finished file found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// What was proven, one line each.
    pub proofs: Vec<String>,
    /// What could not be proven, one line each.
    pub unproven: Vec<String>,
    /// What is wrong, one line each; the file is good when there are none.
    pub faults: Vec<String>,
}

/// Checks a finished file: partitions, volume, checksums, and its manifest when there is one.
///
/// # Errors
/// A [`Problem`] when it cannot be read at all; faults are in the answer.
pub fn verify(path: &Path, threads: usize, sink: &mut dyn Sink, stop: &Stop) -> Result<Verified> {
    let opener = Opener::new();
    let fail = |error| Problem::reading(path.display(), error);
    let (item, how) = opened(&opener, path).map_err(fail)?;
    let disk = opener.disk(&item).map_err(|error| {
        let is_unknown = how.is_some() && matches!(error, Error::Unsupported(_));
        let mut problem = fail(error);
        if is_unknown {
            problem.hint = Some(NO_TABLE.to_owned());
        }
        problem
    })?;
    let mut check = Check {
        name: path.display().to_string(),
        threads: self::threads(threads),
        stop,
        progress: &Progress::new(sink),
        found: Verified::default(),
    };
    check.way(how);
    check.checksums(&opener)?;
    check.structures(&disk)?;
    let manifest = manifest_path(path);
    match manifest.exists() {
        true => check.manifest(&manifest, &disk)?,
        false => check.found.unproven.push("there is no manifest beside it".to_owned()),
    }
    if stop.raised() {
        return Err(Problem::interrupted());
    }
    // The same broken chunk may be met on several ways.
    let mut told = HashSet::new();
    check.found.faults.retain(|fault| told.insert(fault.clone()));
    Ok(check.found)
}

/// What is to be checked. Of a disk, what the system keeps in memory is passed
/// by: that proves nothing of the disk.
fn opened(opener: &Opener, path: &Path) -> Result<(Item, Option<Bypass>), Error> {
    if !is_disk(path) {
        return Ok((opener.resolve(path)?, None));
    }
    let name = path.display().to_string();
    let direct = Direct::open(path).map_err(|error| Error::Io(error).in_file(&name))?;
    let how = direct.how();
    Ok((Item::of_bytes(&name, Arc::new(direct)), Some(how)))
}

#[cfg(unix)]
fn is_disk(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::metadata(path).is_ok_and(|meta| meta.file_type().is_block_device())
}

#[cfg(not(unix))]
fn is_disk(_path: &Path) -> bool {
    false
}

struct Check<'c, 's> {
    name: String,
    threads: usize,
    stop: &'c Stop,
    progress: &'c Progress<'s>,
    found: Verified,
}

impl Check<'_, '_> {
    /// Tells how a disk was read.
    fn way(&mut self, how: Option<Bypass>) {
        let read = match how {
            None => return,
            Some(Bypass::Direct) => "the disk itself is read, by direct I/O",
            Some(Bypass::Dropped) => "the disk itself is read, after dropping caches",
            Some(Bypass::Cached) => {
                let text = "what is read of the disk may come from memory";
                return self.found.unproven.push(text.to_owned());
            }
        };
        self.found.proofs.push(read.to_owned());
    }

    fn checksums(&mut self, opener: &Opener) -> Result<()> {
        for image in opener.images() {
            self.progress.start(Stage::Verify, &image.name, image.verify_len());
            let progress = |more| self.progress.add(Stage::Verify, more);
            match image.prove(self.threads, &progress) {
                Ok(proof) => {
                    let mut proofs = Proofs::default();
                    tell(&image.name, &proof, &mut proofs);
                    self.found.proofs.extend(proofs.proofs);
                    self.found.unproven.extend(proofs.unproven);
                }
                Err(error @ Error::Corrupt(_)) => self.found.faults.push(error.to_string()),
                Err(other) => return Err(Problem::reading(&image.name, other)),
            }
            self.progress.finish(Stage::Verify);
        }
        Ok(())
    }

    fn structures(&mut self, disk: &Source) -> Result<()> {
        self.progress.start(Stage::Verify, &format!("{}, its structures", self.name), 0);
        let found = match tables(disk) {
            Ok(found) => found,
            Err(Error::Io(error)) => return Err(Problem::reading(&self.name, Error::Io(error))),
            Err(error) => {
                self.found.faults.push(error.to_string());
                return Ok(());
            }
        };
        if found.gpt && found.faults.is_empty() {
            self.found.proofs.push("both copies of the partition table agree".to_owned());
        }
        let volumes = found.volumes();
        self.found.faults.extend(found.faults);
        if volumes.is_empty() {
            self.found.faults.push("there is no HFS+ volume in it".to_owned());
        }
        for (name, range) in volumes {
            let name = if name.is_empty() {
                "the volume".into()
            } else {
                format!("the volume in \"{name}\"")
            };
            let volume = slice(disk, range.start, range.end - range.start).map_err(Error::from);
            match volume.and_then(|volume| {
                check(&volume, &check::Options { findings: LISTED, strict: false })
            }) {
                Ok(report) => self.report(&name, &report),
                Err(Error::Io(error)) => {
                    return Err(Problem::reading(&self.name, Error::Io(error)));
                }
                Err(error) => self.found.faults.push(format!("{name}: {error}")),
            }
        }
        self.progress.finish(Stage::Verify);
        Ok(())
    }

    fn report(&mut self, name: &str, report: &check::Report) {
        if report.corrupt == 0 && report.complete {
            let counts = format!("{} files and {} folders", report.files, report.folders);
            self.found.proofs.push(format!("{name} is sound: {counts}"));
        }
        for finding in &report.findings {
            let text = format!("{name}: {finding}");
            match finding.level {
                check::Level::Corrupt => self.found.faults.push(text),
                check::Level::Note => self.progress.warn(text),
            }
        }
        if report.corrupt > 0 && !report.findings.iter().any(|f| f.level == check::Level::Corrupt) {
            self.found.faults.push(format!("{name} has {} faults", report.corrupt));
        }
        if !report.complete && report.corrupt == 0 {
            self.found.faults.push(format!("{name} could not be checked to its end"));
        }
    }

    fn manifest(&mut self, path: &Path, disk: &Source) -> Result<()> {
        let name = path.display();
        let read = || -> std::io::Result<Manifest> {
            Ok(serde_json::from_reader(BufReader::new(File::open(path)?))?)
        };
        let manifest = read().map_err(|error| {
            Problem::bad_input(format!("cannot read the manifest {name}"))
                .because(error)
                .hint("rename it, to check the image alone")
        })?;
        if manifest.format != 1 {
            let text = format!("the manifest {name} is of a newer form ({})", manifest.format);
            self.found.unproven.push(text);
            return Ok(());
        }
        if manifest.image.bytes != disk.len() {
            let (is, should) = (disk.len(), manifest.image.bytes);
            self.found.faults.push(format!("the disk has {is} bytes; its manifest says {should}"));
            return Ok(());
        }
        self.units(&manifest, disk)?;
        self.files(&manifest, disk)
    }

    /// Compares each MiB of the disk.
    fn units(&mut self, manifest: &Manifest, disk: &Source) -> Result<()> {
        if manifest.image.unit != UNIT {
            self.found.unproven.push("the manifest's digests are of another kind".to_owned());
            return Ok(());
        }
        self.progress.start(Stage::Verify, &format!("{}, every byte", self.name), disk.len());
        let flag = self.stop.flag();
        let progress = |done| self.progress.reach(Stage::Verify, done);
        let options = Options::new(self.threads, &flag, &progress);
        let mut map = Map::new(disk.len());
        map.push(0, disk.clone(), None);
        let seen = pass::run(&map, None, &options).map_err(|error| self.failed(error))?;
        let units = seen.units.into_iter().map(unit_hex);
        let same = |(seen, sent): &(String, &String)| seen == *sent;
        let pairs = units.zip(&manifest.image.units);
        let wrong: Vec<u64> =
            (0..).zip(pairs).filter(|(_, pair)| !same(pair)).map(|(unit, _)| unit).collect();
        for unit in wrong.iter().take(LISTED) {
            let (from, to) = (unit * UNIT, (unit + 1) * UNIT);
            self.found.faults.push(format!("bytes {from} to {to} are not those of the manifest"));
        }
        let (listed, there) = (manifest.image.units.len() as u64, disk.len().div_ceil(UNIT));
        if listed != there {
            let text = format!("the disk has {there} MiB; its manifest has digests of {listed}");
            self.found.faults.push(text);
        } else if wrong.is_empty() {
            let plan = manifest.plan.get(..12).unwrap_or(&manifest.plan);
            self.found.proofs.push(format!("every byte is that of the manifest (plan {plan})"));
        }
        self.progress.finish(Stage::Verify);
        Ok(())
    }

    fn failed(&self, error: Error) -> Problem {
        if self.stop.raised() {
            Problem::interrupted()
        } else {
            Problem::reading(&self.name, error)
        }
    }

    /// Compares every file, as the volume's own catalog leads to it.
    fn files(&mut self, manifest: &Manifest, disk: &Source) -> Result<()> {
        let (at, len) = (manifest.image.volume_at, manifest.image.volume_bytes);
        if manifest.files.is_empty() {
            return Ok(());
        }
        let open = || Volume::open(slice(disk, at, len)?)?.tree();
        let tree = match open() {
            Ok(tree) => tree,
            Err(error) => {
                self.found.faults.push(format!("the volume cannot be read: {error}"));
                return Ok(());
            }
        };
        let total = manifest.files.iter().filter_map(|file| file.bytes).sum();
        self.progress.start(Stage::Verify, &format!("{}, its files", self.name), total);
        let there: Vec<_> = Paths::new(&tree).collect();
        let (is, listed) = (there.len(), manifest.files.len());
        if is != listed {
            self.found
                .faults
                .push(format!("the volume has {is} names; its manifest lists {listed}"));
        }
        let faults = self.compare(manifest, &tree, there)?;
        if faults.is_empty() && is == listed {
            self.found.proofs.push(format!("all {is} names have what the manifest lists"));
        }
        self.found.faults.extend(faults.into_iter().take(LISTED));
        self.progress.finish(Stage::Verify);
        Ok(())
    }

    /// Both lists are in the order of a walk, which is that of the names.
    fn compare(
        &self,
        manifest: &Manifest,
        tree: &Tree,
        there: Vec<(NodeId, String)>,
    ) -> Result<Vec<String>> {
        let mut pairs: Vec<_> = manifest.files.iter().zip(there).collect();
        // In stored order, so that a compressed image is decoded once.
        pairs.sort_by_cached_key(|(_, (id, _))| origin(tree, *id));
        let (next, faults) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
        let error = Mutex::new(None);
        std::thread::scope(|scope| {
            for _ in 0..self.threads {
                scope.spawn(|| {
                    while let Some((file, is)) = pairs.get(next.fetch_add(1, Ordering::Relaxed)) {
                        match self.same(tree, file, is) {
                            Ok(None) => {}
                            Ok(Some(fault)) => drop(lock(&faults).insert(file.path.clone(), fault)),
                            Err(found) => drop(lock(&error).get_or_insert(found)),
                        }
                        if self.stop.raised() {
                            return;
                        }
                    }
                });
            }
        });
        if let Some(error) = lock(&error).take() {
            return Err(self.failed(error));
        }
        let faults = std::mem::take(&mut *lock(&faults));
        Ok(faults.into_iter().map(|(path, fault)| format!("{path}: {fault}")).collect())
    }

    /// What is wrong with a file, if anything is.
    fn same(
        &self,
        tree: &Tree,
        file: &Listed,
        (id, path): &(NodeId, String),
    ) -> Result<Option<String>, Error> {
        let id = *id;
        if **path != *file.path {
            return Ok(Some(format!("in its place there is {path}")));
        }
        let is = describe(tree, id, path.clone());
        if (is.kind, is.mode, is.owner, is.group) != (file.kind, file.mode, file.owner, file.group)
        {
            return Ok(Some("its kind, mode or owner is another".to_owned()));
        }
        let node = tree.node(tree.target(id));
        let digest = |source: &Source| -> Result<ForkDigest, Error> {
            let tell = |bytes| self.progress.add(Stage::Verify, bytes);
            Ok(ForkDigest(hash::fork(source.as_ref(), &tell, self.stop)?))
        };
        if let Body::File { data, rsrc } = &node.body {
            if Some(digest(data)?) != file.blake3 {
                return Ok(Some("its contents are others".to_owned()));
            }
            let rsrc = rsrc.as_ref().filter(|rsrc| rsrc.len() > 0);
            if rsrc.map(&digest).transpose()? != file.rsrc_blake3 {
                return Ok(Some("its resource fork is another".to_owned()));
            }
        }
        let xattrs = node.xattrs.iter().map(|x| Ok((x.name.to_string(), digest(&x.value)?)));
        let xattrs: BTreeMap<_, _> = xattrs.collect::<Result<_, Error>>()?;
        Ok((xattrs != file.xattrs).then(|| "its extended attributes are others".to_owned()))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // What a thread that panicked left is whole: single inserts.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn origin(tree: &Tree, id: NodeId) -> Option<Origin> {
    match &tree.node(tree.target(id)).body {
        Body::File { data, .. } => data.origin(0),
        _ => None,
    }
}
