//! `catalog names` and `catalog list`.

use crate::cli::Outcome;
use crate::cli::args::catalog::List;
use crate::cli::catalog::open::open;
use crate::cli::names::escaped_text;
use crate::cli::streams::{Streams, Style};
use crate::engine::Problem;
use crate::report::size;
use crate::source::catalog::{Package, Product, day, named};
use plist::Date;
use serde_json::{Value, json};

/// `lionize catalog names`.
pub(super) fn names(style: Style, streams: &mut Streams<'_>) -> Outcome {
    let all = named::all();
    let width = all.iter().map(|it| it.name.len()).max().unwrap_or(0);
    let line = |it: &named::Named| {
        let also = it.aliases.join(", ");
        format!("{:width$}  {} (also {also})\n", it.name, it.system)
    };
    let text: String = all.iter().map(line).collect();
    let object = |it: &named::Named| {
        json!({"name": it.name, "aliases": it.aliases, "system": it.system, "url": it.url,
               "alone": it.alone, "gzip": it.gzip})
    };
    let objects: Vec<_> = all.iter().map(object).collect();
    streams.told(style, &text, &json!({"result": "listed", "catalogs": objects}))
}

/// `lionize catalog list`.
pub(super) fn products(args: &List, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let since = args.since.as_deref().map(date).transpose()?;
    let opened = open(&args.which, style, streams)?;
    let all = &opened.catalog.products;
    let wanted = |product: &&Product| {
        args.search.as_ref().is_none_or(|text| has(product, text))
            && since.is_none_or(|since| product.posted.is_some_and(|posted| !before(posted, since)))
    };
    let mut found: Vec<_> = all.iter().filter(wanted).collect();
    found.sort_by_key(|product| (product.posted.map(|date| date.to_xml_format()), &product.id));
    if style.json {
        for product in &found {
            streams.object(&object(product))?;
        }
        let result = json!({"result": "listed", "products": found.len(), "of": all.len(),
                            "catalog": opened.json()});
        return streams.object(&result);
    }
    let width = found.iter().map(|product| product.id.chars().count()).max().unwrap_or(0).min(40);
    let line = |product: &&Product| {
        let posted = product.posted.map_or_else(|| "-".to_owned(), day);
        let id = escaped_text(&product.id);
        let names: Vec<_> = product.packages.iter().map(|it| escaped_text(it.name())).collect();
        let line =
            format!("{id:width$}  {posted:10}  {:>9}  {}", size(product.size()), names.join(", "));
        line.trim_end().to_owned() + "\n"
    };
    streams.say(&found.iter().map(line).collect::<String>())
}

fn has(product: &Product, text: &str) -> bool {
    let text = text.to_lowercase();
    let mut names = product.packages.iter().map(Package::name).chain([product.id.as_str()]);
    names.any(|name| name.to_lowercase().contains(&text))
}

/// The start of a day.
fn date(text: &str) -> Result<Date, Problem> {
    Date::from_xml_format(&format!("{text}T00:00:00Z")).map_err(|_| {
        let sentence = format!("`--since {}` is no day", escaped_text(text));
        Problem::usage(sentence).hint("write it as 2019-10-01")
    })
}

fn before(a: Date, b: Date) -> bool {
    std::time::SystemTime::from(a) < std::time::SystemTime::from(b)
}

fn object(product: &Product) -> Value {
    let package = |it: &Package| json!({"name": it.name(), "size": it.size});
    json!({
        "item": "product",
        "product": product.id,
        "posted": product.posted.map(|date| date.to_xml_format()),
        "size": product.size(),
        "packages": product.packages.iter().map(package).collect::<Vec<_>>(),
    })
}
