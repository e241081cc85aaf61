//! Each fault of a server: what is said of it, and that it passes.

use crate::server::{Fault, Hostile};
use crate::{data, fetch, is_right, store, wanted};

/// A row of faults, and what the run that meets them says if it may not try
/// again.
struct Case {
    faults: Vec<Fault>,
    says: &'static str,
}

fn case(faults: impl IntoIterator<Item = Fault>, says: &'static str) -> Case {
    Case { faults: faults.into_iter().collect(), says }
}

const LEN: u32 = 25_000;

fn cases() -> Vec<Case> {
    let ranged = |range: &str, from| Fault::Range(range.into(), from);
    let other = data(LEN + 1)[4..].to_vec();
    let cut = || Fault::OtherCut(other.clone(), 40_000, "old".into());
    vec![
        case([Fault::Closed], "the connection was lost"),
        case([Fault::Garbage], "the connection was lost"),
        case([Fault::EndlessHead], "the connection was lost"),
        case([Fault::EndlessBody], "the server sent more than the 100000 bytes that are expected"),
        case([Fault::Cut(0)], "the connection was lost"),
        case([Fault::Cut(99_999)], "the connection was lost"),
        case([Fault::Stall(50_000)], "bytes came in"),
        case([Fault::Stall(0)], "only 0 bytes came in"),
        case([Fault::Trickle(500)], "bytes came in"),
        case([Fault::Status(500)], "the server answered 500 (it is in trouble)"),
        case([Fault::Status(404)], "the server answered 404 (it has no such file)"),
        case([Fault::Status(304)], "the server answered 304"),
        case([Fault::Status(412)], "the server answered 412"),
        case([Fault::Later(503, 9)], "the server answered 503 (it is in trouble)"),
        case([Fault::Redirect("/content/file.pkg".into())], "redirects in a circle"),
        case([Fault::Redirect("file:///etc/passwd".into())], "`file:` is not http or https"),
        case([Fault::Redirect("http://".into())], "a redirect's address cannot be read"),
        case(vec![Fault::EndlessRedirect; 11], "the server redirects more than 10 times"),
        case([Fault::Cut(60_000), Fault::NoRanges], "the connection was lost"),
        case([ranged("bytes 0-99999/100000", 0)], "a part where all was asked for"),
        case([Fault::Cut(60_000), ranged("bytes 5-99999/100000", 5)], "the connection was lost"),
        case([Fault::Cut(60_000), ranged("all of it", 60_000)], "the connection was lost"),
        case([Fault::Cut(60_000), Fault::NothingLeft("bytes */5".into())], "connection was lost"),
        case([Fault::Other(other.clone(), "x".into())], "its SHA-256 is "),
        case([Fault::Other(data(5), "x".into())], "20 bytes where 100000 are expected"),
        case([cut(), Fault::None], "the connection was lost"),
        // A server that says the same of both states is found out by the digest.
        case([cut(), ranged("bytes 40000-99999/100000", 40_000)], "the connection was lost"),
        case([Fault::TooLong], "the server sent more than the 100000 bytes"),
        case([Fault::Gzip(Some(1000))], "the connection was lost"),
        case([Fault::Bomb], "the server sent more than the 100000 bytes"),
        case([Fault::Coded], "the server coded the file as `xor`, unasked"),
    ]
}

#[test]
fn the_next_run_finishes_after_each_fault() {
    let data = data(LEN);
    for case in cases() {
        let folder = tempfile::tempdir().unwrap();
        let server = Hostile::new(&data, case.faults.clone());
        let wanted = wanted(&server.url(), &data);
        // Impatient runs, as many as there are faults.
        let first = fetch(&store(folder.path(), 1, 1), &wanted, &()).unwrap_err();
        let cause = first.causes.concat();
        assert!(cause.contains(case.says), "{:?}: {cause}", case.faults);
        let store = store(folder.path(), 5, 1);
        let stored = fetch(&store, &wanted, &());
        let stored = stored.unwrap_or_else(|failure| panic!("{:?}: {failure}", case.faults));
        is_right(&store, &stored, &data);
    }
}

#[test]
fn a_patient_run_outlives_what_passes() {
    let data = data(LEN);
    let folder = tempfile::tempdir().unwrap();
    let faults = [
        Fault::Closed,
        Fault::Cut(10_000),
        Fault::Stall(10_000),
        Fault::Status(503),
        Fault::Later(429, 5),
        Fault::Cut(10_000),
        Fault::Trickle(100),
        Fault::Garbage,
        Fault::Cut(1),
    ];
    let server = Hostile::new(&data, faults);
    let store = store(folder.path(), 5, 1);
    let stored = fetch(&store, &wanted(&server.url(), &data), &()).unwrap();
    is_right(&store, &stored, &data);
    let asked = [0, 0, 10_000, 20_000, 20_000, 20_000, 30_000, 30_100, 30_100, 30_101];
    assert_eq!(server.asked(), asked);
}

#[test]
fn silence_ends_by_the_client_itself() {
    let data = data(LEN);
    let folder = tempfile::tempdir().unwrap();
    let server = Hostile::new(&data, [Fault::Silence]);
    let store = store(folder.path(), 2, 0);
    let stored = fetch(&store, &wanted(&server.url(), &data), &()).unwrap();
    is_right(&store, &stored, &data);
}

#[test]
fn what_is_packed_unasked_is_unpacked() {
    let data = data(LEN);
    let folder = tempfile::tempdir().unwrap();
    let server = Hostile::new(&data, [Fault::Gzip(None)]);
    let store = store(folder.path(), 1, 0);
    let stored = fetch(&store, &wanted(&server.url(), &data), &()).unwrap();
    is_right(&store, &stored, &data);
}

#[test]
fn without_a_digest_only_the_same_state_is_joined() {
    let (old, new) = (data(LEN), data(LEN + 1)[4..].to_vec());
    let folder = tempfile::tempdir().unwrap();
    let server = Hostile::new(&new, [Fault::OtherCut(old, 70_000, "old".into())]);
    let mut wanted = wanted(&server.url(), &new);
    (wanted.sha256, wanted.signed) = (None, true);
    let store = store(folder.path(), 2, 0);
    let stored = fetch(&store, &wanted, &()).unwrap();
    is_right(&store, &stored, &new);
    assert_eq!(server.asked(), [0, 70_000]);
}
