//! A small HTTP server on this computer, for the demo and for tests.
//!
//! It listens on the loopback address only, takes one request a connection,
//! and is bounded in all it takes. [`Site`] is a plain site; a test may answer
//! in any other way it likes.
//!
//! Not supported: anything that only a server for others needs.

use crate::block::{Source, bytes, read_vec};
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The longest head of a request.
const MOST_HEAD: u64 = 32 << 10;
/// The longest body of a request.
const MOST_BODY: u64 = 1 << 20;
/// The most connections at a time.
const MOST_CONNECTIONS: usize = 64;
/// The most requests that are remembered.
const MOST_ASKED: usize = 10_000;
/// How long a client may say nothing.
const PATIENCE: Duration = Duration::from_secs(10);

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// `GET`, `HEAD` or `POST`.
    pub method: String,
    /// The path, and the query if there is one.
    pub path: String,
    /// Header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// What was sent with it.
    pub body: Vec<u8>,
}

impl Asked {
    /// The first header field of this name (in lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first byte that is asked for, if not all of them.
    #[must_use]
    pub fn from(&self) -> Option<u64> {
        self.header("range")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
    }
}

/// What a server does with a request.
pub type Answer = dyn Fn(&Asked, &mut TcpStream) -> io::Result<()> + Send + Sync;

/// A server that runs until it is dropped.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    answer: Box<Answer>,
    asked: Mutex<Vec<Asked>>,
    open: AtomicUsize,
    stop: AtomicBool,
}

impl Server {
    /// Serves a plain site.
    ///
    /// # Errors
    /// What the host reports.
    pub fn of(site: Site) -> io::Result<Self> {
        Self::start(move |asked, stream| site.answer(asked, stream))
    }

    /// Serves in any way.
    ///
    /// # Errors
    /// What the host reports.
    pub fn start(
        answer: impl Fn(&Asked, &mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            answer: Box::new(answer),
            asked: Mutex::default(),
            open: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        });
        let (name, inner) = ("loopback server".to_owned(), Arc::clone(&shared));
        let thread = thread::Builder::new().name(name).spawn(move || accept(&listener, &inner))?;
        Ok(Self { address, shared, thread: Some(thread) })
    }

    /// The address of a path on this server.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What was asked so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for connections.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.stop.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        if shared.open.fetch_add(1, Ordering::SeqCst) >= MOST_CONNECTIONS {
            shared.open.fetch_sub(1, Ordering::SeqCst);
            continue;
        }
        let inner = Arc::clone(shared);
        let serve = move || {
            // A client that went away is no concern of the server's.
            let _ = exchange(stream, &inner);
            inner.open.fetch_sub(1, Ordering::SeqCst);
        };
        if thread::Builder::new().spawn(serve).is_err() {
            shared.open.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

fn exchange(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let Some(asked) = read(&stream)? else { return Ok(()) };
    {
        let mut all = shared.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < MOST_ASKED {
            all.push(asked.clone());
        }
    }
    (shared.answer)(&asked, &mut stream)?;
    stream.flush()
}

/// Reads a request; `None` for what is none.
fn read(stream: &TcpStream) -> io::Result<Option<Asked>> {
    let mut head = BufReader::new(stream).take(MOST_HEAD);
    let mut line = String::new();
    head.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Ok(None) };
    let (method, path) = (method.to_owned(), path.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        if head.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        if line.trim_end().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    let mut asked = Asked { method, path, headers, body: Vec::new() };
    let length = asked.header("content-length").and_then(|text| text.parse::<u64>().ok());
    let mut rest = head.into_inner().take(length.unwrap_or(0).min(MOST_BODY));
    rest.read_to_end(&mut asked.body)?;
    Ok(Some(asked))
}

/// A file of a site.
#[derive(Clone)]
struct File {
    source: Source,
    etag: String,
}

/// Files by their paths, served as an honest server does: with ETags, ranges
/// and conditions.
#[derive(Clone, Default)]
pub struct Site {
    files: BTreeMap<String, File>,
}

impl Site {
    /// A site without files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file that is in memory, at a path that begins with `/`.
    #[must_use]
    pub fn with(self, path: &str, data: impl Into<Vec<u8>>) -> Self {
        let data = data.into();
        let etag = format!("\"{}\"", &blake3::hash(&data).to_hex()[..16]);
        self.add(path, bytes(data), etag)
    }

    /// Adds a file with any contents, and what its ETag says.
    #[must_use]
    pub fn with_source(self, path: &str, source: Source, tag: &str) -> Self {
        self.add(path, source, format!("\"{tag}\""))
    }

    fn add(mut self, path: &str, source: Source, etag: String) -> Self {
        self.files.insert(path.to_owned(), File { source, etag });
        self
    }

    /// Answers a request.
    ///
    /// # Errors
    /// What the client's connection reports.
    pub fn answer(&self, asked: &Asked, out: &mut dyn Write) -> io::Result<()> {
        let path = asked.path.split('?').next().unwrap_or_default();
        let Some(file) = self.files.get(path) else {
            return plain(out, 404, "Not Found", b"there is no such file\n");
        };
        if !["GET", "HEAD"].contains(&asked.method.as_str()) {
            return plain(out, 405, "Method Not Allowed", b"only GET\n");
        }
        if asked.header("if-none-match") == Some(&file.etag) {
            let head = format!("HTTP/1.1 304 Not Modified\r\nETag: {}\r\n", file.etag);
            return out.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes());
        }
        file.send(asked, out)
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.files.keys()).finish()
    }
}

impl File {
    fn send(&self, asked: &Asked, out: &mut dyn Write) -> io::Result<()> {
        let total = self.source.len();
        let same = asked.header("if-range").is_none_or(|tag| tag == self.etag);
        let from = asked.from().filter(|_| same);
        let (first, line, range) = match from {
            Some(from) if from >= total => {
                let head =
                    format!("HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */{total}");
                let rest = "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                return out.write_all(format!("{head}{rest}").as_bytes());
            }
            Some(from) => {
                let range = format!("Content-Range: bytes {from}-{}/{total}\r\n", total - 1);
                (from, "206 Partial Content", range)
            }
            None => (0, "200 OK", String::new()),
        };
        let head = format!(
            "HTTP/1.1 {line}\r\nContent-Length: {}\r\nETag: {}\r\nAccept-Ranges: bytes\r\n\
             {range}Connection: close\r\n\r\n",
            total - first,
            self.etag
        );
        out.write_all(head.as_bytes())?;
        if asked.method == "HEAD" { Ok(()) } else { self.copy(first, out) }
    }

    fn copy(&self, mut at: u64, out: &mut dyn Write) -> io::Result<()> {
        const PIECE: u64 = 256 << 10;
        while at < self.source.len() {
            let len = (self.source.len() - at).min(PIECE);
            // A piece is at most 256 KiB.
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            out.write_all(&read_vec(self.source.as_ref(), at, len)?)?;
            at += len as u64;
        }
        Ok(())
    }
}

/// A short answer.
///
/// # Errors
/// What the client's connection reports.
pub fn plain(out: &mut dyn Write, status: u16, words: &str, body: &[u8]) -> io::Result<()> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} {words}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    out.write_all(head.as_bytes())?;
    out.write_all(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(server: &Server, request: &str) -> String {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn ranges_and_conditions_are_answered() {
        let site = Site::new().with_source("/a", bytes(b"0123456789".to_vec()), "t");
        let server = Server::of(site).unwrap();
        let body = |headers: &str| {
            let text = talk(&server, &format!("GET /a HTTP/1.1\r\nHost: x\r\n{headers}\r\n"));
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            (head[9..12].to_owned(), body.to_owned())
        };
        let is = |status: &str, text: &str| (status.to_owned(), text.to_owned());
        assert_eq!(body(""), is("200", "0123456789"));
        assert_eq!(body("Range: bytes=7-\r\n"), is("206", "789"));
        assert_eq!(body("Range: bytes=7-\r\nIf-Range: \"t\"\r\n"), is("206", "789"));
        assert_eq!(body("Range: bytes=7-\r\nIf-Range: \"u\"\r\n"), is("200", "0123456789"));
        assert_eq!(body("Range: bytes=10-\r\n"), is("416", ""));
        assert_eq!(body("If-None-Match: \"t\"\r\n"), is("304", ""));
        assert!(talk(&server, "GET /../a HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 "));
        assert!(talk(&server, "POST /a HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405 "));
        assert_eq!(server.asked()[1].from(), Some(7));
        assert_eq!(talk(&server, "\r\n"), "");
    }
}
