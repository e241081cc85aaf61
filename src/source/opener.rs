//! Opens what the user names, and remembers what has to be proven of it.

use crate::block::{Content, Error, Origin, ReadAt, Result, Source, Value};
use crate::format::detect::{self, Format, Found};
use crate::format::partition::{Part, partitions};
use crate::format::udif;
use crate::source::archive::{self, Archive, Hint, Opened, Setting};
use crate::source::item::{Disk, Item, Place};
use crate::source::pattern::Pattern;
use crate::source::volume::OpenVolume;
use crate::source::{Watched, host};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most containers that may be nested.
const MAX_DEPTH: u32 = 8;

const UNPACK: &str = "unpack it first";
const CONVERT: &str = "on a Mac: hdiutil convert IMAGE -format UDZO -o PLAIN.dmg";

/// An Apple disk image that was opened on the way.
#[derive(Clone)]
pub struct OpenImage {
    /// What messages call it.
    pub name: String,
    /// The image.
    pub image: udif::Image,
}

/// Opens files, folders and what is in them.
#[derive(Default)]
pub struct Opener {
    files: Mutex<Vec<Watched>>,
    images: Mutex<Vec<OpenImage>>,
    /// The archives entered last, by the names of their files.
    archives: Mutex<Vec<(String, Arc<Archive>, u32)>>,
    setting: Setting,
    browses: bool,
}

/// The most archives whose trees are kept for the next who enters them.
const MAX_KEPT: usize = 6;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Lists that only grow are right after a panic, too.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Opener {
    /// One that has opened nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// For looking only: a path that leads into a compressed archive does not
    /// mean that all below it will be read.
    #[must_use]
    pub fn browsing(mut self) -> Self {
        self.browses = true;
        self
    }

    /// Keeps the `._NAME` files of archives as they are stored; else they
    /// become attributes and resource forks of the files beside them.
    #[must_use]
    pub fn keeping_appledouble(mut self) -> Self {
        self.setting.merge = false;
        self
    }

    /// Reading archives ends with an error when this says so.
    #[must_use]
    pub fn until(mut self, stop: Arc<dyn Fn() -> bool + Send + Sync>) -> Self {
        self.setting.stop = Some(stop);
        self
    }

    pub(super) const fn browses(&self) -> bool {
        self.browses
    }

    pub(super) fn stopped(&self) -> bool {
        self.setting.stop.as_ref().is_some_and(|stop| stop())
    }

    /// The images opened so far: their checksums are still to be proven.
    #[must_use]
    pub fn images(&self) -> Vec<OpenImage> {
        lock(&self.images).clone()
    }

    /// The files of the host opened so far.
    #[must_use]
    pub fn files(&self) -> Vec<Watched> {
        lock(&self.files).clone()
    }

    /// The first file that is not what it was when it was opened.
    #[must_use]
    pub fn changed(&self) -> Option<PathBuf> {
        lock(&self.files).iter().find(|file| file.changed()).map(|file| file.path.clone())
    }

    /// Opens a file of the host.
    pub(super) fn file(&self, path: &Path) -> Result<Source> {
        let (watched, source) = Watched::open(path)?;
        log::debug!("reads {}", path.display());
        lock(&self.files).push(watched);
        Ok(source)
    }

    /// Takes note of a file of the host that is opened when it is read.
    pub(super) fn later(&self, path: &Path) -> Result<Source> {
        let (watched, source) = Watched::later(path)?;
        lock(&self.files).push(watched);
        Ok(source)
    }

    /// Opens a path that may lead into containers, such as
    /// `InstallESD.dmg/BaseSystem.dmg/System`: as far as the host knows it,
    /// the host's, and the rest inside.
    ///
    /// # Errors
    /// What the host reports of the whole path, when no part of it is a file.
    pub fn resolve(&self, path: &Path) -> Result<Item> {
        let missing = match self.open(path) {
            Err(Error::Io(error)) if is_missing(&error) => error,
            other => return other,
        };
        let above = path.ancestors().skip(1).find(|above| std::fs::metadata(above).is_ok());
        let Some(above) = above.filter(|above| above.is_file()) else {
            return Err(Error::Io(missing));
        };
        let rest = path.strip_prefix(above).unwrap_or(path);
        let Some(rest) = rest.to_str() else { return Err(Error::Io(missing)) };
        let item = self.open(above)?;
        self.inside(&item, rest)
    }

    /// Opens a file or folder of the host, as it is.
    ///
    /// # Errors
    /// What the host reports.
    pub fn open(&self, path: &Path) -> Result<Item> {
        let name = path.display().to_string();
        let meta = std::fs::metadata(path).map_err(|error| Error::Io(error).in_file(&name))?;
        let place = if meta.is_dir() {
            Place::Folder(path.to_owned())
        } else {
            Place::File { source: self.file(path)?, path: Some(path.to_owned()) }
        };
        Ok(Item { name, depth: 0, place })
    }

    /// What stands at a path inside an item; containers on the way are entered.
    ///
    /// # Errors
    /// `NotFound`; whatever entering a container reports.
    pub fn inside(&self, item: &Item, path: &str) -> Result<Item> {
        let invalid = |why: String| Error::Io(std::io::Error::other(why));
        crate::volume::VPath::parse(path).map_err(invalid)?;
        let parts: Vec<_> =
            path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        let ahead = |from: usize| Pattern::literal(&parts[from..]);
        parts.iter().enumerate().try_fold(item.clone(), |at, (number, part)| {
            if at.is_folder() {
                return self.enter(&at)?.child(self, part);
            }
            let pattern = ahead(number);
            let hint = Hint { pattern: &pattern, at: pattern.start(), met: !self.browses };
            self.enter_for(&at, Some(hint))?.child(self, part)
        })
    }

    /// The folder that an item is, or that the container in it holds.
    ///
    /// # Errors
    /// A refusal by name when it is a file, but none of our containers.
    pub fn enter(&self, item: &Item) -> Result<Item> {
        self.enter_for(item, None)
    }

    /// The same, when it is known what will be read of it.
    pub(super) fn enter_for(&self, item: &Item, hint: Option<Hint<'_>>) -> Result<Item> {
        if item.is_sparse_bundle() {
            return Err(udif::sparse_bundle().in_file(&item.name));
        }
        if item.is_folder() {
            return Ok(item.clone());
        }
        let kept = lock(&self.archives).iter().find(|kept| kept.0 == item.name).cloned();
        if let Some((name, archive, depth)) = kept {
            let root = archive.tree.root();
            return Ok(Item { name, depth, place: Place::Entry(archive, root) });
        }
        let source = item.contents()?;
        self.peel(item, source, hint).map_err(|error| error.in_file(&item.name))
    }

    /// The disk that a file is, or that the image in it holds.
    ///
    /// # Errors
    /// A refusal by name when it is none.
    pub fn disk(&self, item: &Item) -> Result<Source> {
        self.unwrap(item, item.contents()?).map_err(|error| error.in_file(&item.name))
    }

    /// The disk that an item holds; `None` when it is none that is known, nor
    /// anything else that is.
    ///
    /// # Errors
    /// As [`Self::disk`], for what is known to be something else.
    pub fn known_disk(&self, item: &Item) -> Result<Option<Source>> {
        let disk = self.unwrap_known(item, item.contents()?);
        disk.map_err(|error| error.in_file(&item.name))
    }

    fn unwrap(&self, item: &Item, source: Source) -> Result<Source> {
        let disk = self.unwrap_known(item, Arc::clone(&source))?;
        disk.ok_or_else(|| unknown(item, &source))
    }

    fn unwrap_known(&self, item: &Item, source: Source) -> Result<Option<Source>> {
        let found = detect::look(source.as_ref())?;
        match found.as_ref().map(|found| (found.format, found)) {
            Some((Format::Udif, _)) => self.image(item, source).map(Some),
            Some((_, found)) if found.is_volume() || found.is_disk() => Ok(Some(source)),
            Some((_, found)) => Err(refuse(found)),
            // A broken or an old image may have no magic at its very end.
            None => match udif::detect(source.as_ref())? {
                Some(udif::Format::Udif) => self.image(item, source).map(Some),
                Some(other) => Err(udif::refusal(other).unwrap_or_else(|| unknown(item, &source))),
                None => Ok(None),
            },
        }
    }

    fn peel(&self, item: &Item, source: Source, hint: Option<Hint<'_>>) -> Result<Item> {
        let depth = item.depth + 1;
        if depth > MAX_DEPTH {
            let what = "a container in too many others";
            return Err(Error::unsupported(
                what,
                "its depth",
                depth,
                "extract the inner one first",
            ));
        }
        let found = detect::look(source.as_ref())?;
        match archive::open(&source, found.as_ref(), &item.name, &self.setting, hint)? {
            Opened::Folder(archive) => return Ok(self.keep(item, archive, depth)),
            Opened::File(inner) if self.is_container(&inner)? => {
                let place = Place::File { source: Arc::clone(&inner), path: None };
                let item = Item { name: item.name.clone(), depth, place };
                return self.peel(&item, inner, hint);
            }
            Opened::File(inner) => {
                let archive = archive::folder_of(&inner, &item.name)?;
                return Ok(self.keep(item, archive, depth));
            }
            Opened::Nothing => {}
        }
        let disk = self.unwrap(item, source)?;
        let parts = partitions(&disk)?;
        let place = match &parts.iter().filter(|part| part.is_hfs_plus()).collect::<Vec<_>>()[..] {
            [only] => Place::Volume(Arc::new(OpenVolume::new(only.open(&disk)?, &item.name))),
            _ => match &parts[..] {
                [only] => return Err(refuse_part(only)),
                _ => Place::Disk(Arc::new(Disk { disk, parts })),
            },
        };
        Ok(Item { name: item.name.clone(), depth, place })
    }

    /// Whether what was in a compressed file can be entered in its turn.
    fn is_container(&self, source: &Source) -> Result<bool> {
        use Format::{
            Chunklist, DiskCopy42, Encrypted, PlistBinary, PlistXml, Rar, SevenZip, SparseBundle,
            SparseImage,
        };
        let closed = [
            Chunklist,
            DiskCopy42,
            Encrypted,
            PlistBinary,
            PlistXml,
            Rar,
            SevenZip,
            SparseBundle,
            SparseImage,
        ];
        let found = detect::look(source.as_ref())?;
        Ok(found.is_some_and(|found| !closed.contains(&found.format)))
    }

    /// Remembers an archive: a path into it may be followed by another.
    fn keep(&self, item: &Item, archive: Archive, depth: u32) -> Item {
        let (name, archive) = (item.name.clone(), Arc::new(archive));
        let mut kept = lock(&self.archives);
        if kept.len() >= MAX_KEPT {
            kept.remove(0);
        }
        kept.push((name.clone(), Arc::clone(&archive), depth));
        let root = archive.tree.root();
        Item { name, depth, place: Place::Entry(archive, root) }
    }

    /// Opens an image, with the other segments beside it.
    fn image(&self, item: &Item, source: Source) -> Result<Source> {
        let mut segments = vec![source];
        if let Place::File { path: Some(path), .. } = &item.place {
            for part in segments_beside(path)? {
                segments.push(self.file(&part)?);
            }
        }
        let image = udif::Image::open_segments(segments)?;
        let name = item.name.clone();
        lock(&self.images).push(OpenImage { name: name.clone(), image: image.clone() });
        Ok(Arc::new(Named { image, name }))
    }
}

/// An image whose errors say which one it is, however late it is read.
struct Named {
    image: udif::Image,
    name: String,
}

impl ReadAt for Named {
    fn len(&self) -> u64 {
        self.image.len()
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        let read = self.image.read_at(at, buf);
        read.map_err(|error| Error::from(error).in_file(&self.name).into_io())
    }
}

impl Content for Named {
    fn origin(&self, at: u64) -> Option<Origin> {
        self.image.origin(at)
    }

    fn data(&self, at: u64) -> Option<Range<u64>> {
        self.image.data(at)
    }
}

fn is_missing(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory)
}

/// `NAME.002.dmgpart` and so on beside `NAME.dmg`, as `hdiutil segment` names them.
fn segments_beside(path: &Path) -> Result<Vec<PathBuf>> {
    let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else {
        return Ok(Vec::new());
    };
    let stem = stem.strip_suffix(".001").unwrap_or(stem);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let first = folder.unwrap_or(Path::new(".")).join(format!("{stem}.002.dmgpart"));
    if !first.exists() {
        return Ok(Vec::new());
    }
    let is_part = |name: &str| {
        let number = name.strip_prefix(stem)?.strip_prefix('.')?.strip_suffix(".dmgpart")?;
        number.parse::<u32>().ok()
    };
    let mut parts: Vec<_> = host::entries(folder.unwrap_or(Path::new(".")))?
        .into_iter()
        .filter_map(|path| Some((is_part(path.file_name()?.to_str()?)?, path)))
        .filter(|(_, part)| part != path)
        .collect();
    parts.sort();
    Ok(parts.into_iter().map(|(_, path)| path).collect())
}

fn unknown(item: &Item, source: &Source) -> Error {
    let what = "neither a disk image nor a volume that is known";
    let hint = if item.name.to_lowercase().ends_with(".dmg") {
        "a dmg has a mark at its end, and this one has none: it may be cut off"
    } else {
        "give a dmg, an iso, a disk or a volume"
    };
    Error::unsupported(what, "its length", source.len(), hint)
}

/// The refusal of a file that is no disk of ours.
fn refuse(found: &Found) -> Error {
    found.refuse(match found.format {
        Format::SevenZip | Format::Rar => UNPACK,
        Format::Encrypted | Format::SparseImage | Format::SparseBundle | Format::DiskCopy42 => {
            CONVERT
        }
        _ => "give a dmg, an iso, a disk or a volume",
    })
}

/// The refusal of a partition, by what is in it.
pub(super) fn refuse_part(part: &Part) -> Error {
    let hint = "only HFS+ volumes are read here";
    match &part.found {
        Some(found) => found.refuse(hint),
        None => {
            let kind = Value::Text(part.kind.to_string());
            Error::unsupported("a partition of an unknown kind", "its type", kind, hint)
        }
    }
}

/// What an image's checksums prove.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// What has a right checksum.
    pub passed: Vec<String>,
    /// What has none, as a phrase.
    pub absent: Vec<String>,
}

impl OpenImage {
    /// Bytes that [`OpenImage::prove`] tells the progress of.
    #[must_use]
    pub fn verify_len(&self) -> u64 {
        self.image.verify_len()
    }

    /// Proves all checksums that the image has; what was read before is not
    /// decoded again.
    ///
    /// # Errors
    /// `Corrupt` for the first one that is wrong.
    pub fn prove(&self, threads: usize, progress: &(dyn Fn(u64) + Sync)) -> Result<Proof> {
        let checks = self.image.verify(threads, progress);
        let checks = checks.map_err(|error| error.in_file(&self.name))?;
        let mut proof = Proof::default();
        let mut tell = |what: String, check: udif::Check| match check {
            udif::Check::Passed => proof.passed.push(what),
            udif::Check::Absent => proof.absent.push(format!("there is no checksum of {what}")),
            udif::Check::NotChecked(kind) => {
                proof.absent.push(format!("the checksum of {what} is of an unknown kind ({kind})"));
            }
        };
        tell("the stored bytes".into(), checks.data_fork);
        let partitions = checks.partitions.iter();
        let right = partitions.clone().filter(|check| **check == udif::Check::Passed).count();
        match right {
            0 => {}
            n if n == checks.partitions.len() => tell("all partitions".into(), udif::Check::Passed),
            n => {
                tell(format!("{n} of {} partitions", checks.partitions.len()), udif::Check::Passed)
            }
        }
        for (check, part) in partitions.zip(self.image.partitions()) {
            if *check != udif::Check::Passed {
                tell(format!("the partition \"{}\"", part.name), *check);
            }
        }
        tell("the whole".into(), checks.master);
        Ok(proof)
    }
}
