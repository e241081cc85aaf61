//! `catalog check`.

use crate::cli::Outcome;
use crate::cli::args::catalog::Check;
use crate::cli::catalog::open::open;
use crate::cli::streams::{Streams, Style};
use crate::engine::Problem;
use crate::report::count;
use crate::source::catalog::check::{Finding, Level, check};
use serde_json::json;

/// Every finding is a line; a fault makes the command fail.
pub(super) fn run(args: &Check, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let opened = open(&args.which, style, streams)?;
    let found = check(&opened.catalog);
    for finding in &found {
        if style.json {
            let Finding { product, kind, text, .. } = finding;
            let level = word(finding.level);
            streams.object(&json!({"item": "finding", "level": level, "kind": kind,
                                   "product": product, "text": text}))?;
        } else {
            streams.say(&format!("{}: {finding}\n", word(finding.level)))?;
        }
    }
    let products = opened.catalog.products.len();
    let packages = opened.catalog.products.iter().map(|it| it.packages.len()).sum::<usize>();
    let faults = found.iter().filter(|it| it.level == Level::Fault).count();
    let notes = found.len() - faults;
    if faults > 0 {
        let sentence =
            format!("the catalog {} has {}", args.which.catalog, counted(faults, "fault"));
        return Err(Problem::bad_input(sentence).into());
    }
    let text = format!(
        "{}, {}: no faults, {}\n",
        counted(products, "product"),
        counted(packages, "package"),
        counted(notes, "note")
    );
    let result = json!({"result": "checked", "products": products, "packages": packages,
                        "faults": faults, "notes": notes, "catalog": opened.json()});
    streams.told(style, &text, &result)
}

const fn word(level: Level) -> &'static str {
    match level {
        Level::Fault => "fault",
        Level::Note => "note",
    }
}

fn counted(number: usize, noun: &str) -> String {
    count(u64::try_from(number).unwrap_or(u64::MAX), noun)
}
