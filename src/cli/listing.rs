//! Lines of `ls`, from a tree.

use crate::block::{Source, read_vec};
use crate::cli::names::{escaped, escaped_text};
use crate::report::date;
use crate::volume::hfsplus::decmpfs;
use crate::volume::{Body, Kind, NodeId, Tree};
use serde_json::{Value, json};

/// The longest symbolic link that is shown whole.
const MAX_TARGET: usize = 4096;

/// What `ls` tells of one node.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) mode: u16,
    pub(super) links: u64,
    pub(super) owner: u32,
    pub(super) group: u32,
    /// `None` for what has no size, and for what cannot be read.
    pub(super) size: Option<u64>,
    pub(super) modified: u32,
    pub(super) target: Option<String>,
    compressed: bool,
    resource: u64,
    xattrs: Vec<String>,
}

impl Entry {
    /// Reads what there is to tell, with the sizes that a Mac would show.
    pub(super) fn of(tree: &Tree, id: NodeId) -> Self {
        let node = tree.node(tree.target(id));
        let kind = tree.kind(id);
        let contents = (kind == Kind::File || kind == Kind::Symlink)
            .then(|| decmpfs::contents(tree, id).ok())
            .flatten();
        let links = match kind {
            Kind::Dir => tree.children(id).len() + 2,
            _ => tree.names_of(id),
        };
        let resource = match &node.body {
            Body::File { rsrc: Some(rsrc), .. } => rsrc.len(),
            _ => 0,
        };
        Self {
            name: escaped(&tree.node(id).name),
            kind,
            mode: node.meta.mode,
            links: links as u64,
            owner: node.meta.owner,
            group: node.meta.group,
            size: contents.as_ref().map(|contents| contents.len()),
            modified: node.meta.modified,
            target: contents.filter(|_| kind == Kind::Symlink).map(|source| target(&source)),
            compressed: node.meta.owner_flags & 0x20 != 0,
            resource,
            xattrs: node.xattrs.iter().map(|xattr| escaped(&xattr.name)).collect(),
        }
    }

    /// What is in no volume: a file of this size, or a folder.
    pub(super) fn plain(name: &str, size: Option<u64>) -> Self {
        let kind = if size.is_some() { Kind::File } else { Kind::Dir };
        Self {
            name: escaped_text(name),
            kind,
            mode: if size.is_some() { 0o644 } else { 0o755 },
            links: 1,
            owner: 0,
            group: 0,
            size,
            modified: 0,
            target: None,
            compressed: false,
            resource: 0,
            xattrs: Vec::new(),
        }
    }

    /// The entry as an object; `folder` is the path of its folder.
    pub(super) fn json(&self, folder: &str) -> Value {
        let mut object = json!({
            "item": "entry",
            "path": format!("{}/{}", folder.trim_end_matches('/'), self.name),
            "kind": kind_word(self.kind),
            "mode": format!("{:04o}", self.mode & 0o7777),
            "links": self.links,
            "owner": self.owner,
            "group": self.group,
            "size": self.size,
            "modified": (self.modified != 0).then(|| date(self.modified).replace(' ', "T") + "Z"),
            "compressed": self.compressed,
            "resource_fork": self.resource,
            "xattrs": self.xattrs,
        });
        if let Some(target) = &self.target {
            object["target"] = json!(target);
        }
        object
    }

    fn columns(&self) -> [String; 6] {
        [
            mode_text(self.kind, self.mode),
            self.links.to_string(),
            self.owner.to_string(),
            self.group.to_string(),
            match (self.kind, self.size) {
                (_, Some(size)) => size.to_string(),
                (Kind::File | Kind::Symlink, None) => "?".into(),
                _ => "-".into(),
            },
            date(self.modified),
        ]
    }

    fn arrow(&self) -> String {
        self.target.as_ref().map_or_else(String::new, |target| format!(" -> {target}"))
    }
}

/// A symbolic link's target, as far as it is text of a sane length.
pub(super) fn target(source: &Source) -> String {
    let len = usize::try_from(source.len()).map_or(MAX_TARGET, |len| len.min(MAX_TARGET));
    let bytes = read_vec(source.as_ref(), 0, len).unwrap_or_default();
    escaped_text(&String::from_utf8_lossy(&bytes))
}

const fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Dir => "folder",
        Kind::File => "file",
        Kind::Symlink => "symlink",
        Kind::CharDevice => "character-device",
        Kind::BlockDevice => "block-device",
        Kind::Fifo => "fifo",
        Kind::Socket => "socket",
    }
}

/// A mode as `ls` writes it: `-rwsr-xr-x`.
fn mode_text(kind: Kind, mode: u16) -> String {
    let letter = match kind {
        Kind::Dir => 'd',
        Kind::File => '-',
        Kind::Symlink => 'l',
        Kind::CharDevice => 'c',
        Kind::BlockDevice => 'b',
        Kind::Fifo => 'p',
        Kind::Socket => 's',
    };
    let mut text = String::from(letter);
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (bits & 1 != 0, mode & special != 0) {
            (true, true) => letter,
            (false, true) => letter.to_ascii_uppercase(),
            (true, false) => 'x',
            (false, false) => '-',
        });
    }
    text
}

/// Names, one a line.
pub(super) fn short(entries: &[Entry]) -> String {
    entries.iter().fold(String::new(), |text, entry| text + &entry.name + "\n")
}

/// Lines with columns of one width: numbers to the right, texts to the left.
pub(super) fn long(entries: &[Entry]) -> String {
    let rows: Vec<_> = entries.iter().map(Entry::columns).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let [links, owner, group, size] = [1, 2, 3, 4].map(width);
    let mut text = String::new();
    for (row, entry) in rows.iter().zip(entries) {
        text += &format!(
            "{} {:>links$} {:>owner$} {:>group$} {:>size$} {:<19} {}{}\n",
            row[0],
            row[1],
            row[2],
            row[3],
            row[4],
            row[5],
            entry.name,
            entry.arrow()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::sample;
    use crate::volume::VPath;

    #[test]
    fn modes_show_special_bits() {
        assert_eq!(mode_text(Kind::File, 0o104_755), "-rwsr-xr-x");
        assert_eq!(mode_text(Kind::File, 0o104_644), "-rwSr--r--");
        assert_eq!(mode_text(Kind::Dir, 0o041_777), "drwxrwxrwt");
        assert_eq!(mode_text(Kind::Symlink, 0o120_755), "lrwxr-xr-x");
        assert_eq!(mode_text(Kind::File, 0), "----------");
    }

    #[test]
    fn the_sample_lists_as_a_mac_would() {
        let tree = sample::installer(vec![1; 10]).unwrap();
        let dir = tree.lookup(&VPath::parse(sample::ODDITIES).unwrap()).unwrap();
        let entries: Vec<_> = tree.children(dir).iter().map(|id| Entry::of(&tree, *id)).collect();
        let text = long(&entries);
        let line = |name: &str| {
            let mut lines = text.lines();
            lines.find(|line| line.split(" -> ").next().unwrap().ends_with(name)).unwrap()
        };
        assert_eq!(line("setuid"), "-rwsr-xr-x 1   0  0  500 2012-09-20 00:00:00 setuid");
        assert_eq!(line("one"), "-rwxr-xr-x 3   0  0 9000 2012-09-20 00:00:00 one");
        assert_eq!(line("owned"), "-rw-r----- 1 501 20  100 2012-09-20 00:00:00 owned");
        assert!(line("link").ends_with(" link -> elsewhere/three"), "{text}");
        assert!(line("sticky").starts_with("drwxrwxrwt 2 "), "{text}");
        let json = entries[0].json("/x/");
        assert_eq!(json["path"], "/x/About.txt");
        assert_eq!(json["modified"], "2012-09-20T00:00:00Z");
    }
}
