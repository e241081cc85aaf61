//! Fixes as packages: what an installer runs, or what waits for the first start.
//!
//! One product archive a fix: it can be told by its name on the media, has a
//! receipt of its own in the installed system, and when its script fails the
//! installer says which it was. Owners are root:wheel throughout.
//!
//! ```text
//! install      Scripts/postinstall             the fix, on the volume in $3
//! first-boot   Library/Application Support/Lionize/ID/fix.sh, first-boot.sh
//!              Library/LaunchDaemons/lionize.ID.plist
//! ```

use crate::block::{Source, bytes};
use crate::engine::fixes::Wanted;
use crate::engine::problem::{Problem, Result};
use crate::engine::script;
use crate::format::xar::Style;
use crate::recipe::Delivery;
use crate::source::package::{self, Component, Making, Product};
use crate::volume::{Body, Meta, Tree, VPath};
use plist::{Dictionary, Value as Property};

/// Seconds between 1904, where HFS+ begins, and 1970.
pub(super) const EPOCH_1904: u32 = 2_082_844_800;
/// What identifiers begin with.
const PREFIX: &str = "lionize.";
/// Where first boot keeps what it runs.
const FOLDER: &str = "/Library/Application Support/Lionize";
/// Seconds between the times that a waiting fix looks again.
const INTERVAL: i64 = 3600;

/// A component package of ours, before it is packed.
pub(super) struct Part {
    /// Its identifier, and the name of its receipt.
    pub(super) identifier: String,
    /// Where the payload goes; `None` when there is none.
    pub(super) location: Option<&'static str>,
    /// The payload.
    pub(super) payload: Tree,
    /// What runs after it was installed.
    pub(super) postinstall: Option<String>,
    /// Whether a password's hash is in it, which is nobody's to read.
    pub(super) secret: bool,
}

/// The component of one fix by a name that no other has, for one of the ways
/// that need a package. `date` is in seconds since 1970.
pub(super) fn of_fix(
    wanted: &Wanted,
    name: &str,
    way: Delivery,
    force: bool,
    date: u32,
) -> Result<Part> {
    let identifier = format!("{PREFIX}{name}");
    let secret = wanted.0.params.iter().any(|param| param.secret);
    let mut payload = package::empty(date);
    if way != Delivery::FirstBoot {
        let script = script::postinstall(std::slice::from_ref(wanted), force)?;
        return Ok(Part { identifier, location: None, payload, postinstall: Some(script), secret });
    }
    let folder = format!("{FOLDER}/{name}");
    let fix = script::waiting(wanted, force)?;
    let job = job(&identifier, &format!("{folder}/first-boot.sh"))?;
    let daemon = format!("/Library/LaunchDaemons/{identifier}.plist");
    for (path, mode, data) in [
        (format!("{folder}/fix.sh"), if secret { 0o700 } else { 0o755 }, fix.into_bytes()),
        (format!("{folder}/first-boot.sh"), 0o755, script::FIRST_BOOT.into()),
        (daemon, 0o644, job),
    ] {
        put(&mut payload, &path, mode, data, date)?;
    }
    Ok(Part { identifier, location: Some("/"), payload, postinstall: None, secret })
}

/// The launchd job of a fix that waits.
fn job(label: &str, program: &str) -> Result<Vec<u8>> {
    let text = |text: &str| Property::String(text.to_owned());
    let pairs = [
        ("Label", text(label)),
        ("ProgramArguments", Property::Array(vec![text("/bin/sh"), text(program)])),
        ("RunAtLoad", Property::Boolean(true)),
        ("StartInterval", Property::Integer(INTERVAL.into())),
    ];
    let pairs = pairs.into_iter().map(|(key, value)| (key.to_owned(), value));
    let mut out = Vec::new();
    let written = Property::Dictionary(pairs.collect::<Dictionary>()).to_writer_xml(&mut out);
    written.map_err(|error| Problem::ours("cannot store a property list").because(error))?;
    out.push(b'\n');
    Ok(out)
}

fn put(tree: &mut Tree, path: &str, mode: u16, data: Vec<u8>, date: u32) -> Result<()> {
    let ours = |why: String| Problem::ours("cannot make a package").because(why);
    let path = VPath::parse(path).map_err(ours)?;
    let Some((dir, name)) = path.split_last() else { return Ok(()) };
    let date = date.saturating_add(EPOCH_1904);
    let dir = tree.ensure_dir(&dir, date).map_err(|error| ours(error.to_string()))?;
    let body = Body::File { data: bytes(data), rsrc: None };
    let added = tree.add(dir, name.clone(), Meta::new(Meta::FILE | mode, date), body);
    added.map(drop).map_err(|error| ours(error.to_string()))
}

/// A product archive of these parts: what installers of 10.10 and later take
/// as well. Checksums are SHA-1: those of 10.7 know no other.
pub(super) fn archive(title: &str, parts: &[Part], date: u32) -> Result<Source> {
    let scripts: Vec<Vec<(&str, &[u8])>> = parts.iter().map(scripts).collect();
    let parts: Vec<_> =
        parts.iter().zip(&scripts).map(|(part, scripts)| component(part, scripts)).collect();
    let making = Making { style: Style::Sha1, date };
    let made = package::product(&Product { title, components: &parts }, &making);
    made.map_err(failed)
}

/// A component package of one part.
pub(super) fn bare(part: &Part, date: u32) -> Result<Source> {
    let making = Making { style: Style::Sha1, date };
    package::component(&component(part, &scripts(part)), &making).map_err(failed)
}

fn scripts(part: &Part) -> Vec<(&str, &[u8])> {
    part.postinstall.iter().map(|script| ("postinstall", script.as_bytes())).collect()
}

fn component<'p>(part: &'p Part, scripts: &'p [(&'p str, &'p [u8])]) -> Component<'p> {
    Component {
        identifier: &part.identifier,
        version: "1.0",
        location: part.location,
        payload: &part.payload,
        scripts,
    }
}

fn failed(error: crate::block::Error) -> Problem {
    Problem::bad_input("this cannot go into a package").because(error)
}

/// Names for a fix's packages: its id, and others where a fix is applied more
/// than once, as with other params.
pub(super) fn names(id: &str) -> impl Iterator<Item = String> {
    let word = word(id);
    let numbered = move |number: u32| match number {
        1 => word.clone(),
        _ => format!("{word}-{number}"),
    };
    (1..).map(numbered)
}

/// The first of a fix's names that none of these components has.
pub(super) fn free_name(id: &str, parts: &[Part]) -> String {
    let taken =
        |name: &String| parts.iter().any(|part| part.identifier.strip_prefix(PREFIX) == Some(name));
    // There are fewer components than numbers.
    names(id).find(|name| !taken(name)).unwrap_or_default()
}

/// An id as a part of file names and identifiers.
pub(super) fn word(id: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '-' };
    id.chars().map(plain).collect()
}
