//! The packages of an installer, small, and signed by the sample's chain.

use crate::block::{Result, Source};
use crate::source::sample::builder::Builder;
use crate::source::sample::made_up;
use crate::source::sample::package::{Package, package, product};
use crate::source::sample::shape::Shape;
use crate::source::sample::trees::made_up_file;

/// The packages, with a length that each payload gets here.
const PACKAGES: [(&str, usize); 8] = [
    ("AdditionalEssentials", 300_000),
    ("AdditionalFonts", 120_000),
    ("BSD", 260_000),
    ("BaseSystemBinaries", 410_000),
    ("BaseSystemResources", 90_000),
    ("Essentials", 900_000),
    ("JavaTools", 40_000),
    ("MediaFiles", 210_000),
];

/// Puts them into `/Packages`, with `OSInstall.mpkg`, which names all.
pub(super) fn add(b: &mut Builder, shape: &Shape) -> Result<()> {
    for (name, len) in PACKAGES {
        b.file(&format!("/Packages/{name}.pkg"), 0o644, part(shape, name, len)?)?;
    }
    b.file("/Packages/OSInstall.mpkg", 0o644, product(&distribution(shape))?)?;
    let name = "InstallableMachines.plist";
    b.file(&format!("/Packages/{name}"), 0o644, made_up_file(name, 700))?;
    Ok(())
}

fn part(shape: &Shape, name: &str, len: usize) -> Result<Source> {
    let path = format!("System/Library/Shape Sample/{name}");
    package(&Package {
        identifier: &format!("com.apple.pkg.{name}"),
        version: shape.version,
        location: "/",
        files: &[(&path, 0o644, &made_up::bytes(name, len))],
        scripts: &[],
        signed: true,
    })
}

/// One choice, which is not shown, of all packages.
fn distribution(shape: &Shape) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <installer-script minSpecVersion=\"1.0\">\n\
         <title>{} (shape sample)</title>\n\
         <options customize=\"never\"/>\n\
         <choices-outline>\n<line choice=\"all\"/>\n</choices-outline>\n\
         <choice id=\"all\">\n",
        shape.name
    );
    for (name, _) in PACKAGES {
        text += &format!("<pkg-ref id=\"com.apple.pkg.{name}\"/>\n");
    }
    text += "</choice>\n";
    for (name, _) in PACKAGES {
        text += &format!(
            "<pkg-ref id=\"com.apple.pkg.{name}\" version=\"{}\">{name}.pkg</pkg-ref>\n",
            shape.version
        );
    }
    text + "</installer-script>\n"
}
