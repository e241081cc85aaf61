//! A fix as a package on an installer's disk, which the installer installs
//! with the system.

use crate::block::read_vec;
use crate::engine::facts::Facts;
use crate::engine::fixes::{self, Wanted};
use crate::engine::job::{Job, own};
use crate::engine::packages::{self, EPOCH_1904};
use crate::engine::problem::{Problem, Result};
use crate::engine::steps::collection::{Form, Installer};
use crate::engine::steps::{Effect, resolve};
use crate::recipe::{Delivery, Fix, Owning, guards};
use crate::source::{SystemVersion, system_version};
use crate::volume::{Name, VPath};

/// Learns what system the volume holds or, of an installer's, installs.
pub(super) fn learn(job: &Job<'_>, facts: &mut Facts) -> Result<Option<SystemVersion>> {
    let system = system_version(job.tree()?);
    if let Some(system) = &system {
        facts.set("system", "product", &system.product);
        facts.set("system", "version", &system.version);
        facts.set("system", "build", &system.build);
    }
    Ok(system)
}

/// Makes the package, puts it where the installer looks, and lists it.
pub(super) fn by_package(
    job: &mut Job<'_>,
    wanted: &Wanted,
    facts: &Facts,
    way: Delivery,
    force: bool,
) -> Result<Effect> {
    let fix = &wanted.0;
    fixes::conflict(&job.fixes, fix)?;
    let installer = Installer::on(job)?;
    installer.takes(&format!("the fix `{}`", fix.id), Form::Product)?;
    if !force {
        // OS X Server comes later than the system: its script looks for it.
        fixes::gate_system(fix, Some(&installer.version))?;
    }
    let mut facts = facts.clone();
    learn(job, &mut facts)?;
    if way == Delivery::Install && !fix.applies.server.is_empty() && !force {
        return Err(in_vain(fix, way)
            .because("it changes OS X Server, which comes after the system")
            .hint("deliver it by `first-boot`: then it waits for Server"));
    }
    could_work(fix, &facts, (way == Delivery::FirstBoot && !force).then_some(&*installer.version))?;
    job.fixes.push((fix.id.clone(), fix.conflicts.clone()));
    let date = job.date.saturating_sub(EPOCH_1904);
    let make = |name: &str| {
        let part = packages::of_fix(wanted, name, way, force, date)?;
        let made = packages::archive(&fix.title, &[part], date)?;
        // A script or two.
        let len = usize::try_from(made.len()).unwrap_or(0);
        read_vec(made.as_ref(), 0, len)
            .map_err(|error| Problem::ours("cannot read a package of ours").because(error))
    };
    // The installer runs as root, and all that its system runs: it can read this.
    let secret = fix.params.iter().any(|param| param.secret);
    let (path, put) = put(job, &installer, &fix.id, secret, &make)?;
    let listed = installer.list(job, std::slice::from_ref(&path))?;
    let when =
        if way == Delivery::FirstBoot { ", which leaves a job for the first start" } else { "" };
    job.told.push(format!("{}: by {path}{when}", fix.id));
    Ok(if put == Effect::Changed { put } else { listed })
}

/// Finds here what the system would not take, not on the Mac; with the version of
/// a system that runs then, also what that guards.
fn could_work(fix: &Fix, facts: &Facts, running: Option<&str>) -> Result<()> {
    for step in fix.steps.iter().filter(|step| facts.hold(step.when.as_ref())) {
        for facts in fixes::each(step, facts) {
            resolve(&step.action, &facts)?;
            let Some(version) = running else { continue };
            for path in step.action.changed() {
                let path = facts.fill(path)?;
                if guards(version, &path) {
                    let why = "System Integrity Protection keeps a system of 10.11 or later \
                               that runs from changing";
                    return Err(in_vain(fix, Delivery::FirstBoot)
                        .because(format!("{why} {path}"))
                        .hint("deliver it by `install`, or in a `volume`"));
                }
            }
        }
    }
    Ok(())
}

/// The problem of a package that could not do its work on the Mac.
fn in_vain(fix: &Fix, way: Delivery) -> Problem {
    Problem::bad_input(format!("the fix `{}` would never be made by `{}`", fix.id, way.word()))
}

/// Puts a package beside the installer's own, by a name that is free; another
/// package of the same fix has other params, and stays.
fn put(
    job: &mut Job<'_>,
    installer: &Installer,
    id: &str,
    secret: bool,
    make: &dyn Fn(&str) -> Result<Vec<u8>>,
) -> Result<(VPath, Effect)> {
    for name in packages::names(id) {
        let path = installer.folder.join(&Name::from_text(&format!("lionize-{name}.pkg")));
        let made = make(&name)?;
        match job.find(&path)? {
            Some(id) if job.read(id)? == made => return Ok((path, Effect::Already)),
            Some(_) => {}
            None => {
                job.store(&path, made)?;
                let id = job.need(&path)?;
                let mode = Some(if secret { 0o600 } else { 0o644 });
                let owning = Owning { owner: Some(0), group: Some(0), mode, flags: None };
                own(job.tree_mut()?, id, &owning);
                return Ok((path, Effect::Changed));
            }
        }
    }
    Err(Problem::ours("there is no name left for a package"))
}
