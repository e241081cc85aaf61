//! The catalog's records, one by one, and what is kept of them.

use crate::volume::hfsplus::check::extents::{DATA, Extents, RSRC};
use crate::volume::hfsplus::check::keys::{self, CatalogKey, units};
use crate::volume::hfsplus::check::links::Links;
use crate::volume::hfsplus::check::report::{Findings, Place};
use crate::volume::hfsplus::raw::{BsdInfo, CatalogFile, CatalogFolder, cnid, file_flags, record};
use crate::volume::{Kind, Meta};
use std::hash::{DefaultHasher, Hasher};
use zerocopy::FromBytes;

const KEY: &str = "HFSPlusCatalogKey";
const FOLDER: &str = "HFSPlusCatalogFolder";
const FILE: &str = "HFSPlusCatalogFile";
const THREAD: &str = "HFSPlusCatalogThread";
/// The longest path that a symbolic link may hold on a Mac.
const MAX_PATH: u64 = 1024;

/// What is kept of a file's or folder's record, or of a thread.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) cnid: u32,
    pub(super) parent: u32,
    /// Of the name.
    pub(super) hash: u32,
    pub(super) flags: u16,
    pub(super) folder: bool,
}

/// How many things a folder says it holds, or holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Count {
    pub(super) cnid: u32,
    pub(super) all: u32,
    pub(super) folders: u32,
}

/// Everything that is kept of a catalog: some 40 bytes a file.
#[derive(Default)]
pub(super) struct Catalog {
    /// HFSX: folders count the folders in them.
    pub(super) counts_folders: bool,
    pub(super) records: Vec<Entry>,
    pub(super) threads: Vec<Entry>,
    /// What folders' records say.
    pub(super) said: Vec<Count>,
    /// What was counted below each parent.
    pub(super) counted: Vec<Count>,
    pub(super) links: Links,
    /// Bits of the encodings that records hint at.
    pub(super) encodings: u64,
    pub(super) files: u32,
    pub(super) folders: u32,
    pub(super) root_created: u32,
    current: Option<Count>,
}

fn hash(name: &[u8]) -> u32 {
    let mut hasher = DefaultHasher::new();
    hasher.write(name);
    // Half of the hash is enough to tell names apart.
    (hasher.finish() >> 32) as u32
}

impl Catalog {
    pub(super) fn new(counts_folders: bool) -> Self {
        Self { counts_folders, ..Self::default() }
    }

    /// Takes a leaf record.
    pub(super) fn record(
        &mut self,
        key: &[u8],
        data: &[u8],
        extents: &mut Extents,
        findings: &mut Findings,
    ) {
        let Some(key) = keys::catalog(key) else { return };
        let kind = data.get(..2).map_or(0, |kind| u16::from_be_bytes([kind[0], kind[1]]));
        match kind {
            record::FOLDER => match CatalogFolder::read_from_bytes(data) {
                Ok(folder) => self.folder(key, &folder, findings),
                Err(_) => bad_len(FOLDER, data, findings),
            },
            record::FILE => match CatalogFile::read_from_bytes(data) {
                Ok(file) => self.file(key, &file, extents, findings),
                Err(_) => bad_len(FILE, data, findings),
            },
            record::FOLDER_THREAD | record::FILE_THREAD => {
                self.thread(key, kind == record::FOLDER_THREAD, data, findings);
            }
            _ => {
                let place = Some(Place::Cnid(key.parent));
                findings.corrupt(("catalog record", "recordType"), kind, "is unknown", place);
            }
        }
    }

    fn count_child(&mut self, parent: u32, folder: bool) {
        if self.current.is_none_or(|current| current.cnid != parent) {
            self.counted.extend(self.current.take());
            self.current = Some(Count { cnid: parent, all: 0, folders: 0 });
        }
        if let Some(current) = &mut self.current {
            current.all += 1;
            current.folders += u32::from(folder);
        }
    }

    /// Ends the counting, when all records were taken.
    pub(super) fn finish(&mut self) {
        self.counted.extend(self.current.take());
    }

    fn folder(&mut self, key: CatalogKey<'_>, folder: &CatalogFolder, findings: &mut Findings) {
        let id = folder.folderID.get();
        let place = Some(Place::Cnid(id));
        let flags = folder.flags.get();
        if flags & (file_flags::LOCKED | file_flags::THREAD_EXISTS) != 0 {
            findings.corrupt((FOLDER, "flags"), flags, "has bits of files", place);
        }
        if id < cnid::FIRST_USER && id != cnid::ROOT {
            findings.corrupt((FOLDER, "folderID"), id, "is reserved", place);
        }
        if (id == cnid::ROOT) != (key.parent == cnid::ROOT_PARENT) {
            findings.corrupt((KEY, "parentID"), key.parent, "is not the folder's", place);
        }
        if id == cnid::ROOT {
            self.root_created = folder.createDate.get();
        } else {
            self.folders = self.folders.saturating_add(1);
        }
        self.permissions(&folder.permissions, true, place, findings);
        self.encoding(folder.textEncoding.get());
        check_name(key, place, findings);
        self.links.folder(key, folder, findings);
        let said = Count { cnid: id, all: folder.valence.get(), folders: folder.folderCount.get() };
        self.said.push(said);
        if self.counts_folders && flags & file_flags::HAS_FOLDER_COUNT == 0 {
            findings.corrupt((FOLDER, "flags"), flags, "lacks kHFSHasFolderCountMask", place);
        }
        self.count_child(key.parent, true);
        self.push(key, id, flags, true);
    }

    fn push(&mut self, key: CatalogKey<'_>, cnid: u32, flags: u16, folder: bool) {
        self.records.push(Entry { cnid, parent: key.parent, hash: hash(key.name), flags, folder });
    }

    fn file(
        &mut self,
        key: CatalogKey<'_>,
        file: &CatalogFile,
        extents: &mut Extents,
        findings: &mut Findings,
    ) {
        let id = file.fileID.get();
        let place = Some(Place::Cnid(id));
        if id < cnid::FIRST_USER {
            findings.corrupt((FILE, "fileID"), id, "is reserved", place);
        }
        self.files = self.files.saturating_add(1);
        self.permissions(&file.permissions, false, place, findings);
        self.encoding(file.textEncoding.get());
        check_name(key, place, findings);
        let data = extents.fork(&file.dataFork, (id, DATA), findings);
        extents.fork(&file.resourceFork, (id, RSRC), findings);
        let is_link = self.links.file(key, file, findings);
        if is_link && data.is_some_and(|runs| !runs.is_empty()) {
            findings.corrupt((FILE, "dataFork"), id, "is a hard link with data", place);
        }
        self.modes(file, findings);
        let flags = file.flags.get();
        if flags & file_flags::THREAD_EXISTS == 0 {
            findings.note((FILE, "flags"), flags, "lacks kHFSThreadExistsMask", place);
        }
        let counts = is_link && self.links.is_folder_link(key, file);
        self.count_child(key.parent, counts);
        self.push(key, id, flags, false);
    }

    /// Symbolic links, and files that say they have more than one name.
    fn modes(&self, file: &CatalogFile, findings: &mut Findings) {
        let place = Some(Place::Cnid(file.fileID.get()));
        let meta = Meta { mode: file.permissions.fileMode.get(), ..Meta::default() };
        let size = file.dataFork.logicalSize.get();
        if meta.kind() == Kind::Symlink && !(1..=MAX_PATH).contains(&size) {
            let rule = "is no length of a symbolic link's path";
            findings.note((FILE, "dataFork.logicalSize"), size, rule, place);
        }
    }

    fn permissions(
        &self,
        info: &BsdInfo,
        folder: bool,
        place: Option<Place>,
        findings: &mut Findings,
    ) {
        let mode = info.fileMode.get();
        let known =
            [0o010, 0o020, 0o040, 0o060, 0o100, 0o120, 0o140].contains(&(mode >> 9 & 0o170));
        let is_folder = mode & Meta::TYPE == Meta::DIR;
        if mode != 0 && (!known || is_folder != folder) {
            findings.corrupt(("HFSPlusBSDInfo", "fileMode"), mode, "is of another type", place);
        }
    }

    fn encoding(&mut self, hint: u32) {
        // As Apple's checker maps it: the low seven bits, unknown ones to 0.
        let bit = hint & 0x7f;
        self.encodings |= if bit < 48 { 1 << bit } else { 1 };
    }

    fn thread(&mut self, key: CatalogKey<'_>, folder: bool, data: &[u8], findings: &mut Findings) {
        let place = Some(Place::Cnid(key.parent));
        if !key.name.is_empty() {
            let rule = "is a thread's key with a name";
            findings.corrupt((KEY, "nodeName"), units(key.name).len(), rule, place);
        }
        let parsed = data.get(4..10).and_then(|head| {
            let parent = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
            let len = 2 * usize::from(u16::from_be_bytes([head[4], head[5]]));
            (2..=510).contains(&len).then_some((parent, data.get(10..10 + len)?))
        });
        let Some((parent, name)) = parsed else { return bad_len(THREAD, data, findings) };
        let reserved = |id| id < cnid::FIRST_USER && id != cnid::ROOT;
        let root = (key.parent == cnid::ROOT) == (parent == cnid::ROOT_PARENT);
        if reserved(key.parent) || !root || (parent != cnid::ROOT_PARENT && reserved(parent)) {
            findings.corrupt((THREAD, "parentID"), parent, "is reserved", place);
        }
        let (cnid, hash) = (key.parent, hash(name));
        self.threads.push(Entry { cnid, parent, hash, flags: 0, folder });
    }
}

fn bad_len(structure: &'static str, data: &[u8], findings: &mut Findings) {
    findings.corrupt((structure, "length"), data.len(), "is not the record's", None);
}

fn check_name(key: CatalogKey<'_>, place: Option<Place>, findings: &mut Findings) {
    let rule = match key.name {
        [] => "is empty",
        [0, 0x2e] | [0, 0x2e, 0, 0x2e] => "stands for a folder itself",
        _ => return,
    };
    let name = String::from_utf16_lossy(&units(key.name));
    findings.corrupt((KEY, "nodeName"), name, rule, place);
}
