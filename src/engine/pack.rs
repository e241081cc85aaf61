//! `package build`: fixes, or what a recipe's steps make, as a package.

use crate::block::Source;
use crate::engine::events::{Sink, Stop};
use crate::engine::fixes::{self, Wanted};
use crate::engine::identity::{FALLBACK, hfs_date};
use crate::engine::packages::{self, EPOCH_1904, Part, archive, bare};
use crate::engine::prepare::{Done, Packed, pack};
use crate::engine::problem::{Problem, Result};
use crate::engine::request::Request;
use crate::recipe::Delivery;

/// How a package is made.
#[derive(Clone, Copy, Debug)]
pub struct Packing {
    /// How fixes work: when they are installed, or at the first start.
    pub way: Delivery,
    /// Whether they also work on systems that they are not made for.
    pub force: bool,
    /// A component package instead of a product archive.
    pub component: bool,
    /// `SOURCE_DATE_EPOCH`.
    pub date: Option<u64>,
}

/// A package that was made, and what is in it.
pub struct MadePackage {
    /// Its bytes.
    pub source: Source,
    /// The identifiers of its components.
    pub components: Vec<String>,
    /// What the steps did, a line each.
    pub did: Vec<String>,
    /// Whether a password's hash is in it: then its file is for its owner alone.
    pub secret: bool,
}

/// The package of some fixes with values for their params: a component each.
///
/// # Errors
/// A [`Problem`]: a fix cannot be delivered so, or excludes another.
pub fn fix_package(wanted: &[Wanted], packing: &Packing) -> Result<MadePackage> {
    let date = hfs_date(packing.date.unwrap_or(FALLBACK)) - EPOCH_1904;
    let mut applied = Vec::new();
    let mut parts = Vec::new();
    for one in wanted {
        let fix = &one.0;
        fixes::conflict(&applied, fix)?;
        if !fix.deliveries.contains(&packing.way) {
            let ways: Vec<_> = fix.deliveries.iter().map(|way| way.word()).collect();
            let sentence =
                format!("the fix `{}` cannot be delivered by `{}`", fix.id, packing.way.word());
            return Err(Problem::bad_input(sentence)
                .because(format!("it reaches a system by: {}", ways.join(", "))));
        }
        applied.push((fix.id.clone(), fix.conflicts.clone()));
        let name = packages::free_name(&fix.id, &parts);
        parts.push(packages::of_fix(one, &name, packing.way, packing.force, date)?);
    }
    let title = match wanted {
        [(fix, _)] => fix.title.clone(),
        all => all.iter().map(|(fix, _)| fix.id.as_str()).collect::<Vec<_>>().join(", "),
    };
    made(&title, parts, Vec::new(), packing, date)
}

/// The package of what a recipe's steps make, and of its fixes.
///
/// # Errors
/// A [`Problem`], as when planning; a recipe that restores a volume.
pub fn recipe_package(
    request: &Request,
    component: bool,
    sink: &mut dyn Sink,
    stop: &Stop,
) -> Result<MadePackage> {
    let Packed { name, title, payload, parts: fixes, steps, date } = pack(request, sink, stop)?;
    let date = date.saturating_sub(EPOCH_1904);
    let mut parts = Vec::new();
    if !payload.children(payload.root()).is_empty() {
        let identifier = format!("lionize.{}", packages::word(&name));
        let (location, postinstall) = (Some("/"), None);
        parts.push(Part { identifier, location, payload, postinstall, secret: false });
    }
    parts.extend(fixes);
    if parts.is_empty() {
        let sentence = format!("the recipe `{name}` makes nothing that a package could hold");
        return Err(Problem::usage(sentence));
    }
    let did = steps.into_iter().map(words).collect();
    let packing = Packing { way: Delivery::Install, force: false, component, date: None };
    made(&title, parts, did, &packing, date)
}

fn words(step: Done) -> String {
    match step.skipped {
        Some(why) => format!("left out, as {why}: {}", step.title),
        None => step.title,
    }
}

fn made(
    title: &str,
    parts: Vec<Part>,
    did: Vec<String>,
    packing: &Packing,
    date: u32,
) -> Result<MadePackage> {
    let source = match (packing.component, parts.as_slice()) {
        (false, parts) => archive(title, parts, date)?,
        (true, [part]) => bare(part, date)?,
        (true, parts) => {
            let sentence = format!("a component package holds one component, not {}", parts.len());
            return Err(Problem::usage(sentence).hint("leave out --component"));
        }
    };
    let secret = parts.iter().any(|part| part.secret);
    let components = parts.into_iter().map(|part| part.identifier).collect();
    Ok(MadePackage { source, components, did, secret })
}
