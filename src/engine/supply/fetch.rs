//! Fetching what was pinned, several files at a time.

use crate::engine::events::{Event, Stage, Stop};
use crate::engine::problem::{Problem, Result};
use crate::engine::progress::Progress;
use crate::engine::supply::{Pin, Supply, download};
use crate::recipe::Demand;
use crate::source::http::Watch;
use crate::source::store::{Download, Stored};

/// A file in the store, and what the catalog said of it.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Fetched {
    pub(in crate::engine) pin: Pin,
    pub(in crate::engine) download: Download,
    pub(in crate::engine) stored: Stored,
}

impl Supply<'_, '_> {
    /// The files of these pins that the store has; the others as None.
    pub(in crate::engine) fn at_hand(
        &self,
        pins: &[(Pin, Option<Demand>)],
    ) -> Result<Vec<Option<Fetched>>> {
        let watcher = Watcher::new(self.progress, self.stop);
        let find = |(pin, trust): &(Pin, Option<Demand>)| {
            let download = download(pin, *trust)?;
            let stored = self.store()?.find(&download, &watcher)?;
            Ok(stored.map(|stored| Fetched { pin: pin.clone(), download, stored }))
        };
        pins.iter().map(find).collect()
    }

    /// Fetches the files of these pins, several at a time.
    pub(in crate::engine) fn fetch(&self, pins: &[(Pin, Option<Demand>)]) -> Result<Vec<Fetched>> {
        let total = pins.iter().fold(0, |sum: u64, (pin, _)| sum.saturating_add(pin.size));
        let what = match pins {
            [] => return Ok(Vec::new()),
            [(pin, _)] => pin.package.clone(),
            several => {
                let names: Vec<_> = several.iter().map(|(pin, _)| pin.package.as_str()).collect();
                names.join(", ")
            }
        };
        let store = self.store()?;
        self.progress.start(Stage::Fetch, &what, total);
        let (fetcher, watcher) = (self.fetcher(), Watcher::new(self.progress, self.stop));
        let one = |pin: &Pin, trust: Option<Demand>| {
            let download = download(pin, trust)?;
            let stored = store.fetch(&download, fetcher, &watcher)?;
            Ok(Fetched { pin: pin.clone(), download, stored })
        };
        let (one, stopped) = (&one, || Problem::ours("a thread that fetches stopped"));
        let fetched: Vec<Result<Fetched>> = std::thread::scope(|scope| {
            let start = |(pin, trust): &'_ (Pin, Option<Demand>)| {
                let (pin, trust) = (pin.clone(), *trust);
                scope.spawn(move || one(&pin, trust))
            };
            let threads: Vec<_> = pins.iter().map(start).collect();
            threads.into_iter().map(|one| one.join().unwrap_or_else(|_| Err(stopped()))).collect()
        });
        let fetched = fetched.into_iter().collect::<Result<Vec<_>>>()?;
        self.progress.finish(Stage::Fetch);
        Ok(fetched)
    }

    /// Drops a file that did not prove right.
    pub(in crate::engine) fn forget(&self, fetched: &Fetched) -> Result<()> {
        Ok(self.store()?.forget(&fetched.download, &fetched.stored)?)
    }
}

/// Tells the engine's sink how a download goes.
pub(super) struct Watcher<'w, 's> {
    progress: &'w Progress<'s>,
    stop: &'w Stop,
}

impl<'w, 's> Watcher<'w, 's> {
    pub(super) const fn new(progress: &'w Progress<'s>, stop: &'w Stop) -> Self {
        Self { progress, stop }
    }
}

impl Watch for Watcher<'_, '_> {
    fn advanced(&self, bytes: u64) {
        self.progress.add(Stage::Fetch, bytes);
    }

    fn stopped(&self) -> bool {
        self.stop.raised()
    }

    fn started(&self, _what: &str, done: u64, _total: Option<u64>) {
        self.progress.add(Stage::Fetch, done);
    }

    fn warned(&self, text: &str) {
        self.progress.send(Event::Warned { text: text.to_owned() });
    }
}
