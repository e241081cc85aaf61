//! Installers, peeled until the volume that starts a Mac is found.
//!
//! ```text
//! Install Mac OS X Lion.app / Contents / SharedSupport / InstallESD.dmg
//! InstallMacOSX.dmg / Install *.app / Contents / ...
//! InstallESD.dmg -> the volume "Mac OS X Install ESD"
//! ```
//! From 10.9 on that volume starts no Mac: its `BaseSystem.dmg` does, and says
//! which system it is.
//!
//! Not supported yet: installers of 10.13 to 10.15, whose `BaseSystem.dmg` is
//! beside the image, and those from 11 on, whose contents are a
//! `SharedSupport.dmg`.

use crate::block::{Error, Result};
use crate::format::proplist;
use crate::source::item::{Item, Place, small};
use crate::source::{Opener, contents, known};
use crate::volume::{Tree, VPath};

/// What `SystemVersion.plist` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SystemVersion {
    /// `ProductName`, such as `Mac OS X`.
    pub product: String,
    /// `ProductVersion`, such as `10.7.5`.
    pub version: String,
    /// `ProductBuildVersion`, such as `11G63`.
    pub build: String,
}

/// The most peels; a chain of Apple's has four.
const MOST: usize = 8;

impl Opener {
    /// Peels an installer until its volume is found. Every item on the way is
    /// given, from the outermost to the volume.
    ///
    /// # Errors
    /// A refusal by name when the chain ends in something else.
    pub fn installer(&self, item: &Item) -> Result<Vec<Item>> {
        let mut chain = vec![item.clone()];
        for _ in 0..MOST {
            let Some(last) = chain.last() else { break };
            let folder = self.enter(last)?;
            if !last.is_folder() {
                chain.push(folder.clone());
            }
            if is_installer(&folder)? {
                folder.volume()?;
                return Ok(chain);
            }
            match self.next(&folder)? {
                Some(next) => chain.push(next),
                None => {
                    let hint = "give the installer's app, its InstallESD.dmg, or InstallMacOSX.dmg";
                    let name = folder.name.as_str();
                    return Err(Error::unsupported("no installer", "its path", name, hint));
                }
            }
        }
        Err(Error::unsupported("no installer", "its depth", MOST, "give InstallESD.dmg"))
    }

    /// What to look into next, in a folder that is not the installer's volume.
    fn next(&self, folder: &Item) -> Result<Option<Item>> {
        if let Place::Disk(_) = folder.place {
            folder.volume()?;
        }
        if found(self.inside(folder, "Contents/SharedSupport/SharedSupport.dmg"))?.is_some() {
            let hint = "recipes are built in for 10.7 to 10.12";
            let what = "an installer of macOS 11 or later";
            return Err(Error::unsupported(what, "its image", "SharedSupport.dmg", hint));
        }
        // From 10.13 on the base system is beside the image with the packages.
        if found(self.inside(folder, "Contents/SharedSupport/BaseSystem.dmg"))?.is_some() {
            let hint = "recipes are built in for 10.7 to 10.12";
            let what = "an installer of macOS 10.13 to 10.15";
            return Err(Error::unsupported(what, "its image", "BaseSystem.dmg", hint));
        }
        for path in ["Contents/SharedSupport/InstallESD.dmg", "InstallESD.dmg"] {
            if let Some(esd) = found(self.inside(folder, path))? {
                return Ok(Some(esd));
            }
        }
        let children = folder.children(self)?;
        let ends = |item: &&Item, end: &str| item.name.to_lowercase().ends_with(end);
        let is_app = |item: &&Item| {
            let name = item.name.rsplit('/').next().unwrap_or_default();
            item.is_folder() && name.starts_with("Install") && ends(item, ".app")
        };
        let mut apps = children.iter().filter(is_app);
        if let (Some(app), None) = (apps.next(), apps.next()) {
            return Ok(Some(app.clone()));
        }
        if let Some(package) = children.iter().find(|item| ends(item, ".pkg")) {
            return self.in_package(package).map(Some);
        }
        Ok(None)
    }

    /// The image in a package, as `InstallMacOSX.pkg` has it.
    fn in_package(&self, package: &Item) -> Result<Item> {
        for pattern in ["InstallESD.dmg", "*/InstallESD.dmg"] {
            let images = found(self.find_inside(package, pattern))?;
            if let Some(image) = images.and_then(|images| images.into_iter().next()) {
                return Ok(image);
            }
        }
        let hint = "give the installer's app, its InstallESD.dmg, or InstallMacOSX.dmg";
        let name = package.name.as_str();
        Err(Error::unsupported("a package without an InstallESD.dmg", "its path", name, hint))
    }
}

/// Nothing for what does not exist.
pub(super) fn found<T>(item: Result<T>) -> Result<Option<T>> {
    match item {
        Ok(item) => Ok(Some(item)),
        Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a volume is an installer's: it has packages, and a system or the
/// image of one.
fn is_installer(folder: &Item) -> Result<bool> {
    let Place::Volume(volume) = &folder.place else { return Ok(false) };
    let tree = volume.tree()?;
    let has = |path: &str| VPath::parse(path).is_ok_and(|path| tree.lookup(&path).is_some());
    Ok(has("/Packages") && (has(SYSTEM_VERSION) || has("/BaseSystem.dmg")))
}

const SYSTEM_VERSION: &str = "/System/Library/CoreServices/SystemVersion.plist";

/// What a volume's `SystemVersion.plist` says, if it has a readable one.
#[must_use]
pub fn system_version(tree: &Tree) -> Option<SystemVersion> {
    let id = tree.lookup(&VPath::parse(SYSTEM_VERSION).ok()?)?;
    let bytes = small(&contents(tree, id).ok()?).ok()?;
    let plist = proplist::parse(&bytes).ok()?;
    let plist = plist.as_dictionary()?;
    let text = |key: &str| plist.get(key)?.as_string().map(str::to_owned);
    Some(SystemVersion {
        product: text("ProductName").unwrap_or_else(|| "Mac OS X".into()),
        version: text("ProductVersion")?,
        build: text("ProductBuildVersion").unwrap_or_default(),
    })
}

/// Where OS X Server's version is: its app's since 10.7, the system's before.
const SERVER_VERSION: [(&str, &str); 2] = [
    ("/Applications/Server.app/Contents/Info.plist", "CFBundleShortVersionString"),
    ("/System/Library/CoreServices/ServerVersion.plist", "ProductVersion"),
];

/// The version of OS X Server on a volume, if it is there.
#[must_use]
pub fn server_version(tree: &Tree) -> Option<String> {
    let version = |path: &str, key: &str| {
        let id = tree.lookup(&VPath::parse(path).ok()?)?;
        let plist = proplist::parse(&small(&contents(tree, id).ok()?).ok()?).ok()?;
        Some(plist.as_dictionary()?.get(key)?.as_string()?.to_owned())
    };
    SERVER_VERSION.iter().find_map(|(path, key)| version(path, key))
}

impl Opener {
    /// The system version of a volume, or of the `BaseSystem.dmg` in it.
    ///
    /// # Errors
    /// Whatever is wrong with the volume.
    pub fn system_version(&self, volume: &Item) -> Result<Option<SystemVersion>> {
        let Some((tree, _)) = volume.node()? else { return Ok(None) };
        if let Some(version) = system_version(&tree) {
            return Ok(Some(version));
        }
        let Some(base) = found(self.inside(volume, "BaseSystem.dmg"))? else { return Ok(None) };
        let Ok(base) = self.enter(&base) else { return Ok(None) };
        Ok(base.node().ok().flatten().and_then(|(tree, _)| system_version(&tree)))
    }
}

impl SystemVersion {
    /// What is known of images of this version.
    #[must_use]
    pub fn known(&self) -> known::Known {
        known::of(&self.version, &self.build)
    }
}
