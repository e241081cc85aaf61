//! Apple's own signatures: a chunk list, and a developer's certificate as
//! openssl verifies it.

use crate::support::image::{real, temp};
use crate::support::judge::judge;
use lionize::format::certificate::{Certificate, Purpose, Refusal, walk};
use lionize::format::chunklist::{Chunklist, Signed};
use lionize::source::trust::Anchors;
use std::fs;
use std::path::Path;

/// 2022-01-01, when every certificate of the chain was valid.
const THEN: i64 = 1_640_995_200;
/// 2026-06-01, when the developer's was not any more.
const LATER: i64 = 1_780_272_000;
/// 2020-01-01, when it was not yet.
const EARLIER: i64 = 1_577_836_800;

#[test]
fn a_real_chunk_list_holds_and_no_flipped_bit_does() {
    let Some(real) = real() else { return };
    let path = real.join("MacT2Vuln_BaseSystem.chunklist");
    if !path.exists() {
        println!("not judged: no {}", path.display());
        return;
    }
    let good = fs::read(path).unwrap();
    let anchors = Anchors::apple().unwrap();
    let keys = anchors.moduli();
    let list = Chunklist::parse(&good).unwrap();
    assert_eq!(list.chunks.len(), 106);
    let ten = 10 << 20;
    let (last, whole) = list.chunks.split_last().unwrap();
    assert!(whole.iter().all(|chunk| chunk.size == ten) && last.size <= ten);
    assert_eq!(list.verify_signature(&keys), Ok(Signed::ByKey(0)));
    assert!(list.verify_signature(&[]).is_err());
    let (mut unread, mut refused) = (0, 0);
    for at in 0..good.len() {
        let mut data = good.clone();
        data[at] ^= 1 << (at % 8);
        match Chunklist::parse(&data).map(|list| list.verify_signature(&keys)) {
            Err(_) => unread += 1,
            Ok(Err(Refusal::Signature { .. })) => refused += 1,
            Ok(other) => panic!("byte {at}: {other:?}"),
        }
    }
    // The signature and the digests can be anything; the header hardly.
    assert!(refused >= 256 + 106 * 32, "{refused}");
    println!("{unread} changed bytes could not be read, {refused} were refused");
}

/// Whether openssl takes the chain at this time; `None` when it is absent.
fn openssl(leaf: &[u8], authority: &[u8], root: &[u8], at: i64) -> Option<bool> {
    let openssl = judge("openssl")?;
    let temp = temp();
    let pem = |name: &str, der: &[u8]| {
        let (from, to) = (temp.path().join(name), temp.path().join(format!("{name}.pem")));
        fs::write(&from, der).unwrap();
        let args = ["x509", "-inform", "der", "-in"].map(AsRef::as_ref);
        let rest = [from.as_os_str(), "-out".as_ref(), to.as_os_str()];
        openssl.run(args.into_iter().chain(rest)).ok();
        to
    };
    let [leaf, authority, root] =
        [("leaf", leaf), ("authority", authority), ("root", root)].map(|(n, der)| pem(n, der));
    let time = at.to_string();
    // Apple's own extensions are critical, and openssl does not know them.
    let said = openssl.run([
        "verify".as_ref(),
        "-ignore_critical".as_ref(),
        "-no-CApath".as_ref(),
        "-no-CAstore".as_ref(),
        "-attime".as_ref(),
        time.as_ref(),
        "-CAfile".as_ref(),
        root.as_os_str(),
        "-untrusted".as_ref(),
        authority.as_os_str(),
        leaf.as_os_str(),
    ]);
    println!("at {at}: {}", said.text().trim());
    Some(said.code == 0)
}

fn certificate(folder: &Path, name: &str) -> Option<Vec<u8>> {
    let found = fs::read(folder.join("certs").join(name)).ok();
    if found.is_none() {
        println!("not judged: no certs/{name}");
    }
    found
}

#[test]
fn a_real_developers_chain_is_walked_as_openssl_does() {
    let Some(real) = real() else { return };
    let names =
        ["apple-signed-developer-id-installer.cer", "DeveloperIDCA.cer", "DeveloperIDG2CA.cer"];
    let [Some(leaf), Some(ca), Some(other)] = names.map(|name| certificate(&real, name)) else {
        return;
    };
    let apple = Anchors::apple().unwrap();
    let roots: Vec<_> = apple.roots.iter().map(|anchor| anchor.root.clone()).collect();
    let root = roots.iter().find(|root| root.subject.common == "Apple Root CA").unwrap();
    let mut changed = leaf.clone();
    // The last byte is one of the signature's.
    *changed.last_mut().unwrap() ^= 1;
    let cases = [
        ("as it is", &leaf, &ca, THEN, true),
        ("expired", &leaf, &ca, LATER, false),
        ("not yet valid", &leaf, &ca, EARLIER, false),
        ("below another authority of the same name", &leaf, &other, THEN, false),
        ("with a flipped bit", &changed, &ca, THEN, false),
    ];
    for (what, leaf, authority, at, taken) in cases {
        let signer = Certificate::parse(leaf).unwrap();
        let others = [Certificate::parse(authority).unwrap()];
        let walked = walk(&signer, &others, &roots, Purpose::Package, at);
        assert_eq!(walked.is_ok(), taken, "{what}: {walked:?}");
        if let Some(said) = openssl(leaf, authority, root.der(), at) {
            assert_eq!(said, taken, "openssl, {what}");
        }
        if let Ok(chain) = walked {
            let names: Vec<_> =
                chain.certificates.iter().map(|it| it.subject.common.as_str()).collect();
            assert_eq!(
                names,
                [
                    "Developer ID Installer: Gregory Szorc (MK22MZP987)",
                    "Developer ID Certification Authority",
                    "Apple Root CA"
                ]
            );
        }
    }
    let signer = Certificate::parse(&leaf).unwrap();
    let others = [Certificate::parse(&ca).unwrap()];
    let refusal = walk(&signer, &others, &roots, Purpose::Timestamp, THEN).unwrap_err();
    assert!(matches!(refusal, Refusal::Usage(_)), "{refusal:?}");
}
