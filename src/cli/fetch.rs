//! `fetch recovery` and `fetch installer`: from Apple's recovery server.

use crate::cli::Outcome;
use crate::cli::args::fetch::{Fetch, Order};
use crate::cli::args::{Kept, Network};
use crate::cli::catalog::place::{copy, is_same};
use crate::cli::network::{self, Watching};
use crate::cli::streams::{Streams, Style};
use crate::engine::{Problem, ProblemKind, Stop};
use crate::report::size;
use crate::source::http::Client;
use crate::source::recovery::{Brought, Ids, Machine, Offer, Product, Recovery, bring};
use crate::source::trust::Anchors;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

pub(super) fn run(command: &Fetch, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let board = |order: &Order| Machine::of_board(&order.board_id).map_err(Problem::from);
    match command {
        Fetch::Recovery(args) => {
            let product = if args.latest { Product::LatestRecovery } else { Product::Recovery };
            fetch(&args.order, &board(&args.order)?, product, style, streams)
        }
        Fetch::Installer(args) => {
            let machine = board(&args.order)?.with(&args.serial, &args.rom);
            let machine = machine.map_err(Problem::from)?;
            fetch(&args.order, &machine, Product::Installer, style, streams)
        }
    }
}

fn fetch(
    order: &Order,
    machine: &Machine,
    product: Product,
    style: Style,
    streams: &mut Streams<'_>,
) -> Outcome {
    let digest = order.sha256.as_deref().map(digest).transpose()?;
    let server = order.server.as_deref().map_or_else(Recovery::apple, Recovery::at);
    let server = server.map_err(Problem::from)?;
    let kept = Kept { store: order.which.store.clone(), offline: false };
    let store = network::store(&Network { kept, mirror: None })?;
    let anchors = Anchors::apple().map_err(|error| {
        Problem::ours("our copies of Apple's certificates are broken").because(error)
    })?;
    let (client, stop) = (Client::default(), streams.stop.clone());
    let stopped = stop.clone();
    let (offer, brought) = {
        let watching = Watching::new(streams.sink(style), stop);
        watching.expect("what the recovery server offers", 0);
        let ids = Ids::random().map_err(Problem::from)?;
        let offer = server.order(machine, product, &ids, &client, &watching);
        let offer = offer.map_err(Problem::from)?;
        let brought = bring(&store, &offer, digest, &anchors, &client, &watching);
        watching.finish();
        (offer, brought.map_err(Problem::from)?)
    };
    let files = keep(&order.to, &offer, &brought, &stopped)?;
    tell(&files, &brought, style, streams)
}

/// A digest that the user gave.
fn digest(text: &str) -> Result<[u8; 32], Problem> {
    let wrong = || Problem::usage(format!("`{text}` is no SHA-256")).hint("it has 64 hex digits");
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    let mut digest = [0; 32];
    for (index, byte) in digest.iter_mut().enumerate() {
        let digits = &text[2 * index..2 * index + 2];
        *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
    }
    Ok(digest)
}

/// Copies the files out of the store, each whole or not at all. Nothing that is
/// there is replaced.
fn keep(to: &Path, offer: &Offer, brought: &Brought, stop: &Stop) -> Result<Vec<PathBuf>, Problem> {
    let list = offer.chunklist.as_ref().zip(brought.chunklist.as_ref());
    let all = [Some((&offer.image, &brought.image)), list].into_iter().flatten();
    let all: Vec<_> = all.map(|(asset, stored)| (asset.name(), stored)).collect();
    names(&all.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>())?;
    fs::create_dir_all(to).map_err(|error| Problem::writing(to, &error))?;
    let mut files = Vec::new();
    for (name, stored) in all {
        let path = to.join(&name);
        if !is_same(&path, stored)? {
            copy(&stored.path, &path, stop)?;
        }
        files.push(path);
    }
    Ok(files)
}

/// Refuses names that a server must not choose: those that lead elsewhere, and
/// two that are one.
fn names(all: &[&str]) -> Result<(), Problem> {
    let hint = "something may answer in the server's place: try another network";
    let refused = |sentence| Err(Problem::new(ProblemKind::Network, sentence).hint(hint));
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    for (index, name) in all.iter().enumerate() {
        if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
            let shown = name.escape_default();
            return refused(format!("the server's file has a name that is none: `{shown}`"));
        }
        // Many disks know no case.
        if all[..index].iter().any(|other| other.eq_ignore_ascii_case(name)) {
            let sentence = format!("the server calls the image and its chunk list alike: `{name}`");
            return refused(sentence);
        }
    }
    Ok(())
}

fn tell(files: &[PathBuf], brought: &Brought, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let answer = brought.verdict.answer();
    let names: Vec<_> = files.iter().map(|path| path.display().to_string()).collect();
    let sha256: String = brought.image.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    let json = json!({
        "result": "fetched",
        "files": names,
        "bytes": brought.image.bytes,
        "sha256": sha256,
        "proven": brought.verdict.is_proven(),
        "answer": answer,
    });
    let image = names.first().map_or("", String::as_str);
    let mut text = format!("{image}  {}\n", size(brought.image.bytes));
    for name in names.iter().skip(1) {
        text += &format!("{name}\n");
    }
    streams.told(style, &format!("{text}sha256 {sha256}\n{answer}\n"), &json)
}
