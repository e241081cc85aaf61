//! The property list of an image, written: always the same bytes.

use std::fmt::Write;

/// A block table to be listed.
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) mish: Vec<u8>,
}

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>resource-fork</key>
	<dict>
		<key>blkx</key>
		<array>
"#;

const TAIL: &str = "\t\t</array>\n\t</dict>\n</dict>\n</plist>\n";

/// Base64 digits of a line, as Apple breaks it at this depth.
const LINE: usize = 52;

/// The list of block tables, numbered from -1 as hdiutil does.
pub(crate) fn write(tables: &[Listed]) -> String {
    let mut xml = String::from(HEAD);
    for (table, id) in tables.iter().zip(-1i64..) {
        resource(&mut xml, &escape(&table.name), &table.mish, id);
    }
    xml.push_str("\t\t</array>\n\t\t<key>plst</key>\n\t\t<array>\n");
    resource(&mut xml, "", &[0; 1032], 0);
    xml.push_str(TAIL);
    xml
}

fn resource(xml: &mut String, name: &str, data: &[u8], id: i64) {
    let tabs = "\t\t\t\t";
    xml.push_str("\t\t\t<dict>\n");
    let mut string = |key: &str, value: &str| {
        // Writing to a String cannot fail.
        let _ = write!(xml, "{tabs}<key>{key}</key>\n{tabs}<string>{value}</string>\n");
    };
    string("Attributes", "0x0050");
    if !name.is_empty() {
        string("CFName", name);
    }
    let _ = write!(xml, "{tabs}<key>Data</key>\n{tabs}<data>\n");
    base64_lines(xml, tabs, data);
    let _ = write!(xml, "{tabs}</data>\n{tabs}<key>ID</key>\n{tabs}<string>{id}</string>\n");
    let _ = write!(xml, "{tabs}<key>Name</key>\n{tabs}<string>{name}</string>\n");
    xml.push_str("\t\t\t</dict>\n");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn base64_lines(xml: &mut String, tabs: &str, data: &[u8]) {
    for line in data.chunks(LINE / 4 * 3) {
        xml.push_str(tabs);
        line.chunks(3).for_each(|three| base64(xml, three));
        xml.push('\n');
    }
}

/// Four digits of one to three bytes.
fn base64(xml: &mut String, three: &[u8]) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let byte = |i: usize| three.get(i).copied().unwrap_or(0);
    let (a, b, c) = (byte(0), byte(1), byte(2));
    let digits = [a >> 2, (a & 3) << 4 | b >> 4, (b & 15) << 2 | c >> 6, c & 63];
    for (place, digit) in digits.into_iter().enumerate() {
        let digit = DIGITS[usize::from(digit)];
        xml.push(if place <= three.len() { char::from(digit) } else { '=' });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::udif::plist;

    #[test]
    fn what_is_written_is_read() {
        let tables: Vec<_> = (0..5u8)
            .map(|n| Listed { name: format!("a<{n}> & b"), mish: vec![n; 200 + usize::from(n)] })
            .collect();
        let mut found = Vec::new();
        let xml = write(&tables);
        plist::read(xml.as_bytes(), &mut |blkx| {
            found.push((blkx.name, blkx.data));
            Ok(())
        })
        .unwrap();
        let expected: Vec<_> = tables.into_iter().map(|t| (t.name, t.mish)).collect();
        assert_eq!(found, expected);
        assert!(xml.contains("\t\t\t\tBAQE"), "the data are indented");
    }

    #[test]
    fn another_parser_reads_it() {
        let xml = write(&[Listed { name: "x".into(), mish: b"mish".into() }]);
        let list = plist_crate(&xml);
        let blkx = list.get("resource-fork").and_then(|d| d.as_dictionary()?.get("blkx"));
        let first = blkx.and_then(|a| a.as_array()?.first()?.as_dictionary()).unwrap();
        assert_eq!(first.get("Data").and_then(|d| d.as_data()), Some(&b"mish"[..]));
        assert_eq!(first.get("ID").and_then(|d| d.as_string()), Some("-1"));
    }

    fn plist_crate(xml: &str) -> ::plist::Dictionary {
        ::plist::Value::from_reader_xml(xml.as_bytes()).unwrap().into_dictionary().unwrap()
    }
}
