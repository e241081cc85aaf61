//! One exchange: an answer, whatever it is, turned into bytes of a part.

use crate::source::http::{Address, Clock, Fault, Fetcher, Followed, Pace, Request, Response};
use crate::source::http::{Watch, follow};
use crate::source::store::content::{Digests, Hasher};
use crate::source::store::part::{Part, Record};
use crate::source::store::{Download, Failure, Patience};
use flate2::read::MultiGzDecoder;
use std::io::{self, Read};
use std::time::Duration;

const PIECE: usize = 256 << 10;

/// What an exchange is done with.
pub(super) struct Exchange<'a> {
    pub(super) download: &'a Download,
    pub(super) address: &'a Address,
    /// Whether plain http is allowed on the way.
    pub(super) plain: bool,
    /// A cookie for this address.
    pub(super) cookie: Option<&'a str>,
    pub(super) fetcher: &'a dyn Fetcher,
    pub(super) watch: &'a dyn Watch,
    pub(super) clock: &'a dyn Clock,
    pub(super) patience: &'a Patience,
}

/// The part is whole, as far as its length tells.
pub(super) struct Whole {
    pub(super) from: String,
    pub(super) secure: bool,
    /// The digests, if all of it came in this one exchange.
    pub(super) digests: Option<Digests>,
}

/// Why an exchange did not make the part whole.
pub(super) enum Setback {
    /// The server, or the connection to it.
    Server {
        fault: Fault,
        /// How long the server asks us to wait.
        wait: Option<Duration>,
    },
    /// What we had was of no use, and is gone: to be tried again at once.
    Anew(&'static str),
    /// The store.
    Store(Failure),
}

impl From<Fault> for Setback {
    fn from(fault: Fault) -> Self {
        Self::Server { fault, wait: None }
    }
}

impl From<Failure> for Setback {
    fn from(failure: Failure) -> Self {
        Self::Store(failure)
    }
}

impl Exchange<'_> {
    /// Asks for what is missing of the part.
    pub(super) fn run(&self, part: &mut Part<'_>) -> Result<Whole, Setback> {
        let is_plain = part.len() > 0 && !part.record.secure;
        if is_plain && self.address.is_secure() && !self.download.has_digest() {
            // Whoever made up what came by plain http would have it joined to
            // what comes by https, and taken for that.
            part.clear()?;
        }
        if self.download.size.is_some_and(|size| part.len() >= size && part.len() > 0) {
            if self.download.size == Some(part.len()) {
                let secure = part.record.secure;
                return Ok(Whole { from: part.record.url.clone(), secure, digests: None });
            }
            part.clear()?;
        }
        let request = self.request(part)?;
        let asked = part.len();
        let followed = follow(self.fetcher, &request, self.plain, self.watch)?;
        match followed.response.status {
            200 => self.whole(followed, part),
            206 if asked > 0 => self.rest(followed, part),
            206 => {
                Err(Fault::Wrong("the server sent a part where all was asked for".into()).into())
            }
            412 if asked > 0 => {
                part.clear()?;
                Err(Setback::Anew("the server's file changed"))
            }
            416 if asked > 0 => self.nothing_left(&followed, part),
            status => {
                let wait = retry_after(&followed.response);
                Err(Setback::Server { fault: Fault::Status(status), wait })
            }
        }
    }

    fn request(&self, part: &mut Part<'_>) -> Result<Request, Failure> {
        let validator = part.record.validator().map(str::to_owned);
        if part.len() > 0 && validator.is_none() && !self.download.has_digest() {
            // Nothing would tell whether the rest fits to what is here.
            part.clear()?;
        }
        // Codings would make other bytes of the same file.
        let mut request = Request::new(self.address.as_str()).with("Accept-Encoding", "identity");
        if let Some(cookie) = self.cookie {
            request = request.with("Cookie", cookie);
        }
        if part.len() > 0 {
            request = request.with("Range", format!("bytes={}-", part.len()));
            if let Some(validator) = validator {
                request = request.with("If-Range", validator);
            }
        }
        Ok(request)
    }

    /// 200: the file from its beginning.
    fn whole(&self, followed: Followed, part: &mut Part<'_>) -> Result<Whole, Setback> {
        if part.len() > 0 {
            let why = "the server's file changed, or it cannot resume";
            self.watch.warned(&format!("{} begins anew: {why}", self.address.name()));
        }
        part.clear()?;
        let length = number(&followed.response, "content-length")?;
        let coding = coding(&followed.response)?;
        let total = if coding == Coding::Gzip { None } else { length };
        self.check_size(total)?;
        if total.or(self.download.size).is_none() && !tells_its_end(&followed.response, coding) {
            let text = "the server does not say how long the file is";
            return Err(Fault::Unfit(text.to_owned()).into());
        }
        let record = Record::of(self.address, &followed.response, total);
        // What was coded on the way cannot be resumed at a place in the file.
        let record = match coding {
            Coding::Gzip => Record { url: record.url, ..Record::default() },
            Coding::None => record,
        };
        part.note(Record { secure: followed.secure, ..record })?;
        let mut hasher = Hasher::of(self.download);
        self.receive(followed.response, coding, part, &mut hasher, total)?;
        let (from, secure) = (followed.address.to_string(), followed.secure);
        Ok(Whole { from, secure, digests: Some(hasher.finish()) })
    }

    /// 206: the file from where we have it.
    fn rest(&self, followed: Followed, part: &mut Part<'_>) -> Result<Whole, Setback> {
        let response = &followed.response;
        let range = response.header("content-range").unwrap_or_default().to_owned();
        let Some((first, last, total)) = content_range(&range) else {
            part.clear()?;
            let text = format!("the server sent a part with the Content-Range `{}`", brief(&range));
            return Err(Fault::Wrong(text).into());
        };
        if first != part.len() {
            let text =
                format!("the server sent bytes from {first} where {} were asked for", part.len());
            part.clear()?;
            return Err(Fault::Wrong(text).into());
        }
        let new = Record::of(self.address, response, total);
        if part.record.contradicts(&new) || coding(response)? != Coding::None {
            part.clear()?;
            return Err(Setback::Anew("the server's file changed"));
        }
        self.check_size(total)?;
        let end = last.checked_add(1).filter(|end| total.is_none_or(|total| *end <= total));
        let length = number(response, "content-length")?;
        if end.is_none() || length.is_some_and(|length| end != first.checked_add(length)) {
            part.clear()?;
            let text = format!("the server's Content-Range `{}` contradicts itself", brief(&range));
            return Err(Fault::Wrong(text).into());
        }
        let want = total.or(part.record.total).or(end);
        let secure = part.record.secure && followed.secure;
        if secure != part.record.secure {
            part.note(Record { secure, ..part.record.clone() })?;
        }
        self.receive(followed.response, Coding::None, part, &mut Hasher::of(self.download), want)?;
        Ok(Whole { from: followed.address.to_string(), secure, digests: None })
    }

    /// 416: the server has nothing behind what we have. Perhaps we have all.
    fn nothing_left(&self, followed: &Followed, part: &mut Part<'_>) -> Result<Whole, Setback> {
        let range = followed.response.header("content-range").unwrap_or_default();
        let total = range.strip_prefix("bytes */").and_then(|total| total.parse::<u64>().ok());
        let fits = total == Some(part.len()) && self.download.size.is_none_or(|s| total == Some(s));
        if !fits || part.record.contradicts(&Record::of(self.address, &followed.response, total)) {
            part.clear()?;
            return Err(Setback::Anew("the server has less than came before"));
        }
        let secure = part.record.secure && followed.secure;
        Ok(Whole { from: followed.address.to_string(), secure, digests: None })
    }

    fn check_size(&self, total: Option<u64>) -> Result<(), Fault> {
        let Some(total) = total else { return Ok(()) };
        if let Some(size) = self.download.size.filter(|size| *size != total) {
            let text = format!("the server has {total} bytes where {size} are expected");
            return Err(Fault::Unfit(text));
        }
        if self.download.size.is_none() && total > self.download.most {
            let most = self.download.most;
            return Err(Fault::Unfit(format!("the server has {total} bytes, the limit is {most}")));
        }
        Ok(())
    }

    /// Takes the answer's bytes until they end, or too few of them come.
    fn receive(
        &self,
        response: Response,
        coding: Coding,
        part: &mut Part<'_>,
        hasher: &mut Hasher,
        total: Option<u64>,
    ) -> Result<(), Setback> {
        let want = self.download.size.or(total);
        let most = want.unwrap_or(self.download.most);
        let mut body: Box<dyn Read> = match coding {
            Coding::None => response.body,
            Coding::Gzip => Box::new(MultiGzDecoder::new(response.body)),
        };
        let mut pace = Pace::new(self.patience.window, self.patience.least, self.clock.now());
        let mut buf = vec![0; PIECE];
        self.watch.started(self.address.name(), part.len(), want);
        loop {
            if self.watch.stopped() {
                return Err(Fault::Stopped.into());
            }
            let count = match body.read(&mut buf) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::TimedOut => 0,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Fault::of_reading(error).into()),
            };
            let data = &buf[..count];
            if part.len() + count as u64 > most {
                part.clear()?;
                let text = format!("the server sent more than the {most} bytes that are expected");
                return Err(Fault::Unfit(text).into());
            }
            if count > 0 {
                part.append(data)?;
                hasher.update(data);
                self.watch.advanced(count as u64);
            }
            pace.came(count as u64, self.clock.now())?;
        }
        match want {
            Some(want) if part.len() < want => {
                Err(Fault::Lost(format!("it ended after {} of {want} bytes", part.len())).into())
            }
            _ => Ok(()),
        }
    }
}

/// How a body is coded besides for the transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    None,
    Gzip,
}

fn coding(response: &Response) -> Result<Coding, Fault> {
    match response.header("content-encoding").map(str::trim) {
        None | Some("" | "identity") => Ok(Coding::None),
        Some("gzip" | "x-gzip") => Ok(Coding::Gzip),
        Some(other) => {
            let text = format!("the server coded the file as `{}`, unasked", brief(other));
            Err(Fault::Unfit(text))
        }
    }
}

/// Whether a body without a length has an end that can be told from a loss.
fn tells_its_end(response: &Response, coding: Coding) -> bool {
    let chunked = response.header("transfer-encoding").is_some_and(|v| v.contains("chunked"));
    chunked || coding == Coding::Gzip
}

fn number(response: &Response, name: &str) -> Result<Option<u64>, Fault> {
    let Some(text) = response.header(name) else { return Ok(None) };
    let wrong = || Fault::Wrong(format!("the server's {name} is `{}`", brief(text)));
    text.trim().parse().map(Some).map_err(|_| wrong())
}

/// `bytes FIRST-LAST/TOTAL`, where the total may be `*`.
fn content_range(text: &str) -> Option<(u64, u64, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    let total = if total == "*" { None } else { Some(total.parse().ok()?) };
    (first <= last).then_some((first, last, total))
}

/// Seconds that a server asks us to wait; dates are not heeded.
fn retry_after(response: &Response) -> Option<Duration> {
    response.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
}

/// The beginning of what a server said, fit for a message.
fn brief(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read_strictly() {
        assert_eq!(content_range("bytes 5-9/10"), Some((5, 9, Some(10))));
        assert_eq!(content_range("bytes 5-9/*"), Some((5, 9, None)));
        for wrong in ["", "bytes */10", "bytes 9-5/10", "bytes -5/10", "items 1-2/3", "bytes 1-2"] {
            assert_eq!(content_range(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_a_server_says_is_shortened() {
        assert_eq!(brief("a\u{1b}[31m\r\nb"), "a[31mb");
        assert_eq!(brief(&"x".repeat(100)).len(), 60);
    }
}
