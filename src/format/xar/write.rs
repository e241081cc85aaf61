//! Archives made: the same entries always give the same bytes.
//!
//! What is made is a source that reads the files' sources when it is read:
//! nothing is copied. Compressed entries are held in memory, so they are for
//! small ones. Files are stored in the order in which they were added.

use crate::block::{Error, Map, Result, Source, Value, bytes, read_vec};
use crate::format::xar::contents::Stream;
use crate::format::xar::header::LEN;
use crate::format::xar::{Encoding, Style, hex};
use base64::Engine;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::io::{self, Read};
use std::sync::Arc;

/// Files longer than this are not compressed here.
const MOST_COMPRESSED: u64 = 64 << 20;
/// The level of all compression: fixed, as the bytes depend on it.
const LEVEL: i32 = 6;

/// Owner, mode and date of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    /// The mode's lower twelve bits.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Seconds since 1970.
    pub mtime: i64,
}

/// What an entry is.
#[derive(Clone)]
pub enum Body {
    /// A folder.
    Directory,
    /// A file, raw or as a zlib stream.
    File(Source, Encoding),
    /// A symbolic link, and where it points.
    Symlink(String),
    /// Another name of a file that was added before.
    HardLink(usize),
}

/// What a signature is made of.
#[derive(Clone, Copy, Debug)]
pub struct Signing<'a> {
    /// The table of contents as it is stored: what `RSA` signs.
    pub table: &'a [u8],
    /// Its checksum: what `CMS` signs.
    pub checksum: &'a [u8],
}

/// Makes a signature.
pub type Sign = Box<dyn FnOnce(&Signing<'_>) -> Result<Vec<u8>>>;

/// A signature to be made.
pub struct Signer {
    /// `RSA` or `CMS`.
    pub style: &'static str,
    /// Whether it is stated as `x-signature`.
    pub extended: bool,
    /// Bytes to reserve for it.
    pub size: usize,
    /// The certificates in DER, the signer's first.
    pub certificates: Vec<Vec<u8>>,
    /// Signs the table, once that is known.
    pub sign: Sign,
}

struct Planned {
    parent: Option<usize>,
    name: String,
    meta: Meta,
    body: Body,
}

/// An archive in the making.
pub struct Builder {
    style: Style,
    created: i64,
    signed: Option<i64>,
    entries: Vec<Planned>,
    signers: Vec<Signer>,
}

impl Builder {
    /// An empty archive with checksums of this style, and the date that it shall state.
    #[must_use]
    pub fn new(style: Style, created: i64) -> Self {
        Self { style, created, signed: None, entries: Vec::new(), signers: Vec::new() }
    }

    /// Adds an entry to a folder (or to the top) and returns its index.
    pub fn add(&mut self, parent: Option<usize>, name: &str, meta: Meta, body: Body) -> usize {
        self.entries.push(Planned { parent, name: name.into(), meta, body });
        self.entries.len() - 1
    }

    /// Adds a signature, stated to be made at this time (seconds since 1970).
    pub fn sign(&mut self, at: i64, signer: Signer) {
        self.signed = Some(at);
        self.signers.push(signer);
    }

    /// Lays the archive out, and signs it.
    ///
    /// # Errors
    /// What reading the sources reports; a checksum that cannot be made; a
    /// signer's refusal.
    pub fn finish(self) -> Result<Source> {
        let digest = self.style.bytes().filter(|_| self.style.hasher().is_some());
        let digest = digest.ok_or_else(|| {
            let what = "a checksum that cannot be made";
            Error::unsupported(what, "style", self.style.name(), "use sha1 or sha256")
        })?;
        let mut heap = Heap { at: digest, style: self.style.clone(), stored: Vec::new() };
        let mut toc = self.begin_toc(&mut heap);
        let family = Family::of(&self.entries);
        self.files(None, &family, &mut toc, &mut heap)?;
        toc += "</toc></xar>\n";
        let stored = compress(toc.as_bytes())?;
        let sum = checksum(&self.style, &bytes(stored.clone()))?;
        let mut head = header(&self.style, stored.len() as u64, toc.len() as u64);
        head.extend(&stored);
        head.extend(&sum);
        for signer in self.signers {
            let made = (signer.sign)(&Signing { table: &stored, checksum: &sum })?;
            if made.len() > signer.size {
                let rule = "more bytes than were reserved for it";
                return Err(Error::corrupt(super::TOC, "signature size", made.len(), rule));
            }
            let end = head.len() + signer.size;
            head.extend(made);
            head.resize(end, 0);
        }
        let files = head.len() as u64;
        let total = files + heap.stored.iter().map(|stored| stored.len()).sum::<u64>();
        let mut map = Map::new(total);
        map.push(0, bytes(head), None);
        let mut at = files;
        for stored in heap.stored {
            let len = stored.len();
            map.push(at, stored, None);
            at += len;
        }
        Ok(Arc::new(map))
    }

    /// The table's begin, with room for checksum and signatures.
    fn begin_toc(&self, heap: &mut Heap) -> String {
        let mut toc = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xar><toc>\n");
        if let Some(signed) = self.signed {
            // Seconds since 2001, as Apple's tools count.
            let seconds = signed - 978_307_200;
            put(
                &mut toc,
                &format!("<signature-creation-time>{seconds}.0</signature-creation-time>\n"),
            );
        }
        let created = date(self.created);
        put(
            &mut toc,
            &format!("<creation-time>{}</creation-time>\n", created.trim_end_matches('Z')),
        );
        let (style, size) = (self.style.name(), heap.at);
        put(
            &mut toc,
            &format!(
                "<checksum style=\"{style}\"><offset>0</offset><size>{size}</size></checksum>\n"
            ),
        );
        for signer in &self.signers {
            let element = if signer.extended { "x-signature" } else { "signature" };
            put(
                &mut toc,
                &format!(
                    "<{element} style=\"{}\"><offset>{}</offset><size>{}</size>\
                     <KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><X509Data>",
                    signer.style, heap.at, signer.size
                ),
            );
            for certificate in &signer.certificates {
                let text = base64::engine::general_purpose::STANDARD.encode(certificate);
                put(&mut toc, &format!("<X509Certificate>{text}</X509Certificate>"));
            }
            put(&mut toc, &format!("</X509Data></KeyInfo></{element}>\n"));
            heap.at += signer.size as u64;
        }
        toc
    }

    /// What is in a folder, with all below it.
    fn files(
        &self,
        folder: Option<usize>,
        family: &Family,
        toc: &mut String,
        heap: &mut Heap,
    ) -> Result<()> {
        for index in family.children.get(&folder).into_iter().flatten().copied() {
            let entry = &self.entries[index];
            put(toc, &format!("<file id=\"{}\">", index + 1));
            let kind = match &entry.body {
                Body::Directory => "<type>directory</type>".into(),
                Body::File(source, encoding) => {
                    heap.store(source, encoding, toc)?;
                    match family.originals.contains(&index) {
                        true => "<type link=\"original\">hardlink</type>".into(),
                        false => "<type>file</type>".into(),
                    }
                }
                Body::Symlink(to) => {
                    let to = escaped(to);
                    format!("<type>symlink</type><link type=\"broken\">{to}</link>")
                }
                Body::HardLink(to) => format!("<type link=\"{}\">hardlink</type>", to + 1),
            };
            let Meta { mode, uid, gid, mtime } = entry.meta;
            let (mtime, name) = (date(mtime), escaped(&entry.name));
            put(
                toc,
                &format!(
                    "<mtime>{mtime}</mtime><gid>{gid}</gid><uid>{uid}</uid>\
                     <mode>{mode:04o}</mode>{kind}<name>{name}</name>"
                ),
            );
            if matches!(entry.body, Body::Directory) {
                toc.push('\n');
                self.files(Some(index), family, toc, heap)?;
            }
            *toc += "</file>\n";
        }
        Ok(())
    }
}

/// Who is in which folder, and which files have other names.
struct Family {
    children: HashMap<Option<usize>, Vec<usize>>,
    originals: HashSet<usize>,
}

impl Family {
    fn of(entries: &[Planned]) -> Self {
        let mut family = Self { children: HashMap::new(), originals: HashSet::new() };
        for (index, entry) in entries.iter().enumerate() {
            // A folder is added before what is in it: nothing goes in circles.
            if entry.parent.is_none_or(|folder| folder < index) {
                family.children.entry(entry.parent).or_default().push(index);
            }
            if let Body::HardLink(to) = entry.body {
                family.originals.insert(to);
            }
        }
        family
    }
}

/// What is stored behind the table.
struct Heap {
    at: u64,
    style: Style,
    stored: Vec<Source>,
}

impl Heap {
    fn store(&mut self, source: &Source, encoding: &Encoding, toc: &mut String) -> Result<()> {
        if source.is_empty() {
            return Ok(());
        }
        let (mime, stored) = match encoding {
            Encoding::Raw => ("application/octet-stream", Arc::clone(source)),
            Encoding::Zlib if source.len() <= MOST_COMPRESSED => {
                // Bounded by the line above.
                let len = usize::try_from(source.len()).unwrap_or(usize::MAX);
                let stored = compress(&read_vec(source.as_ref(), 0, len)?)?;
                ("application/x-gzip", bytes(stored))
            }
            _ => {
                let what =
                    "an entry that is too long, or to be stored in another way than raw or zlib";
                return Err(Error::unsupported(what, "its length", source.len(), ""));
            }
        };
        let extracted = hex(&checksum(&self.style, source)?);
        let archived = match encoding {
            Encoding::Raw => extracted.clone(),
            _ => hex(&checksum(&self.style, &stored)?),
        };
        let style = self.style.name();
        put(
            toc,
            &format!(
                "<data><length>{}</length><offset>{}</offset><size>{}</size>\
                 <encoding style=\"{mime}\"/>\
                 <extracted-checksum style=\"{style}\">{extracted}</extracted-checksum>\
                 <archived-checksum style=\"{style}\">{archived}</archived-checksum></data>",
                stored.len(),
                self.at,
                source.len()
            ),
        );
        self.at += stored.len();
        self.stored.push(stored);
        Ok(())
    }
}

fn put(text: &mut String, more: &str) {
    // Writing to a String cannot fail.
    let _ = text.write_str(more);
}

/// The header in Apple's form: the checksum's kind is a number. (Others name it
/// behind a longer header, which Apple's own program takes for a wrong sum.)
fn header(style: &Style, toc: u64, plain: u64) -> Vec<u8> {
    let number: u32 = match style {
        Style::Sha1 => 1,
        Style::Sha512 => 4,
        _ => 3,
    };
    let mut head = b"xar!".to_vec();
    head.extend(LEN.to_be_bytes());
    head.extend(1u16.to_be_bytes());
    head.extend(toc.to_be_bytes());
    head.extend(plain.to_be_bytes());
    head.extend(number.to_be_bytes());
    head
}

fn compress(plain: &[u8]) -> Result<Vec<u8>> {
    let level = libdeflater::CompressionLvl::new(LEVEL);
    let level = level.map_err(|error| Error::Io(io::Error::other(format!("{error:?}"))))?;
    let mut compressor = libdeflater::Compressor::new(level);
    let mut out = vec![0; compressor.zlib_compress_bound(plain.len())];
    let made = compressor.zlib_compress(plain, &mut out);
    let len = made.map_err(|error| Error::Io(io::Error::other(error.to_string())))?;
    out.truncate(len);
    Ok(out)
}

fn checksum(style: &Style, source: &Source) -> Result<Vec<u8>> {
    let Some(mut hasher) = style.hasher() else {
        let value = Value::Text(style.name().into());
        return Err(Error::unsupported("a checksum that cannot be made", "style", value, ""));
    };
    let (mut stream, mut piece) = (Stream::new(Arc::clone(source)), vec![0; 256 << 10]);
    loop {
        match stream.read(&mut piece)? {
            0 => return Ok(hasher.finish()),
            n => hasher.update(&piece[..n]),
        }
    }
}

fn escaped(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

fn date(seconds: i64) -> String {
    use time::format_description::well_known::Rfc3339;
    let date = time::OffsetDateTime::from_unix_timestamp(seconds).ok();
    let text = date.and_then(|date| date.format(&Rfc3339).ok());
    text.unwrap_or_else(|| "1970-01-01T00:00:00Z".into())
}
