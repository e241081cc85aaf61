//! Hard links: every link has its inode, every inode its chain of links.

use crate::volume::Meta;
use crate::volume::hfsplus::check::catalog::Entry;
use crate::volume::hfsplus::check::hierarchy::find;
use crate::volume::hfsplus::check::keys::{CatalogKey, units};
use crate::volume::hfsplus::check::report::{Findings, Place};
use crate::volume::hfsplus::raw::{CatalogFile, CatalogFolder, cnid, file_flags};
use std::collections::{HashMap, HashSet};

const FILE: &str = "HFSPlusCatalogFile";
const FOLDER: &str = "HFSPlusCatalogFolder";
/// The folder of files' inodes.
const FILE_INODES: &str = "\0\0\0\0HFS+ Private Data";
/// The folder of folders' inodes.
const DIR_INODES: &str = ".HFS+ Private Directory Data\r";
/// `kIsAlias`.
const ALIAS: u16 = 0x8000;
/// `UF_IMMUTABLE`.
const IMMUTABLE: u8 = 2;
/// `S_ISVTX`.
const STICKY: u16 = 0o1000;

/// A link's record, as far as its chain goes.
#[derive(Clone, Copy)]
struct Link {
    id: u32,
    parent: u32,
    inode: u32,
    before: u32,
    behind: u32,
    created: u32,
    chained: bool,
}

/// An inode's record. `number` is what links call it by.
#[derive(Clone, Copy)]
struct Inode {
    id: u32,
    number: u32,
    count: u32,
    first: u32,
    chained: bool,
}

/// All links and inodes of a catalog.
#[derive(Default)]
pub(super) struct Links {
    file_folder: Option<u32>,
    file_folder_created: u32,
    dir_folder: Option<u32>,
    files: Vec<Link>,
    folders: Vec<Link>,
    file_inodes: Vec<Inode>,
    dir_inodes: Vec<Inode>,
}

fn is_named(key: CatalogKey<'_>, name: &str) -> bool {
    name.encode_utf16().eq(units(key.name))
}

fn is_kind(file: &CatalogFile, kind: &[u8; 8]) -> bool {
    file.finderInfo[..8] == *kind
}

impl Links {
    /// The number of links.
    pub(super) fn count(&self) -> usize {
        self.files.len() + self.folders.len()
    }

    /// Takes a folder's record: one of the private folders, or an inode.
    pub(super) fn folder(
        &mut self,
        key: CatalogKey<'_>,
        folder: &CatalogFolder,
        findings: &mut Findings,
    ) {
        let id = folder.folderID.get();
        if key.parent == cnid::ROOT {
            if is_named(key, FILE_INODES) {
                self.file_folder = Some(id);
                self.file_folder_created = folder.createDate.get();
            } else if is_named(key, DIR_INODES) {
                self.dir_folder = Some(id);
                check_private(folder, findings);
            }
        }
        let chained = folder.flags.get() & file_flags::HAS_LINK_CHAIN != 0;
        if Some(key.parent) == self.dir_folder || chained {
            let count = folder.permissions.special.get();
            self.dir_inodes.push(Inode { id, number: id, count, first: 0, chained });
        }
    }

    /// Whether a file's record is a link to a folder.
    pub(super) fn is_folder_link(&self, key: CatalogKey<'_>, file: &CatalogFile) -> bool {
        file.flags.get() & file_flags::HAS_LINK_CHAIN != 0
            && is_kind(file, b"fdrpMACS")
            && Some(key.parent) != self.file_folder
    }

    /// Takes a file's record; true when it is a link.
    pub(super) fn file(
        &mut self,
        key: CatalogKey<'_>,
        file: &CatalogFile,
        findings: &mut Findings,
    ) -> bool {
        let id = file.fileID.get();
        let place = Some(Place::Cnid(id));
        let chained = file.flags.get() & file_flags::HAS_LINK_CHAIN != 0;
        let inside = Some(key.parent) == self.file_folder || Some(key.parent) == self.dir_folder;
        let info = &file.permissions;
        let link = Link {
            id,
            parent: key.parent,
            inode: info.special.get(),
            before: info.ownerID.get(),
            behind: info.groupID.get(),
            created: file.createDate.get(),
            chained,
        };
        if is_kind(file, b"hlnkhfs+") {
            self.files.push(link);
            return true;
        }
        let half = file.finderInfo[..4] == *b"fdrp" || file.finderInfo[4..8] == *b"MACS";
        if chained && half && !inside {
            self.folder_link(file, link, findings);
            return true;
        }
        if Some(key.parent) == self.file_folder {
            self.inode(key, file, chained);
        } else if !inside {
            if chained {
                findings.corrupt((FILE, "flags"), file.flags.get(), "is no hard link's", place);
            }
            let regular = info.fileMode.get() & Meta::TYPE == Meta::FILE;
            if regular && link.inode > 1 && !is_kind(file, b"jrnlhfs+") {
                findings.corrupt((FILE, "linkCount"), link.inode, "is no inode's", place);
            }
        }
        false
    }

    fn folder_link(&mut self, file: &CatalogFile, link: Link, findings: &mut Findings) {
        let place = Some(Place::Cnid(link.id));
        let flags = u16::from_be_bytes([file.finderInfo[8], file.finderInfo[9]]);
        if !is_kind(file, b"fdrpMACS") || flags & ALIAS == 0 {
            let rule = "is not that of a link to a folder";
            findings.corrupt((FILE, "finderInfo"), flags, rule, place);
        }
        if file.permissions.ownerFlags & IMMUTABLE == 0 {
            let rule = "lacks UF_IMMUTABLE, which a link to a folder has";
            findings.corrupt(
                (FILE, "ownerFlags"),
                u16::from(file.permissions.ownerFlags),
                rule,
                place,
            );
        }
        self.folders.push(link);
    }

    fn inode(&mut self, key: CatalogKey<'_>, file: &CatalogFile, chained: bool) {
        let name = String::from_utf16_lossy(&units(key.name));
        let Some(number) = name.strip_prefix("iNode").and_then(|digits| digits.parse().ok()) else {
            return;
        };
        let (count, first) = (file.permissions.special.get(), file.reserved1.get());
        self.file_inodes.push(Inode { id: file.fileID.get(), number, count, first, chained });
    }

    /// Checks all chains. `first_links` are what folders' inodes say in their attributes.
    pub(super) fn check(
        &mut self,
        records: &[Entry],
        root_created: u32,
        first_links: &HashMap<u32, u32>,
        findings: &mut Findings,
    ) {
        for inode in &mut self.dir_inodes {
            inode.first = first_links.get(&inode.id).copied().unwrap_or(0);
        }
        let created = [self.file_folder_created, root_created];
        // As in Apple's checker, a date of 0 says nothing.
        if !created.contains(&0) {
            for link in self.files.iter().filter(|link| !created.contains(&link.created)) {
                let place = Some(Place::Cnid(link.id));
                findings.corrupt(
                    (FILE, "createDate"),
                    link.created,
                    "is not the inode folder's",
                    place,
                );
            }
        }
        chains(&mut self.files, &self.file_inodes, findings);
        chains(&mut self.folders, &self.dir_inodes, findings);
        self.folder_inodes(records, findings);
        self.above(records, findings);
        self.loops(records, findings);
    }

    /// Folders' inodes are where they belong.
    fn folder_inodes(&self, records: &[Entry], findings: &mut Findings) {
        for inode in &self.dir_inodes {
            let place = Some(Place::Cnid(inode.id));
            let parent = find(records, inode.id).map(|entry| entry.parent);
            if parent != self.dir_folder {
                let rule = "is not the private folder, where linked folders are";
                findings.corrupt(
                    ("HFSPlusCatalogKey", "parentID"),
                    parent.unwrap_or(0),
                    rule,
                    place,
                );
            }
            if !inode.chained {
                let rule = "lacks kHFSHasLinkChainMask, which a linked folder has";
                findings.corrupt((FOLDER, "flags"), inode.id, rule, place);
            }
        }
    }

    /// Folders above links to folders say so.
    fn above(&self, records: &[Entry], findings: &mut Findings) {
        let mut seen = HashSet::new();
        for link in &self.folders {
            let mut at = link.parent;
            while at != cnid::ROOT && Some(at) != self.dir_folder && seen.insert(at) {
                let Some(entry) = find(records, at) else { break };
                if entry.flags & file_flags::HAS_CHILD_LINK == 0 {
                    let rule =
                        "lacks kHFSHasChildLinkMask, which a folder above a link to a folder has";
                    findings.corrupt((FOLDER, "flags"), entry.flags, rule, Some(Place::Cnid(at)));
                }
                at = entry.parent;
            }
        }
    }

    /// The linked folder that a folder is in, if any. What was found is kept:
    /// no folder is walked through twice.
    fn owner(
        &self,
        folder: u32,
        records: &[Entry],
        owners: &mut HashMap<u32, Option<u32>>,
    ) -> Option<u32> {
        let (mut at, mut path) = (folder, Vec::new());
        let owner = loop {
            if let Some(owner) = owners.get(&at) {
                break *owner;
            }
            owners.insert(at, None);
            path.push(at);
            let Some(entry) = find(records, at) else { break None };
            if Some(entry.parent) == self.dir_folder {
                break Some(at);
            }
            at = entry.parent;
        };
        owners.extend(path.into_iter().map(|id| (id, owner)));
        owner
    }

    /// No linked folder is below itself.
    fn loops(&self, records: &[Entry], findings: &mut Findings) {
        let mut inside: HashMap<u32, Vec<u32>> = HashMap::new();
        let mut owners = HashMap::new();
        for link in &self.folders {
            if let Some(owner) = self.owner(link.parent, records, &mut owners) {
                inside.entry(owner).or_default().push(link.inode);
            }
        }
        let mut done = HashSet::new();
        let mut starts: Vec<_> = inside.keys().copied().collect();
        starts.sort_unstable();
        for start in starts {
            let mut path = vec![(start, 0)];
            let mut on_path = HashSet::from([start]);
            while let Some((id, next)) = path.last_mut() {
                let Some(inner) = inside.get(id).and_then(|inner| inner.get(*next)) else {
                    on_path.remove(id);
                    done.insert(*id);
                    path.pop();
                    continue;
                };
                *next += 1;
                if on_path.contains(inner) {
                    let place = Some(Place::Cnid(*inner));
                    findings.corrupt(
                        (FOLDER, "folderID"),
                        *inner,
                        "is below itself by a link",
                        place,
                    );
                } else if !done.contains(inner) {
                    on_path.insert(*inner);
                    path.push((*inner, 0));
                }
            }
        }
    }
}

/// The private folder of linked folders has the flags that keep it private.
fn check_private(folder: &CatalogFolder, findings: &mut Findings) {
    let info = &folder.permissions;
    if info.ownerFlags & IMMUTABLE == 0 || info.fileMode.get() & STICKY == 0 {
        let rule = "lacks UF_IMMUTABLE or S_ISVTX";
        let place = Some(Place::Cnid(folder.folderID.get()));
        findings.corrupt((FOLDER, "permissions"), info.fileMode.get(), rule, place);
    }
}

/// Compares each inode's chain with the links that call it.
fn chains(links: &mut [Link], inodes: &[Inode], findings: &mut Findings) {
    links.sort_unstable_by_key(|link| (link.inode, link.id));
    let mut called = 0;
    for inode in inodes {
        let start = links.partition_point(|link| link.inode < inode.number);
        let len = links[start..].partition_point(|link| link.inode == inode.number);
        let own = &links[start..start + len];
        called += own.len();
        let place = Some(Place::Cnid(inode.id));
        if own.is_empty() || inode.count as usize != own.len() {
            findings.expect(("hard link inode", "linkCount"), inode.count, own.len() as u64, place);
            if own.is_empty() && inode.count == 0 {
                findings.corrupt(("hard link inode", "linkCount"), 0u32, "has no links", place);
            }
        } else if let Some(rule) = broken(inode, own) {
            findings.corrupt(("hard link inode", "firstLinkID"), inode.first, rule, place);
        }
    }
    if called < links.len() {
        let known: HashSet<u32> = inodes.iter().map(|inode| inode.number).collect();
        for link in links.iter().filter(|link| !known.contains(&link.inode)) {
            let place = Some(Place::Cnid(link.id));
            findings.corrupt((FILE, "iNodeNum"), link.inode, "is no inode's number", place);
        }
    }
}

/// What is wrong with a chain, if anything.
fn broken(inode: &Inode, own: &[Link]) -> Option<&'static str> {
    let old = !inode.chained && inode.first == 0;
    if old && own.iter().all(|link| !link.chained && link.before == 0 && link.behind == 0) {
        // Made before Mac OS X 10.5.
        return None;
    }
    if !inode.chained || own.iter().any(|link| !link.chained) {
        return Some("lacks kHFSHasLinkChainMask in its chain");
    }
    let find = |id: u32| own.binary_search_by_key(&id, |link| link.id).ok().map(|at| own[at]);
    let (mut before, mut at, mut steps) = (0, inode.first, 0);
    while at != 0 && steps < own.len() {
        let link = find(at).filter(|link| link.before == before);
        let Some(link) = link else { return Some("begins a chain that is broken") };
        (before, at, steps) = (at, link.behind, steps + 1);
    }
    (at != 0 || steps != own.len()).then_some("begins a chain of another length")
}
