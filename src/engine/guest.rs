//! A second opinion on a volume: the Linux kernel's own HFS+ driver, in a guest.
//!
//! The guest digests by SHA-256, the manifest has BLAKE3. So each file is read
//! here once for both: what the guest and we read alike is the manifest's when
//! ours is.

use crate::block::Error;
use crate::engine::build::manifest_path;
use crate::engine::events::{Sink, Stage, Stop};
use crate::engine::hash;
use crate::engine::listed::{ForkDigest, Listed};
use crate::engine::manifest::{Manifest, Paths};
use crate::engine::problem::{Problem, Result};
use crate::engine::progress::Progress;
use crate::source::Opener;
use crate::vm::guest::{Guest, Parts, Said, Seen};
use crate::vm::{self, Accel, Firmware, Host, Wish};
use crate::volume::{Body, Kind, Meta, NodeId, Tree};
use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::Duration;

/// The most disagreements that are listed.
const LISTED: usize = 20;
/// Folders and files that the format keeps for itself; our reader leaves them out.
const HIDDEN: [&str; 4] = [
    "/\u{2400}\u{2400}\u{2400}\u{2400}HFS+ Private Data",
    "/.HFS+ Private Directory Data\r",
    "/.journal",
    "/.journal_info_block",
];

/// How to ask.
#[derive(Clone, Debug)]
pub struct GuestOptions {
    /// What the guest is made of.
    pub parts: Parts,
    /// What runs its processor.
    pub wish: Wish,
    /// How long it may take.
    pub limit: Duration,
    /// Where programs are.
    pub host: Host,
}

/// What both readers said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The guest's kernel: its package.
    pub kernel: String,
    /// What ran its processor.
    pub accel: Accel,
    /// Names that were compared.
    pub names: u64,
    /// Files whose bytes were compared, and how many bytes.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What was proven, one line each.
    pub proofs: Vec<String>,
    /// What could not be, one line each.
    pub unproven: Vec<String>,
    /// Where they disagree, one line each.
    pub faults: Vec<String>,
}

/// Lets the kernel's driver read an image's volume, and compares.
///
/// # Errors
/// A [`Problem`] when there is no guest or it gave no answer; disagreements
/// are in the answer.
pub fn guest(
    image: &Path,
    options: &GuestOptions,
    sink: &mut dyn Sink,
    stop: &Stop,
) -> Result<Compared> {
    let progress = Progress::new(sink);
    progress.start(Stage::Read, &image.display().to_string(), 0);
    let opener = Opener::new();
    let open = || opener.enter(&opener.resolve(image)?)?.volume();
    let fail = |error: Error| Problem::reading(image.display(), error);
    let volume = open().map_err(fail)?;
    let tree = volume.tree().map_err(fail)?;
    let manifest = listed(&manifest_path(image))?;
    progress.finish(Stage::Read);

    let flag = stop.flag();
    let guest = Guest::find(&options.host, &options.parts)?;
    let (accel, note) = accel(options, stop)?;
    if let Some(note) = note {
        progress.warn(note);
    }
    progress.start(Stage::Verify, &format!("what {} reads", guest.kernel()), 0);
    let said = guest.read(volume.source().clone(), accel, options.limit, &flag)?;
    progress.finish(Stage::Verify);

    let total = tree.ids().map(|id| data_len(&tree, id)).sum();
    progress.start(Stage::Verify, "what we read", total);
    let mut comparison = Comparison {
        tree: &tree,
        manifest: &manifest,
        progress: &progress,
        stop,
        odd: 0,
        linked: Vec::new(),
        found: Compared {
            kernel: guest.kernel().to_owned(),
            accel,
            names: 0,
            files: 0,
            bytes: 0,
            proofs: Vec::new(),
            unproven: Vec::new(),
            faults: Vec::new(),
        },
    };
    comparison.all(said).map_err(|error| match stop.raised() {
        true => Problem::interrupted(),
        false => fail(error),
    })?;
    progress.finish(Stage::Verify);
    Ok(comparison.found)
}

/// A trial for KVM needs firmware; without one there is none.
fn accel(options: &GuestOptions, stop: &Stop) -> Result<(Accel, Option<String>)> {
    let folder =
        tempfile::tempdir().map_err(|error| Problem::writing(&std::env::temp_dir(), &error))?;
    match Firmware::find(&options.host) {
        Ok(firmware) => Ok(vm::choose(options.wish, &firmware, folder.path(), &stop.flag())?),
        Err(failure) if options.wish == Wish::Kvm => Err(failure.into()),
        Err(_) => Ok((Accel::Tcg, None)),
    }
}

/// What a manifest lists, by path; nothing without one.
fn listed(path: &Path) -> Result<Option<HashMap<Box<str>, Listed>>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        file => file,
    };
    let read =
        || -> std::io::Result<Manifest> { Ok(serde_json::from_reader(BufReader::new(file?))?) };
    let manifest = read().map_err(|error| {
        let sentence = format!("cannot read the manifest {}", path.display());
        Problem::bad_input(sentence).because(error)
    })?;
    let files = manifest.files.into_iter().map(|file| (file.path.clone(), file));
    Ok(Some(files.collect()))
}

fn data_len(tree: &Tree, id: NodeId) -> u64 {
    match &tree.node(id).body {
        Body::File { data, .. } => data.len(),
        _ => 0,
    }
}

struct Comparison<'c, 's> {
    tree: &'c Tree,
    manifest: &'c Option<HashMap<Box<str>, Listed>>,
    progress: &'c Progress<'s>,
    stop: &'c Stop,
    /// Names that the driver cannot spell.
    odd: u64,
    /// Links to folders, which the driver does not know.
    linked: Vec<String>,
    found: Compared,
}

impl Comparison<'_, '_> {
    fn all(&mut self, mut said: Said) -> crate::block::Result<()> {
        if let Some(why) = said.refused.take() {
            self.found.faults.push(format!("the driver does not take the volume: {why}"));
            return Ok(());
        }
        for (id, path) in Paths::new(self.tree) {
            if self.is_below_a_link(&path) {
                continue;
            }
            let key = spelled(&path);
            let seen = said.seen.remove(&key);
            if self.tree.target(id) != id && self.tree.is_dir(id) {
                self.linked.push(path);
                continue;
            }
            if path.chars().any(|c| c > '\u{ffff}' || c == '\u{fffd}') {
                self.odd += 1;
                continue;
            }
            let fault = match seen {
                Some(seen) => self.one(self.tree.target(id), &path, &seen)?,
                None => Some("the driver does not see it".to_owned()),
            };
            self.found.names += 1;
            if let Some(fault) = fault {
                self.fault(&path, &fault);
            }
        }
        let hidden = |path: &str| {
            let below = |rest: &str| rest.is_empty() || rest.starts_with('/');
            let is_own = HIDDEN.iter().any(|at| path.strip_prefix(at).is_some_and(below));
            is_own || path.contains('?')
        };
        for path in said.seen.keys().filter(|path| !hidden(path)) {
            if !self.is_below_a_link(path) {
                self.fault(path, "the driver sees it, and our reader does not");
            }
        }
        self.conclude();
        Ok(())
    }

    fn is_below_a_link(&self, path: &str) -> bool {
        let below = |link: &String| path.strip_prefix(link.as_str());
        self.linked.iter().filter_map(below).any(|rest| rest.starts_with('/'))
    }

    fn fault(&mut self, path: &str, fault: &str) {
        if self.found.faults.len() < LISTED {
            self.found.faults.push(format!("{path}: {fault}"));
        }
    }

    /// What is wrong with one name, if anything is.
    fn one(&mut self, id: NodeId, path: &str, seen: &Seen) -> crate::block::Result<Option<String>> {
        let node = self.tree.node(id);
        if let Some(fault) = about(&node.meta, seen) {
            return Ok(Some(fault));
        }
        let Body::File { data, .. } = &node.body else { return Ok(None) };
        match node.meta.kind() {
            Kind::File => {}
            Kind::Symlink => {
                let len = usize::try_from(data.len().min(4096)).unwrap_or(0);
                let target = crate::block::read_vec(data.as_ref(), 0, len)?;
                let target = String::from_utf8_lossy(&target).into_owned();
                let same = seen.link.as_ref() == Some(&target);
                return Ok(
                    (!same).then(|| format!("it leads to {target}, and elsewhere for the driver"))
                );
            }
            _ => return Ok(None),
        }
        if seen.size != data.len() {
            let (is, ours) = (seen.size, data.len());
            return Ok(Some(format!("the driver sees {is} bytes, and we see {ours}")));
        }
        let tell = |bytes| self.progress.add(Stage::Verify, bytes);
        let (sha256, blake3) = hash::both(data.as_ref(), &tell, self.stop)?;
        self.found.files += 1;
        self.found.bytes += data.len();
        if seen.sha256.as_ref() != Some(&hash::hex(sha256)) {
            return Ok(Some("the driver reads other bytes than we do".to_owned()));
        }
        let Some(manifest) = self.manifest else { return Ok(None) };
        Ok(match manifest.get(path) {
            None => Some("the manifest does not list it".to_owned()),
            Some(listed) if listed.blake3 == Some(ForkDigest(blake3)) => None,
            Some(_) => Some("both read other bytes than the manifest has".to_owned()),
        })
    }

    fn conclude(&mut self) {
        let found = &mut self.found;
        if let Some(manifest) = self.manifest {
            let (listed, ours) = (manifest.len() as u64, Paths::new(self.tree).count() as u64);
            if listed != ours && found.faults.len() < LISTED {
                found
                    .faults
                    .push(format!("the volume has {ours} names; its manifest lists {listed}"));
            }
        }
        if found.faults.is_empty() {
            let (names, files, bytes) = (found.names, found.files, found.bytes);
            found.proofs.push(format!(
                "{} sees the same {names} names, modes, owners and sizes as we do",
                found.kernel
            ));
            found.proofs.push(format!(
                "it reads the same bytes in {files} files ({bytes} bytes), by SHA-256"
            ));
            if self.manifest.is_some() {
                found.proofs.push("they are those of the manifest, by BLAKE3".to_owned());
            }
        }
        if self.manifest.is_none() {
            found.unproven.push("there is no manifest beside it".to_owned());
        }
        found
            .unproven
            .push("the driver was not asked for resource forks and attributes".to_owned());
        if self.odd > 0 {
            let text = format!("{} names have characters that the driver cannot spell", self.odd);
            found.unproven.push(text);
        }
        if !self.linked.is_empty() {
            let text =
                format!("{} links to folders, which the driver does not know", self.linked.len());
            found.unproven.push(text);
        }
    }
}

/// What the driver shows for NUL.
fn spelled(path: &str) -> String {
    path.replace('\0', "\u{2400}")
}

/// What the driver says otherwise of a mode or an owner.
fn about(meta: &Meta, seen: &Seen) -> Option<String> {
    // Without a mode, the driver makes one up.
    if meta.mode == 0 {
        return None;
    }
    if u32::from(meta.mode) != seen.mode {
        return Some(format!(
            "its mode is {:06o}, and {:06o} for the driver",
            meta.mode, seen.mode
        ));
    }
    let (ours, theirs) = ((meta.owner, meta.group), (seen.owner, seen.group));
    (ours != theirs).then(|| format!("its owner is {ours:?}, and {theirs:?} for the driver"))
}
