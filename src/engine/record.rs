//! How far the writing of a disk came, for the next run.
//!
//! A small file a disk, in the system's folder for state. What it says was
//! written was flushed before, and is read back all the same: a record that is
//! lost or wrong costs time, and nothing else.

use crate::media::burn::Log;
use etcetera::BaseStrategy;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The environment's word on where records are.
const VARIABLE: &str = "LIONIZE_STATE";
/// Changes whenever a record means something else.
const FORMAT: u64 = 1;
/// More than a record has.
const MOST: u64 = 64 << 10;

/// The record of one disk.
pub(super) struct Record {
    path: Option<PathBuf>,
    device: String,
    plan: String,
}

impl Record {
    /// The record of a disk for a plan.
    pub(super) fn of(device: &str, plan: &str) -> Self {
        let path = folder().map(|folder| {
            let name = Sha256::digest(device.as_bytes());
            folder.join(format!("{}.json", super::hash::hex(&name[..12])))
        });
        Self { path, device: device.to_owned(), plan: plan.to_owned() }
    }

    /// How far an earlier run of the same plan came on the same disk.
    pub(super) fn before(&self) -> Option<u64> {
        let mut text = String::new();
        File::open(self.path.as_ref()?).ok()?.take(MOST).read_to_string(&mut text).ok()?;
        let value: Value = serde_json::from_str(&text).ok()?;
        let same = value["format"] == FORMAT
            && value["device"] == self.device.as_str()
            && value["plan"] == self.plan.as_str();
        value["written"].as_u64().filter(|_| same)
    }

    /// Forgets it: the disk is done, or is another one's now.
    pub(super) fn forget(&self) {
        if let Some(path) = &self.path {
            // One that stays is read back, and found to be of another plan.
            let _ = std::fs::remove_file(path);
        }
    }

    fn save(&self, path: &Path, written: u64) -> io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        let text = json!({
            "format": FORMAT, "device": self.device, "plan": self.plan, "written": written,
        });
        file.write_all(text.to_string().as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map(drop).map_err(|error| error.error)
    }
}

impl Log for Record {
    fn written(&mut self, end: u64) -> io::Result<()> {
        match &self.path {
            // Without a record, the next run begins anew: no reason to stop.
            Some(path) => self.save(path, end).or(Ok(())),
            None => Ok(()),
        }
    }
}

fn folder() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
        return Some(path.into());
    }
    let native = etcetera::base_strategy::choose_native_strategy().ok()?;
    let state = native.state_dir().unwrap_or_else(|| native.cache_dir());
    Some(state.join("lionize").join("disks"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_plan_on_the_same_disk_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let record = |device: &str, plan: &str| Record {
            path: Some(dir.path().join("a/b.json")),
            device: device.into(),
            plan: plan.into(),
        };
        assert_eq!(record("d", "p").before(), None);
        record("d", "p").written(77).unwrap();
        assert_eq!(record("d", "p").before(), Some(77));
        assert_eq!(record("e", "p").before(), None);
        assert_eq!(record("d", "q").before(), None);
        std::fs::write(dir.path().join("a/b.json"), "{\"format\":1,").unwrap();
        assert_eq!(record("d", "p").before(), None);
        record("d", "p").forget();
        assert!(!dir.path().join("a/b.json").exists());
    }
}
