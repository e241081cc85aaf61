//! `cache list`, `verify` and `prune` on a store with two files.

use crate::support::lionize;
use lionize::cli::exit;
use lionize::source::http::Client;
use lionize::source::sample::server::{Server, Site};
use lionize::source::store::{Download, Store};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;

/// A store with two files, and the first one's path.
fn store(folder: &Path) -> (String, std::path::PathBuf, Server) {
    let site = Site::new().with("/a.pkg", vec![b'a'; 3 << 20]).with("/b.pkg", *b"bbb");
    let server = Server::of(site).unwrap();
    let store = Store::open(folder).unwrap();
    let mut first = None;
    for (path, data) in [("/a.pkg", vec![b'a'; 3 << 20]), ("/b.pkg", b"bbb".to_vec())] {
        let sha256 = Some(Sha256::digest(&data).into());
        let wanted = Download { sha256, ..Download::new(server.url(path)) };
        let stored = store.fetch(&wanted, &Client::default(), &()).unwrap();
        first.get_or_insert(stored.path);
    }
    (folder.to_str().unwrap().to_owned(), first.unwrap(), server)
}

#[test]
fn the_store_is_listed_verified_and_pruned() {
    let folder = tempfile::tempdir().unwrap();
    let (path, first, server) = store(folder.path());
    let ran = lionize(["cache", "list", "--store", &path]);
    assert_eq!((ran.code, ran.errors.as_str()), (exit::DONE, ""));
    let text = ran.text();
    assert!(text.contains(&format!("{}\n", server.url("/a.pkg"))), "{text}");
    assert!(text.ends_with(&format!("2 files, 3.0 MiB, in {path}\n")), "{text}");
    let ran = lionize(["cache", "verify", "--store", &path]);
    let errors = "verifying the store\n";
    ran.is(exit::DONE, "2 files, 3.0 MiB: all as they were fetched\n", errors);
    let mut rotten = fs::read(&first).unwrap();
    rotten[1 << 20] ^= 1;
    fs::write(&first, rotten).unwrap();
    let ran = lionize(["--quiet", "cache", "verify", "--store", &path]);
    let errors = format!(
        "error: 1 file in the store had been damaged since the fetch, and went\n  \
         because {} (3.0 MiB)\n\
         hint: the next command that needs them fetches them again; look after the disk\n",
        server.url("/a.pkg")
    );
    ran.is(exit::VERIFICATION, "", &errors);
    let ran = lionize(["--json", "cache", "list", "--store", &path]);
    let listed = &ran.objects()[0];
    assert_eq!(
        (listed["bytes"].as_u64(), listed["files"][0]["bytes"].as_u64()),
        (Some(3), Some(3))
    );
    let ran = lionize(["cache", "prune", "--to", "0", "--store", &path]);
    ran.is(exit::DONE, "1 file removed, 3 bytes; 0 bytes left\n", "");
}

#[test]
fn mistakes_are_usage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let ran = lionize(["cache", "prune", "--to", "much", "--store", path]);
    let errors = "error: `much` is no size\nhint: give one like `20 GB` or `0`\n";
    ran.is(exit::USAGE, "", errors);
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let ran = lionize(["cache", "list", "--store", file.to_str().unwrap()]);
    assert_eq!(ran.code, exit::OUTPUT);
    assert!(ran.errors.ends_with("hint: give another folder with --store\n"), "{}", ran.errors);
}
