//! `bless = "/System/Library/CoreServices/boot.efi"`: what a Mac starts from.

use crate::engine::job::Job;
use crate::engine::problem::{Problem, Result};
use crate::engine::steps::Step;
use crate::volume::VPath;

#[derive(Debug)]
pub(super) struct Bless {
    pub(super) folder: Option<VPath>,
    pub(super) file: VPath,
}

impl Step for Bless {
    fn title(&self) -> String {
        match &self.folder {
            Some(folder) => format!("bless {folder} with {}", self.file),
            None => format!("bless {}", self.file),
        }
    }

    fn apply(&self, job: &mut Job<'_>) -> Result<()> {
        bless(job, self.folder.as_ref(), &self.file)
    }
}

/// Sets words 0, 1 and 5 of the header's Finder info: folder, boot file, folder.
pub(in crate::engine) fn bless(
    job: &mut Job<'_>,
    folder: Option<&VPath>,
    file: &VPath,
) -> Result<()> {
    let boot = job.need(file)?;
    let root = VPath::default();
    let above = file.split_last().map(|(folder, _)| folder).unwrap_or(root);
    let path = folder.unwrap_or(&above);
    let folder = job.need(path)?;
    let tree = job.tree_mut()?;
    if tree.is_dir(boot) {
        return Err(Problem::bad_input(format!("{file} is a folder, and cannot be started")));
    }
    if !tree.is_dir(folder) {
        return Err(Problem::bad_input(format!("{path} is not a folder, and cannot be blessed")));
    }
    let folder = tree.target(folder);
    tree.facts.blessed_folder = Some(folder);
    tree.facts.osx_folder = Some(folder);
    tree.facts.boot_file = Some(tree.target(boot));
    Ok(())
}
