//! A whole volume as a tree, in one pass over each B-tree's leaves.

use crate::block::{Error, Result, Source, Value, bytes, read_vec};
use crate::volume::hfsplus::attributes;
use crate::volume::hfsplus::catalog::{LinkKind, Record, file_meta, folder_meta, link_kind, parse};
use crate::volume::hfsplus::extents::{DATA, RESOURCE};
use crate::volume::hfsplus::key::{CatalogKey, units};
use crate::volume::hfsplus::links::{self, Candidate, Inode, Inodes};
use crate::volume::hfsplus::raw::{CatalogFile, CatalogFolder, ForkData, cnid, file_flags};
use crate::volume::hfsplus::reader::Volume;
use crate::volume::tree::{Place, Tangle, TreeError, Xattr};
use crate::volume::{Body, Meta, Name, NodeId, Tree};
use std::collections::HashMap;

const KEY: &str = "catalog key";

/// The files of a journal, in the root folder.
const JOURNAL_FILES: [&str; 2] = [".journal", ".journal_info_block"];

/// The most nodes that room is made for before they are seen.
const MAX_ROOM: usize = 1 << 20;

/// Everything that one pass over the catalog gathers.
struct Loader<'a> {
    volume: &'a Volume,
    tree: Tree,
    /// Nodes by catalog node id.
    ids: Vec<(u32, NodeId)>,
    /// Nodes by their parent's id, in the catalog's order.
    places: Vec<(u32, NodeId)>,
    links: Vec<Candidate>,
    inodes: Inodes,
    /// The ids of the hidden folders of files and of folders.
    hidden: [Option<u32>; 2],
    /// Dates that mark links.
    dates: Vec<u32>,
    /// What all empty forks share.
    empty: Source,
    left_out: u32,
    /// Records of the extents file that forks were made of.
    overflow: u64,
}

/// Reads the whole volume.
///
/// # Errors
/// As [`Volume::tree`].
pub(crate) fn tree(volume: &Volume) -> Result<Tree> {
    let (label, root) = volume.root_folder()?;
    let mut tree = Tree::new(Name::from_units(&label), volume.case(), root.createDate.get());
    *tree.meta_mut(tree.root()) = folder_meta(&root)?;
    // Half of the records are threads. What the header says is a hint only.
    let nodes = usize::try_from(volume.catalog.header.leafRecords.get() / 2).unwrap_or(MAX_ROOM);
    let held = usize::try_from(volume.catalog.file().len() / 200).unwrap_or(MAX_ROOM);
    tree.reserve(nodes.min(held).min(MAX_ROOM));
    let mut loader = Loader {
        volume,
        ids: vec![(cnid::ROOT, tree.root())],
        tree,
        places: Vec::new(),
        links: Vec::new(),
        inodes: Inodes::new(),
        hidden: [None; 2],
        dates: vec![root.createDate.get(), volume.header().raw.createDate.get()],
        empty: bytes([]),
        left_out: 0,
        overflow: 0,
    };
    volume
        .catalog
        .scan(&mut |record| loader.take(&record.key, record.data).map_err(|e| e.at(record.at)))?;
    loader.index()?;
    loader.attach()?;
    loader.attributes()?;
    loader.link()?;
    loader.finish()
}

impl Loader<'_> {
    fn take(&mut self, key: &CatalogKey<'_>, data: &[u8]) -> Result<()> {
        let record = parse(data)?;
        if matches!(record, Record::Thread) {
            return Ok(());
        }
        let name: Vec<u16> = units(key.name).collect();
        if name.is_empty() {
            return Err(Error::corrupt(KEY, "nodeName.length", 0u16, "a file without a name"));
        }
        match record {
            Record::Folder(folder) => self.folder(key.parent, &name, folder),
            Record::File(file) => self.file(key.parent, &name, file),
            Record::Thread => Ok(()),
        }
    }

    fn folder(&mut self, parent: u32, name: &[u16], folder: &CatalogFolder) -> Result<()> {
        let id = folder.folderID.get();
        if (parent == cnid::ROOT_PARENT) != (id == cnid::ROOT) {
            return Err(Error::corrupt(KEY, "parentID", parent, "1 for the root folder only"));
        }
        if id == cnid::ROOT {
            return Ok(());
        }
        if let Some(hidden) = hidden_folder(parent, name) {
            self.hidden[hidden] = Some(id);
            self.dates.push(folder.createDate.get());
            return Ok(());
        }
        let node = self.add(name, folder_meta(folder)?, Body::Dir(Vec::new()))?;
        if Some(parent) == self.hidden[1] {
            self.inode(LinkKind::Folder, name, node, 0);
        } else if Some(parent) == self.hidden[0] {
            // A folder that was being deleted; systems take it away at mount.
            self.left_out += 1;
        } else {
            self.places.push((parent, node));
        }
        Ok(())
    }

    fn file(&mut self, parent: u32, name: &[u16], file: &CatalogFile) -> Result<()> {
        if parent == cnid::ROOT_PARENT {
            return Err(Error::corrupt(KEY, "parentID", parent, "1 for the root folder only"));
        }
        let journal = parent == cnid::ROOT && self.volume.header().is_journaled();
        if journal && JOURNAL_FILES.iter().any(|file| name.iter().copied().eq(file.encode_utf16()))
        {
            return Ok(());
        }
        let mut meta = file_meta(file)?;
        let chained = file.flags.get() & file_flags::HAS_LINK_CHAIN != 0;
        let kind = link_kind(file);
        if kind.is_some() && chained {
            // They are not the owner and group, but the links around this one.
            (meta.owner, meta.group) = (0, 0);
        }
        let body = self.forks(file)?;
        let node = self.add(name, meta, body)?;
        if Some(parent) == self.hidden[0] {
            let first = if chained { file.reserved1.get() } else { 0 };
            self.inode(LinkKind::File, name, node, first);
            return Ok(());
        }
        if Some(parent) == self.hidden[1] {
            self.left_out += 1;
            return Ok(());
        }
        if let Some(kind) = kind {
            self.links.push(Candidate {
                node,
                kind,
                number: file.permissions.special.get(),
                is_dated: self.dates.contains(&file.createDate.get()),
                id: file.fileID.get(),
                next: if chained { file.permissions.groupID.get() } else { 0 },
            });
        }
        self.places.push((parent, node));
        Ok(())
    }

    fn add(&mut self, name: &[u16], meta: Meta, body: Body) -> Result<NodeId> {
        let id = meta.cnid;
        let node = self.tree.add_loose(Name::from_units(name), meta, body).map_err(refused)?;
        self.ids.push((id, node));
        Ok(node)
    }

    /// Keeps what a link may lead to; anything else in a hidden folder is a
    /// leftover that no Mac shows.
    fn inode(&mut self, kind: LinkKind, name: &[u16], node: NodeId, first: u32) {
        match links::number(kind, name) {
            Some(number) => drop(self.inodes.insert((kind, number), Inode { node, first })),
            None => self.left_out += 1,
        }
    }

    fn forks(&mut self, file: &CatalogFile) -> Result<Body> {
        let id = file.fileID.get();
        let rsrc = &file.resourceFork;
        let has_rsrc = rsrc.logicalSize.get() != 0 || rsrc.totalBlocks.get() != 0;
        Ok(Body::File {
            data: self.fork(&file.dataFork, id, DATA)?,
            rsrc: has_rsrc.then(|| self.fork(rsrc, id, RESOURCE)).transpose()?,
        })
    }

    fn fork(&mut self, fork: &ForkData, id: u32, kind: u8) -> Result<Source> {
        if fork.logicalSize.get() == 0 {
            return Ok(self.empty.clone());
        }
        let blocks = self.volume.blocks(fork, id, kind)?;
        // Of files that share an id each would hold the same extents.
        self.overflow += u64::from(blocks.overflow());
        if self.overflow > self.volume.most_overflow() {
            let rule = "the extents of this file are another's as well";
            return Err(Error::corrupt("extents record", "fileID", id, rule));
        }
        blocks.into_source(self.volume.source(), self.volume.header(), fork.logicalSize.get())
    }

    /// Sorts nodes by their ids, of which no two may be the same.
    fn index(&mut self) -> Result<()> {
        self.ids.sort_unstable();
        match self.ids.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => {
                let rule = "two files or folders have this id";
                Err(Error::corrupt("catalog record", "fileID", pair[0].0, rule))
            }
            None => Ok(()),
        }
    }

    fn by_id(&self, id: u32) -> Option<NodeId> {
        let at = self.ids.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(self.ids[at].1)
    }

    fn attach(&mut self) -> Result<()> {
        for (parent, node) in std::mem::take(&mut self.places) {
            let dir = self
                .by_id(parent)
                .ok_or_else(|| Error::corrupt(KEY, "parentID", parent, "no folder has this id"))?;
            self.tree.attach(dir, node).map_err(refused)?;
        }
        Ok(())
    }

    fn attributes(&mut self) -> Result<()> {
        let Some(tree) = &self.volume.attributes else { return Ok(()) };
        let (volume, header) = (self.volume.source(), self.volume.header());
        let of_folder = |(key, inode): (&(LinkKind, u32), &Inode)| (inode.node, *key);
        let folders = self.inodes.iter().filter(|(key, _)| key.0 == LinkKind::Folder);
        let folders: HashMap<NodeId, (LinkKind, u32)> = folders.map(of_folder).collect();
        attributes::all(tree, volume, header, &mut |id, mut xattrs| {
            let Some(node) = self.by_id(id) else {
                self.left_out += 1;
                return Ok(());
            };
            if let Some(first) = take_first_link(&mut xattrs)? {
                let inode = folders.get(&node).and_then(|key| self.inodes.get_mut(key));
                if let Some(inode) = inode {
                    inode.first = first;
                }
            }
            *self.tree.xattrs_mut(node) = xattrs;
            Ok(())
        })
    }

    /// Turns files into links. Hidden folders may come behind links in the
    /// catalog, so their dates are known only now.
    fn link(&mut self) -> Result<()> {
        let mut links = std::mem::take(&mut self.links);
        for link in &mut links {
            link.is_dated |= self.dates.contains(&self.tree.node(link.node).meta.created);
        }
        for (link, inode) in links::resolve(links, &self.inodes)? {
            self.tree.link(link, inode);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Tree> {
        self.tree.settle().map_err(|tangle| {
            let (node, rule) = match tangle {
                Tangle::Circle(node) => (node, "the folder is below itself"),
                Tangle::Deep(node) => (node, "the folder is too deep below the root"),
            };
            let id = self.tree.node(node).meta.cnid;
            Error::corrupt("catalog folder", "folderID", id, rule)
        })?;
        self.facts();
        Ok(self.tree)
    }

    fn facts(&mut self) {
        let raw = &self.volume.header().raw;
        let word = |index: usize| raw.finderInfo[index].get();
        let mut notes = self.volume.notes().to_vec();
        if self.left_out != 0 {
            notes.push(format!(
                "{} leftovers of deleted files in hidden folders were left out",
                self.left_out
            ));
        }
        if raw.startupFile.totalBlocks.get() != 0 {
            notes.push("the startup file, which no Mac uses, was left out".into());
        }
        let mut bless = |index: usize| {
            let node = self.by_id(word(index));
            let node = node.filter(|node| self.tree.node(*node).place != Place::Gone);
            if word(index) != 0 && node.is_none() {
                notes.push(format!(
                    "the volume's Finder info word {index} names no file or folder: {}",
                    word(index)
                ));
            }
            node
        };
        let blessed = [bless(0), bless(1), bless(2), bless(3), bless(5)];
        let facts = &mut self.tree.facts;
        facts.block_size = raw.blockSize.get();
        facts.created = raw.createDate.get();
        facts.modified = raw.modifyDate.get();
        facts.backed_up = raw.backupDate.get();
        facts.checked = raw.checkedDate.get();
        [
            facts.blessed_folder,
            facts.boot_file,
            facts.open_folder,
            facts.classic_folder,
            facts.osx_folder,
        ] = blessed;
        facts.reserved_word = word(4);
        facts.volume_id = u64::from(word(6)) << 32 | u64::from(word(7));
        facts.notes = notes;
    }
}

/// Which of the two hidden folders this is.
fn hidden_folder(parent: u32, name: &[u16]) -> Option<usize> {
    let folders = [links::FILES, links::FOLDERS];
    let same = |folder: &&str| name.iter().copied().eq(folder.encode_utf16());
    folders.iter().position(same).filter(|_| parent == cnid::ROOT)
}

/// Takes out the attribute that only tells where a chain of links begins.
fn take_first_link(xattrs: &mut Vec<Xattr>) -> Result<Option<u32>> {
    let is_it = |x: &Xattr| x.name.units().iter().copied().eq(links::FIRST_LINK.encode_utf16());
    let Some(at) = xattrs.iter().position(is_it) else { return Ok(None) };
    let value = xattrs.remove(at).value;
    let len = usize::try_from(value.len().min(16)).unwrap_or(16);
    let text = read_vec(&*value, 0, len)?;
    let text = String::from_utf8_lossy(&text);
    Ok(text.trim_end_matches('\0').parse().ok())
}

/// A tree's refusal as the catalog's mistake.
fn refused(error: TreeError) -> Error {
    match error {
        TreeError::Exists(name) => {
            let rule = "two entries of a folder have the same name";
            Error::corrupt(KEY, "nodeName", Value::Text(name.to_string()), rule)
        }
        other => {
            Error::corrupt(KEY, "parentID", other.to_string(), "not a folder that can hold it")
        }
    }
}
