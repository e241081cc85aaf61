//! A hostile HTTP server: an honest one of the library's that misbehaves in a
//! given way, request by request, and is honest when the list is at its end.

use lionize::source::sample::server::{Asked, Server, Site, plain};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;

/// How one request is answered.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// Honestly.
    None,
    /// The connection is closed without a word.
    Closed,
    /// What comes is no HTTP.
    Garbage,
    /// Header fields without end.
    EndlessHead,
    /// A body without end.
    EndlessBody,
    /// Nothing is said, and the connection stays.
    Silence,
    /// So many bytes of the body, then the connection is closed.
    Cut(usize),
    /// So many bytes of the body, then nothing; the connection stays.
    Stall(usize),
    /// So many bytes, each sent for itself, then nothing.
    Trickle(usize),
    /// This status with an empty body.
    Status(u16),
    /// This status, and so many seconds to wait.
    Later(u16, u64),
    /// A redirect to here.
    Redirect(String),
    /// Redirects to ever new places.
    EndlessRedirect,
    /// Ranges are ignored.
    NoRanges,
    /// A part, whether it was asked for or not, with this `Content-Range` and
    /// the bytes from here.
    Range(String, usize),
    /// 416 with this `Content-Range`.
    NothingLeft(String),
    /// All of other bytes, with this ETag.
    Other(Vec<u8>, String),
    /// The first bytes of others, as if they were all, then the end.
    OtherCut(Vec<u8>, usize, String),
    /// All bytes and some more, without a length before.
    TooLong,
    /// Packed with gzip, unasked; all of it, or so many bytes.
    Gzip(Option<usize>),
    /// Packed zeros, far more than there should be.
    Bomb,
    /// Coded in a way that nobody knows.
    Coded,
}

/// A server whose nth request meets the nth fault.
pub(crate) struct Hostile {
    server: Server,
}

/// The path of the one file.
pub(crate) const PATH: &str = "/content/file.pkg";

impl Hostile {
    pub(crate) fn new(data: &[u8], faults: impl IntoIterator<Item = Fault>) -> Self {
        let mut faults: Vec<_> = faults.into_iter().collect();
        faults.reverse();
        let (faults, data) = (Mutex::new(faults), data.to_vec());
        let site = Site::new().with(PATH, data.clone());
        let answer = move |asked: &Asked, stream: &mut TcpStream| {
            let fault = faults.lock().unwrap().pop().unwrap_or(Fault::None);
            misbehave(&fault, &data, &site, asked, stream)
        };
        Self { server: Server::start(answer).unwrap() }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url(PATH)
    }

    /// From which byte each request asked.
    pub(crate) fn asked(&self) -> Vec<u64> {
        self.server.asked().iter().map(|asked| asked.from().unwrap_or(0)).collect()
    }
}

fn misbehave(
    fault: &Fault,
    data: &[u8],
    site: &Site,
    asked: &Asked,
    out: &mut TcpStream,
) -> io::Result<()> {
    let from = usize::try_from(asked.from().unwrap_or(0)).unwrap().min(data.len());
    match fault {
        Fault::None => site.answer(asked, out),
        Fault::Closed => Ok(()),
        Fault::Garbage => out.write_all(b"220 mail.example.com ESMTP\r\n"),
        Fault::Silence => until_closed(out),
        Fault::EndlessHead => endless(out, b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n"),
        Fault::EndlessBody => {
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            endless(out, head, &[b"1000\r\n".as_slice(), &[b'x'; 4096], b"\r\n"].concat())
        }
        Fault::Cut(count) => honest(data, from, *count, out),
        Fault::Stall(count) => {
            honest(data, from, *count, out)?;
            until_closed(out)
        }
        Fault::Trickle(count) => {
            honest(data, from, 0, out)?;
            for byte in &data[from..][..*count] {
                out.write_all(&[*byte])?;
            }
            until_closed(out)
        }
        Fault::Status(status) => plain(out, *status, "So It Is", b""),
        Fault::Later(status, seconds) => {
            let head = format!("HTTP/1.1 {status} Later\r\nRetry-After: {seconds}\r\n");
            out.write_all(format!("{head}Content-Length: 0\r\n\r\n").as_bytes())
        }
        Fault::Redirect(to) => redirect(to, out),
        Fault::EndlessRedirect => redirect(&format!("{}x", asked.path), out),
        other => lie(other, data, from, out),
    }
}

/// Answers that look like one.
fn lie(fault: &Fault, data: &[u8], from: usize, out: &mut TcpStream) -> io::Result<()> {
    match fault {
        Fault::NoRanges => all(data, data.len(), "", out),
        Fault::Range(range, from) => {
            let body = &data[(*from).min(data.len())..];
            let head = format!("HTTP/1.1 206 Partial\r\nContent-Range: {range}\r\n");
            out.write_all(format!("{head}Content-Length: {}\r\n\r\n", body.len()).as_bytes())?;
            out.write_all(body)
        }
        Fault::NothingLeft(range) => {
            let head = format!("HTTP/1.1 416 No\r\nContent-Range: {range}\r\n");
            out.write_all(format!("{head}Content-Length: 0\r\n\r\n").as_bytes())
        }
        Fault::Other(other, tag) => all(other, other.len(), tag, out),
        Fault::OtherCut(other, count, tag) => all(other, *count, tag, out),
        Fault::TooLong => {
            out.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            out.write_all(format!("{:x}\r\n", data.len() + 1).as_bytes())?;
            out.write_all(&[data, b"!\r\n0\r\n\r\n"].concat())
        }
        Fault::Gzip(count) => {
            let packed = packed(data);
            coded("gzip", &packed[..count.unwrap_or(packed.len())], out)
        }
        Fault::Bomb => coded("gzip", &packed(&vec![0; 64 << 20]), out),
        Fault::Coded => coded("xor", data, out),
        other => panic!("{other:?} from {from} is no lie"),
    }
}

fn packed(data: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(data).unwrap();
    packer.finish().unwrap()
}

fn coded(how: &str, body: &[u8], out: &mut TcpStream) -> io::Result<()> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {how}\r\n");
    out.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes())?;
    out.write_all(body)
}

fn redirect(to: &str, out: &mut TcpStream) -> io::Result<()> {
    let head = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
    out.write_all(head.as_bytes())
}

/// The head of the file from `from` on, as an honest server says it, and only
/// so many bytes behind it.
fn honest(data: &[u8], from: usize, count: usize, out: &mut TcpStream) -> io::Result<()> {
    let site = Site::new().with(PATH, data.to_vec());
    let range = (from > 0).then(|| ("range".to_owned(), format!("bytes={from}-")));
    let asked = Asked {
        method: "GET".into(),
        path: PATH.into(),
        headers: range.into_iter().collect(),
        body: Vec::new(),
    };
    let mut whole = Vec::new();
    site.answer(&asked, &mut whole)?;
    let head = whole.len() - (data.len() - from);
    out.write_all(&whole[..(head + count).min(whole.len())])
}

/// All bytes are announced, so many are sent.
fn all(data: &[u8], count: usize, tag: &str, out: &mut TcpStream) -> io::Result<()> {
    let tag = if tag.is_empty() { String::new() } else { format!("ETag: \"{tag}\"\r\n") };
    let head = format!("HTTP/1.1 200 OK\r\n{tag}Content-Length: {}\r\n\r\n", data.len());
    out.write_all(head.as_bytes())?;
    out.write_all(&data[..count])
}

/// Writes until the client has had enough, or 64 MiB.
fn endless(out: &mut TcpStream, head: &[u8], piece: &[u8]) -> io::Result<()> {
    out.write_all(head)?;
    (0..(64 << 20) / piece.len()).try_for_each(|_| out.write_all(piece))
}

/// Waits until the client closes, or the server's patience ends.
fn until_closed(out: &mut TcpStream) -> io::Result<()> {
    out.flush()?;
    while out.read(&mut [0; 64])? > 0 {}
    Ok(())
}
