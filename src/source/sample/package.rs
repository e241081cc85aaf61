//! A flat package as `pkgbuild` makes one, signed by the sample's chain.

use crate::block::{Error, Result, Source, bytes, read_vec};
use crate::format::archive::Member;
use crate::format::xar::write::{Body, Builder, Meta};
use crate::format::xar::{Encoding, Style};
use crate::format::{bom, cpio};
use crate::source::sample::signing;
use std::collections::BTreeSet;
use std::io;

/// 20 September 2012, 00:00 UTC: all dates of the packages.
const DATE: u32 = 1_348_099_200;
/// The level of all compression: fixed, as the bytes depend on it.
const LEVEL: i32 = 6;

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
/// None but a mistake of the caller's, such as a path with a NUL.
pub fn package(package: &Package<'_>) -> Result<Source> {
    let payload = entries(package.files);
    let mut builder = Builder::new(Style::Sha1, DATE.into());
    let meta = Meta { mode: 0o644, uid: 0, gid: 0, mtime: DATE.into() };
    let mut add = |name: &str, data: Vec<u8>, encoding| {
        builder.add(None, name, meta, Body::File(bytes(data), encoding));
    };
    add("Bom", bill(&payload)?, Encoding::Zlib);
    add("Payload", archive(&payload)?, Encoding::Raw);
    if !package.scripts.is_empty() {
        let scripts: Vec<_> =
            package.scripts.iter().map(|(name, text)| (*name, 0o755, *text)).collect();
        add("Scripts", archive(&entries(&scripts))?, Encoding::Raw);
    }
    add("PackageInfo", info(package, payload.len()).into_bytes(), Encoding::Zlib);
    if package.signed {
        builder.sign(DATE.into(), signing::signer(&Style::Sha1));
    }
    builder.finish()
}

/// A file or folder of a payload.
struct Entry<'a> {
    path: String,
    mode: u16,
    data: &'a [u8],
}

/// The top, then all folders and files, each folder before what is in it.
fn entries<'a>(files: &[(&str, u16, &'a [u8])]) -> Vec<Entry<'a>> {
    let folder = |path: String| Entry { path, mode: Member::DIR | 0o755, data: &[] };
    let mut made = BTreeSet::new();
    let mut entries = vec![folder(".".into())];
    for (path, mode, data) in files {
        for (at, _) in path.match_indices('/') {
            if made.insert(path[..at].to_owned()) {
                entries.push(folder(format!("./{}", &path[..at])));
            }
        }
        entries.push(Entry { path: format!("./{path}"), mode: Member::FILE | mode, data });
    }
    entries
}

/// The entries as a cpio archive in gzip.
fn archive(entries: &[Entry<'_>]) -> Result<Vec<u8>> {
    let mut writer = cpio::Writer::new(Vec::new());
    for entry in entries {
        let member = Member {
            path: entry.path.clone().into_bytes(),
            mode: entry.mode,
            mtime: DATE.into(),
            size: entry.data.len() as u64,
            ..Member::default()
        };
        writer.add(&member, &mut &*entry.data)?;
    }
    gzip(&writer.finish()?)
}

fn gzip(plain: &[u8]) -> Result<Vec<u8>> {
    let failed = |why: String| Error::Io(io::Error::other(why));
    let level = libdeflater::CompressionLvl::new(LEVEL);
    let mut compressor =
        libdeflater::Compressor::new(level.map_err(|error| failed(format!("{error:?}")))?);
    let mut out = vec![0; compressor.gzip_compress_bound(plain.len())];
    let made = compressor.gzip_compress(plain, &mut out);
    out.truncate(made.map_err(|error| failed(error.to_string()))?);
    Ok(out)
}

/// The bill of materials.
fn bill(entries: &[Entry<'_>]) -> Result<Vec<u8>> {
    let entries = entries.iter().map(|entry| {
        let mut sum = bom::Sum::default();
        sum.update(entry.data);
        let is_file = entry.mode & Member::TYPE == Member::FILE;
        bom::Entry {
            path: entry.path.clone().into_bytes(),
            mode: entry.mode,
            mtime: DATE,
            // The sample's files are short.
            size: u32::try_from(entry.data.len()).unwrap_or(u32::MAX),
            checksum: if is_file { sum.finish() } else { 0 },
            ..bom::Entry::default()
        }
    });
    Ok(bom::write(&entries.collect::<Vec<_>>())?)
}

fn info(package: &Package<'_>, files: usize) -> String {
    let text = |text: &str| quick_xml::escape::escape(text).into_owned();
    let bytes: u64 = package.files.iter().map(|(_, _, data)| data.len() as u64).sum();
    let scripts = package.scripts.iter().map(|(name, _)| {
        let name = text(name);
        format!("        <{name} file=\"./{name}\"/>\n")
    });
    let scripts: String = scripts.collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <pkg-info format-version=\"2\" identifier=\"{}\" version=\"{}\" \
         install-location=\"{}\" auth=\"root\">\n\
         \x20   <payload numberOfFiles=\"{files}\" installKBytes=\"{}\"/>\n\
         \x20   <scripts>\n{scripts}    </scripts>\n\
         </pkg-info>\n",
        text(package.identifier),
        text(package.version),
        text(package.location),
        bytes.div_ceil(1024)
    )
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
