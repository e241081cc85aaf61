//! Inputs that the user does not give: looked up in a catalog, or pinned by a
//! lock file, and fetched into the store.
//!
//! Nothing here trusts what a server says: see `engine::trust` for what proves
//! a file afterwards.

mod catalogs;
mod fetch;

pub(in crate::engine) use fetch::Fetched;

use crate::engine::facts::Facts;
use crate::engine::lock::Lock;
use crate::engine::problem::{Problem, ProblemKind, Result};
use crate::engine::progress::Progress;
use crate::engine::request::Supplies;
use crate::engine::supply::catalogs::Catalogs;
use crate::engine::{Event, Stop};
use crate::recipe::{CatalogEntry, Demand, Input};
use crate::source::http::{Client, Fetcher, Mirror, Settings};
use crate::source::store::{Download, Policy, Store, place};
use serde::{Deserialize, Serialize};
use std::cell::OnceCell;
use std::sync::Arc;

/// A file that a catalog offers, and all that the catalog says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pin {
    /// The catalog's name.
    pub(super) catalog: String,
    /// The date in the catalog, such as `2023-11-02`.
    pub(super) dated: String,
    /// The product's id.
    pub(super) product: String,
    /// The package's file name.
    pub(super) package: String,
    /// Where it is.
    pub(super) url: String,
    /// Bytes.
    pub(super) size: u64,
    /// 40 hex digits, of which Apple does not say what they cover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) digest: Option<String>,
    /// Its SHA-256 where a lock file pins it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
}

/// The store, the network, and the catalogs that were opened.
pub(super) struct Supply<'a, 's> {
    options: &'a Supplies,
    store: OnceCell<Arc<Store>>,
    client: Client,
    progress: &'a Progress<'s>,
    stop: &'a Stop,
    catalogs: Catalogs,
}

impl<'a, 's> Supply<'a, 's> {
    /// One that has opened nothing yet.
    pub(super) fn new(options: &'a Supplies, progress: &'a Progress<'s>, stop: &'a Stop) -> Self {
        let client = Client::new(Settings::default());
        let (store, catalogs) = (OnceCell::new(), Catalogs::default());
        Self { options, store, client, progress, stop, catalogs }
    }

    /// The store, made where it is missing: only jobs that need it have one.
    fn store(&self) -> Result<&Store> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        let options = self.options;
        let mirror = options.mirror.as_deref().map(Mirror::parse).transpose();
        let mirror = mirror.map_err(|fault| {
            Problem::usage("the mirror's address cannot be used")
                .because(fault)
                .hint("give one like --mirror http://server:8088")
        })?;
        let store = place(options.store.as_deref()).and_then(Store::open).map_err(Problem::from)?;
        let policy = Policy { offline: options.offline, mirror, ..store.policy().clone() };
        Ok(self.store.get_or_init(|| Arc::new(store.with_policy(policy))))
    }

    /// The store, if it was opened: as long as it is, nobody makes room in it.
    pub(super) fn opened(&self) -> Option<Arc<Store>> {
        self.store.get().cloned()
    }

    /// Where it tells of its work.
    pub(super) const fn progress(&self) -> &Progress<'s> {
        self.progress
    }

    /// How the user says that enough is enough.
    pub(super) const fn stop(&self) -> &Stop {
        self.stop
    }

    fn fetcher(&self) -> &dyn Fetcher {
        &self.client
    }

    /// What a catalog, or the lock file, has for an input. None when the
    /// input is optional and the catalog has nothing.
    pub(super) fn pin(
        &mut self,
        input: &Input,
        entry: &CatalogEntry,
        facts: &Facts,
        lock: Option<&Lock>,
    ) -> Result<Option<Pin>> {
        if let Some(lock) = lock {
            return lock.pin(&input.name, input.optional).map(Option::<&Pin>::cloned);
        }
        let product = facts.fill(&entry.product)?;
        let found = self.look_up(entry, &product);
        match found {
            Err(problem) if input.optional && problem.kind == ProblemKind::BadInput => {
                let text = format!("the input `{}` is left out: {}", input.name, problem.sentence);
                self.progress.send(Event::Warned { text });
                Ok(None)
            }
            other => other.map(Some),
        }
    }
}

/// What is to be fetched for a pin.
fn download(pin: &Pin, trust: Option<Demand>) -> Result<Download> {
    let sha256 = match &pin.sha256 {
        Some(text) => Some(crate::engine::hash::unhex(text).ok_or_else(|| {
            let sentence = format!("the digest of {} is not 64 hex digits", pin.package);
            Problem::bad_input(sentence).because(format!("it is `{text}`"))
        })?),
        None => None,
    };
    let signed = trust == Some(Demand::Signature);
    Ok(Download { size: Some(pin.size), sha256, signed, ..Download::new(pin.url.clone()) })
}
