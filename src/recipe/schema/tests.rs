//! The schema and the reader say the same.

use super::{SCHEMA, judge};
use crate::recipe::{Text, builtin, claims, load, steps};
use serde_json::Value;
use std::collections::BTreeSet;

/// No key of any table.
pub(super) const STRANGE: &str = "zzzzzzzz";

fn schema() -> judge::Schema {
    judge::Schema::parse(SCHEMA)
}

fn mistakes(text: &str) -> Vec<String> {
    let none = |name: &str, _: &str| builtin::text(name).ok_or_else(|| name.to_owned());
    let text = Text { file: "r".into(), text: text.to_owned() };
    let found = load(&text, &none).err().unwrap_or_default();
    found.iter().map(ToString::to_string).collect()
}

/// The keys that the reader knows where a recipe has a strange one.
#[track_caller]
fn known(text: &str) -> BTreeSet<String> {
    told(text, &mistakes(text))
}

/// The keys that a mistake about a strange one names.
#[track_caller]
pub(super) fn told(text: &str, mistakes: &[String]) -> BTreeSet<String> {
    let told = mistakes.iter().find_map(|mistake| {
        mistake.split_once(&format!("`{STRANGE}` (known: "))?.1.strip_suffix(')')
    });
    let told = told.unwrap_or_else(|| panic!("{text}\n{mistakes:#?}"));
    told.split(", ").map(str::to_owned).collect()
}

/// The keys that the schema has at a place, where its forms all have them.
#[track_caller]
fn said(place: &str) -> BTreeSet<String> {
    keys(&schema(), place)
}

#[track_caller]
pub(super) fn keys(schema: &judge::Schema, place: &str) -> BTreeSet<String> {
    let at = schema.at(place).unwrap_or_else(|| panic!("the schema has no {place}"));
    let forms = at["anyOf"].as_array().into_iter().flatten();
    let table = forms.chain([at]).find_map(|form| form["properties"].as_object());
    let table = table.unwrap_or_else(|| panic!("{place} is no table: {at}"));
    table.keys().cloned().collect()
}

#[track_caller]
fn same(place: &str, text: &str) {
    assert_eq!(said(place), known(text), "schemas/recipe.json at {place}, and the reader");
}

#[test]
fn the_schema_has_the_keys_that_the_reader_knows() {
    let head = "schema = 1\nname = \"x\"\ntitle = \"X\"\n";
    same("", &format!("{head}{STRANGE} = 1\n"));
    same("/$defs/param", &format!("{head}[params.p]\n{STRANGE} = 1\n"));
    same("/$defs/media", &format!("{head}[media]\n{STRANGE} = 1\n"));
    same("/$defs/volume", &format!("{head}[media.volume]\n{STRANGE} = 1\n"));
    same("/$defs/media/properties/efi", &format!("{head}[media.efi]\n{STRANGE} = 1\n"));
    let input = format!("{head}[inputs.i]\nkind = \"catalog\"\n{STRANGE} = 1\n");
    same("/$defs/input", &input);
    let step = format!("{head}[[step]]\nlabel = \"x\"\nwhere = {{ {STRANGE} = 1 }}\n");
    same("/$defs/where", &step);
}

#[test]
fn the_schema_has_every_step_and_every_test() {
    let head = "schema = 1\nname = \"x\"\ntitle = \"X\"\n[[step]]\n";
    // What only a running Mac can do is for fixes.
    let steps = steps::NAMES.into_iter().filter(|name| steps::misplaced(name, false).is_none());
    let steps: BTreeSet<_> = steps.map(str::to_owned).collect();
    let mut said_steps = said("/$defs/step");
    said_steps.retain(|key| !["in", "when", "where"].contains(&key.as_str()));
    assert_eq!(said_steps, steps, "schemas/recipe.json, and src/recipe/steps.rs");
    for step in &steps {
        same(
            &format!("/$defs/step/properties/{step}"),
            &format!("{head}{step} = {{ {STRANGE} = 1 }}\n"),
        );
    }
    let mut said_tests = said("/$defs/test");
    said_tests.remove("when");
    let tests: BTreeSet<_> = claims::NAMES.into_iter().map(str::to_owned).collect();
    assert_eq!(said_tests, tests, "schemas/recipe.json, and src/recipe/claims.rs");
    let tables =
        tests.iter().filter(|name| !["exists", "absent", "boots", "fits"].contains(&name.as_str()));
    for test in tables {
        let text =
            format!("{}[[test]]\n{test} = {{ {STRANGE} = 1 }}\n", head.replace("[[step]]\n", ""));
        same(&format!("/$defs/test/properties/{test}"), &text);
    }
}

/// A recipe or fix as JSON has it.
pub(super) fn json(text: &str) -> Value {
    serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap()
}

/// Tables whose keys are the author's own.
const FREE: [&str; 6] = ["set", "add", "include", "merge", "is", "params"];

/// The places of all tables whose keys are ours.
pub(super) fn tables(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            found.push(at.to_owned());
            for (key, value) in object {
                let own = FREE.contains(&key.as_str()) && !at.is_empty();
                if !own {
                    tables(value, &format!("{at}/{key}"), found);
                }
            }
        }
        Value::Array(array) => {
            for (index, value) in array.iter().enumerate() {
                tables(value, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn built_in_recipes_are_right_and_with_a_strange_key_they_are_not() {
    let schema = schema();
    let mut mutations = 0;
    for name in builtin::names() {
        let recipe = json(&builtin::text(name).unwrap().text);
        assert_eq!(schema.faults(&recipe), Vec::<String>::new(), "{name}");
        let mut places = Vec::new();
        tables(&recipe, "", &mut places);
        for place in places {
            let mut wrong = recipe.clone();
            wrong.pointer_mut(&place).unwrap()[STRANGE] = Value::from(1);
            assert!(!schema.faults(&wrong).is_empty(), "{name}: a strange key at {place}");
            // And the reader says so, too.
            let text = toml::to_string(&wrong).unwrap();
            assert!(!mistakes(&text).is_empty(), "{name}: the reader takes one at {place}");
            mutations += 1;
        }
    }
    assert!(mutations > 60, "only {mutations} mutations");
}

#[test]
fn what_the_reader_refuses_by_form_the_schema_refuses_too() {
    let head = "schema = 1\nname = \"x\"\ntitle = \"X\"\n[inputs.i]\nkind = \"file\"\n";
    for wrong in [
        "[media]\nsector = 7\n",
        "[media]\nlayout = \"standrad\"\n",
        "[media.volume]\nblock_size = 513\n",
        "[media.volume]\njournal = \"yes\"\n",
        "[params.p]\ndefault = [1]\n",
        "[inputs.j]\n",
        "[inputs.J]\nkind = \"file\"\n",
        "[[step]]\n",
        "[[step]]\nlabel = \"x\"\nmkdir = \"/x\"\n",
        "[[step]]\nmkdri = \"/x\"\n",
        "[[step]]\nmkdir = \"x\"\n",
        "[[step]]\ncopy = { from = \"i\", path = \"/a\", to = \"/b\" }\n",
        "[[step]]\nreplace = { path = \"/a\", with = \"b\" }\n",
        "[[step]]\nplist = { path = \"/a\" }\n",
        "[[step]]\nwrite = { to = \"/a\" }\n",
        "[[step]]\nrun = { command = [\"a\"] }\n",
        "[[test]]\nboots = false\n",
        "[[test]]\nsha256 = { path = \"/a\", is = \"12\" }\n",
    ] {
        let text = format!("{head}{wrong}");
        assert!(!mistakes(&text).is_empty(), "{wrong}");
        assert!(!schema().faults(&json(&text)).is_empty(), "the schema takes {wrong}");
    }
}
