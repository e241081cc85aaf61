//! The property list of an image: an XML subset, read without a tree.
//!
//! Only `plist > dict > resource-fork > blkx` is looked at; all else is
//! skipped. A whole XML library would build the tree of a list that nests as
//! deep as its author likes, and dropping that overflows the stack.

use crate::block::{Error, Result, Value};

const MAX_DEPTH: usize = 32;

/// One resource of type `blkx`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Blkx {
    pub(crate) name: String,
    pub(crate) data: Vec<u8>,
}

const LIST: &str = "XML property list";

/// What is wrong with the list at a place of it, and how it reads there.
fn wrong(xml: &str, at: usize, rule: &'static str) -> Error {
    let text: String = xml.get(at..).unwrap_or_default().chars().take(20).collect();
    Error::corrupt(LIST, "text", text, rule).at(at as u64)
}

/// A piece of XML.
#[derive(Debug, PartialEq, Eq)]
enum Token<'a> {
    Open(&'a str),
    Close(&'a str),
    Text(&'a str),
}

/// Splits XML in tags and text; `<a/>` comes as `Open` and `Close`.
struct Tokens<'a> {
    xml: &'a str,
    at: usize,
    closing: Option<&'a str>,
}

impl<'a> Tokens<'a> {
    fn next(&mut self) -> Result<Option<Token<'a>>> {
        if let Some(name) = self.closing.take() {
            return Ok(Some(Token::Close(name)));
        }
        loop {
            let rest = &self.xml[self.at..];
            if rest.is_empty() {
                return Ok(None);
            }
            if !rest.starts_with('<') {
                let end = rest.find('<').unwrap_or(rest.len());
                self.at += end;
                return Ok(Some(Token::Text(&rest[..end])));
            }
            let skipped = [("<!--", "-->"), ("<?", "?>"), ("<!", ">")];
            let Some((open, close)) = skipped.iter().find(|(open, _)| rest.starts_with(open))
            else {
                return self.tag(rest).map(Some);
            };
            let end = rest[open.len()..].find(close);
            let end = end.ok_or_else(|| self.wrong("a declaration or comment without an end"))?;
            self.at += open.len() + end + close.len();
        }
    }

    fn wrong(&self, rule: &'static str) -> Error {
        wrong(self.xml, self.at, rule)
    }

    fn tag(&mut self, rest: &'a str) -> Result<Token<'a>> {
        let end = rest.find('>').ok_or_else(|| self.wrong("a tag without an end"))?;
        self.at += end + 1;
        let inner = &rest[1..end];
        if let Some(name) = inner.strip_prefix('/') {
            return Ok(Token::Close(name.trim()));
        }
        let bare = inner.strip_suffix('/');
        let name = bare.unwrap_or(inner).split_ascii_whitespace().next().unwrap_or("");
        self.closing = bare.map(|_| name);
        Ok(Token::Open(name))
    }
}

/// Where in the list the reader is: the open elements and their last keys.
struct Walk<'a> {
    tokens: Tokens<'a>,
    path: Vec<(&'a str, String)>,
}

/// Calls `each` with every `blkx` resource, in order.
pub(crate) fn read(xml: &[u8], each: &mut dyn FnMut(Blkx) -> Result<()>) -> Result<()> {
    let xml = str::from_utf8(xml).map_err(|error| {
        let at = error.valid_up_to();
        let byte = xml.get(at).copied().unwrap_or_default();
        Error::corrupt(LIST, "byte", Value::Hex(byte.into()), "not UTF-8").at(at as u64)
    })?;
    let tokens = Tokens { xml, at: 0, closing: None };
    let mut walk = Walk { tokens, path: Vec::new() };
    let mut blkx = Blkx::default();
    let mut cf_name = None;
    while let Some(token) = walk.tokens.next()? {
        match token {
            Token::Text(_) => {}
            Token::Open(name @ ("key" | "string" | "data")) => {
                let start = walk.tokens.at;
                let text = walk.text(name)?;
                match (name, walk.at_resource(), walk.last_key()) {
                    ("key", ..) => walk.set_key(unescape(text)),
                    ("data", true, "Data") => {
                        let broken = || wrong(xml, start, "not base64");
                        blkx.data = base64(text).ok_or_else(broken)?;
                    }
                    ("string", true, "Name") => blkx.name = unescape(text),
                    ("string", true, "CFName") => cf_name = Some(unescape(text)),
                    _ => {}
                }
            }
            Token::Open(name) => walk.open(name)?,
            Token::Close(name) => {
                if name == "dict" && walk.at_resource() {
                    let mut found = std::mem::take(&mut blkx);
                    found.name = cf_name.take().unwrap_or(found.name);
                    each(found)?;
                }
                walk.close(name)?;
            }
        }
    }
    match walk.path.last() {
        Some((name, _)) => Err(Error::corrupt(LIST, "element", *name, "it has no end")),
        None => Ok(()),
    }
}

impl<'a> Walk<'a> {
    fn open(&mut self, name: &'a str) -> Result<()> {
        if self.path.len() == MAX_DEPTH {
            return Err(Error::corrupt(LIST, "nesting", MAX_DEPTH + 1, "deeper than 32 elements"));
        }
        self.path.push((name, String::new()));
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<()> {
        match self.path.pop() {
            Some((open, _)) if open == name => Ok(()),
            _ => Err(Error::corrupt(LIST, "end tag", name, "not that of the open element")),
        }
    }

    /// All text up to the end tag of an element that holds only text.
    fn text(&mut self, name: &str) -> Result<&'a str> {
        let mut text = "";
        loop {
            match self.tokens.next()? {
                Some(Token::Text(more)) if text.is_empty() => text = more,
                Some(Token::Close(end)) if end == name => return Ok(text),
                _ => {
                    return Err(Error::corrupt(
                        LIST,
                        "element",
                        name,
                        "it does not hold text alone",
                    ));
                }
            }
        }
    }

    fn set_key(&mut self, key: String) {
        if let Some((_, last)) = self.path.last_mut() {
            *last = key;
        }
    }

    fn last_key(&self) -> &str {
        self.path.last().map_or("", |(_, key)| key)
    }

    /// Whether the innermost element is one resource of type `blkx`.
    fn at_resource(&self) -> bool {
        let want = [("plist", ""), ("dict", "resource-fork"), ("dict", "blkx"), ("array", "")];
        let dict = self.path.get(want.len()).is_some_and(|(name, _)| *name == "dict");
        dict && self.path.len() == want.len() + 1
            && want.iter().zip(&self.path).all(|(w, (name, key))| *w == (*name, key.as_str()))
    }
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        // Names are short; looking further for each `&` would take n * n.
        let end = after.bytes().take(12).position(|byte| byte == b';');
        let found = end.and_then(|end| Some((entity(&after[..end])?, &after[end + 1..])));
        let (c, tail) = found.unwrap_or(('&', after));
        out.push(c);
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

/// Decodes base64, white space anywhere.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut count, mut padded) = (0u32, 0, false);
    for byte in text.bytes().filter(|b| !b.is_ascii_whitespace()) {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                padded = true;
                continue;
            }
            _ => return None,
        };
        if padded {
            return None;
        }
        bits = bits << 6 | u32::from(digit);
        count += 1;
        if count == 4 {
            out.extend_from_slice(&bits.to_be_bytes()[1..]);
            (bits, count) = (0, 0);
        }
    }
    let tail = (bits << (6 * (4 - count))).to_be_bytes();
    match count {
        0 => {}
        1 => return None,
        _ => out.extend_from_slice(&tail[1..count]),
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::saying::{assert_said, said};

    fn all(xml: &str) -> Result<Vec<Blkx>> {
        let mut found = Vec::new();
        read(xml.as_bytes(), &mut |blkx| {
            found.push(blkx);
            Ok(())
        })?;
        Ok(found)
    }

    const LIST: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<!-- <dict> --><key>other</key><dict><key>blkx</key><array><dict/></array></dict>
<key>resource-fork</key><dict>
  <key>blkx</key><array>
    <dict><key>Attributes</key><string>0x0050</string><key>CFName</key><string>a &amp; b (Apple_HFS : 4)</string>
      <key>Data</key><data>
        bWlz
        aA==
      </data><key>ID</key><string>0</string><key>Name</key><string>a</string></dict>
    <dict><key>Name</key><string>&#98;&lt;</string><key>Data</key><data>bWlzaCE=</data></dict>
  </array>
  <key>plst</key><array><dict><key>Data</key><data>AAAA</data></dict></array>
</dict></dict></plist>
"#;

    #[test]
    fn only_blkx_resources_are_found() {
        let found = all(LIST).unwrap();
        let blkx = |name: &str, data: &[u8]| Blkx { name: name.into(), data: data.into() };
        assert_eq!(found, [blkx("a & b (Apple_HFS : 4)", b"mish"), blkx("b<", b"mish!")]);
    }

    #[test]
    fn every_cut_is_an_error() {
        for len in 1..LIST.trim_end().len() {
            let at_top = !LIST[..len].contains("<plist version=\"1.0\">");
            assert!(all(&LIST[..len]).is_err() || at_top, "{len}");
        }
    }

    #[test]
    fn what_is_broken_is_shown() {
        let data = |data: &str| {
            let dict = format!("<dict><key>Data</key><data>{data}</data></dict>");
            let list = format!("<array>{dict}</array></dict></dict></plist>");
            format!("<plist><dict><key>resource-fork</key><dict><key>blkx</key>{list}")
        };
        let deep = "<array>".repeat(1 << 20);
        assert_said(
            [
                (&*deep, "nesting is 33: deeper than 32 elements"),
                (
                    "<plist><!-- a long remark",
                    "text is \"<!-- a long remark\": a declaration or comment without an end \
                     (at byte 7)",
                ),
                ("<plist", "text is \"<plist\": a tag without an end (at byte 0)"),
                (&data("bWlz?aA=="), "text is \"bWlz?aA==</data></di\": not base64 (at byte 92)"),
                ("<plist><dict>", "element is \"dict\": it has no end"),
                ("<plist></dict>", "end tag is \"dict\": not that of the open element"),
                ("<key>a<b/></key>", "element is \"key\": it does not hold text alone"),
            ]
            .map(|(xml, text)| (said(all(xml)), format!("XML property list: {text}"))),
        );
        let cut = said(read(b"<plist>\xff", &mut |_| Ok(())));
        assert_eq!(cut, "XML property list: byte is 0xff: not UTF-8 (at byte 7)");
    }

    #[test]
    fn entities() {
        let text = "a &lt;&amp;&gt; &quot;&apos; &#x41;&#66; & &other; &";
        assert_eq!(unescape(text), "a <&> \"' AB & &other; &");
        assert_eq!(unescape(&"&".repeat(1 << 20)).len(), 1 << 20);
    }

    #[test]
    fn base64_by_length() {
        for (text, bytes) in [("", ""), ("bA==", "l"), ("bGk=", "li"), ("bGlv", "lio")] {
            assert_eq!(base64(text).unwrap(), bytes.as_bytes());
        }
        assert_eq!(base64("b"), None);
        assert_eq!(base64("bA==bA=="), None);
        assert_eq!(base64("b\u{e4}=="), None);
    }
}
