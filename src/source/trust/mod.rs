//! What proves that an input is what it is said to be, in layers.
//!
//! A digest on record, the checksums inside, the signature and the chunk list
//! each say something of their own; [`judge`] looks at all of them and gives
//! one answer. Only three things prove: a digest that we or the user pinned, a
//! signature that leads to an anchor's own software, and a signed chunk list.
//! What the signer says of the time is a claim and told as one.
//!
//! Not supported: revocation lists. Whose roots are trusted is a parameter.

mod anchors;
mod digests;
mod layer;
mod package;
#[cfg(test)]
mod tests;

pub use anchors::{Anchor, Anchors, ListKey};
pub use digests::Digests;
pub use layer::{Kind, Layer, State};
pub use package::{Publisher, Signer};

use crate::block::{Error, Result, Source, read_vec};
use crate::format::chunklist::{Chunklist, Signed};
use crate::format::detect::{self, Format};
use crate::format::udif;
use crate::source::trust::digests::Wanted;

/// The longest chunk list that is read.
const MAX_CHUNKLIST: u64 = 4 << 20;

/// What was promised of an input, and whom to believe.
#[derive(Clone)]
pub struct Claims<'a> {
    /// Its bytes.
    pub size: Option<u64>,
    /// Digests of which it should have one.
    pub sha256: Vec<[u8; 32]>,
    /// The same, where only SHA-1 is known.
    pub sha1: Vec<[u8; 20]>,
    /// Whether another digest contradicts (a lock file's), or is only one more
    /// (what is on record of a release).
    pub pinned: bool,
    /// A catalog's `Digest`, of which nobody knows what it covers.
    pub catalog_digest: Option<[u8; 20]>,
    /// Its digests, where they were made already.
    pub digests: Digests,
    /// The chunk list that came with it.
    pub chunklist: Option<Source>,
    /// Whose signatures prove something.
    pub anchors: &'a Anchors,
    /// The present, in seconds since 1970, to say what is expired.
    pub now: Option<i64>,
    /// How many threads decode a disk image.
    pub threads: usize,
}

impl<'a> Claims<'a> {
    /// No promise at all.
    #[must_use]
    pub fn new(anchors: &'a Anchors) -> Self {
        Self {
            size: None,
            sha256: Vec::new(),
            sha1: Vec::new(),
            pinned: false,
            catalog_digest: None,
            digests: Digests::default(),
            chunklist: None,
            anchors,
            now: None,
            threads: 1,
        }
    }
}

/// What a recipe can demand of an input. Each level includes those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing; what contradicts is refused all the same.
    #[default]
    None,
    /// Right checksums of all of it, which tell accidents, or more.
    Checksum,
    /// A digest on record, or more.
    Digest,
    /// A signature that leads to an anchor.
    Signature,
}

impl Level {
    /// All of them, with their names in recipes.
    pub const ALL: [(&'static str, Self); 4] = [
        ("none", Self::None),
        ("checksum", Self::Checksum),
        ("digest", Self::Digest),
        ("signature", Self::Signature),
    ];

    /// The level of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, level)| level)
    }

    /// Its name in recipes.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }
}

/// The one answer, and what it is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What each layer says.
    pub layers: Vec<Layer>,
    /// Who signed it, one for each signature that is not refused.
    pub signers: Vec<Signer>,
}

impl Verdict {
    fn add(&mut self, kind: Kind, state: State, text: impl Into<String>) {
        self.layers.push(Layer { kind, state, text: text.into() });
    }

    fn in_state(&self, state: State) -> impl Iterator<Item = &Layer> {
        self.layers.iter().filter(move |layer| layer.state == state)
    }

    /// Whether something says that it is not what was promised, and what.
    #[must_use]
    pub fn contradiction(&self) -> Option<&str> {
        self.in_state(State::Contradicts).map(|layer| layer.text.as_str()).next()
    }

    /// The highest level that it reaches; none where something contradicts.
    #[must_use]
    pub fn level(&self) -> Level {
        if self.contradiction().is_some() {
            return Level::None;
        }
        let held = self.in_state(State::Proves).chain(self.in_state(State::Holds));
        held.map(|layer| layer.kind.level()).max().unwrap_or_default()
    }

    /// Whether it is what it is said to be.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.contradiction().is_none() && self.in_state(State::Proves).next().is_some()
    }

    /// `proven by ...`, `not proven: ...` or `refuted: ...`.
    #[must_use]
    pub fn answer(&self) -> String {
        if let Some(why) = self.contradiction() {
            return format!("refuted: {why}");
        }
        let texts = |state| self.in_state(state).map(|layer| layer.text.as_str());
        let proofs: Vec<_> = texts(State::Proves).collect();
        if !proofs.is_empty() {
            return format!("proven by {}", proofs.join("; and by "));
        }
        let gaps: Vec<_> = texts(State::Unproven).collect();
        if gaps.is_empty() {
            return "not proven: no digest of it is on record, and nobody signed it".into();
        }
        format!("not proven: {}", gaps.join("; "))
    }
}

/// Looks at all that can prove or refute an input; `progress` is told of bytes.
///
/// # Errors
/// What reading reports. What is wrong with the bytes is part of the verdict.
pub fn judge(
    source: &Source,
    claims: &Claims<'_>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    if let Some(size) = claims.size {
        judge_size(source.len(), size, &mut verdict);
        if verdict.contradiction().is_some() {
            return Ok(verdict);
        }
    }
    let wanted = Wanted {
        sha256: !claims.sha256.is_empty(),
        sha1: !claims.sha1.is_empty() || claims.catalog_digest.is_some(),
    };
    let digests = claims.digests.complete(source, wanted, progress)?;
    judge_digests(&digests, claims, &mut verdict);
    if let Some(list) = &claims.chunklist {
        judge_chunklist(source, list, claims.anchors, progress, &mut verdict)?;
    }
    let found = detect::look(source.as_ref())?.map(|found| found.format);
    let judged = match found {
        Some(Format::Xar) => package::judge(source, claims, &digests, progress, &mut verdict),
        Some(Format::Udif) => judge_image(source, claims.threads, progress, &mut verdict),
        _ => Ok(()),
    };
    refuted(judged, Kind::Contents, &mut verdict)?;
    Ok(verdict)
}

/// Takes what is wrong with the bytes into the verdict; other errors stay errors.
fn refuted(judged: Result<()>, kind: Kind, verdict: &mut Verdict) -> Result<()> {
    match judged {
        Err(error @ Error::Corrupt(_)) => verdict.add(kind, State::Contradicts, error.to_string()),
        Err(error @ Error::Unsupported(_)) => verdict.add(kind, State::Unproven, error.to_string()),
        other => return other,
    }
    Ok(())
}

fn judge_size(len: u64, promised: u64, verdict: &mut Verdict) {
    if len == promised {
        verdict.add(Kind::Size, State::Noted, "its size is the one that was promised");
    } else {
        let text = format!("it has {len} bytes, and {promised} were promised");
        verdict.add(Kind::Size, State::Contradicts, text);
    }
}

fn judge_digests(digests: &Digests, claims: &Claims<'_>, verdict: &mut Verdict) {
    let sha256 = digests.sha256.is_some_and(|made| claims.sha256.contains(&made));
    let sha1 = digests.sha1.is_some_and(|made| claims.sha1.contains(&made));
    let whose = if claims.pinned { "that is demanded" } else { "that is on record" };
    if sha256 || sha1 {
        let name = if sha256 { "SHA-256" } else { "SHA-1" };
        verdict.add(Kind::Digest, State::Proves, format!("the {name} {whose}"));
    } else if !claims.sha256.is_empty() || !claims.sha1.is_empty() {
        let made = digests.text().unwrap_or_default();
        let text = format!("its digest is {made}, and not one {whose}");
        let state = if claims.pinned { State::Contradicts } else { State::Unproven };
        verdict.add(Kind::Digest, state, text);
    }
}

fn judge_chunklist(
    source: &Source,
    list: &Source,
    anchors: &Anchors,
    progress: &(dyn Fn(u64) + Sync),
    verdict: &mut Verdict,
) -> Result<()> {
    let len = usize::try_from(list.len().min(MAX_CHUNKLIST)).unwrap_or(0);
    let data = read_vec(list.as_ref(), 0, len)?;
    let judged = Chunklist::parse(&data).and_then(|list| {
        list.verify(source.as_ref(), progress)?;
        Ok(list)
    });
    let list = match judged {
        Ok(list) => list,
        Err(error) => return refuted(Err(error), Kind::Chunklist, verdict),
    };
    verdict.add(Kind::Chunks, State::Holds, "every chunk has the digest that is listed");
    match list.verify_signature(&anchors.moduli()) {
        Ok(Signed::ByKey(number)) => {
            // The number is that of one of these keys.
            let owner = anchors.chunklist_keys.get(number).map_or("nobody", |key| &key.owner);
            let text = format!("the chunk list that {owner} signed");
            verdict.add(Kind::Chunklist, State::Proves, text);
        }
        Ok(Signed::DigestOnly) => {
            verdict.add(Kind::Chunklist, State::Unproven, "nobody signed its chunk list");
        }
        Err(why) => verdict.add(Kind::Chunklist, State::Contradicts, why.to_string()),
    }
    Ok(())
}

/// The checksums inside a disk image.
fn judge_image(
    source: &Source,
    threads: usize,
    progress: &(dyn Fn(u64) + Sync),
    verdict: &mut Verdict,
) -> Result<()> {
    let image = udif::Image::open(std::sync::Arc::clone(source))?;
    let checks = image.verify(threads, progress)?;
    let passed = |check: &udif::Check| *check == udif::Check::Passed;
    let parts = !checks.partitions.is_empty() && checks.partitions.iter().all(passed);
    if parts || passed(&checks.master) {
        verdict.add(Kind::Contents, State::Holds, "every checksum of the disk image is right");
    } else {
        let text = "the disk image has no checksum of all that is in it";
        verdict.add(Kind::Contents, State::Unproven, text);
    }
    Ok(())
}
