//! Steps: each edits the tree, and touches no disk, network or terminal.

mod append;
mod bless;
mod collection;
mod comment;
mod copy;
mod deliver;
mod extract;
mod fix;
pub(super) mod glob;
mod insert;
mod keys;
mod label;
mod link;
mod mkdir;
mod mode;
mod moving;
pub(super) mod plist;
mod remove;
mod replace;
mod restore;
mod running;
pub(super) mod shape;
mod text;
mod write;

pub(super) use bless::bless;
pub(super) use plist::{has_shape, new_plist};

use crate::engine::facts::Facts;
use crate::engine::job::Job;
use crate::engine::problem::Result;
use crate::recipe::Action;
use std::fmt::Debug;

/// What a step found and did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// The tree is another.
    Changed,
    /// All was as it should be.
    Already,
    /// What it changes is not there, in words.
    Missing(String),
    /// It is for a Mac that runs.
    Later,
}

/// Something to do to the tree, with all its names resolved.
pub(super) trait Step: Debug + Send {
    /// What it does, for the plan: a line without a full stop.
    fn title(&self) -> String;

    /// The input it cannot do without.
    fn input(&self) -> Option<&str> {
        None
    }

    /// Does it; that there is nothing to do is a problem.
    fn apply(&self, job: &mut Job<'_>) -> Result<()>;

    /// Does it, and says whether there was anything to do.
    fn effect(&self, job: &mut Job<'_>) -> Result<Effect> {
        self.apply(job).map(|()| Effect::Changed)
    }
}

/// The step that names the volume.
pub(super) fn label(name: String) -> Box<dyn Step> {
    Box::new(label::Label { name })
}

/// Makes the step of a recipe's action.
pub(super) fn resolve(action: &Action, facts: &Facts) -> Result<Box<dyn Step>> {
    Ok(match action {
        Action::Restore { from, path, verbatim } => Box::new(restore::Restore {
            from: from.clone(),
            path: path.as_deref().map(|path| facts.fill(path)).transpose()?,
            verbatim: *verbatim,
        }),
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
        Action::Comment { path, contains, mark, optional } => {
            Box::new(comment::Comment::resolve(path, contains, mark, *optional, facts)?)
        }
        Action::Insert { path, after, line, optional } => Box::new(insert::Insert {
            path: facts.fill(path)?,
            after: facts.fill(after)?,
            line: facts.fill(line)?,
            optional: *optional,
        }),
        Action::Run { command, .. } => {
            let words: Result<Vec<_>> = command.iter().map(|word| facts.fill(word)).collect();
            Box::new(running::Running { what: format!("run `{}`", words?.join(" ")) })
        }
        Action::Settings { of, .. } => {
            Box::new(running::Running { what: format!("change the settings of {of}") })
        }
        Action::Fix(used) => Box::new(fix::Apply::resolve(used, facts)?),
        Action::Collection { add } => Box::new(collection::Collection::resolve(add, facts)?),
        Action::Bless { folder, file } => Box::new(bless::Bless {
            folder: folder.as_deref().map(|path| facts.path(path)).transpose()?,
            file: facts.path(file)?,
        }),
        Action::Label { name } => Box::new(label::Label { name: facts.fill(name)? }),
    })
}
