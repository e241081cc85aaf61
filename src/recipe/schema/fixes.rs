//! The schema of fixes and their reader say the same.

use super::tests::{STRANGE, json, keys, tables, told};
use super::{FIX_SCHEMA, SCHEMA, judge};
use crate::recipe::{Text, fixes, steps};
use serde_json::Value;
use std::collections::BTreeSet;

/// A fix that does nothing yet.
const HEAD: &str = "schema = 1\nid = \"x\"\ntitle = \"X\"\nwhy = \"y\"\nsource = [\"s\"]\n\
                    deliveries = [\"volume\"]\n";
/// A step for it.
const STEP: &str = "[[step]]\nmkdir = \"/x\"\n";

fn schema() -> judge::Schema {
    judge::Schema::parse(FIX_SCHEMA)
}

fn mistakes(text: &str) -> Vec<String> {
    let text = Text { file: "f".into(), text: text.to_owned() };
    let found = fixes::parse(&text).err().unwrap_or_default();
    found.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn same(place: &str, text: &str) {
    let known = told(text, &mistakes(text));
    assert_eq!(keys(&schema(), place), known, "schemas/fix.json at {place}, and the reader");
}

#[test]
fn the_schema_has_the_keys_that_the_reader_knows() {
    same("", &format!("{HEAD}{STRANGE} = 1\n{STEP}"));
    same("/$defs/param", &format!("{HEAD}[params.p]\n{STRANGE} = 1\n{STEP}"));
    same("/$defs/applies", &format!("{HEAD}[applies]\n{STRANGE} = 1\n{STEP}"));
    same("/$defs/skip", &format!("{HEAD}[[skip]]\n{STRANGE} = 1\n{STEP}"));
    same("/$defs/where", &format!("{HEAD}{STEP}where = {{ {STRANGE} = 1 }}\n"));
    let of_fixes = steps::NAMES.into_iter().filter(|name| steps::misplaced(name, true).is_none());
    let of_fixes: BTreeSet<_> = of_fixes.map(str::to_owned).collect();
    let mut said = keys(&schema(), "/$defs/step");
    said.retain(|key| !["each", "when", "where"].contains(&key.as_str()));
    assert_eq!(said, of_fixes, "schemas/fix.json, and src/recipe/steps.rs");
    for step in &of_fixes {
        let place = format!("/$defs/step/properties/{step}");
        // Which keys `settings` has, the others decide: they come first.
        let before =
            if step == "settings" { "of = \"a\", line = \"b\", with = \"c\", " } else { "" };
        same(&place, &format!("{HEAD}[[step]]\n{step} = {{ {before}{STRANGE} = 1 }}\n"));
    }
}

/// A step means the same in a recipe and in a fix.
#[test]
fn what_recipes_have_too_is_the_same_there() {
    let (fix, recipe): (Value, Value) =
        (serde_json::from_str(FIX_SCHEMA).unwrap(), serde_json::from_str(SCHEMA).unwrap());
    let mut both = 0;
    for place in ["/$defs", "/$defs/step/properties"] {
        let of_recipe = recipe.pointer(place).unwrap().as_object().unwrap();
        for (name, said) in fix.pointer(place).unwrap().as_object().unwrap() {
            let Some(other) = of_recipe.get(name).filter(|_| name != "step") else { continue };
            assert_eq!(said, other, "{place}/{name}");
            both += 1;
        }
    }
    assert!(both > 15, "only {both}");
}

#[test]
fn built_in_fixes_are_right_and_with_a_strange_key_they_are_not() {
    let schema = schema();
    let mut mutations = 0;
    for id in fixes::ids() {
        let fix = json(&fixes::text(id).unwrap().text);
        assert_eq!(schema.faults(&fix), Vec::<String>::new(), "{id}");
        let mut places = Vec::new();
        tables(&fix, "", &mut places);
        for place in places {
            let mut wrong = fix.clone();
            wrong.pointer_mut(&place).unwrap()[STRANGE] = Value::from(1);
            assert!(!schema.faults(&wrong).is_empty(), "{id}: a strange key at {place}");
            let text = toml::to_string(&wrong).unwrap();
            assert!(!mistakes(&text).is_empty(), "{id}: the reader takes one at {place}");
            mutations += 1;
        }
    }
    assert!(mutations > 60, "only {mutations} mutations");
}

#[test]
fn what_the_reader_refuses_by_form_the_schema_refuses_too() {
    let refused = |text: &str| {
        assert!(!mistakes(text).is_empty(), "the reader takes {text}");
        assert!(!schema().faults(&json(text)).is_empty(), "the schema takes {text}");
    };
    let right = format!("{HEAD}{STEP}");
    assert_eq!((mistakes(&right), schema().faults(&json(&right))), (Vec::new(), Vec::new()));
    // Without a key, and with one of another kind.
    for line in HEAD.lines() {
        refused(&right.replace(line, ""));
        let (key, _) = line.split_once(" = ").unwrap();
        refused(&right.replace(line, &format!("{key} = 7.5")));
    }
    refused(HEAD);
    refused(&right.replace("\"volume\"", "\"volumes\""));
    refused(&right.replace("\"x\"", "\"X\""));
    for wrong in [
        "[applies]\nsystem = 10.7\n",
        "[applies]\notherwise = []\n",
        "[params.p]\nsecret = \"yes\"\n",
        "[params.P]\n",
        "[[skip]]\nplist = \"/a\"\nbecause = \"b\"\n",
        "[[skip]]\nplist = \"/a\"\nhas = [\"b\"]\n",
        "[[step]]\n",
        "[[step]]\nmkdir = \"/x\"\nin = \"/a.dmg\"\n",
        "[[step]]\nlabel = \"x\"\n",
        "[[step]]\ncopy = { from = \"i\", to = \"/b\" }\n",
        "[[step]]\nrun = { command = [] }\n",
        "[[step]]\nrun = { command = [\"a\"], always = \"yes\" }\n",
        "[[step]]\nrun = { command = [\"a\"], there = \"b\" }\n",
        "[[step]]\nsettings = { of = \"a\" }\n",
        "[[step]]\nsettings = { of = \"a\", line = \"b\" }\n",
        "[[step]]\nsettings = { of = \"a\", set = \"b\", line = \"c\", with = \"d\" }\n",
        "[[step]]\nsettings = { of = \"a\", set = \"b\", with = \"d\" }\n",
        "[[step]]\nmkdir = \"/x\"\neach = 1\n",
    ] {
        refused(&format!("{right}{wrong}"));
    }
}
