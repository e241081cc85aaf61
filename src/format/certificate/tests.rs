//! Chains that hold, and one for each reason why others do not.

use super::{Certificate, Purpose, Refusal, walk};
use crate::block::saying::{assert_said, said};
use crate::format::cms::{Message, Signed};

const CONTENT: &[u8] = include_bytes!("samples/content");
/// 2012-09-20, when all of the good chain is valid.
const THEN: i64 = 1_348_099_200;

macro_rules! good {
    ($name:literal) => {
        parse(include_bytes!(concat!("../../../images/sample/signing/", $name, ".cer")))
    };
}

macro_rules! sample {
    ($name:literal) => {
        parse(include_bytes!(concat!("samples/", $name, ".cer")))
    };
}

fn parse(der: &[u8]) -> Certificate {
    Certificate::parse(der).unwrap()
}

/// The refusal of a signer below the good authorities and some others.
fn refusal(signer: &Certificate, others: &[Certificate], at: i64) -> Refusal {
    let others = [&[good!("ca")], others].concat();
    walk(signer, &others, &[good!("root")], Purpose::Package, at).unwrap_err()
}

#[test]
fn a_good_chain_leads_to_its_anchor() {
    let (root, ca, signer) = (good!("root"), good!("ca"), good!("signer"));
    assert_eq!(signer.subject.common, "Lionize Sample Software Update");
    assert_eq!(signer.subject.organization.as_deref(), Some("Lionize samples (not Apple)"));
    let others = [signer.clone(), root.clone(), ca.clone()];
    let chain =
        walk(&signer, &others, std::slice::from_ref(&root), Purpose::Package, THEN).unwrap();
    assert_eq!(chain.certificates, [signer.clone(), ca, root.clone()]);
    assert_eq!(chain.window(), Some((signer.not_before, signer.not_after)));
    let anchor = walk(&root, &[], std::slice::from_ref(&root), Purpose::Package, THEN);
    assert_eq!(anchor.unwrap_err(), Refusal::Usage("Lionize Sample Root CA".into()));
    let (root, signer) = (sample!("ec-root"), sample!("ec-signer"));
    assert!(walk(&signer, &[], &[root], Purpose::Package, THEN).is_ok());
}

#[test]
fn apples_own_chain_holds() {
    let root = parse(include_bytes!("../../../images/roots/AppleIncRootCertificate.cer"));
    assert_eq!(
        root.fingerprint(),
        "b0b1730ecbc7ff4505142c49f1295e6eda6bcaed7e2c68c5be91b5a11001f024"
    );
    assert_eq!(root.sha1(), "611e5b662c593a08ff58d14ae22452d198df6c60");
    assert!(root.signed_by(&root).is_ok(), "by RSA with SHA-1");
}

#[test]
fn each_broken_chain_is_refused_by_name() {
    let signer = good!("signer");
    let of = || "Lionize Sample Software Update".to_owned();
    let (from, until) = (signer.not_before, signer.not_after);
    let early = Refusal::NotYetValid { of: of(), at: from - 1, from };
    assert_eq!(refusal(&signer, &[], from - 1), early);
    let late = Refusal::Expired { of: of(), at: until + 1, until };
    assert_eq!(refusal(&signer, &[], until + 1), late);
    assert_eq!(
        late.to_string(),
        "the certificate of \"Lionize Sample Software Update\" was not valid on 2015-03-01: \
         it ended on 2015-03-01"
    );
    let below = refusal(&sample!("below-signer"), std::slice::from_ref(&signer), THEN);
    assert_eq!(below, Refusal::NotCa(of()));
    let others = [sample!("no-cert-sign")];
    let below = refusal(&sample!("below-no-cert-sign"), &others, THEN);
    assert_eq!(below, Refusal::NoCertSign("no keyCertSign".into()));
    let below = refusal(&sample!("below-second-ca"), &[sample!("second-ca")], THEN);
    let authority = "Lionize Sample Software Update Certification Authority".to_owned();
    assert_eq!(below, Refusal::PathLen { of: authority.clone(), allowed: 0 });
    let usage = refusal(&sample!("other-usage"), &[], THEN);
    assert_eq!(usage, Refusal::Usage("another usage".into()));
    let stamp = walk(&signer, &[], &[good!("root")], Purpose::Timestamp, THEN);
    assert_eq!(stamp.unwrap_err(), Refusal::Usage(of()));
    let critical = refusal(&sample!("unknown-critical"), &[], THEN);
    let expected =
        Refusal::Extension { of: "an unknown extension".into(), number: "1.2.3.4".into() };
    assert_eq!(critical, expected);
}

#[test]
fn a_made_up_chain_with_the_right_names_is_refused() {
    let root = "Lionize Sample Root CA".to_owned();
    let authority = "Lionize Sample Software Update Certification Authority".to_owned();
    let signer = sample!("made-up-signer");
    let made_up = [sample!("made-up-ca"), sample!("made-up-root")];
    let anchors = [good!("root")];
    let why = walk(&signer, &made_up, &anchors, Purpose::Package, THEN).unwrap_err();
    // The made-up root is a chain of its own, which nobody vouches for.
    assert_eq!(why, Refusal::NoAnchor { last: root.clone(), issuer: root.clone() });
    let why = walk(&signer, &made_up[..1], &anchors, Purpose::Package, THEN).unwrap_err();
    assert_eq!(why, Refusal::Signature { of: authority.clone(), signer: root });
    let why = walk(&signer, &[good!("ca")], &anchors, Purpose::Package, THEN).unwrap_err();
    let of = "Lionize Sample Software Update".into();
    assert_eq!(why, Refusal::Signature { of, signer: authority.clone() });
    let why = walk(&signer, &[], &anchors, Purpose::Package, THEN).unwrap_err();
    let last = "Lionize Sample Software Update".into();
    assert_eq!(why, Refusal::NoAnchor { last, issuer: authority });
}

#[test]
fn what_is_no_certificate_is_refused() {
    let good = good!("signer").der().to_vec();
    let len = good.len();
    // The algorithm inside of what is signed is the first of two.
    let algorithm =
        good.windows(11).position(|w| w == b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b");
    let mut other = good.clone();
    other[algorithm.unwrap() + 10] = 5;
    let rows = [
        (good[..500].to_vec(), "length is 500: it ends inside of a value".to_owned()),
        (vec![0; 20 << 10], "length is 20480: over the limit of 16 KiB".into()),
        (
            [&good[..], &[0]].concat(),
            format!("length is {}: the same certificate in DER is other bytes", len + 1),
        ),
        (vec![0x30, 2, 5, 0], "the decoder's complaint is \"unexpected ASN.1 DER tag: expected SEQUENCE, got NULL at \
             DER byte 2\": not a certificate"
                .into()),
        (
            other,
            "signatureAlgorithm is \"1.2.840.113549.1.1.11\": not the algorithm that is signed, \
             too"
                .into(),
        ),
    ];
    assert_said(
        rows.map(|(der, text)| (said(Certificate::parse(&der)), format!("certificate: {text}"))),
    );
}

/// One of each, with the phrase that says it.
#[test]
fn every_refusal_has_its_phrase() {
    use Refusal as R;
    let of = || "A".to_owned();
    let all = [
        R::NoCertificate,
        R::NoSigner,
        R::Algorithm { of: of(), algorithm: "1.2.3".into() },
        R::Signature { of: "the message".into(), signer: of() },
        R::Digest,
        R::NotYetValid { of: of(), at: THEN, from: THEN + 86_400 },
        R::Expired { of: of(), at: THEN, until: THEN - 86_400 },
        R::NotCa(of()),
        R::NoCertSign(of()),
        R::PathLen { of: of(), allowed: 2 },
        R::Usage(of()),
        R::Extension { of: of(), number: "1.2.3".into() },
        R::NoAnchor { last: of(), issuer: of() },
        R::NoAnchor { last: of(), issuer: "B".into() },
        R::TooLong,
        R::Unreadable("certificate: length is 9: it ends inside of a value".into()),
    ];
    assert_said(all.map(|refusal| {
        let text = match &refusal {
            R::NoCertificate => "no certificate came with the signature",
            R::NoSigner => "the signer's certificate did not come with it",
            R::Algorithm { .. } => "the algorithm of \"A\" (1.2.3) is not accepted",
            R::Signature { .. } => "the key of \"A\" did not sign the message",
            R::Digest => "what was signed is not what is here: its digest is another",
            R::NotYetValid { .. } => {
                "the certificate of \"A\" was not valid on 2012-09-20: it begins on 2012-09-21"
            }
            R::Expired { .. } => {
                "the certificate of \"A\" was not valid on 2012-09-20: it ended on 2012-09-19"
            }
            R::NotCa(_) => "\"A\" may not sign certificates (basicConstraints)",
            R::NoCertSign(_) => "\"A\" may not sign certificates (keyUsage)",
            R::PathLen { .. } => {
                "more certificates are below \"A\" than the 2 that it allows (pathLenConstraint)"
            }
            R::Usage(_) => "the certificate of \"A\" was made for another use",
            R::Extension { .. } => {
                "the certificate of \"A\" has a critical extension (1.2.3) that is not known"
            }
            R::NoAnchor { last, issuer } if last == issuer => {
                "the chain ends at \"A\", which nobody vouches for"
            }
            R::NoAnchor { .. } => "the chain ends at \"A\", signed by \"B\", who is not trusted",
            R::TooLong => "the chain has more than 8 certificates",
            R::Unreadable(_) => "certificate: length is 9: it ends inside of a value",
        };
        (refusal.to_string(), text)
    }));
}

#[test]
fn what_is_no_message_is_refused() {
    let rows = [
        (vec![0; 300 << 10], "length is 307200: over the limit of 256 KiB"),
        (
            [
                &[0x30, 0x0f, 0x06, 0x09][..],
                b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x02\x05\x00",
            ]
            .concat(),
            "contentType is \"1.2.840.113549.1.7.1\": not that of signed data",
        ),
        (
            vec![0x30, 2, 5, 0],
            "the decoder's complaint is \"unexpected ASN.1 DER tag: expected OBJECT IDENTIFIER, got \
             NULL at DER byte 2\": not signed data",
        ),
    ];
    assert_said(
        rows.map(|(data, text)| (said(Message::parse(&data)), format!("CMS signature: {text}"))),
    );
}

fn message(data: &[u8]) -> Result<Signed, Refusal> {
    Message::parse(data).unwrap().verify(Some(CONTENT))
}

#[test]
fn messages_are_verified() {
    for (data, claimed) in [
        (&include_bytes!("samples/plain.cms")[..], None),
        (include_bytes!("samples/claimed.cms"), Some(1_348_142_400)),
        (include_bytes!("samples/streamed.cms"), Some(1_348_142_400)),
        (include_bytes!("samples/stamped.cms"), Some(1_348_142_400)),
    ] {
        let signed = message(data).unwrap();
        assert_eq!(signed.signer, good!("signer"));
        assert_eq!(signed.others, [good!("ca")]);
        assert_eq!(signed.claimed, claimed);
        let padded = [data, &[0; 100]].concat();
        assert!(message(&padded).is_ok());
        let other = Message::parse(data).unwrap().verify(Some(b"another"));
        let signature = Refusal::Signature {
            of: "the message".into(),
            signer: "Lionize Sample Software Update".into(),
        };
        let expected = if claimed.is_some() { Refusal::Digest } else { signature };
        assert_eq!(other.unwrap_err(), expected);
    }
}

#[test]
fn a_timestamp_is_believed_where_its_chain_holds() {
    let signed = message(include_bytes!("samples/stamped.cms")).unwrap();
    let (at, chain) = signed.timestamp(&[good!("root")]).unwrap().unwrap();
    assert_eq!(at, 1_349_049_600);
    assert_eq!(chain.signer().subject.common, "Lionize Sample Timestamp");
    let why = signed.timestamp(&[sample!("made-up-root")]).unwrap().unwrap_err();
    let root = || "Lionize Sample Root CA".to_owned();
    assert_eq!(why, Refusal::NoAnchor { last: root(), issuer: root() });
    let plain = message(include_bytes!("samples/claimed.cms")).unwrap();
    assert!(plain.timestamp(&[good!("root")]).is_none());
}

#[test]
fn no_flipped_bit_of_a_message_is_taken() {
    let good = include_bytes!("samples/stamped.cms");
    let anchors = [good!("root")];
    let (mut verified, mut stamped) = (0, 0);
    for at in 0..good.len() {
        let mut data = good.to_vec();
        data[at] ^= 1;
        let Ok(message) = Message::parse(&data) else { continue };
        let Ok(signed) = message.verify(Some(CONTENT)) else { continue };
        verified += 1;
        assert_eq!(signed.signer.key, good!("signer").key, "byte {at}");
        assert_eq!(signed.claimed, Some(1_348_142_400), "byte {at}");
        if let Some(Ok((time, _))) = signed.timestamp(&anchors) {
            stamped += 1;
            assert_eq!(time, 1_349_049_600, "byte {at}");
        }
    }
    // Flips in the token, in the other certificate, in what nobody signs.
    assert!(stamped > 1000 && stamped < verified, "{verified} {stamped}");
}
