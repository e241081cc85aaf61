//! What can be said of a job whose inputs are not all fetched yet.

use crate::engine::brief::Brief;
use crate::engine::describe::{commas, input_facts, section};
use crate::engine::facts::Facts;
use crate::engine::inputs::Inputs;
use crate::engine::mac::Suited;
use crate::engine::steps;
use crate::engine::supply::Pin;
use crate::recipe::Recipe;
use serde_json::{Value, json};

/// A job that waits for files from the network.
pub struct Waiting {
    text: String,
    json: Value,
    brief: Brief,
}

impl Waiting {
    pub(super) fn new(
        recipe: &Recipe,
        params: &[(String, String)],
        facts: &Facts,
        inputs: &Inputs,
        missing: Vec<(String, Pin)>,
    ) -> Self {
        let notes: Vec<_> = recipe.notes.iter().map(|note| facts.fill_known(note)).collect();
        let titles = titles(recipe, facts, inputs, &missing);
        let mut text = format!("{}: {}\n", recipe.name, recipe.title);
        section(&mut text, "Notes", &notes);
        let lines: Vec<_> =
            params.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        section(&mut text, "Params", &lines);
        section(&mut text, "Inputs", &inputs.0.iter().flat_map(input_facts).collect::<Vec<_>>());
        section(&mut text, "To fetch", &missing.iter().flat_map(to_fetch).collect::<Vec<_>>());
        section(&mut text, "Steps", &numbered(&titles));
        text += "\nThe disk is laid out when all of it is there: add --fetch to fetch it now.\n";
        let fetch: Vec<_> =
            missing.iter().map(|(name, pin)| json!({ "input": name, "from": pin })).collect();
        let json = json!({
            "plan": null,
            "recipe": { "name": recipe.name, "title": recipe.title },
            "notes": notes,
            "params": params.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            "fetch": fetch,
            "steps": titles.iter().map(|title| json!({ "title": title })).collect::<Vec<_>>(),
        });
        let fetched = missing.iter().map(|(_, pin)| (pin.package.clone(), pin.size));
        let brief = Brief {
            steps: titles.into_iter().filter(|title| !title.starts_with("not done: ")).collect(),
            fetch: fetched.collect(),
            notes,
            ..Brief::default()
        };
        Self { text, json, brief }
    }

    /// And what the inputs say of a Mac.
    pub(super) fn with_mac(mut self, mac: Option<&Suited>) -> Self {
        if let Some(mac) = mac {
            section(&mut self.text, "Mac", &[mac.line()]);
            self.json["mac"] = mac.json();
        }
        self
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// In short.
    pub(super) const fn brief(&self) -> &Brief {
        &self.brief
    }

    /// For programs.
    #[must_use]
    pub const fn json(&self) -> &Value {
        &self.json
    }
}

/// A file that is to be fetched, for people.
fn to_fetch((name, pin): &(String, Pin)) -> Vec<String> {
    let Pin { catalog, dated, product, package, url, size, .. } = pin;
    vec![
        format!("{name}: {package}, {} bytes", commas(*size)),
        format!("  of the product {product} in the {catalog} catalog of {dated}"),
        format!("  {url}"),
    ]
}

fn numbered(titles: &[String]) -> Vec<String> {
    (1..).zip(titles).map(|(number, title): (u32, _)| format!("{number}. {title}")).collect()
}

/// What the steps will do, as far as it is known.
fn titles(
    recipe: &Recipe,
    facts: &Facts,
    inputs: &Inputs,
    missing: &[(String, Pin)],
) -> Vec<String> {
    let there =
        |name: &str| inputs.get(name).is_some() || missing.iter().any(|(known, _)| known == name);
    let title = |step: &crate::recipe::Step| {
        let resolved = steps::resolve(&step.action, facts).ok()?;
        let wanted = facts.hold(step.when.as_ref()) && resolved.input().is_none_or(there);
        Some(if wanted { resolved.title() } else { format!("not done: {}", resolved.title()) })
    };
    recipe.steps.iter().filter_map(title).collect()
}
