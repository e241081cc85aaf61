//! What an extraction did and what it could not do.

use crate::cli::names::escaped_text;
use crate::report::{count, size};
use crate::source::Archive;
use crate::volume::{Kind, NodeId};
use serde_json::{Value, json};
use std::path::Path;

/// Counts, and the names of what was left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Summary {
    pub(super) files: u64,
    pub(super) folders: u64,
    pub(super) symlinks: u64,
    pub(super) hard_links: u64,
    pub(super) folder_links: u64,
    pub(super) bytes: u64,
    pub(super) set_id: u64,
    pub(super) forks: u64,
    pub(super) xattrs: u64,
    pub(super) finder: u64,
    left_out: Vec<(String, String)>,
}

impl Summary {
    pub(super) fn count(&mut self, kind: Kind) {
        match kind {
            Kind::Dir => self.folders += 1,
            Kind::Symlink => self.symlinks += 1,
            _ => self.files += 1,
        }
    }

    /// Notes what could not be made, and why: as in `{path}: it {why}`.
    pub(super) fn left_out(&mut self, path: String, why: String) {
        self.left_out.push((path, why));
    }

    /// Notes what an archive holds below a node and no tree can.
    pub(in crate::cli) fn left_out_of(&mut self, archive: &Archive, top: NodeId) {
        let tree = archive.tree();
        let top = if top == tree.root() { String::new() } else { tree.path(top).to_string() + "/" };
        for (path, why) in archive.left_out() {
            let whole = format!("/{}", path.trim_start_matches("./").trim_start_matches('/'));
            if whole.starts_with(&top) {
                self.left_out(escaped_text(path), why.clone());
            }
        }
    }

    /// A line for each thing that was left out.
    pub(in crate::cli) fn missing(&self) -> Vec<String> {
        self.left_out.iter().map(|(path, why)| format!("{path}: it {why}")).collect()
    }

    /// For people.
    pub(in crate::cli) fn text(&self, to: &Path) -> String {
        let done = [
            (self.files, "file"),
            (self.folders, "folder"),
            (self.symlinks, "symbolic link"),
            (self.hard_links, "hard link"),
        ];
        let mut text = format!(
            "extracted {} ({}) to {}\n",
            listed(&done).unwrap_or_else(|| "nothing".into()),
            size(self.bytes),
            to.display()
        );
        if let Some(kinds) = listed(&[(self.set_id, "set-id bit")]) {
            text += &format!("not kept: {kinds}\n");
        }
        let beside = [
            (self.forks, "resource fork"),
            (self.xattrs, "extended attribute"),
            (self.finder, "Finder info"),
        ];
        if let Some(kinds) = listed(&beside) {
            text += &format!("not kept: {kinds} (--appledouble keeps these)\n");
        }
        if let Some(links) = listed(&[(self.folder_links, "further name")]) {
            text += &format!("folders have {links}: made as symbolic links\n");
        }
        text
    }

    /// For programs.
    pub(in crate::cli) fn json(&self, to: &Path) -> Value {
        let left_out = self.left_out.iter().map(|(path, why)| json!({"path": path, "why": why}));
        json!({
            "result": "extracted",
            "to": to.display().to_string(),
            "files": self.files,
            "folders": self.folders,
            "symlinks": self.symlinks,
            "hard_links": self.hard_links,
            "folder_links": self.folder_links,
            "bytes": self.bytes,
            "not_kept": {
                "set_id": self.set_id,
                "resource_forks": self.forks,
                "xattrs": self.xattrs,
                "finder_info": self.finder,
            },
            "left_out": left_out.collect::<Vec<_>>(),
        })
    }
}

/// Those of the counts that are not 0: `2 files, 1 folder`.
fn listed(counts: &[(u64, &str)]) -> Option<String> {
    let some = counts.iter().filter(|(n, _)| *n > 0);
    let parts: Vec<_> = some.map(|(n, noun)| count(*n, noun)).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_there_is_is_named() {
        let mut summary = Summary { files: 2, folders: 1, bytes: 2048, ..Summary::default() };
        assert_eq!(
            summary.text(Path::new("out")),
            "extracted 2 files, 1 folder (2.0 KiB) to out\n"
        );
        (summary.forks, summary.set_id) = (1, 2);
        assert_eq!(
            summary.text(Path::new("out")),
            "extracted 2 files, 1 folder (2.0 KiB) to out\nnot kept: 2 set-id bits\n\
             not kept: 1 resource fork (--appledouble keeps these)\n"
        );
        summary.left_out("/dev/null".into(), "is a device".into());
        assert_eq!(summary.missing(), ["/dev/null: it is a device"]);
    }
}
