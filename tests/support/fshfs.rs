//! Volumes as libfshfs lists them, many in one run of Python.

use crate::support::guest::cache;
use crate::support::image::temp;
use crate::support::judge::{Judge, absent, run};
use crate::support::random::Item;
use lionize::volume::Kind;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// A volume's entries: the path as hex of UTF-8, and the facts in the lister's words.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// The volume's name, in hex.
    pub(crate) name: String,
    /// Entries by path; the root's is empty.
    pub(crate) entries: BTreeMap<String, Entry>,
    /// What libfshfs complained of.
    pub(crate) error: Option<String>,
}

/// A file or folder.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry {
    /// The catalog node id; of hard links to a file, the file's.
    pub(crate) id: u32,
    /// Mode, owner, group, links, five dates, contents, as the lister prints them.
    pub(crate) facts: Vec<String>,
    /// Of a linked folder, the id of its first link.
    pub(crate) first_link: Option<u32>,
}

/// The Python that has the judges' packages, where it is.
pub(crate) fn python() -> Option<PathBuf> {
    Some(cache().join("venv/bin/python")).filter(|python| python.is_file())
}

/// Lists volumes that begin at offsets of files; `None` when libfshfs is absent.
#[track_caller]
pub(crate) fn list(volumes: &[(&Path, u64)]) -> Option<Vec<Listing>> {
    let Some(python) = python() else {
        absent("libfshfs", "there is no venv/bin/python in the judges' cache");
        return None;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/list_hfsplus.py");
    let dir = temp();
    let wanted = dir.path().join("wanted");
    let lines = volumes.iter().map(|(path, at)| format!("{}\t{at}\n", path.display()));
    std::fs::write(&wanted, lines.collect::<String>()).unwrap();
    let judge = Judge::at("libfshfs", &python);
    let mut command: Command = judge.command();
    command.arg(script).arg(&wanted).stdin(Stdio::null());
    let said = run(&mut command, Duration::from_secs(600)).ok();
    let text = String::from_utf8(said.out).unwrap();
    let all: Vec<_> = text.split_terminator("end\n").map(parse).collect();
    assert_eq!(all.len(), volumes.len());
    Some(all)
}

fn parse(text: &str) -> Listing {
    let mut listing = Listing::default();
    for line in text.lines() {
        let mut fields = line.split('\t').map(String::from);
        let first = fields.next().unwrap_or_default();
        match first.as_str() {
            "volume" => listing.name = fields.next().unwrap_or_default(),
            "error" => listing.error = fields.next(),
            _ => drop(listing.entries.insert(first, entry(fields))),
        }
    }
    listing
}

fn entry(mut fields: impl Iterator<Item = String>) -> Entry {
    let id = fields.next().unwrap_or_default().parse().unwrap();
    let mut first_link = None;
    let facts = fields.filter(|field| match field.strip_prefix("first=") {
        Some(link) => {
            first_link = Some(link.parse().unwrap());
            false
        }
        None => true,
    });
    let facts = facts.collect();
    Entry { id, facts, first_link }
}

impl Listing {
    /// For each link to a folder, by its id: the folder's path, and how many
    /// links its chain has.
    pub(crate) fn linked_folders(&self) -> BTreeMap<u32, (&str, usize)> {
        let by_id: BTreeMap<_, _> = self.entries.values().map(|e| (e.id, e)).collect();
        let mut all = BTreeMap::new();
        for (path, folder) in &self.entries {
            let next = |id: &u32| by_id[id].facts[2].parse().ok().filter(|id| *id != 0);
            let chain = std::iter::successors(folder.first_link, next).take(1000);
            let chain: Vec<_> = chain.collect();
            let to = (path.as_str(), chain.len());
            all.extend(chain.into_iter().map(|link| (link, to)));
        }
        all
    }
}

/// What the lister says of an item of the generator's.
pub(crate) fn facts(item: &Item) -> Vec<String> {
    let meta = &item.meta;
    let mut facts = vec![format!("{:o}", meta.mode), meta.owner.to_string()];
    facts.extend([meta.group.to_string(), item.links.to_string()]);
    let dates = [meta.created, meta.modified, meta.changed, meta.accessed, meta.backed_up];
    facts.extend(dates.iter().map(u32::to_string));
    match meta.kind() {
        Kind::Dir => {}
        Kind::CharDevice | Kind::BlockDevice => {
            facts.push(format!("device={},{}", meta.device >> 24, meta.device & 0xff_ffff));
        }
        Kind::Symlink => facts.push(format!("to={}", hex(&item.held.data))),
        _ => facts.push(format!("data={}", sum(&item.held.data))),
    }
    facts.extend(item.held.rsrc.iter().map(|rsrc| format!("rsrc={}", sum(rsrc))));
    let xattr = |(name, value): (&Vec<u16>, &Vec<u8>)| {
        let name = String::from_utf16(name).unwrap();
        format!("x:{}={}", hex(name.as_bytes()), sum(value))
    };
    facts.extend(item.held.xattrs.iter().map(xattr));
    facts
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A length and a digest of contents.
fn sum(data: &[u8]) -> String {
    format!("{},{}", data.len(), hex(&Sha256::digest(data)[..8]))
}
