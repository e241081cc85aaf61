//! A flat package: its checksums, and who signed it.

use crate::block::{Result, Source};
use crate::format::certificate::{Refusal, date};
use crate::format::xar::{Archive, Basis, Check, Checks, Style, Verified};
use crate::source::trust::{Anchors, Claims, Digests, Kind, State, Verdict};
use std::sync::Arc;

/// Whose software it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Publisher {
    /// The anchor's owner's own, by name.
    Owner(String),
    /// Somebody's whom the owner certified.
    CertifiedBy(String),
}

/// Who signed a package, and when; the chain leads to an anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// `RSA` or `CMS`.
    pub style: String,
    /// The common names of the chain, the signer's first.
    pub chain: Vec<String>,
    /// Whose software it is.
    pub publisher: Publisher,
    /// When it was signed, in seconds since 1970.
    pub at: i64,
    /// How that is known.
    pub basis: Basis,
    /// From when to when all certificates are valid: what a Mac's clock must
    /// be set to. `None` when they never are at once.
    pub window: Option<(i64, i64)>,
    /// Whether that is over; `None` where nobody told the present.
    pub expired: Option<bool>,
}

/// Judges all that a package says of itself.
pub(super) fn judge(
    source: &Source,
    claims: &Claims<'_>,
    digests: &Digests,
    progress: &(dyn Fn(u64) + Sync),
    verdict: &mut Verdict,
) -> Result<()> {
    let archive = Archive::open(Arc::clone(source))?;
    judge_catalog_digest(&archive, claims, digests, verdict);
    match archive.toc_check() {
        Check::Passed(style) => {
            let text = format!("the table of contents has a right checksum ({})", style.name());
            verdict.add(Kind::Table, State::Holds, text);
        }
        Check::Absent => verdict.add(Kind::Table, State::Noted, "its table has no checksum"),
        Check::NotChecked(style) => {
            let text = format!("its table has a checksum that is not checked ({})", style.name());
            verdict.add(Kind::Table, State::Noted, text);
        }
    }
    let checks = archive.verify_all(progress)?;
    let whole = checks.absent == 0 && checks.not_checked == 0;
    verdict.add(
        Kind::Contents,
        if whole { State::Holds } else { State::Unproven },
        files_text(&checks),
    );
    judge_signatures(&archive, claims, whole, verdict)
}

fn files_text(checks: &Checks) -> String {
    let Checks { passed, absent, not_checked } = checks;
    match absent + not_checked {
        0 => format!("all {passed} files in it have right checksums"),
        others => format!("{others} of its files have no checksum that is checked"),
    }
}

fn judge_catalog_digest(
    archive: &Archive,
    claims: &Claims<'_>,
    digests: &Digests,
    verdict: &mut Verdict,
) {
    let Some(said) = claims.catalog_digest else { return };
    let table = archive.toc_checksum().filter(|sum| sum.style == Style::Sha1);
    let text = if digests.sha1 == Some(said) {
        "the catalog's digest is the file's SHA-1"
    } else if table.is_some_and(|sum| sum.value[..] == said) {
        "the catalog's digest is the SHA-1 of the table of contents"
    } else {
        "the catalog's digest is neither the file's SHA-1 nor its table's"
    };
    verdict.add(Kind::CatalogDigest, State::Noted, text);
}

fn judge_signatures(
    archive: &Archive,
    claims: &Claims<'_>,
    whole: bool,
    verdict: &mut Verdict,
) -> Result<()> {
    let roots = claims.anchors.certificates();
    let mut refusals = Vec::new();
    for signature in archive.signatures() {
        match archive.verify_signature(signature, &roots)? {
            Ok(verified) => {
                let signer = signer(&signature.style, &verified, claims.anchors, claims.now);
                tell(&signer, &verified, whole, verdict);
                verdict.signers.push(signer);
            }
            Err(why) => refusals.push((signature.style.clone(), why)),
        }
    }
    let proven = verdict.in_state(State::Proves).any(|layer| layer.kind == Kind::Signature);
    for (style, why) in refusals {
        // A signature that is not one of its key, or of another table: changed.
        let changed = matches!(why, Refusal::Signature { .. } | Refusal::Digest);
        let state = match (proven, changed) {
            (true, _) => State::Noted,
            (false, true) => State::Contradicts,
            (false, false) => State::Unproven,
        };
        verdict.add(Kind::Signature, state, format!("its {style} signature is refused: {why}"));
    }
    if archive.signatures().is_empty() {
        verdict.add(Kind::Signature, State::Unproven, "nobody signed it");
    }
    Ok(())
}

fn signer(style: &str, verified: &Verified, anchors: &Anchors, now: Option<i64>) -> Signer {
    let (owner, own) = anchors.owner(&verified.chain).unwrap_or_default();
    let window = verified.chain.window();
    let names = verified.chain.certificates.iter();
    Signer {
        style: style.into(),
        chain: names.map(|certificate| certificate.subject.common.clone()).collect(),
        publisher: match own {
            true => Publisher::Owner(owner.into()),
            false => Publisher::CertifiedBy(owner.into()),
        },
        at: verified.at,
        basis: verified.basis.clone(),
        window,
        expired: now.map(|now| window.is_none_or(|(_, until)| now > until)),
    }
}

/// Says what a signature proves.
fn tell(signer: &Signer, verified: &Verified, whole: bool, verdict: &mut Verdict) {
    let name = signer.chain.first().map_or("", String::as_str);
    let when = match &signer.basis {
        Basis::Timestamp(by) => format!(" on {} (a timestamp of \"{by}\")", date(signer.at)),
        Basis::Claimed => format!(" on {} (as it says; no proof)", date(signer.at)),
        Basis::Unstated => String::new(),
    };
    let (state, text) = match &signer.publisher {
        Publisher::Owner(owner) if whole => {
            (State::Proves, format!("{owner}'s signature: \"{name}\"{when}"))
        }
        Publisher::Owner(owner) => {
            let why = "covers no file without a checksum";
            (State::Unproven, format!("{owner}'s signature (\"{name}\"{when}) {why}"))
        }
        Publisher::CertifiedBy(owner) => {
            let text = format!("\"{name}\" signed it{when}, who is certified by {owner}");
            (State::Unproven, format!("{text}, but it is not {owner}'s own software"))
        }
    };
    verdict.add(Kind::Signature, state, text);
    if let Some(why) = &verified.bad_timestamp {
        let text = format!("its timestamp is refused: {why}");
        verdict.add(Kind::Signature, State::Noted, text);
    }
    if signer.expired != Some(false) {
        let text = match signer.window {
            Some((from, until)) => format!(
                "its signer's certificate {} {}: a Mac takes it when its clock is set \
                 between {} and then",
                if signer.expired == Some(true) { "ended on" } else { "ends on" },
                date(until),
                date(from)
            ),
            None => "its certificates are never valid at once".into(),
        };
        verdict.add(Kind::Signature, State::Noted, text);
    }
}
