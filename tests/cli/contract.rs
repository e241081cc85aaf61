//! What programs rely on: every event and every result is as the schema says.
//!
//! Each run with `--json` of any test is held to `schemas/events.json` (see
//! `support`); here every command has one, and every definition is met.

use crate::support::{Ran, inside, lionize, sample, stopped};
use crate::{catalog_net, fetch, schema};
use lionize::cli::exit;
use lionize::engine::Stop;
use lionize::source::sample::server::Server;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Results that need a disk (`src/cli/burn.rs` holds these), or a machine
/// (`tests/judges/boot.rs` and `guest.rs` do).
const ELSEWHERE: [&str; 6] = [
    "result-written",
    "result-erased",
    "result-tried",
    "result-compared",
    "result-command",
    "result-ran",
];

/// Runs that end well, by a folder to work in; words as in a shell.
fn commands(dir: &str) -> Vec<String> {
    let installer = sample().display();
    let fixed = format!("fix apply stable-ipv6 --to {dir}/made.img -o {dir}/fixed.img --force");
    [
        &format!("plan lion -i installer={installer}"),
        &format!("build lion -i installer={installer} -o {dir}/made.img"),
        &format!("lock lion -i installer={installer} -o {dir}/lion.lock"),
        &format!("verify {dir}/made.img"),
        &format!("test lion -i installer={installer} --judges none"),
        &format!("inspect {installer}"),
        &format!("ls {installer}"),
        &format!("extract {} --to {dir}/out", inside("/mach_kernel")),
        &format!("demo --to {dir}/demo"),
        &format!("sample 10.9 --to {dir}/samples"),
        &format!("cache list --store {dir}/demo/store"),
        &format!("cache verify --store {dir}/demo/store"),
        &format!("cache prune --to 0 --store {dir}/demo/store"),
        "catalog names",
        "recipe list",
        "recipe show lion",
        "recipe check lion",
        "fix list",
        "fix list --for 10.7",
        "fix show stable-ipv6",
        "fix script stable-ipv6",
        &fixed,
        &format!("package build enable-ssh -o {dir}/ssh.pkg"),
        "devices",
        "schema events",
        "completions bash",
        "man build",
        &format!("man --to {dir}/man1"),
        "recipe schema",
        "fix schema",
        "recipe new mine --for 10.7 --fix create-admin-user",
        "recipe diff lion lion-server",
        "config",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn json(words: &str) -> Ran {
    lionize(["--json"].into_iter().chain(words.split_whitespace()))
}

/// All that the commands of catalogs print.
fn of_catalogs(dir: &str) -> Vec<Ran> {
    let offered = catalog_net::offered();
    let server = catalog_net::serve(&offered, "");
    let file = format!("{dir}/lion.sucatalog");
    fs::write(&file, offered.to_bytes().unwrap()).unwrap();
    let net = format!("--store {dir}/store --mirror {}", server.url(""));
    [
        format!("catalog list {net}"),
        format!("catalog show 041-98155 {net}"),
        format!("catalog check --catalog {file}"),
        format!("catalog mirror --script --catalog {file}"),
        format!("catalog fetch 041-98155 --package App.pkg --to {dir}/fetched {net}"),
        format!("catalog mirror --to {dir}/mirror --product 041-98155 {net}"),
    ]
    .iter()
    .map(|words| json(words))
    .collect()
}

/// What `plan` prints before a fetch.
fn of_outlook(dir: &str) -> Ran {
    let server = Server::of(lionize::source::sample::lion_server().unwrap()).unwrap();
    json(&format!(
        "plan lion-server -i installer={} --store {dir}/empty --mirror {}",
        sample().display(),
        server.url("")
    ))
}

/// What `fetch recovery` prints.
fn of_recovery(dir: &str) -> Ran {
    let image = b"an image".repeat(1000);
    let server = fetch::server(&image, &fetch::list(&image));
    let digest: String = Sha256::digest(&image).iter().map(|byte| format!("{byte:02x}")).collect();
    json(&format!(
        "fetch recovery --board-id Mac-2E6FAB96566FE58C --server {} --store {dir}/store \
         --to {dir}/recovery --sha256 {digest}",
        server.url("/")
    ))
}

#[test]
fn every_command_keeps_to_the_schema_and_every_definition_is_met() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().to_str().unwrap();
    let mut ran = of_catalogs(dir);
    ran.push(of_recovery(dir));
    ran.push(of_outlook(dir));
    for words in commands(dir) {
        let one = json(&words);
        assert_eq!(one.code, exit::DONE, "{words}: {one:?}");
        ran.push(one);
    }
    ran.push(json("biuld"));
    let schema = schema::events();
    let met: BTreeSet<String> = ran
        .iter()
        .flat_map(Ran::objects)
        .flat_map(|object| [schema.kinds(&object), schema.kinds(&object["plan"])].concat())
        .collect();
    let told = |name: &&str| {
        ["event-", "item-", "result-", "outlook"].iter().any(|kind| name.starts_with(kind))
            && !ELSEWHERE.contains(name)
    };
    let unmet: Vec<_> = schema.names().into_iter().filter(told).collect();
    let unmet: Vec<_> = unmet.iter().filter(|name| !met.contains(**name)).collect();
    assert!(unmet.is_empty(), "no command printed what schemas/events.json calls {unmet:?}");
}

#[test]
fn failures_and_interrupts_end_with_a_result_too() {
    let temp = tempfile::tempdir().unwrap();
    let damaged = temp.path().join("damaged.dmg");
    let mut bytes = fs::read(sample()).unwrap();
    bytes[1_000_000] ^= 1;
    fs::write(&damaged, bytes).unwrap();
    let ran = json(&format!("inspect {}", damaged.display()));
    let last = ran.objects().pop().unwrap();
    assert_eq!((&last["result"], &last["exit"]), (&"failed".into(), &3.into()));
    assert_eq!(last["partial"]["result"], "inspected", "what was found is told as well");

    let (stop, output) = (Stop::new(), temp.path().join("out.img"));
    stop.raise();
    let installer = format!("installer={}", sample().display());
    let args = ["--json", "build", "lion", "-i", &installer, "-o", output.to_str().unwrap()];
    let last = stopped(stop, args).objects().pop().unwrap();
    assert_eq!((&last["kind"], &last["exit"]), (&"interrupted".into(), &130.into()));
}

#[test]
fn contents_and_objects_do_not_mix() {
    let kernel = inside("/mach_kernel");
    for words in [format!("cat {kernel}"), format!("extract {kernel} --tar -")] {
        let ran = json(&words);
        assert_eq!(ran.code, exit::USAGE, "{ran:?}");
        assert!(ran.errors.contains(" goes to standard output, where `--json` has objects only\n"));
    }
}

/// The words behind `"result": "` and the like, in all of our code.
fn literals(folder: &Path, key: &str, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            literals(&entry, key, found);
        } else if entry.extension().is_some_and(|ext| ext == "rs") {
            let text = fs::read_to_string(&entry).unwrap();
            let mark = format!("\"{key}\": \"");
            let words = text.split(&mark).skip(1);
            found.extend(words.filter_map(|rest| Some(rest.split('"').next()?.to_owned())));
        }
    }
}

#[test]
fn nothing_is_printed_that_the_schema_does_not_name() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let schema = schema::events();
    for key in ["event", "item", "result"] {
        let mut found = BTreeSet::new();
        literals(&src, key, &mut found);
        assert!(!found.is_empty());
        let names = schema.names().into_iter().filter(|name| name.starts_with(&format!("{key}-")));
        let known: BTreeSet<_> = names
            .filter_map(|name| schema.at(&format!("/$defs/{name}/properties/{key}/const")))
            .filter_map(|word| Some(word.as_str()?.to_owned()))
            .collect();
        assert_eq!(
            found, known,
            "src prints on the left, schemas/events.json has on the right: \
             each {key} needs a definition there, and a run in tests/cli/contract.rs"
        );
    }
}
