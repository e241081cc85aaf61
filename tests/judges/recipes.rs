//! What the built-in recipes claim of their media, made from sample sources:
//! judged by our own reader and by one of other authors.

use crate::boot::ready;
use crate::support::image::temp;
use crate::support::judge::{clock, judge, required, run};
use lionize::recipe::builtin;
use lionize::vm::Loader;
use serde_json::Value;
use std::process::Command;
use std::time::Duration;

#[test]
fn every_built_in_recipe_is_what_it_claims() {
    let _clock = clock();
    let (Some(_), Some(_)) = (judge("ifind"), judge("icat")) else { return };
    for name in builtin::names() {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lionize"));
        command.args(["test", name, "--json"]);
        if required() {
            // Then what is not run, such as a start in a machine, is a failure.
            command.args(["--judges", "required"]);
        }
        let said = run(&mut command, Duration::from_secs(300)).ok();
        let text = String::from_utf8(said.out).unwrap();
        let objects: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let last = objects.last().unwrap();
        assert_eq!((&last["result"], &last["failed"]), (&"tested".into(), &0.into()), "{name}");
        assert!(last["passed"].as_u64().unwrap() > 0, "{name}: {last}");
        assert_eq!(last["foreign"], "The Sleuth Kit", "{name}");
        for object in objects.iter().filter(|object| object["item"] == "test") {
            let (claim, verdict) = (object["claim"].as_str().unwrap(), &object["verdict"]);
            let judges = object["judges"].as_array().unwrap().len();
            println!("{name}: {claim}: {verdict}, {judges} judges");
            let seen = ["exists", "sha256"].iter().any(|word| claim.starts_with(word));
            assert!(verdict != "passed" || !seen || judges == 2, "{name}: {claim}");
        }
    }
}

#[test]
fn media_without_a_boot_file_are_said_not_to_start() {
    let _clock = clock();
    if !ready(&Loader::ALL) {
        return;
    }
    let dir = temp();
    let boot = "/System/Library/CoreServices/boot.efi";
    let text = format!(
        "schema = 1\nname = \"no-boot\"\ntitle = \"No boot file\"\nextends = \"restore\"\n\
         [[step]]\nremove = \"{boot}\"\n[[test]]\nboots = true\n"
    );
    std::fs::write(dir.path().join("no-boot.toml"), text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_lionize"));
    command.args(["test", "no-boot.toml", "--quiet"]).current_dir(dir.path());
    let said = run(&mut command, Duration::from_secs(120));
    assert_eq!(said.code, 6, "{}", said.text());
    let failed = format!(
        "failed   no-boot.toml:8  boots\n           wanted a start\n           \
         found  boot.efi not found: {boot}, says rEFInd\n"
    );
    assert!(said.text().contains(&failed), "{}", said.text());
}
