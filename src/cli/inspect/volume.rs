//! What is told of an HFS+ volume.

use crate::block::{Result, Source};
use crate::cli::inspect::facts::{Archive, Counts, Volume};
use crate::cli::names::{escaped, escaped_path, escaped_text};
use crate::report::date;
use crate::source;
use crate::volume::hfsplus;
use crate::volume::tree::Place;
use crate::volume::{Body, Case, Kind, Name, NodeId, Tree};
use std::sync::Arc;

/// Reads a volume and counts what is in it.
pub(super) fn read(source: &Source) -> Result<Volume> {
    let volume = hfsplus::Volume::open(Arc::clone(source))?;
    let (header, tree) = (volume.header(), volume.tree()?);
    let format = match (header.is_hfsx(), volume.case()) {
        (false, _) => "HFS+",
        (true, Case::Folded) => "HFSX",
        (true, Case::Sensitive) => "HFSX, case-sensitive",
    };
    let path = |id: Option<NodeId>| id.map(|id| escaped_path(&tree.path(id)));
    Ok(Volume {
        name: escaped(&tree.node(tree.root()).name),
        format: format.into(),
        block_size: header.block_size,
        blocks: header.total_blocks,
        free_blocks: header.raw.freeBlocks.get(),
        created: date(tree.facts.created),
        journaled: header.is_journaled(),
        unmounted_cleanly: header.is_unmounted(),
        blessed_folder: path(tree.facts.blessed_folder),
        boot_file: path(tree.facts.boot_file),
        counts: counts(&tree),
        notes: volume.notes().to_vec(),
    })
}

/// Counts what is in an archive.
pub(super) fn archive(archive: &source::Archive) -> Archive {
    let left_out = archive.left_out().iter();
    let left_out = left_out.map(|(path, why)| format!("{}: it {why}", escaped_text(path)));
    let counts = counts(archive.tree());
    Archive { what: archive.what().to_owned(), counts, left_out: left_out.collect() }
}

fn counts(tree: &Tree) -> Counts {
    let mut counts = Counts::default();
    for id in tree.ids() {
        let node = tree.node(id);
        if let Body::Link(inode) = node.body {
            let folder = matches!(tree.node(inode).body, Body::Dir(_));
            *(if folder { &mut counts.folder_links } else { &mut counts.hard_links }) += 1;
            continue;
        }
        if node.place == Place::Root {
            continue;
        }
        match tree.kind(id) {
            Kind::Dir => counts.folders += 1,
            Kind::File => counts.files += 1,
            Kind::Symlink => counts.symlinks += 1,
            _ => counts.others += 1,
        }
        counts.set_id += u64::from(node.meta.mode & 0o6000 != 0);
        let decmpfs = tree.xattr(id, &Name::from_text("com.apple.decmpfs")).is_some();
        counts.compressed += u64::from(decmpfs);
        counts.xattrs += node.xattrs.len() as u64 - u64::from(decmpfs);
        if let Body::File { data, rsrc } = &node.body {
            let rsrc = rsrc.as_ref().map_or(0, |rsrc| rsrc.len());
            counts.resource_forks += u64::from(rsrc > 0 && !decmpfs);
            counts.bytes = counts.bytes.saturating_add(data.len()).saturating_add(rsrc);
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::sample;

    #[test]
    fn everything_is_counted_once() {
        let counts = counts(&sample::installer(vec![0; 9]).unwrap());
        assert_eq!((counts.files, counts.folders, counts.symlinks), (37, 15, 2));
        assert_eq!((counts.hard_links, counts.compressed, counts.set_id), (3, 6, 2));
        assert_eq!((counts.resource_forks, counts.xattrs), (1, 2));
    }
}
