//! The guest's kernel and the modules that it needs, out of a Debian package.
//!
//! A package is unpacked once, below a folder that is given, under its name;
//! later runs find it there. This computer's own kernel is not used: its file
//! may mostly be read by its administrator only.

use crate::block::{Error, FileBytes, Source};
use crate::format::stream::{Codec, decode};
use crate::format::{archive::Member, deb};
use crate::vm::failure::{Failure, Result};
use crate::vm::guest::entries;
use std::fs;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The HFS+ driver and what it needs, in the order in which they need each other.
pub const MODULES: [&str; 9] = [
    "virtio_ring",
    "virtio",
    "virtio_pci_legacy_dev",
    "virtio_pci_modern_dev",
    "virtio_pci",
    "virtio_blk",
    "nls_utf8",
    "cdrom",
    "hfsplus",
];
const IMAGE: &str = "vmlinuz";
/// A kernel has some ten MiB, a module less.
const MOST: u64 = 128 << 20;
const HINT: &str = "fetch one and name it once, on Debian and Ubuntu: `apt-get download \
    linux-image-6.1.0-XX-amd64` (`apt-cache depends linux-image-amd64` says which), then \
    `--kernel FILE.deb`; elsewhere take it from Debian's package pool";

/// A kernel that was unpacked.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// Its package's name and version.
    pub name: String,
    /// Its image.
    pub image: PathBuf,
    /// Where its modules are; those that it has built in are not.
    folder: PathBuf,
}

impl Kernel {
    fn at(folder: &Path, more: &[&str]) -> Option<Self> {
        let image = folder.join(IMAGE);
        let name = folder.file_name()?.to_str()?.to_owned();
        let has = |module: &&str| folder.join(format!("{module}.ko")).is_file();
        let whole = image.is_file() && has(&"hfsplus") && more.iter().all(has);
        whole.then(|| Self { name, image, folder: folder.to_owned() })
    }

    /// A module, unless the kernel has it built in.
    #[must_use]
    pub fn module(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.folder.join(format!("{name}.ko"))).ok()
    }
}

/// The kernel of a package, or the one that was unpacked last by name; with more
/// modules than [`MODULES`], none of which it may have built in.
///
/// # Errors
/// [`Failure`], with how a kernel gets there.
pub fn find(package: Option<&Path>, cache: &Path, more: &[&str]) -> Result<Kernel> {
    let Some(package) = package else {
        let kept = entries(cache).into_iter().rev().find_map(|folder| Kernel::at(&folder, more));
        return kept
            .ok_or_else(|| Failure::missing("there is no Linux kernel for the guest yet", HINT));
    };
    let name = package.file_stem().unwrap_or_default();
    let folder = cache.join(name);
    if let Some(kernel) = Kernel::at(&folder, more) {
        return Ok(kernel);
    }
    let fail = |error: std::io::Error| Failure::host("the kernel cannot be kept", &error);
    fs::create_dir_all(cache).map_err(fail)?;
    let half = tempfile::Builder::new().prefix(".half-").tempdir_in(cache).map_err(fail)?;
    let unpacked = FileBytes::open(package).map_err(Error::from);
    let unpacked = unpacked.and_then(|file| unpack(&(Arc::new(file) as Source), half.path(), more));
    let wrong = |why: String| {
        let sentence = format!("{} gives no kernel for the guest", package.display());
        Failure::missing(sentence, HINT).because(why)
    };
    unpacked.map_err(|error| wrong(error.to_string()))?;
    if Kernel::at(half.path(), more).is_none() {
        return Err(wrong("it has no vmlinuz, or not all modules".to_owned()));
    }
    let _ = fs::remove_dir_all(&folder);
    fs::rename(half.keep(), &folder).map_err(fail)?;
    Kernel::at(&folder, more).ok_or_else(|| wrong("it did not stay".to_owned()))
}

/// Takes out the kernel and the modules, which may be in xz.
fn unpack(package: &Source, to: &Path, more: &[&str]) -> crate::block::Result<()> {
    deb::scan(package, &mut |member: Member, data: &mut dyn Read| {
        let path = String::from_utf8_lossy(&member.path).into_owned();
        let name = path.rsplit('/').next().unwrap_or_default();
        let mut bytes = Vec::new();
        if name.starts_with("vmlinuz-") {
            data.take(MOST).read_to_end(&mut bytes)?;
            fs::write(to.join(IMAGE), bytes)?;
            return Ok(true);
        }
        let module = MODULES.iter().chain(more).find(|module| {
            let rest = name.strip_prefix(**module);
            rest.is_some_and(|rest| rest == ".ko" || rest == ".ko.xz")
        });
        let Some(module) = module else { return Ok(true) };
        let data = BufReader::new(data);
        if name.ends_with(".xz") {
            let mut packed = Vec::new();
            data.take(MOST).read_to_end(&mut packed)?;
            decode(Codec::Xz, &packed[..], MOST)?.read_to_end(&mut bytes)?;
        } else {
            data.take(MOST).read_to_end(&mut bytes)?;
        }
        fs::write(to.join(format!("{module}.ko")), bytes)?;
        Ok(true)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_package_is_refused_and_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let cache = dir.path().join("cache");
        let Err(failure) = find(None, &cache, &[]) else { panic!("a kernel from nowhere") };
        assert_eq!(failure.sentence, "there is no Linux kernel for the guest yet");
        let hint = "fetch one and name it once, on Debian and Ubuntu: `apt-get download \
                    linux-image-6.1.0-XX-amd64` (`apt-cache depends linux-image-amd64` says \
                    which), then `--kernel FILE.deb`; elsewhere take it from Debian's package pool";
        assert_eq!(failure.hint.unwrap(), hint);
        let package = dir.path().join("x.deb");
        fs::write(&package, "no package at all").unwrap();
        let Err(failure) = find(Some(&package), &cache, &[]) else { panic!("a kernel of text") };
        assert_eq!(
            failure.sentence,
            format!("{} gives no kernel for the guest", package.display())
        );
        assert_eq!(
            failure.causes,
            ["Debian package: magic is \"no packa\": this is no Debian package"]
        );
        assert_eq!(failure.hint.unwrap(), hint);
        assert!(entries(&cache).is_empty());
    }
}
