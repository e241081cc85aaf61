//! The table of contents, read element by element and never held as a whole.

use crate::block::{Error, Result};
use crate::format::xar::toc_draft::{DataDraft, FileDraft, begin};
use crate::format::xar::{Entry, Kind, Style, TOC};
use crate::format::xml::{self, Handler, Tag};
use base64::Engine;
use std::collections::HashMap;
use std::io::BufRead;

/// More files are refused: their list would not fit into the memory we allow.
const MAX_ENTRIES: usize = 400_000;
/// Signatures, and certificates of one. Real ones have two and four.
const MAX_SIGNATURES: usize = 8;
const MAX_CERTIFICATES: usize = 16;

/// A signature as the table states it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// `RSA`, `CMS` or another.
    pub style: String,
    /// Whether it is an `x-signature`.
    pub extended: bool,
    /// From the heap's begin.
    pub offset: u64,
    /// Bytes in the heap.
    pub size: u64,
    /// The certificates beside it, in DER, the signer's first.
    pub certificates: Vec<Vec<u8>>,
}

/// All that the table says.
#[derive(Debug, Default)]
pub(super) struct Toc {
    pub(super) entries: Vec<Entry>,
    /// Style, offset and size of the table's own checksum.
    pub(super) checksum: Option<(Style, u64, u64)>,
    pub(super) signatures: Vec<Signature>,
    /// `creation-time`, as it stands there.
    pub(super) created: Option<String>,
    /// `signature-creation-time`: seconds since 2001.
    pub(super) signed: Option<i64>,
}

/// The elements that mean something, where they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Xar,
    Toc,
    File,
    Data,
    Attribute,
    TocChecksum,
    Signature,
    /// `KeyInfo` and `X509Data`.
    Key,
    Certificate,
    /// A value, by its element's name.
    Leaf(Leaf),
    Skipped,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaf {
    Name,
    Type,
    Mode,
    Uid,
    Gid,
    Mtime,
    Link,
    Offset,
    Length,
    Size,
    Encoding,
    Archived,
    Extracted,
    Created,
    Signed,
}

#[derive(Default)]
struct Reader {
    toc: Toc,
    places: Vec<Place>,
    /// The files that are open, by index, and what is known of each.
    files: Vec<(usize, FileDraft)>,
    /// The contents of the innermost one, or of its attribute.
    data: Option<DataDraft>,
    /// Style of the leaf that is open.
    style: Option<String>,
    checksum: DataDraft,
    ids: HashMap<u64, usize>,
    /// Hard links, and the ids they name.
    links: Vec<(usize, u64)>,
    attributes: usize,
}

/// Reads the table.
pub(super) fn read(from: impl BufRead) -> Result<Toc> {
    let mut reader = Reader::default();
    xml::read(TOC, from, &mut reader)?;
    reader.resolve()?;
    Ok(reader.toc)
}

impl Handler for Reader {
    fn open(&mut self, tag: &Tag<'_>) -> Result<()> {
        let place = place(self.places.last().copied(), tag.name());
        self.places.push(place);
        match place {
            Place::File => self.open_file(tag)?,
            Place::Data | Place::Attribute => self.data = Some(DataDraft::default()),
            Place::TocChecksum => {
                self.checksum = DataDraft::default();
                self.style = tag.attribute("style")?;
                let style = Style::named(self.style.as_deref().unwrap_or_default());
                self.toc.checksum = Some((style, 0, 0));
            }
            Place::Signature => self.open_signature(tag)?,
            Place::Leaf(Leaf::Type) => self.style = tag.attribute("link")?,
            Place::Leaf(Leaf::Name) => self.style = tag.attribute("enctype")?,
            Place::Leaf(Leaf::Encoding | Leaf::Archived | Leaf::Extracted) => {
                self.style = tag.attribute("style")?;
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, text: &str) -> Result<()> {
        match self.places.pop() {
            Some(Place::File) => self.close_file(),
            Some(Place::Data) => {
                let data = self.data.take().unwrap_or_default().finish()?;
                if let Some((index, _)) = self.files.last() {
                    self.toc.entries[*index].data = data.map(Box::new);
                }
                Ok(())
            }
            Some(Place::Attribute) => self.close_attribute(),
            Some(Place::TocChecksum) => {
                let (offset, size) = (self.checksum.offset, self.checksum.size);
                if let Some(checksum) = &mut self.toc.checksum {
                    (checksum.1, checksum.2) = (offset.unwrap_or(0), size.unwrap_or(0));
                }
                Ok(())
            }
            Some(Place::Certificate) => self.certificate(text),
            Some(Place::Leaf(leaf)) => self.leaf(leaf, text),
            _ => Ok(()),
        }
    }
}

/// What an element is, inside of what.
fn place(parent: Option<Place>, name: &str) -> Place {
    match (parent, name) {
        (None, "xar") => Place::Xar,
        (Some(Place::Xar), "toc") => Place::Toc,
        (Some(Place::Toc | Place::File), "file") => Place::File,
        (Some(Place::Toc), "checksum") => Place::TocChecksum,
        (Some(Place::Toc), "signature" | "x-signature") => Place::Signature,
        (Some(Place::Toc), "creation-time") => Place::Leaf(Leaf::Created),
        (Some(Place::Toc), "signature-creation-time") => Place::Leaf(Leaf::Signed),
        (Some(Place::Signature), "KeyInfo") | (Some(Place::Key), "X509Data") => Place::Key,
        (Some(Place::Key), "X509Certificate") => Place::Certificate,
        (Some(Place::File), "data") => Place::Data,
        (Some(Place::File), "ea") => Place::Attribute,
        (Some(Place::File), name) => file_leaf(name).map_or(Place::Skipped, Place::Leaf),
        (Some(Place::Attribute), "name") => Place::Leaf(Leaf::Name),
        (Some(Place::Data | Place::Attribute), name) => {
            data_leaf(name).map_or(Place::Skipped, Place::Leaf)
        }
        (Some(Place::TocChecksum | Place::Signature), "offset") => Place::Leaf(Leaf::Offset),
        (Some(Place::TocChecksum | Place::Signature), "size") => Place::Leaf(Leaf::Size),
        _ => Place::Skipped,
    }
}

fn file_leaf(name: &str) -> Option<Leaf> {
    Some(match name {
        "name" => Leaf::Name,
        "type" => Leaf::Type,
        "mode" => Leaf::Mode,
        "uid" => Leaf::Uid,
        "gid" => Leaf::Gid,
        "mtime" => Leaf::Mtime,
        "link" => Leaf::Link,
        _ => return None,
    })
}

fn data_leaf(name: &str) -> Option<Leaf> {
    Some(match name {
        "offset" => Leaf::Offset,
        "length" => Leaf::Length,
        "size" => Leaf::Size,
        "encoding" => Leaf::Encoding,
        "archived-checksum" => Leaf::Archived,
        "extracted-checksum" | "unarchived-checksum" => Leaf::Extracted,
        _ => return None,
    })
}

impl Reader {
    fn open_file(&mut self, tag: &Tag<'_>) -> Result<()> {
        let index = self.toc.entries.len();
        if index >= MAX_ENTRIES {
            return Err(Error::corrupt(TOC, "entries", index + 1, "over the limit of 400,000"));
        }
        let id = tag.attribute("id")?.and_then(|id| id.trim().parse().ok());
        if let Some(id) = id
            && self.ids.insert(id, index).is_some()
        {
            return Err(Error::corrupt(TOC, "file id", id, "given to two files"));
        }
        let parent = self.files.last().map(|(index, _)| *index);
        self.toc.entries.push(Entry {
            parent,
            name: "".into(),
            kind: Kind::File,
            mode: None,
            uid: None,
            gid: None,
            mtime: None,
            data: None,
            attributes: Vec::new(),
        });
        self.files.push((index, FileDraft::default()));
        Ok(())
    }

    fn close_file(&mut self) -> Result<()> {
        let Some((index, draft)) = self.files.pop() else { return Ok(()) };
        let entry = &mut self.toc.entries[index];
        if let Some(id) = draft.finish(entry)? {
            self.links.push((index, id));
        }
        Ok(())
    }

    fn close_attribute(&mut self) -> Result<()> {
        let mut draft = self.data.take().unwrap_or_default();
        let name = draft.name.take().unwrap_or_default();
        let (Some((index, _)), Some(data)) = (self.files.last(), draft.finish()?) else {
            return Ok(());
        };
        self.attributes += 1;
        if self.attributes > MAX_ENTRIES {
            return Err(Error::corrupt(TOC, "ea", self.attributes, "over the limit of 400,000"));
        }
        self.toc.entries[*index].attributes.push((name.into(), data));
        Ok(())
    }

    fn open_signature(&mut self, tag: &Tag<'_>) -> Result<()> {
        let count = self.toc.signatures.len() + 1;
        if count > MAX_SIGNATURES {
            return Err(Error::corrupt(TOC, "signatures", count, "over the limit of 8"));
        }
        let style = tag.attribute("style")?.unwrap_or_default();
        let extended = tag.name() == "x-signature";
        self.toc.signatures.push(Signature { style, extended, ..Signature::default() });
        Ok(())
    }

    fn certificate(&mut self, text: &str) -> Result<()> {
        let Some(signature) = self.toc.signatures.last_mut() else { return Ok(()) };
        let count = signature.certificates.len() + 1;
        if count > MAX_CERTIFICATES {
            return Err(Error::corrupt(TOC, "X509Certificate", count, "over the limit of 16"));
        }
        let digits: String = text.chars().filter(|char| !char.is_ascii_whitespace()).collect();
        let decoded = base64::engine::general_purpose::STANDARD.decode(digits);
        let decoded = decoded
            .map_err(|_| Error::corrupt(TOC, "X509Certificate", begin(text), "not base64"))?;
        signature.certificates.push(decoded);
        Ok(())
    }

    fn leaf(&mut self, leaf: Leaf, text: &str) -> Result<()> {
        let style = self.style.take();
        match self.places.last() {
            Some(Place::Toc) if leaf == Leaf::Created => self.toc.created = Some(text.into()),
            Some(Place::Toc) => {
                // Fractions of a second are told, too.
                let seconds = text.trim().split('.').next().and_then(|text| text.parse().ok());
                self.toc.signed = seconds;
            }
            Some(Place::TocChecksum) => self.checksum.set(leaf, text, style)?,
            Some(Place::Signature) => {
                let mut draft = DataDraft::default();
                draft.set(leaf, text, style)?;
                if let Some(signature) = self.toc.signatures.last_mut() {
                    signature.offset = draft.offset.unwrap_or(signature.offset);
                    signature.size = draft.size.unwrap_or(signature.size);
                }
            }
            Some(Place::Data | Place::Attribute) => {
                if let Some(data) = &mut self.data {
                    data.set(leaf, text, style)?;
                }
            }
            _ => {
                if let Some((_, file)) = self.files.last_mut() {
                    file.set(leaf, text, style)?;
                }
            }
        }
        Ok(())
    }

    /// Points hard links at the files with the ids that they name.
    fn resolve(&mut self) -> Result<()> {
        for (index, id) in std::mem::take(&mut self.links) {
            let target = self.ids.get(&id).copied().filter(|target| {
                let target = &self.toc.entries[*target];
                target.kind == Kind::File
            });
            let Some(target) = target else {
                let rule = "a hard link to something that is no file of the archive";
                return Err(Error::corrupt(TOC, "link", id, rule));
            };
            self.toc.entries[index].kind = Kind::HardLink(target);
        }
        Ok(())
    }
}
