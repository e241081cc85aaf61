//! Files and folders, of the host and inside containers, as one.

use crate::block::{Error, Result, Source};
use crate::format::partition::Part;
use crate::source::archive::Archive;
use crate::source::opener::refuse_part;
use crate::source::volume::{OpenVolume, contents};
use crate::source::{Opener, host};
use crate::volume::{Body, Case, Kind, Meta, Name, NodeId, Tree, VPath};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// A disk whose partitions are chosen from by name or number.
pub struct Disk {
    pub(super) disk: Source,
    /// The partitions.
    pub parts: Vec<Part>,
}

/// Where an item is.
#[derive(Clone)]
pub enum Place {
    /// A folder of the host.
    Folder(PathBuf),
    /// A file of the host, or a partition that is no HFS+ volume.
    File {
        /// Its bytes.
        source: Source,
        /// Where it is on the host.
        path: Option<PathBuf>,
    },
    /// A disk that holds no HFS+ volume, or several.
    Disk(Arc<Disk>),
    /// A volume's root, before anything in it was read.
    Volume(Arc<OpenVolume>),
    /// A file or folder in a volume.
    Node(Arc<OpenVolume>, Arc<Tree>, NodeId),
    /// A file or folder in an archive, its root among them.
    Entry(Arc<Archive>, NodeId),
}

/// A file or folder, wherever it is.
#[derive(Clone)]
pub struct Item {
    /// Its path, as the user would write it.
    pub name: String,
    pub(super) depth: u32,
    /// Where it is.
    pub place: Place,
}

impl Item {
    /// Bytes that are no file of the host, as a file.
    #[must_use]
    pub fn of_bytes(name: &str, source: Source) -> Self {
        Self { name: name.to_owned(), depth: 0, place: Place::File { source, path: None } }
    }

    /// Whether it has children without being entered.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        match &self.place {
            Place::Folder(_) | Place::Disk(_) | Place::Volume(_) => true,
            Place::File { .. } => false,
            Place::Node(_, tree, id) => tree.is_dir(*id),
            Place::Entry(archive, id) => archive.tree.is_dir(*id),
        }
    }

    /// A folder that is only one disk image (its `Info.plist` says so).
    pub(super) fn is_sparse_bundle(&self) -> bool {
        match &self.place {
            Place::Folder(path) => {
                std::fs::read(path.join("Info.plist")).is_ok_and(|text| says_sparse_bundle(&text))
            }
            Place::Node(_, tree, id) if tree.is_dir(*id) => {
                let info = tree.child(*id, &Name::from_text("Info.plist"));
                let source = info.and_then(|info| contents(tree, info).ok());
                source.is_some_and(|source| {
                    small(&source).is_ok_and(|text| says_sparse_bundle(&text))
                })
            }
            _ => false,
        }
    }

    /// Where it is in a volume, if it is in one.
    ///
    /// # Errors
    /// Whatever is wrong with the volume.
    pub fn node(&self) -> Result<Option<(Arc<Tree>, NodeId)>> {
        Ok(match &self.place {
            Place::Volume(volume) => {
                let tree = volume.tree()?;
                let root = tree.root();
                Some((tree, root))
            }
            Place::Node(_, tree, id) => Some((Arc::clone(tree), *id)),
            Place::Entry(archive, id) => Some((Arc::clone(&archive.tree), *id)),
            _ => None,
        })
    }

    /// The volume that it is, if it is a whole one.
    ///
    /// # Errors
    /// A refusal by name when the item is a disk without one volume to choose.
    pub fn volume(&self) -> Result<Arc<OpenVolume>> {
        match &self.place {
            Place::Volume(volume) => Ok(Arc::clone(volume)),
            Place::Node(volume, tree, id) if *id == tree.root() => Ok(Arc::clone(volume)),
            Place::Disk(disk) => Err(disk.refuse().in_file(&self.name)),
            _ => {
                let hint = "give a disk image, a disk or a volume";
                let error = Error::unsupported("no volume", "its path", self.name.as_str(), hint);
                Err(error.in_file(&self.name))
            }
        }
    }

    /// What a file holds, as a Mac would show it.
    ///
    /// # Errors
    /// For folders; whatever a compressed file's parts report.
    pub fn contents(&self) -> Result<Source> {
        match &self.place {
            Place::File { source, .. } => Ok(Arc::clone(source)),
            Place::Node(_, tree, id) if !tree.is_dir(*id) => contents(tree, *id),
            Place::Entry(archive, id) if !archive.tree.is_dir(*id) => contents(&archive.tree, *id),
            _ => {
                let error = io::Error::from(io::ErrorKind::IsADirectory);
                Err(Error::Io(error).in_file(&self.name))
            }
        }
    }

    /// What a folder holds, in order; nothing for a file.
    ///
    /// # Errors
    /// What the host or the volume reports.
    pub fn children(&self, opener: &Opener) -> Result<Vec<Self>> {
        match &self.place {
            Place::Folder(path) => {
                let open = |path: PathBuf| opener.open(&path);
                let entries = host::entries(path)?.into_iter();
                // Links to nowhere are no children.
                entries.filter(|path| path.exists()).map(open).collect()
            }
            Place::Disk(disk) => disk.parts.iter().map(|part| self.part(disk, part)).collect(),
            Place::Volume(_) | Place::Node(..) | Place::Entry(..) => {
                let Some((tree, id)) = self.node()? else { return Ok(Vec::new()) };
                let child = |child: &NodeId| {
                    let name = format!("{}/{}", self.name, tree.node(*child).name);
                    let place = self.beside(&tree, *child)?;
                    Some(Self { name, depth: self.depth, place })
                };
                Ok(tree.children(id).iter().filter_map(child).collect())
            }
            Place::File { .. } => Ok(Vec::new()),
        }
    }

    /// Another node of the same volume or archive.
    fn beside(&self, tree: &Arc<Tree>, id: NodeId) -> Option<Place> {
        match &self.place {
            Place::Volume(volume) | Place::Node(volume, ..) => {
                Some(Place::Node(Arc::clone(volume), Arc::clone(tree), id))
            }
            Place::Entry(archive, _) => Some(Place::Entry(Arc::clone(archive), id)),
            _ => None,
        }
    }

    /// A child by name; the item is a folder.
    pub(super) fn child(&self, opener: &Opener, name: &str) -> Result<Self> {
        let full = format!("{}/{name}", self.name);
        let missing = || {
            let text = format!("there is no `{name}` in {}", self.name);
            Error::Io(io::Error::new(io::ErrorKind::NotFound, text))
        };
        let place = match &self.place {
            Place::Folder(path) => {
                let mut item = opener.open(&path.join(name))?;
                item.depth = self.depth;
                return Ok(item);
            }
            Place::Disk(disk) => {
                let by_name = disk.parts.iter().find(|part| !name.is_empty() && part.name == name);
                let number = name.parse::<u32>().ok();
                let part = by_name.or_else(|| disk.parts.iter().find(|p| Some(p.index) == number));
                return self.part(disk, part.ok_or_else(missing)?);
            }
            _ => {
                let (tree, id) = self.node()?.ok_or_else(missing)?;
                let path = VPath::parse(name).map_err(|why| Error::Io(io::Error::other(why)))?;
                let wanted = path.names().first().ok_or_else(missing)?;
                let child = tree.child(id, wanted).ok_or_else(missing)?;
                self.beside(&tree, child).ok_or_else(missing)?
            }
        };
        Ok(Self { name: full, depth: self.depth, place })
    }

    fn part(&self, disk: &Disk, part: &Part) -> Result<Self> {
        let source = part.open(&disk.disk)?;
        let name = match part.name.as_str() {
            "" => format!("{}/{}", self.name, part.index),
            text => format!("{}/{text}", self.name),
        };
        let place = if part.is_hfs_plus() {
            Place::Volume(Arc::new(OpenVolume::new(source, &name)))
        } else {
            Place::File { source, path: None }
        };
        Ok(Self { name, depth: self.depth, place })
    }

    /// The item as (part of) a tree, to copy it from; files of the host get
    /// this date, root:wheel and plain modes. Of an archive, the next pass
    /// over it spools all of the item.
    ///
    /// # Errors
    /// What the host or the volume reports.
    pub fn as_tree(&self, opener: &Opener, date: u32) -> Result<(Arc<Tree>, NodeId)> {
        match &self.place {
            Place::Folder(path) => {
                let tree = host::tree(opener, path, date)?;
                let root = tree.root();
                Ok((Arc::new(tree), root))
            }
            Place::File { source, .. } => {
                let mut tree = Tree::new(Name::from_text("host"), Case::Sensitive, date);
                let body = Body::File { data: Arc::clone(source), rsrc: None };
                let meta = Meta::new(Meta::FILE | 0o644, date);
                let added = tree.add(tree.root(), Name::from_text("file"), meta, body);
                let id = added.map_err(|error| Error::Io(io::Error::other(error.to_string())))?;
                Ok((Arc::new(tree), id))
            }
            Place::Disk(disk) => Err(disk.refuse().in_file(&self.name)),
            Place::Entry(archive, id) => {
                archive.want(*id);
                Ok((Arc::clone(&archive.tree), *id))
            }
            Place::Volume(_) | Place::Node(..) => self.node()?.ok_or_else(|| {
                Error::Io(io::Error::from(io::ErrorKind::NotFound)).in_file(&self.name)
            }),
        }
    }

    /// What kind of thing it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match &self.place {
            Place::Node(_, tree, id) => tree.kind(*id),
            Place::Entry(archive, id) => archive.tree.kind(*id),
            Place::File { .. } => Kind::File,
            _ => Kind::Dir,
        }
    }
}

impl Disk {
    /// Why no volume of this disk can be chosen.
    fn refuse(&self) -> Error {
        let several: Vec<_> = self.parts.iter().filter(|part| part.is_hfs_plus()).collect();
        if several.is_empty() {
            // The EFI partition is the least that a disk of another kind holds.
            let other = self.parts.iter().rev().max_by_key(|part| {
                let name = part.kind.to_string();
                (part.found.is_some(), name != "EFI System")
            });
            return match other {
                Some(part) => refuse_part(part),
                None => {
                    Error::unsupported("an empty disk", "the number of its partitions", 0u32, "")
                }
            };
        }
        let names = several.iter().map(|part| format!("{} ({})", part.index, part.name));
        let names = names.collect::<Vec<_>>().join(", ");
        let hint = "name one of them behind the image, as in IMAGE.dmg/2";
        Error::unsupported("a disk with several HFS+ volumes", "the list of them", names, hint)
    }
}

fn says_sparse_bundle(text: &[u8]) -> bool {
    let mark = b"com.apple.diskimage.sparsebundle";
    text.windows(mark.len()).any(|window| window == mark)
}

/// The most bytes of a small file that is read whole.
const SMALL: u64 = 1 << 20;

/// A small file's bytes; longer ones are refused.
pub(super) fn small(source: &Source) -> Result<Vec<u8>> {
    let len = usize::try_from(source.len().min(SMALL)).unwrap_or(0);
    if source.len() > SMALL {
        return Err(Error::corrupt("property list", "length", source.len(), "too long to be one"));
    }
    Ok(crate::block::read_vec(source.as_ref(), 0, len)?)
}
