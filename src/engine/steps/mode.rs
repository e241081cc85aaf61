//! `mode = { path, mode, owner, group, flags, recursive }`.

use crate::engine::job::{Job, own};
use crate::engine::problem::Result;
use crate::engine::steps::Step;
use crate::recipe::Owning;
use crate::volume::VPath;

#[derive(Debug)]
pub(super) struct Mode {
    pub(super) path: VPath,
    pub(super) owning: Owning,
    pub(super) recursive: bool,
}

impl Step for Mode {
    fn title(&self) -> String {
        let Owning { mode, owner, group, flags } = &self.owning;
        let mut sets = Vec::new();
        sets.extend(mode.map(|mode| format!("mode {mode:04o}")));
        sets.extend(owner.map(|owner| format!("owner {owner}")));
        sets.extend(group.map(|group| format!("group {group}")));
        sets.extend(flags.map(|flags| format!("flags {flags:#x}")));
        let below = if self.recursive { " and all below" } else { "" };
        format!("set {} of {}{below}", sets.join(", "), self.path)
    }

    fn apply(&self, job: &mut Job<'_>) -> Result<()> {
        let id = job.need(&self.path)?;
        let tree = job.tree_mut()?;
        let all = if self.recursive { tree.walk(id).collect() } else { vec![id] };
        for id in all {
            own(tree, id, &self.owning);
        }
        Ok(())
    }
}
