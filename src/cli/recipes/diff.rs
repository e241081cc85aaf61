//! `recipe diff`: in what two recipes differ, once all that they extend is in.

use crate::cli::Outcome;
use crate::cli::streams::{Streams, Style};
use crate::recipe::Recipe;
use serde_json::{Value, json};

/// The most characters of one side that people are shown.
const LONGEST: usize = 120;
/// The most comparisons of steps; longer recipes differ as a whole.
const MOST: usize = 4_000_000;

/// `lionize recipe diff`.
pub(super) fn run(
    (from, old): (&str, &Recipe),
    (to, new): (&str, &Recipe),
    style: Style,
    streams: &mut Streams<'_>,
) -> Outcome {
    let changes = changes(old, new);
    let mut text = String::new();
    let mut part = "";
    for change in &changes {
        if change.part != part {
            part = change.part;
            text += &format!("{part}\n");
        }
        for (mark, side) in [('-', &change.from), ('+', &change.to)] {
            if let Some(side) = side {
                text += &format!("  {mark} {}{}\n", change.label(), brief(side));
            }
        }
    }
    if changes.is_empty() {
        text = format!("{from} and {to} say the same\n");
    }
    let json = json!({
        "result": "differences",
        "same": changes.is_empty(),
        "changes": changes.iter().map(Change::json).collect::<Vec<_>>(),
    });
    streams.told(style, &text, &json)
}

/// Something that one recipe says and the other does not, or says otherwise.
#[derive(Debug, PartialEq)]
struct Change {
    part: &'static str,
    /// The param, input or key; steps and tests have none.
    name: String,
    from: Option<Value>,
    to: Option<Value>,
}

impl Change {
    fn label(&self) -> String {
        if self.name.is_empty() { String::new() } else { format!("{}: ", self.name) }
    }

    fn json(&self) -> Value {
        json!({"part": self.part, "name": self.name, "from": self.from, "to": self.to})
    }
}

fn changes(old: &Recipe, new: &Recipe) -> Vec<Change> {
    // A recipe always becomes JSON; an empty one would hide nothing here.
    let value = |recipe: &Recipe| serde_json::to_value(recipe).unwrap_or_default();
    let (old, new) = (value(old), value(new));
    let mut all = Vec::new();
    for key in ["title", "notes"] {
        differ(&mut all, "recipe", key, old.get(key), new.get(key));
    }
    for part in ["params", "inputs"] {
        by_name(&mut all, part, items(&old, part), items(&new, part));
    }
    leaves(&mut all, "", &old["media"], &new["media"]);
    for part in ["steps", "tests"] {
        in_order(&mut all, part, items(&old, part), items(&new, part));
    }
    all
}

fn items<'v>(recipe: &'v Value, part: &str) -> &'v [Value] {
    recipe[part].as_array().map_or(&[], Vec::as_slice)
}

fn differ(
    all: &mut Vec<Change>,
    part: &'static str,
    name: &str,
    from: Option<&Value>,
    to: Option<&Value>,
) {
    if from != to {
        let (name, from, to) = (name.to_owned(), from.cloned(), to.cloned());
        all.push(Change { part, name, from, to });
    }
}

/// Params and inputs: their order says nothing.
fn by_name(all: &mut Vec<Change>, part: &'static str, old: &[Value], new: &[Value]) {
    let named = |values: &'_ [Value], name: &Value| {
        values.iter().find(|value| value["name"] == *name).cloned()
    };
    let only_new = new.iter().filter(|value| named(old, &value["name"]).is_none());
    for name in old.iter().chain(only_new).map(|value| &value["name"]) {
        let (from, to) = (named(old, name), named(new, name));
        differ(all, part, name.as_str().unwrap_or_default(), from.as_ref(), to.as_ref());
    }
}

/// The disk's options, by the path of their keys.
fn leaves(all: &mut Vec<Change>, at: &str, old: &Value, new: &Value) {
    let (Value::Object(a), Value::Object(b)) = (old, new) else {
        return differ(all, "media", at, Some(old), Some(new));
    };
    let dot = if at.is_empty() { "" } else { "." };
    let only_new = b.keys().filter(|key| !a.contains_key(*key));
    for key in a.keys().chain(only_new) {
        let (old, new) = (a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null));
        leaves(all, &format!("{at}{dot}{key}"), old, new);
    }
}

/// Steps and tests: what stays in order is the same, the rest goes or comes.
fn in_order(all: &mut Vec<Change>, part: &'static str, old: &[Value], new: &[Value]) {
    let gone =
        |from: &Value| Change { part, name: String::new(), from: Some(from.clone()), to: None };
    let come = |to: &Value| Change { part, name: String::new(), from: None, to: Some(to.clone()) };
    if old.len().saturating_mul(new.len()) > MOST {
        all.extend(old.iter().map(gone).chain(new.iter().map(come)));
        return;
    }
    let longest = common(old, new);
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && longest[i + 1][j] >= longest[i][j + 1]) {
            all.push(gone(&old[i]));
            i += 1;
        } else {
            all.push(come(&new[j]));
            j += 1;
        }
    }
}

/// How many items stay in order, from each pair of places on.
fn common(old: &[Value], new: &[Value]) -> Vec<Vec<usize>> {
    let mut longest = vec![vec![0; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i][j] = if old[i] == new[j] {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    longest
}

/// A value in one line: what is empty or null is left out, and what is long is cut.
fn brief(value: &Value) -> String {
    let whole = words(value, true);
    if whole.chars().count() <= LONGEST {
        return whole;
    }
    whole.chars().take(LONGEST - 3).chain("...".chars()).collect()
}

fn words(value: &Value, top: bool) -> String {
    match value {
        Value::String(text) if top || text.is_empty() || text.contains([' ', ',', '\n']) => {
            format!("{text:?}")
        }
        Value::String(text) => text.clone(),
        Value::Array(all) => {
            let all: Vec<_> = all.iter().map(|value| words(value, false)).collect();
            format!("[{}]", all.join(", "))
        }
        Value::Object(all) => {
            let said =
                all.iter().filter(|(key, value)| !says_nothing(value) && (!top || *key != "name"));
            let said: Vec<_> =
                said.map(|(key, value)| format!("{key}={}", words(value, false))).collect();
            if top { said.join(" ") } else { format!("{{{}}}", said.join(", ")) }
        }
        other => other.to_string(),
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(all) => all.is_empty(),
        Value::Object(all) => all.values().all(says_nothing),
        _ => false,
    }
}
