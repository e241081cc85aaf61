//! Steps: each edits the tree, and touches no disk, network or terminal.

mod append;
mod bless;
mod copy;
mod extract;
mod glob;
mod label;
mod link;
mod mkdir;
mod mode;
mod moving;
pub(super) mod plist;
mod remove;
mod replace;
mod restore;
mod write;

pub(super) use bless::bless;

use crate::engine::facts::Facts;
use crate::engine::job::Job;
use crate::engine::problem::Result;
use crate::recipe::Action;
use std::fmt::Debug;

/// Something to do to the tree, with all its names resolved.
pub(super) trait Step: Debug + Send {
    /// What it does, for the plan: a line without a full stop.
    fn title(&self) -> String;

    /// The input it cannot do without.
    fn input(&self) -> Option<&str> {
        None
    }

    /// Does it.
    fn apply(&self, job: &mut Job<'_>) -> Result<()>;
}

/// The step that names the volume.
pub(super) fn label(name: String) -> Box<dyn Step> {
    Box::new(label::Label { name })
}

/// Makes the step of a recipe's action.
pub(super) fn resolve(action: &Action, facts: &Facts) -> Result<Box<dyn Step>> {
    Ok(match action {
        Action::Restore { from, verbatim } => {
            Box::new(restore::Restore { from: from.clone(), verbatim: *verbatim })
        }
        Action::Copy { from, path, to, owning, replace } => Box::new(copy::Copy {
            from: from.clone(),
            path: path.as_deref().map(|path| facts.path(path)).transpose()?,
            to: facts.path(to)?,
            owning: owning.clone(),
            replace: *replace,
        }),
        Action::Extract { from, path, to, owning, replace } => Box::new(extract::Extract {
            from: from.clone(),
            path: facts.fill(path)?,
            to: facts.path(to)?,
            owning: owning.clone(),
            replace: *replace,
        }),
        Action::Write { to, text, owning, replace } => Box::new(write::Write {
            to: facts.path(to)?,
            text: facts.fill(text)?,
            owning: owning.clone(),
            replace: *replace,
        }),
        Action::Mkdir { path, owning } => {
            Box::new(mkdir::Mkdir { path: facts.path(path)?, owning: owning.clone() })
        }
        Action::Link { path, to, hard } => {
            Box::new(link::Link { path: facts.path(path)?, to: facts.fill(to)?, hard: *hard })
        }
        Action::Remove { path, optional } => {
            Box::new(remove::Remove { path: facts.path(path)?, optional: *optional })
        }
        Action::Move { from, to, replace } => Box::new(moving::Move {
            from: facts.path(from)?,
            to: facts.path(to)?,
            replace: *replace,
        }),
        Action::Mode { path, owning, recursive } => Box::new(mode::Mode {
            path: facts.path(path)?,
            owning: owning.clone(),
            recursive: *recursive,
        }),
        Action::Plist(edit) => Box::new(plist::Plist::resolve(edit, facts)?),
        Action::Append { path, line, create } => Box::new(append::Append {
            path: facts.path(path)?,
            line: facts.fill(line)?,
            create: *create,
        }),
        Action::Replace { path, find, with, optional } => {
            Box::new(replace::Replace::resolve(path, find, with, *optional, facts)?)
        }
        Action::Bless { folder, file } => Box::new(bless::Bless {
            folder: folder.as_deref().map(|path| facts.path(path)).transpose()?,
            file: facts.path(file)?,
        }),
        Action::Label { name } => Box::new(label::Label { name: facts.fill(name)? }),
    })
}
