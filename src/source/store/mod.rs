//! The store: what was fetched, by its SHA-256, shared between runs.
//!
//! ```text
//! content/ab/abcd...    the bytes; the name is their SHA-256
//! parts/KEY.part,.json  what came so far of a download, and of which file
//! index/KEY.json        which content an address had, with this size and digest
//! snapshots/NAME.json   a catalog's dated states, newest last
//! locks/ab, lock        held while a part grows; held while a process runs
//! ```
//!
//! Content gets its name only when it is whole and proven to be what was asked
//! for, by a rename. What is taken out again is hashed whole first, so a rotten
//! file is fetched again or refused, never used. Any number of processes may
//! share one folder, if its file system has locks.
//!
//! Not supported: file systems without locks.

mod content;
mod download;
mod failure;
mod fetch;
mod folder;
mod index;
mod part;
mod place;
mod retry;
mod slots;
mod snapshot;
#[cfg(test)]
mod tests;
mod transfer;
mod upkeep;

pub use download::{Came, Download, Patience, Policy, Stored};
pub use failure::{Failure, FailureKind};
pub use place::place;
pub use snapshot::{Freshness, Snapshot, Wanted};
pub use upkeep::{Checked, Kept, Listing, Pruned, UnfinishedPart};

use crate::source::http::{Clock, SystemClock};
use crate::source::store::content::Proven;
use crate::source::store::folder::Folder;
use crate::source::store::slots::Slots;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Lower-case hex digits.
fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A folder of fetched files; it may be used by any number of threads.
pub struct Store {
    folder: Folder,
    policy: Policy,
    patience: Patience,
    clock: Arc<dyn Clock>,
    slots: Slots,
    proven: Proven,
}

impl Store {
    /// Opens a store; a folder that is missing is made.
    ///
    /// # Errors
    /// [`FailureKind::Disk`] when the folder cannot be made or used.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, Failure> {
        let policy = Policy::default();
        Ok(Self {
            folder: Folder::open(path.into())?,
            slots: Slots::new(policy.parallel),
            policy,
            patience: Patience::default(),
            clock: Arc::new(SystemClock::default()),
            proven: Proven::default(),
        })
    }

    /// With another policy.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.slots = Slots::new(policy.parallel);
        self.policy = policy;
        self
    }

    /// With other limits for servers.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// With another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.root()
    }

    /// How it fetches.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("path", &self.path()).finish_non_exhaustive()
    }
}
