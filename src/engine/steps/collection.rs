//! `collection = { add }`: packages that the installer installs as well, in
//! its list of what to install, `OSInstall.collection`.
//!
//! The list has `OSInstall.mpkg` twice: listed once, the installation fails.
//! Which packages an installer takes depends on its version, and is refused
//! here rather than on the Mac. Facts: createOSXinstallPkg (list and rules),
//! osx-vm-templates' `OSInstall.collection`.

use crate::engine::facts::Facts;
use crate::engine::job::{Job, own};
use crate::engine::problem::{Problem, Result};
use crate::engine::steps::{Effect, Step};
use crate::format::proplist;
use crate::format::xar;
use crate::recipe::{Delivery, Owning, Reach, reach};
use crate::source::{contents, system_version};
use crate::volume::{Name, NodeId, VPath};
use plist::Value as Property;

/// Where installers have their packages: those whose disk is `InstallESD.dmg`'s,
/// and those whose disk is the installer's own system.
const FOLDERS: [&str; 2] = ["/Packages", "/System/Installation/Packages"];
/// The same folder as the running installer knows it, by a link or by itself.
const RUNNING: &str = "/System/Installation/Packages";
/// The installer's own package.
const OWN: &str = "OSInstall.mpkg";
/// The list.
const LIST: &str = "OSInstall.collection";

#[derive(Debug)]
pub(super) struct Collection {
    pub(super) packages: Vec<VPath>,
}

impl Collection {
    pub(super) fn resolve(packages: &[String], facts: &Facts) -> Result<Self> {
        let packages = packages.iter().map(|path| facts.path(path)).collect::<Result<_>>()?;
        Ok(Self { packages })
    }
}

impl Step for Collection {
    fn title(&self) -> String {
        let names: Vec<_> = self.packages.iter().map(ToString::to_string).collect();
        format!("list {} in {LIST}", names.join(", "))
    }

    fn effect(&self, job: &mut Job<'_>) -> Result<Effect> {
        let installer = Installer::on(job)?;
        for package in &self.packages {
            let form = form(job, package)?;
            installer.takes(&format!("the package {package}"), form)?;
        }
        installer.list(job, &self.packages)
    }

    fn apply(&self, job: &mut Job<'_>) -> Result<()> {
        self.effect(job).map(drop)
    }
}

/// The forms of packages, as installers tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A folder.
    Bundle,
    /// Flat, without a `Distribution`.
    Component,
    /// Flat, with one.
    Product,
}

/// An installer's disk.
pub(super) struct Installer {
    /// The version that it installs.
    pub(super) version: String,
    /// Where its packages are.
    pub(super) folder: VPath,
}

impl Installer {
    /// The folder of an installer's packages, where the volume is one's.
    pub(super) fn folder(job: &Job<'_>) -> Result<Option<VPath>> {
        let tree = job.tree()?;
        let folders = FOLDERS.iter().filter_map(|folder| VPath::parse(folder).ok());
        let mut found =
            folders.filter(|folder| tree.lookup(&folder.join(&Name::from_text(OWN))).is_some());
        Ok(found.next())
    }

    /// The installer whose disk the volume is.
    pub(super) fn on(job: &Job<'_>) -> Result<Self> {
        let Some(folder) = Self::folder(job)? else {
            let problem = Problem::bad_input("the volume is no installer's of 10.7 to 10.12");
            return Err(problem
                .because(format!("there is no {OWN} in {} or {}", FOLDERS[0], FOLDERS[1]))
                .hint("begin with `restore` of an installer"));
        };
        let version = system_version(job.tree()?).map(|system| system.version);
        let version = version.ok_or_else(|| {
            Problem::bad_input("the volume does not say which system it installs")
                .because("which packages an installer takes depends on its version")
        })?;
        Ok(Self { version, folder })
    }

    /// Refuses what the installer would refuse, or fail on.
    pub(super) fn takes(&self, what: &str, form: Form) -> Result<()> {
        let version = &self.version;
        let refused = || Problem::bad_input(format!("{what} cannot be installed with {version}"));
        match reach(version, Delivery::Install) {
            Some(Reach::Yes) => Ok(()),
            Some(Reach::ProductArchive) if form == Form::Product => Ok(()),
            Some(Reach::ProductArchive) => Err(refused()
                .because("from 10.10 on, the installer takes product archives only: flat packages with a Distribution")
                .hint("`lionize package build` makes one, as `productbuild --package` does on a Mac")),
            Some(Reach::No(why)) => {
                let (why, instead) = why.split_once(": ").unwrap_or((why, ""));
                Err(refused().because(why).hint(instead))
            }
            None => Err(refused().because(format!("`{version}` is no version that is known"))),
        }
    }

    /// Puts packages into the list, behind what is there.
    pub(super) fn list(&self, job: &mut Job<'_>, packages: &[VPath]) -> Result<Effect> {
        let path = self.folder.join(&Name::from_text(LIST));
        let old = job.find(&path)?.map(|id| job.read(id)).transpose()?;
        let mut listed = match &old {
            Some(old) => read(&path, old)?,
            None => Vec::new(),
        };
        let own_entry = format!("{RUNNING}/{OWN}");
        while listed.iter().filter(|entry| **entry == own_entry).count() < 2 {
            listed.insert(0, own_entry.clone());
        }
        for package in packages {
            let entry = self.running(package)?;
            if !listed.contains(&entry) {
                listed.push(entry);
            }
        }
        let mut new = Vec::new();
        let list = Property::Array(listed.into_iter().map(Property::String).collect());
        list.to_writer_xml(&mut new)
            .map_err(|error| Problem::ours("cannot store a property list").because(error))?;
        new.push(b'\n');
        if old.as_deref() == Some(&new) {
            return Ok(Effect::Already);
        }
        job.store(&path, new)?;
        let id = job.need(&path)?;
        let owning = Owning { owner: Some(0), group: Some(0), mode: Some(0o644), flags: None };
        own(job.tree_mut()?, id, &owning);
        Ok(Effect::Changed)
    }

    /// A package's path as the running installer has it.
    fn running(&self, package: &VPath) -> Result<String> {
        match package.split_last() {
            Some((folder, name)) if folder == self.folder => Ok(format!("{RUNNING}/{name}")),
            _ => Err(Problem::bad_input(format!("{package} is not where the installer looks"))
                .because(format!("it takes packages from {}", self.folder))
                .hint(format!("put it into {} before it is listed", self.folder))),
        }
    }
}

/// What a list names.
fn read(path: &VPath, bytes: &[u8]) -> Result<Vec<String>> {
    let refused = || Problem::bad_input(format!("{path} is no list of packages"));
    let list = proplist::parse(bytes).map_err(|error| refused().because(error))?;
    let list = list.into_array().ok_or_else(|| refused().because("it is no array"))?;
    let texts = list.into_iter().map(Property::into_string).collect::<Option<Vec<_>>>();
    texts.ok_or_else(|| refused().because("it names something that is no path"))
}

/// What form a package of the volume has.
fn form(job: &Job<'_>, path: &VPath) -> Result<Form> {
    let id = job.need(path)?;
    let tree = job.tree()?;
    if tree.is_dir(id) {
        let inside = |name: &str| tree.lookup(&path.join(&Name::from_text(name))).is_some();
        return match inside("Contents") {
            true => Ok(Form::Bundle),
            false => Err(Problem::bad_input(format!("{path} is a folder, and no package"))),
        };
    }
    flat(path, job, id)
}

fn flat(path: &VPath, job: &Job<'_>, id: NodeId) -> Result<Form> {
    let source = contents(job.tree()?, id).map_err(|error| Problem::reading(path, error))?;
    let archive = xar::Archive::open(source)
        .map_err(|error| Problem::bad_input(format!("{path} is no package")).because(error))?;
    let mut top = archive.entries().iter().filter(|entry| entry.parent.is_none());
    Ok(match top.any(|entry| entry.name.as_ref() == "Distribution") {
        true => Form::Product,
        false => Form::Component,
    })
}
