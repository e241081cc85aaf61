//! The catalog's records, made from the tree when they are read.

use crate::volume::hfsplus::layout::forks::Forks;
use crate::volume::hfsplus::layout::objects::{Objects, Thing};
use crate::volume::hfsplus::layout::records::Records;
use crate::volume::hfsplus::raw::{BsdInfo, CatalogFile, CatalogFolder, file_flags, record};
use crate::volume::{Body, Case, Kind, Meta, NodeId};
use std::io;
use std::sync::Arc;
use zerocopy::IntoBytes;
use zerocopy::big_endian::{U16, U32};

/// `UF_NODUMP` and `UF_IMMUTABLE`.
const NODUMP: u8 = 1;
const IMMUTABLE: u8 = 2;
/// `kIsInvisible | kNameLocked`.
const HIDDEN: u16 = 0x5000;
/// `kHasBeenInited` and `kIsAlias`.
const INITED: u16 = 0x0100;
const ALIAS: u16 = 0x8000;

/// The catalog's leaf records in order.
pub(super) struct Catalog {
    pub(super) objects: Arc<Objects>,
    pub(super) forks: Forks,
    /// Made, for what has no source.
    pub(super) now: u32,
}

/// An object's thread record (0), or the record of one of its children.
#[derive(Clone, Copy)]
pub(super) struct Cursor {
    object: u32,
    within: u32,
}

enum Is {
    Thread(Thing),
    Child(Thing),
}

impl Catalog {
    /// The created date of the private folders and all hard links: the root's.
    pub(super) fn links_created(&self) -> u32 {
        let tree = &self.objects.tree;
        match tree.node(tree.root()).meta.created {
            0 => self.now,
            created => created,
        }
    }

    fn at(&self, cursor: Cursor) -> (u32, Is) {
        let object = self.objects.all[cursor.object as usize];
        let child = cursor.within.checked_sub(1);
        let child = child.and_then(|at| self.objects.children(object.thing).get(at as usize));
        (object.cnid, child.map_or(Is::Thread(object.thing), Is::Child))
    }

    fn folder(&self, thing: Thing) -> CatalogFolder {
        let children = self.objects.children(thing);
        let mut folder = match thing {
            Thing::Node(id) => self.node_folder(id),
            _ => self.private_folder(thing),
        };
        folder.recordType = U16::new(record::FOLDER);
        // There are fewer than u32::MAX nodes.
        folder.valence = U32::new(u32::try_from(children.len()).unwrap_or(u32::MAX));
        folder.folderID = U32::new(self.objects.id(thing));
        if self.objects.tree.case() == Case::Sensitive {
            let folders = children.iter().filter(|child| self.counts_as_folder(*child)).count();
            folder.flags |= U16::new(file_flags::HAS_FOLDER_COUNT);
            folder.folderCount = U32::new(u32::try_from(folders).unwrap_or(u32::MAX));
        }
        folder
    }

    /// Whether a child is one in its folder's `folderCount`: links to folders are.
    fn counts_as_folder(&self, child: Thing) -> bool {
        match child {
            Thing::Node(id) => self.objects.is_folder(Thing::Node(self.objects.tree.target(id))),
            other => self.objects.is_folder(other),
        }
    }

    fn node_folder(&self, id: NodeId) -> CatalogFolder {
        let meta = &self.objects.tree.node(id).meta;
        let mut flags = meta.catalog_flags & file_flags::HAS_DATE_ADDED | self.attribute_flags(id);
        let mut links = 1;
        if let Some(chain) = self.objects.links.inode(id) {
            flags |= file_flags::HAS_LINK_CHAIN;
            links = chain.count;
        }
        if self.objects.links.is_above(id) {
            flags |= file_flags::HAS_CHILD_LINK;
        }
        let special = if meta.mode == 0 && links == 1 { 0 } else { links };
        CatalogFolder {
            flags: U16::new(flags),
            createDate: U32::new(meta.created),
            contentModDate: U32::new(meta.modified),
            attributeModDate: U32::new(meta.changed),
            accessDate: U32::new(meta.accessed),
            backupDate: U32::new(meta.backed_up),
            permissions: permissions(meta, special),
            finderInfo: meta.finder,
            textEncoding: U32::new(meta.text_encoding),
            ..CatalogFolder::default()
        }
    }

    /// A folder for inodes, as Mac OS X makes it at first mount.
    fn private_folder(&self, thing: Thing) -> CatalogFolder {
        let mode = if thing == Thing::DirInodes { 0o1555 } else { 0 };
        let meta = Meta { mode: Meta::DIR | mode, owner_flags: IMMUTABLE, ..Meta::default() };
        let mut finder = [0; 32];
        finder[8..10].copy_from_slice(&HIDDEN.to_be_bytes());
        // Far outside of any window.
        finder[10..14].copy_from_slice(&[0x40, 0, 0x40, 0]);
        CatalogFolder {
            createDate: U32::new(self.links_created()),
            permissions: permissions(&meta, 1),
            finderInfo: finder,
            ..CatalogFolder::default()
        }
    }

    fn file(&self, thing: Thing) -> CatalogFile {
        let mut file = match thing {
            Thing::Node(id) => match self.objects.tree.node(id).body {
                Body::Link(inode) => self.link(id, inode),
                _ => self.node_file(id),
            },
            _ => self.journal_file(),
        };
        file.recordType = U16::new(record::FILE);
        file.flags |= U16::new(file_flags::THREAD_EXISTS);
        file.fileID = U32::new(self.objects.id(thing));
        (file.dataFork, file.resourceFork) = self.forks.of(&self.objects, thing);
        file
    }

    fn node_file(&self, id: NodeId) -> CatalogFile {
        let meta = &self.objects.tree.node(id).meta;
        let kept = file_flags::HAS_DATE_ADDED | file_flags::LOCKED;
        let mut flags = meta.catalog_flags & kept;
        flags |= self.attribute_flags(id);
        let (mut links, mut first) = (1, 0);
        if let Some(chain) = self.objects.links.inode(id) {
            flags |= file_flags::HAS_LINK_CHAIN;
            (links, first) = (chain.count, chain.first);
        }
        let special = match meta.kind() {
            Kind::CharDevice | Kind::BlockDevice => meta.device,
            _ if meta.mode == 0 && links == 1 => 0,
            _ => links,
        };
        let mut finder = meta.finder;
        if meta.kind() == Kind::Symlink && finder[..8] == [0; 8] {
            finder[..8].copy_from_slice(b"slnkrhap");
        }
        CatalogFile {
            flags: U16::new(flags),
            reserved1: U32::new(first),
            permissions: permissions(meta, special),
            finderInfo: finder,
            ..dated(meta, meta.created)
        }
    }

    /// A hard link: a small file that names its inode.
    fn link(&self, id: NodeId, inode: NodeId) -> CatalogFile {
        let meta = &self.objects.tree.node(id).meta;
        let (kind, finder_flags) = match self.objects.is_folder(Thing::Node(inode)) {
            true => (b"fdrpMACS", ALIAS),
            false => (b"hlnkhfs+", INITED),
        };
        let (before, behind) = self.objects.links.neighbours(id);
        let mut finder = [0; 32];
        finder[..8].copy_from_slice(kind);
        finder[8..10].copy_from_slice(&finder_flags.to_be_bytes());
        CatalogFile {
            flags: U16::new(file_flags::HAS_LINK_CHAIN | self.attribute_flags(id)),
            permissions: BsdInfo {
                ownerID: U32::new(before),
                groupID: U32::new(behind),
                ownerFlags: IMMUTABLE,
                fileMode: U16::new(Meta::FILE | 0o444),
                special: U32::new(self.objects.cnid(inode)),
                ..BsdInfo::default()
            },
            finderInfo: finder,
            ..dated(meta, self.links_created())
        }
    }

    fn journal_file(&self) -> CatalogFile {
        let meta = Meta { mode: Meta::FILE, owner_flags: NODUMP, ..Meta::default() };
        let mut finder = [0; 32];
        finder[..8].copy_from_slice(b"jrnlhfs+");
        finder[8..10].copy_from_slice(&HIDDEN.to_be_bytes());
        let date = U32::new(self.links_created());
        CatalogFile {
            createDate: date,
            contentModDate: date,
            permissions: permissions(&meta, 1),
            finderInfo: finder,
            ..CatalogFile::default()
        }
    }

    /// The flags that say whether the attributes file holds something of a node.
    fn attribute_flags(&self, id: NodeId) -> u16 {
        let node = self.objects.tree.node(id);
        let is_dir_inode =
            self.objects.links.inode(id).is_some() && self.objects.is_folder(Thing::Node(id));
        let mut flags = 0;
        if is_dir_inode || !node.xattrs.is_empty() {
            flags |= file_flags::HAS_ATTRIBUTES;
        }
        let security = "com.apple.system.Security".encode_utf16();
        if node.xattrs.iter().any(|xattr| xattr.name.units().iter().copied().eq(security.clone())) {
            flags |= file_flags::HAS_SECURITY;
        }
        flags
    }

    fn thread_bytes(&self, thing: Thing, out: &mut Vec<u8>) {
        let kind =
            if self.objects.is_folder(thing) { record::FOLDER_THREAD } else { record::FILE_THREAD };
        out.extend_from_slice(&kind.to_be_bytes());
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(&self.objects.parent(thing).to_be_bytes());
        put_name(&self.objects.name(thing), out);
    }
}

fn permissions(meta: &Meta, special: u32) -> BsdInfo {
    BsdInfo {
        ownerID: U32::new(meta.owner),
        groupID: U32::new(meta.group),
        adminFlags: meta.admin_flags,
        ownerFlags: meta.owner_flags,
        fileMode: U16::new(meta.mode),
        special: U32::new(special),
    }
}

fn dated(meta: &Meta, created: u32) -> CatalogFile {
    CatalogFile {
        createDate: U32::new(created),
        contentModDate: U32::new(meta.modified),
        attributeModDate: U32::new(meta.changed),
        accessDate: U32::new(meta.accessed),
        backupDate: U32::new(meta.backed_up),
        textEncoding: U32::new(meta.text_encoding),
        ..CatalogFile::default()
    }
}

/// Appends a name: its length in units, then the units.
pub(super) fn put_name(name: &[u16], out: &mut Vec<u8>) {
    // Names have up to 255 units.
    out.extend_from_slice(&u16::try_from(name.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend(name.iter().flat_map(|unit| unit.to_be_bytes()));
}

impl Records for Catalog {
    type Cursor = Cursor;

    fn first(&self) -> Option<Cursor> {
        // The root's parent has a child, but no thread.
        Some(Cursor { object: 0, within: 1 })
    }

    fn next(&self, at: Cursor) -> Option<Cursor> {
        let object = self.objects.all[at.object as usize];
        if (at.within as usize) < self.objects.children(object.thing).len() {
            return Some(Cursor { object: at.object, within: at.within + 1 });
        }
        let next = Cursor { object: at.object + 1, within: 0 };
        ((next.object as usize) < self.objects.all.len()).then_some(next)
    }

    fn sizes(&self, at: Cursor) -> (usize, usize) {
        match self.at(at).1 {
            Is::Thread(thing) => (8, 10 + 2 * self.objects.name(thing).len()),
            Is::Child(thing) => {
                let data = match self.objects.is_folder(thing) {
                    true => size_of::<CatalogFolder>(),
                    false => size_of::<CatalogFile>(),
                };
                (8 + 2 * self.objects.name(thing).len(), data)
            }
        }
    }

    fn key(&self, at: Cursor, out: &mut Vec<u8>) {
        let (parent, is) = self.at(at);
        let name = match is {
            Is::Thread(_) => [][..].into(),
            Is::Child(thing) => self.objects.name(thing),
        };
        // Names have up to 255 units.
        let len = u16::try_from(6 + 2 * name.len()).unwrap_or(u16::MAX);
        out.extend_from_slice(&len.to_be_bytes());
        out.extend_from_slice(&parent.to_be_bytes());
        put_name(&name, out);
    }

    fn data(&self, at: Cursor, out: &mut Vec<u8>) -> io::Result<()> {
        match self.at(at).1 {
            Is::Thread(thing) => self.thread_bytes(thing, out),
            Is::Child(thing) if self.objects.is_folder(thing) => {
                out.extend_from_slice(self.folder(thing).as_bytes());
            }
            Is::Child(thing) => out.extend_from_slice(self.file(thing).as_bytes()),
        }
        Ok(())
    }
}
