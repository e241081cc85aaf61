//! `catalog fetch`.

use crate::block::{FileBytes, Source};
use crate::cli::Outcome;
use crate::cli::args::catalog::Fetch;
use crate::cli::catalog::open::open;
use crate::cli::catalog::place::{copy, is_same, package};
use crate::cli::names::escaped_text;
use crate::cli::network::{self, Watching};
use crate::cli::streams::{Streams, Style};
use crate::engine::{Problem, ProblemKind};
use crate::report::size;
use crate::source::catalog::{Package, Product};
use crate::source::http::{Client, Settings, Watch};
use crate::source::store::{Came, Download, Stored};
use crate::source::trust::{Anchors, Claims, Digests, Verdict, judge};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// A package, where it was put, where the store has it, what proves it.
type Fetched<'p> = (&'p Package, PathBuf, Stored, Verdict);

/// Fetches packages into the store, and puts copies where the user wants them.
pub(super) fn run(args: &Fetch, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let opened = open(&args.which, style, streams)?;
    let packages = chosen(opened.product(&args.id)?, &args.package)?;
    let store = network::store(&args.which.network)?;
    fs::create_dir_all(&args.to).map_err(|error| Problem::writing(&args.to, &error))?;
    let (stop, client) = (streams.stop.clone(), Client::new(Settings::default()));
    let watching = Watching::new(streams.sink(style), stop.clone());
    let mut files: Vec<Fetched<'_>> = Vec::new();
    for it in packages {
        watching.expect(it.name(), it.size);
        // Signed packages prove themselves, whatever way they came.
        let download = Download { signed: true, ..package(it, &store)? };
        let stored = store.fetch(&download, &client, &watching).map_err(Problem::from)?;
        watching.finish();
        let verdict = match judged(it, &stored, download.unproven) {
            Ok(verdict) => verdict,
            Err(problem) => {
                store.forget(&download, &stored).map_err(Problem::from)?;
                return Err(problem.into());
            }
        };
        if !verdict.is_proven() {
            watching.warned(&format!("{}: {}", it.name(), verdict.answer()));
        }
        let to = args.to.join(it.name());
        if !is_same(&to, &stored)? {
            copy(&stored.path, &to, &stop)?;
        }
        files.push((it, to, stored, verdict));
    }
    drop(watching);
    let text: String =
        files.iter().map(|(_, to, stored, verdict)| line(to, stored, verdict)).collect();
    let objects: Vec<_> = files.iter().map(object).collect();
    streams.told(style, &text, &json!({"result": "fetched", "product": args.id, "files": objects}))
}

/// What proves a file that was fetched; refused when something contradicts, or
/// when nobody proves what came without TLS.
fn judged(package: &Package, stored: &Stored, may_be_plain: bool) -> Result<Verdict, Problem> {
    let wrong = |how: &str, why: &str| refuted(package.name(), how, why);
    let anchors = Anchors::apple();
    let anchors =
        anchors.map_err(|error| Problem::ours("our own roots are broken").because(error))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    let claims = Claims {
        size: Some(package.size),
        digests: Digests { sha256: Some(stored.sha256), sha1: None },
        now: now.and_then(|now| i64::try_from(now.as_secs()).ok()),
        ..Claims::new(&anchors)
    };
    let failed = |error| Problem::reading(stored.path.display(), error);
    let source: Source = Arc::new(FileBytes::open(&stored.path).map_err(|e| failed(e.into()))?);
    let verdict = judge(&source, &claims, &|_| {}).map_err(failed)?;
    if let Some(why) = verdict.contradiction() {
        return Err(wrong("is not what it should be", why));
    }
    if !stored.secure && !may_be_plain && !verdict.is_proven() {
        return Err(wrong("came without TLS, and nothing proves it", &verdict.answer()));
    }
    Ok(verdict)
}

fn refuted(name: &str, how: &str, why: &str) -> Problem {
    Problem::new(ProblemKind::Verification, format!("{} {how}", escaped_text(name)))
        .because(why)
        .hint("do not use it: try another network, or a mirror of yours with --mirror")
}

/// The packages of these names, or all.
fn chosen<'p>(product: &'p Product, names: &[String]) -> Result<Vec<&'p Package>, Problem> {
    if names.is_empty() {
        return Ok(product.packages.iter().collect());
    }
    let find = |name: &String| {
        product.package(name).ok_or_else(|| {
            let has: Vec<_> = product.packages.iter().map(|it| escaped_text(it.name())).collect();
            let (id, name) = (escaped_text(&product.id), escaped_text(name));
            Problem::bad_input(format!("the product {id} has no package {name}"))
                .because(format!("it has {}", has.join(", ")))
                .near(name.as_str(), has.iter().map(String::as_str))
        })
    };
    names.iter().map(find).collect()
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn line(to: &Path, stored: &Stored, verdict: &Verdict) -> String {
    let (size, sha256) = (size(stored.bytes), hex(&stored.sha256));
    format!("fetched {} ({size})\n  sha256 {sha256}\n  {}\n", to.display(), verdict.answer())
}

fn object((package, to, stored, verdict): &Fetched<'_>) -> serde_json::Value {
    let (from, secure) = match &stored.came {
        Came::Store => ("store", true),
        Came::Network { url, secure, .. } => (url.as_str(), *secure),
    };
    json!({
        "package": package.name(),
        "file": to,
        "size": stored.bytes,
        "sha256": hex(&stored.sha256),
        "digest": package.digest,
        "url": package.url,
        "from": from,
        "secure": secure,
        "proven": verdict.is_proven(),
        "trust": verdict.answer(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_prove_right_is_not_to_be_used() {
        assert_eq!(
            refuted("a.pkg", "is not what it should be", "refuted: it has 2 bytes").to_string(),
            "a.pkg is not what it should be\n  refuted: it has 2 bytes\n  \
             hint: do not use it: try another network, or a mirror of yours with --mirror"
        );
    }
}
