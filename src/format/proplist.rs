//! Property lists, XML and binary, from files that nobody vouches for.
//!
//! The `plist` crate reads them; before it does, what would make it use up the
//! stack or the memory is refused: nesting deeper than any real list, and
//! binary lists whose objects are shared until they expand to millions.
//!
//! Not supported: the old text format, which the crate would also take.
//! Facts: Apple's CFBinaryPList.c for the binary form.

use crate::block::{Error, Result};
use plist::Value;
use quick_xml::events::Event as XmlEvent;
use std::collections::{BTreeSet, HashSet};
use std::io::Cursor;

const LIST: &str = "property list";
/// Real ones have some ten levels.
const MAX_DEPTH: usize = 128;
/// Objects of a binary list with shared ones counted each time.
const MAX_OBJECTS: u64 = 4_000_000;
/// Elements of an XML list; Apple's largest catalogs have a tenth of that.
const MAX_ELEMENTS: usize = 1_500_000;

/// Reads a property list.
///
/// # Errors
/// `Corrupt`: neither XML nor binary, broken, or nested beyond reason.
pub fn parse(data: &[u8]) -> Result<Value> {
    let text = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data).trim_ascii_start();
    let parsed = if data.starts_with(b"bplist") {
        Binary::new(data)?.measure()?;
        Value::from_reader(Cursor::new(data))
    } else if text.starts_with(b"<") {
        measure_xml(data)?;
        Value::from_reader_xml(data)
    } else {
        let head = String::from_utf8_lossy(&text[..text.len().min(8)]).into_owned();
        return Err(Error::corrupt(LIST, "first bytes", head, "neither XML nor binary"));
    };
    parsed.map_err(|error| Error::complaint(LIST, error, "it cannot be read"))
}

fn too_deep(depth: usize) -> Error {
    Error::corrupt(LIST, "nesting", depth, "deeper than 128 levels")
}

/// Follows the tags of an XML list, without looking at anything else in it.
fn measure_xml(data: &[u8]) -> Result<()> {
    let (mut rest, mut depth, mut elements) = (data, 0_usize, 0_usize);
    while let Some(at) = find(rest, b"<") {
        rest = &rest[at..];
        let skip: (usize, &[u8]) = if rest.starts_with(b"<!--") {
            (4, b"-->")
        } else if rest.starts_with(b"<![CDATA[") {
            (9, b"]]>")
        } else if rest.starts_with(b"<!") && depth > 0 {
            return Err(Error::corrupt(LIST, "tag", "<!", "a declaration inside the list"));
        } else {
            (1, b">")
        };
        let Some(end) = find(&rest[skip.0..], skip.1) else { return Ok(()) };
        let tag = &rest[1..skip.0 + end];
        let opens = tag.starts_with(b"array") || tag.starts_with(b"dict");
        if opens && !tag.ends_with(b"/") {
            depth += 1;
        } else if tag.starts_with(b"/array") || tag.starts_with(b"/dict") {
            depth = depth.saturating_sub(1);
        }
        if depth > MAX_DEPTH {
            return Err(too_deep(depth));
        }
        elements += usize::from(!tag.starts_with(b"/"));
        if elements > MAX_ELEMENTS {
            return Err(Error::corrupt(LIST, "elements", elements, "more than 1.5 million"));
        }
        rest = &rest[skip.0 + end + skip.1.len()..];
    }
    Ok(())
}

/// Keys that an XML list gives more than once in one dictionary, each named
/// once. [`parse`] keeps the last value of such a key. Binary lists and broken
/// ones give none.
#[must_use]
pub fn repeated_keys(data: &[u8]) -> Vec<String> {
    let mut reader = quick_xml::Reader::from_reader(data);
    let mut open: Vec<HashSet<String>> = Vec::new();
    let (mut key, mut repeated) = (None, BTreeSet::new());
    while let Ok(event) = reader.read_event() {
        match event {
            XmlEvent::Start(tag) if tag.name().as_ref() == "dict" => {
                if open.len() >= MAX_DEPTH {
                    break;
                }
                open.push(HashSet::new());
            }
            XmlEvent::End(tag) if tag.name().as_ref() == "dict" => drop(open.pop()),
            XmlEvent::Start(tag) => {
                key = (tag.name().as_ref() == "key").then(String::new);
            }
            XmlEvent::End(_) => {
                if let (Some(key), Some(keys)) = (key.take(), open.last_mut())
                    && let Some(twice) = keys.replace(key)
                {
                    repeated.insert(twice);
                }
            }
            XmlEvent::Text(text) => key.iter_mut().for_each(|key: &mut String| key.push_str(&text)),
            XmlEvent::GeneralRef(name) => key.iter_mut().for_each(|key| {
                key.push('&');
                key.push_str(&name);
            }),
            XmlEvent::Eof => break,
            _ => {}
        }
    }
    repeated.into_iter().collect()
}

fn find(data: &[u8], what: &[u8]) -> Option<usize> {
    data.windows(what.len()).position(|window| window == what)
}

/// The trailer of a binary list, and what it says where objects are.
struct Binary<'a> {
    data: &'a [u8],
    offset_size: usize,
    ref_size: usize,
    count: usize,
    top: usize,
    offsets: usize,
}

impl<'a> Binary<'a> {
    fn new(data: &'a [u8]) -> Result<Self> {
        let wrong = |field, value: u64| Error::corrupt(LIST, field, value, "not in the file");
        let trailer = data.len().checked_sub(32).filter(|at| *at >= 8);
        let Some(trailer) = trailer.map(|at| &data[at..]) else {
            let rule = "less than the 40 of a header and a trailer";
            return Err(Error::corrupt(LIST, "length", data.len(), rule));
        };
        let number = |at: usize| {
            let value = big_endian(&trailer[at..at + 8]);
            usize::try_from(value).ok().filter(|n| *n < data.len()).ok_or(value)
        };
        let (offset_size, ref_size) = (usize::from(trailer[6]), usize::from(trailer[7]));
        for (field, size) in [("offsetIntSize", offset_size), ("objectRefSize", ref_size)] {
            if !(1..=8).contains(&size) {
                return Err(Error::corrupt(LIST, field, size, "not between 1 and 8"));
            }
        }
        let count = number(8).map_err(|value| wrong("numObjects", value))?;
        let top = number(16).map_err(|value| wrong("topObject", value))?;
        let offsets = number(24).map_err(|value| wrong("offsetTableOffset", value))?;
        let end = count.checked_mul(offset_size).and_then(|len| offsets.checked_add(len));
        if top >= count || end.is_none_or(|end| end > data.len()) {
            return Err(wrong("numObjects", count as u64));
        }
        Ok(Self { data, offset_size, ref_size, count, top, offsets })
    }

    /// The objects that an array, set or dictionary refers to, as their bytes.
    fn refs(&self, object: usize) -> Result<&'a [u8]> {
        let wrong = |value: usize| Error::corrupt(LIST, "object", value, "not in the file");
        let at = self.offsets + object * self.offset_size;
        let at = big_endian(&self.data[at..at + self.offset_size]);
        let at = usize::try_from(at).map_err(|_| wrong(object))?;
        let marker = *self.data.get(at).ok_or_else(|| wrong(object))?;
        let per_item = match marker >> 4 {
            0xa..=0xc => 1,
            0xd => 2,
            _ => return Ok(&[]),
        };
        let (count, start) = match marker & 0xf {
            0xf => self.long_count(at + 1).ok_or_else(|| wrong(object))?,
            short => (usize::from(short), at + 1),
        };
        let len = count.checked_mul(per_item * self.ref_size);
        let end = len.and_then(|len| start.checked_add(len));
        end.and_then(|end| self.data.get(start..end)).ok_or_else(|| wrong(object))
    }

    /// A count stored as an integer object, and where what is counted begins.
    fn long_count(&self, at: usize) -> Option<(usize, usize)> {
        let marker = self.data.get(at)?;
        let len = 1_usize << (marker & 0xf).min(8);
        let value = self.data.get(at + 1..at + 1 + len)?;
        (marker >> 4 == 1 && len <= 8).then_some(())?;
        Some((usize::try_from(big_endian(value)).ok()?, at + 1 + len))
    }

    /// Walks all objects once, in order of need, and adds up what they expand to.
    fn measure(&self) -> Result<()> {
        let mut sizes = vec![0_u64; self.count];
        let mut open: Vec<(usize, &[u8], u64)> = vec![(self.top, self.refs(self.top)?, 1)];
        while let Some((object, refs, size)) = open.last_mut() {
            let Some((next, rest)) = refs.split_at_checked(self.ref_size) else {
                sizes[*object] = *size;
                let size = *size;
                open.pop();
                if let Some((_, _, sum)) = open.last_mut() {
                    *sum += size;
                }
                continue;
            };
            *refs = rest;
            let next = usize::try_from(big_endian(next)).unwrap_or(usize::MAX);
            let known = *sizes
                .get(next)
                .ok_or_else(|| Error::corrupt(LIST, "object", next, "not one of the list's"))?;
            *size += known;
            if *size > MAX_OBJECTS {
                return Err(Error::corrupt(LIST, "objects", *size, "more than four million"));
            }
            if known == 0 {
                // An object that contains itself goes deeper until here, too.
                if open.len() >= MAX_DEPTH {
                    return Err(too_deep(open.len() + 1));
                }
                open.push((next, self.refs(next)?, 1));
            }
        }
        Ok(())
    }
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::saying::{assert_said, said};

    const DEEP: &str = "nesting is 129: deeper than 128 levels";

    fn binary(objects: &[&[u8]]) -> Vec<u8> {
        let mut data = b"bplist00".to_vec();
        let mut offsets = Vec::new();
        for object in objects {
            offsets.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
            data.extend(*object);
        }
        let table = data.len() as u64;
        data.extend(offsets);
        data.extend([0, 0, 0, 0, 0, 0, 2, 1]);
        for number in [objects.len() as u64, 0, table] {
            data.extend(number.to_be_bytes());
        }
        data
    }

    fn says(data: &[u8]) -> String {
        let said = said(parse(data));
        said.strip_prefix("property list: ").unwrap_or(&said).to_owned()
    }

    #[test]
    fn both_forms_are_read() {
        let mut list = plist::Dictionary::new();
        let long: Vec<Value> = (0..20).map(|n: u64| Value::Integer(n.into())).collect();
        list.insert("Long".into(), Value::Array(long));
        list.insert("Text".into(), Value::String("<!-- </dict> -->".into()));
        let list = Value::Dictionary(list);
        let (mut xml, mut binary) = (Vec::new(), Vec::new());
        list.to_writer_xml(&mut xml).unwrap();
        list.to_writer_binary(&mut binary).unwrap();
        assert_eq!(parse(&xml).unwrap(), list);
        assert_eq!(parse(&binary).unwrap(), list);
    }

    #[test]
    fn nesting_is_bounded() {
        for levels in [200, 1_000_000] {
            assert_eq!(says("<array>".repeat(levels).as_bytes()), DEEP);
        }
        let hidden = "<dict><!-- </dict> --><key>a</key>".repeat(1000);
        assert_eq!(says(hidden.as_bytes()), DEEP);
        let inside = says(b"<array><!ENTITY a '> </array>'>");
        assert_eq!(inside, "tag is \"<!\": a declaration inside the list");
        let chain: Vec<[u8; 2]> = (1..=200).map(|next| [0xa1, next]).collect();
        let mut objects: Vec<&[u8]> = chain.iter().map(|object| &object[..]).collect();
        objects.push(&[0x09]);
        assert_eq!(says(&binary(&objects)), DEEP);
        assert_eq!(says(&binary(&[&[0xa1, 0]])), DEEP, "it contains itself");
    }

    #[test]
    fn elements_are_bounded() {
        let many = format!("<plist><array>{}</array></plist>", "<true/>".repeat(1_500_000));
        assert_eq!(says(many.as_bytes()), "elements is 1500001: more than 1.5 million");
    }

    #[test]
    fn sharing_is_bounded() {
        let twice: Vec<[u8; 3]> = (1..=40).map(|next| [0xa2, next, next]).collect();
        let mut objects: Vec<&[u8]> = twice.iter().map(|object| &object[..]).collect();
        objects.push(&[0x09]);
        assert_eq!(says(&binary(&objects)), "objects is 4194303: more than four million");
        // What they refer to is not there.
        assert_eq!(says(&binary(&objects[30..])), "object is 31: not one of the list's");
    }

    #[test]
    fn keys_given_twice_are_told() {
        let list = "<plist><dict><key>A</key><dict><key>B</key><true/><key>A</key><true/>\
                    </dict><key>B</key><dict/><key>A</key><true/></dict></plist>";
        assert_eq!(repeated_keys(list.as_bytes()), ["A"]);
        assert_eq!(repeated_keys(b"bplist00"), Vec::<String>::new());
        assert_eq!(repeated_keys(b"<dict><key>A</key><key>A</key>"), ["A"]);
        assert_eq!(repeated_keys("<dict>".repeat(1_000_000).as_bytes()), Vec::<String>::new());
    }

    #[test]
    fn other_forms_are_refused() {
        let with = |from_end: usize, byte: u8| {
            let mut list = binary(&[&[0xa1, 1], &[0x09]]);
            let at = list.len() - from_end;
            list[at] = byte;
            list
        };
        let rows = [
            (b"{ a = b; }".to_vec(), "first bytes is \"{ a = b;\": neither XML nor binary"),
            (Vec::new(), "first bytes is \"\": neither XML nor binary"),
            (
                b"<plist><integer>x</integer></plist>".to_vec(),
                "the decoder's complaint is \"InvalidIntegerString (offset 27)\": it cannot be read",
            ),
            (b"bplist".to_vec(), "length is 6: less than the 40 of a header and a trailer"),
            (with(26, 0), "offsetIntSize is 0: not between 1 and 8"),
            (with(25, 9), "objectRefSize is 9: not between 1 and 8"),
            (with(23, 1), "numObjects is 281474976710658: not in the file"),
            (with(17, 60), "numObjects is 60: not in the file"),
            (with(9, 200), "topObject is 200: not in the file"),
            (with(1, 200), "offsetTableOffset is 200: not in the file"),
            (with(36, 255), "object is 0: not in the file"),
        ];
        assert_said(rows.map(|(list, text)| (says(&list), text)));
    }
}
