//! `inspect` on packages and chunk lists: only Apple's own software is proven.

use crate::support::{Ran, lionize, sample};
use lionize::block::{Source, bytes, read_vec};
use lionize::cli::exit;
use lionize::format::xar::write::{Body, Builder, Meta, Signer};
use lionize::format::xar::{Encoding, Style};
use lionize::source::sample::{Package, package_bytes, signer};
use std::fs;
use std::path::PathBuf;

const PACKAGE: Package<'_> = Package {
    identifier: "org.example.lion",
    version: "10.7.5",
    location: "/",
    files: &[("usr/sbin/lion", 0o755, b"a program")],
    scripts: &[("postinstall", b"#!/bin/sh\nexit 0\n")],
    signed: true,
};

struct Inspected {
    ran: Ran,
    last: serde_json::Value,
    path: PathBuf,
    _folder: tempfile::TempDir,
}

/// Inspects these bytes twice: as text, and as JSON.
fn inspect(data: &[u8], name: &str) -> Inspected {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, data).unwrap();
    let ran = lionize(["inspect", "--quiet", path.to_str().unwrap()]);
    let told = lionize(["--json", "inspect", path.to_str().unwrap()]);
    assert_eq!(ran.code, told.code);
    let mut last = told.objects().pop().unwrap();
    if last["result"] == "failed" {
        last = last["partial"].take();
    }
    assert_eq!(last["result"], "inspected");
    Inspected { ran, last, path, _folder: folder }
}

/// Neither form may say that it is proven.
#[track_caller]
fn is_not_proven(found: &Inspected) {
    assert_eq!(found.last["trust"]["proven"], false, "{}", found.last);
    assert_ne!(found.last["trust"]["level"], "signature", "{}", found.last);
    let text = found.ran.text().replace("not proven", "");
    assert!(!text.contains("proven"), "{text}");
}

#[test]
fn a_sample_package_is_told_and_its_signer_is_nobody() {
    let found = inspect(&package_bytes(&PACKAGE).unwrap(), "Lion.pkg");
    assert_eq!((found.ran.code, found.ran.errors.as_str()), (exit::DONE, ""));
    is_not_proven(&found);
    let text = found.ran.text();
    for line in [
        "  package: org.example.lion 10.7.5, for /, 4 entries, 1.0 KiB\n",
        "    scripts, not run here: postinstall\n",
        "  not proven: its RSA signature is refused: the chain ends at \"Lionize Sample Root CA\", \
         which nobody vouches for\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    assert!(text.starts_with(&format!("{}: ", found.path.display())), "{text}");
    assert_eq!(found.last["components"][0]["identifier"], "org.example.lion");
    assert_eq!(found.last["components"][0]["scripts"], serde_json::json!(["postinstall"]));
    assert_eq!(found.last["trust"]["level"], "checksum");
    assert_eq!(found.last["trust"]["signers"], serde_json::json!([]));
}

#[test]
fn an_unsigned_package_is_told_as_one() {
    let package = Package { signed: false, ..PACKAGE };
    let found = inspect(&package_bytes(&package).unwrap(), "Lion.pkg");
    assert_eq!((found.ran.code, found.ran.errors.as_str()), (exit::DONE, ""));
    is_not_proven(&found);
    assert!(found.ran.text().contains("  not proven: nobody signed it\n"), "{:?}", found.ran);
}

#[test]
fn a_changed_package_is_damaged() {
    let mut data = package_bytes(&PACKAGE).unwrap();
    // The last byte is one of the last file's.
    *data.last_mut().unwrap() ^= 1;
    let found = inspect(&data, "Lion.pkg");
    assert_eq!(found.ran.code, exit::BAD_INPUT);
    is_not_proven(&found);
    assert_eq!(found.last["trust"]["level"], "none");
    assert!(found.ran.errors.contains("Lion.pkg is damaged\n  because "), "{:?}", found.ran);
}

fn all(source: &Source) -> Vec<u8> {
    read_vec(source.as_ref(), 0, usize::try_from(source.len()).unwrap()).unwrap()
}

/// A package that the sample's key signed, with other certificates.
fn with_certificates(certificates: &[&[u8]]) -> Vec<u8> {
    let mut builder = Builder::new(Style::Sha1, 0);
    let meta = Meta { mode: 0o644, uid: 0, gid: 0, mtime: 0 };
    builder.add(None, "Payload", meta, Body::File(bytes(*b"a payload"), Encoding::Raw));
    let certificates = certificates.iter().map(|der| der.to_vec()).collect();
    builder.sign(0, Signer { certificates, ..signer(&Style::Sha1) });
    all(&builder.finish().unwrap())
}

#[test]
fn no_made_up_chain_is_ever_proven() {
    let [root, authority, made_up]: [&[u8]; 3] = [
        include_bytes!("../../src/format/certificate/samples/made-up-root.cer"),
        include_bytes!("../../src/format/certificate/samples/made-up-ca.cer"),
        include_bytes!("../../src/format/certificate/samples/made-up-signer.cer"),
    ];
    let apple: &[u8] = include_bytes!("../../images/roots/AppleIncRootCertificate.cer");
    // The second appends a root that is trusted, and the third begins with it.
    for chain in [
        &[made_up, authority, root][..],
        &[made_up, authority, apple],
        &[apple, made_up, authority, root],
        &[made_up],
        &[],
    ] {
        let found = inspect(&with_certificates(chain), "Made up.pkg");
        is_not_proven(&found);
        assert!(found.ran.text().contains(" signature is refused: "), "{:?}", found.ran);
        assert_eq!(found.last["trust"]["signers"], serde_json::json!([]));
    }
}

#[test]
fn a_chunk_list_is_told_with_who_signed_it() {
    let list = format!("{}/BaseSystem.chunklist", sample().display());
    let data = lionize(["cat", &list]).out;
    let found = inspect(&data, "BaseSystem.chunklist");
    assert_eq!((found.ran.code, found.ran.errors.as_str()), (exit::DONE, ""));
    let text = found.ran.text();
    assert!(text.contains("  lists 1 chunk of an image of "), "{text}");
    assert!(text.contains("  signed by nobody, with a right digest\n"), "{text}");
    assert_eq!(found.last["chunklist"]["chunks"], 1);
    let mut changed = data;
    changed[50] ^= 1;
    let found = inspect(&changed, "BaseSystem.chunklist");
    assert_eq!(found.ran.code, exit::BAD_INPUT);
    assert!(found.ran.text().contains("  refused: "), "{:?}", found.ran);
    assert!(found.ran.errors.contains("BaseSystem.chunklist is damaged\n"), "{:?}", found.ran);
}
