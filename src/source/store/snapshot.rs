//! Dated snapshots of what changes on a server, such as catalogs.

use crate::source::http::{Address, Fault, Fetcher, Followed, Pace, Request, Watch, follow};
use crate::source::store::content::{Found, Hasher, publish, touch};
use crate::source::store::fetch::{UNHELD, is_unheld};
use crate::source::store::folder::read_small;
use crate::source::store::index::unhex;
use crate::source::store::retry::Attempts;
use crate::source::store::{Download, Failure, FailureKind, Store, hex};
use flate2::read::MultiGzDecoder;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The most bytes of a snapshot, packed or not.
const MOST: usize = 64 << 20;
/// What to do when only plain http is offered.
const OWN: &str = "a mirror of yours may answer by plain http: --mirror URL";
/// The most states of one name that are remembered.
const MOST_STATES: usize = 200;

/// What a snapshot is wanted of.
pub struct Wanted<'a> {
    /// A short name: letters, digits, `.`, `-`, `_`.
    pub name: &'a str,
    /// Where it is, best first.
    pub urls: &'a [String],
    /// Says why bytes are not what they should be, so that an error page never
    /// takes a catalog's place.
    pub check: &'a dyn Fn(&[u8]) -> Result<(), String>,
}

/// How new a snapshot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// It came from the server now.
    Fetched,
    /// The server said now that it has not changed.
    Confirmed,
    /// It is the last one in the store; the server was not asked, or did not
    /// answer.
    Stored,
}

/// A state of something that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its name.
    pub name: String,
    /// Where its bytes are, unpacked. They are not to be changed.
    pub path: PathBuf,
    /// Their SHA-256.
    pub sha256: [u8; 32],
    /// How many they are.
    pub bytes: u64,
    /// When the server gave or confirmed it.
    pub date: OffsetDateTime,
    /// What the server says of its last change.
    pub last_modified: Option<String>,
    /// From where it came.
    pub url: String,
    /// Whether it came by https all the way; if not, nothing proves it.
    pub secure: bool,
    /// How new it is.
    pub freshness: Freshness,
}

/// A state, as it is recorded.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct State {
    date: String,
    pub(super) url: String,
    pub(super) sha256: String,
    bytes: u64,
    etag: Option<String>,
    last_modified: Option<String>,
    secure: bool,
}

/// All states of a name, newest last.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct States {
    pub(super) states: Vec<State>,
}

/// What an exchange brought.
enum Came {
    Same,
    New { data: Vec<u8>, followed: Head },
}

/// What of an answer outlives its body.
struct Head {
    url: String,
    secure: bool,
    etag: Option<String>,
    last_modified: Option<String>,
}

impl Store {
    /// The newest state of something: the server is asked whether it changed.
    /// When no server answers, the last state in the store is given, with a
    /// warning.
    ///
    /// # Errors
    /// As [`Store::fetch`], when there is no state in the store.
    pub fn refresh(
        &self,
        wanted: &Wanted<'_>,
        fetcher: &dyn Fetcher,
        watch: &dyn Watch,
    ) -> Result<Snapshot, Failure> {
        check_name(wanted.name)?;
        let last = self.snapshot(wanted.name, watch)?;
        if self.policy.offline {
            return last.ok_or_else(|| {
                let name = wanted.name;
                let sentence =
                    format!("the store has no snapshot of {name}, and nothing may be fetched");
                Failure::new(FailureKind::Offline, sentence).hint("run it once without --offline")
            });
        }
        let failure = match self.ask(wanted, last.as_ref(), fetcher, watch)? {
            Ok(snapshot) => return Ok(snapshot),
            Err(failure) => failure,
        };
        match last {
            Some(last) if failure.kind == FailureKind::Network => {
                let date = day(last.date);
                let cause = failure.causes.last().cloned().unwrap_or_default();
                let name = wanted.name;
                watch.warned(&format!("{name} is of {date}, from the store, since {cause}"));
                Ok(last)
            }
            _ => Err(failure),
        }
    }

    /// The newest whole state in the store.
    ///
    /// # Errors
    /// [`FailureKind::Disk`] when the store cannot be read.
    pub fn snapshot(&self, name: &str, watch: &dyn Watch) -> Result<Option<Snapshot>, Failure> {
        check_name(name)?;
        for state in self.states(name).states.iter().rev() {
            if let Some(snapshot) = self.given(name, state, watch)? {
                return Ok(Some(snapshot));
            }
        }
        Ok(None)
    }

    /// All whole states in the store, oldest first.
    ///
    /// # Errors
    /// [`FailureKind::Disk`] when the store cannot be read.
    pub fn snapshots(&self, name: &str, watch: &dyn Watch) -> Result<Vec<Snapshot>, Failure> {
        check_name(name)?;
        let mut all = Vec::new();
        for state in &self.states(name).states {
            all.extend(self.given(name, state, watch)?);
        }
        Ok(all)
    }

    pub(super) fn states(&self, name: &str) -> States {
        let text = read_small(&self.folder.snapshots(name));
        text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
    }

    fn given(
        &self,
        name: &str,
        state: &State,
        watch: &dyn Watch,
    ) -> Result<Option<Snapshot>, Failure> {
        let Some(sha256) = unhex(&state.sha256) else { return Ok(None) };
        let Ok(date) = OffsetDateTime::parse(&state.date, &Rfc3339) else { return Ok(None) };
        let wanted = Download::new(state.url.as_str());
        let found = match self.proven.look(&self.folder, sha256, &wanted, watch)? {
            Ok(Found::Right(found)) => found,
            Ok(_) => return Ok(None),
            Err(_) => return Err(stopped(name)),
        };
        let path = self.folder.content(&state.sha256);
        touch(&self.folder, sha256, self.clock.date());
        Ok(Some(Snapshot {
            name: name.to_owned(),
            path,
            sha256,
            bytes: found.bytes,
            date,
            last_modified: state.last_modified.clone(),
            url: state.url.clone(),
            secure: state.secure,
            freshness: Freshness::Stored,
        }))
    }

    /// Asks each address in turn.
    fn ask(
        &self,
        wanted: &Wanted<'_>,
        last: Option<&Snapshot>,
        fetcher: &dyn Fetcher,
        watch: &dyn Watch,
    ) -> Result<Result<Snapshot, Failure>, Failure> {
        let name = wanted.name;
        let mut failure =
            Failure::new(FailureKind::Network, format!("{name} could not be fetched"));
        for url in wanted.urls {
            let (address, plain) = match self.snapshot_address(url) {
                Ok(found) => found,
                Err(fault) => {
                    let hint = fault.hint();
                    failure = failure.because(fault).hint(hint);
                    continue;
                }
            };
            let known = self.known(name, last, &address);
            match self.ask_often(&address, plain, known.as_ref(), wanted, fetcher, watch) {
                Ok(came) => return self.record(wanted, &came, known, last, watch).map(Ok),
                Err(Fault::Stopped) => return Err(stopped(name)),
                Err(fault) => {
                    let hint = if is_unheld(&fault) { OWN } else { fault.hint() };
                    failure.hint = Some(hint.to_owned());
                    failure = failure.because(format!("{address}: {fault}"));
                }
            }
        }
        Ok(Err(failure))
    }

    /// Where it is asked for, and whether by plain http: only where the user
    /// named the host.
    fn snapshot_address(&self, url: &str) -> Result<(Address, bool), Fault> {
        let address = Address::parse(url)?;
        if let Some(mirror) = &self.policy.mirror {
            return Ok((mirror.of(&address), true));
        }
        let plain = address.is_loopback();
        Ok((address.secured().unwrap_or(address), plain))
    }

    /// The state that an address gave last, if it is still there.
    fn known(&self, name: &str, last: Option<&Snapshot>, address: &Address) -> Option<State> {
        let last = hex(last?.sha256);
        let known = self.states(name).states.pop()?;
        (known.sha256 == last && known.url == address.to_string()).then_some(known)
    }

    fn ask_often(
        &self,
        address: &Address,
        plain: bool,
        known: Option<&State>,
        wanted: &Wanted<'_>,
        fetcher: &dyn Fetcher,
        watch: &dyn Watch,
    ) -> Result<Came, Fault> {
        if !address.is_secure() && !plain {
            return Err(Fault::Unfit(UNHELD.to_owned()));
        }
        let _slot = self.slots.take(watch)?;
        let mut attempts = Attempts::new(&self.patience, self.clock.as_ref(), watch);
        loop {
            let mut request = Request::new(address.as_str()).with("Accept-Encoding", "identity");
            if let Some(etag) = known.and_then(|known| known.etag.as_ref()) {
                request = request.with("If-None-Match", etag);
            }
            if let Some(date) = known.and_then(|known| known.last_modified.as_ref()) {
                request = request.with("If-Modified-Since", date);
            }
            let came = follow(fetcher, &request, plain, watch)
                .and_then(|followed| self.take(followed, known.is_some(), wanted, watch));
            match came {
                Ok(came) => return Ok(came),
                Err(fault) => attempts.failed(fault, None, false)?,
            }
        }
    }

    fn take(
        &self,
        followed: Followed,
        conditional: bool,
        wanted: &Wanted<'_>,
        watch: &dyn Watch,
    ) -> Result<Came, Fault> {
        let Followed { response, address, secure } = followed;
        match response.status {
            304 if conditional => return Ok(Came::Same),
            200 => {}
            status => return Err(Fault::Status(status)),
        }
        let short = |name| response.header(name).filter(|v| v.len() < 512).map(str::to_owned);
        let (etag, last_modified) = (short("etag"), short("last-modified"));
        let length = response.header("content-length").and_then(|text| text.trim().parse().ok());
        watch.started(address.name(), 0, length);
        let data = unpacked(self.body(response.body, length, watch)?)?;
        (wanted.check)(&data)
            .map_err(|why| Fault::Unfit(format!("what the server sent is not right: {why}")))?;
        let url = address.to_string();
        Ok(Came::New { data, followed: Head { url, secure, etag, last_modified } })
    }

    fn body(
        &self,
        mut body: Box<dyn Read + Send>,
        length: Option<u64>,
        watch: &dyn Watch,
    ) -> Result<Vec<u8>, Fault> {
        let mut pace = Pace::new(self.patience.window, self.patience.least, self.clock.now());
        let (mut data, mut buf) = (Vec::new(), vec![0; 64 << 10]);
        loop {
            if watch.stopped() {
                return Err(Fault::Stopped);
            }
            let count = match body.read(&mut buf) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::TimedOut => 0,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Fault::of_reading(error)),
            };
            data.extend_from_slice(&buf[..count]);
            if data.len() > MOST {
                return Err(Fault::Unfit(format!("it has more than {} MiB", MOST >> 20)));
            }
            watch.advanced(count as u64);
            pace.came(count as u64, self.clock.now())?;
        }
        match length.filter(|length| (data.len() as u64) < *length) {
            Some(length) => {
                Err(Fault::Lost(format!("it ended after {} of {length} bytes", data.len())))
            }
            None => Ok(data),
        }
    }

    /// Writes down what came.
    fn record(
        &self,
        wanted: &Wanted<'_>,
        came: &Came,
        known: Option<State>,
        last: Option<&Snapshot>,
        watch: &dyn Watch,
    ) -> Result<Snapshot, Failure> {
        let name = wanted.name;
        let key = hex(<sha2::Sha256 as sha2::Digest>::digest(name));
        let lock = self.folder.lock(&key, self.clock.as_ref(), watch)?;
        let _lock = lock.map_err(|_| stopped(name))?;
        let now = OffsetDateTime::from(self.clock.date());
        // The format has room for all dates of this era.
        let date = now.format(&Rfc3339).unwrap_or_default();
        let (state, freshness) = match (came, known) {
            (Came::Same, Some(known)) => (State { date, ..known }, Freshness::Confirmed),
            (Came::Same, None) => {
                return last.cloned().ok_or_else(|| stopped(name));
            }
            (Came::New { data, followed }, _) => {
                let sha256 = self.put(data)?;
                let state = State {
                    date,
                    url: followed.url.clone(),
                    sha256: hex(sha256),
                    bytes: data.len() as u64,
                    etag: followed.etag.clone(),
                    last_modified: followed.last_modified.clone(),
                    secure: followed.secure,
                };
                (state, Freshness::Fetched)
            }
        };
        let mut states = self.states(name);
        if states.states.last().is_some_and(|last| last.sha256 == state.sha256) {
            states.states.pop();
        }
        states.states.push(state.clone());
        let surplus = states.states.len().saturating_sub(MOST_STATES);
        states.states.drain(..surplus);
        self.write_states(name, &states)?;
        let given = self.given(name, &state, watch)?;
        given.map(|snapshot| Snapshot { freshness, ..snapshot }).ok_or_else(|| {
            Failure::disk(&self.folder.content(&state.sha256), &io::ErrorKind::NotFound.into())
        })
    }

    pub(super) fn write_states(&self, name: &str, states: &States) -> Result<(), Failure> {
        // Strings and numbers can always be written as JSON.
        let text = serde_json::to_vec_pretty(states).unwrap_or_default();
        self.folder.write(&self.folder.snapshots(name), &text)
    }

    /// Puts bytes among the content.
    fn put(&self, data: &[u8]) -> Result<[u8; 32], Failure> {
        let mut hasher = Hasher::of(&Download::new(""));
        hasher.update(data);
        let found = hasher.finish();
        let disk = |error: io::Error| Failure::disk(self.path(), &error);
        let mut temp = self.folder.temporary().map_err(disk)?;
        temp.write_all(data).map_err(disk)?;
        let path = temp.into_temp_path();
        publish(&self.folder, &path, found.sha256)?;
        // It has another name now; there is nothing left to delete.
        let _ = path.keep();
        Ok(found.sha256)
    }
}

/// Servers send catalogs packed, asked or not.
fn unpacked(data: Vec<u8>) -> Result<Vec<u8>, Fault> {
    if !data.starts_with(&[0x1f, 0x8b]) {
        return Ok(data);
    }
    let mut out = Vec::new();
    let decoder = MultiGzDecoder::new(data.as_slice());
    decoder.take(MOST as u64 + 1).read_to_end(&mut out).map_err(|error| {
        Fault::Wrong(format!("what the server packed cannot be unpacked: {error}"))
    })?;
    if out.len() > MOST {
        return Err(Fault::Unfit(format!("unpacked it has more than {} MiB", MOST >> 20)));
    }
    Ok(out)
}

fn check_name(name: &str) -> Result<(), Failure> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let fits = !name.is_empty() && name.len() <= 64 && !name.starts_with('.');
    if fits && name.chars().all(plain) {
        return Ok(());
    }
    let sentence = format!("`{}` cannot name a snapshot", name.escape_default());
    Err(Failure::new(FailureKind::Usage, sentence))
}

fn day(date: OffsetDateTime) -> String {
    let date = date.date();
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}

fn stopped(name: &str) -> Failure {
    let sentence = format!("the work on {name} was interrupted");
    Failure::new(FailureKind::Interrupted, sentence)
}
