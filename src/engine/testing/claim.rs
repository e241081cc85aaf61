//! A claim with its placeholders filled, judged by our own reader.

use crate::block::Error;
use crate::engine::events::Stop;
use crate::engine::hash::each_piece;
use crate::engine::problem::{Problem, Result};
use crate::engine::steps::plist::property;
use crate::engine::steps::shape::{self, shown};
use crate::engine::testing::Known;
use crate::engine::testing::media::{Found, Media, text};
use crate::engine::testing::probe::{Answer, Probe};
use crate::format::proplist;
use crate::recipe::{self, KeyPath, Like, Owning};
use crate::source::Item;
use crate::volume::{Body, Kind, Meta};
use plist::Value as Property;

/// The most bytes of a property list.
const MAX_LIST: u64 = 16 << 20;
/// The longest text of a claim that is told whole.
const TOLD: usize = 72;

/// A claim, ready to be judged.
#[derive(Debug)]
pub(super) enum Claim {
    Exists(String),
    Absent(String),
    Sha256 { path: String, digest: String },
    Plist { path: String, has: Vec<KeyPath>, lacks: Vec<KeyPath>, is: Vec<(KeyPath, Property)> },
    Contains { path: String, text: String },
    Mode { path: String, owning: Owning },
    Link { path: String, to: String },
    Blessed { file: String, folder: Option<String> },
    Boots,
    Fits(u64),
}

/// What is there instead of what was wanted.
#[derive(Debug)]
pub(super) struct Unlike {
    pub(super) wanted: String,
    pub(super) found: String,
}

impl Unlike {
    pub(super) fn new(wanted: impl Into<String>, found: impl Into<String>) -> Self {
        Self { wanted: wanted.into(), found: found.into() }
    }
}

/// None when a claim holds.
type Judged = Result<Option<Unlike>, Error>;

impl Claim {
    /// The claim of a recipe, with what is known.
    pub(super) fn resolve(claim: &recipe::Claim, known: &Known<'_>, stop: &Stop) -> Result<Self> {
        use recipe::Claim as Said;
        let facts = known.facts;
        let path = |text: &String| facts.path(text).map(|path| path.to_string());
        let fill = |text: &String| facts.fill(text);
        Ok(match claim {
            Said::Exists(at) => Self::Exists(path(at)?),
            Said::Absent(at) => Self::Absent(path(at)?),
            Said::Sha256 { path: at, like: Like::Is(digest) } => {
                Self::Sha256 { path: path(at)?, digest: digest.clone() }
            }
            Said::Sha256 { path: at, like: Like::Input(name) } => {
                Self::Sha256 { path: path(at)?, digest: digest_of(name, known, stop)? }
            }
            Said::Plist(shape) => {
                let is = shape.is.iter();
                let is = is.map(|(key, value)| Ok((key.clone(), property(value, facts)?)));
                let (has, lacks) = (shape.has.clone(), shape.lacks.clone());
                Self::Plist { path: path(&shape.path)?, has, lacks, is: is.collect::<Result<_>>()? }
            }
            Said::Contains { path: at, text } => {
                Self::Contains { path: path(at)?, text: fill(text)? }
            }
            Said::Mode { path: at, owning } => {
                Self::Mode { path: path(at)?, owning: owning.clone() }
            }
            Said::Link { path: at, to } => Self::Link { path: path(at)?, to: fill(to)? },
            Said::Blessed { file, folder } => {
                Self::Blessed { file: path(file)?, folder: folder.as_ref().map(path).transpose()? }
            }
            Said::Boots(_) => Self::Boots,
            Said::Fits(bytes) => Self::Fits(*bytes),
        })
    }

    /// Judges it by our own reader.
    pub(super) fn judge(&self, media: &Media, stop: &Stop) -> Judged {
        match self {
            Self::Exists(path) => Ok(match media.find(path)? {
                Found::Item(_) => None,
                Found::Nothing(why) => Some(Unlike::new("something there", why)),
            }),
            Self::Absent(path) => Ok(match media.find(path)? {
                Found::Item(item) => Some(Unlike::new("nothing there", is(&item)?)),
                Found::Nothing(_) => None,
            }),
            Self::Sha256 { path, digest } => with(media, path, digest, |item| {
                let found = probe(item, Probe::digest(), stop)?;
                Ok(unlike_probe(&found, self))
            }),
            Self::Contains { path, text } => with(media, path, &quoted(text), |item| {
                let found = probe(item, Probe::search(text), stop)?;
                Ok(unlike_probe(&found, self))
            }),
            Self::Plist { path, .. } => {
                with(media, path, "a property list", |item| self.judge_list(item))
            }
            Self::Mode { path, owning } => {
                let wanted = owning_text(&as_wanted(owning));
                with(media, path, &wanted, |item| judge_mode(item, owning))
            }
            Self::Link { path, to } => {
                let wanted = format!("a symbolic link to {to}");
                with(media, path, &wanted, |item| {
                    let found = is(item)?;
                    Ok((found != wanted).then(|| Unlike::new(&wanted, found)))
                })
            }
            Self::Blessed { file, folder } => Ok(judge_blessed(media, file, folder.as_deref())),
            Self::Fits(bytes) => Ok((media.disk.len() > *bytes).then(|| {
                let found = format!("{} bytes", media.disk.len());
                Unlike::new(format!("{bytes} bytes at most"), found)
            })),
            Self::Boots => Ok(None),
        }
    }

    fn judge_list(&self, item: &Item) -> Judged {
        let Self::Plist { has, lacks, is: values, .. } = self else { return Ok(None) };
        let source = item.contents()?;
        if source.len() > MAX_LIST {
            let found = format!("a file of {} bytes", source.len());
            return Ok(Some(Unlike::new("a property list", found)));
        }
        let len = usize::try_from(source.len()).unwrap_or(0);
        let bytes = crate::block::read_vec(source.as_ref(), 0, len)?;
        let root = match proplist::parse(&bytes) {
            Ok(root) => root,
            Err(error) => return Ok(Some(Unlike::new("a property list", error.to_string()))),
        };
        let told = |key: &KeyPath, value: Option<&Property>| match value {
            Some(value) => format!("{key} = {}", shown(value)),
            None => format!("no {key}"),
        };
        Ok(shape::unlike(&root, has, lacks, values).map(|unlike| match unlike {
            shape::Unlike::Lacks(key) => Unlike::new(format!("a value at {key}"), told(key, None)),
            shape::Unlike::Has(key, found) => Unlike::new(told(key, None), told(key, Some(found))),
            shape::Unlike::Differs(key, wanted, found) => {
                Unlike::new(told(key, Some(wanted)), told(key, found))
            }
        }))
    }
}

/// What an answer says against a claim about contents, if anything.
pub(super) fn unlike_probe(answer: &Answer, claim: &Claim) -> Option<Unlike> {
    match (answer, claim) {
        (Answer::Digest(found), Claim::Sha256 { digest, .. }) if found != digest => {
            Some(Unlike::new(digest, found))
        }
        (Answer::Met { met: false, bytes }, Claim::Contains { text, .. }) => {
            Some(Unlike::new(quoted(text), format!("no such text in {bytes} bytes")))
        }
        _ => None,
    }
}

/// Judges what stands at a path, when something does.
fn with(media: &Media, path: &str, wanted: &str, judge: impl FnOnce(&Item) -> Judged) -> Judged {
    match media.find(path)? {
        Found::Item(item) => judge(&item),
        Found::Nothing(why) => Ok(Some(Unlike::new(wanted, why))),
    }
}

fn probe(item: &Item, mut probe: Probe, stop: &Stop) -> Result<Answer, Error> {
    let source = item.contents()?;
    each_piece(source.as_ref(), &|_| {}, stop, |piece| probe.take(piece))?;
    Ok(probe.finish())
}

/// What an item is, in words.
fn is(item: &Item) -> Result<String, Error> {
    Ok(match item.kind() {
        Kind::Dir => "a folder".to_owned(),
        Kind::Symlink => format!("a symbolic link to {}", text(item)?),
        Kind::File => format!("a file of {} bytes", item.contents()?.len()),
        Kind::CharDevice | Kind::BlockDevice => "a device".to_owned(),
        Kind::Fifo => "a pipe".to_owned(),
        Kind::Socket => "a socket".to_owned(),
    })
}

fn judge_mode(item: &Item, owning: &Owning) -> Judged {
    let Some((tree, id)) = item.node()? else {
        return Ok(Some(Unlike::new(owning_text(&as_wanted(owning)), "no mode")));
    };
    let found = owning_of(&tree.node(tree.target(id)).meta, owning);
    let wanted = as_wanted(owning);
    Ok((found != wanted).then(|| Unlike::new(owning_text(&wanted), owning_text(&found))))
}

/// `UF_HIDDEN`, which HFS+ keeps as a Finder flag (`kIsInvisible`).
const HIDDEN: u32 = 0x8000;
const INVISIBLE: u8 = 0x40;
/// `UF_COMPRESSED` follows from the contents.
const COMPRESSED: u8 = 0x20;

fn as_wanted(owning: &Owning) -> Owning {
    let flags = owning.flags.map(|flags| flags & !u32::from(COMPRESSED));
    Owning { flags, ..owning.clone() }
}

/// What a node has of those that are asked for.
fn owning_of(meta: &Meta, asked: &Owning) -> Owning {
    let hidden = if meta.finder[8] & INVISIBLE == 0 { 0 } else { HIDDEN };
    let flags = u32::from(meta.admin_flags) << 16 | u32::from(meta.owner_flags & !COMPRESSED);
    Owning {
        mode: asked.mode.map(|_| meta.mode & 0o7777),
        owner: asked.owner.map(|_| meta.owner),
        group: asked.group.map(|_| meta.group),
        flags: asked.flags.map(|_| flags | hidden),
    }
}

fn owning_text(owning: &Owning) -> String {
    let Owning { mode, owner, group, flags } = owning;
    let mut parts = Vec::new();
    parts.extend(mode.map(|mode| format!("mode {mode:04o}")));
    parts.extend(owner.map(|owner| format!("owner {owner}")));
    parts.extend(group.map(|group| format!("group {group}")));
    parts.extend(flags.map(|flags| format!("flags {flags:#x}")));
    parts.join(", ")
}

fn judge_blessed(media: &Media, file: &str, folder: Option<&str>) -> Option<Unlike> {
    let facts = &media.tree.facts;
    let path = |id: Option<_>| id.map(|id| media.tree.path(media.tree.target(id)).to_string());
    let above = file.rsplit_once('/').map_or("", |(above, _)| above);
    let wanted = (file.to_owned(), folder.unwrap_or(above).to_owned());
    let found = (path(facts.boot_file), path(facts.blessed_folder));
    let same = |found: &Option<String>, wanted: &str| {
        let root = found.as_deref() == Some("/") && wanted.is_empty();
        root || found.as_deref() == Some(wanted)
    };
    if same(&found.0, &wanted.0) && same(&found.1, &wanted.1) {
        return None;
    }
    let told = |file: &str, folder: &str| format!("{file} in the folder {folder}");
    let none = |path: Option<String>| path.unwrap_or_else(|| "nothing".to_owned());
    Some(Unlike::new(told(&wanted.0, &wanted.1), told(&none(found.0), &none(found.1))))
}

/// The digest of an input as `copy` would store it.
fn digest_of(name: &str, known: &Known<'_>, stop: &Stop) -> Result<String> {
    let Some(input) = known.inputs.get(name) else {
        let missing = || Problem::usage(format!("the input `{name}` was not given"));
        return known.recorded.get(name).cloned().ok_or_else(missing);
    };
    let fail = |error| Problem::reading(input.describe(), error);
    let source = input.whole()?.contents().map_err(fail)?;
    let mut probe = Probe::digest();
    each_piece(source.as_ref(), &|_| {}, stop, |piece| probe.take(piece))
        .map_err(|error| fail(error.into()))?;
    match probe.finish() {
        Answer::Digest(digest) => Ok(digest),
        Answer::Met { .. } => Err(Problem::ours("a digest that is none")),
    }
}

/// A text in quotes on one line, cut where it is long.
fn quoted(text: &str) -> String {
    let escaped = format!("{text:?}");
    match escaped.char_indices().nth(TOLD) {
        Some((at, _)) => format!("{}…\"", &escaped[..at]),
        None => escaped,
    }
}

impl std::fmt::Display for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exists(path) => write!(f, "exists {path}"),
            Self::Absent(path) => write!(f, "absent {path}"),
            Self::Sha256 { path, .. } => write!(f, "sha256 {path}"),
            Self::Plist { path, .. } => write!(f, "plist {path}"),
            Self::Contains { path, text } => write!(f, "contains {path} {}", quoted(text)),
            Self::Mode { path, .. } => write!(f, "mode {path}"),
            Self::Link { path, .. } => write!(f, "link {path}"),
            Self::Blessed { file, .. } => write!(f, "blessed {file}"),
            Self::Boots => write!(f, "boots"),
            Self::Fits(bytes) => write!(f, "fits {bytes} bytes"),
        }
    }
}

/// Whether a volume stores a file's contents compressed: other readers show
/// what is stored.
pub(super) fn is_compressed(media: &Media, path: &str) -> bool {
    let meta = |id| &media.tree.node(media.tree.target(id)).meta;
    media.node(path).is_some_and(|id| {
        let file = matches!(media.tree.node(media.tree.target(id)).body, Body::File { .. });
        file && meta(id).owner_flags & COMPRESSED != 0
    })
}
