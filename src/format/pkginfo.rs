//! `PackageInfo`: what a component package says of itself.
//!
//! Scripts are named and never run. Elements that are not known are passed
//! over: Apple's tools add some with every release.
//! Facts: packages that `pkgbuild` made; Apple's "Distribution Definition XML
//! Schema Reference" for what it shares with distributions.

use crate::block::{Error, Result};
use crate::format::element::Element;

const INFO: &str = "PackageInfo";

/// A parsed `PackageInfo`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageInfo {
    /// `identifier`.
    pub identifier: String,
    /// `version`: a text, not always a number.
    pub version: Option<String>,
    /// `install-location`: where the payload's root is.
    pub location: String,
    /// `auth`: who must agree, such as `root`.
    pub auth: Option<String>,
    /// `postinstall-action`: whether a restart follows.
    pub action: Option<String>,
    /// `generator-version`: what made it.
    pub generator: Option<String>,
    /// Files and folders in the payload, as it says.
    pub files: Option<u64>,
    /// KiB that they take, as it says.
    pub kib: Option<u64>,
    /// The scripts that it names, by element and file.
    pub scripts: Vec<Script>,
    /// The bundles in the payload.
    pub bundles: Vec<Bundle>,
}

/// A script that an installer would run; we never do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// When, such as `postinstall`.
    pub when: String,
    /// Which file of the `Scripts` archive.
    pub file: String,
}

/// A bundle (an app, a framework, ...) in the payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// Its place in the payload.
    pub path: String,
    /// Its identifier.
    pub id: Option<String>,
    /// `CFBundleShortVersionString`.
    pub version: Option<String>,
}

impl PackageInfo {
    /// Parses the document.
    ///
    /// # Errors
    /// `Corrupt`: not XML, another document, no identifier, a number that is none.
    pub fn parse(data: &[u8]) -> Result<Self> {
        let root = Element::parse(INFO, data)?;
        if root.name != "pkg-info" && root.name != "pkginfo" {
            return Err(Error::corrupt(INFO, "root element", root.name, "not `pkg-info`"));
        }
        let own = |name: &str| root.attribute(name).map(ToOwned::to_owned);
        let identifier = own("identifier").filter(|text| !text.is_empty());
        let identifier = identifier
            .ok_or_else(|| Error::corrupt(INFO, "identifier", "", "a package without one"))?;
        let payload = root.child("payload");
        let number = |name| match payload.and_then(|payload| payload.attribute(name)) {
            Some(text) => number(INFO, name, text).map(Some),
            None => Ok(None),
        };
        Ok(Self {
            identifier,
            version: own("version"),
            location: own("install-location").unwrap_or_else(|| "/".into()),
            auth: own("auth"),
            action: own("postinstall-action"),
            generator: own("generator-version"),
            files: number("numberOfFiles")?,
            kib: number("installKBytes")?,
            scripts: root.all("scripts").flat_map(scripts).collect(),
            bundles: root.all("bundle").filter_map(bundle).collect(),
        })
    }
}

fn scripts(element: &Element) -> impl Iterator<Item = Script> + '_ {
    element.children.iter().filter_map(|script| {
        let file = script.attribute("file")?.to_owned();
        Some(Script { when: script.name.clone(), file })
    })
}

fn bundle(element: &Element) -> Option<Bundle> {
    let own = |name: &str| element.attribute(name).map(ToOwned::to_owned);
    Some(Bundle {
        path: own("path")?,
        id: own("id"),
        version: own("CFBundleShortVersionString").or_else(|| own("CFBundleVersion")),
    })
}

/// A number of a document; some are written with a fraction of zeros.
pub(super) fn number(structure: &'static str, field: &'static str, text: &str) -> Result<u64> {
    let whole = text.trim().split('.').next().unwrap_or_default();
    whole.parse().map_err(|_| {
        let text: String = text.chars().take(40).collect();
        Error::corrupt(structure, field, text, "not a number")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::saying::{assert_said, said};

    #[test]
    fn what_pkgbuild_writes_is_read() {
        let info = PackageInfo::parse(
            b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
              <pkg-info identifier=\"org.example.lion\" version=\"1.2\" format-version=\"2\" \
              install-location=\"/Applications\" auth=\"root\" postinstall-action=\"restart\" \
              generator-version=\"InstallCmds-502\"><payload numberOfFiles=\"9\" installKBytes=\"172\"/>\
              <bundle path=\"./Lion.app\" id=\"org.example.lion\" CFBundleShortVersionString=\"1.0\"/>\
              <bundle-version><bundle id=\"org.example.lion\"/></bundle-version><new-element/>\
              <scripts><preinstall file=\"./pre\"/><postinstall file=\"./post\"/></scripts></pkg-info>",
        )
        .unwrap();
        assert_eq!(
            (info.identifier.as_str(), info.version.as_deref()),
            ("org.example.lion", Some("1.2"))
        );
        assert_eq!(
            (info.location.as_str(), info.files, info.kib),
            ("/Applications", Some(9), Some(172))
        );
        assert_eq!(info.action.as_deref(), Some("restart"));
        let scripts: Vec<_> = info.scripts.iter().map(|s| (&*s.when, &*s.file)).collect();
        assert_eq!(scripts, [("preinstall", "./pre"), ("postinstall", "./post")]);
        assert_eq!(info.bundles.len(), 1);
        assert_eq!(info.bundles[0].version.as_deref(), Some("1.0"));
    }

    #[test]
    fn what_others_leave_out_is_not_missed() {
        let info = PackageInfo::parse(b"<pkg-info identifier='a'/>").unwrap();
        assert_eq!((info.location.as_str(), info.version, info.files), ("/", None, None));
    }

    #[test]
    fn each_broken_field_is_named() {
        let rows = [
            ("<pkg-info/>", "identifier is \"\": a package without one"),
            ("<pkg-info identifier=''/>", "identifier is \"\": a package without one"),
            ("<plist identifier='a'/>", "root element is \"plist\": not `pkg-info`"),
            (
                "<pkg-info identifier='a'>",
                "the decoder's complaint is \"an element without an end\": not well-formed XML",
            ),
            (
                "<pkg-info identifier='a'><payload numberOfFiles='many'/></pkg-info>",
                "numberOfFiles is \"many\": not a number",
            ),
        ];
        assert_said(rows.map(|(data, text)| {
            (said(PackageInfo::parse(data.as_bytes())), format!("PackageInfo: {text}"))
        }));
    }
}
