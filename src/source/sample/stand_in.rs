//! Stand-ins for inputs that are no installers: archives and folders that hold
//! what is taken from them, and nothing else.

use crate::block::{Error, Result, Source, bytes};
use crate::source::sample::efi::boot_program;
use crate::source::sample::package::{Package, package};
use crate::source::sample::{SHAPES, Shape, write_image};
use std::io::{self, Write};
use std::path::Path;

/// A file of a stand-in: its path, permission bits and contents.
type File = (String, u16, Vec<u8>);

/// The release of the sample that a recipe's release asks for, if there is one.
#[must_use]
pub fn release(asked: &str) -> Option<&'static str> {
    let is = |shape: &&Shape| [shape.release, shape.version].contains(&asked);
    SHAPES.iter().find(is).map(|shape| shape.release)
}

/// Writes the `InstallESD.dmg` of a release.
///
/// # Errors
/// When there is no sample of it; what `out` reports.
pub fn write_release(release: &str, out: &mut dyn Write, threads: usize) -> Result<()> {
    let none = || Error::unsupported("a release without a sample", "its name", release, "");
    write_image(Shape::of(release).ok_or_else(none)?, out, threads)
}

/// The path that a pattern becomes: a name for each `*`, none for `**`.
fn named(pattern: &str) -> String {
    let parts = pattern.split('/').filter(|part| !["", ".", "**"].contains(part));
    let parts = parts.map(|part| part.replace('*', "sample").replace('?', "x"));
    parts.collect::<Vec<_>>().join("/")
}

/// The files that stand at a path: an application's, a folder's, or the one.
fn files(path: &str) -> Vec<File> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let text = |name: &str| format!("{name}: a shape sample, and not Apple's.\n").into_bytes();
    let program = |name: &str| format!("#!/bin/sh\necho {name}, a shape sample\n").into_bytes();
    match name.rsplit_once('.') {
        Some((stem, "app")) => {
            let info = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>\
                 <key>CFBundleExecutable</key><string>{stem}</string></dict></plist>\n"
            );
            vec![
                (format!("{path}/Contents/Info.plist"), 0o644, info.into_bytes()),
                (format!("{path}/Contents/MacOS/{stem}"), 0o755, program(stem)),
            ]
        }
        Some(_) => vec![(path.to_owned(), 0o644, text(name))],
        None => vec![(format!("{path}/README"), 0o644, text(name))],
    }
}

fn all(patterns: &[String]) -> Vec<File> {
    let mut all: Vec<File> = patterns.iter().flat_map(|pattern| files(&named(pattern))).collect();
    if all.is_empty() {
        all = files("README.txt");
    }
    all.sort();
    all.dedup_by(|a, b| a.0 == b.0);
    all
}

/// A flat package, signed by the sample's chain, whose payload has what these
/// patterns ask for.
///
/// # Errors
/// None but a mistake of ours.
pub fn stand_in_package(patterns: &[String]) -> Result<Source> {
    let files = all(patterns);
    let files: Vec<_> = files.iter().map(|(path, mode, data)| (&**path, *mode, &**data)).collect();
    package(&Package {
        identifier: "org.example.stand-in",
        version: "1.0",
        location: "/",
        files: &files,
        scripts: &[],
        signed: true,
    })
}

/// A tar archive that has what these patterns ask for.
///
/// # Errors
/// None but a mistake of ours.
pub fn stand_in_archive(patterns: &[String]) -> Result<Source> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, mode, data) in all(patterns) {
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        header.set_mode(mode.into());
        tar.append_data(&mut header, path, &*data)?;
    }
    Ok(bytes(tar.into_inner()?))
}

/// What a loader's archive or folder holds: a program for the EFI partition.
const LOADER: &str = "EFI/BOOT/BOOTX64.EFI";

/// A zip archive with a loader for the EFI partition.
///
/// # Errors
/// None but a mistake of ours.
pub fn stand_in_zip() -> Result<Source> {
    let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    zip.start_file(LOADER, options).map_err(io::Error::other)?;
    zip.write_all(&boot_program())?;
    Ok(bytes(zip.finish().map_err(io::Error::other)?.into_inner()))
}

/// A folder of the host: an application when its name says so, else with a
/// loader for the EFI partition and a text.
///
/// # Errors
/// What the host reports.
pub fn stand_in_folder(path: &Path) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut files = files(&name);
    if !name.ends_with(".app") {
        files = vec![(format!("{name}/{LOADER}"), 0o644, boot_program())];
        files.extend(self::files(&format!("{name}/README.txt")));
    }
    let above = path.parent().unwrap_or(Path::new("."));
    for (below, _, data) in files {
        let file = above.join(below);
        std::fs::create_dir_all(file.parent().unwrap_or(above))?;
        std::fs::write(file, data)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Item, Opener};

    #[test]
    fn what_is_asked_for_is_there() {
        let ask = ["**/Server.app", "**/TS250R023.bin", "Combo.pkg/**/Applications/Server"];
        let ask = ask.map(str::to_owned);
        let tar = stand_in_archive(&ask).unwrap();
        let package = stand_in_package(&ask[..2]).unwrap();
        let zip = stand_in_zip().unwrap();
        let opener = Opener::new();
        for (name, source, pattern) in [
            ("a.tar", &tar, "**/Server.app"),
            ("a.tar", &tar, "**/TS250R023.bin"),
            ("a.tar", &tar, "Combo.pkg/**/Applications/Server"),
            ("a.pkg", &package, "**/Server.app"),
            ("a.pkg", &package, "**/TS250R023.bin"),
            ("a.zip", &zip, "EFI/BOOT/BOOTX64.EFI"),
        ] {
            let item = Item::of_bytes(name, source.clone());
            let found = opener.find_inside(&item, pattern).unwrap();
            assert_eq!(found.len(), 1, "{pattern} in {name}");
        }
        assert_eq!(named("**/A*/b?.pkg"), "Asample/bx.pkg");
    }
}
