//! A server that answers by a list, and a clock that nobody waits for.

use super::*;

/// Each look at it is a second later, and sleeping takes no time.
#[derive(Debug, Default)]
pub(super) struct Ticking(AtomicU64);

impl Clock for Ticking {
    fn now(&self) -> Duration {
        Duration::from_secs(self.0.fetch_add(1, Ordering::Relaxed))
    }

    fn sleep(&self, _time: Duration) {
        std::thread::yield_now();
    }

    fn date(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.now() + Duration::from_secs(1_700_000_000)
    }
}

/// Answers by a list, and keeps what was asked.
pub(super) struct Script {
    answers: Mutex<Vec<Result<Answer, Fault>>>,
    asked: Mutex<Vec<Request>>,
}

pub(super) type Answer = (u16, Vec<(&'static str, String)>, Vec<u8>);

pub(super) fn script(answers: impl IntoIterator<Item = Result<Answer, Fault>>) -> Script {
    let mut answers: Vec<_> = answers.into_iter().collect();
    answers.reverse();
    Script { answers: Mutex::new(answers), asked: Mutex::default() }
}

impl Script {
    pub(super) fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        let line = |request: &Request| {
            let fields = request.headers.iter().filter(|(name, _)| name != "Accept-Encoding");
            let fields = fields.map(|(name, value)| format!(" {name}={value}"));
            format!("{}{}", request.url, fields.collect::<String>())
        };
        asked.iter().map(line).collect()
    }
}

impl Fetcher for Script {
    fn get(&self, request: &Request, _watch: &dyn Watch) -> Result<Response, Fault> {
        self.asked.lock().unwrap().push(request.clone());
        let next = self.answers.lock().unwrap().pop();
        let (status, headers, body) = next.unwrap_or(Err(Fault::Status(599)))?;
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(Response { status, headers, body: Box::new(std::io::Cursor::new(body)) })
    }
}

pub(super) fn whole(data: &[u8]) -> Result<Answer, Fault> {
    Ok((200, vec![("content-length", data.len().to_string())], data.to_vec()))
}

/// The head of all of it, and then only so many bytes.
pub(super) fn cut(data: &[u8], at: usize, etag: &str) -> Result<Answer, Fault> {
    let headers = vec![("content-length", data.len().to_string()), ("etag", format!("\"{etag}\""))];
    Ok((200, headers, data[..at].to_vec()))
}

pub(super) fn rest(data: &[u8], from: usize, etag: &str) -> Result<Answer, Fault> {
    let range = format!("bytes {from}-{}/{}", data.len() - 1, data.len());
    Ok((
        206,
        vec![("content-range", range), ("etag", format!("\"{etag}\""))],
        data[from..].to_vec(),
    ))
}

pub(super) fn status(status: u16) -> Result<Answer, Fault> {
    Ok((status, Vec::new(), Vec::new()))
}

pub(super) fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("store")).unwrap();
    (folder, store.with_clock(Arc::new(Ticking::default())))
}

pub(super) fn of(data: &[u8]) -> Download {
    Download {
        size: Some(data.len() as u64),
        sha256: Some(Sha256::digest(data).into()),
        ..Download::new(URL)
    }
}

pub(super) fn read(stored: &Stored) -> Vec<u8> {
    std::fs::read(&stored.path).unwrap()
}

/// No parts, and nothing rotten.
pub(super) fn is_clean(store: &Store) {
    assert_eq!(store.list().unwrap().parts, []);
    assert_eq!(store.verify(&()).unwrap().rotten, []);
    let left: Vec<_> = std::fs::read_dir(store.path().join("parts")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}
