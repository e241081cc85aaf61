//! What steps work on: the volume as it becomes, and the inputs.

use crate::block::{Source, bytes, read_vec};
use crate::engine::inputs::{Input, Inputs};
use crate::engine::packages::Part;
use crate::engine::problem::{Problem, Result};
use crate::recipe::Owning;
use crate::source::{Item, Opener, contents};
use crate::volume::tree::{Clash, TreeError};
use crate::volume::{Name, NodeId, Tree, VPath};
use std::sync::Arc;

/// The most bytes of a file that a step edits as text.
const MAX_TEXT: u64 = 16 << 20;

/// What the volume holds.
pub(super) enum Contents {
    /// Files and folders.
    Tree(Arc<Tree>),
    /// A partition's own bytes.
    Verbatim(Source),
}

/// A recipe at work.
pub(super) struct Job<'a> {
    pub(super) contents: Contents,
    /// The date of whatever has none, as HFS+ counts.
    pub(super) date: u32,
    /// What steps did or found, beside their titles.
    pub(super) told: Vec<String>,
    /// What the user should know of what was done.
    pub(super) notes: Vec<String>,
    /// The fixes applied so far, and what they exclude.
    pub(super) fixes: Vec<(String, Vec<String>)>,
    /// Where fixes go when the work is a package: components beside the payload.
    pub(super) parts: Option<Vec<Part>>,
    inputs: &'a Inputs,
}

impl<'a> Job<'a> {
    pub(super) fn new(tree: Arc<Tree>, date: u32, inputs: &'a Inputs) -> Self {
        let (told, notes, fixes) = (Vec::new(), Vec::new(), Vec::new());
        Self { contents: Contents::Tree(tree), date, told, notes, fixes, parts: None, inputs }
    }

    /// An input that is known to be given.
    pub(super) fn input(&self, name: &str) -> Result<&'a Input> {
        let missing = || {
            let problem = Problem::usage(format!("the input `{name}` was not given"));
            problem.hint(format!("give it with --input {name}=PATH"))
        };
        self.inputs.get(name).ok_or_else(missing)
    }

    pub(super) fn tree(&self) -> Result<&Tree> {
        match &self.contents {
            Contents::Tree(tree) => Ok(tree),
            Contents::Verbatim(_) => Err(verbatim()),
        }
    }

    pub(super) fn tree_mut(&mut self) -> Result<&mut Tree> {
        match &mut self.contents {
            Contents::Tree(tree) => Ok(Arc::make_mut(tree)),
            Contents::Verbatim(_) => Err(verbatim()),
        }
    }

    /// What stands at a path, if anything does.
    pub(super) fn find(&self, path: &VPath) -> Result<Option<NodeId>> {
        Ok(self.tree()?.lookup(path))
    }

    /// What stands at a path, where something must.
    pub(super) fn need(&self, path: &VPath) -> Result<NodeId> {
        let tree = self.tree()?;
        tree.lookup(path).ok_or_else(|| {
            let problem = Problem::bad_input(format!("there is no {path} in the volume"));
            match nearest_above(tree, path) {
                Some(above) => {
                    problem.because(format!("there is nothing below {above} by that name"))
                }
                None => problem,
            }
        })
    }

    /// The folder that a path is in, made where it is missing, and the name in it.
    pub(super) fn parent(&mut self, path: &VPath) -> Result<(NodeId, Name)> {
        let date = self.date;
        let Some((dir, name)) = path.split_last() else {
            return Err(Problem::bad_input("the volume's root cannot be replaced"));
        };
        let name = name.clone();
        let made = self.tree_mut()?.ensure_dir(&dir, date);
        Ok((made.map_err(|error| self.refused(&dir, &error))?, name))
    }

    /// A refused edit in words.
    pub(super) fn refused(&self, path: &VPath, error: &TreeError) -> Problem {
        let problem = Problem::bad_input(format!("cannot change {path}")).because(error);
        match error {
            TreeError::Exists(_) => problem.hint("to replace what is there, say `replace = true`"),
            _ => problem,
        }
    }

    /// A file's bytes, as a Mac would show them.
    pub(super) fn read(&self, id: NodeId) -> Result<Vec<u8>> {
        let tree = self.tree()?;
        let path = tree.path(id);
        let fail = |error| Problem::reading(&path, error);
        let source = contents(tree, id).map_err(fail)?;
        if source.len() > MAX_TEXT {
            let sentence = format!("{path} is too long to be edited as text");
            return Err(
                Problem::bad_input(sentence).because(format!("it has {} bytes", source.len()))
            );
        }
        let len = usize::try_from(source.len()).unwrap_or(0);
        read_vec(source.as_ref(), 0, len).map_err(|error| fail(error.into()))
    }

    /// Gives a file new bytes and today's (the plan's) date; makes it when it is missing.
    pub(super) fn store(&mut self, path: &VPath, new: Vec<u8>) -> Result<()> {
        self.store_source(path, bytes(new))
    }

    /// The same with bytes that are somewhere else.
    pub(super) fn store_source(&mut self, path: &VPath, source: Source) -> Result<()> {
        let date = self.date;
        let Some(id) = self.find(path)? else {
            let (dir, name) = self.parent(path)?;
            let body = crate::volume::Body::File { data: source, rsrc: None };
            let meta = crate::volume::Meta::new(crate::volume::Meta::FILE | 0o644, date);
            let added = self.tree_mut()?.add(dir, name, meta, body);
            return added.map(drop).map_err(|error| self.refused(path, &error));
        };
        let stored = self.tree_mut()?.set_data(id, source);
        stored.map_err(|error| self.refused(path, &error))?;
        let tree = self.tree_mut()?;
        let meta = tree.meta_mut(tree.target(id));
        (meta.modified, meta.changed) = (date, date);
        Ok(())
    }

    /// Copies an item to a path; a folder that is there already takes its contents.
    pub(super) fn put(
        &mut self,
        opener: &Opener,
        item: &Item,
        to: &VPath,
        clash: Clash,
    ) -> Result<NodeId> {
        let date = self.date;
        let fail = |error| Problem::reading(&item.name, error);
        let (from, source) = item.as_tree(opener, date).map_err(fail)?;
        if to.names().is_empty() {
            return self.put_all(&from, source, clash);
        }
        let (dir, name) = self.parent(to)?;
        let copied = self.tree_mut()?.graft(dir, &name, &from, source, clash);
        copied.map_err(|error| self.refused(to, &error))
    }

    /// Copies what is in a folder into the root.
    fn put_all(&mut self, from: &Tree, source: NodeId, clash: Clash) -> Result<NodeId> {
        let root = self.tree()?.root();
        if !from.is_dir(source) {
            return Err(Problem::bad_input("a file cannot be the volume's root"));
        }
        for child in from.children(source) {
            let name = &from.node(*child).name;
            let copied = self.tree_mut()?.graft(root, name, from, *child, clash);
            copied.map_err(|error| self.refused(&VPath::default().join(name), &error))?;
        }
        Ok(root)
    }
}

fn verbatim() -> Problem {
    Problem::bad_input("a volume that is restored block for block cannot be changed")
}

/// The deepest folder above a path that is there.
fn nearest_above(tree: &Tree, path: &VPath) -> Option<VPath> {
    let (mut above, _) = path.split_last()?;
    while tree.lookup(&above).is_none() {
        above = above.split_last()?.0;
    }
    Some(above)
}

/// `UF_HIDDEN`, which HFS+ keeps as a Finder flag.
const HIDDEN: u32 = 0x8000;
/// `UF_COMPRESSED`: follows from the contents, and is not set by hand.
const COMPRESSED: u8 = 0x20;
/// `kIsInvisible`, in the first byte of the Finder flags (Finder.h).
const INVISIBLE: u8 = 0x40;

/// Sets what is to be set.
pub(super) fn own(tree: &mut Tree, id: NodeId, owning: &Owning) {
    let id = tree.target(id);
    let meta = tree.meta_mut(id);
    if let Some(mode) = owning.mode {
        meta.mode = meta.mode & !0o7777 | mode;
    }
    meta.owner = owning.owner.unwrap_or(meta.owner);
    meta.group = owning.group.unwrap_or(meta.group);
    if let Some(flags) = owning.flags {
        let [_, admin, _, user] = flags.to_be_bytes();
        meta.owner_flags = user & !COMPRESSED | meta.owner_flags & COMPRESSED;
        meta.admin_flags = admin;
        // FInfo and DInfo have their flags at the same place.
        let invisible = if flags & HIDDEN == 0 { 0 } else { INVISIBLE };
        meta.finder[8] = meta.finder[8] & !INVISIBLE | invisible;
    }
}
