//! The client: reqwest, with TLS by rustls and ring.
//!
//! Who is trusted: the certificates of the system; where it has none, those
//! that Mozilla trusts, as they were when this program was made. Proxies come
//! from the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`)
//! and are never used for this computer itself.

use crate::source::http::{Address, Fault, Fetcher, Request, Response, Watch};
use reqwest::blocking;
use rustls::CertificateError;
use std::io::{self, Read};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// Bytes that one read takes from a connection at most.
const PIECE: usize = 128 << 10;
/// Pieces that wait for their reader.
const AHEAD: usize = 8;

/// How the client behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who we say we are.
    pub user_agent: String,
    /// How long a connection may take to come about.
    pub connect: Duration,
    /// How long an answer's head may take, and a gap between two pieces.
    pub answer: Duration,
    /// How long a read waits before it says that nothing came yet.
    pub tick: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            user_agent: concat!("Lionize/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect: Duration::from_secs(20),
            answer: Duration::from_secs(60),
            tick: Duration::from_millis(200),
        }
    }
}

/// Fetches over the network. Connections are kept and used again.
#[derive(Debug, Default)]
pub struct Client {
    settings: Settings,
    outside: OnceLock<Result<blocking::Client, Fault>>,
    loopback: OnceLock<Result<blocking::Client, Fault>>,
}

impl Client {
    /// A client that behaves like this.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    fn to(&self, address: &Address) -> Result<&blocking::Client, Fault> {
        let made = if address.is_loopback() && !address.is_secure() {
            self.loopback
                .get_or_init(|| built(&self.settings, builder().no_proxy().tls_certs_only([])))
        } else {
            self.outside.get_or_init(|| outside(&self.settings))
        };
        made.as_ref().map_err(Clone::clone)
    }
}

/// An address for a log: without what may be secret, names and queries.
fn plain(address: &Address) -> String {
    let text = address.as_str().split(['?', '#']).next().unwrap_or_default();
    match text.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = host.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}/{path}")
        }
        None => text.to_owned(),
    }
}

fn builder() -> blocking::ClientBuilder {
    static RING: OnceLock<()> = OnceLock::new();
    // When another one is installed already, that one is used.
    RING.get_or_init(|| drop(rustls::crypto::ring::default_provider().install_default()));
    blocking::Client::builder()
}

fn outside(settings: &Settings) -> Result<blocking::Client, Fault> {
    built(settings, builder()).or_else(|_| {
        let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
        let roots: Vec<_> =
            roots.filter_map(|root| reqwest::Certificate::from_der(root).ok()).collect();
        built(settings, builder().tls_certs_only(roots))
    })
}

fn built(settings: &Settings, builder: blocking::ClientBuilder) -> Result<blocking::Client, Fault> {
    let builder = builder
        .user_agent(&settings.user_agent)
        .connect_timeout(settings.connect)
        .timeout(settings.answer)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .http1_only();
    builder.build().map_err(|error| Fault::Unreachable(deepest(&error)))
}

impl Fetcher for Client {
    fn get(&self, request: &Request, watch: &dyn Watch) -> Result<Response, Fault> {
        let address = Address::parse(&request.url)?;
        let client = self.to(&address)?.clone();
        let (method, shown) =
            (if request.body.is_some() { "POST" } else { "GET" }, plain(&address));
        log::debug!("{method} {shown}");
        let wanted = prepared(&client, request)?;
        let (send, receive) = sync_channel(AHEAD);
        // The thread ends when nobody receives any more, or by its time limits.
        let spawned = thread::Builder::new().spawn(move || transfer(&client, wanted, &send));
        spawned.map_err(|error| Fault::Lost(error.to_string()))?;
        let (status, headers) = self.head(&receive, watch)?;
        log::debug!("{status} from {shown}");
        let body = Box::new(Body {
            receive,
            tick: self.settings.tick,
            rest: Vec::new(),
            at: 0,
            ended: false,
        });
        Ok(Response { status, headers, body })
    }
}

impl Client {
    fn head(
        &self,
        receive: &Receiver<Message>,
        watch: &dyn Watch,
    ) -> Result<(u16, Vec<(String, String)>), Fault> {
        loop {
            if watch.stopped() {
                return Err(Fault::Stopped);
            }
            match receive.recv_timeout(self.settings.tick) {
                Ok(Message::Head(status, headers)) => return Ok((status, headers)),
                Ok(Message::Failed(fault)) => return Err(fault),
                // The thread has a time limit of its own.
                Err(RecvTimeoutError::Timeout) => {}
                Ok(_) | Err(RecvTimeoutError::Disconnected) => {
                    return Err(Fault::Lost("the answer has no head".to_owned()));
                }
            }
        }
    }
}

fn prepared(client: &blocking::Client, request: &Request) -> Result<blocking::Request, Fault> {
    let mut builder = match &request.body {
        Some(body) => client.post(&request.url).body(body.clone()),
        None => client.get(&request.url),
    };
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    builder.build().map_err(|error| Fault::Address(deepest(&error)))
}

/// What the connection's thread says.
enum Message {
    Head(u16, Vec<(String, String)>),
    Data(Vec<u8>),
    End,
    Failed(Fault),
}

/// Does the exchange. A failed send means that nobody wants more.
fn transfer(client: &blocking::Client, request: blocking::Request, send: &SyncSender<Message>) {
    let mut response = match client.execute(request) {
        Ok(response) => response,
        Err(error) => return drop(send.send(Message::Failed(fault(&error)))),
    };
    let text = |value: &reqwest::header::HeaderValue| {
        String::from_utf8_lossy(value.as_bytes()).into_owned()
    };
    let headers = response.headers().iter();
    let headers = headers.map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    if send.send(Message::Head(response.status().as_u16(), headers)).is_err() {
        return;
    }
    let mut buf = vec![0; PIECE];
    loop {
        let message = match response.read(&mut buf) {
            Ok(0) => Message::End,
            Ok(count) => Message::Data(buf[..count].to_vec()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Message::Failed(Fault::Lost(deepest(&error))),
        };
        let last = !matches!(message, Message::Data(_));
        if send.send(message).is_err() || last {
            return;
        }
    }
}

fn fault(error: &reqwest::Error) -> Fault {
    if let Some(why) = certificate(error) {
        return Fault::Untrusted(distrust(why));
    }
    let why = deepest(error);
    if error.is_connect() || error.is_timeout() {
        Fault::Unreachable(why)
    } else if error.is_builder() {
        Fault::Address(why)
    } else {
        Fault::Lost(why)
    }
}

/// What is wrong with the server's certificate, if that is the cause.
fn certificate<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a CertificateError> {
    let mut next = Some(error);
    while let Some(at) = next {
        if let Some(rustls::Error::InvalidCertificate(why)) = at.downcast_ref() {
            return Some(why);
        }
        // What an I/O error holds is not among its causes.
        let held = at.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = held.map(|held| held as _).or_else(|| at.source());
    }
    None
}

/// In words: the library's own are for programmers.
const fn distrust(why: &CertificateError) -> &'static str {
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server's certificate has ended, by this computer's clock"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate does not hold yet, by this computer's clock"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the certificate is another server's"
        }
        CertificateError::UnknownIssuer => "nobody whom this computer trusts certified the server",
        CertificateError::Revoked => "the server's certificate was revoked",
        _ => "the server's certificate is not right",
    }
}

/// The innermost cause, which names the fault; those above only wrap it.
fn deepest(error: &dyn std::error::Error) -> String {
    let mut innermost = error.source();
    while let Some(deeper) = innermost.and_then(std::error::Error::source) {
        innermost = Some(deeper);
    }
    innermost.map_or_else(|| error.to_string(), ToString::to_string)
}

/// The answer's bytes, as the thread brings them.
struct Body {
    receive: Receiver<Message>,
    tick: Duration,
    rest: Vec<u8>,
    at: usize,
    ended: bool,
}

impl Read for Body {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.at == self.rest.len() && !self.ended {
            self.next()?;
        }
        let len = buf.len().min(self.rest.len() - self.at);
        buf[..len].copy_from_slice(&self.rest[self.at..self.at + len]);
        self.at += len;
        Ok(len)
    }
}

impl Body {
    fn next(&mut self) -> io::Result<()> {
        match self.receive.recv_timeout(self.tick) {
            Ok(Message::Data(data)) => (self.rest, self.at) = (data, 0),
            Ok(Message::End) => self.ended = true,
            Ok(Message::Failed(fault)) => return Err(io::Error::other(fault)),
            Err(RecvTimeoutError::Timeout) => return Err(io::ErrorKind::TimedOut.into()),
            Ok(Message::Head(..)) | Err(RecvTimeoutError::Disconnected) => {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_spoken_of_in_words() {
        use rustls::CertificateError as Why;
        let wrapped = |why| io::Error::other(io::Error::other(rustls::Error::from(why)));
        for (why, says) in [
            (Why::Expired, "the server's certificate has ended, by this computer's clock"),
            (
                Why::NotValidYet,
                "the server's certificate does not hold yet, by this computer's clock",
            ),
            (Why::NotValidForName, "the certificate is another server's"),
            (Why::UnknownIssuer, "nobody whom this computer trusts certified the server"),
            (Why::Revoked, "the server's certificate was revoked"),
            (Why::BadSignature, "the server's certificate is not right"),
        ] {
            let error = wrapped(why);
            assert_eq!(certificate(&error).map(distrust), Some(says));
        }
        assert_eq!(certificate(&io::Error::other("reset")), None);
    }

    #[test]
    fn a_log_has_no_passwords_and_no_queries() {
        let plain = |text| plain(&Address::parse(text).unwrap());
        assert_eq!(plain("http://me:pass@host:80/a/b?token=x#y"), "http://host/a/b");
        assert_eq!(plain("https://host"), "https://host/");
    }
}
