//! XML from files that nobody vouches for, as calls to a handler.
//!
//! Bounded: nesting, and the bytes of one tag or text. No entities but XML's
//! own five; a document type is passed over unless it declares something.
//! Not supported: namespaces (prefixes stay in the names).

use crate::block::{Error, Result};
use quick_xml::events::{BytesStart, Event};
use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

/// Real documents have some ten levels; folders nest in a xar's table.
const MAX_DEPTH: usize = 256;
/// Bytes of one tag, text or comment: scripts of real ones have some 50,000.
const MAX_PIECE: usize = 4 << 20;

/// Is told what a document holds.
pub(crate) trait Handler {
    /// An element begins.
    fn open(&mut self, tag: &Tag<'_>) -> Result<()>;
    /// The innermost element ends; `text` is what it holds after its last child.
    fn close(&mut self, text: &str) -> Result<()>;
}

/// The begin of an element.
pub(crate) struct Tag<'a>(&'a BytesStart<'a>);

impl Tag<'_> {
    /// The element's name.
    pub(crate) fn name(&self) -> &str {
        self.0.name().0
    }

    /// All attributes, in order.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = Result<(String, String)>> {
        self.0.attributes().map(|attribute| {
            let rule = "an attribute that is not well formed";
            let attribute = attribute.map_err(|error| Error::complaint("XML", error, rule))?;
            let value = quick_xml::escape::unescape(&attribute.value);
            let value = value.map_err(|error| Error::complaint("XML", error, rule))?;
            Ok((attribute.key.0.to_owned(), value.into_owned()))
        })
    }

    /// An attribute by name.
    pub(crate) fn attribute(&self, name: &str) -> Result<Option<String>> {
        for attribute in self.attributes() {
            let (key, value) = attribute?;
            if key == name {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }
}

/// Reads a whole document of the structure `name`.
///
/// # Errors
/// `Corrupt` with that structure's name; what the handler reports.
pub(crate) fn read(
    name: &'static str,
    from: impl BufRead,
    handler: &mut dyn Handler,
) -> Result<()> {
    let used = Rc::new(Cell::new(0));
    let metered = Metered { inner: from, used: Rc::clone(&used), name };
    let mut xml = quick_xml::Reader::from_reader(metered);
    let (mut buf, mut text, mut depth, mut roots) = (Vec::new(), String::new(), 0_usize, 0_usize);
    loop {
        let broken = |text: &str| Error::complaint(name, text, "not well-formed XML");
        buf.clear();
        used.set(0);
        let event = xml.read_event_into(&mut buf).map_err(|error| match error {
            quick_xml::Error::Io(error) => io::Error::new(error.kind(), Shared(error)).into(),
            other => broken(&other.to_string()),
        });
        match event.map_err(unshare)? {
            Event::Start(tag) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(Error::corrupt(name, "nesting", depth, "deeper than 256 elements"));
                }
                roots += usize::from(depth == 1);
                text.clear();
                handler.open(&Tag(&tag))?;
            }
            Event::Empty(tag) => {
                roots += usize::from(depth == 0);
                handler.open(&Tag(&tag))?;
                handler.close("")?;
                text.clear();
            }
            Event::End(_) => {
                // The reader refuses ends without a begin.
                depth = depth.saturating_sub(1);
                handler.close(&text)?;
                text.clear();
            }
            Event::Text(part) => push(name, &mut text, &part.xml10_content())?,
            Event::CData(part) => push(name, &mut text, &part.xml10_content())?,
            Event::GeneralRef(entity) => {
                let known = match entity.resolve_char_ref() {
                    Ok(Some(char)) => Some(String::from(char)),
                    Ok(None) => {
                        quick_xml::escape::resolve_predefined_entity(&entity).map(ToOwned::to_owned)
                    }
                    Err(_) => None,
                };
                let known = known.ok_or_else(|| {
                    let rule = "an entity other than XML's own five";
                    Error::corrupt(name, "entity", entity.as_ref(), rule)
                })?;
                push(name, &mut text, &known)?;
            }
            Event::DocType(declares) if declares.contains('[') => {
                let rule = "a document type that declares something";
                return Err(Error::corrupt(name, "DOCTYPE", "[", rule));
            }
            Event::Eof if depth > 0 => return Err(broken("an element without an end")),
            Event::Eof if roots != 1 => {
                return Err(Error::corrupt(name, "root elements", roots, "not 1"));
            }
            Event::Eof => return Ok(()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

fn push(name: &'static str, text: &mut String, part: &str) -> Result<()> {
    if text.len() + part.len() > MAX_PIECE {
        return Err(piece_too_long(name));
    }
    text.push_str(part);
    Ok(())
}

fn piece_too_long(name: &'static str) -> Error {
    Error::corrupt(name, "tag or text", MAX_PIECE, "longer than this limit of 4 MiB")
}

/// The XML reader keeps its I/O errors behind a reference count.
#[derive(Debug)]
struct Shared(std::sync::Arc<io::Error>);

impl std::fmt::Display for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Shared {}

/// The error of ours, or of the host, that a reader below reported.
fn unshare(error: Error) -> Error {
    let Error::Io(error) = error else { return error };
    match error.downcast::<Shared>() {
        Ok(shared) => match std::sync::Arc::try_unwrap(shared.0) {
            Ok(inner) => inner.into(),
            Err(shared) => Error::Io(io::Error::new(shared.kind(), shared.to_string())),
        },
        Err(error) => Error::Io(error),
    }
}

/// Counts what the XML reader takes for one event.
struct Metered<R> {
    inner: R,
    used: Rc<Cell<usize>>,
    name: &'static str,
}

impl<R: BufRead> Read for Metered<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.used.set(self.used.get() + n);
        Ok(n)
    }
}

impl<R: BufRead> BufRead for Metered<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used.get() > MAX_PIECE {
            return Err(piece_too_long(self.name).into_io());
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        self.used.set(self.used.get() + n);
        self.inner.consume(n);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::saying::{assert_said, said};

    #[derive(Default)]
    struct Log(String);

    impl Handler for Log {
        fn open(&mut self, tag: &Tag<'_>) -> Result<()> {
            self.0 += &format!("<{}", tag.name());
            for attribute in tag.attributes() {
                let (key, value) = attribute?;
                self.0 += &format!(" {key}={value}");
            }
            self.0 += ">";
            Ok(())
        }

        fn close(&mut self, text: &str) -> Result<()> {
            self.0 += &format!("{text};");
            Ok(())
        }
    }

    fn log(text: &[u8]) -> Result<String> {
        let mut log = Log::default();
        read("test", text, &mut log)?;
        Ok(log.0)
    }

    #[test]
    fn elements_attributes_and_texts_are_told() {
        let text = b"<?xml version='1.0'?><!DOCTYPE a><a b='1 &amp; 2'><c/>x &lt;&#65; <!-- --><![CDATA[<y>]]></a>";
        assert_eq!(log(text).unwrap(), "<a b=1 & 2><c>;x <A <y>;");
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        let broken = |text: &str| {
            format!("test: the decoder's complaint is \"{text}\": not well-formed XML")
        };
        let attribute = |text: &str| {
            let rule = "an attribute that is not well formed";
            format!("XML: the decoder's complaint is \"{text}\": {rule}")
        };
        let rows: [(&[u8], String); 11] = [
            (b"<a>", broken("an element without an end")),
            (b"<a></b>", broken("ill-formed document: expected `</a>`, but `</b>` was found")),
            (
                b"<a b=1/>",
                attribute("position 4: attribute value must be enclosed in `\\\"` or `'`"),
            ),
            (b"<a b='&b;'/>", attribute("at 1..2: unrecognized entity `b`")),
            (b"", "test: root elements is 0: not 1".into()),
            (b"<a/><a/>", "test: root elements is 2: not 1".into()),
            (
                b"<a>\xff</a>",
                broken(
                    "cannot decode input using UTF-8: invalid utf-8 sequence of 1 bytes from \
                     index 0",
                ),
            ),
            (b"<a>&b;</a>", "test: entity is \"b\": an entity other than XML's own five".into()),
            (
                b"<!DOCTYPE a [<!ENTITY b 'b'>]><a/>",
                "test: DOCTYPE is \"[\": a document type that declares something".into(),
            ),
            (&b"<a>".repeat(300), "test: nesting is 257: deeper than 256 elements".into()),
            (b"<a b", broken("syntax error: tag not closed: `>` not found before end of input")),
        ];
        assert_said(rows.map(|(text, expected)| (said(log(text)), expected)));
    }

    #[test]
    fn pieces_are_bounded() {
        let expected = "test: tag or text is 4194304: longer than this limit of 4 MiB";
        for begin in ["<a>", "<a b='", "<!--", "<a><![CDATA["] {
            let long = begin.to_owned() + &" x".repeat(MAX_PIECE);
            assert_eq!(said(log(long.as_bytes())), expected, "{begin}");
        }
        let many = format!("<a>{}</a>", "x&amp;".repeat(MAX_PIECE / 2 + 1));
        assert_eq!(said(log(many.as_bytes())), expected);
    }
}
