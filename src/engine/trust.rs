//! What proves an input, and what a recipe demands.
//!
//! Judged are packages from catalogs, and files of which a recipe demands
//! something. An installer's image is proven otherwise: its checksums while
//! it is read, and its digest by the list of known ones.

use crate::block::Source;
use crate::engine::events::{Event, Stage};
use crate::engine::hash::unhex;
use crate::engine::inputs::Input;
use crate::engine::problem::{Problem, ProblemKind, Result};
use crate::engine::progress::Progress;
use crate::engine::request::Supplies;
use crate::engine::supply::Fetched;
use crate::recipe::{self, Demand, InputKind};
use crate::source::trust::{Anchors, Claims, Digests, Kind, Level, State, Verdict, judge};
use std::time::{SystemTime, UNIX_EPOCH};

/// Who judges: whose signatures count, and what day it is.
pub(super) struct Judge {
    anchors: Anchors,
    now: Option<i64>,
    threads: usize,
}

impl Judge {
    /// Apple's roots, and those that the caller trusts besides.
    pub(super) fn new(supplies: &Supplies, date: Option<u64>, threads: usize) -> Result<Self> {
        let apple = Anchors::apple();
        let apple = apple.map_err(|error| Problem::ours("our own roots are broken").because(error));
        let system = || SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|at| at.as_secs());
        let now = date.or_else(system).and_then(|seconds| i64::try_from(seconds).ok());
        let anchors = apple?.with(supplies.anchors.clone());
        Ok(Self { anchors, now, threads })
    }

    /// Judges an input that was opened, if that is wanted; refuses what
    /// contradicts, and what is not proven as the recipe demands.
    pub(super) fn check(
        &self,
        wanted: &recipe::Input,
        input: &Input,
        progress: &Progress<'_>,
    ) -> Result<Option<Verdict>> {
        let demanded = !matches!(wanted.trust, None | Some(Demand::None));
        if wanted.kind != InputKind::Catalog && !demanded {
            return Ok(None);
        }
        let whole = input.whole()?;
        if whole.is_folder() {
            return refuse(input, wanted.trust, "a folder has neither digest nor signature");
        }
        let fail = |error| Problem::reading(input.describe(), error);
        let source = whole.contents().map_err(fail)?;
        let verdict = self.judge(&source, input.fetched.as_ref(), progress).map_err(fail)?;
        if let Some(why) = verdict.contradiction() {
            return Err(wrong(input, "is not what it should be").because(why));
        }
        if verdict.level() < level(wanted.trust) {
            return refuse(input, wanted.trust, &verdict.answer());
        }
        if !verdict.is_proven() {
            let text = format!("{}: {}", input.describe(), verdict.answer());
            progress.send(Event::Warned { text });
        }
        Ok(Some(verdict))
    }

    /// When the signers of a package were valid, if that is over.
    pub(super) fn expired(&self, source: &Source) -> Option<(i64, i64)> {
        let mut claims = Claims::new(&self.anchors);
        (claims.now, claims.threads) = (self.now, self.threads);
        let verdict = judge(source, &claims, &|_| {}).ok()?;
        let signer = verdict.signers.iter().find(|signer| signer.expired == Some(true))?;
        signer.window
    }

    fn judge(
        &self,
        source: &Source,
        fetched: Option<&Fetched>,
        progress: &Progress<'_>,
    ) -> Result<Verdict, crate::block::Error> {
        let mut claims = Claims::new(&self.anchors);
        (claims.now, claims.threads) = (self.now, self.threads);
        if let Some(Fetched { pin, stored, .. }) = fetched {
            claims.size = Some(pin.size);
            claims.digests = Digests { sha256: Some(stored.sha256), sha1: None };
            claims.sha256 = pin.sha256.as_deref().and_then(unhex).into_iter().collect();
            claims.pinned = true;
            claims.catalog_digest = pin.digest.as_deref().and_then(sha1);
        }
        judge(source, &claims, &|bytes| progress.add(Stage::Read, bytes))
    }
}

/// What is told of a verdict, besides its answer: what holds without proving,
/// and what decides nothing.
pub(super) fn remarks(verdict: &Verdict) -> impl Iterator<Item = &str> {
    let told = |kind: Kind| matches!(kind, Kind::Signature | Kind::CatalogDigest);
    let layers = verdict.layers.iter();
    layers
        .filter(move |layer| layer.state == State::Noted && told(layer.kind))
        .map(|layer| layer.text.as_str())
}

fn wrong(input: &Input, how: &str) -> Problem {
    Problem::new(ProblemKind::Verification, format!("{} {how}", input.describe()))
}

fn refuse(input: &Input, demand: Option<Demand>, why: &str) -> Result<Option<Verdict>> {
    let wants = demand.map_or("none", Demand::word);
    Err(wrong(input, "is not proven")
        .because(why)
        .because(format!("the recipe demands `trust = \"{wants}\"`")))
}

const fn level(demand: Option<Demand>) -> Level {
    match demand {
        None | Some(Demand::None) => Level::None,
        Some(Demand::Checksum) => Level::Checksum,
        Some(Demand::Digest) => Level::Digest,
        Some(Demand::Signature) => Level::Signature,
    }
}

/// The bytes that 40 hex digits stand for.
fn sha1(text: &str) -> Option<[u8; 20]> {
    let padded = unhex(&format!("{text:0<64}"))?;
    (text.len() == 40).then_some(())?;
    padded.first_chunk().copied()
}
