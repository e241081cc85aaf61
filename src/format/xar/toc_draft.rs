//! Entries while their elements are still being read.

use crate::block::{Error, Result};
use crate::format::xar::toc::Leaf;
use crate::format::xar::{Checksum, Data, Encoding, Entry, Kind, Style, TOC};
use base64::Engine;

/// The longest name or link that is read.
const MAX_NAME: usize = 4096;

/// A file whose end was not read yet.
#[derive(Default)]
pub(super) struct FileDraft {
    name: Option<Box<str>>,
    kind: Option<Box<str>>,
    /// `link` of the type, for hard links.
    original: Option<String>,
    /// Where a symbolic link points.
    target: Option<Box<str>>,
    mode: Option<u16>,
    uid: Option<u32>,
    gid: Option<u32>,
    mtime: Option<i64>,
}

impl FileDraft {
    /// Takes a value.
    pub(super) fn set(&mut self, leaf: Leaf, text: &str, style: Option<String>) -> Result<()> {
        let trimmed = text.trim();
        match leaf {
            Leaf::Name => self.name = Some(name(text, style.as_deref())?),
            Leaf::Link => self.target = Some(bounded("link", text)?.into()),
            Leaf::Type => {
                self.kind = Some(bounded("type", trimmed)?.into());
                self.original = style;
            }
            Leaf::Mode => {
                let mode = u32::from_str_radix(trimmed, 8).map_err(|_| wrong("mode", trimmed))?;
                self.mode = u16::try_from(mode & 0o7777).ok();
            }
            Leaf::Uid => self.uid = Some(id("uid", trimmed)?),
            Leaf::Gid => self.gid = Some(id("gid", trimmed)?),
            Leaf::Mtime => self.mtime = seconds(trimmed),
            _ => {}
        }
        Ok(())
    }

    /// Fills the entry; returns the id that a hard link names.
    pub(super) fn finish(self, entry: &mut Entry) -> Result<Option<u64>> {
        let Some(name) = self.name else {
            return Err(Error::corrupt(TOC, "name", "", "a file without a name"));
        };
        entry.name = name;
        (entry.mode, entry.uid, entry.gid) = (self.mode, self.uid, self.gid);
        entry.mtime = self.mtime;
        let mut linked = None;
        entry.kind = match (self.kind.as_deref(), self.original.as_deref()) {
            (None | Some("file"), _) | (Some("hardlink"), None | Some("original")) => Kind::File,
            (Some("directory"), _) => Kind::Directory,
            (Some("symlink"), _) => Kind::Symlink(self.target.unwrap_or_default()),
            (Some("hardlink"), Some(id)) => {
                linked = Some(id.trim().parse().map_err(|_| wrong("link", id))?);
                Kind::Other("hardlink".into())
            }
            (Some(other), _) => Kind::Other(other.into()),
        };
        Ok(linked)
    }
}

/// Contents whose end was not read yet.
#[derive(Default)]
pub(super) struct DataDraft {
    pub(super) name: Option<String>,
    pub(super) offset: Option<u64>,
    pub(super) size: Option<u64>,
    length: Option<u64>,
    encoding: Option<Encoding>,
    archived: Option<Checksum>,
    extracted: Option<Checksum>,
}

impl DataDraft {
    /// Takes a value.
    pub(super) fn set(&mut self, leaf: Leaf, text: &str, style: Option<String>) -> Result<()> {
        let style = style.unwrap_or_default();
        match leaf {
            Leaf::Name => self.name = Some(bounded("name", text)?.into()),
            Leaf::Offset => self.offset = Some(number("offset", text)?),
            Leaf::Length => self.length = Some(number("length", text)?),
            Leaf::Size => self.size = Some(number("size", text)?),
            Leaf::Encoding => self.encoding = Some(Encoding::of(style.trim())),
            Leaf::Archived => self.archived = Some(Checksum::parse(Style::named(&style), text)?),
            Leaf::Extracted => self.extracted = Some(Checksum::parse(Style::named(&style), text)?),
            _ => {}
        }
        Ok(())
    }

    /// The contents; `None` for an empty element, as empty files have.
    pub(super) fn finish(self) -> Result<Option<Data>> {
        let (Some(offset), Some(length)) = (self.offset, self.length) else {
            return match self.size.or(self.length).or(self.offset) {
                None | Some(0) => Ok(None),
                Some(size) => {
                    Err(Error::corrupt(TOC, "size", size, "data without an offset or a length"))
                }
            };
        };
        let encoding = self.encoding.unwrap_or(Encoding::Raw);
        let size = self.size.unwrap_or(length);
        let (archived, extracted) = (self.archived, self.extracted);
        Ok(Some(Data { offset, length, size, encoding, archived, extracted }))
    }
}

/// As much of a text as a message shows.
pub(super) fn begin(text: &str) -> String {
    text.trim().chars().take(40).collect()
}

fn wrong(field: &'static str, text: &str) -> Error {
    Error::corrupt(TOC, field, begin(text), "not a number of its kind")
}

fn number(field: &'static str, text: &str) -> Result<u64> {
    text.trim().parse().map_err(|_| wrong(field, text))
}

/// An owner's number; -2 is `nobody`.
fn id(field: &'static str, text: &str) -> Result<u32> {
    let number: i64 = text.parse().map_err(|_| wrong(field, text))?;
    let signed = || i32::try_from(number).ok().map(i32::cast_unsigned);
    u32::try_from(number).ok().or_else(signed).ok_or_else(|| wrong(field, text))
}

fn bounded<'a>(field: &'static str, text: &'a str) -> Result<&'a str> {
    if text.len() > MAX_NAME {
        return Err(Error::corrupt(TOC, field, begin(text), "over the limit of 4096 bytes"));
    }
    Ok(text)
}

/// A name; those that are not UTF-8 are stored in base64.
fn name(text: &str, enctype: Option<&str>) -> Result<Box<str>> {
    let text = bounded("name", text)?;
    let plain: Box<str> = match enctype {
        Some("base64") => {
            let decoded = base64::engine::general_purpose::STANDARD.decode(text.trim());
            let broken = |_| Error::corrupt(TOC, "name", begin(text), "not base64");
            let decoded = decoded.map_err(broken)?;
            String::from_utf8_lossy(&decoded).into()
        }
        _ => text.into(),
    };
    if plain.is_empty() {
        return Err(Error::corrupt(TOC, "name", "", "an empty name"));
    }
    Ok(plain)
}

/// `2021-07-06T16:06:04Z` in seconds; dates that make no sense are left out,
/// as Apple's own archives hold such.
fn seconds(text: &str) -> Option<i64> {
    use time::format_description::well_known::Rfc3339;
    let with_zone = if text.ends_with('Z') { text.to_owned() } else { format!("{text}Z") };
    time::OffsetDateTime::parse(&with_zone, &Rfc3339).ok().map(time::OffsetDateTime::unix_timestamp)
}
