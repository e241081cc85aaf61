//! Small XML documents as trees of elements: what packages describe
//! themselves with.

use crate::block::{Error, Result};
use crate::format::xml::{self, Handler, Tag};

/// A longer document is refused: real ones have some 100 KiB.
const MAX_LEN: usize = 16 << 20;
/// More elements are refused: the largest real ones have some thousands.
const MAX_ELEMENTS: usize = 200_000;

/// An element, with all in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    /// What stands behind the last child: all text, where there is none.
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

#[derive(Default)]
struct Builder {
    name: &'static str,
    open: Vec<Element>,
    root: Option<Element>,
    count: usize,
}

impl Handler for Builder {
    fn open(&mut self, tag: &Tag<'_>) -> Result<()> {
        self.count += 1;
        if self.count > MAX_ELEMENTS {
            let rule = "over the limit of 200,000";
            return Err(Error::corrupt(self.name, "elements", self.count, rule));
        }
        let attributes = tag.attributes().collect::<Result<_>>()?;
        let name = tag.name().to_owned();
        self.open.push(Element { name, attributes, ..Element::default() });
        Ok(())
    }

    fn close(&mut self, text: &str) -> Result<()> {
        let Some(mut done) = self.open.pop() else { return Ok(()) };
        text.clone_into(&mut done.text);
        match self.open.last_mut() {
            Some(parent) => parent.children.push(done),
            None => self.root = Some(done),
        }
        Ok(())
    }
}

impl Element {
    /// Parses a document of the structure `name`, in UTF-8 or UTF-16.
    pub(crate) fn parse(name: &'static str, data: &[u8]) -> Result<Self> {
        if data.len() > MAX_LEN {
            return Err(Error::corrupt(name, "length", data.len(), "over the limit of 16 MiB"));
        }
        let mut builder = Builder { name, ..Builder::default() };
        match utf16(data) {
            Some(text) => xml::read(name, text.as_bytes(), &mut builder)?,
            None => xml::read(name, data, &mut builder)?,
        }
        builder.root.ok_or_else(|| Error::corrupt(name, "root elements", 0u32, "not 1"))
    }

    /// An attribute's value.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let mut all = self.attributes.iter();
        all.find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The children of a name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first child of a name.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }
}

/// A document with a mark of UTF-16, in UTF-8.
fn utf16(data: &[u8]) -> Option<String> {
    let big = match data {
        [0xfe, 0xff, ..] => true,
        [0xff, 0xfe, ..] => false,
        _ => return None,
    };
    let unit = |pair: &[u8]| match big {
        true => u16::from_be_bytes([pair[0], pair[1]]),
        false => u16::from_le_bytes([pair[0], pair[1]]),
    };
    let units = data[2..].chunks_exact(2).map(unit);
    Some(char::decode_utf16(units).map(|char| char.unwrap_or('\u{fffd}')).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::saying::said;

    #[test]
    fn a_document_is_a_tree() {
        let root = Element::parse("test", b"<a x='1'><b>t</b><c/><b y='2'/></a>").unwrap();
        assert_eq!((root.name.as_str(), root.attribute("x")), ("a", Some("1")));
        assert_eq!(root.child("b").unwrap().text, "t");
        assert_eq!(root.all("b").count(), 2);
        assert_eq!(root.child("d"), None);
    }

    #[test]
    fn utf16_is_read_in_both_orders() {
        let text = "<a>Löwe</a>";
        let be: Vec<u8> =
            [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        let le: Vec<u8> =
            [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        for data in [be, le] {
            assert_eq!(Element::parse("test", &data).unwrap().text, "Löwe");
        }
    }

    #[test]
    fn documents_are_bounded() {
        let says = |data: &[u8]| said(Element::parse("test", data));
        let text = "test: length is 16777217: over the limit of 16 MiB";
        assert_eq!(says(&vec![b' '; MAX_LEN + 1]), text);
        let many = format!("<a>{}</a>", "<b/>".repeat(MAX_ELEMENTS));
        let text = "test: elements is 200001: over the limit of 200,000";
        assert_eq!(says(many.as_bytes()), text);
    }
}
