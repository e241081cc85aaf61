//! Flat packages, made: component packages, and product archives of these.
//!
//! The same input gives the same bytes: dates are the caller's, and one encoder
//! at one level compresses. What may be large is spooled, not held: the
//! payload's archive goes to a temporary file that has no name. Resource forks
//! and extended attributes go into AppleDouble files, as in Apple's payloads.
//!
//! Not supported: bundle elements (an installer that has none puts everything
//! where the payload says, whatever is there), splitting, patches, links to
//! folders. Facts: packages that `pkgbuild` and `productbuild` made; Apple's
//! "Distribution Definition XML Schema Reference".

mod payload;
#[cfg(test)]
mod tests;
mod text;

use crate::block::{Error, Result, Source, bytes};
use crate::format::xar::write::{Body, Builder, Meta};
use crate::format::xar::{Encoding, Style};
use crate::source::package::payload::{Payload, pack};
use crate::volume::tree::TreeError;
use crate::volume::{Body as Node, Case, Meta as Mode, Name, Tree};
use std::io;

/// The most bytes of one script.
const MOST_SCRIPT: usize = 16 << 20;
/// Seconds between 1904, where HFS+ begins, and 1970.
const EPOCH_1904: u32 = 2_082_844_800;

/// A component package to make.
#[derive(Clone)]
pub struct Component<'a> {
    /// Its identifier, such as `com.apple.pkg.ServerEssentials`: the receipt's name.
    pub identifier: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Where the payload's root is; `/` as a rule, and `None` without a payload.
    pub location: Option<&'a str>,
    /// What it installs; only the root's entry when there is nothing.
    pub payload: &'a Tree,
    /// Scripts by name, such as `postinstall`. An installer unpacks none that
    /// has another name than those it knows.
    pub scripts: &'a [(&'a str, &'a [u8])],
}

/// A product archive to make: what an installer shows, and takes in 10.10 to
/// 10.12.3 from its own media.
#[derive(Clone)]
pub struct Product<'a> {
    /// What the installer calls it.
    pub title: &'a str,
    /// What is in it, in the order of installation.
    pub components: &'a [Component<'a>],
}

/// How packages are made.
#[derive(Clone, Debug)]
pub struct Making {
    /// The kind of all checksums: SHA-1 for installers of those years.
    pub style: Style,
    /// The date of the archive and its entries, in seconds since 1970.
    pub date: u32,
}

/// The package's bytes.
///
/// # Errors
/// What reading the payload's files reports; what a payload cannot hold.
pub fn component(component: &Component<'_>, making: &Making) -> Result<Source> {
    unsigned(component, making)?.finish()
}

/// A component package, before it is signed or laid out.
pub(super) fn unsigned(component: &Component<'_>, making: &Making) -> Result<Builder> {
    let mut archive = Archive::new(making);
    archive.component(None, component)?;
    Ok(archive.builder)
}

/// The product archive's bytes.
///
/// # Errors
/// As [`component`]; two components with one identifier.
pub fn product(product: &Product<'_>, making: &Making) -> Result<Source> {
    let mut archive = Archive::new(making);
    let mut lines = Vec::new();
    for part in product.components {
        if product.components.iter().filter(|other| other.identifier == part.identifier).count() > 1
        {
            let rule = "the identifier of two components";
            return Err(Error::corrupt("product archive", "identifier", part.identifier, rule));
        }
        let file = format!("{}.pkg", part.identifier);
        let folder = archive.put(None, &file, Body::Directory);
        let kib = archive.component(Some(folder), part)?;
        lines.push(text::Line { part, file, kib });
    }
    let text = text::distribution(product.title, &lines);
    archive.file(None, "Distribution", text.into_bytes());
    archive.builder.finish()
}

/// An archive in the making, in which all is of root:wheel.
struct Archive {
    builder: Builder,
    date: i64,
}

impl Archive {
    fn new(making: &Making) -> Self {
        let date = making.date.into();
        Self { builder: Builder::new(making.style.clone(), date), date }
    }

    fn put(&mut self, folder: Option<usize>, name: &str, body: Body) -> usize {
        let mode = if matches!(body, Body::Directory) { 0o755 } else { 0o644 };
        let meta = Meta { mode, uid: 0, gid: 0, mtime: self.date };
        self.builder.add(folder, name, meta, body)
    }

    fn file(&mut self, folder: Option<usize>, name: &str, data: Vec<u8>) {
        self.put(folder, name, Body::File(bytes(data), Encoding::Zlib));
    }

    /// The four files of a component; answers the KiB that it installs.
    fn component(&mut self, folder: Option<usize>, part: &Component<'_>) -> Result<u64> {
        let payload = pack(part.payload)?;
        let info = text::package_info(part, payload.entries, payload.kib);
        let Payload { archive, bill, kib, .. } = payload;
        self.file(folder, "Bom", bill);
        self.put(folder, "Payload", Body::File(archive, Encoding::Raw));
        if !part.scripts.is_empty() {
            // Counted from 1904 here, and from 1970 in an archive.
            let date = u32::try_from(self.date).unwrap_or(0).saturating_add(EPOCH_1904);
            let scripts = pack(&scripts(part.scripts, date)?)?;
            self.put(folder, "Scripts", Body::File(scripts.archive, Encoding::Raw));
        }
        self.file(folder, "PackageInfo", info.into_bytes());
        Ok(kib)
    }
}

/// A tree that holds nothing, or what is added to it.
#[must_use]
pub fn empty(date: u32) -> Tree {
    Tree::new(Name::from_text("Payload"), Case::Sensitive, date.saturating_add(EPOCH_1904))
}

/// Scripts as files that anyone may run.
fn scripts(scripts: &[(&str, &[u8])], date: u32) -> Result<Tree> {
    let refused = |error: TreeError| Error::Io(io::Error::other(error));
    let mut tree = Tree::new(Name::from_text("Scripts"), Case::Sensitive, date);
    for (name, text) in scripts {
        if text.len() > MOST_SCRIPT {
            let rule = "over the limit of 16 MiB";
            return Err(Error::corrupt("package", "script length", text.len(), rule));
        }
        let meta = Mode::new(Mode::FILE | 0o755, date);
        let body = Node::File { data: bytes(*text), rsrc: None };
        tree.add(tree.root(), Name::from_text(name), meta, body).map_err(refused)?;
    }
    Ok(tree)
}
