//! The store and the client, as the command line wants them.

use crate::cli::args::Network;
use crate::cli::streams::View;
use crate::engine::{Event, Problem, Sink, Stage, Stop};
use crate::source::http::{Mirror, Watch};
use crate::source::store::{Policy, Store, place};
use std::sync::{Mutex, PoisonError};

/// Opens the store with these rules; it is made where it is missing.
pub(super) fn store(network: &Network) -> Result<Store, Problem> {
    let mirror = network.mirror.as_deref().map(Mirror::parse).transpose();
    let mirror = mirror.map_err(|fault| {
        Problem::usage("the mirror's address cannot be used")
            .because(fault)
            .hint("give one like --mirror http://server:8088")
    })?;
    let store = Store::open(place(network.kept.store.as_deref())?)?;
    let policy = Policy { offline: network.kept.offline, mirror, ..store.policy().clone() };
    Ok(store.with_policy(policy))
}

/// Tells a view how downloads go, and stops them with the command.
pub(super) struct Watching<'a> {
    told: Mutex<Told<'a>>,
    stop: Stop,
}

struct Told<'a> {
    view: View<'a>,
    done: u64,
}

impl<'a> Watching<'a> {
    pub(super) fn new(view: View<'a>, stop: Stop) -> Self {
        Self { told: Mutex::new(Told { view, done: 0 }), stop }
    }

    /// So many bytes will come, for this.
    pub(super) fn expect(&self, what: &str, total: u64) {
        self.tell(|told| {
            told.done = 0;
            told.view.send(Event::Started { stage: Stage::Fetch, what: what.to_owned(), total });
        });
    }

    /// All that was expected is there.
    pub(super) fn finish(&self) {
        self.tell(|told| told.view.send(Event::Finished { stage: Stage::Fetch }));
    }

    fn tell(&self, tell: impl FnOnce(&mut Told<'a>)) {
        // What a thread that panicked had told stands.
        tell(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Watch for Watching<'_> {
    fn advanced(&self, bytes: u64) {
        self.tell(|told| {
            told.done = told.done.saturating_add(bytes);
            let done = told.done;
            told.view.send(Event::Advanced { stage: Stage::Fetch, done });
        });
    }

    fn stopped(&self) -> bool {
        self.stop.raised()
    }

    fn started(&self, _what: &str, done: u64, _total: Option<u64>) {
        if done > 0 {
            self.advanced(done);
        }
    }

    fn warned(&self, text: &str) {
        self.tell(|told| told.view.send(Event::Warned { text: text.to_owned() }));
    }
}
