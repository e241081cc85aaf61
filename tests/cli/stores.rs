//! Several processes at once on one store.

use crate::catalog_net::{offered, serve};
use crate::support::lionize;
use lionize::cli::exit;
use lionize::source::sample::server::Server;
use std::fs;
use std::process::{Child, Command, Stdio};

/// A disk with a package of the catalog's, and nothing else.
const RECIPE: &str = r#"
schema = 1
name = "tool"
title = "A package of the catalog's"

[inputs.tool]
kind = "catalog"
catalog = "lion"
product = "041-98155"
package = "App.pkg"

[media]
layout = "bare"

[media.volume]
name = "Tool"
free = "1 MiB"

[[step]]
copy = { from = "tool", to = "/App.pkg" }
"#;

/// The package's length: enough to come in many pieces.
const LEN: usize = 3_000_000;
/// How many there are.
const MANY: usize = 5;

/// A mirror whose package is that long.
fn mirror() -> Server {
    let mut catalog = offered();
    let offered = catalog.products.iter_mut().flat_map(|product| &mut product.packages);
    let package = offered.into_iter().find(|package| package.name() == "App.pkg");
    package.unwrap().size = LEN as u64;
    serve(&catalog, "")
}

#[test]
fn builds_that_share_a_store_make_the_same() {
    let temp = tempfile::tempdir().unwrap();
    let at = |name: &str| temp.path().join(name).to_str().unwrap().to_owned();
    fs::write(at("tool.toml"), RECIPE).unwrap();
    let (first, server) = (mirror(), mirror());
    // The lock knows the digest, which plain http is held to.
    let url = first.url("");
    let of_first = ["--store", &at("first"), "--mirror", &url];
    let fetch = ["catalog", "fetch", "041-98155", "--package", "App.pkg", "-q", "--to", &at("")];
    let lock = ["lock", &at("tool.toml"), "-q", "--offline", "-o", &at("tool.lock")];
    for args in [&fetch[..], &lock] {
        let ran = lionize(args.iter().chain(&of_first));
        assert_eq!(ran.code, exit::DONE, "{ran:?}");
    }
    let build = |index: usize| {
        let out = at(&format!("{index}.img"));
        let child = Command::new(env!("CARGO_BIN_EXE_lionize"))
            .args(["build", &at("tool.toml"), "-q", "-o", &out, "--locked", &at("tool.lock")])
            .args(["--store", &at("store"), "--mirror", &server.url("")])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        (out, child.unwrap())
    };
    let building: Vec<(String, Child)> = (0..MANY).map(build).collect();
    let mut made = Vec::new();
    for (out, child) in building {
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        let manifest = fs::read_to_string(format!("{out}.manifest.json")).unwrap();
        made.push((fs::read(&out).unwrap(), manifest));
    }
    assert!(made.iter().all(|one| *one == made[0]), "the same bytes, and the same manifest");
    let ran = lionize(["cat", &format!("{}/App.pkg", at("0.img"))]);
    assert!(ran.code == exit::DONE && ran.out == vec![7; LEN], "{}", ran.errors);
    // What one fetches, the others wait for.
    let asked = server.asked().into_iter().filter(|asked| asked.path.ends_with("/App.pkg"));
    assert_eq!(asked.count(), 1);
    let ran = lionize(["cache", "verify", "--store", &at("store")]);
    assert_eq!(ran.code, exit::DONE, "{ran:?}");
}
