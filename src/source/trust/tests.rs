//! Packages that are proven, and those that are not.

use super::{Anchors, Claims, Digests, Kind, Level, ListKey, Publisher, State, Verdict, judge};
use crate::block::{Source, bytes, read_vec};
use crate::format::certificate::Refusal;
use crate::format::xar::write::{Body, Builder, Meta, Signer, Signing};
use crate::format::xar::{Archive, Basis, Encoding, Style};
use crate::source::sample;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents};
use sha1::{Digest, Sha1};
use sha2::Sha256;

const META: Meta = Meta { mode: 0o644, uid: 0, gid: 0, mtime: 0 };
/// The sample's key, which signs nothing else.
const SAMPLE_KEY: &[u8] = include_bytes!("../../../images/sample/signing/signer.key");
/// 2012-09-20.
const THEN: i64 = 1_348_099_200;
/// 2026-11-23.
const NOW: i64 = 1_795_392_000;

fn all(source: &Source) -> Vec<u8> {
    read_vec(source.as_ref(), 0, usize::try_from(source.len()).unwrap()).unwrap()
}

fn package(style: Style, sign: Option<Signer>) -> Vec<u8> {
    let mut builder = Builder::new(style, THEN);
    let payload = Body::File(bytes(*b"a payload that is stored as it is"), Encoding::Raw);
    builder.add(None, "Payload", META, payload);
    let info = Body::File(bytes(b"<pkg-info/>".repeat(99)), Encoding::Zlib);
    builder.add(None, "PackageInfo", META, info);
    if let Some(signer) = sign {
        builder.sign(THEN, signer);
    }
    all(&builder.finish().unwrap())
}

fn signed(style: Style) -> Vec<u8> {
    let signer = sample::signer(&style);
    package(style, Some(signer))
}

fn trusting() -> Anchors {
    Anchors::apple().unwrap().with(sample::anchors().unwrap())
}

fn verdict(data: &[u8], anchors: &Anchors) -> Verdict {
    let claims = Claims { now: Some(NOW), ..Claims::new(anchors) };
    judge(&bytes(data), &claims, &|_| ()).unwrap()
}

#[test]
fn a_signed_package_is_proven_to_those_who_trust_its_root() {
    for style in [Style::Sha1, Style::Sha256] {
        let verdict = verdict(&signed(style), &trusting());
        assert_eq!(
            verdict.answer(),
            "proven by the sample's maker's signature: \"Lionize Sample Software Update\" \
             on 2012-09-20 (as it says; no proof)"
        );
        assert_eq!(verdict.level(), Level::Signature);
        assert!(verdict.is_proven());
        let [signer] = &verdict.signers[..] else { panic!("{:?}", verdict.signers) };
        assert_eq!(signer.chain.len(), 3);
        assert_eq!((signer.at, &signer.basis), (THEN, &Basis::Claimed));
        assert_eq!(signer.publisher, Publisher::Owner("the sample's maker".into()));
        assert_eq!(signer.expired, Some(true));
        let notes: Vec<_> = verdict.in_state(State::Noted).map(|note| note.text.as_str()).collect();
        assert_eq!(
            notes,
            ["its signer's certificate ended on 2015-03-01: a Mac takes it when its clock is \
              set between 2012-03-01 and then"]
        );
    }
}

#[test]
fn a_made_up_chain_proves_nothing() {
    let verdict = verdict(&signed(Style::Sha1), &Anchors::apple().unwrap());
    assert_eq!(
        verdict.answer(),
        "not proven: its RSA signature is refused: the chain ends at \"Lionize Sample Root CA\", \
         which nobody vouches for"
    );
    assert_eq!((verdict.level(), verdict.is_proven()), (Level::Checksum, false));
    assert!(verdict.signers.is_empty());
}

#[test]
fn an_unsigned_package_has_its_checksums() {
    let verdict = verdict(&package(Style::Sha1, None), &trusting());
    assert_eq!(verdict.answer(), "not proven: nobody signed it");
    assert_eq!(verdict.level(), Level::Checksum);
}

#[test]
fn no_flipped_bit_leaves_it_proven() {
    let good = signed(Style::Sha1);
    let anchors = trusting();
    for at in 0..good.len() {
        let mut data = good.clone();
        data[at] ^= 1;
        let verdict = verdict(&data, &anchors);
        assert!(!verdict.is_proven(), "byte {at}: {}", verdict.answer());
    }
}

#[test]
fn another_payload_under_the_same_signature_is_refuted() {
    let good = signed(Style::Sha1);
    let at = good.windows(9).position(|w| w == b"a payload").unwrap();
    let mut data = good;
    data[at] = b'A';
    let verdict = verdict(&data, &trusting());
    assert_eq!(verdict.level(), Level::None);
    assert!(verdict.answer().starts_with("refuted: Payload: xar entry: "), "{}", verdict.answer());
}

#[test]
fn a_signature_of_another_table_is_refuted() {
    let sign = Box::new(|_: &Signing<'_>| Ok(vec![7; 256]));
    let signer = Signer { sign, ..sample::signer(&Style::Sha1) };
    let verdict = verdict(&package(Style::Sha1, Some(signer)), &trusting());
    assert_eq!(
        verdict.answer(),
        "refuted: its RSA signature is refused: the key of \"Lionize Sample Software Update\" \
         did not sign the table of contents"
    );
}

#[test]
fn a_signature_without_certificates_proves_nothing() {
    let signer = Signer { certificates: Vec::new(), ..sample::signer(&Style::Sha1) };
    let data = package(Style::Sha1, Some(signer));
    let archive = Archive::open(bytes(data)).unwrap();
    let refused = archive.verify_signature(&archive.signatures()[0], &[]).unwrap();
    assert_eq!(refused, Err(Refusal::NoCertificate));
}

#[test]
fn a_developer_certified_by_the_owner_is_not_the_owner() {
    let mut anchors = sample::anchors().unwrap();
    anchors.roots[0].makers = vec![("another authority".into(), None)];
    let by_name = verdict(&signed(Style::Sha256), &anchors);
    assert_eq!(
        by_name.answer(),
        "not proven: \"Lionize Sample Software Update\" signed it on 2012-09-20 (as it says; no \
         proof), who is certified by the sample's maker, but it is not the sample's maker's own \
         software"
    );
    let authority = "Lionize Sample Software Update Certification Authority".to_owned();
    anchors.roots[0].makers = vec![(authority.clone(), Some("another signer".into()))];
    assert!(!verdict(&signed(Style::Sha256), &anchors).is_proven());
    let signer = "Lionize Sample Software Update".into();
    anchors.roots[0].makers = vec![(authority, Some(signer))];
    assert!(verdict(&signed(Style::Sha256), &anchors).is_proven());
}

#[test]
fn digests_on_record_prove_and_pinned_ones_also_refute() {
    let data = package(Style::Sha1, None);
    let (sha256, sha1) = (Sha256::digest(&data).into(), Sha1::digest(&data).into());
    let anchors = trusting();
    let source = bytes(data.clone());
    let judged = |claims: &Claims<'_>| judge(&source, claims, &|_| ()).unwrap();
    let right = Claims { sha256: vec![[0; 32], sha256], ..Claims::new(&anchors) };
    assert_eq!(judged(&right).answer(), "proven by the SHA-256 that is on record");
    assert_eq!(judged(&right).level(), Level::Digest);
    let old = Claims { sha1: vec![sha1], pinned: true, ..Claims::new(&anchors) };
    assert_eq!(judged(&old).answer(), "proven by the SHA-1 that is demanded");
    let unknown = Claims { sha256: vec![[0; 32]], ..Claims::new(&anchors) };
    assert!(judged(&unknown).answer().starts_with("not proven: its digest is SHA-256 "));
    assert!(judged(&unknown).answer().ends_with(" on record; nobody signed it"));
    let pinned = Claims { pinned: true, ..unknown };
    assert!(judged(&pinned).answer().starts_with("refuted: its digest is SHA-256 "));
    let known = Digests { sha256: Some([0; 32]), sha1: None };
    assert!(judged(&Claims { digests: known, ..pinned }).is_proven(), "made before");
    let short = Claims { size: Some(9), ..right };
    let text = format!("refuted: it has {} bytes, and 9 were promised", data.len());
    assert_eq!(judged(&short).answer(), text);
}

#[test]
fn what_a_catalogs_digest_covers_is_noted_and_never_proves() {
    let data = package(Style::Sha1, None);
    let archive = Archive::open(bytes(data.clone())).unwrap();
    let table: [u8; 20] = archive.toc_checksum().unwrap().value[..].try_into().unwrap();
    let anchors = trusting();
    for (digest, expected) in [
        (Sha1::digest(&data).into(), "the catalog's digest is the file's SHA-1"),
        (table, "the catalog's digest is the SHA-1 of the table of contents"),
        ([0; 20], "the catalog's digest is neither the file's SHA-1 nor its table's"),
    ] {
        let claims = Claims { catalog_digest: Some(digest), ..Claims::new(&anchors) };
        let verdict = judge(&bytes(data.clone()), &claims, &|_| ()).unwrap();
        let layer = verdict.layers.iter().find(|layer| layer.kind == Kind::CatalogDigest).unwrap();
        assert_eq!((layer.state, layer.text.as_str()), (State::Noted, expected));
        assert!(!verdict.is_proven());
    }
}

/// A package with one signature in the style CMS: a true one, of the twenty
/// bytes that it has for a checksum; the checksum's style is named `style`.
fn with_message(style: &str) -> Vec<u8> {
    let message = include_bytes!("../../format/certificate/samples/claimed.cms");
    let sign = Box::new(|_: &Signing<'_>| Ok(message.to_vec()));
    let signer =
        Signer { style: "CMS", extended: true, size: 4096, certificates: Vec::new(), sign };
    let data = package(Style::Sha1, Some(signer));
    let len = usize::try_from(u64::from_be_bytes(data[8..16].try_into().unwrap())).unwrap();
    let mut toc = String::new();
    let mut decoder = flate2::read::ZlibDecoder::new(&data[28..28 + len]);
    std::io::Read::read_to_string(&mut decoder, &mut toc).unwrap();
    let toc = toc.replace("<checksum style=\"sha1\"", &format!("<checksum style=\"{style}\""));
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Default::default());
    std::io::Write::write_all(&mut encoder, toc.as_bytes()).unwrap();
    let stored = encoder.finish().unwrap();
    let mut head = data[..28].to_vec();
    head[4..6].copy_from_slice(&36_u16.to_be_bytes());
    head[8..16].copy_from_slice(&(stored.len() as u64).to_be_bytes());
    head[16..24].copy_from_slice(&(toc.len() as u64).to_be_bytes());
    head[24..28].copy_from_slice(&3_u32.to_be_bytes());
    head.extend(style.as_bytes());
    head.resize(36, 0);
    let sum = include_bytes!("../../format/certificate/samples/content");
    [&head[..], &stored, sum, &data[28 + len + 20..]].concat()
}

#[test]
fn a_true_signature_of_a_checksum_that_nobody_checks_proves_nothing() {
    let anchors = trusting();
    let verdict = verdict(&with_message("crc"), &anchors);
    assert_eq!((verdict.is_proven(), verdict.level()), (false, Level::Checksum));
    assert_eq!(
        verdict.answer(),
        "not proven: its CMS signature is refused: the algorithm of \"the table of contents' \
         checksum\" (crc) is not accepted"
    );
    assert!(verdict.signers.is_empty());
    // Under the name of a checksum that is checked, it is a wrong one.
    assert!(self::verdict(&with_message("sha1"), &anchors).contradiction().is_some());
}

#[test]
fn files_without_checksums_are_not_covered_by_a_signature() {
    let verdict = |style: &str| {
        let data = signed(Style::Sha1);
        let mut head = data[..28].to_vec();
        let len = usize::try_from(u64::from_be_bytes(data[8..16].try_into().unwrap())).unwrap();
        let mut toc = String::new();
        let mut decoder = flate2::read::ZlibDecoder::new(&data[28..28 + len]);
        std::io::Read::read_to_string(&mut decoder, &mut toc).unwrap();
        let toc = toc.replace("-checksum style=\"sha1\"", &format!("-checksum style=\"{style}\""));
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Default::default());
        std::io::Write::write_all(&mut encoder, toc.as_bytes()).unwrap();
        let stored = encoder.finish().unwrap();
        head[8..16].copy_from_slice(&(stored.len() as u64).to_be_bytes());
        head[16..24].copy_from_slice(&(toc.len() as u64).to_be_bytes());
        let sum = Sha1::digest(&stored).to_vec();
        let signing = Signing { table: &stored, checksum: &sum };
        let made = (sample::signer(&Style::Sha1).sign)(&signing).unwrap();
        let data = [&head[..], &stored, &sum, &made, &data[28 + len + 20 + 256..]].concat();
        self::verdict(&data, &trusting())
    };
    assert!(verdict("sha1").is_proven());
    let other = verdict("crc32");
    assert_eq!((other.is_proven(), other.level()), (false, Level::None));
    assert_eq!(
        other.answer(),
        "not proven: 2 of its files have no checksum that is checked; the sample's maker's \
         signature (\"Lionize Sample Software Update\" on 2012-09-20 (as it says; no proof)) \
         covers no file without a checksum"
    );
}

#[test]
fn other_files_have_what_was_promised_of_them() {
    let verdict = verdict(b"a file of no kind", &trusting());
    assert_eq!(verdict.answer(), "not proven: no digest of it is on record, and nobody signed it");
    assert_eq!(Level::named("signature"), Some(Level::Signature));
    assert_eq!(Level::named("much"), None);
    assert!(Level::ALL.iter().all(|(name, level)| level.name() == *name));
}

/// What is said of an input beside the answer: a line a layer.
fn layers(verdict: &Verdict) -> Vec<&str> {
    verdict.layers.iter().map(|layer| layer.text.as_str()).collect()
}

#[test]
fn each_layer_is_told_in_words() {
    let anchors = trusting();
    let data = package(Style::Sha1, None);
    let claims = Claims { size: Some(data.len() as u64), ..Claims::new(&anchors) };
    let verdict = judge(&bytes(data), &claims, &|_| ()).unwrap();
    assert_eq!(
        layers(&verdict),
        [
            "its size is the one that was promised",
            "the table of contents has a right checksum (sha1)",
            "all 2 files in it have right checksums",
            "nobody signed it",
        ]
    );
    let data = with_message("crc");
    let verdict = judge(&bytes(data), &Claims::new(&anchors), &|_| ()).unwrap();
    assert_eq!(layers(&verdict)[0], "its table has a checksum that is not checked (crc)");
}

/// A chunk list that the sample's own key signed, of these bytes.
fn signed_list(data: &[u8]) -> Vec<u8> {
    let mut list = b"CNKL\x24\0\0\0\x01\x01\x01\0".to_vec();
    for number in [1, 0x24, 0x24 + 36_u64] {
        list.extend(number.to_le_bytes());
    }
    list.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
    list.extend(Sha256::digest(data));
    let key = RsaKeyPair::from_pkcs8(SAMPLE_KEY).unwrap();
    let mut made = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &list, &mut made).unwrap();
    list.extend(made.iter().rev());
    list
}

#[test]
fn a_chunk_list_is_told_by_its_signer() {
    let key = RsaKeyPair::from_pkcs8(SAMPLE_KEY).unwrap();
    let public: RsaPublicKeyComponents<Vec<u8>> = key.public().into();
    let own = ListKey { modulus: public.n, owner: "the sample's maker".into() };
    let data = b"an image".repeat(99);
    let told = |anchors: &Anchors| {
        let chunklist = Some(bytes(signed_list(&data)));
        let claims = Claims { chunklist, ..Claims::new(anchors) };
        judge(&bytes(data.clone()), &claims, &|_| ()).unwrap().answer()
    };
    let apple = Anchors::apple().unwrap();
    let both = apple.clone().with(Anchors { chunklist_keys: vec![own], ..Anchors::default() });
    assert_eq!(told(&both), "proven by the chunk list that the sample's maker signed");
    assert!(told(&apple).starts_with("refuted: "), "{}", told(&apple));
}
