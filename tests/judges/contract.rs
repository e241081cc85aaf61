//! The machine contract, as a validator and a consumer of other authors see it.

use crate::support::fshfs::python;
use crate::support::image::temp;
use crate::support::judge::{Judge, absent, judge, run};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(120);

/// Checks a schema, and every line of a file against it.
const VALIDATE: &str = "
import json, sys
from jsonschema import Draft202012Validator
schema = json.load(open(sys.argv[1]))
Draft202012Validator.check_schema(schema)
judge = Draft202012Validator(schema)
count = 0
for line in open(sys.argv[2], encoding='utf-8'):
    judge.validate(json.loads(line))
    count += 1
print(count, 'lines are right')
";

/// Python with the `jsonschema` package, where it is.
fn validator() -> Option<Judge> {
    let found = python().filter(|python| {
        let mut command = Command::new(python);
        let imported = command.args(["-c", "import jsonschema"]).output();
        imported.is_ok_and(|output| output.status.success())
    });
    if found.is_none() {
        absent("Python's jsonschema", "it is not installed");
    }
    found.map(|python| Judge::at("jsonschema", &python))
}

fn lionize(dir: &Path, args: &[&str]) -> Vec<u8> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lionize"));
    run(command.arg("--json").args(args).current_dir(dir), LIMIT).out
}

#[test]
fn jsonschema_takes_every_line() {
    let Some(judge) = validator() else { return };
    let dir = temp();
    let dir = dir.path();
    let schema = run(Command::new(env!("CARGO_BIN_EXE_lionize")).args(["schema", "events"]), LIMIT);
    std::fs::write(dir.join("schema.json"), schema.ok().out).unwrap();
    let mut lines = Vec::new();
    for args in [
        &["demo", "--to", "."][..],
        &["plan", "restore", "--input", "image=InstallESD.dmg"],
        &["inspect", "InstallESD.dmg"],
        &["ls", "-R", "InstallESD.dmg"],
        &["verify", "lion-sample.img"],
        &["cache", "list", "--store", "store"],
        &["fix", "list"],
        &["recipe", "show", "lion-server"],
        &["devices"],
        &["catalog", "names"],
        &["plan", "no-such-recipe"],
        &["biuld"],
        &["schema", "events"],
    ] {
        lines.extend(lionize(dir, args));
    }
    std::fs::write(dir.join("lines"), lines).unwrap();
    let mut python = judge.command();
    python.args(["-c", VALIDATE, "schema.json", "lines"]).current_dir(dir);
    let said = run(&mut python, LIMIT).ok();
    assert!(said.text().ends_with(" lines are right\n"), "{}", said.text());
    // And it can say no.
    std::fs::write(dir.join("lines"), "{\"event\": \"planned\", \"bytes\": -1}\n").unwrap();
    assert_ne!(run(&mut python, LIMIT).code, 0);
}

/// The files that people write are right by the schemas that their editors get.
#[test]
fn jsonschema_takes_what_is_built_in() {
    let Some(judge) = validator() else { return };
    let dir = temp();
    let dir = dir.path();
    for (what, key) in [("recipe", "title"), ("fix", "why")] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lionize"));
        let schema = run(command.args([what, "schema"]), LIMIT);
        std::fs::write(dir.join("schema.json"), schema.ok().out).unwrap();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = folder.join(if what == "fix" { "recipes/fixes" } else { "recipes" });
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let texts = files.filter(|path| path.is_file()).map(|path| {
            let table: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
            serde_json::to_value(table).unwrap()
        });
        let texts: Vec<serde_json::Value> = texts.collect();
        let validate = |texts: &[serde_json::Value]| {
            let lines = texts.iter().map(|text| format!("{text}\n")).collect::<String>();
            std::fs::write(dir.join("lines"), lines).unwrap();
            let mut python = judge.command();
            run(python.args(["-c", VALIDATE, "schema.json", "lines"]).current_dir(dir), LIMIT)
        };
        let said = validate(&texts).ok();
        assert_eq!(said.text(), format!("{} lines are right\n", texts.len()));
        // And it can say no: to a key that is none, and to one of another kind.
        let wrong = |key: &str, value: serde_json::Value| {
            let mut text = texts[0].clone();
            text[key] = value;
            assert_ne!(validate(&[text]).code, 0, "{what}: {key}");
        };
        wrong("zzzzzzzz", true.into());
        wrong(key, 7.into());
        wrong("step", serde_json::json!([{"mkdir": "/a", "label": "b"}]));
    }
}

#[test]
fn a_consumer_follows_a_build() {
    let Some(python) = judge("python3") else { return };
    let dir = temp();
    let dir = dir.path();
    lionize(dir, &["demo", "--to", "."]);
    let follow = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pipelines/follow.py");
    let follow = |args: &[&str]| {
        let mut command = python.command();
        command.arg(&follow).args(args).env("LIONIZE", env!("CARGO_BIN_EXE_lionize"));
        run(command.current_dir(dir), LIMIT)
    };
    let said = follow(&["build", "restore", "-i", "image=InstallESD.dmg", "-o", "made.img"]).ok();
    let text = String::from_utf8(said.out).unwrap();
    for line in ["write made.img\n", "  100 %\n", "built made.img "] {
        assert!(text.contains(line), "{line}{text}");
    }
    let said = follow(&["build", "restore", "-i", "image=none.dmg", "-o", "made.img"]);
    assert_eq!(said.code, 3, "{}", said.text());
    assert!(said.text().contains("failed:\n  cannot read none.dmg (image)\n"), "{}", said.text());
}
