//! A plan: what will be made of what, decided before a byte is written.

use crate::block::{Error, ReadAt};
use crate::engine::changes::Changes;
use crate::engine::describe;
use crate::engine::events::{Sink, Stage, Stop};
use crate::engine::facts::Facts;
use crate::engine::hash;
use crate::engine::identity::{Identified, Identity};
use crate::engine::inputs::Inputs;
use crate::engine::layout::Laid;
use crate::engine::lock::Lock;
use crate::engine::mac::Suited;
use crate::engine::prepare::Done;
use crate::engine::problem::{Problem, Result};
use crate::engine::progress::Progress;
use crate::recipe::Recipe;
use crate::source::store::Store;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// Everything decided; writing it is all that is left.
///
/// Its id is over every byte of the inputs, which are read whole only once:
/// by [`Plan::identify`], or beside the writing of a build.
pub struct Plan {
    pub(super) recipe: Recipe,
    pub(super) params: Vec<(String, String)>,
    /// What the recipe's tests are filled with.
    pub(super) facts: Facts,
    /// The recipe's notes, with what is known filled in.
    pub(super) notes: Vec<String>,
    pub(super) steps: Vec<Done>,
    /// What they change, where that was asked for.
    pub(super) changes: Option<Changes>,
    pub(super) inputs: Inputs,
    pub(super) laid: Laid,
    /// Whether the Mac that they are for starts them, where one is named.
    pub(super) mac: Option<Suited>,
    pub(super) identity: Identity,
    /// What it is held to.
    pub(super) lock: Option<Lock>,
    pub(super) identified: OnceLock<Identified>,
    /// What was fetched is read from it until the plan is done with.
    pub(super) _store: Option<Arc<Store>>,
}

impl Plan {
    /// The bytes of the disk that will be made.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.laid.image.map.len()
    }

    /// What the steps did or found, beside their titles.
    #[must_use]
    pub fn told(&self) -> Vec<&str> {
        self.steps.iter().flat_map(|step| step.told.iter().map(String::as_str)).collect()
    }

    /// What the user should know.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Refuses media that the Mac which was named does not start; what the
    /// media do not say is warned of.
    ///
    /// # Errors
    /// A [`Problem`] that says what the media say.
    pub fn check_mac(&self, sink: &mut dyn Sink) -> Result<()> {
        self.mac.as_ref().map_or(Ok(()), |mac| mac.check(sink))
    }

    /// The files of this computer that it is made of.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let files = self.inputs.0.iter().flat_map(|input| input.opener.files());
        files.map(|file| file.path).collect()
    }

    /// Reads the inputs whole, unless that was done: only now is the id known.
    ///
    /// # Errors
    /// A [`Problem`], when an input cannot be read or the user stops.
    pub fn identify(&self, sink: &mut dyn Sink, stop: &Stop) -> Result<&Identified> {
        let progress = Progress::new(sink);
        progress.start(Stage::Read, "every byte of the inputs", self.inputs.bytes());
        let tell = |bytes| progress.add(Stage::Read, bytes);
        let found = self.read_inputs(&tell, stop).map_err(|error| match stop.raised() {
            true => Problem::interrupted(),
            false => Problem::reading("an input", error),
        })?;
        progress.finish(Stage::Read);
        self.check_lock(found)?;
        Ok(found)
    }

    /// Refuses inputs that are not those of the lock file, if there is one.
    pub(super) fn check_lock(&self, identified: &Identified) -> Result<()> {
        self.lock.as_ref().map_or(Ok(()), |lock| lock.check(self, identified))
    }

    /// The lock file that makes the same again.
    ///
    /// # Errors
    /// A fault of ours.
    pub fn lock(&self, identified: &Identified) -> Result<String> {
        Lock::of(self, identified).text()
    }

    /// The same for a build, which tells of its own progress.
    pub(super) fn read_inputs(
        &self,
        tell: &dyn Fn(u64),
        stop: &Stop,
    ) -> Result<&Identified, Error> {
        if let Some(found) = self.identified.get() {
            return Ok(found);
        }
        let mut digests = hash::files(self.inputs.wanted(), tell, stop)?;
        digests.extend(self.inputs.stored());
        Ok(self.identified.get_or_init(|| self.identity.identified(&self.inputs, digests)))
    }

    /// The plan for people.
    #[must_use]
    pub fn text(&self, identified: &Identified) -> String {
        describe::text(self, identified)
    }

    /// The plan for programs.
    #[must_use]
    pub fn json(&self, identified: &Identified) -> Value {
        describe::json(self, identified)
    }
}
