//! `catalog fetch`.

use crate::cli::Outcome;
use crate::cli::args::catalog::Fetch;
use crate::cli::catalog::open::open;
use crate::cli::catalog::place::{copy, package};
use crate::cli::names::escaped_text;
use crate::cli::network::{self, Watching};
use crate::cli::streams::{Streams, Style};
use crate::engine::{Problem, ProblemKind};
use crate::report::size;
use crate::source::catalog::{Package, Product};
use crate::source::http::{Client, Settings, Watch};
use crate::source::store::{Came, Stored};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Fetches packages into the store, and puts copies where the user wants them.
pub(super) fn run(args: &Fetch, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let opened = open(&args.which, style, streams)?;
    let packages = chosen(opened.product(&args.id)?, &args.package)?;
    let store = network::store(&args.which.network)?;
    fs::create_dir_all(&args.to).map_err(|error| Problem::writing(&args.to, &error))?;
    let (stop, client) = (streams.stop.clone(), Client::new(Settings::default()));
    let watching = Watching::new(streams.sink(style), stop.clone());
    let mut files = Vec::new();
    for it in packages {
        watching.expect(it.name(), it.size);
        let stored =
            store.fetch(&package(it, &store)?, &client, &watching).map_err(Problem::from)?;
        watching.finish();
        if let Came::Network { url, secure: false, .. } = &stored.came {
            let name = it.name();
            watching
                .warned(&format!("{name} came without TLS, from {url}: only its size is proven"));
        }
        let to = args.to.join(it.name());
        if !is_same(&to, &stored)? {
            copy(&stored.path, &to, &stop)?;
        }
        files.push((it, to, stored));
    }
    drop(watching);
    let text: String = files.iter().map(|(it, to, stored)| line(it, to, stored)).collect();
    let objects: Vec<_> = files.iter().map(|(it, to, stored)| object(it, to, stored)).collect();
    streams.result(
        style,
        &text,
        &json!({"result": "fetched", "product": args.id, "files": objects}),
    )
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
        })
    };
    names.iter().map(find).collect()
}

/// Whether a file stands there already and is the one that was fetched.
fn is_same(path: &Path, stored: &Stored) -> Result<bool, Problem> {
    let Ok(meta) = fs::symlink_metadata(path) else { return Ok(false) };
    let refused = || {
        let sentence = format!("{} exists already, with other contents", path.display());
        Problem::new(ProblemKind::Device, sentence)
            .hint("give another folder with --to; nothing is ever replaced")
    };
    if !meta.is_file() || meta.len() != stored.bytes {
        return Err(refused());
    }
    let failed = |error: io::Error| Problem::reading(path.display(), error.into());
    let mut file = File::open(path).map_err(failed)?;
    let (mut hasher, mut buf) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut buf).map_err(failed)? {
            0 => break,
            count => hasher.update(&buf[..count]),
        }
    }
    if hasher.finalize()[..] == stored.sha256 { Ok(true) } else { Err(refused()) }
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn line(package: &Package, to: &Path, stored: &Stored) -> String {
    let size = size(stored.bytes);
    let sha256 = hex(&stored.sha256);
    let digest = if package.digest.is_some() {
        "; the catalog's digest is not compared: Apple does not say what it covers"
    } else {
        ""
    };
    format!("fetched {} ({size})\n  sha256 {sha256}\n  proven: the size{digest}\n", to.display())
}

fn object(package: &Package, to: &PathBuf, stored: &Stored) -> serde_json::Value {
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
    })
}
