//! What is told of packages and chunk lists: what they are, and who signed them.

use crate::block::{Error, Result, Source, read_vec};
use crate::cli::inspect::facts::{Chunks, Component, Facts, LayerTold, Product, SignerTold, Trust};
use crate::engine::{Event, Sink, Stage};
use crate::format::chunklist::{Chunklist, Signed};
use crate::format::distribution::{Distribution, OsVersion};
use crate::format::pkginfo::PackageInfo;
use crate::format::xar::{Archive, Basis};
use crate::source::trust::{Anchors, Claims, Publisher, Signer, Verdict, judge};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Component packages that are told of one by one.
const MOST_COMPONENTS: usize = 200;
/// A longer description is not read.
const MOST_BYTES: u64 = 16 << 20;

/// Tells of a xar archive; what is broken becomes a fault.
pub(super) fn archive(
    source: &Source,
    checks: Option<usize>,
    sink: &mut dyn Sink,
    facts: &mut Facts,
) -> Result<()> {
    let Ok(archive) = Archive::open(Arc::clone(source)) else {
        // Entering it has told why.
        return Ok(());
    };
    descriptions(&archive, facts);
    let Some(threads) = checks else { return Ok(()) };
    let anchors = Anchors::apple()?;
    let claims = Claims { now: now(), threads, ..Claims::new(&anchors) };
    let stage = Stage::Verify;
    let total = archive.verify_len();
    sink.send(Event::Started { stage, what: "checksums".into(), total });
    let progress = Mutex::new((&mut *sink, 0));
    let verdict = judge(source, &claims, &|bytes| {
        let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.1 += bytes;
        let done = progress.1;
        progress.0.send(Event::Advanced { stage, done });
    });
    sink.send(Event::Finished { stage });
    let verdict = verdict?;
    if let Some(why) = verdict.contradiction() {
        facts.faults.push(why.into());
    }
    facts.trust = Some(trust(&verdict));
    Ok(())
}

fn now() -> Option<i64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
}

/// Reads `Distribution` and every `PackageInfo`.
fn descriptions(archive: &Archive, facts: &mut Facts) {
    let mut broken = Vec::new();
    for (index, entry) in archive.entries().iter().enumerate() {
        let at_top = entry.parent.is_none();
        if entry.is_dir() {
            continue;
        }
        let outcome = match entry.name.as_ref() {
            "Distribution" if at_top => text(archive, index)
                .and_then(|text| Distribution::parse(&text))
                .map(|found| facts.product = Some(product(&found))),
            "PackageInfo" if facts.components.len() < MOST_COMPONENTS => text(archive, index)
                .and_then(|text| PackageInfo::parse(&text))
                .map(|found| facts.components.push(component(archive, index, found))),
            _ => continue,
        };
        if let Err(error) = outcome {
            broken.push(error.in_file(&archive.path(index)).to_string());
        }
    }
    facts.faults.extend(broken);
}

fn text(archive: &Archive, index: usize) -> Result<Vec<u8>> {
    let size = archive.entries()[index].size();
    let len = usize::try_from(size).ok().filter(|_| size <= MOST_BYTES);
    let len = len.ok_or_else(|| {
        Error::corrupt("package description", "size", size, "over the limit of 16 MiB")
    })?;
    Ok(read_vec(archive.contents(index)?.as_ref(), 0, len)?)
}

fn product(found: &Distribution) -> Product {
    let (id, version) = found.product.clone().unwrap_or_default();
    let range = |allowed: &OsVersion| match (&allowed.min, &allowed.before) {
        (Some(min), Some(before)) => format!("from {min}, before {before}"),
        (Some(min), None) => format!("from {min}"),
        (None, Some(before)) => format!("before {before}"),
        (None, None) => "any".into(),
    };
    Product {
        title: found.title.clone(),
        id,
        version,
        systems: found.allowed.iter().map(range).collect(),
        choices: found.choices.len(),
        packages: found.packages.len(),
        volume_check: found.volume_check,
        installation_check: found.installation_check,
    }
}

fn component(archive: &Archive, index: usize, found: PackageInfo) -> Component {
    let path = archive.path(index);
    Component {
        path: path.rsplit_once('/').map_or_else(String::new, |(folder, _)| folder.into()),
        identifier: found.identifier,
        version: found.version,
        location: found.location,
        files: found.files,
        kib: found.kib,
        scripts: found.scripts.into_iter().map(|script| script.when).collect(),
    }
}

fn trust(verdict: &Verdict) -> Trust {
    let layers = verdict.layers.iter().map(|layer| LayerTold {
        layer: layer.kind.name(),
        state: layer.state.name(),
        text: layer.text.clone(),
    });
    Trust {
        answer: verdict.answer(),
        proven: verdict.is_proven(),
        level: verdict.level().name(),
        signers: verdict.signers.iter().map(signer).collect(),
        layers: layers.collect(),
    }
}

fn signer(signer: &Signer) -> SignerTold {
    let (publisher, own) = match &signer.publisher {
        Publisher::Owner(owner) => (owner, true),
        Publisher::CertifiedBy(owner) => (owner, false),
    };
    SignerTold {
        style: signer.style.clone(),
        chain: signer.chain.clone(),
        root_of: publisher.clone(),
        own_software: own,
        signed: signer.at,
        time: match &signer.basis {
            Basis::Timestamp(by) => format!("proven by a timestamp of \"{by}\""),
            Basis::Claimed => "claimed".into(),
            Basis::Unstated => "not stated".into(),
        },
        valid_from: signer.window.map(|(from, _)| from),
        valid_until: signer.window.map(|(_, until)| until),
        expired: signer.expired,
    }
}

/// Tells of a chunk list.
pub(super) fn chunklist(source: &Source, facts: &mut Facts) -> Result<()> {
    let len = usize::try_from(source.len().min(MOST_BYTES)).unwrap_or(0);
    let list = match Chunklist::parse(&read_vec(source.as_ref(), 0, len)?) {
        Ok(list) => list,
        Err(error @ Error::Io(_)) => return Err(error),
        Err(error) => {
            facts.fault("", &error);
            return Ok(());
        }
    };
    let anchors = Anchors::apple()?;
    let signature = match list.verify_signature(&anchors.moduli()) {
        // Only Apple's are known here.
        Ok(Signed::ByKey(_)) => "signed with Apple's key for recovery images".to_owned(),
        Ok(Signed::DigestOnly) => "signed by nobody, with a right digest".into(),
        Err(why) => {
            facts.faults.push(why.to_string());
            format!("refused: {why}")
        }
    };
    facts.chunklist =
        Some(Chunks { chunks: list.chunks.len(), image_bytes: list.image_len(), signature });
    Ok(())
}
