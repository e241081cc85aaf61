//! `SOURCE_DATE_EPOCH`: the date of what has none of its own.

use crate::support::sample;
use lionize::cli::exit;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A volume of which nothing has a date of its own.
const RECIPE: &str = r#"
schema = 1
name = "note"
title = "A note"

[media]
layout = "bare"

[media.volume]
name = "Note"
free = "1 MiB"

[[step]]
write = { to = "/Note.txt", text = "made by nobody" }
"#;

/// Runs the command on that day, or on none.
fn on(day: Option<&str>, folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lionize"));
    command.args(args).current_dir(folder).env_remove("SOURCE_DATE_EPOCH");
    command.envs(day.map(|day| ("SOURCE_DATE_EPOCH", day))).output().unwrap()
}

/// What is built on that day.
fn built(day: Option<&str>, folder: &Path, more: &[&str]) -> Vec<u8> {
    let args = [&["build", "./note.toml", "-q", "-o", "note.img"], more].concat();
    let ran = on(day, folder, &args);
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    fs::read(folder.join("note.img")).unwrap()
}

/// When that was made, as `ls` prints it.
fn dated(folder: &Path) -> String {
    let ran = on(None, folder, &["ls", "--long", "note.img/Note.txt"]);
    String::from_utf8(ran.stdout).unwrap()
}

#[test]
fn the_date_of_what_has_none_is_the_one_that_is_given() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path();
    fs::write(folder.join("note.toml"), RECIPE).unwrap();
    let first = built(Some("1350000000"), folder, &[]);
    assert!(dated(folder).contains("2012-10-12 00:00:00"), "{}", dated(folder));
    assert!(built(Some("1350000000"), folder, &[]) == first, "the same date, the same bytes");
    let later = built(Some("1400000000"), folder, &[]);
    assert!(later != first);
    assert!(dated(folder).contains("2014-05-13 16:53:20"), "{}", dated(folder));
    // Without it the day of the build does not matter.
    assert!(built(None, folder, &[]) == built(None, folder, &[]));
    // A lock has its date in it.
    let ran = on(Some("1350000000"), folder, &["lock", "./note.toml", "-q", "-o", "note.lock"]);
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    assert!(built(Some("1400000000"), folder, &["--locked", "note.lock"]) == first);
}

#[test]
fn without_it_the_newest_input_gives_the_date() {
    let temp = tempfile::tempdir().unwrap();
    let input = format!("installer={}", sample().display());
    let date = |day| {
        let ran = on(day, temp.path(), &["plan", "lion", "--json", "-i", &input]);
        let last = String::from_utf8(ran.stdout).unwrap().lines().last().unwrap().to_owned();
        let plan: serde_json::Value = serde_json::from_str(&last).unwrap();
        plan["plan"]["date"].as_u64().unwrap()
    };
    assert_eq!(date(Some("1400000000")), 1_400_000_000);
    // The sample's volume was last changed on the day of 10.7.5.
    assert_eq!(date(None), 1_348_099_200);
}

#[test]
fn a_date_is_seconds() {
    let temp = tempfile::tempdir().unwrap();
    fs::write(temp.path().join("note.toml"), RECIPE).unwrap();
    let ran = on(Some("2012-10-12"), temp.path(), &["plan", "./note.toml"]);
    assert_eq!(ran.status.code(), Some(i32::from(exit::USAGE)));
    assert_eq!(
        String::from_utf8(ran.stderr).unwrap(),
        "error: SOURCE_DATE_EPOCH is `2012-10-12`, not seconds since 1970\n\
         hint: `date +%s` prints such a number, `git log -1 --format=%ct` a commit's\n"
    );
}
