//! A download from one end to the other: the store, then each address in turn.

use crate::source::http::{Address, Fault, Fetcher, Watch};
use crate::source::store::content::{self, Found, digests, mismatch, publish, touch};
use crate::source::store::part::Part;
use crate::source::store::retry::Attempts;
use crate::source::store::transfer::{Exchange, Setback, Whole};
use crate::source::store::{Came, Download, Failure, FailureKind, Store, Stored, hex, index};
use std::fs;

/// An address to try, and whether plain http is allowed there.
struct Candidate {
    address: Address,
    plain: bool,
    /// Whether the same is tried by plain http next, so that a server that does
    /// not know https costs one attempt only.
    has_other: bool,
}

/// Why an address gave nothing.
enum Ended {
    /// The next one may.
    Fault(Fault),
    /// No other one will.
    Failure(Failure),
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl Store {
    /// Fetches a file, unless the store has it.
    ///
    /// # Errors
    /// [`FailureKind::Network`] when no address gives the file that is wanted,
    /// [`FailureKind::Offline`] when nothing may be fetched, and
    /// [`FailureKind::Interrupted`] when `watch` says so: what came is kept, and
    /// the next call goes on there.
    pub fn fetch(
        &self,
        download: &Download,
        fetcher: &dyn Fetcher,
        watch: &dyn Watch,
    ) -> Result<Stored, Failure> {
        if let Some(found) = self.find(download, watch)? {
            return Ok(found);
        }
        let name = download.name();
        if self.policy.offline {
            let sentence = format!("{name} is not in the store, and nothing may be fetched");
            return Err(Failure::new(FailureKind::Offline, sentence)
                .hint("run it once without --offline, or give the file itself"));
        }
        let mut failure =
            Failure::new(FailureKind::Network, format!("{name} could not be fetched"));
        let mut hint = None;
        for candidate in self.candidates(download)? {
            match self.fetch_from(&candidate, download, fetcher, watch) {
                Ok(stored) => {
                    log::info!("fetched {name}, {} bytes", stored.bytes);
                    return Ok(stored);
                }
                Err(Ended::Failure(ended)) => return Err(ended),
                Err(Ended::Fault(fault)) => {
                    // What was not asked tells nothing of what would help there.
                    if !is_unheld(&fault) {
                        hint = Some(fault.hint());
                    }
                    failure = failure.because(format!("{}: {fault}", candidate.address));
                }
            }
        }
        Err(self.explained(failure, hint, download))
    }

    /// The file, if the store has it. What is rotten is dropped and not there.
    ///
    /// # Errors
    /// [`FailureKind::Disk`] when the store cannot be read, and
    /// [`FailureKind::Interrupted`].
    pub fn find(&self, download: &Download, watch: &dyn Watch) -> Result<Option<Stored>, Failure> {
        let Some((sha256, secure)) = index::look(&self.folder, download) else { return Ok(None) };
        let path = self.folder.content(&hex(sha256));
        match self.proven.look(&self.folder, sha256, download, watch)? {
            Err(_) => Err(interrupted(&download.name(), 0)),
            Ok(Found::Missing) => Ok(None),
            Ok(Found::Rotten) => {
                content::drop_rotten(&self.folder, sha256)?;
                let name = download.name();
                watch.warned(&format!("{name} was damaged in the store and is dropped from it"));
                Ok(None)
            }
            Ok(Found::Right(found)) if mismatch(&found, download).is_some() => Ok(None),
            Ok(Found::Right(found)) => {
                touch(&self.folder, sha256, self.clock.date());
                log::info!("{} is in the store", download.name());
                let (bytes, came) = (found.bytes, Came::Store);
                Ok(Some(Stored { path, sha256, bytes, came, secure }))
            }
        }
    }

    /// Forgets a file that did not prove right: neither it nor what its
    /// addresses gave is used again.
    ///
    /// # Errors
    /// [`FailureKind::Disk`].
    pub fn forget(&self, download: &Download, stored: &Stored) -> Result<(), Failure> {
        index::forget(&self.folder, download)?;
        content::drop_rotten(&self.folder, stored.sha256)
    }

    /// Which addresses are tried, in order.
    fn candidates(&self, download: &Download) -> Result<Vec<Candidate>, Failure> {
        let held = download.is_held();
        let mut all = Vec::new();
        for url in &download.urls {
            let address = Address::parse(url).map_err(|fault| {
                let sentence = format!("{} has an address that cannot be used", download.name());
                let hint = fault.hint();
                Failure::new(FailureKind::Network, sentence).because(fault).hint(hint)
            })?;
            if let Some(mirror) = &self.policy.mirror {
                let address = mirror.of(&address);
                all.push(Candidate { address, plain: held, has_other: false });
                continue;
            }
            let secured = address.secured();
            all.extend(secured.map(|address| Candidate { address, plain: held, has_other: held }));
            all.push(Candidate { address, plain: held, has_other: false });
        }
        Ok(all)
    }

    fn explained(&self, failure: Failure, hint: Option<&str>, download: &Download) -> Failure {
        let sent = failure.causes.iter().any(|cause| cause.ends_with(UNHELD));
        if sent && !download.is_held() {
            return failure.hint("give its digest, so that plain http can be held to it");
        }
        let kept = download.urls.iter().any(|url| {
            let address = Address::parse(url).ok();
            let address =
                address.map(|a| self.policy.mirror.as_ref().map_or(a.clone(), |m| m.of(&a)));
            address.is_some_and(|address| self.folder.part(&address.key()).exists())
        });
        let rest = if kept { "; what came is kept, and the next run goes on there" } else { "" };
        match hint {
            Some(hint) => failure.hint(format!("{hint}{rest}")),
            None => failure,
        }
    }

    fn fetch_from(
        &self,
        candidate: &Candidate,
        download: &Download,
        fetcher: &dyn Fetcher,
        watch: &dyn Watch,
    ) -> Result<Stored, Ended> {
        let address = &candidate.address;
        if !address.is_secure() && !candidate.plain {
            return Err(Ended::Fault(Fault::Unfit(UNHELD.to_owned())));
        }
        let stopped = |kept| Ended::Failure(interrupted(&download.name(), kept));
        let key = address.key();
        let lock = self.folder.lock(&key, self.clock.as_ref(), watch)?.map_err(|_| stopped(0))?;
        // Whoever had the lock before may have fetched it.
        if let Some(found) = self.find(download, watch)? {
            return Ok(found);
        }
        let _slot = self.slots.take(watch).map_err(|_| stopped(0))?;
        let mut part = Part::open(&self.folder, &key, lock)?;
        let before = part.len();
        let exchange = Exchange {
            download,
            address,
            plain: candidate.plain,
            // What opens a server's file is no mirror's business.
            cookie: download.cookie.as_deref().filter(|_| self.policy.mirror.is_none()),
            fetcher,
            watch,
            clock: self.clock.as_ref(),
            patience: &self.patience,
        };
        match self.persist(&exchange, candidate.has_other, &mut part) {
            Ok((whole, found)) => self.keep(part, download, &whole, &found, before),
            Err(Ended::Fault(Fault::Stopped)) => Err(stopped(part.len())),
            Err(ended) => {
                if part.len() == 0 {
                    part.remove()?;
                }
                Err(ended)
            }
        }
    }

    /// Asks until the part is whole and right.
    fn persist(
        &self,
        exchange: &Exchange<'_>,
        has_other: bool,
        part: &mut Part<'_>,
    ) -> Result<(Whole, content::Digests), Ended> {
        let mut attempts = Attempts::new(&self.patience, self.clock.as_ref(), exchange.watch);
        loop {
            let before = part.len();
            let setback = match exchange.run(part) {
                Ok(whole) => match self.proof(exchange, part, &whole)? {
                    Ok(found) => return Ok((whole, found)),
                    Err(setback) => setback,
                },
                Err(setback) => setback,
            };
            let next = match setback {
                Setback::Store(failure) => return Err(Ended::Failure(failure)),
                Setback::Anew(why) => attempts.anew(why),
                Setback::Server { fault: fault @ Fault::Unreachable(_), .. } if has_other => {
                    Err(fault)
                }
                Setback::Server { fault, wait } => {
                    attempts.failed(fault, wait, part.len() > before)
                }
            };
            next.map_err(Ended::Fault)?;
        }
    }

    /// Hashes what came, whole, and compares it with what is wanted.
    fn proof(
        &self,
        exchange: &Exchange<'_>,
        part: &mut Part<'_>,
        whole: &Whole,
    ) -> Result<Result<content::Digests, Setback>, Failure> {
        let at_once = whole.digests;
        let found = if let Some(found) = at_once {
            found
        } else {
            let hasher = content::Hasher::of(exchange.download);
            let hashed = digests(part.path(), hasher, exchange.watch);
            match hashed.map_err(|error| Failure::disk(part.path(), &error))? {
                Ok(found) => found,
                Err(fault) => return Ok(Err(fault.into())),
            }
        };
        let Some(why) = mismatch(&found, exchange.download) else { return Ok(Ok(found)) };
        part.clear()?;
        Ok(Err(match at_once {
            Some(_) => Fault::Unfit(why).into(),
            // The parts may be of different states of the file.
            None => Setback::Anew("the parts that came do not make the file that is wanted"),
        }))
    }

    /// The part becomes content.
    fn keep(
        &self,
        part: Part<'_>,
        download: &Download,
        whole: &Whole,
        found: &content::Digests,
        resumed: u64,
    ) -> Result<Stored, Ended> {
        let path = self.folder.content(&hex(found.sha256));
        publish(&self.folder, part.path(), found.sha256)?;
        part.remove()?;
        let meta = fs::metadata(&path).map_err(|error| Failure::disk(&path, &error))?;
        self.proven.remember(found.sha256, *found, &meta);
        let resumed = if whole.digests.is_some() { 0 } else { resumed };
        let came = Came::Network { url: whole.from.clone(), secure: whole.secure, resumed };
        let (sha256, bytes, secure) = (found.sha256, found.bytes, whole.secure);
        let stored = Stored { path, sha256, bytes, came, secure };
        index::note(&self.folder, download, &stored)?;
        Ok(stored)
    }
}

/// Why an address with plain http was not asked.
pub(super) const UNHELD: &str = "not asked, since nothing would prove what comes by plain http";

/// Whether an address was not asked, for that reason.
pub(super) fn is_unheld(fault: &Fault) -> bool {
    matches!(fault, Fault::Unfit(why) if why == UNHELD)
}

/// The user stopped a download.
fn interrupted(name: &str, kept: u64) -> Failure {
    let rest = if kept == 0 {
        String::new()
    } else {
        format!("; {kept} bytes of it are kept, and the next run goes on there")
    };
    let sentence = format!("the download of {name} was interrupted{rest}");
    Failure::new(FailureKind::Interrupted, sentence)
}
