//! What a recipe's steps changed in the volume that it began with.
//!
//! Nodes keep their number while a tree is edited, so both states are compared
//! by it: what has the same number and another path was moved. Dates are not
//! compared; they follow from the rest.

mod show;
#[cfg(test)]
mod tests;

use crate::block::Source;
use crate::volume::tree::Place;
use crate::volume::{Body, NodeId, Tree};
use std::collections::HashMap;
use std::sync::Arc;

/// All changes, in the order of the paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Changes(Vec<Change>);

/// One file or folder that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    /// Its path: the new one, of what was removed the old one.
    path: String,
    is_dir: bool,
    kind: Kind,
    /// Bytes in both forks as stored, before and after.
    before: Option<u64>,
    after: Option<u64>,
    /// What else differs, such as `mode 0644 -> 0755`.
    details: Vec<String>,
    /// The step that added it.
    by: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Added,
    Removed,
    Changed,
    /// From this path.
    Moved(String),
}

/// What was known while the steps were done.
#[derive(Clone, Default)]
pub(super) struct Watched {
    /// The volume as it was restored.
    base: Option<Arc<Tree>>,
    /// Up to which number each step has added nodes.
    steps: Vec<(usize, String)>,
}

impl Watched {
    /// Takes the tree after a step.
    pub(super) fn step(&mut self, number: usize, title: &str, tree: &Arc<Tree>, restored: bool) {
        if restored {
            (self.base, self.steps) = (Some(Arc::clone(tree)), Vec::new());
        }
        self.steps.push((tree.slots(), format!("step {number}: {title}")));
    }

    /// What the steps changed; nothing is known without a volume to begin with.
    pub(super) fn changes(&self, made: &Tree) -> Option<Changes> {
        let base = self.base.as_ref()?;
        let mut all: Vec<Change> =
            made.walk(made.root()).filter_map(|id| self.change(base, made, id)).collect();
        all.extend(removed(base, made));
        all.sort_by(|a, b| a.path.cmp(&b.path));
        Some(Changes(all))
    }

    fn change(&self, base: &Tree, made: &Tree, id: NodeId) -> Option<Change> {
        if id == made.root() {
            return None;
        }
        let change = |kind, before, details| Change {
            path: made.path(id).to_string(),
            is_dir: made.is_dir(id),
            kind,
            before,
            after: size(made, id),
            details,
            by: None,
        };
        if !is_there(base, id) {
            let by = self.steps.iter().find(|(slots, _)| id.index() < *slots);
            let by = by.map(|(_, title)| title.clone());
            return Some(Change { by, ..change(Kind::Added, None, Vec::new()) });
        }
        let (old, new) = (base.node(id), made.node(id));
        let moved = (&old.place, &old.name) != (&new.place, &new.name);
        let details = details(base, made, id);
        let data = !same_data(base, made, id);
        if !moved && !data && details.is_empty() {
            return None;
        }
        let kind = if moved { Kind::Moved(base.path(id).to_string()) } else { Kind::Changed };
        Some(change(kind, size(base, id), details))
    }
}

fn is_there(tree: &Tree, id: NodeId) -> bool {
    id.index() < tree.slots() && tree.node(id).place != Place::Gone
}

/// What is gone, each folder with a word on what was in it.
fn removed<'t>(base: &'t Tree, made: &'t Tree) -> impl Iterator<Item = Change> + 't {
    let gone = |id: &NodeId| !is_there(made, *id);
    base.walk(base.root()).filter(gone).map(|id| Change {
        path: base.path(id).to_string(),
        is_dir: base.is_dir(id),
        kind: Kind::Removed,
        before: size(base, id),
        after: None,
        details: Vec::new(),
        by: None,
    })
}

/// Bytes in both forks; none of what has no forks.
fn size(tree: &Tree, id: NodeId) -> Option<u64> {
    match &tree.node(tree.target(id)).body {
        Body::File { data, rsrc } => Some(data.len() + rsrc.as_ref().map_or(0, |rsrc| rsrc.len())),
        _ => None,
    }
}

fn same_data(base: &Tree, made: &Tree, id: NodeId) -> bool {
    let forks = |tree: &Tree| match &tree.node(tree.target(id)).body {
        Body::File { data, rsrc } => Some((Arc::clone(data), rsrc.clone())),
        _ => None,
    };
    // Contents are shared while nothing changes them.
    let same = |a: &Source, b: &Source| Arc::ptr_eq(a, b);
    match (forks(base), forks(made)) {
        (Some((a, a_rsrc)), Some((b, b_rsrc))) => {
            let rsrc = match (&a_rsrc, &b_rsrc) {
                (Some(a), Some(b)) => same(a, b),
                (a, b) => a.is_none() && b.is_none(),
            };
            same(&a, &b) && rsrc
        }
        (a, b) => a.is_none() && b.is_none(),
    }
}

/// What of a node's properties differs.
fn details(base: &Tree, made: &Tree, id: NodeId) -> Vec<String> {
    let (old, new) = (base.node(base.target(id)), made.node(made.target(id)));
    let mut all = Vec::new();
    let mut differ = |what: &str, from: String, to: String| {
        if from != to {
            all.push(format!("{what} {from} -> {to}"));
        }
    };
    let octal = |mode: u16| format!("{:04o}", mode & 0o7777);
    differ("mode", octal(old.meta.mode), octal(new.meta.mode));
    differ("owner", old.meta.owner.to_string(), new.meta.owner.to_string());
    differ("group", old.meta.group.to_string(), new.meta.group.to_string());
    let flags = |tree: &Tree, id| {
        let meta = &tree.node(id).meta;
        format!("{:02x}{:02x}", meta.admin_flags, meta.owner_flags)
    };
    differ("flags", flags(base, base.target(id)), flags(made, made.target(id)));
    if old.meta.finder != new.meta.finder {
        all.push("Finder info".to_owned());
    }
    let same = old.xattrs.len() == new.xattrs.len()
        && old
            .xattrs
            .iter()
            .zip(&new.xattrs)
            .all(|(a, b)| a.name == b.name && Arc::ptr_eq(&a.value, &b.value));
    if !same {
        all.push("extended attributes".to_owned());
    }
    all
}

impl Changes {
    /// Those that are told for themselves: what is below a folder that came or
    /// went as a whole is counted with it.
    fn folded(&self) -> Vec<(&Change, u64, u64)> {
        let whole =
            |change: &Change| change.is_dir && matches!(change.kind, Kind::Added | Kind::Removed);
        let tops: HashMap<&str, &Change> =
            self.0.iter().filter(|change| whole(change)).map(|c| (c.path.as_str(), c)).collect();
        let mut told: Vec<(&Change, u64, u64)> = Vec::new();
        let mut at: HashMap<&str, usize> = HashMap::new();
        for change in &self.0 {
            // The topmost folder above it that came or went in the same way.
            let mut top = None;
            let mut above = change.path.as_str();
            while let Some((parent, _)) =
                above.rsplit_once('/').filter(|(parent, _)| !parent.is_empty())
            {
                if tops.get(parent).is_some_and(|folder| folder.kind == change.kind) {
                    top = at.get(parent).copied();
                }
                above = parent;
            }
            let bytes = change.after.or(change.before).unwrap_or(0);
            match top {
                Some(index) => {
                    let (_, entries, sum) = &mut told[index];
                    (*entries, *sum) = (*entries + 1, sum.saturating_add(bytes));
                }
                None => {
                    at.insert(&change.path, told.len());
                    told.push((change, 0, bytes));
                }
            }
        }
        told
    }
}
