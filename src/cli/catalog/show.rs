//! `catalog show`.

use crate::cli::Outcome;
use crate::cli::args::catalog::Show;
use crate::cli::catalog::open::{Opened, open};
use crate::cli::names::escaped_text;
use crate::cli::streams::{Streams, Style};
use crate::report::size;
use crate::source::catalog::{Location, Package, Product, facts};
use serde_json::{Value, json};
use std::fmt::Write;

/// Everything that the catalog says of a product.
pub(super) fn run(args: &Show, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let opened = open(&args.which, style, streams)?;
    let product = opened.product(&args.id)?;
    let title = title(&opened, product);
    streams.told(
        style,
        &text(product, title.as_deref()),
        &object(&opened, product, title.as_deref()),
    )
}

/// The title in the English distribution, when that is at hand.
fn title(opened: &Opened, product: &Product) -> Option<String> {
    let location = Location::parse(product.distribution()?).ok()?;
    let text = opened.beside(&location)?;
    Some(String::from_utf8_lossy(&text).into_owned()).and_then(|text| title_of(&text))
}

/// The `SU_TITLE` and `SU_VERS` of a distribution's strings.
fn title_of(text: &str) -> Option<String> {
    let string = |name: &str| {
        let rest = text.split(&format!("\"{name}\"")).nth(1)?.trim_start().strip_prefix('=')?;
        let value = rest.trim_start().strip_prefix('"')?.split('"').next()?;
        Some(value.chars().take(200).collect::<String>())
    };
    let title = string("SU_TITLE")?;
    Some(match string("SU_VERS").filter(|version| !version.is_empty()) {
        Some(version) if !title.contains(&version) => format!("{title} {version}"),
        _ => title,
    })
}

/// What we know of it, in our words.
fn record(product: &Product) -> Option<String> {
    if let Some(known) = facts::product(&product.id) {
        let note = known.note.iter().map(|note| format!("; {note}")).collect::<String>();
        return Some(format!("{}{note}", known.title));
    }
    let build = product.id.strip_suffix("_ServerEssentials")?;
    let known = facts::essentials(build)?;
    Some(format!("ServerEssentials.pkg of Lion {} ({build})", known.version))
}

fn text(product: &Product, title: Option<&str>) -> String {
    let mut out = format!("{}\n", escaped_text(&product.id));
    let mut line = |name: &str, value: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "  {name:10} {}", escaped_text(value));
    };
    if let Some(title) = title {
        line("title", title);
    }
    if let Some(record) = record(product) {
        line("is", &record);
    }
    if let Some(posted) = product.posted {
        line("posted", &posted.to_xml_format());
    }
    if let Some(state) = &product.state {
        line("state", state);
    }
    if let Some(deferred) = product.deferred {
        line("deferred", &deferred.to_xml_format());
    }
    if let Some(url) = &product.server_metadata {
        line("metadata", url);
    }
    if let Some(extended) = &product.extended {
        line("extended", &plain(&plist::Value::Dictionary(extended.clone())).to_string());
    }
    for (key, value) in &product.rest {
        line(key, &plain(value).to_string());
    }
    if let Some(url) = product.distribution() {
        let languages: Vec<_> =
            product.distributions.iter().map(|(name, _)| name.as_str()).collect();
        line("dist", url);
        line("languages", &format!("{}: {}", languages.len(), languages.join(", ")));
    }
    product.packages.iter().fold(out, |out, it| out + &package_text(it))
}

fn package_text(package: &Package) -> String {
    let mut out = format!("  {}\n", escaped_text(package.name()));
    let mut line = |name: &str, value: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "    {name:9} {}", escaped_text(value));
    };
    line("size", &format!("{} ({})", package.size, size(package.size)));
    line("url", &package.url);
    if let Some(digest) = &package.digest {
        line("digest", digest);
    }
    if let Some(url) = &package.metadata {
        line("metadata", url);
    }
    if let Some(integrity) = &package.integrity {
        line("integrity", &integrity.url);
    }
    for (key, value) in &package.rest {
        line(key, &plain(value).to_string());
    }
    out
}

fn object(opened: &Opened, product: &Product, title: Option<&str>) -> Value {
    let package = |it: &Package| {
        json!({
            "name": it.name(),
            "size": it.size,
            "url": it.url,
            "digest": it.digest,
            "metadata": it.metadata,
            "integrity": it.integrity.as_ref().map(|it| json!({"url": it.url, "size": it.size})),
            "rest": plain(&plist::Value::Dictionary(it.rest.clone())),
        })
    };
    let dists = product.distributions.iter();
    let extended = product.extended.clone().map(plist::Value::Dictionary);
    json!({
        "result": "shown",
        "product": product.id,
        "title": title,
        "is": record(product),
        "posted": product.posted.map(|date| date.to_xml_format()),
        "state": product.state,
        "deferred": product.deferred.map(|date| date.to_xml_format()),
        "metadata": product.server_metadata,
        "extended": extended.as_ref().map(plain),
        "packages": product.packages.iter().map(package).collect::<Vec<_>>(),
        "distributions": dists.map(|(name, url)| (name.clone(), url.clone().into()))
            .collect::<serde_json::Map<String, Value>>(),
        "rest": plain(&plist::Value::Dictionary(product.rest.clone())),
        "catalog": opened.json(),
    })
}

/// A property list's value for programs; the parser has bounded its depth.
fn plain(value: &plist::Value) -> Value {
    match value {
        plist::Value::Array(all) => all.iter().map(plain).collect(),
        plist::Value::Dictionary(all) => {
            let pairs = all.iter().map(|(key, value)| (key.clone(), plain(value)));
            Value::Object(pairs.collect())
        }
        plist::Value::Boolean(flag) => (*flag).into(),
        plist::Value::String(text) => text.as_str().into(),
        plist::Value::Date(date) => date.to_xml_format().into(),
        plist::Value::Integer(number) => match (number.as_unsigned(), number.as_signed()) {
            (Some(number), _) => number.into(),
            (None, number) => number.into(),
        },
        plist::Value::Real(number) => (*number).into(),
        plist::Value::Data(data) => json!({"bytes": data.len()}),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_found_in_strings() {
        let text =
            "<strings><![CDATA[\n\"SU_TITLE\" = \"Server Essentials\";\n\"SU_VERS\"=\"10.7.5\";";
        assert_eq!(title_of(text).as_deref(), Some("Server Essentials 10.7.5"));
        let text = "\"SU_VERS\" = \"10.7\"; \"SU_TITLE\" = \"Lion 10.7\";";
        assert_eq!(title_of(text).as_deref(), Some("Lion 10.7"));
        assert_eq!(title_of("\"SU_TITLE\" : \"x\""), None);
        assert_eq!(title_of("\"SU_TITLE\" = \"x").as_deref(), Some("x"));
        assert_eq!(title_of(""), None);
    }
}
