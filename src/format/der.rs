//! ASN.1 values as bytes: from any encoding (BER) to the distinguished one.
//!
//! Apple's tools write signatures with lengths that are not stated but marked
//! by an end; the parsers of certificates want them stated. What would cost a
//! parser too much is refused here: nesting, and values of one set.
//! Facts: ITU-T X.690.

use crate::block::{Error, Result, Value};

/// More levels than these have no certificate and no signature.
const MAX_DEPTH: usize = 32;
/// More values than these hold no set and no sequence of a real one.
const MAX_VALUES: usize = 256;

/// One value: its tag, and what it holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tlv<'a> {
    /// The identifier octet; tags of more octets are refused.
    pub(crate) tag: u8,
    /// The contents; of an unstated length, without the end mark.
    pub(crate) body: &'a [u8],
    /// Whether the length was unstated.
    open: bool,
}

fn wrong(structure: &'static str, field: &'static str, value: u64, rule: &'static str) -> Error {
    Error::corrupt(structure, field, Value::Hex(value), rule)
}

/// Takes the first value of `data`, for the structure `name`.
pub(crate) fn take<'a>(name: &'static str, data: &mut &'a [u8]) -> Result<Tlv<'a>> {
    let short = || Error::corrupt(name, "length", data.len(), "it ends inside of a value");
    let (&[tag, first], rest) = data.split_first_chunk::<2>().ok_or_else(short)?;
    if tag & 0x1f == 0x1f {
        return Err(wrong(
            name,
            "tag",
            tag.into(),
            "a tag of several octets, which no certificate has",
        ));
    }
    if first == 0x80 {
        let body = until_end(name, rest, 0)?;
        *data = &rest[body + 2..];
        return Ok(Tlv { tag, body: &rest[..body], open: true });
    }
    let (len, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f)).ok_or_else(short)?;
        if octets.len() > 4 {
            return Err(Error::corrupt(name, "length octets", octets.len(), "more than 4"));
        }
        let len = octets.iter().fold(0_u64, |len, octet| len << 8 | u64::from(*octet));
        (usize::try_from(len).map_err(|_| short())?, rest)
    };
    let (body, rest) = rest.split_at_checked(len).ok_or_else(short)?;
    *data = rest;
    Ok(Tlv { tag, body, open: false })
}

/// Bytes until the end mark of a value whose length is unstated.
fn until_end(name: &'static str, data: &[u8], depth: usize) -> Result<usize> {
    if depth > MAX_DEPTH {
        return Err(too_deep(name));
    }
    let mut rest = data;
    loop {
        if rest.starts_with(&[0, 0]) {
            return Ok(data.len() - rest.len());
        }
        match rest {
            // The inner one's length is found first, so that depth is counted.
            [_, 0x80, inner @ ..] => {
                let len = until_end(name, inner, depth + 1)?;
                rest = &inner[len + 2..];
            }
            _ => drop(take(name, &mut rest)?),
        }
    }
}

fn too_deep(name: &'static str) -> Error {
    Error::corrupt(name, "nesting", MAX_DEPTH + 1, "deeper than 32 levels")
}

/// All values of a constructed one.
pub(crate) fn values<'a>(name: &'static str, mut body: &'a [u8]) -> Result<Vec<Tlv<'a>>> {
    let mut values = Vec::new();
    while !body.is_empty() {
        if values.len() == MAX_VALUES {
            return Err(Error::corrupt(name, "values", MAX_VALUES + 1, "over the limit of 256"));
        }
        values.push(take(name, &mut body)?);
    }
    Ok(values)
}

/// The first value of `data`, with all lengths stated as DER wants them, and
/// strings that came in parts put together. Sets are left in their order.
pub(crate) fn normal(name: &'static str, mut data: &[u8]) -> Result<Vec<u8>> {
    let value = take(name, &mut data)?;
    let mut out = Vec::new();
    write(name, &value, 0, &mut out)?;
    Ok(out)
}

fn write(name: &'static str, value: &Tlv<'_>, depth: usize, out: &mut Vec<u8>) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err(too_deep(name));
    }
    const CONSTRUCTED: u8 = 0x20;
    const OCTET_STRING: u8 = 0x04;
    let mut body = Vec::new();
    let mut tag = value.tag;
    if tag & CONSTRUCTED == 0 {
        if value.open {
            return Err(wrong(name, "tag", tag.into(), "neither with a length nor constructed"));
        }
        body.extend(value.body);
    } else if tag == OCTET_STRING | CONSTRUCTED {
        tag = OCTET_STRING;
        for part in values(name, value.body)? {
            if part.tag != OCTET_STRING {
                return Err(wrong(name, "tag", part.tag.into(), "not a part of a string"));
            }
            body.extend(part.body);
        }
    } else {
        for inner in values(name, value.body)? {
            write(name, &inner, depth + 1, &mut body)?;
        }
    }
    out.push(tag);
    put_len(body.len(), out);
    out.extend(body);
    Ok(())
}

/// A length, as DER states it.
pub(crate) fn put_len(len: usize, out: &mut Vec<u8>) {
    if len < 0x80 {
        // Checked by the line above.
        out.push(len.to_le_bytes()[0]);
        return;
    }
    let octets = len.to_be_bytes();
    let skip = octets.iter().take_while(|octet| **octet == 0).count();
    // At most eight.
    out.push(0x80 | (octets.len() - skip).to_le_bytes()[0]);
    out.extend(&octets[skip..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::saying::{assert_said, said};

    #[test]
    fn unstated_lengths_are_stated() {
        let open = [0x30, 0x80, 0x24, 0x80, 4, 1, 7, 4, 1, 8, 0, 0, 2, 1, 5, 0, 0];
        assert_eq!(normal("test", &open).unwrap(), [0x30, 7, 4, 2, 7, 8, 2, 1, 5]);
        let long = [&[0x30, 0x81, 4, 4, 0x82, 0, 0][..], &[9]].concat();
        assert_eq!(normal("test", &long).unwrap(), [0x30, 2, 4, 0]);
        let whole = [&[0x30, 0x82, 1, 4, 4, 0x82, 1, 0][..], &[3; 256]].concat();
        assert_eq!(normal("test", &whole).unwrap(), whole);
    }

    #[test]
    fn each_broken_value_is_named() {
        let many = [&[0x31, 0x82, 2, 2][..], &[5, 0].repeat(257)].concat();
        let deep = "nesting is 33: deeper than 32 levels";
        let mut nested = Vec::new();
        for _ in 0..40 {
            let inner = nested.clone();
            nested = vec![0x30];
            put_len(inner.len(), &mut nested);
            nested.extend(inner);
        }
        let rows: [(&[u8], &str); 10] = [
            (&[], "length is 0: it ends inside of a value"),
            (&[0x30, 2, 0], "length is 3: it ends inside of a value"),
            (&[0x30, 0x80, 2, 1, 5], "length is 0: it ends inside of a value"),
            (&[0x30, 0x85, 0, 0, 0, 0, 0], "length octets is 5: more than 4"),
            (&[0x1f, 0x85, 0], "tag is 0x1f: a tag of several octets, which no certificate has"),
            (&[0x04, 0x80, 0, 0], "tag is 0x4: neither with a length nor constructed"),
            (&[0x24, 3, 2, 1, 0], "tag is 0x2: not a part of a string"),
            (&[0x30, 0x80].repeat(40), deep),
            (&many, "values is 257: over the limit of 256"),
            (&nested, deep),
        ];
        assert_said(rows.map(|(data, text)| (said(normal("test", data)), format!("test: {text}"))));
    }
}
