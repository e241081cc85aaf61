//! A flat package as `pkgbuild` makes one, signed by the sample's chain.

use crate::block::{Result, Source, bytes, read_vec};
use crate::format::xar::write::{Body, Builder as Archive, Meta};
use crate::format::xar::{Encoding, Style};
use crate::source::package::{Component, Making, unsigned};
use crate::source::sample::builder::{self, Builder};
use crate::source::sample::signing;
use std::io;

/// 20 September 2012, 00:00 UTC: all dates of the packages.
const DATE: u32 = builder::DATE - 2_082_844_800;

/// A package to make.
#[derive(Clone, Debug)]
pub struct Package<'a> {
    /// Its identifier, such as `com.apple.pkg.ServerEssentials`.
    pub identifier: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Where its payload's root is; `/` as a rule.
    pub location: &'a str,
    /// The payload's files: path (with `/` between names and none before the
    /// first), permission bits, contents. Folders are made as they are needed.
    pub files: &'a [(&'a str, u16, &'a [u8])],
    /// Scripts, such as `postinstall`; never run by us.
    pub scripts: &'a [(&'a str, &'a [u8])],
    /// Who signs it.
    pub signed: bool,
}

/// Makes the package; the same input always gives the same bytes. Its
/// checksums are SHA-1 and its signature RSA with SHA-1, as in 2012.
///
/// # Errors
/// None but a mistake of the caller's, such as a path that comes twice.
pub fn package(package: &Package<'_>) -> Result<Source> {
    let mut payload = Builder::new("Payload");
    for (path, mode, data) in package.files {
        payload.file(path, *mode, bytes(*data))?;
    }
    let component = Component {
        identifier: package.identifier,
        version: package.version,
        location: Some(package.location),
        payload: &payload.finish(),
        scripts: package.scripts,
    };
    let mut builder = unsigned(&component, &Making { style: Style::Sha1, date: DATE })?;
    if package.signed {
        builder.sign(DATE.into(), signing::signer(&Style::Sha1));
    }
    builder.finish()
}

/// A signed product archive that holds a `Distribution` and no package.
pub(super) fn product(distribution: &str) -> Result<Source> {
    let mut builder = Archive::new(Style::Sha1, DATE.into());
    let meta = Meta { mode: 0o644, uid: 0, gid: 0, mtime: DATE.into() };
    let body = Body::File(bytes(distribution.as_bytes()), Encoding::Zlib);
    builder.add(None, "Distribution", meta, body);
    builder.sign(DATE.into(), signing::signer(&Style::Sha1));
    builder.finish()
}

/// All bytes of a package: for those that write it to a file.
///
/// # Errors
/// What reading reports.
pub fn package_bytes(package: &Package<'_>) -> Result<Vec<u8>> {
    let source = self::package(package)?;
    let len = usize::try_from(source.len()).map_err(io::Error::other)?;
    Ok(read_vec(source.as_ref(), 0, len)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::bom;
    use crate::format::pkginfo::PackageInfo;
    use crate::format::xar::Archive;
    use crate::source::trust::{Claims, judge};

    const SAMPLE: Package<'_> = Package {
        identifier: "com.apple.pkg.ServerEssentials",
        version: "10.7.5",
        location: "/",
        files: &[
            ("System/Library/CoreServices/ServerVersion.plist", 0o644, b"<plist/>"),
            ("usr/sbin/serveradmin", 0o755, b"a program"),
        ],
        scripts: &[("postinstall", b"#!/bin/sh\nexit 0\n")],
        signed: true,
    };

    #[test]
    fn a_sample_package_is_whole_and_signed() {
        let source = package(&SAMPLE).unwrap();
        assert_eq!(package_bytes(&SAMPLE).unwrap(), package_bytes(&SAMPLE).unwrap());
        let anchors = signing::anchors().unwrap();
        let verdict = judge(&source, &Claims::new(&anchors), &|_| ()).unwrap();
        assert!(verdict.is_proven(), "{}", verdict.answer());
        let archive = Archive::open(source).unwrap();
        let names: Vec<_> = archive.entries().iter().map(|entry| entry.name.as_ref()).collect();
        assert_eq!(names, ["Bom", "Payload", "Scripts", "PackageInfo"]);
        let contents = |name: &str| {
            let source = archive.contents(archive.find(name).unwrap()).unwrap();
            read_vec(source.as_ref(), 0, usize::try_from(source.len()).unwrap()).unwrap()
        };
        let info = PackageInfo::parse(&contents("PackageInfo")).unwrap();
        assert_eq!((info.identifier.as_str(), info.files), (SAMPLE.identifier, Some(8)));
        assert_eq!(info.scripts[0].when, "postinstall");
        let listed = bom::read(bytes(contents("Bom"))).unwrap();
        let paths: Vec<_> =
            listed.iter().map(|entry| String::from_utf8_lossy(&entry.path).into_owned()).collect();
        assert_eq!(paths.len(), 8);
        assert!(paths.contains(&"./usr/sbin/serveradmin".to_owned()), "{paths:?}");
        assert!(contents("Payload").starts_with(b"\x1f\x8b"));
    }
}
