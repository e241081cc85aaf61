//! What is said of servers, snapshots and the store, word for word.

use super::*;

/// Keeps the warnings.
#[derive(Default)]
struct Warnings(Mutex<Vec<String>>);

impl Watch for Warnings {
    fn warned(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
}

fn ranged(range: &str, from: usize, data: &[u8]) -> Result<Answer, Fault> {
    Ok((206, vec![("content-range", range.to_owned())], data[from..].to_vec()))
}

fn fields(fields: &[(&'static str, &str)], data: &[u8]) -> Result<Answer, Fault> {
    let fields = fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Ok((200, fields, data.to_vec()))
}

#[test]
fn each_wrong_answer_is_named() {
    let data = b"0123456789".to_vec();
    let open = Download { most: 5, ..Download::new(URL) };
    let old = Download { sha1: Some([0; 20]), ..Download::new(URL) };
    for (wanted, answer, says) in [
        (
            of(&data),
            ranged("bytes 0-9/10", 0, &data),
            "the server sent a part where all was asked for",
        ),
        (of(&data), cut(&data, 4, "v"), "the connection was lost: it ended after 4 of 10 bytes"),
        (
            of(&data),
            fields(&[("content-length", "ten")], &data),
            "the server's content-length is `ten`",
        ),
        (
            of(&data),
            fields(&[("content-encoding", "br")], &data),
            "the server coded the file as `br`, unasked",
        ),
        (open.clone(), fields(&[], &data), "the server does not say how long the file is"),
        (open, whole(&data), "the server has 10 bytes, the limit is 5"),
        (
            old,
            whole(&data),
            "its SHA-1 is 87acec17cd9dcd20a716cc2cf67417b71c8a7016 where \
             0000000000000000000000000000000000000000 is expected",
        ),
    ] {
        let (_folder, store) = store();
        let store = store.with_patience(Patience { tries: 1, ..Patience::default() });
        let failure = store.fetch(&wanted, &script([answer]), &()).unwrap_err();
        assert_eq!(failure.causes, [format!("{URL}: {says}")]);
    }
}

#[test]
fn each_wrong_rest_is_named() {
    let data = b"0123456789".to_vec();
    for (answer, says) in [
        (ranged("nonsense", 4, &data), "the server sent a part with the Content-Range `nonsense`"),
        (ranged("bytes 2-9/10", 2, &data), "the server sent bytes from 2 where 4 were asked for"),
        (
            ranged("bytes 4-12/10", 4, &data),
            "the server's Content-Range `bytes 4-12/10` contradicts itself",
        ),
        (ranged("bytes 4-9/99", 4, &data), "the server's file changed, again and again"),
        (status(412), "the server's file changed, again and again"),
        (status(416), "the server has less than came before, again and again"),
        (
            ranged("bytes 4-9/10", 4, b"xxxxxxxxxx"),
            "the parts that came do not make the file that is wanted, again and again",
        ),
    ] {
        let (_folder, store) = store();
        let store = store.with_patience(Patience { tries: 2, ..Patience::default() });
        let server = script([cut(&data, 4, "v"), answer]);
        let failure = store.fetch(&of(&data), &server, &()).unwrap_err();
        assert_eq!(failure.causes, [format!("{URL}: {says}")]);
        assert_eq!(
            failure.hint.as_deref(),
            Some("try another network or another server, or give the file itself")
        );
    }
}

#[test]
fn what_came_is_kept_and_the_hint_says_so() {
    let (_folder, store) = store();
    let store = store.with_patience(Patience { tries: 1, ..Patience::default() });
    let failure =
        store.fetch(&of(b"0123456789"), &script([cut(b"0123456789", 4, "v")]), &()).unwrap_err();
    assert_eq!(
        failure.to_string(),
        format!(
            "b.pkg could not be fetched\n  {URL}: the connection was lost: it ended after 4 of 10 \
             bytes\n  hint: check the connection (and a proxy) and run it again; what came is \
             kept, and the next run goes on there"
        )
    );
    let unusable = Download::new("content/x.pkg");
    assert_eq!(
        store.fetch(&unusable, &script([]), &()).unwrap_err().to_string(),
        "a file has an address that cannot be used\n  `content/x.pkg` is no address: it does not \
         begin with http:// or https://\n  \
         hint: correct the address; it begins with http:// or https://"
    );
}

#[test]
fn warnings_say_what_happens() {
    let (_folder, store) = store();
    let data = b"0123456789".to_vec();
    let warnings = Warnings::default();
    let server = script([cut(&data, 4, "v"), cut(&data, 10, "w")]);
    let stored = store.fetch(&of(&data), &server, &warnings).unwrap();
    std::fs::write(&stored.path, "rotten").unwrap();
    store.fetch(&of(&data), &script([whole(&data)]), &warnings).unwrap();
    assert_eq!(
        warnings.0.into_inner().unwrap(),
        [
            "b.pkg begins anew: the server's file changed, or it cannot resume",
            "b.pkg was damaged in the store and is dropped from it",
        ]
    );
    struct Stopped;
    impl Watch for Stopped {
        fn stopped(&self) -> bool {
            true
        }
    }
    let failure = store.verify(&Stopped).unwrap_err();
    assert_eq!(failure.to_string(), "the check of the store was interrupted");
}

#[test]
fn each_snapshot_that_is_no_use_is_named() {
    let url = "https://swscan.example.com/index.sucatalog".to_owned();
    let check = |data: &[u8]| match data {
        b"<plist" => Ok(()),
        _ => Err("it is no catalog".to_owned()),
    };
    let other = "try another network or another server, or give the file itself";
    let connection = "check the connection (and a proxy) and run it again";
    let large = vec![b' '; (64 << 20) + 1];
    let mut packer = flate2::read::GzEncoder::new(large.as_slice(), flate2::Compression::fast());
    let mut packed = Vec::new();
    packer.read_to_end(&mut packed).unwrap();
    for (answer, says, hint) in [
        (whole(b"<html>"), "what the server sent is not right: it is no catalog", other),
        (
            cut(b"<plist", 3, "v"),
            "the connection was lost: it ended after 3 of 6 bytes",
            connection,
        ),
        (Err(Fault::Lost("reset".into())), "the connection was lost: reset", connection),
        (
            whole(&[0x1f, 0x8b, 0x08]),
            "what the server packed cannot be unpacked: unexpected end of file",
            other,
        ),
        (whole(&large), "it has more than 64 MiB", other),
        (whole(&packed), "unpacked it has more than 64 MiB", other),
    ] {
        let (_folder, store) = store();
        let store = store.with_patience(Patience { tries: 1, ..Patience::default() });
        let urls = [url.clone()];
        let failure = store.refresh(&catalog(&urls, &check), &script([answer]), &()).unwrap_err();
        assert_eq!(
            failure.to_string(),
            format!("lion could not be fetched\n  {url}: {says}\n  hint: {hint}")
        );
    }
    let (_folder, store) = store();
    let plain = ["http://server:8088/index.sucatalog".to_owned()];
    assert_eq!(
        store.refresh(&catalog(&plain, &check), &script([]), &()).unwrap_err().to_string(),
        "lion could not be fetched\n  http://server:8088/index.sucatalog: not asked, since nothing \
         would prove what comes by plain http\n  \
         hint: a mirror of yours may answer by plain http: --mirror URL"
    );
    let stopped = script([Err(Fault::Stopped)]);
    let urls = [url];
    assert_eq!(
        store.refresh(&catalog(&urls, &check), &stopped, &()).unwrap_err().to_string(),
        "the work on lion was interrupted"
    );
    store.refresh(&catalog(&urls, &check), &script([whole(b"<plist")]), &()).unwrap();
    let warnings = Warnings::default();
    store.refresh(&catalog(&urls, &check), &script([status(404)]), &warnings).unwrap();
    assert_eq!(
        warnings.0.into_inner().unwrap(),
        [format!(
            "lion is of 2023-11-14, from the store, since {}: the server answered 404 (it has no \
             such file)",
            urls[0]
        )]
    );
}
