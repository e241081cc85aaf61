//! An open volume.

use crate::block::{Error, Result, Source, Value};
use crate::volume::hfsplus::attributes;
use crate::volume::hfsplus::btree::{self, ATTRIBUTES, BTree, CATALOG, EXTENTS, Names};
use crate::volume::hfsplus::catalog::{LinkKind, Record, file_meta, folder_meta, link_kind, parse};
use crate::volume::hfsplus::extents::{Blocks, DATA, RESOURCE, blocks, fork_of, special};
use crate::volume::hfsplus::header::{self, Header};
use crate::volume::hfsplus::journal::{self, State};
use crate::volume::hfsplus::key::{
    AttributeKeys, CatalogKey, CatalogKeys, ExtentKeys, Keys, stored, units,
};
use crate::volume::hfsplus::links;
use crate::volume::hfsplus::load;
use crate::volume::hfsplus::raw::{CatalogFile, CatalogFolder, ForkData, cnid, key_compare};
use crate::volume::tree::Xattr;
use crate::volume::{Case, Meta, Name, Tree, VPath};
use std::ops::ControlFlow;
use std::sync::Arc;

/// What to do with a journal that holds changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Journal {
    /// Read the volume as if they had been made; refuse where that is wrong.
    #[default]
    Replay,
    /// Read the volume as it is.
    Ignore,
}

/// An HFS Plus volume, open for reading.
pub struct Volume {
    source: Source,
    header: Header,
    case: Case,
    pub(crate) catalog: BTree<CatalogKeys>,
    overflow: Option<BTree<ExtentKeys>>,
    pub(crate) attributes: Option<BTree<AttributeKeys>>,
    notes: Vec<String>,
}

/// A file or folder that was looked up. Hard links have been followed.
pub struct Entry {
    /// Dates, owners, flags.
    pub meta: Meta,
    /// The data fork as stored, and the resource fork; none for a folder.
    pub forks: Option<(Source, Option<Source>)>,
    /// Extended attributes, ordered by name's units.
    pub xattrs: Vec<Xattr>,
}

/// A catalog record's own copy.
enum Found {
    Folder(Box<CatalogFolder>),
    File(Box<CatalogFile>),
}

impl Volume {
    /// Opens the volume in `source`, or in the HFS wrapper there. A journal
    /// that holds changes is replayed in memory.
    ///
    /// # Errors
    /// `Unsupported` for other file systems and for journals that must not be
    /// replayed; `Corrupt` for broken structures.
    pub fn open(source: Source) -> Result<Self> {
        Self::open_with(source, Journal::Replay)
    }

    /// [`Volume::open`], with a choice of what becomes of the journal.
    ///
    /// # Errors
    /// As [`Volume::open`].
    pub fn open_with(source: Source, journal: Journal) -> Result<Self> {
        let (mut source, base, mut header) = header::locate(&source)?;
        let mut notes = Vec::new();
        if journal == Journal::Replay
            && let State::Replayed(overlay, note) = journal::replay(&source, &header, base)?
        {
            source = Arc::new(overlay);
            header = header::read(&source)?;
            notes.push(note);
        }
        if header.is_alternate {
            notes.push("the volume header is damaged: its alternate was read".into());
        }
        Self::open_trees(source, header, notes)
    }

    fn open_trees(source: Source, header: Header, notes: Vec<String>) -> Result<Self> {
        let overflow = open_tree(&source, &header, cnid::EXTENTS, None, EXTENTS, ExtentKeys)?;
        let file = |id| special(&source, &header, id, overflow.as_ref());
        let catalog = file(cnid::CATALOG)?;
        let record = btree::header(&catalog, &CATALOG)?;
        let case = match (header.is_hfsx(), record.keyCompareType) {
            (true, key_compare::BINARY) => Case::Sensitive,
            (true, key_compare::CASE_FOLDING) | (false, _) => Case::Folded,
            (true, other) => {
                let (value, rule) = (Value::Hex(other.into()), "neither 0xbc nor 0xcf");
                return Err(Error::corrupt(CATALOG.header, "keyCompareType", value, rule));
            }
        };
        let catalog = BTree::open(catalog, record, CatalogKeys(case), CATALOG)?;
        let attributes = open_tree(
            &source,
            &header,
            cnid::ATTRIBUTES,
            overflow.as_ref(),
            ATTRIBUTES,
            AttributeKeys,
        )?;
        Ok(Self { source, header, case, catalog, overflow, attributes, notes })
    }

    /// The volume header.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// How the volume compares names.
    #[must_use]
    pub const fn case(&self) -> Case {
        self.case
    }

    /// The volume's bytes, with what its journal holds.
    #[must_use]
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// What was repaired in memory to read the volume, in words.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The volume's name.
    ///
    /// # Errors
    /// `Corrupt` when there is no root folder.
    pub fn label(&self) -> Result<Name> {
        Ok(Name::from_units(&self.root_folder()?.0))
    }

    /// All files and folders, their contents as lazy sources. Hard links are
    /// resolved; hidden folders and the journal's files are left out.
    ///
    /// # Errors
    /// `Corrupt` for broken structures.
    pub fn tree(&self) -> Result<Tree> {
        load::tree(self)
    }

    /// A file or folder by its path, by descending the catalog.
    ///
    /// # Errors
    /// `Corrupt` for broken structures on the way.
    pub fn lookup(&self, path: &VPath) -> Result<Option<Entry>> {
        let mut at = Found::Folder(Box::new(self.root_folder()?.1));
        for name in path.names() {
            let Found::Folder(folder) = at else { return Ok(None) };
            let Some(found) = self.child(folder.folderID.get(), name.units())? else {
                return Ok(None);
            };
            at = self.follow(found)?;
        }
        self.entry(at).map(Some)
    }

    fn child(&self, parent: u32, name: &[u16]) -> Result<Option<Found>> {
        let name = stored(name);
        let Some(data) = self.catalog.find(&CatalogKey { parent, name: &name })? else {
            return Ok(None);
        };
        Ok(match parse(&data)? {
            Record::Folder(folder) => Some(Found::Folder(Box::new(*folder))),
            Record::File(file) => Some(Found::File(Box::new(*file))),
            Record::Thread => None,
        })
    }

    /// What a hard link leads to; anything else itself.
    fn follow(&self, found: Found) -> Result<Found> {
        let Found::File(file) = &found else { return Ok(found) };
        let Some(kind) = link_kind(file) else { return Ok(found) };
        let number = file.permissions.special.get();
        let (folder, name) = match kind {
            LinkKind::File => (links::FILES, format!("iNode{number}")),
            LinkKind::Folder => (links::FOLDERS, format!("dir_{number}")),
        };
        let units = |text: &str| text.encode_utf16().collect::<Vec<_>>();
        let Some(Found::Folder(hidden)) = self.child(cnid::ROOT, &units(folder))? else {
            return Ok(found);
        };
        Ok(self.child(hidden.folderID.get(), &units(&name))?.unwrap_or(found))
    }

    fn entry(&self, found: Found) -> Result<Entry> {
        let (meta, forks) = match found {
            Found::Folder(folder) => (folder_meta(&folder)?, None),
            Found::File(file) => {
                let id = file.fileID.get();
                let data = self.fork(&file.dataFork, id, DATA)?;
                let rsrc = &file.resourceFork;
                let has_rsrc = rsrc.logicalSize.get() != 0 || rsrc.totalBlocks.get() != 0;
                let rsrc = has_rsrc.then(|| self.fork(rsrc, id, RESOURCE)).transpose()?;
                (file_meta(&file)?, Some((data, rsrc)))
            }
        };
        let xattrs = match &self.attributes {
            Some(tree) => attributes::of_file(tree, &self.source, &self.header, meta.cnid)?,
            None => Vec::new(),
        };
        Ok(Entry { meta, forks, xattrs })
    }

    /// A file's fork as a source.
    fn fork(&self, fork: &ForkData, id: u32, kind: u8) -> Result<Source> {
        let blocks = self.blocks(fork, id, kind)?;
        blocks.into_source(&self.source, &self.header, fork.logicalSize.get())
    }

    /// The blocks of a file's fork.
    pub(crate) fn blocks(&self, fork: &ForkData, id: u32, kind: u8) -> Result<Blocks> {
        blocks(fork, fork_of(id, kind), &self.header, self.overflow.as_ref())
    }

    /// More records than the extents file has room for.
    pub(crate) fn most_overflow(&self) -> u64 {
        // A key with its length, eight extents, and the record's offset.
        const RECORD: u64 = 12 + 64 + 2;
        self.overflow.as_ref().map_or(0, |tree| tree.file().len() / RECORD)
    }

    /// The root folder's name and record: the catalog's first.
    pub(crate) fn root_folder(&self) -> Result<(Vec<u16>, CatalogFolder)> {
        let mut root = None;
        let first = CatalogKey { parent: cnid::ROOT_PARENT, name: &[] };
        self.catalog.scan_from(&first, &mut |record| {
            if let (cnid::ROOT_PARENT, Record::Folder(folder)) =
                (record.key.parent, parse(record.data)?)
            {
                root = Some((units(record.key.name).collect(), *folder));
            }
            Ok(ControlFlow::Break(()))
        })?;
        root.filter(|(_, folder): &(_, CatalogFolder)| folder.folderID.get() == cnid::ROOT)
            .ok_or_else(|| {
                Error::corrupt("catalog folder", "folderID", cnid::ROOT, "there is no root folder")
            })
    }
}

/// Opens a special file's B-tree; none where the file is empty.
fn open_tree<K: Keys>(
    source: &Source,
    header: &Header,
    id: u32,
    overflow: Option<&BTree<ExtentKeys>>,
    names: Names,
    keys: K,
) -> Result<Option<BTree<K>>> {
    let file = special(source, header, id, overflow)?;
    if file.is_empty() {
        return Ok(None);
    }
    let record = btree::header(&file, &names)?;
    BTree::open(file, record, keys, names).map(Some)
}
