//! The store over fetchers that touch no network.

mod script;
mod words;

use super::*;
use crate::source::http::{Fault, Fetcher, Request, Response, Watch};
use script::*;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

const URL: &str = "https://example.com/a/b.pkg";

#[test]
fn what_was_fetched_is_in_the_store() {
    let (_folder, store) = store();
    let data = b"a package".repeat(1000);
    let server = script([whole(&data)]);
    let first = store.fetch(&of(&data), &server, &()).unwrap();
    assert_eq!(read(&first), data);
    let came = Came::Network { url: URL.into(), secure: true, resumed: 0 };
    assert_eq!((first.bytes, first.came), (9000, came));
    let again = store.fetch(&of(&data), &server, &()).unwrap();
    assert_eq!((again.path, again.came, again.secure), (first.path, Came::Store, true));
    assert_eq!(server.asked(), [URL]);
    is_clean(&store);
}

#[test]
fn without_a_digest_the_index_remembers() {
    let (_folder, store) = store();
    let wanted = Download { size: Some(4), ..Download::new(URL) };
    store.fetch(&wanted, &script([whole(b"data")]), &()).unwrap();
    let other = Download { size: Some(5), ..wanted.clone() };
    let store = store.with_policy(Policy { offline: true, ..Policy::default() });
    let silent = script([]);
    assert_eq!(store.fetch(&wanted, &silent, &()).unwrap().came, Came::Store);
    let failure = store.fetch(&other, &silent, &()).unwrap_err();
    assert_eq!(
        failure.to_string(),
        "b.pkg is not in the store, and nothing may be fetched\n  \
         hint: run it once without --offline, or give the file itself"
    );
    assert_eq!(silent.asked(), [""; 0]);
}

#[test]
fn a_cut_download_goes_on_where_it_ended() {
    let (_folder, store) = store();
    let data = b"0123456789".repeat(500);
    let server = script([cut(&data, 1234, "v1"), rest(&data, 1234, "v1")]);
    let stored = store.fetch(&of(&data), &server, &()).unwrap();
    assert_eq!(read(&stored), data);
    assert_eq!(server.asked()[1], format!("{URL} Range=bytes=1234- If-Range=\"v1\""));
    is_clean(&store);
}

#[test]
fn a_changed_file_is_never_joined_from_two_states() {
    let data = b"new new new new".to_vec();
    let old = cut(b"old old old old", 4, "v1");
    // The server may say it by 200, by 412, or not at all but by its ETag.
    for answers in [
        vec![old.clone(), cut(&data, 15, "v2")],
        vec![old.clone(), status(412), cut(&data, 15, "v2")],
        vec![old.clone(), rest(&data, 4, "v2"), cut(&data, 15, "v2")],
        // And if not even by that, the digest tells.
        vec![old.clone(), rest(&data, 4, "v1"), whole(&data)],
    ] {
        let (_folder, store) = store();
        let stored = store.fetch(&of(&data), &script(answers), &()).unwrap();
        assert_eq!(read(&stored), data);
        is_clean(&store);
    }
}

#[test]
fn wrong_ranges_are_refused_and_outlived() {
    let data = b"0123456789".to_vec();
    let first = || cut(&data, 4, "v");
    let ranged = |range: &str, from: usize| {
        Ok((206, vec![("content-range", range.to_owned())], data[from..].to_vec()))
    };
    for wrong in [
        ranged("bytes 2-9/10", 2),
        ranged("bytes 4-9/99", 4),
        ranged("bytes 4-9/5", 4),
        ranged("bytes 9-4/10", 4),
        ranged("nonsense", 4),
        Ok((206, Vec::new(), data[4..].to_vec())),
        status(416),
        Ok((416, vec![("content-range", "bytes */3".into())], Vec::new())),
    ] {
        let (_folder, store) = store();
        let server = script([first(), wrong.clone(), whole(&data)]);
        let stored = store.fetch(&of(&data), &server, &()).unwrap();
        assert_eq!((read(&stored), server.asked().len()), (data.clone(), 3), "{wrong:?}");
        is_clean(&store);
    }
}

#[test]
fn a_server_may_say_that_all_is_here() {
    let (_folder, store) = store();
    let data = b"0123456789".to_vec();
    let wanted = Download { size: None, ..of(&data) };
    // The length was not known, and the connection was lost at the very end.
    let headers = || vec![("transfer-encoding", "chunked".into()), ("etag", "\"v\"".into())];
    let stop = Stopping::after(10);
    let failure =
        store.fetch(&wanted, &script([Ok((200, headers(), data.clone()))]), &stop).unwrap_err();
    assert_eq!(
        failure.sentence,
        "the download of b.pkg was interrupted; 10 bytes of it are kept, \
         and the next run goes on there"
    );
    let server = script([Ok((416, vec![("content-range", "bytes */10".into())], Vec::new()))]);
    let stored = store.fetch(&wanted, &server, &()).unwrap();
    let came = Came::Network { url: URL.into(), secure: true, resumed: 10 };
    assert_eq!((read(&stored), stored.came), (data, came));
    is_clean(&store);
}

/// Stops when so many bytes came.
struct Stopping {
    after: u64,
    came: AtomicU64,
    stopped: AtomicBool,
}

impl Stopping {
    fn after(after: u64) -> Self {
        Self { after, came: AtomicU64::new(0), stopped: AtomicBool::new(false) }
    }
}

impl Watch for Stopping {
    fn advanced(&self, bytes: u64) {
        if self.came.fetch_add(bytes, Ordering::Relaxed) + bytes >= self.after {
            self.stopped.store(true, Ordering::Relaxed);
        }
    }

    fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

#[test]
fn trouble_passes_and_refusal_does_not() {
    let (_folder, store) = store();
    let lost = || Err(Fault::Lost("reset".into()));
    let server = script([status(503), lost(), status(429), whole(b"data")]);
    store.fetch(&of(b"data"), &server, &()).unwrap();
    let server = script([status(404), whole(b"else")]);
    let failure = store.fetch(&of(b"else"), &server, &()).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Network);
    assert_eq!(
        failure.to_string(),
        "b.pkg could not be fetched\n  https://example.com/a/b.pkg: \
         the server answered 404 (it has no such file)\n  \
         hint: another server may have it, or give the file itself"
    );
    is_clean(&store);
}

#[test]
fn another_size_or_digest_is_refused() {
    for (answer, why) in [
        (whole(b"longer"), "the server has 6 bytes where 4 are expected"),
        (
            Ok((200, vec![("transfer-encoding", "chunked".into())], b"longer".to_vec())),
            "the server sent more than the 4 bytes that are expected",
        ),
        (
            whole(b"evil"),
            "its SHA-256 is b5c1fb2efc6d6b4674c2fdcc48ce01b43a3b7c03763c0c3355de0099ee0f8c73 \
             where 3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7 is expected",
        ),
    ] {
        let (_folder, store) = store();
        let failure = store.fetch(&of(b"data"), &script([answer]), &()).unwrap_err();
        assert_eq!(failure.causes, [format!("{URL}: {why}")]);
        is_clean(&store);
        assert_eq!(store.list().unwrap().contents, []);
    }
}

#[test]
fn plain_http_needs_something_that_holds_it() {
    let (_folder, store) = store();
    let plain = Download { urls: vec!["http://example.com/x.pkg".into()], ..of(b"data") };
    let refused = || Err(Fault::Unreachable("refused".into()));
    let server = script([refused(), whole(b"data")]);
    let stored = store.fetch(&plain, &server, &()).unwrap();
    let came = Came::Network { url: "http://example.com/x.pkg".into(), secure: false, resumed: 0 };
    assert_eq!((stored.came, stored.secure), (came, false));
    assert!(!store.find(&plain, &()).unwrap().unwrap().secure);
    let unheld = Download { size: Some(4), sha256: None, ..plain.clone() };
    let server = script([status(404)]);
    let failure = store
        .fetch(
            &Download { urls: vec!["http://example.com/y".into()], ..unheld.clone() },
            &server,
            &(),
        )
        .unwrap_err();
    assert_eq!(
        failure.to_string(),
        "y could not be fetched\n  \
         https://example.com/y: the server answered 404 (it has no such file)\n  \
         http://example.com/y: not asked, since nothing would prove what comes by plain http\n  \
         hint: give its digest, so that plain http can be held to it"
    );
    let signed = Download { signed: true, urls: vec!["http://example.com/z".into()], ..unheld };
    store.fetch(&signed, &script([status(404), whole(b"data")]), &()).unwrap();
}

/// A server that has one file, all of it or from any byte on.
struct Honest(Vec<u8>);

impl Fetcher for Honest {
    fn get(&self, request: &Request, _watch: &dyn Watch) -> Result<Response, Fault> {
        let range = request.headers.iter().find(|(name, _)| name == "Range");
        let from = range.and_then(|(_, range)| range.strip_prefix("bytes=")?.strip_suffix('-'));
        let answer = match from.and_then(|from| from.parse().ok()) {
            Some(from) => rest(&self.0, from, "e"),
            None => cut(&self.0, self.0.len(), "e"),
        };
        script([answer]).get(request, &())
    }
}

/// Who can stop https for a while makes up the begin of a file by plain http,
/// and lets the rest come by https.
#[test]
fn what_came_by_plain_http_is_not_joined_to_what_comes_by_https() {
    let (_folder, store) = store();
    let (good, evil) = (b"good ".repeat(100), b"evil ".repeat(100));
    let urls = vec!["http://example.com/x.pkg".to_owned()];
    let signed = Download { size: Some(500), signed: true, urls, ..Download::new("") };
    let begun = |download: &Download, data: &[u8]| {
        let lost = Err(Fault::Unreachable("nobody".into()));
        let first = script([lost, cut(data, 400, "e"), Err(Fault::Stopped)]);
        store.fetch(download, &first, &()).map(drop).unwrap_err();
        assert_eq!(store.list().unwrap().parts[0].bytes, 400);
    };
    begun(&signed, &evil);
    let stored = store.fetch(&signed, &Honest(good.clone()), &()).unwrap();
    assert!(stored.secure && read(&stored) == good);
    store.forget(&signed, &stored).unwrap();
    // What a digest holds is joined; how its begin came stays known.
    let held = Download { urls: signed.urls.clone(), ..of(&good) };
    begun(&held, &good);
    let stored = store.fetch(&held, &Honest(good.clone()), &()).unwrap();
    assert!(!stored.secure && read(&stored) == good);
}

#[test]
fn a_mirror_has_the_same_paths() {
    let (_folder, store) = store();
    let mirror = crate::source::http::Mirror::parse("http://127.0.0.1:8088/swupd").unwrap();
    let store = store.with_policy(Policy { mirror: Some(mirror), ..Policy::default() });
    let server = script([whole(b"data")]);
    store.fetch(&of(b"data"), &server, &()).unwrap();
    assert_eq!(server.asked(), ["http://127.0.0.1:8088/swupd/a/b.pkg"]);
    let unheld = Download::new("https://example.com/c.pkg");
    let failure = store.fetch(&unheld, &script([whole(b"data")]), &()).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Network);
}

#[test]
fn rot_is_never_used() {
    let (_folder, store) = store();
    let wanted = of(b"data");
    let stored = store.fetch(&wanted, &script([whole(b"data")]), &()).unwrap();
    std::fs::write(&stored.path, b"rott").unwrap();
    let again = store.fetch(&wanted, &script([whole(b"data")]), &()).unwrap();
    assert_eq!(read(&again), b"data");
    assert!(matches!(again.came, Came::Network { .. }));
    std::fs::write(&stored.path, b"da").unwrap();
    let checked = store.verify(&()).unwrap();
    assert_eq!((checked.right, checked.rotten.len()), (0, 1));
    assert_eq!(checked.rotten[0].names, [URL]);
    assert_eq!(store.find(&wanted, &()).unwrap(), None);
    is_clean(&store);
}

#[test]
fn a_gzipped_answer_is_unpacked_on_the_way() {
    let (_folder, store) = store();
    let data = b"<plist/>".repeat(1000);
    let mut packer = flate2::read::GzEncoder::new(data.as_slice(), flate2::Compression::best());
    let mut packed = Vec::new();
    packer.read_to_end(&mut packed).unwrap();
    let headers = || vec![("content-encoding", "gzip".into())];
    let server = script([
        Ok((200, headers(), packed[..packed.len() / 2].to_vec())),
        Ok((200, headers(), packed.clone())),
    ]);
    let wanted = Download { sha256: None, ..of(&data) };
    assert_eq!(read(&store.fetch(&wanted, &server, &()).unwrap()), data);
    let bomb = Download { most: 100, ..Download::new("https://example.com/bomb") };
    let failure = store.fetch(&bomb, &script([Ok((200, headers(), packed))]), &()).unwrap_err();
    assert_eq!(
        failure.causes,
        ["https://example.com/bomb: the server sent more than the 100 bytes that are expected"]
    );
    is_clean(&store);
}

#[test]
fn room_is_made_from_what_was_used_least_lately() {
    let (_folder, store) = store();
    for name in ["a", "b", "c"] {
        let wanted = Download::new(format!("https://example.com/{name}"));
        let data = name.repeat(100);
        let stored = store.fetch(&wanted, &script([whole(data.as_bytes())]), &()).unwrap();
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(name.as_bytes()[0]));
        content::touch(&store.folder, stored.sha256, date);
    }
    // Using it is what makes it young.
    store.find(&Download::new("https://example.com/a"), &()).unwrap().unwrap();
    let other = Store::open(store.path()).unwrap();
    let failure = store.prune(200).unwrap_err();
    assert_eq!(
        failure.to_string(),
        "the store is in use by another process, so nothing was removed\n  \
         hint: run it again when that is done"
    );
    drop(other);
    let pruned = store.prune(200).unwrap();
    assert_eq!(pruned, Pruned { removed: 1, freed: 100, left: 200 });
    let left = store.list().unwrap().contents;
    let names: Vec<_> = left.iter().flat_map(|kept| &kept.names).collect();
    assert_eq!(names, ["https://example.com/a", "https://example.com/c"]);
    assert_eq!(store.prune(0).unwrap(), Pruned { removed: 2, freed: 200, left: 0 });
    is_clean(&store);
}

/// Whoever reads content would take it for changed, were its own date to move.
#[test]
fn using_content_leaves_it_as_it_is() {
    let (_folder, store) = store();
    let data = b"a package".repeat(1000);
    let stored = store.fetch(&of(&data), &script([whole(&data)]), &()).unwrap();
    let date = || std::fs::metadata(&stored.path).unwrap().modified().unwrap();
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(86_400);
    std::fs::File::options().append(true).open(&stored.path).unwrap().set_modified(old).unwrap();
    store.find(&of(&data), &()).unwrap().unwrap();
    assert_eq!(date(), old);
    assert!(store.list().unwrap().contents[0].used > old);
    // The mark goes with the content.
    store.prune(0).unwrap();
    assert_eq!(std::fs::read_dir(store.path().join("used")).unwrap().count(), 0);
}

fn catalog<'a>(urls: &'a [String], check: &'a dyn Fn(&[u8]) -> Result<(), String>) -> Wanted<'a> {
    Wanted { name: "lion", urls, check }
}

#[test]
fn snapshots_are_dated_and_asked_for_again() {
    let (_folder, store) = store();
    let urls = ["http://swscan.example.com/index.sucatalog".to_owned()];
    let check = |data: &[u8]| {
        if data.starts_with(b"<plist") { Ok(()) } else { Err("it is no catalog".to_owned()) }
    };
    let wanted = catalog(&urls, &check);
    let tagged = |data: &[u8], tag: &str| Ok((200, vec![("etag", tag.to_owned())], data.to_vec()));
    let server = script([
        tagged(b"<plist 1", "\"1\""),
        status(304),
        tagged(b"<plist 2", "\"2\""),
        tagged(b"<html>an error page", ""),
        status(500),
    ]);
    let first = store.refresh(&wanted, &server, &()).unwrap();
    assert_eq!((first.freshness, first.secure), (Freshness::Fetched, true));
    let same = store.refresh(&wanted, &server, &()).unwrap();
    assert_eq!((same.freshness, &same.path), (Freshness::Confirmed, &first.path));
    assert!(same.date > first.date);
    let second = store.refresh(&wanted, &server, &()).unwrap();
    assert_eq!(std::fs::read(&second.path).unwrap(), b"<plist 2");
    for _ in 0..2 {
        let kept = store.refresh(&wanted, &server, &()).unwrap();
        assert_eq!((kept.freshness, &kept.path), (Freshness::Stored, &second.path));
    }
    assert_eq!(store.snapshots("lion", &()).unwrap().len(), 2);
    let url = "https://swscan.example.com/index.sucatalog";
    assert_eq!(
        server.asked()[..3],
        [
            url.to_owned(),
            format!("{url} If-None-Match=\"1\""),
            format!("{url} If-None-Match=\"1\""),
        ]
    );
    let store = store.with_policy(Policy { offline: true, ..Policy::default() });
    assert_eq!(store.refresh(&wanted, &script([]), &()).unwrap().path, second.path);
    let missing = store.refresh(&Wanted { name: "other", ..wanted }, &script([]), &()).unwrap_err();
    assert_eq!(missing.kind, FailureKind::Offline);
    assert_eq!(
        missing.to_string(),
        "the store has no snapshot of other, and nothing may be fetched\n  \
         hint: run it once without --offline"
    );
    is_clean(&store);
}

#[test]
fn a_snapshot_has_a_plain_name() {
    let (_folder, store) = store();
    for name in ["", "../x", ".hidden", "a/b", "a b"] {
        let failure = store.snapshot(name, &()).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Usage, "{name}");
        assert_eq!(failure.to_string(), format!("`{name}` cannot name a snapshot"));
    }
}
